// SPDX-License-Identifier: Apache-2.0
/// @file Private: the event bytes of Seplos BMS 3.0, which PIC has from 1248 and EIC from 2208.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ems/protocol/register_map/map.hpp"

namespace ems::protocol::seplos_v3 {

// Bytes of eight coils behind the system state: tables 4.2 to 4.10 of V0.3.
enum EventByte : std::uint16_t {
  kVoltage,
  kCellTemperature,
  kOtherTemperature,
  kCurrent,
  kLockout,
  kCapacity,
  kSwitches,
  kBalance,
  kHardware,
};

inline constexpr register_map::Bit kEvents[] = {
    {kVoltage, 0, register_map::Level::warning, Alarm::cell_overvoltage},
    {kVoltage, 1, register_map::Level::alarm, Alarm::cell_overvoltage},
    {kVoltage, 2, register_map::Level::warning, Alarm::cell_undervoltage},
    {kVoltage, 3, register_map::Level::alarm, Alarm::cell_undervoltage},
    {kVoltage, 4, register_map::Level::warning, Alarm::pack_overvoltage},
    {kVoltage, 5, register_map::Level::alarm, Alarm::pack_overvoltage},
    {kVoltage, 6, register_map::Level::warning, Alarm::pack_undervoltage},
    {kVoltage, 7, register_map::Level::alarm, Alarm::pack_undervoltage},
    {kCellTemperature, 0, register_map::Level::warning, Alarm::charge_overtemperature},
    {kCellTemperature, 1, register_map::Level::alarm, Alarm::charge_overtemperature},
    {kCellTemperature, 2, register_map::Level::warning, Alarm::charge_undertemperature},
    {kCellTemperature, 3, register_map::Level::alarm, Alarm::charge_undertemperature},
    {kCellTemperature, 4, register_map::Level::warning, Alarm::discharge_overtemperature},
    {kCellTemperature, 5, register_map::Level::alarm, Alarm::discharge_overtemperature},
    {kCellTemperature, 6, register_map::Level::warning, Alarm::discharge_undertemperature},
    {kCellTemperature, 7, register_map::Level::alarm, Alarm::discharge_undertemperature},
    {kOtherTemperature, 0, register_map::Level::warning, Alarm::overtemperature},
    {kOtherTemperature, 1, register_map::Level::alarm, Alarm::overtemperature},
    {kOtherTemperature, 2, register_map::Level::warning, Alarm::undertemperature},
    {kOtherTemperature, 3, register_map::Level::alarm, Alarm::undertemperature},
    {kOtherTemperature, 4, register_map::Level::warning, Alarm::mosfet_overtemperature},
    {kOtherTemperature, 5, register_map::Level::alarm, Alarm::mosfet_overtemperature},
    {kCurrent, 0, register_map::Level::warning, Alarm::charge_overcurrent},
    {kCurrent, 1, register_map::Level::alarm, Alarm::charge_overcurrent},
    {kCurrent, 2, register_map::Level::alarm, Alarm::charge_overcurrent},
    {kCurrent, 3, register_map::Level::warning, Alarm::discharge_overcurrent},
    {kCurrent, 4, register_map::Level::alarm, Alarm::discharge_overcurrent},
    {kCurrent, 5, register_map::Level::alarm, Alarm::discharge_overcurrent},
    {kCurrent, 6, register_map::Level::alarm, Alarm::short_circuit},
    {kLockout, 0, register_map::Level::alarm, Alarm::short_circuit},
    {kLockout, 2, register_map::Level::alarm, Alarm::charge_overcurrent},
    {kLockout, 3, register_map::Level::alarm, Alarm::discharge_overcurrent},
    {kCapacity, 2, register_map::Level::warning, Alarm::soc_low},
    {kCapacity, 3, register_map::Level::alarm, Alarm::soc_low},
    {kCapacity, 4, register_map::Level::warning, Alarm::cell_imbalance},
    {kHardware, 0, register_map::Level::alarm, Alarm::internal_failure},   // Temperature sensor.
    {kHardware, 1, register_map::Level::alarm, Alarm::internal_failure},   // Front end.
    {kHardware, 2, register_map::Level::alarm, Alarm::contactor_failure},  // Charge MOS.
    {kHardware, 3, register_map::Level::alarm, Alarm::contactor_failure},  // Discharge MOS.
    {kHardware, 4, register_map::Level::alarm, Alarm::internal_failure},   // Cell.
    {kHardware, 5, register_map::Level::alarm, Alarm::internal_failure},   // Sense wire.
};

inline constexpr std::string_view kOtherTemperatureNames[] = {"", "", "", "",
                                                              "", "", "", "temperature_reserved_7"};
inline constexpr std::string_view kCurrentNames[] = {"", "", "", "",
                                                     "", "", "", "current_reserved_7"};
inline constexpr std::string_view kLockoutNames[] = {"",
                                                     "reverse_connection",
                                                     "",
                                                     "",
                                                     "lockout_reserved_4",
                                                     "lockout_reserved_5",
                                                     "lockout_reserved_6",
                                                     "lockout_reserved_7"};
inline constexpr std::string_view kCapacityNames[] = {
    "capacity_reserved_0", "capacity_reserved_1", "", "", "", "capacity_reserved_5",
    "gyro_lockout",        "capacity_reserved_7"};
inline constexpr std::string_view kBalanceNames[] = {"", "", "balance_timeout",
                                                     "balance_overtemperature", "cell_failure"};
inline constexpr std::string_view kHardwareNames[] = {
    "", "", "", "", "", "", "key_failure", "fire_suppression"};

inline constexpr register_map::VendorWord kEventWords[] = {
    {.at = kOtherTemperature, .mask = 0x80, .shift = 0, .names = kOtherTemperatureNames},
    {.at = kCurrent, .mask = 0x80, .shift = 8, .names = kCurrentNames},
    {.at = kLockout, .mask = 0xF2, .shift = 16, .names = kLockoutNames},
    {.at = kCapacity, .mask = 0xE3, .shift = 24, .names = kCapacityNames},
    {.at = kBalance, .mask = 0x1C, .shift = 32, .names = kBalanceNames},
    {.at = kHardware, .mask = 0xC0, .shift = 40, .names = kHardwareNames},
};

/// The rows with the addresses of a block whose first event byte is at `first`.
template <class Row, std::size_t N>
constexpr std::array<Row, N> events_from(std::uint16_t first, const Row (&rows)[N]) noexcept {
  std::array<Row, N> made{};
  for (std::size_t i = 0; i < N; ++i) {
    made[i] = rows[i];
    made[i].at = static_cast<std::uint16_t>(first + 8 * rows[i].at);
  }
  return made;
}

inline constexpr auto kPicBits = events_from(0x1248, kEvents);
inline constexpr auto kPicWords = events_from(0x1248, kEventWords);
inline constexpr auto kEicBits = events_from(0x2208, kEvents);
inline constexpr auto kEicWords = events_from(0x2208, kEventWords);

inline constexpr register_map::Alarms kAlarmGroups[] = {
    {.coils = true, .bits = kPicBits, .words = kPicWords},
    {.coils = true, .bits = kEicBits, .words = kEicWords},
};

}  // namespace ems::protocol::seplos_v3
