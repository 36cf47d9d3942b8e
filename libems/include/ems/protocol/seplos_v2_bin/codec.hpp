// SPDX-License-Identifier: Apache-2.0
/// @file Seplos V2 boards behind their Bluetooth module, and on some serial ports: binary frames
/// with the contents of seplos_v2.
#pragma once

#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::seplos_v2_bin {

/// The protocol `seplos_v2_bin`. Poll numbers are command numbers.
///
/// The address is what the board's DIP switches say, 0 .. 15. Vendor values of a request:
/// `request_command`, `request_address`.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/seplos_v2_bin.md; vectors
///                tests/vectors/bms_serial_seplos_v2_bin.json.
[[nodiscard]] const PollCodec& codec() noexcept;

}  // namespace ems::protocol::seplos_v2_bin
