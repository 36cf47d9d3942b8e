// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/pytes_can/codec.hpp"

#include <gtest/gtest.h>

#include "support/can_talk.hpp"

namespace ems::protocol::pytes_can {
namespace {

using test::CanTalk;
using test::RecordingSink;

TEST(PytesNative, MakesTheStateOfChargeFromTwoCharges) {
  CanTalk talk(codec());
  const RecordingSink sink = talk.hear("409#A0860100CC520000");
  EXPECT_EQ(sink.value(Signal::soc), 2'119);
  EXPECT_EQ(sink.value(Signal::full_capacity), 100'000'000);
  EXPECT_EQ(sink.value(Signal::remaining_capacity), 21'196'000);
  for (const Reading& reading : sink.readings) {
    EXPECT_EQ(reading.quality,
              reading.signal == Signal::soc ? Quality::substituted : Quality::good);
  }
}

TEST(PytesNative, SaysNoStateOfChargeThatCannotBe) {
  CanTalk talk(codec());
  const RecordingSink above = talk.hear("409#A0860100A1860100");
  EXPECT_EQ(above.value(Signal::soc), std::nullopt);
  EXPECT_EQ(above.missing_points,
            (std::vector<std::pair<Signal, std::uint16_t>>{{Signal::soc, 0}}));
  EXPECT_EQ(talk.hear("409#00000000CC520000").value(Signal::soc), std::nullopt);
  EXPECT_EQ(talk.hear("409#FFFFFFFFFFFFFFFF").missing_points.size(), 3U);  // Both charges too.
  EXPECT_EQ(talk.hear("409#A0860100CC52").value(Signal::soc), std::nullopt);
  EXPECT_EQ(talk.hear("409#A0860100A0860100").value(Signal::soc), 10'000);
}

TEST(PytesNative, TheSignOfTheCurrentIsAVariant) {
  CanTalk charging(codec());
  EXPECT_EQ(charging.hear("405#421464005A001000").value(Signal::pack_current), -10'000);
  CanTalk discharging(codec(), {.variant = "discharge_positive"});
  EXPECT_EQ(discharging.hear("405#421464005A001000").value(Signal::pack_current), 10'000);
}

TEST(PytesNative, LimitsCellsAndEnables) {
  CanTalk talk(codec());
  const RecordingSink limits = talk.hear("400#3002F401E803C001");
  EXPECT_EQ(limits.value(Signal::charge_voltage_limit), 56'000);
  EXPECT_EQ(limits.value(Signal::charge_current_limit), 50'000);
  EXPECT_EQ(limits.value(Signal::discharge_current_limit), 100'000);
  EXPECT_EQ(limits.value(Signal::discharge_voltage_limit), 44'800);
  const RecordingSink cells = talk.hear("401#E40CE00C03000500");
  EXPECT_EQ(cells.value(Signal::cell_voltage_max), 3'300);
  EXPECT_EQ(cells.value(Signal::cell_voltage_min), 3'296);
  EXPECT_EQ(talk.hear("402#FA00CEFF").value(Signal::cell_temp_min), -5'000);
  EXPECT_EQ(talk.hear("408#0001").value(Signal::charge_enable), 0);
  EXPECT_TRUE(talk.hear("403#0102030405060708").empty());
  EXPECT_TRUE(talk.ignores("40B#00"));
}

}  // namespace
}  // namespace ems::protocol::pytes_can
