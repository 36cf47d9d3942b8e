// SPDX-License-Identifier: Apache-2.0
/// @file Private: where what stands in the status, for the decoder and the board.
/// @source docs/protocols/ant.md#status.
#pragma once

#include "protocol/field.hpp"

namespace ems::protocol::ant {

// Places in the frame.
inline constexpr std::size_t kPermissionAt = 6;
inline constexpr std::size_t kStateAt = 7;
inline constexpr std::size_t kSensorsAt = 8;
inline constexpr std::size_t kCellsAt = 9;
inline constexpr std::size_t kProtectionAt = 10;  // u64
inline constexpr std::size_t kWarningAt = 18;     // u64
inline constexpr std::size_t kBalancingAt = 26;   // u64
inline constexpr std::size_t kListsAt = 34;       // Cells, sensors, then the rest.
inline constexpr std::size_t kSensorsMax = 8;
inline constexpr std::size_t kCellsMax = 32;

// Places behind the sensors.
inline constexpr std::size_t kMosfetAt = 0;
inline constexpr std::size_t kBalancerAt = 2;
inline constexpr std::size_t kCurrentAt = 6;  // s16, 0.1 A
inline constexpr std::size_t kSocAt = 8;      // u16, %
inline constexpr std::uint16_t kHalfFull = 50;
inline constexpr std::size_t kFirstFetAt = 12;
inline constexpr std::size_t kSecondFetAt = 13;
inline constexpr std::size_t kPowerAt = 28;  // s32, W
inline constexpr std::size_t kBalanceMaskAt = 36;
inline constexpr std::size_t kRestSize = 78;

/// 1 degC on the wire; this says that there is none.
inline constexpr std::int64_t kAbsentDegC = -40;

// Behind the sensors.
inline constexpr FrameField kRows[] = {
    {4, FieldWire::u16, value(Signal::pack_voltage, 10)},
    {8, FieldWire::u16, percent(Signal::soc, 100)},
    {10, FieldWire::u16, percent(Signal::soh, 100)},
    {14, FieldWire::u8, vendor("balancer_code")},
    {16, FieldWire::u32, value(Signal::full_capacity)},
    {20, FieldWire::u32, value(Signal::remaining_capacity)},
    {24, FieldWire::u32, vendor("cycle_capacity_mah")},
    {32, FieldWire::u32, vendor("runtime_s")},
    {kBalanceMaskAt, FieldWire::u32, flag(Signal::balancing)},
    {kBalanceMaskAt, FieldWire::u32, vendor("balance_mask")},
    {40, FieldWire::u16, cell(Signal::cell_voltage_max)},
    {42, FieldWire::u16, vendor("cell_max_index")},
    {44, FieldWire::u16, cell(Signal::cell_voltage_min)},
    {46, FieldWire::u16, vendor("cell_min_index")},
    {48, FieldWire::u16, vendor("cell_delta_mv")},
    {50, FieldWire::u16, vendor("cell_average_mv")},
    {60, FieldWire::u16, vendor("battery_type")},
    {62, FieldWire::u32, vendor("discharged_mah")},
    {66, FieldWire::u32, vendor("charged_mah")},
    {70, FieldWire::u32, vendor("discharging_time_s")},
    {74, FieldWire::u32, vendor("charging_time_s")},
};

enum State : std::uint8_t { kIdle = 1, kCharging = 2, kDischarging = 3 };

}  // namespace ems::protocol::ant
