// SPDX-License-Identifier: Apache-2.0
/// @file Private: where the values of Daly's frames lie. Read by values.cpp, written by board.cpp.
/// @source docs/protocols/daly_a5.md.
#pragma once

#include "protocol/daly_a5/frames.hpp"
#include "protocol/field.hpp"

namespace ems::protocol::daly_a5 {

inline constexpr std::string_view kVariants[] = {"frames_from_1", "frames_from_0"};

/// A number in the one frame of a reply.
struct Row {
  Command command{};
  std::uint8_t at = 0;  ///< In the data.
  FieldWire wire = FieldWire::u8;
  Meaning meaning{};
};

inline constexpr Row kRows[] = {
    {kPack, 0, FieldWire::u16, value(Signal::pack_voltage, 100)},
    {kPack, 2, FieldWire::u16, vendor("gather_voltage_mv", 100)},
    {kPack, 4, FieldWire::u16, value(Signal::pack_current, 100, -3'000'000)},  // + discharges.
    {kPack, 6, FieldWire::u16, percent(Signal::soc, 10)},
    {kCellExtremes, 0, FieldWire::u16, cell(Signal::cell_voltage_max)},
    {kCellExtremes, 2, FieldWire::u8, vendor("cell_max_index")},
    {kCellExtremes, 3, FieldWire::u16, cell(Signal::cell_voltage_min)},
    {kCellExtremes, 5, FieldWire::u8, vendor("cell_min_index")},
    {kTempExtremes, 1, FieldWire::u8, vendor("temp_max_index")},
    {kTempExtremes, 3, FieldWire::u8, vendor("temp_min_index")},
    {kSwitches, 0, FieldWire::u8, vendor("state")},  // 0 idle, 1 charging, 2 discharging.
    {kSwitches, 1, FieldWire::u8, flag(Signal::charge_fet_on)},
    {kSwitches, 2, FieldWire::u8, flag(Signal::discharge_fet_on)},
    {kSwitches, 3, FieldWire::u8, vendor("heartbeat")},
    {kSwitches, 4, FieldWire::u32, value(Signal::remaining_capacity, 1'000)},
    {kStatus, 0, FieldWire::u8, value(Signal::cell_count)},
    {kStatus, 1, FieldWire::u8, vendor("temperature_count")},
    {kStatus, 2, FieldWire::u8, vendor("charger_connected")},
    {kStatus, 3, FieldWire::u8, vendor("load_connected")},
    {kStatus, 4, FieldWire::u8, vendor("dio_bits")},
    {kStatus, 5, FieldWire::u16, value(Signal::cycle_count)},
    {kFaults, 7, FieldWire::u8, vendor("fault_code")},
    {kRated, 0, FieldWire::u32, value(Signal::design_capacity, 1'000)},
    {kRated, 4, FieldWire::u32, vendor("cell_nominal_mv")},
};

// Commands that libems reads and that have no row.
inline constexpr Command kOthers[] = {kCells, kTemperatures, kBalancing, kDate,
                                      kCode,  kSetDischarge, kSetCharge};

// Faults: bit = 8 * byte + bit of the byte. Most come in two levels: the first warns.
inline constexpr AlarmBit kFirstLevel[] = {
    {0, Alarm::cell_overvoltage},
    {2, Alarm::cell_undervoltage},
    {4, Alarm::pack_overvoltage},
    {6, Alarm::pack_undervoltage},
    {8, Alarm::charge_overtemperature},
    {10, Alarm::charge_undertemperature},
    {12, Alarm::discharge_overtemperature},
    {14, Alarm::discharge_undertemperature},
    {16, Alarm::charge_overcurrent},
    {18, Alarm::discharge_overcurrent},
    {22, Alarm::soc_low},
    {24, Alarm::cell_imbalance},
};
inline constexpr AlarmBit kSecondLevel[] = {
    {1, Alarm::cell_overvoltage},
    {3, Alarm::cell_undervoltage},
    {5, Alarm::pack_overvoltage},
    {7, Alarm::pack_undervoltage},
    {9, Alarm::charge_overtemperature},
    {11, Alarm::charge_undertemperature},
    {13, Alarm::discharge_overtemperature},
    {15, Alarm::discharge_undertemperature},
    {17, Alarm::charge_overcurrent},
    {19, Alarm::discharge_overcurrent},
    {23, Alarm::soc_low},
    {25, Alarm::cell_imbalance},
    {32, Alarm::mosfet_overtemperature},  // Charging.
    {33, Alarm::mosfet_overtemperature},  // Discharging.
    {34, Alarm::internal_failure},        // Sensor at the charge transistors.
    {35, Alarm::internal_failure},        // Sensor at the discharge transistors.
    {36, Alarm::contactor_failure},       // Charge transistor stuck.
    {37, Alarm::contactor_failure},       // Discharge transistor stuck.
    {38, Alarm::contactor_failure},       // Charge transistor open.
    {39, Alarm::contactor_failure},       // Discharge transistor open.
    {40, Alarm::internal_failure},        // Analogue front end.
    {41, Alarm::internal_failure},        // Cell sampling.
    {42, Alarm::internal_failure},        // Temperature sensor.
    {43, Alarm::internal_failure},        // EEPROM.
    {44, Alarm::internal_failure},        // Clock.
    {45, Alarm::precharge_failure},
    {46, Alarm::communication_failure},  // With the vehicle.
    {47, Alarm::communication_failure},  // Inside.
    {48, Alarm::internal_failure},       // Current module.
    {49, Alarm::internal_failure},       // Voltage module.
    {50, Alarm::short_circuit},
};

inline constexpr std::size_t kFaultBytes = 7;
inline constexpr std::size_t kMaskBytes = 6;  // Cells being balanced, the first in the lowest bit.

// Temperatures are whole degrees from -40; 0 and FF: no sensor.
inline constexpr std::int64_t kDegreesBelow = 40;
inline constexpr std::size_t kTempMaxAt = 0;
inline constexpr std::size_t kTempMinAt = 2;

inline constexpr std::size_t kYearAt = 2;  // From 2000.
inline constexpr std::size_t kMonthAt = 3;
inline constexpr std::size_t kDayAt = 4;

inline constexpr std::size_t kCodeFrames = 5;

}  // namespace ems::protocol::daly_a5
