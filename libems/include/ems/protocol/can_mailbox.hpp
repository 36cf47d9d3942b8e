// SPDX-License-Identifier: Apache-2.0
/// @file The memory of a CAN conversation: the newest frame of each identifier, so that codecs can
/// stay stateless. Questions that one frame cannot answer (a name in two parts, a latched event,
/// which dialect is spoken) are answered from here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ems/core/static_vector.hpp"
#include "ems/core/time.hpp"
#include "ems/protocol/can_frame.hpp"

namespace ems::protocol {

/// Identifiers one mailbox can hold; no codec uses more.
inline constexpr std::size_t kCanMailboxSize = 64;

/// What is kept of one identifier.
struct CanSlot {
  CanFrame frame{};        ///< The newest.
  Instant received_at{};   ///< When it came.
  std::uint64_t note = 0;  ///< The codec's own: latched bits, progress of a multiplexed message.
  std::uint16_t part = 0;  ///< Of a multiplexed message.
};

/// A fixed table with one slot per identifier (and part, where a codec keeps the parts of a
/// multiplexed message).
///
/// Only the codec fills it, and only with identifiers of its own protocol, so foreign traffic on
/// the bus takes no room. Overflow rule: when all slots are taken, a frame with a further
/// identifier is not kept (put() gives nullptr); nothing known is pushed out.
///
/// @memory        kCanMailboxSize slots, inline (about 2 kB); never allocates.
/// @thread_safety Not synchronised: one strand drives it.
class CanMailbox {
 public:
  /// Keeps `frame` as the newest of its identifier; the identifier's note stays.
  /// @return  Its slot, valid until clear(); nullptr when the table is full.
  CanSlot* put(const CanFrame& frame, Instant now, std::uint16_t part = 0) noexcept;
  /// The slot of an identifier; nullptr when none of its frames came yet.
  [[nodiscard]] const CanSlot* find(std::uint32_t id, bool extended = false,
                                    std::uint16_t part = 0) const noexcept;
  /// All of them, in the order in which they were first filled.
  [[nodiscard]] std::span<const CanSlot> slots() const noexcept { return slots_.view(); }
  /// Forgets everything, notes included: another conversation begins.
  void clear() noexcept { slots_.clear(); }
  [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }

 private:
  StaticVector<CanSlot, kCanMailboxSize> slots_{};
};

}  // namespace ems::protocol
