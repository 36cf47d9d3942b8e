// SPDX-License-Identifier: Apache-2.0
/// @file Pytes batteries on CAN with their own frames 400 .. 40A.
#pragma once

#include "ems/protocol/can_map/codec.hpp"

namespace ems::protocol::pytes_can {

/// The protocol `pytes-native-can`. The state of charge is made from the two charges of frame 409:
/// its quality is `substituted`.
///
/// Variants: `charge_positive`, `discharge_positive`: how the wire counts the current, which no
/// source has shown.
///
/// Vendor values: `cell_voltage_max_at`, `cell_voltage_min_at`, `capacity_ah`.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/pytes-native-can.md; vectors tests/vectors/bms_can_pytes_can.json.
[[nodiscard]] const can_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::pytes_can
