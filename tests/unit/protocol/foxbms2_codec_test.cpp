// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/foxbms2/codec.hpp"

#include <gtest/gtest.h>

#include "ems/protocol/can_map/battery.hpp"
#include "support/can_talk.hpp"

namespace ems::protocol::foxbms2 {
namespace {

using test::bits_of;
using test::CanTalk;
using test::RecordingSink;

TEST(FoxBms2, ErrorsOfTheStateMessageAreAlarms) {
  CanTalk talk(codec());
  const RecordingSink sink = talk.hear("220#0A3C000900000005");  // Captured.
  EXPECT_EQ(sink.vendor.at("bms_state_id"), 10);
  EXPECT_EQ(sink.value(Signal::alarms),
            bits_of({Alarm::internal_failure, Alarm::communication_failure}));
  EXPECT_EQ(sink.value(Signal::vendor_alarms), 0b1000'0011);
  EXPECT_EQ(talk.codec().vendor_alarm_name(0), "general_error");
  EXPECT_EQ(talk.codec().vendor_alarm_name(1), "emergency_shutoff");
  EXPECT_EQ(sink.value(Signal::warnings), 0);
  EXPECT_EQ(sink.value(Signal::insulation_resistance), 1'000);
}

TEST(FoxBms2, InsulationThatIsNotWatchedIsMissing) {
  CanTalk talk(codec());
  const RecordingSink sink = talk.hear("220#0700000000000005");
  EXPECT_EQ(sink.value(Signal::insulation_resistance), std::nullopt);
  EXPECT_EQ(sink.missing_points,
            (std::vector<std::pair<Signal, std::uint16_t>>{{Signal::insulation_resistance, 0}}));
}

TEST(FoxBms2, NumbersLieWhereTheCapturedFramesHaveThem) {
  CanTalk talk(codec());
  const RecordingSink limits = talk.hear("232#000000000000160C");
  EXPECT_EQ(limits.value(Signal::charge_voltage_limit), 88'000);
  EXPECT_EQ(limits.value(Signal::discharge_voltage_limit), 48'000);
  EXPECT_EQ(limits.value(Signal::charge_current_limit), 0);
  const RecordingSink temperatures = talk.hear("260#0100191919191A1A");
  EXPECT_EQ(temperatures.value(Signal::temperature, 7), 25'000);
  EXPECT_EQ(temperatures.value(Signal::temperature, 12), 26'000);
  const RecordingSink cells = talk.hear("250#0203E61F54FA27CF");
  EXPECT_EQ(cells.value(Signal::cell_voltage, 9), 1'996);
  EXPECT_EQ(cells.value(Signal::cell_voltage, 12), 1'999);
  const RecordingSink invalid = talk.hear("250#0213E61F54FA27CF");
  EXPECT_EQ(invalid.value(Signal::cell_voltage, 9), std::nullopt);
  EXPECT_EQ(invalid.missing_points.size(), 1U);
}

TEST(FoxBms2, TheSignOfTheCurrentIsChosenAndCheckedAgainstTheState) {
  CodecRoom room;
  for (const std::string_view variant : {"discharge_positive", "charge_positive"}) {
    const auto& made =
        static_cast<const can_map::MapCodec&>(**codec().with({.variant = variant}, room));
    can_map::Battery battery(made);
    ASSERT_TRUE(battery.set(Signal::pack_current, -12'340));
    ASSERT_TRUE(battery.set_vendor("string_3_current_ma", -500));
    CanMailbox mailbox;
    RecordingSink sink;
    for (const CanFrame& frame : battery.frames()) {
      ASSERT_TRUE(made.decode(frame, Instant{}, mailbox, sink));
    }
    EXPECT_EQ(sink.value(Signal::pack_current), -12'340);
    EXPECT_EQ(sink.vendor.at("string_3_current_ma"), -500);
    const bool negative = (battery.frames()[0].data[5] & std::byte{1}) != std::byte{0};
    EXPECT_EQ(negative, variant == "discharge_positive");
    RecordingSink after;
    ASSERT_TRUE(made.decode(test::can("220#08"), Instant{}, mailbox, after));  // Discharging.
    ASSERT_TRUE(made.decode(battery.frames()[0], Instant{}, mailbox, after));
    EXPECT_EQ(after.value(Signal::pack_current), std::nullopt);
  }
}

}  // namespace
}  // namespace ems::protocol::foxbms2
