// SPDX-License-Identifier: Apache-2.0
/// @file Private: what the files of the plausibility rules share; each has an observe and a judge.
#pragma once

#include <algorithm>
#include <limits>

#include "safety/plausibility.hpp"

namespace ems::safety::detail {

constexpr std::int32_t narrow(std::int64_t value) noexcept {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>(std::clamp(value, -kMost, kMost));
}
constexpr std::int64_t share_of(std::int64_t whole, BasisPoints share) noexcept {
  return whole * share.count() / kWholeShare;
}

constexpr void mark(std::uint8_t& bits, unsigned bit) noexcept {
  bits = static_cast<std::uint8_t>(bits | bit);
}

constexpr void run(Stopwatch& watch, Duration passed) noexcept {
  constexpr Duration kMost{std::numeric_limits<Stopwatch>::max()};
  watch = static_cast<Stopwatch>(min_of(kMost, microseconds(watch) + passed).count());
}

constexpr void widen(Extent& extent, const Extent& by) noexcept {
  extent.lo = std::min(extent.lo, by.lo);
  extent.hi = std::max(extent.hi, by.hi);
}
constexpr void widen(Extent& extent, std::int32_t value) noexcept {
  widen(extent, Extent{value, value});
}

/// What is not under `clear` is in the band, what is not under `trip` has tripped.
constexpr Finding judge_upper(std::int64_t value, std::int64_t trip, std::int64_t clear) noexcept {
  return judge_upper(Threshold<std::int64_t>{trip, clear}, value);
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

void observe_values(PlausibilityState& state, const PlausibilityContext& context) noexcept;
void observe_sum(PlausibilityState& state, const PlausibilityContext& context) noexcept;
void observe_power(PlausibilityState& state, const PlausibilityContext& context) noexcept;
void observe_contactor(PlausibilityState& state, const PlausibilityContext& context) noexcept;

[[nodiscard]] Evaluation judge_jump(const PlausibilityState& state,
                                    const PlausibilityContext& context) noexcept;
[[nodiscard]] Evaluation judge_frozen(const PlausibilityState& state,
                                      const PlausibilityContext& context) noexcept;
[[nodiscard]] Evaluation judge_sum(const PlausibilityState& state,
                                   const PlausibilityContext& context) noexcept;
[[nodiscard]] Evaluation judge_power(const PlausibilityState& state,
                                     const PlausibilityContext& context) noexcept;
[[nodiscard]] Evaluation judge_obedience(const PlausibilityState& state,
                                         const PlausibilityContext& context) noexcept;
[[nodiscard]] Evaluation judge_contactor(const PlausibilityState& state,
                                         const PlausibilityContext& context) noexcept;

}  // namespace ems::safety::detail
