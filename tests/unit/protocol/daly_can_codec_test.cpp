// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/daly_can/codec.hpp"

#include <gtest/gtest.h>

#include <set>

#include "support/can_talk.hpp"

namespace ems::protocol::daly_can {
namespace {

using test::bits_of;
using test::CanTalk;

TEST(DalyCan, CountsDischargingPositiveAsTheWireDoes) {
  CanTalk talk(codec());
  EXPECT_EQ(talk.hear("18904001#022C000075940271").value(Signal::pack_current), 10'000);
  EXPECT_EQ(talk.hear("18904001#022C000074CC0271").value(Signal::pack_current), -10'000);
}

TEST(DalyCan, ACurrentAgainstTheBoardsOwnStateIsMissing) {
  CanTalk talk(codec());
  (void)talk.hear("18934001#0101010000025800");  // Charging.
  EXPECT_EQ(talk.hear("18904001#022C000075940271").value(Signal::pack_current), std::nullopt);
  EXPECT_EQ(talk.hear("18904001#022C000074CC0271").value(Signal::pack_current), -10'000);
}

TEST(DalyCan, AsksAllNineQuestionsOfItsAddress) {
  CodecRoom room;
  const CanCodec& third = **codec().with({.address = 3}, room);
  std::set<std::uint32_t> asked;
  for (const CanSend& send : third.send_plan()) {
    EXPECT_GT(send.every, Duration{});
    const CanFrame frame = third.frame_of(send);
    EXPECT_TRUE(frame.extended);
    EXPECT_EQ(frame.size, 8);
    EXPECT_EQ(frame.data, decltype(frame.data){});
    asked.insert(frame.id);
  }
  EXPECT_EQ(asked,
            (std::set<std::uint32_t>{0x18900340, 0x18910340, 0x18920340, 0x18930340, 0x18940340,
                                     0x18950340, 0x18960340, 0x18970340, 0x18980340}));
  CanTalk talk(codec(), {.address = 3});
  EXPECT_TRUE(talk.ignores("18904001#022C000075300271"));
  EXPECT_EQ(talk.hear("18904003#022C000075300271").value(Signal::pack_voltage), 55'600);
  EXPECT_TRUE(talk.ignores("18900340#0000000000000000"));  // Our own question.
}

TEST(DalyCan, LevelOneWarnsAndLevelTwoProtects) {
  CanTalk talk(codec());
  const auto warned = talk.hear("18984001#0500000000000000");
  EXPECT_EQ(warned.value(Signal::alarms), 0);
  EXPECT_EQ(warned.value(Signal::warnings),
            bits_of({Alarm::cell_overvoltage, Alarm::cell_undervoltage}));
  const auto tripped = talk.hear("18984001#0200820300000407");
  EXPECT_EQ(tripped.value(Signal::warnings), 0);
  EXPECT_EQ(tripped.value(Signal::alarms),
            bits_of({Alarm::cell_overvoltage, Alarm::charge_overcurrent, Alarm::soc_low,
                     Alarm::cell_imbalance, Alarm::short_circuit}));
  EXPECT_EQ(tripped.vendor.at("fault_code"), 7);
  // A frame that is cut cannot say that all is well.
  EXPECT_EQ(talk.hear("18984001#000000000000").value(Signal::alarms), std::nullopt);
}

TEST(DalyCan, CellsAndSensorsAreCountedOverTheirFrames) {
  CanTalk talk(codec());
  EXPECT_EQ(talk.hear("18954001#050CD70CD90CD800").value(Signal::cell_voltage, 13), 3'287);
  EXPECT_EQ(talk.hear("18964001#0241424300000000").value(Signal::temperature, 9), 26'000);
  EXPECT_TRUE(talk.hear("18954001#FF0CD70CD90CD800").empty());
  EXPECT_EQ(talk.hear("18974001#0000000000000000").value(Signal::balancing), 0);
  EXPECT_EQ(talk.hear("18974001#0000000000800000").value(Signal::balancing), 1);
}

}  // namespace
}  // namespace ems::protocol::daly_can
