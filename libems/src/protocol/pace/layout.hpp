// SPDX-License-Identifier: Apache-2.0
/// @file Private: where the values lie in the replies of PACE boards. Read by replies.cpp, written
/// by board.cpp.
/// @source docs/protocols/pace.md.
#pragma once

#include "protocol/ascii/parts.hpp"
#include "protocol/pace/replies.hpp"

namespace ems::protocol::pace {

inline constexpr auto kActs = ascii::Severity::protection;
inline constexpr auto kWarns = ascii::Severity::warning;
inline constexpr auto kState = ascii::Severity::status;

// Some boards put a byte behind the content.
inline constexpr std::size_t kSpareBytes = 1;

// 42, behind the lists.
inline constexpr std::size_t kRemainingAt = 4;
inline constexpr std::size_t kItemsAt = 6;  // Number of the items behind it, two bytes each.
inline constexpr std::size_t kFullAt = 7;
inline constexpr std::size_t kItemsNeeded = 3;
inline constexpr FrameField kAnalogFields[] = {
    {0, FieldWire::s16, ascii::charging(ascii::k10Milli)},
    {2, FieldWire::u16, value(Signal::pack_voltage)},
    {kRemainingAt, FieldWire::u16, value(Signal::remaining_capacity, ascii::k10MilliHour)},
    {kFullAt, FieldWire::u16, value(Signal::full_capacity, ascii::k10MilliHour)},
    {9, FieldWire::u16, value(Signal::cycle_count)},
    {11, FieldWire::u16, value(Signal::design_capacity, ascii::k10MilliHour)},
};

// 44, behind the lists.
inline constexpr std::size_t kChargeCodeAt = 0;
inline constexpr std::size_t kVoltageCodeAt = 1;
inline constexpr std::size_t kDischargeCodeAt = 2;
inline constexpr std::size_t kProtectionsAt = 3;
inline constexpr std::size_t kProtectionBytes = 2;
inline constexpr std::size_t kInstructionAt = 5;
inline constexpr std::size_t kFaultAt = 7;
inline constexpr std::size_t kBalanceAt = 8;
inline constexpr std::size_t kBalanceBytes = 2;
inline constexpr std::size_t kWarningsAt = 10;
inline constexpr std::size_t kWarningBytes = 2;
inline constexpr std::size_t kStatusSize = 12;
inline constexpr FlagBit kStatusFlags[] = {
    {5, 1, flag(Signal::charge_fet_on)},
    {5, 2, flag(Signal::discharge_fet_on)},
};
// What only this vendor says of one pack.
inline constexpr FrameField kStatusBytes[] = {
    {3, FieldWire::u8, vendor("status.protection_1")},
    {4, FieldWire::u8, vendor("status.protection_2")},
    {5, FieldWire::u8, vendor("status.instruction")},
    {6, FieldWire::u8, vendor("status.control")},
    {7, FieldWire::u8, vendor("status.fault")},
    {8, FieldWire::u8, vendor("balance.cells_1_8")},
    {9, FieldWire::u8, vendor("balance.cells_9_16")},
    {10, FieldWire::u8, vendor("status.warning_1")},
    {11, FieldWire::u8, vendor("status.warning_2")},
};

inline constexpr ascii::EventBit kProtections[] = {
    {0, 0, kActs, Alarm::cell_overvoltage},
    {0, 1, kActs, Alarm::cell_undervoltage},
    {0, 2, kActs, Alarm::pack_overvoltage},
    {0, 3, kActs, Alarm::pack_undervoltage},
    {0, 4, kActs, Alarm::charge_overcurrent},
    {0, 5, kActs, Alarm::discharge_overcurrent},
    {0, 6, kActs, Alarm::short_circuit},
    {1, 0, kActs, Alarm::charge_overtemperature},
    {1, 1, kActs, Alarm::discharge_overtemperature},
    {1, 2, kActs, Alarm::charge_undertemperature},
    {1, 3, kActs, Alarm::discharge_undertemperature},
    {1, 4, kActs, Alarm::mosfet_overtemperature},
    {1, 5, kActs, Alarm::overtemperature},
    {1, 6, kActs, Alarm::undertemperature},
    {1, 7, kState},  // Fully charged.
};
inline constexpr ascii::EventBit kFaults[] = {
    {0, 0, kActs, Alarm::internal_failure},  // Charge transistor.
    {0, 1, kActs, Alarm::internal_failure},  // Discharge transistor.
    {0, 2, kActs, Alarm::internal_failure},  // Temperature sensor.
    {0, 4, kActs, Alarm::internal_failure},  // Cell.
    {0, 5, kActs, Alarm::internal_failure},  // Sampling.
};
inline constexpr ascii::EventBit kWarnings[] = {
    {0, 0, kWarns, Alarm::cell_overvoltage},
    {0, 1, kWarns, Alarm::cell_undervoltage},
    {0, 2, kWarns, Alarm::pack_overvoltage},
    {0, 3, kWarns, Alarm::pack_undervoltage},
    {0, 4, kWarns, Alarm::charge_overcurrent},
    {0, 5, kWarns, Alarm::discharge_overcurrent},
    {1, 0, kWarns, Alarm::charge_overtemperature},
    {1, 1, kWarns, Alarm::discharge_overtemperature},
    {1, 2, kWarns, Alarm::charge_undertemperature},
    {1, 3, kWarns, Alarm::discharge_undertemperature},
    {1, 4, kWarns, Alarm::overtemperature},
    {1, 5, kWarns, Alarm::undertemperature},
    {1, 6, kWarns, Alarm::mosfet_overtemperature},
    {1, 7, kWarns, Alarm::soc_low},
};
inline constexpr ascii::EventBit kInstructions[] = {
    {0, 0, kState}, {0, 1, kState}, {0, 2, kState}, {0, 3, kState},
    {0, 5, kState}, {0, 6, kState}, {0, 7, kState},
};

// vendor_alarms: protections, instruction, fault, warnings.
inline constexpr unsigned kInstructionsFrom = 16;
inline constexpr unsigned kFaultsFrom = 24;
inline constexpr unsigned kWarningsFrom = 32;
inline constexpr ascii::VendorBit kVendorBits[] = {{20, "reverse_polarity"}};

inline constexpr std::size_t kTextSize = 20;
inline constexpr std::size_t kLongTextSize = 40;

}  // namespace ems::protocol::pace
