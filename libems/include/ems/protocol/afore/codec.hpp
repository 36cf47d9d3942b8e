// SPDX-License-Identifier: Apache-2.0
/// @file Batteries on CAN after Afore's protocol (2.3): 11-bit little-endian frames.
#pragma once

#include "ems/protocol/can_map/codec.hpp"

namespace ems::protocol::afore {

/// The protocol `afore-can`. It listens and sends nothing: frame 305 is the inverter's.
///
/// Vendor values: `state` (0 init, 1 normal, 2 standby, 3 warning, 4 fault), `soc_max_pct`,
/// `soc_min_pct`, `cell_voltage_max_at`, `cell_voltage_min_at`, `cell_temp_max_at`,
/// `cell_temp_min_at`, `cell_protection_max_mv`, `cell_protection_min_mv`.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/afore-can.md.
[[nodiscard]] const can_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::afore
