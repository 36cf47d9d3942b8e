// SPDX-License-Identifier: Apache-2.0
/// @file Sungrow SBR batteries on CAN, beside a Sungrow inverter.
#pragma once

#include "ems/protocol/can_map/codec.hpp"

namespace ems::protocol::sungrow_sbr {

/// The protocol `sungrow-sbr-can`. It listens and sends nothing. Every frame is on the bus up to
/// three times, as 7xx, 0xx and 5xx, and in 504 the current has the opposite sign: only 7xx count.
///
/// Cell extremes of each module are readings of that module.
///
/// Vendor values: `remaining_energy_wh`, `full_energy_wh` (both end at 65535), `state` (0
/// unplugged, 1 standby, 2 run), `model_id`, `capacity_wh`, `voltage_rest_mv`, places of the
/// extremes (module in the high byte, cell in the low one).
///
/// @thread_safety Stateless.
/// @source        docs/protocols/sungrow-sbr-can.md.
[[nodiscard]] const can_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::sungrow_sbr
