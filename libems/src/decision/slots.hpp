// SPDX-License-Identifier: Apache-2.0
/// @file Tables by time: which slot is it now, and where is the one that is wrong.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "ems/core/time.hpp"

namespace ems::decision {

/// The last slot that starts at or before `utc`; nullptr when there is none. O(log n).
/// @pre by start.
template <class Slot>
[[nodiscard]] const Slot* slot_at(std::span<const Slot> slots, UtcInstant utc) noexcept {
  const auto after =
      std::upper_bound(slots.begin(), slots.end(), utc,
                       [](UtcInstant t, const Slot& slot) { return t < slot.start; });
  return after == slots.begin() ? nullptr : &*(after - 1);
}

/// A place in a list as an error's offset.
[[nodiscard]] constexpr std::uint16_t offset_of(std::size_t place) noexcept {
  return static_cast<std::uint16_t>(std::min<std::size_t>(place, 0xFFFF));
}

}  // namespace ems::decision
