// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/pylontech_rs485/codec.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>

#include "support/ascii_frames.hpp"
#include "support/recording_sink.hpp"

namespace ems::protocol::pylontech_rs485 {
namespace {

using test::ascii_frame;
using test::bytes_of;
using test::Frame;
using test::RecordingSink;
using test::text_of;

const Frame kAskAnalog = bytes_of("~20024642E00202FD33\r");
const Frame kAskAllAnalog = ascii_frame("20024642", "FF");
const Frame kAskStatus = bytes_of("~20024644E00202FD31\r");
const Frame kAskAllStatus = ascii_frame("20024644", "FF");
const Frame kAskLimits = bytes_of("~20024692E00202FD2E\r");
const Frame kAskSystem = bytes_of("~200246610000FDAB\r");
const Frame kAskSystemAlarms = ascii_frame("20024662");
const Frame kAskSystemLimits = bytes_of("~200246630000FDA9\r");

const std::string kReply = "20024600";

/// A module of 42: two cells, one sensor of 20 degC, current in 0.1 A, 16-bit capacities.
std::string module(const std::string& current, const std::string& rest) {
  return "020D050D0601"
         "0B73" +
         current + "C3A7" + rest;
}
const std::string kNarrow =
    "1388"
    "02"
    "2710"
    "0009";
const std::string kWide =
    "FFFF"
    "04"
    "FFFF"
    "0009"
    "00C394"
    "012110";

std::string request_of(const PollCodec& codec, std::uint8_t number) {
  std::array<std::byte, kRequestSize> out{};
  const std::size_t size = codec.encode_poll(number, out).value();
  return text_of(Frame(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)));
}

std::optional<std::int64_t> of_module(const RecordingSink& sink, std::uint8_t module, Signal signal,
                                      std::uint16_t element = 0) {
  for (const Reading& r : sink.readings) {
    if (r.module == module && r.signal == signal && r.element == element) return r.value;
  }
  return std::nullopt;
}

TEST(PylontechRs485, RequestsAreThoseOfTheDocument) {
  EXPECT_EQ(request_of(codec(), 0x42), "~20024642E00202FD33\r");
  EXPECT_EQ(request_of(codec(), 0x44), "~20024644E00202FD31\r");
  EXPECT_EQ(request_of(codec(), 0x92), "~20024692E00202FD2E\r");
  EXPECT_EQ(request_of(codec(), 0x93), "~20024693E00202FD2D\r");
  EXPECT_EQ(request_of(codec(), 0x96), "~20024696E00202FD2A\r");
  CodecRoom room;
  const PollCodec& third = *codec().with({.address = std::uint8_t{3}}, room).value();
  EXPECT_EQ(request_of(third, 0x93), "~20034693E00203FD2B\r");
  const PollCodec& system = *codec().with({.variant = "system"}, room).value();
  EXPECT_EQ(request_of(system, 0x61), "~200246610000FDAB\r");
  EXPECT_EQ(request_of(system, 0x63), "~200246630000FDA9\r");
  const PollCodec& console = *codec().with({.variant = "console"}, room).value();
  EXPECT_EQ(request_of(console, 0x42), "~20014642E00201FD35\r");
  EXPECT_EQ(request_of(console, 0x90), text_of(ascii_frame("20014690")));
}

TEST(PylontechRs485, AddressesAreModulesOfGroups) {
  CodecRoom room;
  for (const int address : {0x00, 0x01, 0x0E, 0x11, 0x82, 0xFF}) {
    EXPECT_EQ(codec().with({.address = static_cast<std::uint8_t>(address)}, room).error().code,
              Errc::out_of_range)
        << address;
  }
  EXPECT_TRUE(codec().with({.address = std::uint8_t{0x72}}, room));
  EXPECT_TRUE(codec().with({.address = std::uint8_t{1}, .variant = "console"}, room));
  EXPECT_FALSE(codec().with({.address = std::uint8_t{0}, .variant = "console"}, room));
}

TEST(PylontechRs485, ChargingIsNegative) {
  RecordingSink sink;
  ASSERT_TRUE(
      codec().decode(kAskAnalog, ascii_frame(kReply, "0002" + module("0017", kNarrow)), sink));
  EXPECT_EQ(sink.value(Signal::pack_current), -2'300);
  ASSERT_TRUE(
      codec().decode(kAskAnalog, ascii_frame(kReply, "0002" + module("FFE9", kNarrow)), sink));
  EXPECT_EQ(sink.value(Signal::pack_current), 2'300);
  EXPECT_EQ(sink.value(Signal::pack_voltage), 50'087);
  EXPECT_EQ(sink.value(Signal::cycle_count), 9);
  EXPECT_EQ(sink.value(Signal::temperature, 1), 20'000);
}

TEST(PylontechRs485, TheCapacityFieldsAreChosenByTheirCount) {
  RecordingSink narrow;
  ASSERT_TRUE(
      codec().decode(kAskAnalog, ascii_frame(kReply, "0002" + module("0000", kNarrow)), narrow));
  EXPECT_EQ(narrow.value(Signal::remaining_capacity), 5'000'000);
  EXPECT_EQ(narrow.value(Signal::full_capacity), 10'000'000);
  EXPECT_EQ(narrow.value(Signal::soc), 5'000);
  RecordingSink wide;
  ASSERT_TRUE(
      codec().decode(kAskAnalog, ascii_frame(kReply, "0002" + module("0000", kWide)), wide));
  EXPECT_EQ(wide.value(Signal::remaining_capacity), 50'068'000);
  EXPECT_EQ(wide.value(Signal::full_capacity), 74'000'000);
  EXPECT_EQ(wide.value(Signal::soc), 6'766);
  for (const Reading& r : wide.readings) {
    EXPECT_EQ(r.quality, r.signal == Signal::soc ? Quality::substituted : Quality::good);
  }
  RecordingSink sink;
  const std::string three =
      "1388"
      "03"
      "2710"
      "0009";
  EXPECT_EQ(
      codec().decode(kAskAnalog, ascii_frame(kReply, "0002" + module("0000", three)), sink).error(),
      (Error{Errc::length, 13 + 2 * 16}));
  EXPECT_TRUE(sink.empty());
}

TEST(PylontechRs485, NoStateOfChargeFromCapacitiesThatCannotBe) {
  const struct {
    const char* why;
    std::string rest;
    std::size_t missing;
  } cases[] = {
      {"nothing when full",
       "1388"
       "02"
       "0000"
       "0009",
       1},
      {"more than full",
       "2711"
       "02"
       "2710"
       "0009",
       1},
      {"neither is there",
       "FFFF"
       "02"
       "FFFF"
       "0009",
       3},
  };
  for (const auto& c : cases) {
    RecordingSink sink;
    ASSERT_TRUE(
        codec().decode(kAskAnalog, ascii_frame(kReply, "0002" + module("0000", c.rest)), sink))
        << c.why;
    EXPECT_EQ(sink.value(Signal::soc), std::nullopt) << c.why;
    EXPECT_EQ(sink.missing_points.size(), c.missing) << c.why;
  }
}

TEST(PylontechRs485, WhatIsMissingIsSaidToBeMissing) {
  RecordingSink sink;
  const std::string info =
      "0002"
      "03"
      "0D05"
      "2328"
      "1771"
      "02"
      "FFFF"
      "0000"
      "0000C3A7" +
      kNarrow;
  ASSERT_TRUE(codec().decode(kAskAnalog, ascii_frame(kReply, info), sink));
  EXPECT_EQ(sink.missing_points,
            (std::vector<std::pair<Signal, std::uint16_t>>{{Signal::cell_voltage, 2},
                                                           {Signal::cell_voltage, 3},
                                                           {Signal::temperature, 1},
                                                           {Signal::temperature, 2}}));
  EXPECT_EQ(sink.counts[Signal::cell_voltage], 3);
  EXPECT_EQ(sink.value(Signal::cell_voltage, 1), 3'333);
}

TEST(PylontechRs485, AModuleMayHaveNoSensorButNotNoCell) {
  RecordingSink sink;
  const std::string none =
      "0002"
      "01"
      "0D05"
      "00"
      "0000C3A7" +
      kNarrow;
  ASSERT_TRUE(codec().decode(kAskAnalog, ascii_frame(kReply, none), sink));
  EXPECT_EQ(sink.counts.at(Signal::temperature), 0);
  RecordingSink empty;
  const std::string no_cell =
      "0002"
      "00"
      "00"
      "0000C3A7" +
      kNarrow;
  EXPECT_EQ(codec().decode(kAskAnalog, ascii_frame(kReply, no_cell), empty).error(),
            (Error{Errc::length, 17}));
  EXPECT_TRUE(empty.empty());
}

TEST(PylontechRs485, AllModulesAreNumberedInTheirOrder) {
  RecordingSink sink;
  const std::string info = "0002" + module("0001", kNarrow) + module("0002", kWide);
  ASSERT_TRUE(codec().decode(kAskAllAnalog, ascii_frame(kReply, info), sink));
  EXPECT_EQ(of_module(sink, 0, Signal::module_count), 2);
  EXPECT_EQ(of_module(sink, 0, Signal::pack_current), std::nullopt);
  EXPECT_EQ(of_module(sink, 1, Signal::pack_current), -100);
  EXPECT_EQ(of_module(sink, 2, Signal::pack_current), -200);
  EXPECT_EQ(of_module(sink, 2, Signal::cell_voltage, 2), 3'334);
  // The same bytes as the reply of one module are too long, and without a request all are read.
  RecordingSink one;
  EXPECT_EQ(codec().decode(kAskAnalog, ascii_frame(kReply, info), one).error().code, Errc::length);
  EXPECT_TRUE(one.empty());
  ASSERT_TRUE(codec().decode({}, ascii_frame(kReply, info), one));
  EXPECT_EQ(one.readings, sink.readings);
  const std::string three = "0003" + module("0001", kNarrow) + module("0002", kWide);
  RecordingSink none;
  EXPECT_EQ(codec().decode(kAskAllAnalog, ascii_frame(kReply, three), none).error(),
            (Error{Errc::length, static_cast<std::uint16_t>(13 + three.size())}));
  EXPECT_TRUE(none.empty());
}

/// Status of one module of two cells and one sensor; 44 of captured modules ends with a 00.
std::string status(const std::string& codes, const std::string& states) {
  return "02" + codes.substr(0, 4) + "01" + codes.substr(4) + states;
}

TEST(PylontechRs485, AlarmBits) {
  const struct {
    const char* codes;   // Cells (2), sensor, charge current, voltage, discharge current.
    const char* states;  // Status 1 .. 5.
    std::uint64_t alarms;
    std::uint64_t warnings;
    std::string_view vendor;
  } cases[] = {
      {"000000000000", "0000000000", 0, 0, ""},
      {"000000000000", "8000000000", alarm_bit(Alarm::pack_undervoltage), 0, ""},
      {"000000000000", "4000000000", alarm_bit(Alarm::charge_overtemperature), 0, ""},
      {"000000000000", "2000000000", alarm_bit(Alarm::discharge_overtemperature), 0, ""},
      {"000000000000", "1000000000", alarm_bit(Alarm::discharge_overcurrent), 0, ""},
      {"000000000000", "0800000000", 0, 0, "unnamed"},
      {"000000000000", "0400000000", alarm_bit(Alarm::charge_overcurrent), 0, ""},
      {"000000000000", "0200000000", alarm_bit(Alarm::cell_undervoltage), 0, ""},
      {"000000000000", "0100000000", alarm_bit(Alarm::pack_overvoltage), 0, ""},
      {"000000000000", "0000000100", 0, 0, "cell_1_fault"},
      {"000000000000", "0000000080", 0, 0, "cell_16_fault"},
      {"000100000000", "0000000000", 0, alarm_bit(Alarm::cell_undervoltage), ""},
      {"020000000000", "0000000000", 0, alarm_bit(Alarm::cell_overvoltage), ""},
      {"000001000000", "0000000000", 0, alarm_bit(Alarm::undertemperature), ""},
      {"000002000000", "0000000000", 0, alarm_bit(Alarm::overtemperature), ""},
      {"000000020000", "0000000000", 0, alarm_bit(Alarm::charge_overcurrent), ""},
      {"000000000100", "0000000000", 0, alarm_bit(Alarm::pack_undervoltage), ""},
      {"000000000200", "0000000000", 0, alarm_bit(Alarm::pack_overvoltage), ""},
      {"000000000002", "0000000000", 0, alarm_bit(Alarm::discharge_overcurrent), ""},
      {"F00000000000", "0000000000", 0, 0, "other_code"},
  };
  for (const auto& c : cases) {
    for (const char* more : {"", "00"}) {
      RecordingSink sink;
      ASSERT_TRUE(codec().decode(
          kAskStatus, ascii_frame(kReply, "0002" + status(c.codes, c.states) + more), sink));
      EXPECT_EQ(sink.value(Signal::alarms), static_cast<std::int64_t>(c.alarms)) << c.states;
      EXPECT_EQ(sink.value(Signal::warnings), static_cast<std::int64_t>(c.warnings)) << c.codes;
      const auto vendor = static_cast<std::uint64_t>(sink.value(Signal::vendor_alarms).value());
      if (c.vendor.empty()) {
        EXPECT_EQ(vendor, 0U) << c.codes << c.states;
      } else {
        ASSERT_EQ(std::popcount(vendor), 1) << c.vendor;
        const auto bit = static_cast<unsigned>(std::countr_zero(vendor));
        EXPECT_EQ(codec().vendor_alarm_name(bit).value_or("unnamed"), c.vendor);
      }
      EXPECT_EQ(sink.value(Signal::cell_count), 2);
    }
  }
}

TEST(PylontechRs485, SwitchesAndHeater) {
  RecordingSink sink;
  ASSERT_TRUE(codec().decode(
      kAskStatus, ascii_frame(kReply, "0002" + status("000000000000", "0002200000")), sink));
  EXPECT_EQ(sink.value(Signal::charge_fet_on), 1);
  EXPECT_EQ(sink.value(Signal::discharge_fet_on), 0);
  EXPECT_EQ(sink.value(Signal::heater_on), 1);
  ASSERT_TRUE(codec().decode(
      kAskStatus, ascii_frame(kReply, "0002" + status("000000000000", "0004400000")), sink));
  EXPECT_EQ(sink.value(Signal::charge_fet_on), 0);
  EXPECT_EQ(sink.value(Signal::discharge_fet_on), 1);
  EXPECT_EQ(sink.value(Signal::heater_on), 0);
  EXPECT_EQ(sink.vendor["discharging"], 1);
  EXPECT_EQ(sink.vendor["charging"], 0);
}

TEST(PylontechRs485, AlarmsOfAllModulesWithOrWithoutTheirLastByte) {
  const std::string quiet = status("000000000000", "0006000000");
  const std::string loud = status("000000000000", "0104000000");
  for (const char* last : {"", "00"}) {
    RecordingSink sink;
    ASSERT_TRUE(codec().decode(kAskAllStatus,
                               ascii_frame(kReply, "0002" + quiet + last + loud + last), sink));
    EXPECT_EQ(of_module(sink, 1, Signal::alarms), 0);
    EXPECT_EQ(of_module(sink, 1, Signal::charge_fet_on), 1);
    EXPECT_EQ(of_module(sink, 2, Signal::alarms), alarm_bit(Alarm::pack_overvoltage));
    EXPECT_EQ(of_module(sink, 2, Signal::charge_fet_on), 0);
    EXPECT_EQ(of_module(sink, 0, Signal::alarms), std::nullopt);
  }
}

TEST(PylontechRs485, LimitsAreMagnitudes) {
  RecordingSink sink;
  ASSERT_TRUE(codec().decode(kAskLimits, ascii_frame(kReply, "02D002AFC80172FE8E38"), sink));
  EXPECT_EQ(sink.value(Signal::charge_current_limit), 37'000);
  EXPECT_EQ(sink.value(Signal::discharge_current_limit), 37'000);
  EXPECT_EQ(sink.value(Signal::charge_enable), 0);
  EXPECT_EQ(sink.value(Signal::discharge_enable), 0);
  EXPECT_EQ(sink.value(Signal::force_charge), 1);
  EXPECT_EQ(sink.value(Signal::full_charge_request), 1);
  // A charge limit has no sign: one below zero is not a limit.
  ASSERT_TRUE(codec().decode(kAskLimits, ascii_frame(kReply, "02D002AFC8FE8E0172C0"), sink));
  EXPECT_EQ(sink.missing_points,
            (std::vector<std::pair<Signal, std::uint16_t>>{{Signal::charge_current_limit, 0}}));
  EXPECT_EQ(sink.value(Signal::discharge_current_limit), 37'000);
}

/// 61: 50.000 V, -10.00 A, 81 %, cycles 5 and 9, SOH 99 and 98, extremes, temperatures.
const std::string kSystem =
    "C350"
    "FC18"
    "51"
    "0005"
    "0009"
    "63"
    "62"
    "0D16"
    "0103"
    "0CF8"
    "0204"
    "0B73"
    "0B87"
    "0105"
    "0B5F"
    "0106"
    "0BA5"
    "0BAF"
    "0101"
    "0B9B"
    "0102"
    "0BB9"
    "0BC3"
    "0107"
    "0BAF"
    "0108";

TEST(PylontechRs485, SystemValues) {
  RecordingSink sink;
  ASSERT_TRUE(codec().decode(kAskSystem, ascii_frame(kReply, kSystem), sink));
  EXPECT_EQ(sink.value(Signal::pack_voltage), 50'000);
  EXPECT_EQ(sink.value(Signal::pack_current), 10'000);
  EXPECT_EQ(sink.value(Signal::soc), 8'100);
  EXPECT_EQ(sink.value(Signal::soh), 9'900);
  EXPECT_EQ(sink.value(Signal::cycle_count), 5);
  EXPECT_EQ(sink.value(Signal::cell_voltage_max), 3'350);
  EXPECT_EQ(sink.value(Signal::cell_voltage_min), 3'320);
  EXPECT_EQ(sink.value(Signal::cell_temp_max), 22'000);
  EXPECT_EQ(sink.value(Signal::cell_temp_min), 18'000);
  EXPECT_EQ(sink.value(Signal::mosfet_temperature), 25'000);
  EXPECT_EQ(sink.vendor["cell_voltage_min_id"], 0x0204);
  // Three hundred per cent is not a state of charge.
  std::string full = kSystem;
  full.replace(8, 2, "FF");
  RecordingSink over;
  ASSERT_TRUE(codec().decode(kAskSystem, ascii_frame(kReply, full), over));
  EXPECT_EQ(over.value(Signal::soc), std::nullopt);
  EXPECT_EQ(over.missing_points.size(), 1U);
}

TEST(PylontechRs485, SystemCurrentsHaveTwoReadings) {
  CodecRoom room;
  const PollCodec& fine = *codec().with({.variant = "system_fine"}, room).value();
  RecordingSink sink;
  ASSERT_TRUE(fine.decode(kAskSystem, ascii_frame(kReply, kSystem), sink));
  EXPECT_EQ(sink.value(Signal::pack_current), 1'000);
  const Frame limits = ascii_frame(kReply, "D002AFC80172FE8EC0");
  ASSERT_TRUE(fine.decode(kAskSystemLimits, limits, sink));
  EXPECT_EQ(sink.value(Signal::charge_current_limit), 3'700);
  ASSERT_TRUE(codec().decode(kAskSystemLimits, limits, sink));
  EXPECT_EQ(sink.value(Signal::charge_current_limit), 37'000);
  EXPECT_EQ(sink.value(Signal::discharge_current_limit), 37'000);
  EXPECT_EQ(sink.value(Signal::charge_voltage_limit), 53'250);
  // 92 is not in doubt.
  ASSERT_TRUE(fine.decode(kAskLimits, ascii_frame(kReply, "02D002AFC80172FE8EC0"), sink));
  EXPECT_EQ(sink.value(Signal::charge_current_limit), 37'000);
}

TEST(PylontechRs485, SystemAlarmsHaveNoNames) {
  RecordingSink sink;
  ASSERT_TRUE(codec().decode(kAskSystemAlarms, ascii_frame(kReply, "00000000"), sink));
  EXPECT_EQ(sink.value(Signal::vendor_alarms), 0);
  EXPECT_EQ(sink.value(Signal::alarms), 0);
  ASSERT_TRUE(codec().decode(kAskSystemAlarms, ascii_frame(kReply, "01000080"), sink));
  const auto bits = static_cast<std::uint64_t>(sink.value(Signal::vendor_alarms).value());
  EXPECT_EQ(std::popcount(bits), 2);
  EXPECT_EQ(codec().vendor_alarm_name(static_cast<unsigned>(std::countr_zero(bits))), std::nullopt);
  EXPECT_EQ(sink.value(Signal::alarms),
            static_cast<std::int64_t>(alarm_bit(Alarm::internal_failure)));
  EXPECT_EQ(sink.value(Signal::warnings), sink.value(Signal::alarms));
}

TEST(PylontechRs485, AnyMasterMayAnswerForTheSystem) {
  RecordingSink sink;
  const Frame to_second_group = ascii_frame("20124661");
  const Frame reply = ascii_frame(kReply, kSystem);
  EXPECT_EQ(codec().scan(to_second_group, reply).size, reply.size());
  EXPECT_TRUE(codec().decode(to_second_group, reply, sink));
  const Frame by_slave = ascii_frame("20034600", kSystem);
  EXPECT_EQ(codec().decode(to_second_group, by_slave, sink).error(), (Error{Errc::header, 3}));
  EXPECT_EQ(codec().scan(to_second_group, by_slave).size, 0U);
}

TEST(PylontechRs485, SetsLimitsOnTheSafeSide) {
  std::array<std::byte, kRequestSize> out{};
  CodecRoom room;
  const PollCodec& second = *codec().with({.address = std::uint8_t{0x13}}, room).value();
  const LimitCommand command{.charge_voltage = MilliVolt{53'251},
                             .discharge_voltage = MilliVolt{45'001},
                             .charge_current = MilliAmp{37'099},
                             .discharge_current = MilliAmp{25'050}};
  const std::size_t size = second.encode_limits(command, out).value();
  const Frame sent(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size));
  EXPECT_EQ(text_of(sent), text_of(ascii_frame("20134694", "13D003AFC9017200FA")));
  RecordingSink said;
  ASSERT_TRUE(second.decode_request(sent, said));
  EXPECT_EQ(said.vendor["request_write"], 1);
  EXPECT_EQ(said.vendor["request_pack"], 0x13);
  EXPECT_EQ(said.vendor["charge_voltage_limit_mv"], 53'251);
  EXPECT_EQ(said.vendor["charge_current_limit_ma"], 37'000);
  EXPECT_EQ(said.vendor["discharge_current_limit_ma"], 25'000);
  EXPECT_EQ(second.limits_lease(), seconds(10));

  RecordingSink sink;
  ASSERT_TRUE(second.decode(sent, ascii_frame("20134600"), sink));
  EXPECT_EQ(sink.acks, 1);
  EXPECT_EQ(second.decode(sent, ascii_frame("20134606"), sink).error().code, Errc::device_error);
  EXPECT_EQ(second.decode(sent, ascii_frame("20134600", "00"), sink).error().code, Errc::length);
  EXPECT_EQ(sink.acks, 1);
}

TEST(PylontechRs485, RefusesLimitsThatTheWireCannotSay) {
  std::array<std::byte, kRequestSize> out{};
  const LimitCommand good{.charge_voltage = MilliVolt{53'000},
                          .discharge_voltage = MilliVolt{45'000},
                          .charge_current = MilliAmp{3'276'799},
                          .discharge_current = MilliAmp{0}};
  EXPECT_TRUE(codec().encode_limits(good, out));
  LimitCommand bad = good;
  bad.charge_current = MilliAmp{3'276'800};
  EXPECT_EQ(codec().encode_limits(bad, out).error().code, Errc::out_of_range);
  bad = good;
  bad.discharge_current = MilliAmp{-1};
  EXPECT_EQ(codec().encode_limits(bad, out).error().code, Errc::out_of_range);
  bad = good;
  bad.charge_voltage = MilliVolt{65'536};
  EXPECT_EQ(codec().encode_limits(bad, out).error().code, Errc::out_of_range);
  bad = good;
  bad.discharge_voltage = MilliVolt{-1};
  EXPECT_EQ(codec().encode_limits(bad, out).error().code, Errc::out_of_range);
  EXPECT_EQ(codec().encode_limits(good, MutableBytes(out).first(35)).error().code,
            Errc::resource_exhausted);
  CodecRoom room;
  EXPECT_EQ(
      codec().with({.variant = "console"}, room).value()->encode_limits(good, out).error().code,
      Errc::unimplemented);
}

TEST(PylontechRs485, WhoItIs) {
  RecordingSink sink;
  // "US3000C" with dashes, 2.8, "Pylon" with dashes; the version of the protocol in VER.
  ASSERT_TRUE(codec().decode(ascii_frame("20024651"),
                             ascii_frame(kReply,
                                         "5553333030304324"
                                         "2D2D"
                                         "0208"
                                         "50796C6F6E2D2D2D2D2D2D2D2D2D2D2D2D2D2D2D"),
                             sink));
  EXPECT_EQ(sink.texts[TextField::device_model], "US3000C$");
  EXPECT_EQ(sink.texts[TextField::manufacturer], "Pylon");
  EXPECT_EQ(sink.texts[TextField::firmware_version], "2.8");
  ASSERT_TRUE(codec().decode(ascii_frame("2002464F"), ascii_frame("21024600"), sink));
  EXPECT_EQ(sink.vendor["protocol_version.major"], 2);
  EXPECT_EQ(sink.vendor["protocol_version.minor"], 1);
  ASSERT_TRUE(codec().decode(ascii_frame("20014690"), ascii_frame("20014600", "08"), sink));
  EXPECT_EQ(sink.value(Signal::module_count), 8);
}

TEST(PylontechRs485, WithoutARequestTheShapeTells) {
  const std::string info[] = {
      "0002" + module("0001", kWide),                        // 42
      "0002" + status("000000000000", "0006000000") + "00",  // 44
      kSystem,                                               // 61
      "00000000",                                            // 62
      "D002AFC80172FE8EC0",                                  // 63
      "02D002AFC80172FE8EC0",                                // 92
      "0248505442483032323430413031323335",                  // 93
      "020103000609",                                        // 96
  };
  const char* commands[] = {"42", "44", "61", "62", "63", "92", "93", "96"};
  for (std::size_t i = 0; i < std::size(info); ++i) {
    const Frame reply = ascii_frame(kReply, info[i]);
    RecordingSink asked;
    RecordingSink alone;
    ASSERT_TRUE(
        codec().decode(ascii_frame(std::string("200246") + commands[i], "02"), reply, asked));
    ASSERT_TRUE(codec().decode({}, reply, alone)) << commands[i];
    EXPECT_EQ(asked.readings, alone.readings);
    EXPECT_EQ(asked.texts, alone.texts);
    EXPECT_EQ(asked.vendor, alone.vendor);
  }
  // An acknowledgement says nothing: it may be that of 94 or the reply to 4F.
  RecordingSink sink;
  EXPECT_EQ(codec().decode({}, ascii_frame(kReply), sink).error(),
            (Error{Errc::invalid_argument, 0}));
  EXPECT_TRUE(sink.empty());
}

TEST(PylontechRs485, AnEchoOfTheConsolesPackCountIsNotARefusal) {
  const Frame request = ascii_frame("20014690");
  RecordingSink sink;
  EXPECT_EQ(codec().decode(request, request, sink).error(), (Error{Errc::header, 7}));
  EXPECT_EQ(codec().scan(request, request).size, 0U);
  EXPECT_EQ(codec().decode(kAskAnalog, ascii_frame("20024690"), sink).error(),
            (Error{Errc::device_error, 7}));
}

}  // namespace
}  // namespace ems::protocol::pylontech_rs485
