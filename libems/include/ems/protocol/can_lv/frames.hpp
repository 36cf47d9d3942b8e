// SPDX-License-Identifier: Apache-2.0
/// @file Identifiers and bits of the low-voltage CAN family; what codec and emulator share.
#pragma once

#include <cstdint>

namespace ems::protocol::can_lv {

/// 11-bit identifiers. @source docs/protocols/pylontech-lv-can.md, victron-can-bms.md,
/// deye-lv-can.md.
enum class FrameId : std::uint16_t {
  deye_alarms = 0x110,     ///< Deye: seven tables of bits, state of the transistors.
  deye_pack = 0x150,       ///< Deye: voltage, current, charge and health of the pack.
  deye_cells = 0x200,      ///< Deye: cell extremes.
  deye_board = 0x250,      ///< Deye: transistor and heater temperatures, the pack's own limits.
  sofar_switches = 0x30F,  ///< Sofar: enables.
  keep_alive = 0x305,      ///< Host to battery.
  limits = 0x351,
  charge_left = 0x354,  ///< Discover: nominal and remaining charge.
  state = 0x355,        ///< State of charge and health.
  measured = 0x356,
  alarms = 0x359,
  alarm_pairs = 0x35A,  ///< SMA and Victron, and newer Pylontech firmware.
  event_pairs = 0x35B,
  requests = 0x35C,  ///< Enables and charge requests.
  manufacturer = 0x35E,
  product = 0x35F,
  charge_now = 0x360,     ///< Victron: charge immediately.
  deye_extremes = 0x361,  ///< Deye: cell extremes of the array.
  deye_versions = 0x363,
  deye_modules = 0x364,
  extremes = 0x370,  ///< Cell extremes, or the first half of a name.
  name = 0x371,      ///< Second half of a name; Deye: limits of the array.
  modules = 0x372,
  cell_extremes = 0x373,
  energy = 0x378,
  capacity = 0x379,
  serial = 0x380,  ///< First half.
  serial_rest = 0x381,
  product_name = 0x382,
  deye_mode = 0x400,  ///< Deye: mode, cycles, balancing.
  deye_version_text = 0x500,
  deye_energy = 0x550,
  deye_serial = 0x600,  ///< First half.
  deye_serial_rest = 0x650,
};

// Bits of frame 359: protections in bytes 0 and 1, warnings in bytes 2 and 3, each as one
// little-endian word.
inline constexpr std::uint16_t kOvervoltage = 1U << 1;
inline constexpr std::uint16_t kUndervoltage = 1U << 2;
inline constexpr std::uint16_t kOvertemperature = 1U << 3;
inline constexpr std::uint16_t kUndertemperature = 1U << 4;
inline constexpr std::uint16_t kDischargeOvercurrent = 1U << 7;
inline constexpr std::uint16_t kChargeOvercurrent = 1U << 8;
inline constexpr std::uint16_t kSystemError = 1U << 11;  ///< A warning: internal communication.
inline constexpr std::uint16_t kImbalance = 1U << 12;    ///< "Hybrid" only.

// Frame 35A: two bits per alarm from bit 0 of byte 0; warnings in the same order from byte 4.
inline constexpr unsigned kPairsPerHalf = 16;
inline constexpr unsigned kPairsNamed = 13;  ///< General first; the others are reserved.
inline constexpr unsigned kPairActive = 1;
inline constexpr unsigned kPairInactive = 2;

// Bits of frame 35C.
inline constexpr std::uint8_t kHeatRequest = 1U << 0;  ///< Deye.
inline constexpr std::uint8_t kFullChargeRequest = 1U << 3;
inline constexpr std::uint8_t kForceChargeLate = 1U << 4;   ///< "Force charge II": 9 .. 13 %.
inline constexpr std::uint8_t kForceChargeEarly = 1U << 5;  ///< "Force charge I": 5 .. 10 %.
inline constexpr std::uint8_t kDischargeEnable = 1U << 6;
inline constexpr std::uint8_t kChargeEnable = 1U << 7;

// Byte 7 of Deye's frame 110.
inline constexpr std::uint8_t kParallelComplete = 1U << 0;
inline constexpr std::uint8_t kChargeFetClosed = 1U << 4;
inline constexpr std::uint8_t kDischargeFetClosed = 1U << 5;

}  // namespace ems::protocol::can_lv
