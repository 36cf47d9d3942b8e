// SPDX-License-Identifier: Apache-2.0
/// @file Low-voltage batteries on CAN after Growatt's protocol (V1.04): 11-bit big-endian frames in
/// answer to the inverter's frame 301.
#pragma once

#include "ems/protocol/can_map/codec.hpp"

namespace ems::protocol::growatt_lv {

/// The protocol `growatt-lv-can`. It listens and sends nothing: frame 301 is the inverter's.
///
/// Variants: `charge_positive`, `discharge_positive`: what the wire means with a positive current.
/// Where the battery says the other direction in frame 311 the current is missing.
///
/// Vendor values: `status` (bits of frame 311), `maker_code`, `cell_voltage_delta_mv`, `chemistry`,
/// `cell_voltage_max_at`, `cell_voltage_min_at`, `protected_pack`, `hardware_revision`,
/// `software_revision`.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/growatt-lv-can.md.
[[nodiscard]] const can_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::growatt_lv
