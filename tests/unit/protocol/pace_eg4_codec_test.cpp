// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/pace_eg4/codec.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>

#include "support/ascii_frames.hpp"
#include "support/recording_sink.hpp"

namespace ems::protocol::pace_eg4 {
namespace {

using test::ascii_frame;
using test::bytes_of;
using test::Frame;
using test::RecordingSink;
using test::text_of;

const Frame kAskAnalog = bytes_of("~20014A420000FDA2\r");
const Frame kAskStatus = bytes_of("~20014A440000FDA0\r");
const std::string kReply = "20014A00";

/// Two cells and `sensors` (count and values), then 21.00 Ah of 22.00, 5 cycles, SOC 87, SOH 98.
std::string analog(const std::string& current, const std::string& sensors,
                   const std::string& soc = "0057") {
  return "1001"
         "020D2F0D2C" +
         sensors + current +
         "1515"
         "0834"
         "0898"
         "0005"
         "0F" +
         soc +
         "0062"
         "0D30"
         "0D2C"
         "0004"
         "0BA5"
         "0B9B"
         "000ADAC0"
         "000A5455";
}
const std::string kOneOfThree =
    "01"
    "0B9B"
    "0BA5"
    "0BAF";

/// 44 of two cells, one sensor and the board's two; `states` are twelve bytes.
std::string status(const std::string& states) {
  return "1001"
         "020000"
         "01000000"
         "0000"
         "09" +
         states;
}
std::string with_byte(std::size_t at, unsigned value) {
  std::string states(24, '0');
  char hex[4];
  std::snprintf(hex, sizeof hex, "%02X", value & 0xFFU);
  return states.replace(2 * at, 2, hex);
}

TEST(PaceEg4, RequestsAreThoseOfTheCapture) {
  std::array<std::byte, kRequestSize> out{};
  std::size_t size = codec().encode_poll(0x42, out).value();
  EXPECT_EQ(Frame(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)), kAskAnalog);
  size = codec().encode_poll(0x44, out).value();
  EXPECT_EQ(Frame(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)), kAskStatus);
}

