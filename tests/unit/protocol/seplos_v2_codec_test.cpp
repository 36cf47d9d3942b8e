// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/seplos_v2/codec.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>

#include "support/ascii_frames.hpp"
#include "support/recording_sink.hpp"

namespace ems::protocol::seplos_v2 {
namespace {

using test::ascii_frame;
using test::bytes_of;
using test::Frame;
using test::RecordingSink;
using test::text_of;

const Frame kAskTelemetry = bytes_of("~20004642E00200FD37\r");
const Frame kAskAlarms = bytes_of("~20004644E00200FD35\r");
const std::string kReply = "20004600";

std::string request_of(const PollCodec& codec, std::uint8_t number) {
  std::array<std::byte, kRequestSize> out{};
  const std::size_t size = codec.encode_poll(number, out).value();
  return text_of(Frame(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)));
}

/// Two cells, six sensors, then what is given.
std::string telemetry(const std::string& current, const std::string& items) {
  return "0001"
         "020CD80CE8"
         "060BA60BA00B970BA60BA50BA2" +
         current + "14A0344A" + items;
}
const std::string kTen =
    "0A"
    "4268"
    "0313"
    "4650"
    "0046"
    "03E8"
    "149F"
    "0000000000000000";

/// 44 of two cells and one sensor; `states` are 20 bytes.
std::string alarms(const std::string& codes, const std::string& states) {
  return "0001"
         "02" +
         codes.substr(0, 4) + "01" + codes.substr(4) + "14" + states;
}

/// 20 bytes of zero but for one.
std::string with_byte(std::size_t at, unsigned value) {
  std::string states(40, '0');
  char hex[4];
  std::snprintf(hex, sizeof hex, "%02X", value & 0xFFU);
  return states.replace(2 * at, 2, hex);
}

TEST(SeplosV2, RequestsAreThoseOfTheDocument) {
  EXPECT_EQ(request_of(codec(), 0x42), "~20004642E00200FD37\r");
  EXPECT_EQ(request_of(codec(), 0x44), "~20004644E00200FD35\r");
  EXPECT_EQ(request_of(codec(), 0x51), "~200046510000FDAE\r");
  CodecRoom room;
  const PollCodec& third = *codec().with({.address = std::uint8_t{3}}, room).value();
  EXPECT_EQ(request_of(third, 0x42), text_of(ascii_frame("20034642", "03")));
  const PollCodec& boqiang = *codec().with({.variant = "boqiang"}, room).value();
  EXPECT_EQ(request_of(boqiang, 0x42), "~26004642E00201FD30\r");
  EXPECT_EQ(request_of(boqiang, 0x51), "~260046510000FDA8\r");
}

TEST(SeplosV2, ChargingIsNegative) {
  RecordingSink sink;
  ASSERT_TRUE(codec().decode(kAskTelemetry, ascii_frame(kReply, telemetry("028E", kTen)), sink));
  EXPECT_EQ(sink.value(Signal::pack_current), -6'540);
  ASSERT_TRUE(codec().decode(kAskTelemetry, ascii_frame(kReply, telemetry("FD72", kTen)), sink));
  EXPECT_EQ(sink.value(Signal::pack_current), 6'540);
  EXPECT_EQ(sink.value(Signal::pack_voltage), 52'800);
  EXPECT_EQ(sink.value(Signal::soc), 7'870);
  EXPECT_EQ(sink.value(Signal::soh), 10'000);
  EXPECT_EQ(sink.value(Signal::remaining_capacity), 133'860'000);
  EXPECT_EQ(sink.value(Signal::design_capacity), 180'000'000);
  EXPECT_EQ(sink.value(Signal::ambient_temperature), 25'000);
  EXPECT_EQ(sink.value(Signal::mosfet_temperature), 24'700);
  EXPECT_EQ(sink.vendor["port_voltage_mv"], 52'790);
}

TEST(SeplosV2, TheNumberOfItemsSaysWhatIsThere) {
  const struct {
    std::string items;
    std::optional<std::uint16_t> error;  ///< Offset.
    bool soc;
  } cases[] = {
      {"02"
       "4268"
       "0046",
       {},
       false},
      {"06"
       "4268"
       "0313"
       "4650"
       "0046"
       "03E8"
       "149F",
       {},
       true},
      {kTen, {}, true},
      {"03"
       "4268"
       "0046"
       "4650",
       13 + 2 * 26, false},  // That of PACE.
      {"05"
       "4268"
       "0046"
       "4650"
       "0046"
       "03E8",
       13 + 2 * 26, false},
      {"06"
       "4268"
       "0313"
       "4650"
       "0046"
       "03E8",
       13 + 2 * 37, false},
      {"02"
       "4268"
       "0046"
       "00",
       13 + 2 * 31, false},
      {"", 13 + 2 * 26, false},
  };
  for (const auto& c : cases) {
    RecordingSink sink;
    const Result<void> result =
        codec().decode(kAskTelemetry, ascii_frame(kReply, telemetry("0000", c.items)), sink);
    if (c.error) {
      EXPECT_EQ(result.error(), (Error{Errc::length, *c.error})) << c.items;
      EXPECT_TRUE(sink.empty());
      continue;
    }
    ASSERT_TRUE(result) << c.items;
    EXPECT_EQ(sink.value(Signal::cycle_count), 70);
    EXPECT_EQ(sink.value(Signal::full_capacity), 170'000'000);
    EXPECT_EQ(sink.value(Signal::soc).has_value(), c.soc);
  }
}

TEST(SeplosV2, ASensorThatIsNotThereIsMissing) {
  RecordingSink sink;
  const std::string info =
      "0001"
      "010CD8"
      "06"
      "0853"
      "0000"
      "FFFF"
      "0BA6"
      "0853"
      "0853"
      "000014A0344A" +
      kTen;
  ASSERT_TRUE(codec().decode(kAskTelemetry, ascii_frame(kReply, info), sink));
  EXPECT_EQ(sink.missing_points,
            (std::vector<std::pair<Signal, std::uint16_t>>{{Signal::temperature, 1},
                                                           {Signal::temperature, 2},
                                                           {Signal::temperature, 3},
                                                           {Signal::temperature, 5},
                                                           {Signal::temperature, 6},
                                                           {Signal::ambient_temperature, 0},
                                                           {Signal::mosfet_temperature, 0}}));
  EXPECT_EQ(sink.value(Signal::temperature, 4), 25'100);
}

TEST(SeplosV2, AStateOfChargeAboveAHundredIsMissing) {
  RecordingSink sink;
  const std::string over =
      "06"
      "4268"
      "0BB8"
      "4650"
      "0046"
      "03E9"
      "149F";
  ASSERT_TRUE(codec().decode(kAskTelemetry, ascii_frame(kReply, telemetry("0000", over)), sink));
  EXPECT_EQ(sink.missing_points,
            (std::vector<std::pair<Signal, std::uint16_t>>{{Signal::soc, 0}, {Signal::soh, 0}}));
}

TEST(SeplosV2, EventBits) {
  constexpr std::uint64_t kNone = 0;
  const struct {
    std::size_t byte;  // Of the 20.
    unsigned bit;
    std::uint64_t alarms;
    std::uint64_t warnings;
    std::string_view vendor;
  } cases[] = {
      {0, 0, alarm_bit(Alarm::internal_failure), kNone, ""},
      {0, 3, kNone, kNone, "key"},
      {0, 4, alarm_bit(Alarm::internal_failure), kNone, ""},
      {0, 6, alarm_bit(Alarm::internal_failure), kNone, ""},
      {1, 0, kNone, alarm_bit(Alarm::cell_overvoltage), ""},
      {1, 1, alarm_bit(Alarm::cell_overvoltage), kNone, ""},
      {1, 2, kNone, alarm_bit(Alarm::cell_undervoltage), ""},
      {1, 3, alarm_bit(Alarm::cell_undervoltage), kNone, ""},
      {1, 4, kNone, alarm_bit(Alarm::pack_overvoltage), ""},
      {1, 5, alarm_bit(Alarm::pack_overvoltage), kNone, ""},
      {1, 6, kNone, alarm_bit(Alarm::pack_undervoltage), ""},
      {1, 7, alarm_bit(Alarm::pack_undervoltage), kNone, ""},
      {2, 0, kNone, alarm_bit(Alarm::charge_overtemperature), ""},
      {2, 1, alarm_bit(Alarm::charge_overtemperature), kNone, ""},
      {2, 2, kNone, alarm_bit(Alarm::charge_undertemperature), ""},
      {2, 3, alarm_bit(Alarm::charge_undertemperature), kNone, ""},
      {2, 4, kNone, alarm_bit(Alarm::discharge_overtemperature), ""},
      {2, 5, alarm_bit(Alarm::discharge_overtemperature), kNone, ""},
      {2, 6, kNone, alarm_bit(Alarm::discharge_undertemperature), ""},
      {2, 7, alarm_bit(Alarm::discharge_undertemperature), kNone, ""},
      {3, 0, kNone, alarm_bit(Alarm::overtemperature), ""},
      {3, 1, alarm_bit(Alarm::overtemperature), kNone, ""},
      {3, 2, kNone, alarm_bit(Alarm::undertemperature), ""},
      {3, 3, alarm_bit(Alarm::undertemperature), kNone, ""},
      {3, 4, alarm_bit(Alarm::mosfet_overtemperature), kNone, ""},
      {3, 5, kNone, alarm_bit(Alarm::mosfet_overtemperature), ""},
      {3, 6, kNone, kNone, ""},
      {4, 0, kNone, alarm_bit(Alarm::charge_overcurrent), ""},
      {4, 1, alarm_bit(Alarm::charge_overcurrent), kNone, ""},
      {4, 2, kNone, alarm_bit(Alarm::discharge_overcurrent), ""},
      {4, 3, alarm_bit(Alarm::discharge_overcurrent), kNone, ""},
      {4, 4, alarm_bit(Alarm::discharge_overcurrent), kNone, ""},
      {4, 5, alarm_bit(Alarm::short_circuit), kNone, ""},
      {4, 6, alarm_bit(Alarm::discharge_overcurrent), kNone, ""},
      {4, 7, alarm_bit(Alarm::short_circuit), kNone, ""},
      {5, 0, alarm_bit(Alarm::pack_overvoltage), kNone, ""},
      {5, 1, kNone, kNone, ""},
      {5, 2, kNone, alarm_bit(Alarm::soc_low), ""},
      {5, 3, alarm_bit(Alarm::soc_low), kNone, ""},
      {5, 4, kNone, kNone, "charge_forbidden_low_voltage"},
      {5, 5, alarm_bit(Alarm::internal_failure), kNone, ""},
      {5, 6, alarm_bit(Alarm::internal_failure), kNone, ""},
      {10, 0, alarm_bit(Alarm::internal_failure), kNone, ""},  // A cell is disconnected.
      {11, 7, alarm_bit(Alarm::internal_failure), kNone, ""},
      {12, 4, kNone, kNone, ""},  // Waits.
      {13, 0, alarm_bit(Alarm::internal_failure), kNone, ""},
      {13, 1, kNone, kNone, "clock"},
      {13, 2, kNone, kNone, "voltage_not_calibrated"},
      {13, 3, kNone, kNone, "current_not_calibrated"},
      {13, 4, kNone, kNone, "zero_not_calibrated"},
  };
  for (const auto& c : cases) {
    RecordingSink sink;
    const std::string info = alarms("0000000000", with_byte(c.byte, 1U << c.bit));
    ASSERT_TRUE(codec().decode(kAskAlarms, ascii_frame(kReply, info), sink));
    EXPECT_EQ(sink.value(Signal::alarms), static_cast<std::int64_t>(c.alarms))
        << c.byte << '.' << c.bit;
    EXPECT_EQ(sink.value(Signal::warnings), static_cast<std::int64_t>(c.warnings))
        << c.byte << '.' << c.bit;
    const auto vendor = static_cast<std::uint64_t>(sink.value(Signal::vendor_alarms).value());
    EXPECT_EQ(std::popcount(vendor), c.vendor.empty() ? 0 : 1) << c.byte << '.' << c.bit;
    if (vendor == 0) continue;
    EXPECT_EQ(codec().vendor_alarm_name(static_cast<unsigned>(std::countr_zero(vendor))), c.vendor);
  }
}

TEST(SeplosV2, CodesWarn) {
  const struct {
    const char* codes;  // Cells (2), sensor, current, voltage.
    Alarm warning;
  } cases[] = {
      {"0100000000", Alarm::cell_undervoltage},     {"0002000000", Alarm::cell_overvoltage},
      {"0000010000", Alarm::undertemperature},      {"0000020000", Alarm::overtemperature},
      {"0000000100", Alarm::discharge_overcurrent}, {"0000000200", Alarm::charge_overcurrent},
      {"0000000001", Alarm::pack_undervoltage},     {"0000000002", Alarm::pack_overvoltage},
  };
  for (const auto& c : cases) {
    RecordingSink sink;
    const Frame reply = ascii_frame(kReply, alarms(c.codes, std::string(40, '0')));
    ASSERT_TRUE(codec().decode(kAskAlarms, reply, sink));
    EXPECT_EQ(sink.value(Signal::warnings), static_cast<std::int64_t>(alarm_bit(c.warning)))
        << c.codes;
    EXPECT_EQ(sink.value(Signal::alarms), 0);
    EXPECT_EQ(sink.value(Signal::vendor_alarms), 0);
  }
}

TEST(SeplosV2, Switches) {
  const struct {
    std::size_t byte;
    unsigned bit;
    Signal signal;
  } cases[] = {{6, 0, Signal::discharge_fet_on},
               {6, 1, Signal::charge_fet_on},
               {6, 3, Signal::heater_on},
               {7, 0, Signal::balancing},
               {8, 7, Signal::balancing}};
  for (const auto& c : cases) {
    RecordingSink sink;
    const std::string info = alarms("0000000000", with_byte(c.byte, 1U << c.bit));
    ASSERT_TRUE(codec().decode(kAskAlarms, ascii_frame(kReply, info), sink));
    for (const Signal signal :
         {Signal::discharge_fet_on, Signal::charge_fet_on, Signal::heater_on, Signal::balancing}) {
      EXPECT_EQ(sink.value(signal), signal == c.signal ? 1 : 0) << c.byte << '.' << c.bit;
    }
  }
}

TEST(SeplosV2, TheStatesHaveToBeThere) {
  RecordingSink sink;
  std::string info = alarms("0000000000", std::string(38, '0'));
  EXPECT_EQ(codec().decode(kAskAlarms, ascii_frame(kReply, info), sink).error(),
            (Error{Errc::length, static_cast<std::uint16_t>(13 + info.size())}));
  info =
      "0001"
      "020000"
      "0100"
      "0000"
      "0D" +
      std::string(26, '0');
  EXPECT_EQ(codec().decode(kAskAlarms, ascii_frame(kReply, info), sink).error(),
            (Error{Errc::length, 13 + 2 * 9}));
  EXPECT_TRUE(sink.empty());
}

TEST(SeplosV2, WithoutARequestTheShapeTells) {
  for (const std::string& info :
       {telemetry("0000", kTen), alarms("0000000000", std::string(40, '0'))}) {
    RecordingSink sink;
    EXPECT_TRUE(codec().decode({}, ascii_frame(kReply, info), sink));
    EXPECT_FALSE(sink.readings.empty());
  }
  RecordingSink sink;
  EXPECT_EQ(codec().decode({}, ascii_frame(kReply), sink).error().code, Errc::invalid_argument);
  ASSERT_TRUE(
      codec().decode(bytes_of("~2000464F0000FD9A\r"), bytes_of("~260046000000FDAE\r"), sink));
  EXPECT_EQ(sink.vendor["protocol_version.major"], 2);
  EXPECT_EQ(sink.vendor["protocol_version.minor"], 6);
}

}  // namespace
}  // namespace ems::protocol::seplos_v2
