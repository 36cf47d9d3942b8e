// SPDX-License-Identifier: Apache-2.0
/// @file SolaX Triple Power and FoxESS HV2600, ECS batteries on CAN: one table for both, 29-bit
/// frames in answer to a poll.
#pragma once

#include "ems/protocol/can_map/codec.hpp"

namespace ems::protocol::solax_hv {

/// The protocol `solax-hv-can`. It polls once a second and never sends the command that closes the
/// contactors.
///
/// Vendor values: `remaining_energy_wh`, `energy_wh`, `pack_status`, `error`, `battery_type`,
/// `firmware`, `module`, `flags`. Cell extremes of frame 1874 may be in 0.1 V; those of 1876 count
/// where both come.
///
/// @thread_safety Stateless, like foxess_codec().
/// @source        docs/protocols/solax-hv-can.md, docs/protocols/foxess-hv-can.md; vectors
///                tests/vectors/bms_can_solax_hv.json, tests/vectors/bms_can_foxess_hv.json.
[[nodiscard]] const can_map::MapCodec& codec() noexcept;
/// The protocol `foxess-hv-can`: the same frames.
[[nodiscard]] const can_map::MapCodec& foxess_codec() noexcept;

}  // namespace ems::protocol::solax_hv
