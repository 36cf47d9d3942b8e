// SPDX-License-Identifier: Apache-2.0
/// @file PACE BMS: Modbus RTU.
#pragma once

#include "ems/protocol/register_map/codec.hpp"

namespace ems::protocol::pace_modbus {

/// The protocol `pace_modbus`.
/// @thread_safety Stateless.
/// @source        docs/protocols/pace_modbus.md.
[[nodiscard]] const register_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::pace_modbus
