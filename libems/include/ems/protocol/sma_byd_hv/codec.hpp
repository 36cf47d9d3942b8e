// SPDX-License-Identifier: Apache-2.0
/// @file High-voltage batteries on CAN as SMA's Sunny Boy Storage and Sunny Tripower hear them: BYD
/// Battery-Box H and what imitates it.
#pragma once

#include "ems/protocol/can_map/codec.hpp"

namespace ems::protocol::sma_byd_hv {

/// The protocol `sma-byd-hv-can`. It listens and sends nothing: pairing makes a battery close its
/// contactors.
///
/// Variants: `charge_positive`, `discharge_positive`: what the wire means with a positive current.
///
/// Vendor values: `state` (3 ready, 2 stopped), `cell_voltage_sum_mv`.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/sma-byd-hv-can.md; vectors
///                tests/vectors/bms_can_sma_byd_hv.json.
[[nodiscard]] const can_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::sma_byd_hv
