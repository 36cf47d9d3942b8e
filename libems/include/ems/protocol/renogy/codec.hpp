// SPDX-License-Identifier: Apache-2.0
/// @file Renogy smart lithium batteries: Modbus RTU.
#pragma once

#include "ems/protocol/register_map/codec.hpp"

namespace ems::protocol::renogy {

/// The protocol `renogy`.
/// @thread_safety Stateless.
/// @source        docs/protocols/renogy.md.
[[nodiscard]] const register_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::renogy
