// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/jk_can/codec.hpp"

#include <gtest/gtest.h>

#include "support/can_talk.hpp"

namespace ems::protocol::jk_can {
namespace {

using test::bits_of;
using test::CanTalk;

TEST(JkCan, ShortAndLongIdentifiersAreOneBattery) {
  CanTalk talk(codec());
  const auto pack = talk.hear("2F4#34021B1063");
  EXPECT_EQ(pack.value(Signal::pack_current), -12'300);  // The wire counts charging positive.
  EXPECT_FALSE(pack.vendor.contains("time"));
  EXPECT_EQ(talk.hear("18F128F4#DF08F00A00002300").value(Signal::cycle_count), 35);
  EXPECT_TRUE(talk.ignores("000002F4#34021B1063"));
  EXPECT_TRUE(talk.ignores("2F5#34021B1063"));  // Another board.
  EXPECT_TRUE(talk.ignores("18F128F5#DF08F00A00002300"));
  CanTalk second(codec(), {.address = 5});
  EXPECT_EQ(second.hear("2F5#34021B1063").value(Signal::soc), 9'900);
  EXPECT_TRUE(second.ignores("18F128F4#DF08F00A00002300"));
}

TEST(JkCan, AStrayFrameDoesNotKeepTheBoardOutForEver) {
  CanTalk talk(codec());
  (void)talk.hear("5F5#0102030405");
  EXPECT_TRUE(talk.ignores("2F4#34021B1063"));
  const auto pack = talk.hear("2F4#34021B1063", Instant{seconds(5)});
  EXPECT_EQ(pack.value(Signal::soc), 9'900);
  EXPECT_TRUE(talk.ignores("5F5#0102030405"));
}

TEST(JkCan, AFrameOfAnAddressThatNoBoardHasIsNobodys) {
  CanTalk talk(codec());
  for (const char* stray : {"5F0#0102030405", "2F3#34021B1063", "18F128F0#DF08F00A00002300"}) {
    EXPECT_TRUE(talk.ignores(stray)) << stray;
  }
  EXPECT_EQ(talk.hear("2F4#34021B1063").value(Signal::soc), 9'900) << "at once";
  CodecRoom room;
  EXPECT_EQ(codec().with({.address = 3}, room).error().code, Errc::out_of_range);
  EXPECT_TRUE(codec().with({.address = 4}, room));
}

TEST(JkCan, AnOpenInterlockIsAFailure) {
  CanTalk talk(codec());
  EXPECT_EQ(talk.hear("7F4#00000001").value(Signal::alarms), bits_of({Alarm::internal_failure}));
}

TEST(JkCan, SensorsThatTheMaskLeavesOutAreMissing) {
  CanTalk talk(codec());
  const auto sink = talk.hear("18F228F4#1B4C4D004B4E0000");
  EXPECT_EQ(sink.value(Signal::temperature, 1), 26'000);
  EXPECT_EQ(sink.value(Signal::temperature, 3), std::nullopt);
  EXPECT_EQ(sink.value(Signal::temperature, 5), 28'000);
  EXPECT_EQ(sink.value(Signal::mosfet_temperature), std::nullopt);
  EXPECT_EQ(talk.hear("18F228F4#1B4C4D014B4E0000").missing_points,
            (std::vector<std::pair<Signal, std::uint16_t>>{{Signal::temperature, 3},
                                                           {Signal::mosfet_temperature, 0}}));
  EXPECT_EQ(talk.hear("18F228F4#1F4C4DFF4B4E0000").value(Signal::mosfet_temperature), std::nullopt);
  EXPECT_EQ(talk.hear("18F228F4#1F4C4D4F4B4E0000").value(Signal::mosfet_temperature), 29'000);
}

TEST(JkCan, CellsFollowOverSevenFrames) {
  CanTalk talk(codec());
  const auto last = talk.hear("18E628F4#E40CE50C00000000");
  EXPECT_EQ(last.value(Signal::cell_voltage, 25), 3'300);
  EXPECT_EQ(last.value(Signal::cell_voltage, 26), 3'301);
  EXPECT_EQ(last.readings.size(), 2U);
  EXPECT_EQ(talk.hear("18E028F4#E40C").value(Signal::cell_voltage, 1), 3'300);
}

TEST(JkCan, SwitchesAndWhatTheChargerIsAskedFor) {
  CanTalk talk(codec());
  const auto switches = talk.hear("18F528F4#05");
  EXPECT_EQ(switches.value(Signal::charge_fet_on), 1);
  EXPECT_EQ(switches.value(Signal::discharge_fet_on), 0);
  EXPECT_EQ(switches.value(Signal::balancing), 1);
  EXPECT_EQ(talk.hear("1806E5F4#4002F40100000000").value(Signal::charge_current_limit), 50'000);
}

TEST(JkCan, LevelsOfAlarmsAreTheVariants) {
  constexpr std::string_view kFrame =
      "7F4#0D000408";  // Cell low 3, cell high 1, dT 1, HVIL .., ext.
  CanTalk any(codec());
  const auto all = any.hear(kFrame);
  EXPECT_EQ(all.value(Signal::alarms), bits_of({Alarm::cell_overvoltage, Alarm::cell_undervoltage,
                                                Alarm::communication_failure}));
  EXPECT_EQ(all.value(Signal::warnings), std::nullopt);
  EXPECT_EQ(any.codec().vendor_alarm_name(0), "temperature_difference");
  EXPECT_EQ(all.value(Signal::vendor_alarms), 1);
  CanTalk levels(codec(), {.variant = "levels"});
  const auto split = levels.hear(kFrame);
  EXPECT_EQ(split.value(Signal::alarms),
            bits_of({Alarm::cell_overvoltage, Alarm::communication_failure}));
  EXPECT_EQ(split.value(Signal::warnings), bits_of({Alarm::cell_undervoltage}));
}

}  // namespace
}  // namespace ems::protocol::jk_can
