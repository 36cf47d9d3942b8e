// SPDX-License-Identifier: Apache-2.0
/// @file Private: what the tags hold, for the decoder and the board.
/// @source docs/protocols/jk_4e57.md#data.
#pragma once

#include <optional>

#include "protocol/field.hpp"

namespace ems::protocol::jk_4e57 {

inline constexpr std::uint8_t kCells = 0x79;  // Count of bytes, then (number, u16 mV) each.
inline constexpr std::uint8_t kMosTemperature = 0x80;
inline constexpr std::uint8_t kBoxTemperature = 0x81;
inline constexpr std::uint8_t kBatteryTemperature = 0x82;
inline constexpr std::uint8_t kCurrent = 0x84;
inline constexpr std::uint8_t kAlarms = 0x8B;
inline constexpr std::uint8_t kStatus = 0x8C;
inline constexpr std::uint8_t kCurrentFormat = 0xC0;
inline constexpr std::uint8_t kFirst = kCells;
inline constexpr std::uint8_t kLast = kCurrentFormat;

inline constexpr std::size_t kCellSize = 3;

/// A tag whose value is one number.
struct Row {
  std::uint8_t tag = 0;
  FieldWire wire = FieldWire::u16;
  Meaning meaning{};
};

inline constexpr Row kNumbers[] = {
    {0x83, FieldWire::u16, value(Signal::pack_voltage, 10)},
    {0x85, FieldWire::u8, percent(Signal::soc, 100)},
    {0x86, FieldWire::u8, vendor("temperature_count")},
    {0x87, FieldWire::u16, value(Signal::cycle_count)},
    {0x89, FieldWire::u32, vendor("cycle_capacity_ah")},
    {0x8A, FieldWire::u16, value(Signal::cell_count)},
    {0x8E, FieldWire::u16, vendor("pack_overvoltage_mv", 10)},
    {0x8F, FieldWire::u16, vendor("pack_undervoltage_mv", 10)},
    {0x90, FieldWire::u16, vendor("cell_overvoltage_mv")},
    {0x91, FieldWire::u16, vendor("cell_overvoltage_recovery_mv")},
    {0x92, FieldWire::u16, vendor("cell_overvoltage_delay_s")},
    {0x93, FieldWire::u16, vendor("cell_undervoltage_mv")},
    {0x94, FieldWire::u16, vendor("cell_undervoltage_recovery_mv")},
    {0x95, FieldWire::u16, vendor("cell_undervoltage_delay_s")},
    {0x96, FieldWire::u16, vendor("cell_difference_mv")},
    {0x97, FieldWire::u16, vendor("discharge_overcurrent_ma", 1'000)},
    {0x98, FieldWire::u16, vendor("discharge_overcurrent_delay_s")},
    {0x99, FieldWire::u16, vendor("charge_overcurrent_ma", 1'000)},
    {0x9A, FieldWire::u16, vendor("charge_overcurrent_delay_s")},
    {0x9B, FieldWire::u16, vendor("balance_start_mv")},
    {0x9C, FieldWire::u16, vendor("balance_difference_mv")},
    {0x9D, FieldWire::u8, vendor("balance_switch")},
    {0x9E, FieldWire::u16, vendor("mosfet_overtemperature_mdegc", 1'000)},
    {0x9F, FieldWire::u16, vendor("mosfet_overtemperature_recovery_mdegc", 1'000)},
    {0xA0, FieldWire::u16, vendor("box_overtemperature_mdegc", 1'000)},
    {0xA1, FieldWire::u16, vendor("box_overtemperature_recovery_mdegc", 1'000)},
    {0xA2, FieldWire::u16, vendor("temperature_difference_mdegc", 1'000)},
    {0xA3, FieldWire::u16, vendor("charge_overtemperature_mdegc", 1'000)},
    {0xA4, FieldWire::u16, vendor("discharge_overtemperature_mdegc", 1'000)},
    {0xA5, FieldWire::s16, vendor("charge_undertemperature_mdegc", 1'000)},
    {0xA6, FieldWire::s16, vendor("charge_undertemperature_recovery_mdegc", 1'000)},
    {0xA7, FieldWire::s16, vendor("discharge_undertemperature_mdegc", 1'000)},
    {0xA8, FieldWire::s16, vendor("discharge_undertemperature_recovery_mdegc", 1'000)},
    {0xA9, FieldWire::u8, vendor("cell_count_setting")},
    {0xAA, FieldWire::u32, value(Signal::full_capacity, 1'000'000)},
    {0xAB, FieldWire::u8, vendor("charge_switch")},
    {0xAC, FieldWire::u8, vendor("discharge_switch")},
    {0xAD, FieldWire::u16, vendor("calibration")},
    {0xAE, FieldWire::u8, vendor("device_address")},
    {0xAF, FieldWire::u8, vendor("cell_type")},
    {0xB0, FieldWire::u16, vendor("sleep_s")},
    {0xB1, FieldWire::u8, vendor("soc_low_pct")},
    {0xB3, FieldWire::u8, vendor("special_charger")},
    {0xB6, FieldWire::u32, vendor("runtime_min")},
    {0xB9, FieldWire::u32, vendor("actual_capacity_ah")},
};

/// The other tags and how many bytes their values have.
struct Other {
  std::uint8_t tag = 0;
  std::uint8_t size = 2;
  std::optional<TextField> text{};
};

inline constexpr Other kOthers[] = {
    {kMosTemperature},
    {kBoxTemperature},
    {kBatteryTemperature},
    {kCurrent},
    {kAlarms},
    {kStatus},
    {0xB2, 10},  // The password: nobody's business.
    {0xB4, 8},   // What the owner calls the board.
    {0xB5, 4, TextField::manufacture_date},
    {0xB7, 15, TextField::software_version},
    {0xB8, 1},  // No source says what it is.
    {0xBA, 24, TextField::serial_number},
    {kCurrentFormat, 1},
};

// Temperatures: 0 .. 100 as they are, 101 .. 140 are 1 .. 40 below zero.
inline constexpr std::int64_t kHottest = 100;
inline constexpr std::int64_t kColdest = 140;

// Current of format 1: the size, and a bit.
inline constexpr std::int64_t kCharging = 0x8000;
inline constexpr std::int64_t kMilliAmpPerStep = 10;

inline constexpr FlagBit kStatusBits[] = {
    {1, 0, flag(Signal::charge_fet_on)},
    {1, 1, flag(Signal::discharge_fet_on)},
    {1, 2, flag(Signal::balancing)},
    {1, 3, vendor("battery_online")},
};

inline constexpr AlarmBit kAlarmBits[] = {
    {0, Alarm::soc_low},
    {1, Alarm::mosfet_overtemperature},
    {2, Alarm::pack_overvoltage},
    {3, Alarm::pack_undervoltage},
    {4, Alarm::overtemperature},
    {5, Alarm::charge_overcurrent},
    {6, Alarm::discharge_overcurrent},
    {7, Alarm::cell_imbalance},
    {8, Alarm::overtemperature},  // In the box.
    {9, Alarm::undertemperature},
    {10, Alarm::cell_overvoltage},
    {11, Alarm::cell_undervoltage},
};

}  // namespace ems::protocol::jk_4e57
