// SPDX-License-Identifier: Apache-2.0
/// @file BYD Battery-Box Premium HVS and HVM on CAN, as hybrid inverters hear it.
#pragma once

#include "ems/protocol/can_map/codec.hpp"

namespace ems::protocol::byd_hv {

/// The protocol `byd-hv-can`. It asks for identification, without which the battery is silent, and
/// nothing else: it does not speak for an inverter.
///
/// Variants: `charge_positive`, `discharge_positive`: what the wire means with a positive current.
///
/// Vendor values: `capacity_wh`. Frame 190 has alarms that no source explains: they are not given.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/byd-hv-can.md; vectors tests/vectors/bms_can_byd_hv.json.
[[nodiscard]] const can_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::byd_hv
