// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_mailbox.hpp"

namespace ems::protocol {

namespace {

bool holds(const CanSlot& slot, std::uint32_t id, bool extended, std::uint16_t part) noexcept {
  return slot.frame.id == id && slot.frame.extended == extended && slot.part == part;
}

}  // namespace

CanSlot* CanMailbox::put(const CanFrame& frame, Instant now, std::uint16_t part) noexcept {
  for (CanSlot& slot : slots_) {
    if (!holds(slot, frame.id, frame.extended, part)) continue;
    slot.frame = frame;
    slot.received_at = now;
    return &slot;
  }
  if (slots_.full()) return nullptr;
  return &slots_.push_back({.frame = frame, .received_at = now, .part = part});
}

const CanSlot* CanMailbox::find(std::uint32_t id, bool extended,
                                std::uint16_t part) const noexcept {
  for (const CanSlot& slot : slots_) {
    if (holds(slot, id, extended, part)) return &slot;
  }
  return nullptr;
}

}  // namespace ems::protocol
