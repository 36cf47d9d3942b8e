// SPDX-License-Identifier: Apache-2.0
/// @file A stop at a state of charge that does not flicker.
#pragma once

#include "ems/core/units.hpp"

namespace ems::decision {

/// At or above `stop`; once there, until `hysteresis` below it.
[[nodiscard]] constexpr bool reached_above(bool before, BasisPoints soc, BasisPoints stop,
                                           BasisPoints hysteresis) noexcept {
  return soc >= stop || (before && soc > stop - hysteresis);
}

/// At or below `stop`; once there, until `hysteresis` above it.
[[nodiscard]] constexpr bool reached_below(bool before, BasisPoints soc, BasisPoints stop,
                                           BasisPoints hysteresis) noexcept {
  return soc <= stop || (before && soc < stop + hysteresis);
}

[[nodiscard]] constexpr bool is_share(BasisPoints share) noexcept {
  return BasisPoints{} <= share && share <= BasisPoints{10'000};
}

}  // namespace ems::decision
