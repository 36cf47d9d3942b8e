// SPDX-License-Identifier: Apache-2.0
/// @file Batteries on CAN after Schneider Electric's "SE BMS" protocol, version 2: 29-bit
/// big-endian frames.
#pragma once

#include "ems/protocol/can_map/codec.hpp"

namespace ems::protocol::schneider {

/// The protocol `schneider-can`. It listens and sends nothing.
///
/// Variants: `charge_positive`, `discharge_positive`: what the wire means with a positive current.
///
/// Vendor values: `state` (0 offline, 1 standby, 2 starting, 3 online, 4 faulted), `commands`
/// (bits of frame 325), `maker_code`, `model_code`, `protocol_version`.
///
/// @thread_safety Stateless.
/// @source        docs/protocols/schneider-can.md.
[[nodiscard]] const can_map::MapCodec& codec() noexcept;

}  // namespace ems::protocol::schneider
