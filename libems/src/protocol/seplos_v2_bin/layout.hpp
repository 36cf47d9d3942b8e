// SPDX-License-Identifier: Apache-2.0
/// @file Private: where what stands in the replies, for the decoder and the board.
/// @source docs/protocols/seplos_v2_bin.md.
#pragma once

#include "protocol/field.hpp"
#include "protocol/seplos_v2/events.hpp"

namespace ems::protocol::seplos_v2_bin {

// 51: what inverters it speaks to, model, version, three bytes, packs.
inline constexpr std::size_t kModelAt = 19;
inline constexpr std::size_t kModelSize = 11;
inline constexpr std::size_t kMajorAt = 30;  // And the minor number.
inline constexpr std::size_t kPacksAt = 35;

// 61: flags, pack, cells and sensors, numbers; most boards add codes of each and states.
inline constexpr std::size_t kPackAt = 1;
inline constexpr std::size_t kListsAt = 2;
inline constexpr std::size_t kNamedSensors = 6;  // Four cells, ambient, power stage.
inline constexpr std::size_t kAmbientSensor = 4;
inline constexpr std::size_t kPowerSensor = 5;

// 62: flags, two; cells per pack; highest and lowest cell; sensors per pack; highest and lowest
// temperature of the cells, two more; numbers; states.
inline constexpr FrameField kSystemFields[] = {
    {2, FieldWire::u8, value(Signal::cell_count)},
    {3, FieldWire::u16, cell(Signal::cell_voltage_max)},
    {5, FieldWire::u16, cell(Signal::cell_voltage_min)},
    {8, FieldWire::u16, sensor(Signal::cell_temp_max)},
    {10, FieldWire::u16, sensor(Signal::cell_temp_min)},
};
inline constexpr std::size_t kNumbersAt = 16;

// Numbers: current (+ charges), voltage, what is left, how many items, the items.
inline constexpr std::size_t kItemsAt = 6;  // Number of the items, two bytes each.
inline constexpr std::size_t kFirstItemAt = 7;
inline constexpr std::size_t kItemsNeeded = 6;
inline constexpr FrameField kPackNumbers[] = {
    {0, FieldWire::s16, value(Signal::pack_current, -10)},
    {2, FieldWire::u16, value(Signal::pack_voltage, 10)},
    {4, FieldWire::u16, value(Signal::remaining_capacity, 10'000)},
    {7, FieldWire::u16, value(Signal::full_capacity, 10'000)},
    {9, FieldWire::u16, percent(Signal::soc, 10)},
    {11, FieldWire::u16, value(Signal::design_capacity, 10'000)},
    {13, FieldWire::u16, value(Signal::cycle_count)},
    {15, FieldWire::u16, percent(Signal::soh, 10)},
    {17, FieldWire::u16, vendor("port_voltage_mv", 10)},
};
// A system counts current and charge in tens of them.
inline constexpr FrameField kSystemNumbers[] = {
    {0, FieldWire::s16, value(Signal::pack_current, -100)},
    {2, FieldWire::u16, value(Signal::pack_voltage, 10)},
    {4, FieldWire::u16, value(Signal::remaining_capacity, 100'000)},
    {7, FieldWire::u16, value(Signal::full_capacity, 100'000)},
    {9, FieldWire::u16, percent(Signal::soc, 10)},
    {11, FieldWire::u16, value(Signal::design_capacity, 100'000)},
    {13, FieldWire::u16, value(Signal::cycle_count)},
    {15, FieldWire::u16, percent(Signal::soh, 10)},
    {17, FieldWire::u16, vendor("port_voltage_mv", 10)},
};

// States, behind the numbers: system state, switches, how many event bytes, the event bytes.
inline constexpr std::size_t kSystemStateAt = 0;
inline constexpr FlagBit kSwitches[] = {
    {1, 0, flag(Signal::discharge_fet_on)},
    {1, 1, flag(Signal::charge_fet_on)},
    {1, 2, vendor("limiter_on")},
    {1, 3, flag(Signal::heater_on)},
};
inline constexpr std::size_t kEventsAt = 2;
inline constexpr std::size_t kFirstEventAt = 3;
inline constexpr std::size_t kEventBytes = 8;
inline constexpr std::size_t kSummedEvents = 6;  // The seventh says what the board waits for.

}  // namespace ems::protocol::seplos_v2_bin
