// SPDX-License-Identifier: Apache-2.0
/// @file Private: where the values lie in the replies of Pylontech's RS485 protocol. Read by
/// replies.cpp, written by board.cpp.
/// @source docs/protocols/pylontech.md.
#pragma once

#include <array>

#include "protocol/ascii/parts.hpp"

namespace ems::protocol::pylontech_rs485 {

// 42, behind the lists.
inline constexpr FrameField kAnalogFields[] = {
    {0, FieldWire::s16, ascii::charging(100)},
    {2, FieldWire::u16, value(Signal::pack_voltage)},
    {9, FieldWire::u16, value(Signal::cycle_count)},
};
inline constexpr std::size_t kRemainingAt = 4;  // mAh
inline constexpr std::size_t kItemsAt = 6;
inline constexpr std::size_t kTotalAt = 7;           // mAh
inline constexpr std::size_t kWideRemainingAt = 11;  // u24, mAh
inline constexpr std::size_t kWideTotalAt = 14;
// Capacities of a module of 65.535 Ah or more are in the wide places.
inline constexpr std::uint8_t kNarrowItems = 2;
inline constexpr std::uint8_t kWideItems = 4;
inline constexpr std::size_t kNarrowSize = 11;
inline constexpr std::size_t kWideSize = 17;
inline constexpr std::uint16_t kNotHere = 0xFFFF;

// 44, behind the lists.
inline constexpr std::size_t kChargeCodeAt = 0;
inline constexpr std::size_t kVoltageCodeAt = 1;
inline constexpr std::size_t kDischargeCodeAt = 2;
inline constexpr std::size_t kProtectionsAt = 3;
inline constexpr FlagBit kStatusFlags[] = {
    {4, 1, flag(Signal::charge_fet_on)},
    {4, 2, flag(Signal::discharge_fet_on)},
    {5, 5, flag(Signal::heater_on)},
};
// What only this vendor says of one module.
inline constexpr FrameField kStatusBytes[] = {
    {3, FieldWire::u8, vendor("status.1")}, {4, FieldWire::u8, vendor("status.2")},
    {5, FieldWire::u8, vendor("status.3")}, {6, FieldWire::u8, vendor("status.4")},
    {7, FieldWire::u8, vendor("status.5")},
};
inline constexpr FlagBit kStatusDetails[] = {
    {5, 7, vendor("charging")},
    {5, 6, vendor("discharging")},
    {5, 3, vendor("fully_charged")},
    {4, 0, vendor("precharge_fet_on")},
};
inline constexpr std::size_t kCellFaultsAt = 6;
inline constexpr std::size_t kCellFaultBytes = 2;
inline constexpr std::size_t kStatusSize = 8;
inline constexpr std::size_t kStatusSizeSeen = 9;  // Every captured module has a byte more.

inline constexpr ascii::EventBit kProtections[] = {
    {0, 0, ascii::Severity::protection, Alarm::pack_overvoltage},
    {0, 1, ascii::Severity::protection, Alarm::cell_undervoltage},
    {0, 2, ascii::Severity::protection, Alarm::charge_overcurrent},
    {0, 4, ascii::Severity::protection, Alarm::discharge_overcurrent},
    {0, 5, ascii::Severity::protection, Alarm::discharge_overtemperature},
    {0, 6, ascii::Severity::protection, Alarm::charge_overtemperature},
    {0, 7, ascii::Severity::protection, Alarm::pack_undervoltage},
};

// vendor_alarms: status 1, then the cells' faults, then the four bytes of 62.
inline constexpr unsigned kCellFaultsFrom = 8;
inline constexpr unsigned kSystemAlarmsFrom = 24;
inline constexpr std::size_t kSystemAlarmBytes = 4;
inline constexpr ascii::VendorBit kVendorBits[] = {
    {8, "cell_1_fault"},   {9, "cell_2_fault"},   {10, "cell_3_fault"},  {11, "cell_4_fault"},
    {12, "cell_5_fault"},  {13, "cell_6_fault"},  {14, "cell_7_fault"},  {15, "cell_8_fault"},
    {16, "cell_9_fault"},  {17, "cell_10_fault"}, {18, "cell_11_fault"}, {19, "cell_12_fault"},
    {20, "cell_13_fault"}, {21, "cell_14_fault"}, {22, "cell_15_fault"}, {23, "cell_16_fault"},
};

// 92 behind its first byte, and 63. Currents in the steps of SystemSteps.
[[nodiscard]] constexpr std::array<FrameField, 3> limit_fields(std::int32_t step) noexcept {
  return {{{0, FieldWire::u16, value(Signal::charge_voltage_limit)},
           {2, FieldWire::u16, value(Signal::discharge_voltage_limit)},
           {4, FieldWire::s16, amount(Signal::charge_current_limit, step)}}};
}
inline constexpr std::size_t kDischargeLimitAt = 6;  // s16, with the sign of a discharge current.
inline constexpr FlagBit kLimitFlags[] = {
    {8, 7, flag(Signal::charge_enable)},
    {8, 6, flag(Signal::discharge_enable)},
    {8, 3, flag(Signal::full_charge_request)},
};
inline constexpr FlagBit kForceFlags[] = {
    // Either: force_charge.
    {8, 5, vendor("charge_immediately_1")},
    {8, 4, vendor("charge_immediately_2")},
};
inline constexpr std::size_t kLimitsSize = 9;

// 61. The current is in the steps of SystemSteps.
inline constexpr std::size_t kSystemCurrentAt = 2;  // s16
inline constexpr FrameField kSystemFields[] = {
    {0, FieldWire::u16, value(Signal::pack_voltage)},
    {4, FieldWire::u8, percent(Signal::soc, 100)},
    {5, FieldWire::u16, value(Signal::cycle_count)},
    {7, FieldWire::u16, vendor("cycle_count_max")},
    {9, FieldWire::u8, percent(Signal::soh, 100)},
    {10, FieldWire::u8, vendor("soh_min_pct")},
    {11, FieldWire::u16, cell(Signal::cell_voltage_max)},
    {13, FieldWire::u16, vendor("cell_voltage_max_id")},
    {15, FieldWire::u16, cell(Signal::cell_voltage_min)},
    {17, FieldWire::u16, vendor("cell_voltage_min_id")},
    {19, FieldWire::u16, vendor("cell_temp_average_k10")},
    {21, FieldWire::u16, sensor(Signal::cell_temp_max)},
    {23, FieldWire::u16, vendor("cell_temp_max_id")},
    {25, FieldWire::u16, sensor(Signal::cell_temp_min)},
    {27, FieldWire::u16, vendor("cell_temp_min_id")},
    {29, FieldWire::u16, sensor(Signal::mosfet_temperature)},
    {31, FieldWire::u16, vendor("mosfet_temp_max_k10")},
    {33, FieldWire::u16, vendor("mosfet_temp_max_id")},
    {35, FieldWire::u16, vendor("mosfet_temp_min_k10")},
    {37, FieldWire::u16, vendor("mosfet_temp_min_id")},
    {39, FieldWire::u16, vendor("bms_temp_average_k10")},
    {41, FieldWire::u16, vendor("bms_temp_max_k10")},
    {43, FieldWire::u16, vendor("bms_temp_max_id")},
    {45, FieldWire::u16, vendor("bms_temp_min_k10")},
    {47, FieldWire::u16, vendor("bms_temp_min_id")},
};
inline constexpr std::size_t kSystemAnalogSize = 49;

// 47: what the module protects itself with.
struct Parameter {
  std::uint8_t at = 0;
  std::string_view name{};
  bool temperature = false;
};
inline constexpr Parameter kParameters[] = {
    {1, "cell_high_voltage_limit_mv"},
    {3, "cell_low_voltage_limit_mv"},
    {5, "cell_under_voltage_limit_mv"},
    {7, "charge_high_temperature_limit_mdegc", true},
    {9, "charge_low_temperature_limit_mdegc", true},
    {13, "module_high_voltage_limit_mv"},
    {15, "module_low_voltage_limit_mv"},
    {17, "module_under_voltage_limit_mv"},
    {19, "discharge_high_temperature_limit_mdegc", true},
    {21, "discharge_low_temperature_limit_mdegc", true},
};
inline constexpr FrameField kParameterFields[] = {
    {11, FieldWire::s16, amount(Signal::charge_current_limit, 100)}};
inline constexpr std::size_t kParameterDischargeAt = 23;  // s16, as kDischargeLimitAt; 0.1 A.
inline constexpr std::int64_t kParameterStep = 100;
inline constexpr std::size_t kParametersSize = 25;

// 93 and 96 begin with the address.
inline constexpr std::size_t kSerialSize = 17;
inline constexpr std::size_t kFirmwareSize = 6;
inline constexpr std::size_t kFirmwareParts = 2;
inline constexpr std::size_t kMainlineParts = 3;

}  // namespace ems::protocol::pylontech_rs485
