// SPDX-License-Identifier: Apache-2.0
/// @file Identifiers and bits of the low-voltage CAN family as Pylontech packs speak it; what codec
/// and emulator share.
#pragma once

#include <cstdint>

namespace ems::protocol::can_lv {

/// 11-bit identifiers. @source docs/protocols/pylontech-lv-can.md.
enum class FrameId : std::uint16_t {
  keep_alive = 0x305,  ///< Host to battery.
  limits = 0x351,
  state = 0x355,  ///< State of charge and health.
  measured = 0x356,
  alarms = 0x359,
  alarm_pairs = 0x35A,  ///< Newer firmware, instead of `alarms`.
  requests = 0x35C,     ///< Enables and charge requests.
  manufacturer = 0x35E,
  product = 0x35F,
  extremes = 0x370,  ///< Cell extremes, or the first half of a name.
  name = 0x371,      ///< Second half of a name.
  cell_extremes = 0x373,
  capacity = 0x379,
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

// Bits of frame 35C.
inline constexpr std::uint8_t kFullChargeRequest = 1U << 3;
inline constexpr std::uint8_t kForceChargeLate = 1U << 4;   ///< "Force charge II": 9 .. 13 %.
inline constexpr std::uint8_t kForceChargeEarly = 1U << 5;  ///< "Force charge I": 5 .. 10 %.
inline constexpr std::uint8_t kDischargeEnable = 1U << 6;
inline constexpr std::uint8_t kChargeEnable = 1U << 7;

}  // namespace ems::protocol::can_lv
