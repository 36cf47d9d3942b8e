// SPDX-License-Identifier: Apache-2.0
/// @file A sample: a value, when it was taken, and how far to trust it. "Unknown" is
/// std::optional's nullopt, never a number.
#pragma once

#include <cstdint>
#include <string_view>

#include "ems/core/time.hpp"

namespace ems {

/// How far a value can be trusted, worst first. Only `good` and `substituted` may feed a safety
/// rule.
enum class Quality : std::uint8_t {
  bad = 0,          ///< The device says the value is wrong, or it failed a hard check.
  uncertain = 1,    ///< A physics check failed: it arrived intact, but cannot be believed.
  substituted = 2,  ///< Computed by libems from good values, not measured.
  good = 3,         ///< Measured and plausible.
};

[[nodiscard]] constexpr std::string_view to_string(Quality quality) noexcept {
  switch (quality) {
    case Quality::bad:
      return "bad";
    case Quality::uncertain:
      return "uncertain";
    case Quality::substituted:
      return "substituted";
    case Quality::good:
      return "good";
  }
  return "bad";
}

/// A typed value with its time and quality.
template <class Q>
struct Sample {
  Q value{};
  Instant taken_at{};  ///< Monotonic.
  Quality quality = Quality::good;
  friend constexpr bool operator==(const Sample&, const Sample&) noexcept = default;

  /// True when a safety rule may use it at `now`: trusted, not from the future, and younger than
  /// `stale_after`.
  [[nodiscard]] constexpr bool usable(Instant now, Duration stale_after) const noexcept {
    if (quality != Quality::good && quality != Quality::substituted) return false;
    if (taken_at > now) return false;  // A clock fault is a sensor fault.
    return now - taken_at < stale_after;
  }
};

}  // namespace ems
