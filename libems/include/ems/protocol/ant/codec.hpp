// SPDX-License-Identifier: Apache-2.0
/// @file ANT boards since 2021: frames 7E A1 .. AA 55.
#pragma once

#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::ant {

/// The protocol `ant`. Poll numbers are function codes.
///
/// The sources agree neither about the sign of the current nor about which of two bytes is which
/// transistor's. Variants: `plus_discharges`, `plus_charges`, each of them also with
/// `_swapped_fets` behind it: the discharge transistor's byte comes first. Where the battery's
/// state says the contrary, the value is missing.
///
/// Vendor values of a request: `request_command`, `request_register`, `request_length`,
/// `request_write` (0 or 1); of a reply to a settings request: `register`, `value`.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/ant.md; vectors tests/vectors/bms_serial_ant.json.
[[nodiscard]] const PollCodec& codec() noexcept;

}  // namespace ems::protocol::ant
