// SPDX-License-Identifier: Apache-2.0
/// @file Private: where the values lie in the replies of EG4 boards. Read by codec.cpp, written by
/// board.cpp.
/// @source docs/protocols/pace_eg4.md.
#pragma once

#include "protocol/ascii/parts.hpp"

namespace ems::protocol::pace_eg4 {

inline constexpr auto kActs = ascii::Severity::protection;
inline constexpr auto kWarns = ascii::Severity::warning;
inline constexpr auto kState = ascii::Severity::status;

inline constexpr std::uint8_t kAnalog = 0x42;
inline constexpr std::uint8_t kStatus = 0x44;
inline constexpr std::int32_t kZero = 2730;

// Both replies begin with a constant and the pack.
inline constexpr std::size_t kPackAt = 1;
inline constexpr std::size_t kListsAt = 2;
// The count of the sensors does not count the two of the board.
inline constexpr std::size_t kBoardSensors = 2;

// 42, behind the lists.
inline constexpr std::size_t kAnalogMarkAt = 10;
inline constexpr std::uint8_t kAnalogMark = 0x0F;
inline constexpr FrameField kAnalogFields[] = {
    {0, FieldWire::s16, ascii::charging(ascii::k10Milli)},
    {2, FieldWire::u16, value(Signal::pack_voltage, ascii::k10Milli)},
    {4, FieldWire::u16, value(Signal::remaining_capacity, ascii::k10MilliHour)},
    {6, FieldWire::u16, value(Signal::full_capacity, ascii::k10MilliHour)},
    {8, FieldWire::u16, value(Signal::cycle_count)},
    {11, FieldWire::u16, percent(Signal::soc, 100)},
    {13, FieldWire::u16, percent(Signal::soh, 100)},
    {15, FieldWire::u16, cell(Signal::cell_voltage_max)},
    {17, FieldWire::u16, cell(Signal::cell_voltage_min)},
    {21, FieldWire::u16, sensor(Signal::cell_temp_max, kZero)},
    {23, FieldWire::u16, sensor(Signal::cell_temp_min, kZero)},
    {25, FieldWire::u32, vendor("charged_mah", 10)},
    {29, FieldWire::u32, vendor("discharged_mah", 10)},
};
inline constexpr std::size_t kAnalogSize = 33;  // What follows is not known.
inline constexpr std::size_t kAnalogSizeSeen = 53;

// 44, behind the lists.
inline constexpr std::size_t kCurrentCodeAt = 0;
inline constexpr std::size_t kVoltageCodeAt = 1;
inline constexpr std::size_t kStatusMarkAt = 2;
inline constexpr std::uint8_t kStatusMark = 0x09;
inline constexpr std::size_t kEventsAt = 3;
inline constexpr std::size_t kEventBytes = 6;
inline constexpr FlagBit kSwitches[] = {
    {9, 0, flag(Signal::discharge_fet_on)},
    {9, 1, flag(Signal::charge_fet_on)},
    {9, 3, flag(Signal::heater_on)},
};
inline constexpr std::size_t kBalanceAt = 11;  // u32: cells being balanced.
inline constexpr FrameField kStatusFields[] = {
    {10, FieldWire::u8, vendor("system_state")},
    {kBalanceAt, FieldWire::u32, vendor("balance_mask")},
};
inline constexpr FlagBit kBalancing[] = {{kEventsAt, 0, flag(Signal::balancing)}};
inline constexpr std::size_t kStatusSize = 15;
inline constexpr std::size_t kStatusSizeSeen = 16;

inline constexpr ascii::EventBit kEvents[] = {
    {0, 0, kState},  // Balancing.
    {0, 4, kWarns, Alarm::cell_imbalance},
    {0, 5, kActs, Alarm::internal_failure},  // Charge transistor.
    {0, 6, kActs, Alarm::internal_failure},  // Discharge transistor.
    {1, 0, kWarns, Alarm::cell_overvoltage},
    {1, 1, kActs, Alarm::cell_overvoltage},
    {1, 2, kWarns, Alarm::cell_undervoltage},
    {1, 3, kActs, Alarm::cell_undervoltage},
    {1, 4, kWarns, Alarm::pack_overvoltage},
    {1, 5, kActs, Alarm::pack_overvoltage},
    {1, 6, kWarns, Alarm::pack_undervoltage},
    {1, 7, kActs, Alarm::pack_undervoltage},
    {2, 0, kWarns, Alarm::overtemperature},
    {2, 1, kActs, Alarm::overtemperature},
    {2, 2, kWarns, Alarm::undertemperature},
    {2, 3, kActs, Alarm::undertemperature},
    {2, 4, kActs, Alarm::mosfet_overtemperature},
    {2, 5, kActs, Alarm::internal_failure},  // Fire: vendor bits are shown, alarms are acted on.
    {3, 0, kWarns, Alarm::charge_overtemperature},
    {3, 1, kActs, Alarm::charge_overtemperature},
    {3, 2, kWarns, Alarm::charge_undertemperature},
    {3, 3, kActs, Alarm::charge_undertemperature},
    {3, 4, kWarns, Alarm::discharge_overtemperature},
    {3, 5, kActs, Alarm::discharge_overtemperature},
    {3, 6, kWarns, Alarm::discharge_undertemperature},
    {3, 7, kActs, Alarm::discharge_undertemperature},
    {4, 0, kWarns, Alarm::charge_overcurrent},
    {4, 1, kActs, Alarm::charge_overcurrent},
    {4, 2, kWarns, Alarm::discharge_overcurrent},
    {4, 3, kActs, Alarm::discharge_overcurrent},
    {4, 4, kActs, Alarm::discharge_overcurrent},
    {4, 5, kActs, Alarm::short_circuit},
    {4, 6, kActs, Alarm::discharge_overcurrent},
    {4, 7, kActs, Alarm::short_circuit},
    {5, 0, kWarns, Alarm::soc_low},
};

}  // namespace ems::protocol::pace_eg4
