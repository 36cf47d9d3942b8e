// SPDX-License-Identifier: Apache-2.0
/// @file Seplos BMS 3.0: Modbus RTU.
#pragma once

#include "ems/protocol/register_map/codec.hpp"

namespace ems::protocol::seplos_v3 {

/// The protocol `seplos_v3`: one pack, or (variant `system`) the sum that the master gives.
/// @thread_safety Stateless.
/// @source        docs/protocols/seplos_v3.md.
[[nodiscard]] const register_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::seplos_v3
