// SPDX-License-Identifier: Apache-2.0
/// @file JK (Jikong) boards of the generation before PB: frames 4E 57 full of tagged values.
#pragma once

#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::jk_4e57 {

/// The protocol `jk_4e57`. Its only poll number is the command that reads everything.
///
/// Vendor values of a request: `request_command`, `request_register` (the tag), `request_write`
/// (0 or 1) and, where a switch is written, `request_value`.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/jk_4e57.md; vectors tests/vectors/bms_serial_jk_4e57.json.
[[nodiscard]] const PollCodec& codec() noexcept;

}  // namespace ems::protocol::jk_4e57
