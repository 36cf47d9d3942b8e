// SPDX-License-Identifier: Apache-2.0
/// @file PACE boards and their many labels over RS232 or RS485: ASCII frames, version 25.
#pragma once

#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::pace {

/// The protocol `pace`. Poll numbers are command numbers (CID2).
///
/// The address is the pack's number, 0 .. 15. A reply to a request for all packs (FF) gives module
/// 1, 2, ... in its order.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/pace.md; vectors tests/vectors/bms_serial_pace.json.
[[nodiscard]] const PollCodec& codec() noexcept;

}  // namespace ems::protocol::pace
