// SPDX-License-Identifier: Apache-2.0
/// @file Pylontech high-voltage batteries (Force H, Powercube) on CAN and what imitates them:
/// 29-bit frames in answer to a query of the host.
#pragma once

#include "ems/protocol/can_map/codec.hpp"

namespace ems::protocol::pylontech_hv {

/// The protocol `pylontech-hv-can`. Addresses 0 .. 15 are the last digit of the identifier.
///
/// Variants: `offset` (currents are raw - 30000, as Pylontech), `plain` (signed, without offset, as
/// Solis and Solxpow want them), `big_endian` (plain, high byte first).
///
/// Vendor values: `state` (0 sleep, 1 charge, 2 discharge, 3 idle), `module_voltage_max_mv`,
/// `module_voltage_min_mv`, `capacity_ah`, `nominal_voltage_v`, `cells_per_module`,
/// `cell_voltage_max_at`, `cell_voltage_min_at`.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/pylontech-hv-can.md; vectors
///                tests/vectors/bms_can_pylontech_hv.json.
[[nodiscard]] const can_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::pylontech_hv
