// SPDX-License-Identifier: Apache-2.0
/// @file RJXZS boards on CAN: one identifier, the first byte says which numbers follow.
#pragma once

#include "ems/protocol/can_map/codec.hpp"

namespace ems::protocol::rjxzs {

/// The protocol `rjxzs-can`. Variants: `standard` (the board's frames have 11 bits), `extended`
/// (29 bits, as those of the host).
///
/// The wire has no sign of the current: another frame tells the direction, without which a current
/// other than 0 is missing. It has no alarms that libems could read: `alarms` are never given.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/rjxzs-can.md; vectors tests/vectors/bms_can_rjxzs.json.
[[nodiscard]] const can_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::rjxzs
