// SPDX-License-Identifier: Apache-2.0
/// @file Private: the one state machine that every rule uses, and what it is fed with.
#pragma once

#include "safety/view.hpp"

namespace ems::safety::detail {

/// What a rule's input says in this cycle.
enum class Finding : std::uint8_t { missing, exceeded, band, good };

/// One rule's judgement of this cycle's input.
struct Evaluation {
  Finding finding = Finding::missing;
  Duration clear_after{};
  Signal signal{};
  std::int32_t value = 0;
  std::int32_t limit = 0;
  std::uint16_t element = 0;  ///< As in Reason.
  Duration trip_after{};
  std::int32_t share = kWhole;    ///< Of the largest current that a derate leaves.
  bool announce_missing = false;  ///< No other rule says that this input is missing.
};

/// Acts at the limit: `value == trip` has tripped, `value == clear` has not cleared.
template <class Q>
[[nodiscard]] constexpr Finding judge_upper(const Threshold<Q>& limit, Q value) noexcept {
  if (value >= limit.trip) return Finding::exceeded;
  return value >= limit.clear ? Finding::band : Finding::good;
}
template <class Q>
[[nodiscard]] constexpr Finding judge_lower(const Threshold<Q>& limit, Q value) noexcept {
  if (value <= limit.trip) return Finding::exceeded;
  return value <= limit.clear ? Finding::band : Finding::good;
}

/// Runs a timer (see RuleState::timer) on by `passed`, or starts it; true once it reached `needed`.
/// A clock that went backwards starts it again.
[[nodiscard]] constexpr bool timed(std::uint32_t& timer, Duration passed,
                                   Duration needed) noexcept {
  constexpr Duration kMost{std::numeric_limits<std::uint32_t>::max()};
  const bool runs = timer != 0 && passed >= Duration::zero();
  const Duration next = runs ? min_of(Duration{timer} + passed, kMost) : Duration{1};
  timer = static_cast<std::uint32_t>(next.count());
  return next > needed;
}

/// Advances one rule by one cycle. Missing makes it active at once, exceeded after `trip_after`;
/// only `clear_after` of uninterrupted good input clears it.
///
/// @param passed  Since the cycle before; negative: the clock went backwards.
constexpr void advance(RuleState& rule, const Evaluation& e, Duration passed) noexcept {
  const bool exceeded = e.finding == Finding::exceeded;
  const bool changing = rule.active ? e.finding == Finding::good : exceeded;
  if (!changing) {
    rule.timer = 0;
  } else if (timed(rule.timer, passed, rule.active ? e.clear_after : e.trip_after)) {
    rule.timer = 0;
    rule.active = !rule.active;
  }
  rule.active = rule.active || e.finding == Finding::missing;
  rule.exceeded = rule.active && (rule.exceeded || exceeded);
}

/// Position of a state in the order of severity: normal, derated, init, safe, tripped.
[[nodiscard]] constexpr int rank(SafetyState state) noexcept {
  constexpr std::int8_t kRanks[] = {2, 0, 1, 3, 4};  // By number of the state.
  return kRanks[static_cast<std::size_t>(state)];
}
[[nodiscard]] constexpr SafetyState worst(SafetyState a, SafetyState b) noexcept {
  return rank(a) < rank(b) ? b : a;
}

using Events = StaticVector<Event, kMaxEvents>;

/// Gives a raising or clearing event out when `active` differs from what was announced. When there
/// is no room, `announced` stays and the next cycle tries again.
inline void announce(Events& events, bool& announced, bool active, Event event,
                     std::int64_t value = 0) noexcept {
  if (announced == active) return;
  event.active = active;
  event.value = value;
  if (events.try_push_back(event)) announced = active;
}

}  // namespace ems::safety::detail
