// SPDX-License-Identifier: Apache-2.0
/// @file Daly smart BMS with 48 cell slots: Modbus RTU, asked at 81, answered from 51.
#pragma once

#include "ems/protocol/register_map/codec.hpp"

namespace ems::protocol::daly_p81 {

/// The protocol `daly_p81`.
/// @thread_safety Stateless.
/// @source        docs/protocols/daly_p81.md.
[[nodiscard]] const register_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::daly_p81
