// SPDX-License-Identifier: Apache-2.0
/// @file Seplos V2 boards over RS485 or RS232: Pylontech's ASCII frames with contents of their own.
#pragma once

#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::seplos_v2 {

/// The protocol `seplos_v2`. Poll numbers are command numbers (CID2).
///
/// The address is what the board's DIP switches say, 0 .. 15. Variants: `seplos`; `boqiang` asks
/// with version 26 and pack 1. Replies of either are read with both.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/seplos_v2.md; vectors tests/vectors/bms_serial_seplos_v2.json.
[[nodiscard]] const PollCodec& codec() noexcept;

}  // namespace ems::protocol::seplos_v2
