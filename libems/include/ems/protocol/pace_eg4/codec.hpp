// SPDX-License-Identifier: Apache-2.0
/// @file EG4 and LifePower boards of PACE's family: ASCII frames, version 20, device code 4A.
#pragma once

#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::pace_eg4 {

/// The protocol `pace_eg4`. Poll numbers are command numbers (CID2). The address is the pack's
/// number, 0 .. 15.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/pace_eg4.md; vectors tests/vectors/bms_serial_pace_eg4.json.
[[nodiscard]] const PollCodec& codec() noexcept;

}  // namespace ems::protocol::pace_eg4
