// SPDX-License-Identifier: Apache-2.0
/// @file foxBMS 2, the open battery management system of Fraunhofer IISB, on CAN.
#pragma once

#include "ems/protocol/can_map/codec.hpp"

namespace ems::protocol::foxbms2 {

/// The protocol `foxbms2-can`, with the messages as foxBMS 2 ships them.
///
/// Variants: `discharge_positive` (as it ships), `charge_positive` (built with the other
/// current direction).
///
/// Vendor values: `bms_state_id`, `bms_substate_id`, `connected_strings`, `deactivated_strings`,
/// `bus_voltage_mv`, `charge_power_limit_w`, `discharge_power_limit_w`, `soc_max_bp`, `soe_min_bp`,
/// `soe_max_bp`, `energy_wh`, `string_<n>_voltage_mv`, `string_<n>_current_ma`,
/// `string_<n>_power_w`.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/foxbms2-can.md; vectors tests/vectors/bms_can_foxbms2.json.
[[nodiscard]] const can_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::foxbms2
