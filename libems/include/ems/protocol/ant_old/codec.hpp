// SPDX-License-Identifier: Apache-2.0
/// @file ANT boards until 2021: replies of 140 bytes that begin with AA 55 AA FF.
#pragma once

#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::ant_old {

/// The protocol `ant_old`. Its one poll number is 0.
///
/// Variants: how to ask on a `serial` port or through the `bluetooth` module, and the sign of the
/// current, about which the sources do not agree: + discharges, or with `_plus_charges` behind the
/// name + charges. CodecOptions::temperature_count: how many of the six sensors are fitted; 4
/// unless said.
///
/// Vendor values of a request: `request_register`, `request_value`, `request_write` (0 or 1).
///
/// @thread_safety Stateless.
/// @source        docs/protocols/ant_old.md; vectors tests/vectors/bms_serial_ant_old.json.
[[nodiscard]] const PollCodec& codec() noexcept;

}  // namespace ems::protocol::ant_old
