// SPDX-License-Identifier: Apache-2.0
/// @file High-voltage batteries on CAN after Growatt's protocol (V1.10): ARK, APX and what imitates
/// them. 29-bit frames that the battery sends while an inverter is on the bus.
#pragma once

#include "ems/protocol/can_map/codec.hpp"

namespace ems::protocol::growatt_hv {

/// The protocol `growatt-hv-can`. It listens and sends nothing: the heartbeat and the commands are
/// the inverter's.
///
/// Variants: `charge_positive`, `discharge_positive`: what the wire means with a positive current.
/// Where the battery says the other direction in frame 3110 the current is missing.
///
/// Vendor values: `state` (1 standby, 2 charge, 3 discharge), `iso_detected`, `status_normal`,
/// `protection_bits`, `protection_bits_rest`, `fault_flags`, `maker_code`, `cells_total`,
/// `packs_parallel`, `cell_charge_voltage_mv`, `derating`, `system_fault`, `capacity_wh`, places of
/// the extremes, and per pack `energy_pack`, `energy_pack_discharged_wh`,
/// `energy_pack_charged_wh`.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/growatt-hv-can.md; vectors tests/vectors/bms_can_growatt_hv.json.
[[nodiscard]] const can_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::growatt_hv
