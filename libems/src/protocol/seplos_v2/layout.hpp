// SPDX-License-Identifier: Apache-2.0
/// @file Private: where the values lie in the replies of Seplos V2 boards. Read by replies.cpp,
/// written by board.cpp.
/// @source docs/protocols/seplos_v2.md.
#pragma once

#include "protocol/seplos_v2/events.hpp"

namespace ems::protocol::seplos_v2 {

inline constexpr std::string_view kVariants[] = {"seplos", "boqiang"};
enum Variant : std::uint8_t { kSeplos, kBoqiang };

// Both replies begin with flags and the group.
inline constexpr std::size_t kGroupAt = 1;
inline constexpr std::size_t kListsAt = 2;

// 42, behind the lists.
inline constexpr std::size_t kItemsAt = 6;  // Number of the items behind it, two bytes each.
inline constexpr std::size_t kFullAt = 7;
inline constexpr std::size_t kItemsNeeded = 6;
inline constexpr std::size_t kItemsSeen = 10;
inline constexpr std::size_t kFewItems = 2;  // Of a Boqiang board.
inline constexpr FrameField kTelemetryFields[] = {
    {0, FieldWire::s16, ascii::charging(ascii::k10Milli)},
    {2, FieldWire::u16, value(Signal::pack_voltage, ascii::k10Milli)},
    {4, FieldWire::u16, value(Signal::remaining_capacity, ascii::k10MilliHour)},
    {kFullAt, FieldWire::u16, value(Signal::full_capacity, ascii::k10MilliHour)},
};
inline constexpr FrameField kFewFields[] = {{9, FieldWire::u16, value(Signal::cycle_count)}};
inline constexpr FrameField kMoreFields[] = {
    {9, FieldWire::u16, percent(Signal::soc, 10)},
    {11, FieldWire::u16, value(Signal::design_capacity, ascii::k10MilliHour)},
    {13, FieldWire::u16, value(Signal::cycle_count)},
    {15, FieldWire::u16, percent(Signal::soh, 10)},
    {17, FieldWire::u16, vendor("port_voltage_mv", ascii::k10Milli)},
};

inline constexpr std::uint16_t kAbsentSensor = 0x0853;  // -60 degC: Boqiang boards.
inline constexpr std::size_t kNamedSensors = 6;         // Four cells, ambient, power stage.
inline constexpr std::size_t kAmbientSensor = 4;
inline constexpr std::size_t kPowerSensor = 5;

// 44, behind the lists.
inline constexpr std::size_t kCurrentCodeAt = 0;
inline constexpr std::size_t kVoltageCodeAt = 1;
inline constexpr std::size_t kStatesAt = 2;  // Number of the bytes behind it.
inline constexpr std::size_t kEventsAt = 3;
inline constexpr std::size_t kEventBytes = 6;
inline constexpr FlagBit kSwitches[] = {
    {9, 0, flag(Signal::discharge_fet_on)},
    {9, 1, flag(Signal::charge_fet_on)},
    {9, 3, flag(Signal::heater_on)},
    {9, 2, vendor("limiter_on")},
};
inline constexpr std::size_t kBalanceAt = 10;
inline constexpr std::size_t kBalanceBytes = 2;
inline constexpr std::size_t kDisconnectedAt = 13;
inline constexpr std::size_t kMemoryAt = 16;
inline constexpr std::size_t kStatesNeeded = 14;
inline constexpr std::size_t kStatesSeen = 20;
inline constexpr FrameField kStateBytes[] = {
    {10, FieldWire::u8, vendor("balance.cells_1_8")},
    {11, FieldWire::u8, vendor("balance.cells_9_16")},
    {13, FieldWire::u8, vendor("disconnected.cells_1_8")},
    {14, FieldWire::u8, vendor("disconnected.cells_9_16")},
    {12, FieldWire::u8, vendor("system_state")},
    {3, FieldWire::u8, vendor("event.1")},
    {4, FieldWire::u8, vendor("event.2")},
    {5, FieldWire::u8, vendor("event.3")},
    {6, FieldWire::u8, vendor("event.4")},
    {7, FieldWire::u8, vendor("event.5")},
    {8, FieldWire::u8, vendor("event.6")},
    {15, FieldWire::u8, vendor("event.7")},
    {16, FieldWire::u8, vendor("event.8")},
};

}  // namespace ems::protocol::seplos_v2
