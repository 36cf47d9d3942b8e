// SPDX-License-Identifier: Apache-2.0
/// @file Private: the writes that make a board send a frame, and what stands around it.
/// @source docs/protocols/jk_pb_modbus.md#trigger.
#pragma once

#include "ems/protocol/jk_55aa/codec.hpp"
#include "ems/protocol/jk_pb_modbus/codec.hpp"
#include "protocol/jk_pb_modbus/numbers.hpp"
#include "protocol/register_map/exchange.hpp"

namespace ems::protocol::jk_pb_modbus {

// The answer to a trigger: frame, 00, acknowledgement, 00.
inline constexpr std::size_t kFirstGapAt = jk_55aa::kFrameSize;
inline constexpr std::size_t kAckAt = kFirstGapAt + 1;
inline constexpr std::size_t kLastGapAt = kAckAt + register_map::kShortSize;
static_assert(kLastGapAt + 1 == kTriggeredSize && kTriggeredSize <= kReplySize);

/// What a write of 0 to a register makes the board send.
struct Trigger {
  Number number;
  std::uint16_t at;
  jk_55aa::FrameType type;
};
inline constexpr Trigger kTriggers[] = {
    {kTriggerStatus, 0x1620, jk_55aa::FrameType::status},
    {kTriggerSettings, 0x161E, jk_55aa::FrameType::settings},
    {kTriggerAbout, 0x161C, jk_55aa::FrameType::about},
};

/// nullptr: the request is none.
[[nodiscard]] inline const Trigger* trigger_of(const register_map::Request& asked) noexcept {
  if (asked.function != register_map::kWriteMany || asked.values.size() != 2 ||
      load_be16(asked.values, 0) != 0) {
    return nullptr;
  }
  for (const Trigger& trigger : kTriggers) {
    if (trigger.at == asked.at) return &trigger;
  }
  return nullptr;
}

}  // namespace ems::protocol::jk_pb_modbus
