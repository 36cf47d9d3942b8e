// SPDX-License-Identifier: Apache-2.0
/// @file Daly smart BMS, the newer protocol: Modbus RTU at address D2.
#pragma once

#include "ems/protocol/register_map/codec.hpp"

namespace ems::protocol::daly_modbus {

/// The protocol `daly_modbus`.
/// @thread_safety Stateless.
/// @source        docs/protocols/daly_modbus.md.
[[nodiscard]] const register_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::daly_modbus
