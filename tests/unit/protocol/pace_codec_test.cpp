// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/pace/codec.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>

#include "support/ascii_frames.hpp"
#include "support/recording_sink.hpp"

namespace ems::protocol::pace {
namespace {

using test::ascii_frame;
using test::bytes_of;
using test::Frame;
using test::RecordingSink;
using test::text_of;

const Frame kAskAnalog = bytes_of("~25014642E00201FD30\r");
const Frame kAskStatus = bytes_of("~25014644E00201FD2E\r");
const Frame kAskAllAnalog = ascii_frame("25014642", "FF");
const std::string kReply = "25014600";

std::string request_of(const PollCodec& codec, std::uint8_t number) {
  std::array<std::byte, kRequestSize> out{};
  const std::size_t size = codec.encode_poll(number, out).value();
  return text_of(Frame(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)));
}

/// Two cells, one sensor at 25.0 degC, 52.429 V, 50 of 100 Ah.
std::string analog(const std::string& current, const std::string& items =
                                                   "03"
                                                   "2710"
                                                   "008C"
                                                   "2710") {
  return "020CC70CC8"
         "010BA4" +
         current +
         "CCCD"
         "1388" +
         items;
}

/// 44 of two cells and one sensor; `states` are nine bytes.
std::string status(const std::string& codes, const std::string& states) {
  return "02" + codes.substr(0, 4) + "01" + codes.substr(4) + states;
}

std::string with_byte(std::size_t at, unsigned value) {
  std::string states(18, '0');
  char hex[4];
  std::snprintf(hex, sizeof hex, "%02X", value & 0xFFU);
  return states.replace(2 * at, 2, hex);
}

TEST(Pace, RequestsAreThoseOfTheDocument) {
  EXPECT_EQ(request_of(codec(), 0x42), "~25014642E00201FD30\r");
  EXPECT_EQ(request_of(codec(), 0x44), "~25014644E00201FD2E\r");
  EXPECT_EQ(request_of(codec(), 0xC1), "~250146C10000FD9A\r");
  EXPECT_EQ(request_of(codec(), 0xC2), "~250146C20000FD99\r");
  CodecRoom room;
  const PollCodec& ninth = *codec().with({.address = std::uint8_t{9}}, room).value();
  EXPECT_EQ(request_of(ninth, 0x42), text_of(ascii_frame("25094642", "09")));
}

TEST(Pace, ChargingIsNegative) {
  RecordingSink sink;
  ASSERT_TRUE(codec().decode(kAskAnalog, ascii_frame(kReply, "0001" + analog("00E1")), sink));
  EXPECT_EQ(sink.value(Signal::pack_current), -2'250);
  ASSERT_TRUE(codec().decode(kAskAnalog, ascii_frame(kReply, "0001" + analog("FF1F")), sink));
  EXPECT_EQ(sink.value(Signal::pack_current), 2'250);
  EXPECT_EQ(sink.value(Signal::pack_voltage), 52'429);
  EXPECT_EQ(sink.value(Signal::temperature, 1), 25'000);
  EXPECT_EQ(sink.value(Signal::soc), 5'000);
  EXPECT_EQ(sink.value(Signal::cycle_count), 140);
  EXPECT_EQ(sink.value(Signal::design_capacity), 100'000'000);
  for (const Reading& r : sink.readings) {
    EXPECT_EQ(r.quality, r.signal == Signal::soc ? Quality::substituted : Quality::good);
  }
}

TEST(Pace, AllPacks) {
  RecordingSink sink;
  const std::string info = "0002" + analog("0001") + analog("0002");
  ASSERT_TRUE(codec().decode(kAskAllAnalog, ascii_frame(kReply, info), sink));
  EXPECT_EQ(sink.value(Signal::module_count), 2);
  std::vector<std::pair<int, std::int64_t>> currents;
  for (const Reading& r : sink.readings) {
    if (r.signal == Signal::pack_current) currents.emplace_back(r.module, r.value);
  }
  EXPECT_EQ(currents, (std::vector<std::pair<int, std::int64_t>>{{1, -10}, {2, -20}}));
}

TEST(Pace, TheNumberOfItemsSaysWhatIsThere) {
  RecordingSink sink;
  EXPECT_TRUE(codec().decode(kAskAnalog,
                             ascii_frame(kReply, "0001" + analog("0000",
                                                                 "04"
                                                                 "2710"
                                                                 "008C"
                                                                 "2710"
                                                                 "0000")),
                             sink));
  EXPECT_TRUE(
      codec().decode(kAskAnalog, ascii_frame(kReply, "0001" + analog("0000") + "00"), sink));
  RecordingSink none;
  EXPECT_EQ(codec()
                .decode(kAskAnalog,
                        ascii_frame(kReply, "0001" + analog("0000",
                                                            "02"
                                                            "2710"
                                                            "008C")),
                        none)
                .error(),
            (Error{Errc::length, 13 + 2 * 16}));
  EXPECT_EQ(codec()
                .decode(kAskAnalog, ascii_frame(kReply, "0001" + analog("0000") + "0000"), none)
                .error(),
            (Error{Errc::length, 13 + 2 * 23}));
  EXPECT_TRUE(none.empty());
}

TEST(Pace, StatusBits) {
  constexpr std::uint64_t kNone = 0;
  const struct {
    std::size_t byte;  // Of the nine behind the codes.
    unsigned bit;
    std::uint64_t alarms;
    std::uint64_t warnings;
    std::string_view vendor;
  } cases[] = {
      {0, 0, alarm_bit(Alarm::cell_overvoltage), kNone, ""},
      {0, 1, alarm_bit(Alarm::cell_undervoltage), kNone, ""},
      {0, 2, alarm_bit(Alarm::pack_overvoltage), kNone, ""},
      {0, 3, alarm_bit(Alarm::pack_undervoltage), kNone, ""},
      {0, 4, alarm_bit(Alarm::charge_overcurrent), kNone, ""},
      {0, 5, alarm_bit(Alarm::discharge_overcurrent), kNone, ""},
      {0, 6, alarm_bit(Alarm::short_circuit), kNone, ""},
      {0, 7, kNone, kNone, "unnamed"},
      {1, 0, alarm_bit(Alarm::charge_overtemperature), kNone, ""},
      {1, 1, alarm_bit(Alarm::discharge_overtemperature), kNone, ""},
      {1, 2, alarm_bit(Alarm::charge_undertemperature), kNone, ""},
      {1, 3, alarm_bit(Alarm::discharge_undertemperature), kNone, ""},
      {1, 4, alarm_bit(Alarm::mosfet_overtemperature), kNone, ""},
      {1, 5, alarm_bit(Alarm::overtemperature), kNone, ""},
      {1, 6, alarm_bit(Alarm::undertemperature), kNone, ""},
      {1, 7, kNone, kNone, ""},
      {2, 0, kNone, kNone, ""},
      {2, 3, kNone, kNone, ""},
      {2, 4, kNone, kNone, "reverse_polarity"},
      {2, 5, kNone, kNone, ""},
      {2, 7, kNone, kNone, ""},
      {3, 0, kNone, kNone, ""},
      {4, 0, alarm_bit(Alarm::internal_failure), kNone, ""},
      {4, 1, alarm_bit(Alarm::internal_failure), kNone, ""},
      {4, 2, alarm_bit(Alarm::internal_failure), kNone, ""},
      {4, 4, alarm_bit(Alarm::internal_failure), kNone, ""},
      {4, 5, alarm_bit(Alarm::internal_failure), kNone, ""},
      {7, 0, kNone, alarm_bit(Alarm::cell_overvoltage), ""},
      {7, 1, kNone, alarm_bit(Alarm::cell_undervoltage), ""},
      {7, 2, kNone, alarm_bit(Alarm::pack_overvoltage), ""},
      {7, 3, kNone, alarm_bit(Alarm::pack_undervoltage), ""},
      {7, 4, kNone, alarm_bit(Alarm::charge_overcurrent), ""},
      {7, 5, kNone, alarm_bit(Alarm::discharge_overcurrent), ""},
      {8, 0, kNone, alarm_bit(Alarm::charge_overtemperature), ""},
      {8, 1, kNone, alarm_bit(Alarm::discharge_overtemperature), ""},
      {8, 2, kNone, alarm_bit(Alarm::charge_undertemperature), ""},
      {8, 3, kNone, alarm_bit(Alarm::discharge_undertemperature), ""},
      {8, 4, kNone, alarm_bit(Alarm::overtemperature), ""},
      {8, 5, kNone, alarm_bit(Alarm::undertemperature), ""},
      {8, 6, kNone, alarm_bit(Alarm::mosfet_overtemperature), ""},
      {8, 7, kNone, alarm_bit(Alarm::soc_low), ""},
  };
  for (const auto& c : cases) {
    RecordingSink sink;
    const std::string info = "0001" + status("000000000000", with_byte(c.byte, 1U << c.bit));
    ASSERT_TRUE(codec().decode(kAskStatus, ascii_frame(kReply, info), sink));
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

TEST(Pace, SwitchesAndBalancing) {
  const struct {
    std::size_t byte;
    unsigned bit;
    Signal signal;
  } cases[] = {{2, 1, Signal::charge_fet_on},
               {2, 2, Signal::discharge_fet_on},
               {5, 0, Signal::balancing},
               {6, 7, Signal::balancing}};
  for (const auto& c : cases) {
    RecordingSink sink;
    const std::string info = "0001" + status("000000000000", with_byte(c.byte, 1U << c.bit));
    ASSERT_TRUE(codec().decode(kAskStatus, ascii_frame(kReply, info), sink));
    for (const Signal signal :
         {Signal::charge_fet_on, Signal::discharge_fet_on, Signal::balancing}) {
      EXPECT_EQ(sink.value(signal), signal == c.signal ? 1 : 0) << c.byte << '.' << c.bit;
    }
  }
}

TEST(Pace, CodesWarn) {
  RecordingSink sink;
  const std::string info = "0001" + status("010202020101", std::string(18, '0'));
  ASSERT_TRUE(codec().decode(kAskStatus, ascii_frame(kReply, info), sink));
  EXPECT_EQ(sink.value(Signal::warnings),
            static_cast<std::int64_t>(
                alarm_bit(Alarm::cell_undervoltage) | alarm_bit(Alarm::cell_overvoltage) |
                alarm_bit(Alarm::overtemperature) | alarm_bit(Alarm::charge_overcurrent) |
                alarm_bit(Alarm::pack_undervoltage) | alarm_bit(Alarm::discharge_overcurrent)));
  ASSERT_TRUE(codec().decode(
      kAskStatus, ascii_frame(kReply, "0001" + status("008100000000", std::string(18, '0'))),
      sink));
  const auto vendor = static_cast<std::uint64_t>(sink.value(Signal::vendor_alarms).value());
  ASSERT_EQ(std::popcount(vendor), 1);
  EXPECT_EQ(codec().vendor_alarm_name(static_cast<unsigned>(std::countr_zero(vendor))),
            "other_code");
}

TEST(Pace, AnotherVersionIsAnotherProtocol) {
  RecordingSink sink;
  const Frame reply = ascii_frame("20014600", "0001" + analog("0000"));
  EXPECT_EQ(codec().decode(kAskAnalog, reply, sink).error(), (Error{Errc::header, 1}));
  EXPECT_EQ(codec().decode({}, reply, sink).error(), (Error{Errc::header, 1}));
  EXPECT_EQ(codec().scan(kAskAnalog, reply).size, 0U);
  EXPECT_TRUE(sink.empty());
}

TEST(Pace, TheInvertersRequestsAreNoReplies) {
  const Frame inverter = ascii_frame("25014690");
  EXPECT_EQ(codec().scan(kAskAnalog, inverter).size, 0U);
  RecordingSink sink;
  EXPECT_EQ(codec().decode(kAskAnalog, inverter, sink).error(), (Error{Errc::header, 7}));
}

TEST(Pace, PackCountAndTexts) {
  RecordingSink sink;
  ASSERT_TRUE(codec().decode(ascii_frame("25014690"), ascii_frame(kReply, "03"), sink));
  EXPECT_EQ(sink.value(Signal::module_count), 3);
  const Frame ask_software = ascii_frame("250146C1");
  EXPECT_EQ(codec().decode(ask_software, ascii_frame(kReply, "5031"), sink).error(),
            (Error{Errc::length, 17}));
  // Twenty characters may be the software's version or the product.
  EXPECT_EQ(codec().decode({}, ascii_frame(kReply, std::string(40, '3')), sink).error().code,
            Errc::invalid_argument);
  EXPECT_TRUE(codec().decode({}, ascii_frame(kReply, std::string(80, '3')), sink));
  EXPECT_EQ(sink.texts[TextField::serial_number].size(), 40U);
}

}  // namespace
}  // namespace ems::protocol::pace
