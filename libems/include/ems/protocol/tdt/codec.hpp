// SPDX-License-Identifier: Apache-2.0
/// @file TDT boards: binary frames 7E .. 0D, mostly behind a Bluetooth module.
#pragma once

#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::tdt {

/// The protocol `tdt`. Poll numbers are command numbers.
///
/// Variants: the byte that requests begin with, `7e` or `1e`; replies begin with 7E. Vendor values
/// of a request: `request_command`, `request_address`.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/tdt.md; vectors tests/vectors/bms_serial_tdt.json.
[[nodiscard]] const PollCodec& codec() noexcept;

}  // namespace ems::protocol::tdt
