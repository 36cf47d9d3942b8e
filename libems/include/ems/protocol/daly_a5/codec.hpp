// SPDX-License-Identifier: Apache-2.0
/// @file Daly boards' own protocol: frames of 13 bytes that begin with A5.
#pragma once

#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::daly_a5 {

/// The protocol `daly_a5`. Poll numbers are command numbers. The address is the one that requests
/// carry: 40 + n - 1 for board n on RS485, 80 for UART and Bluetooth, 20 for GPRS.
///
/// Cells (95) and temperatures (96) come in as many frames as there are cells and sensors, which no
/// frame says: without CodecOptions::cell_count the plan does not ask for cells, without
/// temperature_count not for temperatures.
///
/// Vendor values of a request: `request_address`, `request_command`, `request_write` (0 or 1) and,
/// where a transistor is switched, `charge_on` or `discharge_on`.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/daly_a5.md; vectors tests/vectors/bms_serial_daly_a5.json.
[[nodiscard]] const PollCodec& codec() noexcept;

}  // namespace ems::protocol::daly_a5
