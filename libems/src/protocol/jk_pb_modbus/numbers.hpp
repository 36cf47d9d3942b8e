// SPDX-License-Identifier: Apache-2.0
/// @file Private: the poll numbers of both variants, and registers.
#pragma once

#include <cstdint>

namespace ems::protocol::jk_pb_modbus {

enum Number : std::uint8_t {
  kTriggerStatus,
  kTriggerSettings,
  kTriggerAbout,
  kPack,
  kCells,
  kMore,
  kSettings,
  kSwitches,
  kAbout,
};

// Registers that no row of the map says: sensors, which of them are fitted, alarms.
inline constexpr std::uint16_t kMosTemperatureAt = 0x128A;
inline constexpr std::uint16_t kTemperaturesAt[] = {0x129C, 0x129E};
inline constexpr std::uint16_t kAlarmsAt = 0x12A0;
inline constexpr std::uint16_t kSensorMaskAt = 0x12D0;

}  // namespace ems::protocol::jk_pb_modbus
