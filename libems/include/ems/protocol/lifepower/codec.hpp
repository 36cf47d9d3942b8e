// SPDX-License-Identifier: Apache-2.0
/// @file EG4 LifePower 4 batteries with the old firmware: frames 7E .. 0D on their serial port.
#pragma once

#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::lifepower {

/// The protocol `lifepower`. Poll numbers are command numbers.
///
/// Nobody has published how replies are checked: the frame and its groups have to be well formed,
/// and that is all (docs/protocols/lifepower.md). Vendor values of a request: `request_command`,
/// `request_address`.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/lifepower.md; vectors tests/vectors/bms_serial_lifepower.json.
[[nodiscard]] const PollCodec& codec() noexcept;

}  // namespace ems::protocol::lifepower
