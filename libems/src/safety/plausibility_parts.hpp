// SPDX-License-Identifier: Apache-2.0
/// @file Private: what the files of the plausibility rules share; each has an observe and a judge.
#pragma once

#include "safety/plausibility.hpp"

namespace ems::safety::detail {

constexpr void mark(std::uint8_t& bits, unsigned bit) noexcept {
  bits = static_cast<std::uint8_t>(bits | bit);
}

/// Runs `watch` on; a clock that went backwards lets it stand.
constexpr void run(Stopwatch& watch, const Site& site) noexcept {
  constexpr Duration kMost{std::numeric_limits<Stopwatch>::max()};
  const Duration passed = max_of(site.passed, Duration::zero());
  watch = static_cast<Stopwatch>(min_of(kMost, microseconds(watch) + passed).count());
}
/// Runs `watch` from the cycle on in which `now` began; else it is 0.
constexpr void run_while(bool now, bool& before, Stopwatch& watch, const Site& site) noexcept {
  if (now && before) {
    run(watch, site);
  } else {
    watch = 0;
  }
  before = now;
}

constexpr void widen(Extent& extent, const Extent& by) noexcept {
  extent.lo = std::min(extent.lo, by.lo);
  extent.hi = std::max(extent.hi, by.hi);
}
constexpr void widen(Extent& extent, std::int32_t value) noexcept {
  widen(extent, Extent{value, value});
}

[[nodiscard]] constexpr std::int64_t largest_current(const Limits& limits) noexcept {
  return max_of(limits.charge_current_max, limits.discharge_current_max).count();
}
/// Currents nearer than this to each other, or to a limit, are not told apart.
[[nodiscard]] constexpr std::int64_t margin(const Limits& limits) noexcept {
  const PlausibilityLimits& l = limits.plausibility;
  return std::max<std::int64_t>(l.obey_floor.count(),
                                share_of(largest_current(limits), l.obey_tolerance));
}

// PlausibilityState::seen.
inline constexpr std::uint8_t kSum = 1;
inline constexpr std::uint8_t kPackPower = 2;
inline constexpr std::uint8_t kAcPower = 4;
inline constexpr std::uint8_t kCommand = 8;

void observe_values(PlausibilityState& s, const Battery& b) noexcept;
void observe_sum(PlausibilityState& s, const Battery& b) noexcept;
void observe_power(PlausibilityState& s, const Battery& b) noexcept;
void observe_contactor(PlausibilityState& s, const Battery& b) noexcept;

[[nodiscard]] Evaluation judge_jump(const PlausibilityState& s, const Battery& b) noexcept;
[[nodiscard]] Evaluation judge_frozen(const PlausibilityState& s, const Battery& b) noexcept;
[[nodiscard]] Evaluation judge_sum(const PlausibilityState& s, const Battery& b) noexcept;
[[nodiscard]] Evaluation judge_power(const PlausibilityState& s, const Battery& b) noexcept;
[[nodiscard]] Evaluation judge_obedience(const PlausibilityState& s, const Battery& b) noexcept;
[[nodiscard]] Evaluation judge_contactor(const PlausibilityState& s, const Battery& b) noexcept;

}  // namespace ems::safety::detail
