// SPDX-License-Identifier: Apache-2.0
/// @file Pylontech's RT series (RT12100, RT24100 ...): Modbus RTU.
#pragma once

#include "ems/protocol/register_map/codec.hpp"

namespace ems::protocol::pylontech_rt {

/// The protocol `pylontech_rt`.
/// @thread_safety Stateless.
/// @source        docs/protocols/pylontech_rt.md.
[[nodiscard]] const register_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::pylontech_rt