TEST(PaceEg4, ChargingIsNegative) {
  RecordingSink sink;
  ASSERT_TRUE(codec().decode(kAskAnalog, ascii_frame(kReply, analog("029D", kOneOfThree)), sink));
  EXPECT_EQ(sink.value(Signal::pack_current), -6'690);
  ASSERT_TRUE(codec().decode(kAskAnalog, ascii_frame(kReply, analog("FD63", kOneOfThree)), sink));
  EXPECT_EQ(sink.value(Signal::pack_current), 6'690);
  EXPECT_EQ(sink.value(Signal::pack_voltage), 53'970);
  EXPECT_EQ(sink.value(Signal::remaining_capacity), 21'000'000);
  EXPECT_EQ(sink.value(Signal::full_capacity), 22'000'000);
  EXPECT_EQ(sink.value(Signal::cell_voltage_max), 3'376);
  EXPECT_EQ(sink.value(Signal::cell_voltage_min), 3'372);
  EXPECT_EQ(sink.value(Signal::cell_temp_max), 25'100);
  EXPECT_EQ(sink.value(Signal::cell_temp_min), 24'100);
  EXPECT_EQ(sink.vendor["charged_mah"], 7'113'600);
  EXPECT_EQ(sink.vendor["discharged_mah"], 6'769'490);
}

TEST(PaceEg4, TheSensorsAreCountedByWhatFollowsThem) {
  RecordingSink hidden;
  ASSERT_TRUE(codec().decode(kAskAnalog, ascii_frame(kReply, analog("0000", kOneOfThree)), hidden));
  EXPECT_EQ(hidden.counts[Signal::temperature], 3);
  EXPECT_EQ(hidden.value(Signal::temperature, 3), 26'100);
  RecordingSink honest;
  ASSERT_TRUE(codec().decode(kAskAnalog,
                             ascii_frame(kReply, analog("0000",
                                                        "03"
                                                        "0B9B"
                                                        "0BA5"
                                                        "0BAF")),
                             honest));
  EXPECT_EQ(honest.counts[Signal::temperature], 3);
  EXPECT_EQ(honest.readings, hidden.readings);
  RecordingSink none;
  EXPECT_EQ(codec()
                .decode(kAskAnalog,
                        ascii_frame(kReply, analog("0000",
                                                   "02"
                                                   "0B9B"
                                                   "0BA5"
                                                   "0BAF")),
                        none)
                .error(),
            (Error{Errc::length, 13 + 2 * 7}));
  EXPECT_TRUE(none.empty());
}

TEST(PaceEg4, AStateOfChargeAboveAHundredIsMissing) {
  RecordingSink sink;
  ASSERT_TRUE(
      codec().decode(kAskAnalog, ascii_frame(kReply, analog("0000", kOneOfThree, "012C")), sink));
  EXPECT_EQ(sink.missing_points, (std::vector<std::pair<Signal, std::uint16_t>>{{Signal::soc, 0}}));
}

TEST(PaceEg4, EventBits) {
  constexpr std::uint64_t kNone = 0;
  const struct {
    std::size_t byte;
    unsigned bit;
    std::uint64_t alarms;
    std::uint64_t warnings;
    std::string_view vendor;
  } cases[] = {
      {0, 0, kNone, kNone, ""},
      {0, 4, kNone, alarm_bit(Alarm::cell_imbalance), ""},
      {0, 5, alarm_bit(Alarm::internal_failure), kNone, ""},
      {0, 6, alarm_bit(Alarm::internal_failure), kNone, ""},
      {0, 7, kNone, kNone, "unnamed"},
      {1, 0, kNone, alarm_bit(Alarm::cell_overvoltage), ""},
      {1, 1, alarm_bit(Alarm::cell_overvoltage), kNone, ""},
      {1, 3, alarm_bit(Alarm::cell_undervoltage), kNone, ""},
      {1, 5, alarm_bit(Alarm::pack_overvoltage), kNone, ""},
      {1, 7, alarm_bit(Alarm::pack_undervoltage), kNone, ""},
      {2, 0, kNone, alarm_bit(Alarm::overtemperature), ""},
      {2, 3, alarm_bit(Alarm::undertemperature), kNone, ""},
      {2, 4, alarm_bit(Alarm::mosfet_overtemperature), kNone, ""},
      {2, 5, alarm_bit(Alarm::internal_failure), kNone, ""},
      {3, 0, kNone, alarm_bit(Alarm::charge_overtemperature), ""},
      {3, 3, alarm_bit(Alarm::charge_undertemperature), kNone, ""},
      {3, 5, alarm_bit(Alarm::discharge_overtemperature), kNone, ""},
      {3, 6, kNone, alarm_bit(Alarm::discharge_undertemperature), ""},
      {4, 1, alarm_bit(Alarm::charge_overcurrent), kNone, ""},
      {4, 2, kNone, alarm_bit(Alarm::discharge_overcurrent), ""},
      {4, 4, alarm_bit(Alarm::discharge_overcurrent), kNone, ""},
      {4, 7, alarm_bit(Alarm::short_circuit), kNone, ""},
      {5, 0, kNone, alarm_bit(Alarm::soc_low), ""},
      {7, 1, kNone, kNone, ""},
  };
  for (const auto& c : cases) {
    RecordingSink sink;
    const Frame reply = ascii_frame(kReply, status(with_byte(c.byte, 1U << c.bit)));
    ASSERT_TRUE(codec().decode(kAskStatus, reply, sink));
    EXPECT_EQ(sink.value(Signal::alarms), static_cast<std::int64_t>(c.alarms))
        << c.byte << '.' << c.bit;
    EXPECT_EQ(sink.value(Signal::warnings), static_cast<std::int64_t>(c.warnings))
        << c.byte << '.' << c.bit;
    const auto vendor = static_cast<std::uint64_t>(sink.value(Signal::vendor_alarms).value());
    EXPECT_EQ(std::popcount(vendor), c.vendor.empty() ? 0 : 1) << c.byte << '.' << c.bit;
    if (vendor == 0) continue;
    EXPECT_EQ(codec()
                  .vendor_alarm_name(static_cast<unsigned>(std::countr_zero(vendor)))
                  .value_or("unnamed"),
              c.vendor);
  }
}

TEST(PaceEg4, SwitchesAndBalancing) {
  const struct {
    std::size_t byte;
    unsigned bit;
    Signal signal;
  } cases[] = {{6, 0, Signal::discharge_fet_on}, {6, 1, Signal::charge_fet_on},
               {6, 3, Signal::heater_on},        {0, 0, Signal::balancing},
               {8, 0, Signal::balancing},        {11, 7, Signal::balancing}};
  for (const auto& c : cases) {
    RecordingSink sink;
    const Frame reply = ascii_frame(kReply, status(with_byte(c.byte, 1U << c.bit)));
    ASSERT_TRUE(codec().decode(kAskStatus, reply, sink));
    for (const Signal signal :
         {Signal::discharge_fet_on, Signal::charge_fet_on, Signal::heater_on, Signal::balancing}) {
      EXPECT_EQ(sink.value(signal), signal == c.signal ? 1 : 0) << c.byte << '.' << c.bit;
    }
  }
}

TEST(PaceEg4, WithoutARequestTheShapeTells) {
  RecordingSink sink;
  ASSERT_TRUE(codec().decode({}, ascii_frame(kReply, analog("0000", kOneOfThree)), sink));
  EXPECT_EQ(sink.value(Signal::cycle_count), 5);
  ASSERT_TRUE(codec().decode({}, ascii_frame(kReply, status(std::string(24, '0'))), sink));
  EXPECT_EQ(sink.value(Signal::alarms), 0);
  EXPECT_EQ(codec().decode({}, ascii_frame(kReply, "1001"), sink).error().code,
            Errc::invalid_argument);
}

}  // namespace
}  // namespace ems::protocol::pace_eg4
