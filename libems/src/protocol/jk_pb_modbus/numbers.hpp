// SPDX-License-Identifier: Apache-2.0
/// @file Private: the poll numbers of both variants.
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

}  // namespace ems::protocol::jk_pb_modbus
