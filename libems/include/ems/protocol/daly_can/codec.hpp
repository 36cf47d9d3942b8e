// SPDX-License-Identifier: Apache-2.0
/// @file Daly boards on CAN: 29-bit frames, each in answer to a query of the host.
#pragma once

#include "ems/protocol/can_map/codec.hpp"

namespace ems::protocol::daly_can {

/// The protocol `daly-can`. The address is the board's, 1 .. 255: the last byte of what it sends,
/// the one before in what it is asked. Only queries are sent; the frames that write are not here.
///
/// Vendor values: `gather_voltage_mv`, `state` (0 idle, 1 charging, 2 discharging), `heartbeat`,
/// `cell_max_index`, `cell_min_index`, `temp_max_index`, `temp_min_index`, `temperature_count`,
/// `charger_connected`, `load_connected`, `dio_bits`, `balance_mask`, `fault_code`.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/daly-can.md; vectors tests/vectors/bms_can_daly_can.json.
[[nodiscard]] const can_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::daly_can
