// SPDX-License-Identifier: Apache-2.0
/// @file Private: requests, and where what stands in the status, for the decoder and the board.
/// @source docs/protocols/ant_old.md.
#pragma once

#include <array>

#include "protocol/field.hpp"

namespace ems::protocol::ant_old {

// Bit 0: through Bluetooth; bit 1: + charges.
inline constexpr std::string_view kVariants[] = {"serial", "bluetooth", "serial_plus_charges",
                                                 "bluetooth_plus_charges"};

// Request: start twice, register, value(2), sum of the three.
using Request = std::array<std::uint8_t, 6>;
inline constexpr Request kAsks[] = {{0x5A, 0x5A, 0x00, 0x00, 0x01, 0x01},   // Serial.
                                    {0xDB, 0xDB, 0x00, 0x00, 0x00, 0x00}};  // Bluetooth.
inline constexpr std::uint8_t kWrites = 0xA5;
inline constexpr std::size_t kRegisterAt = 2;
inline constexpr std::size_t kValueAt = 3;
inline constexpr std::size_t kRequestSumAt = 5;

inline constexpr std::array<std::uint8_t, 4> kStart{0xAA, 0x55, 0xAA, 0xFF};
inline constexpr std::size_t kStatusSize = 140;
inline constexpr std::size_t kSumAt = 138;  // u16 of all behind the start.

inline constexpr std::size_t kFirstCellAt = 6;
inline constexpr std::size_t kCellsMax = 32;
inline constexpr std::size_t kCurrentAt = 70;  // s32, 0.1 A
inline constexpr std::size_t kFirstSensorAt = 91;
inline constexpr std::uint8_t kSensorsMax = 6;
inline constexpr std::uint8_t kSensors = 4;  // Unless said: boards come with four.
inline constexpr std::size_t kChargeFetAt = 103;
inline constexpr std::size_t kDischargeFetAt = 104;
inline constexpr std::size_t kPowerAt = 111;  // s32, W
inline constexpr std::size_t kCellsAt = 123;
inline constexpr std::uint8_t kBalanceMaskAt = 132;

/// 1 degC on the wire; this says that there is none.
inline constexpr std::int64_t kAbsentDegC = -40;

inline constexpr FrameField kRows[] = {
    {4, FieldWire::u16, value(Signal::pack_voltage, 100)},
    {74, FieldWire::u8, percent(Signal::soc, 100)},
    {75, FieldWire::u32, value(Signal::full_capacity)},
    {79, FieldWire::u32, value(Signal::remaining_capacity)},
    {83, FieldWire::u32, vendor("cycle_capacity_mah")},
    {87, FieldWire::u32, vendor("runtime_s")},
    {105, FieldWire::u8, vendor("balancer_code")},
    {106, FieldWire::u16, vendor("tire_length_mm")},
    {108, FieldWire::u16, vendor("pulses_per_week")},
    {110, FieldWire::u8, vendor("relay")},
    {115, FieldWire::u8, vendor("cell_max_index")},
    {116, FieldWire::u16, cell(Signal::cell_voltage_max)},
    {118, FieldWire::u8, vendor("cell_min_index")},
    {119, FieldWire::u16, cell(Signal::cell_voltage_min)},
    {121, FieldWire::u16, vendor("cell_average_mv")},
    {kCellsAt, FieldWire::u8, value(Signal::cell_count)},
    {kBalanceMaskAt, FieldWire::u32, flag(Signal::balancing)},
    {kBalanceMaskAt, FieldWire::u32, vendor("balance_mask")},
    {136, FieldWire::u16, vendor("log")},
};

/// Sum of bytes.
[[nodiscard]] unsigned sum_of(Bytes bytes) noexcept;
/// @errors truncated header length checksum; offset = first wrong byte.
[[nodiscard]] Result<void> check_request(Bytes request) noexcept;
/// @pre check_request() takes it.
[[nodiscard]] bool is_status_request(Bytes request) noexcept;

}  // namespace ems::protocol::ant_old
