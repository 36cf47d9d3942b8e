// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/jbd/registers.hpp"

#include <gtest/gtest.h>

#include "ems/model/catalogue.hpp"
#include "support/frames.hpp"

namespace ems::protocol::jbd {
namespace {

using test::Frame;
using test::frame;

// Payload of the captured frame jbd-basic-sp04s034.
constexpr const char* kBasicInfo = "0618000001F201F400002C7C00000000000080640304030B8B0B8A0B84";

Frame with(std::size_t at, std::string_view hex) {
  Frame payload = frame(kBasicInfo);
  const Frame bytes = frame(hex);
  std::copy(bytes.begin(), bytes.end(), payload.begin() + static_cast<std::ptrdiff_t>(at));
  return payload;
}

TEST(JbdRegisters, BasicInfoIsExact) {
  const BasicInfo info = decode_basic_info(frame(kBasicInfo)).value();
  EXPECT_EQ(info.pack_voltage, MilliVolt{15'600});
  EXPECT_EQ(info.pack_current, MilliAmp{0});
  EXPECT_EQ(info.remaining_capacity, MicroAmpHour{4'980'000});
  EXPECT_EQ(info.full_capacity, MicroAmpHour{5'000'000});
  EXPECT_EQ(info.cycle_count, 0);
  EXPECT_EQ(info.manufacture_date, (Date{2022, 3, 28}));
  EXPECT_EQ(info.software_major, 8);
  EXPECT_EQ(info.software_minor, 0);
  EXPECT_EQ(info.soc, BasisPoints{10'000});
  EXPECT_TRUE(info.charge_fet_on);
  EXPECT_TRUE(info.discharge_fet_on);
  EXPECT_EQ(info.cell_count, 4);
  ASSERT_EQ(info.temperatures.size(), 3U);
  EXPECT_EQ(info.temperatures[0], MilliCelsius{22'400});
  EXPECT_EQ(info.temperatures[2], MilliCelsius{21'700});
}

TEST(JbdRegisters, CurrentTurnsItsSign) {
  const struct {
    const char* wire;
    std::int32_t milliamp;
  } cases[] = {{"FEE1", 2'870}, {"011F", -2'870}, {"8000", 327'680}, {"7FFF", -327'670}};
  for (const auto& c : cases) {
    EXPECT_EQ(decode_basic_info(with(2, c.wire))->pack_current, MilliAmp{c.milliamp}) << c.wire;
  }
}

TEST(JbdRegisters, WhatCannotBeIsAbsent) {
  EXPECT_EQ(decode_basic_info(with(19, "65"))->soc, std::nullopt);
  EXPECT_EQ(decode_basic_info(with(19, "64"))->soc, BasisPoints{10'000});
  EXPECT_EQ(decode_basic_info(with(10, "0000"))->manufacture_date, std::nullopt);
  EXPECT_EQ(decode_basic_info(with(10, "2DBC"))->manufacture_date, std::nullopt);  // Month 13.
  EXPECT_EQ(decode_basic_info(with(23, "FFFF"))->temperatures[0], std::nullopt);
  EXPECT_EQ(decode_basic_info(with(23, "0000"))->temperatures[0], std::nullopt);
}

TEST(JbdRegisters, BalanceMaskCountsFromTheFirstCell) {
  EXPECT_EQ(decode_basic_info(with(12, "00010000"))->balance_mask, 1U);
  EXPECT_EQ(decode_basic_info(with(12, "00000001"))->balance_mask, 0x10000U);
}

TEST(JbdRegisters, SensorCountMustFit) {
  EXPECT_EQ(decode_basic_info(with(22, "04")).error(), (Error{Errc::length, 22}));
  EXPECT_EQ(decode_basic_info(with(22, "FF")).error(), (Error{Errc::length, 22}));
  Frame payload = frame(kBasicInfo);
  payload.resize(22);
  EXPECT_EQ(decode_basic_info(payload).error(), (Error{Errc::length, 22}));
  EXPECT_EQ(decode_basic_info({}).error(), (Error{Errc::length, 0}));
  EXPECT_EQ(decode_basic_info(with(22, "02"))->temperatures.size(), 2U);  // Longer is tolerated.
}

TEST(JbdRegisters, CellVoltagesAreWholePairs) {
  const CellVoltages cells = decode_cell_voltages(frame("0D6600000FFF")).value();
  ASSERT_EQ(cells.size(), 3U);
  EXPECT_EQ(cells[0], MilliVolt{3'430});
  EXPECT_EQ(cells[1], MilliVolt{0});
  EXPECT_EQ(decode_cell_voltages(frame("0D660D")).error(), (Error{Errc::length, 3}));
  EXPECT_EQ(decode_cell_voltages({}).error(), (Error{Errc::length, 0}));
  EXPECT_EQ(decode_cell_voltages(Frame(254))->size(), 127U);
}

TEST(JbdRegisters, ModelIsPrintable) {
  EXPECT_EQ(decode_model(frame("4A4244200000")).value(), "JBD");
  EXPECT_EQ(decode_model({}).value(), "");
  EXPECT_EQ(decode_model(frame("4A0A44")).error(), (Error{Errc::out_of_range, 1}));
  EXPECT_EQ(decode_model(frame("4A427F")).error(), (Error{Errc::out_of_range, 2}));
}

TEST(JbdRegisters, ErrorCountersWithAndWithoutReboots) {
  Frame payload(22);
  payload[7] = std::byte{122};
  const ErrorCounts eleven = decode_error_counts(payload).value();
  EXPECT_EQ(eleven.counts[3], 122);
  EXPECT_EQ(error_counter_name(3), "error_counts.cell_overvoltage");
  EXPECT_EQ(eleven.reboots, std::nullopt);
  payload.resize(24);
  payload[23] = std::byte{5};
  EXPECT_EQ(decode_error_counts(payload)->reboots, 5);
  payload.resize(23);
  EXPECT_EQ(decode_error_counts(payload).error(), (Error{Errc::length, 23}));
  payload.resize(20);
  EXPECT_EQ(decode_error_counts(payload).error(), (Error{Errc::length, 20}));
}

TEST(JbdRegisters, AckHasNoPayload) {
  EXPECT_TRUE(decode_ack({}));
  EXPECT_EQ(decode_ack(frame("00")).error().code, Errc::length);
}

TEST(JbdRegisters, EachProtectionBitHasOneName) {
  constexpr Alarm kExpected[] = {Alarm::cell_overvoltage,
                                 Alarm::cell_undervoltage,
                                 Alarm::pack_overvoltage,
                                 Alarm::pack_undervoltage,
                                 Alarm::charge_overtemperature,
                                 Alarm::charge_undertemperature,
                                 Alarm::discharge_overtemperature,
                                 Alarm::discharge_undertemperature,
                                 Alarm::charge_overcurrent,
                                 Alarm::discharge_overcurrent,
                                 Alarm::short_circuit,
                                 Alarm::internal_failure};
  for (unsigned bit = 0; bit < 12; ++bit) {
    const auto word = static_cast<std::uint16_t>(1U << bit);
    EXPECT_EQ(split_protection(word), (Protection{alarm_bit(kExpected[bit]), 0})) << bit;
    EXPECT_EQ(protection_name(bit), std::nullopt);
  }
  const char* const vendor[] = {"mos_software_lock", "charge_timeout", "reserved_14",
                                "reserved_15"};
  for (unsigned bit = 12; bit < 16; ++bit) {
    const auto word = static_cast<std::uint16_t>(1U << bit);
    EXPECT_EQ(split_protection(word), (Protection{0, std::uint64_t{word}})) << bit;
    EXPECT_EQ(protection_name(bit), vendor[bit - 12]);
  }
  EXPECT_EQ(protection_name(16), std::nullopt);
}

}  // namespace
}  // namespace ems::protocol::jbd
