// SPDX-License-Identifier: Apache-2.0
/// @file Private: where what stands in the frames, for the decoder and the board. Offsets count
/// bytes of the frame.
/// @source docs/protocols/jk_55aa.md.
#pragma once

#include "ems/protocol/jk_55aa/codec.hpp"
#include "protocol/field.hpp"

namespace ems::protocol::jk_55aa {

inline constexpr std::size_t kSumAt = kFrameSize - 1;
inline constexpr std::size_t kPayloadAt = 6;

struct Row {
  std::uint16_t at = 0;  ///< In the layout of 32 cells.
  FieldWire wire = FieldWire::u32;
  Meaning meaning{};
  bool both = true;  ///< The other layout has it too.
};

/// Whether a frame of that layout has a field.
[[nodiscard]] constexpr bool has(Layout layout, const Row& row) noexcept {
  return row.both || layout == Layout::cells_32;
}
/// Where a field stands. The shorter layout lacks 8 cells, and then 8 resistances of their wires.
[[nodiscard]] constexpr std::size_t place(Layout layout, std::size_t at) noexcept {
  constexpr std::size_t kBehindCells = 70;
  constexpr std::size_t kBehindResistances = 144;
  constexpr std::size_t kLess = 16;
  if (layout == Layout::cells_32 || at < kBehindCells) return at;
  return at < kBehindResistances ? at - kLess : at - 2 * kLess;
}

// Status.

inline constexpr std::size_t kMaskAt = 70;      // u32, bit 0 is cell 1.
inline constexpr std::size_t kPowerAt = 154;    // u32 mW, a magnitude.
inline constexpr std::size_t kCurrentAt = 158;  // s32 mA, + charges.
inline constexpr std::size_t kTemperaturesAt = 162;
inline constexpr std::size_t kTemperatures = 2;
inline constexpr std::size_t kSensorMaskAt = 214;
inline constexpr std::int64_t kCellThere = 1'000;  // mV: no loose input reads as much.

// The layouts differ in more than the place.
[[nodiscard]] constexpr std::size_t mos_temperature_at(Layout layout) noexcept {
  return layout == Layout::cells_32 ? 144 : 134;
}
[[nodiscard]] constexpr std::size_t alarms_at(Layout layout) noexcept {
  return layout == Layout::cells_32 ? 166 : 136;
}
[[nodiscard]] constexpr FieldWire alarms_wire(Layout layout) noexcept {
  return layout == Layout::cells_32 ? FieldWire::u32 : FieldWire::u16;
}
/// Bits of the mask of sensors that are fitted: the transistors' first, or last.
[[nodiscard]] constexpr unsigned mos_sensor_bit(Layout layout) noexcept {
  return layout == Layout::cells_32 ? 0 : kTemperatures;
}
[[nodiscard]] constexpr unsigned sensor_bit(Layout layout, unsigned sensor) noexcept {
  return layout == Layout::cells_32 ? sensor + 1 : sensor;
}

inline constexpr Row kStatus[] = {
    {74, FieldWire::u16, vendor("cell_average_mv")},
    {76, FieldWire::u16, vendor("cell_delta_mv")},
    {78, FieldWire::u8, vendor("cell_max_index", 1, 1)},  // From 0 on the wire.
    {79, FieldWire::u8, vendor("cell_min_index", 1, 1)},
    {146, FieldWire::u32, vendor("wire_resistance_mask")},
    {150, FieldWire::u32, value(Signal::pack_voltage)},
    {kCurrentAt, FieldWire::s32, value(Signal::pack_current, -1)},
    {170, FieldWire::s16, vendor("balance_current_ma")},
    {172, FieldWire::u8, flag(Signal::balancing)},  // 1 charges a cell, 2 discharges one.
    {173, FieldWire::u8, percent(Signal::soc, 100)},
    {174, FieldWire::s32, amount(Signal::remaining_capacity, 1'000)},
    {178, FieldWire::u32, value(Signal::full_capacity, 1'000)},
    {182, FieldWire::u32, value(Signal::cycle_count)},
    {186, FieldWire::u32, vendor("cycle_capacity_mah")},
    {190, FieldWire::u8, percent(Signal::soh, 100)},
    {191, FieldWire::u8, vendor("precharge")},
    {194, FieldWire::u32, vendor("runtime_s")},
    {198, FieldWire::u8, flag(Signal::charge_fet_on)},
    {199, FieldWire::u8, flag(Signal::discharge_fet_on)},
    {215, FieldWire::u8, flag(Signal::heater_on), false},
    {236, FieldWire::u16, vendor("heater_current_ma"), false},
    {256, FieldWire::s16, vendor("temperature_3_mdegc", 100), false},
    {258, FieldWire::s16, vendor("temperature_4_mdegc", 100), false},
};

inline constexpr AlarmBit kAlarmBits[] = {
    {1, Alarm::mosfet_overtemperature},     {3, Alarm::internal_failure},  // Current sensor.
    {4, Alarm::cell_overvoltage},           {5, Alarm::pack_overvoltage},
    {6, Alarm::charge_overcurrent},         {7, Alarm::short_circuit},  // While charging.
    {8, Alarm::charge_overtemperature},     {9, Alarm::charge_undertemperature},
    {10, Alarm::communication_failure},  // With the coprocessor.
    {11, Alarm::cell_undervoltage},         {12, Alarm::pack_undervoltage},
    {13, Alarm::discharge_overcurrent},     {14, Alarm::short_circuit},      // While discharging.
    {15, Alarm::discharge_overtemperature}, {16, Alarm::contactor_failure},  // Charge transistor.
    {17, Alarm::contactor_failure},  // Discharge transistor.
    {20, Alarm::contactor_failure},  // Discharging could not be switched on.
    {21, Alarm::overtemperature},           {22, Alarm::internal_failure},  // Temperature sensor.
};

[[nodiscard]] constexpr std::size_t slots(Layout layout) noexcept {
  return layout == Layout::cells_32 ? 32 : 24;
}

// Settings: PB boards have them at Modbus register 1000, 6 less.

inline constexpr Row kSettings[] = {
    {6, FieldWire::u32, vendor("smart_sleep_mv")},
    {10, FieldWire::u32, vendor("cell_undervoltage_mv")},
    {14, FieldWire::u32, vendor("cell_undervoltage_recovery_mv")},
    {18, FieldWire::u32, vendor("cell_overvoltage_mv")},
    {22, FieldWire::u32, vendor("cell_overvoltage_recovery_mv")},
    {26, FieldWire::u32, vendor("balance_trigger_mv")},
    {30, FieldWire::u32, vendor("cell_full_mv")},
    {34, FieldWire::u32, vendor("cell_empty_mv")},
    {38, FieldWire::u32, vendor("cell_charge_request_mv")},
    {42, FieldWire::u32, vendor("cell_float_request_mv")},
    {46, FieldWire::u32, vendor("power_off_mv")},
    {50, FieldWire::u32, vendor("charge_overcurrent_ma")},
    {54, FieldWire::u32, vendor("charge_overcurrent_delay_s")},
    {58, FieldWire::u32, vendor("charge_overcurrent_recovery_s")},
    {62, FieldWire::u32, vendor("discharge_overcurrent_ma")},
    {66, FieldWire::u32, vendor("discharge_overcurrent_delay_s")},
    {70, FieldWire::u32, vendor("discharge_overcurrent_recovery_s")},
    {74, FieldWire::u32, vendor("short_circuit_recovery_s")},
    {78, FieldWire::u32, vendor("balance_current_max_ma")},
    {82, FieldWire::s32, vendor("charge_overtemperature_mdegc", 100)},
    {86, FieldWire::s32, vendor("charge_overtemperature_recovery_mdegc", 100)},
    {90, FieldWire::s32, vendor("discharge_overtemperature_mdegc", 100)},
    {94, FieldWire::s32, vendor("discharge_overtemperature_recovery_mdegc", 100)},
    {98, FieldWire::s32, vendor("charge_undertemperature_mdegc", 100)},
    {102, FieldWire::s32, vendor("charge_undertemperature_recovery_mdegc", 100)},
    {106, FieldWire::s32, vendor("mosfet_overtemperature_mdegc", 100)},
    {110, FieldWire::s32, vendor("mosfet_overtemperature_recovery_mdegc", 100)},
    {114, FieldWire::u32, value(Signal::cell_count)},
    {118, FieldWire::u32, vendor("charge_switch")},
    {122, FieldWire::u32, vendor("discharge_switch")},
    {126, FieldWire::u32, vendor("balance_switch")},
    {130, FieldWire::u32, value(Signal::design_capacity, 1'000)},
    {134, FieldWire::u32, vendor("short_circuit_delay_us")},
    {138, FieldWire::u32, vendor("balance_start_mv")},
    {270, FieldWire::u32, vendor("device_address"), false},
    {274, FieldWire::u32, vendor("precharge_s"), false},
    {282, FieldWire::u16, vendor("setting_bits"), false},
};

// About.

struct Words {
  TextField field{};
  std::uint16_t at = 0;
  std::uint16_t size = 0;
};

inline constexpr std::size_t kSoftwareAt = 30;
inline constexpr std::size_t kSoftwareSize = 8;
inline constexpr Words kWords[] = {
    {TextField::device_model, 6, 16},
    {TextField::hardware_version, 22, 8},
    {TextField::software_version, kSoftwareAt, kSoftwareSize},
    {TextField::serial_number, 86, 16},
};
inline constexpr Row kAbout[] = {
    {38, FieldWire::u32, vendor("runtime_s")},
    {42, FieldWire::u32, vendor("power_on_count")},
};

}  // namespace ems::protocol::jk_55aa
