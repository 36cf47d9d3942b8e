// SPDX-License-Identifier: Apache-2.0
/// @file Pylontech low-voltage batteries over RS485, RS232 or the console port: ASCII frames.
#pragma once

#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::pylontech_rs485 {

/// The protocol `pylontech`. Poll numbers are command numbers (CID2).
///
/// Addresses are those of modules: 2 .. 13, plus 16 for each group after the first. Variants:
/// `module` asks one module (42, 44, 92); `system` asks the master for its whole system (61, 62,
/// 63); `system_fine` reads the currents of 61 and 63 in ten times finer steps; `console` is the
/// older RS232 protocol, whose packs count from 1.
///
/// A reply to a request for all modules (FF) gives module 1, 2, ... in its order.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/pylontech.md; vectors tests/vectors/bms_serial_pylontech.json.
[[nodiscard]] const PollCodec& codec() noexcept;

}  // namespace ems::protocol::pylontech_rs485
