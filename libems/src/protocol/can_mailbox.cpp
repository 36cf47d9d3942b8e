// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_mailbox.hpp"

namespace ems::protocol {

CanSlot* CanMailbox::put(const CanFrame& frame, Instant now) noexcept {
  for (CanSlot& slot : slots_) {
    if (slot.frame.id != frame.id || slot.frame.extended != frame.extended) continue;
    slot.frame = frame;
    slot.received_at = now;
    return &slot;
  }
  if (slots_.full()) return nullptr;
  return &slots_.push_back({.frame = frame, .received_at = now});
}

const CanSlot* CanMailbox::find(std::uint32_t id, bool extended) const noexcept {
  for (const CanSlot& slot : slots_) {
    if (slot.frame.id == id && slot.frame.extended == extended) return &slot;
  }
  return nullptr;
}

}  // namespace ems::protocol
