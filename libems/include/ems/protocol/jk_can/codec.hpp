// SPDX-License-Identifier: Apache-2.0
/// @file JK (Jikong) boards on CAN with their own frames: 11 and 29 bits mixed, sent by themselves.
#pragma once

#include "ems/protocol/can_map/codec.hpp"

namespace ems::protocol::jk_can {

/// The protocol `jk-can`. The address is the last digit of the identifiers: 4 is the first board.
///
/// Variants: `any_level` (every level of an alarm is an alarm), `levels` (levels 1 and 2 are
/// alarms, 3 is a warning).
///
/// Vendor values: `time`, `cell_voltage_max_at`, `cell_voltage_min_at`, `cell_temp_max_at`,
/// `cell_temp_min_at`, `cell_temp_average_mdegc`, `total_discharged_ah`, `error_bits`.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/jk-can.md; vectors tests/vectors/bms_can_jk_can.json.
[[nodiscard]] const can_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::jk_can
