// SPDX-License-Identifier: Apache-2.0
/// @file EG4 LL: Modbus RTU.
#pragma once

#include "ems/protocol/register_map/codec.hpp"

namespace ems::protocol::eg4_ll {

/// The protocol `eg4_ll`.
/// @thread_safety Stateless.
/// @source        docs/protocols/eg4_ll.md.
[[nodiscard]] const register_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::eg4_ll
