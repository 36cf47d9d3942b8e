// SPDX-License-Identifier: Apache-2.0
/// @file Private: the one state machine that every hysteretic rule uses.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "ems/safety/kernel.hpp"

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

/// Runs a rule's timer on by `passed`, or starts it; true once it reached `needed`.
[[nodiscard]] constexpr bool timed(RuleState& rule, Duration passed, Duration needed) noexcept {
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  const std::int64_t before = rule.timing ? rule.timer : 0;
  const std::int64_t sum = rule.timing ? before + passed.count() : 0;
  rule.timer = static_cast<std::uint32_t>(sum < kMost ? sum : kMost);
  rule.timing = true;
  return rule.timer >= needed.count();
}

/// Advances one rule by one cycle. Missing makes it active at once, exceeded after `trip_after`;
/// only `clear_after` of uninterrupted good input clears it.
///
/// @param passed  Time since the cycle before; below 0 (a clock fault) the timer starts again.
constexpr void advance(RuleState& rule, const Evaluation& evaluation, Duration passed) noexcept {
  const bool exceeded = evaluation.finding == Finding::exceeded;
  const bool timing = rule.active ? evaluation.finding == Finding::good : exceeded;
  if (!timing || passed < Duration::zero()) rule.timing = false;
  if (timing && timed(rule, passed, rule.active ? evaluation.clear_after : evaluation.trip_after)) {
    rule = {.active = !rule.active, .announced = rule.announced};
  }
  rule.active = rule.active || evaluation.finding == Finding::missing;
  rule.exceeded = rule.active && (rule.exceeded || exceeded);
}

/// True when a trip threshold that latches is reached; nullopt when the input cannot be judged.
[[nodiscard]] std::optional<bool> latch_reached(TripCause cause, const Limits& limits,
                                                const BatteryInputs& in, Instant now) noexcept;

/// Everything that one battery's rules see.
struct BatteryContext {
  const BatteryConfig& config;
  const BatteryInputs& in;
  Instant now{};
  Duration passed{};    ///< Since the cycle before; negative: the clock went backwards.
  bool grace = false;   ///< Still within start_grace.
  bool forbid = false;  ///< The site forbids all power (late, tripped).
  bool tripped = false;
};

/// Advances all rules of one battery and works out its dc limits and reasons.
///
/// @param state    Of this battery, or a fresh one; becomes the next.
/// @param verdict  A fresh one; receives this cycle's.
void step_battery(BatteryState& state, BatteryVerdict& verdict,
                  const BatteryContext& context) noexcept;

/// Position of a state in the order of severity: normal, derated, init, safe, tripped.
[[nodiscard]] constexpr int rank(SafetyState state) noexcept {
  switch (state) {
    case SafetyState::normal:
      return 0;
    case SafetyState::derated:
      return 1;
    case SafetyState::init:
      return 2;
    case SafetyState::safe:
      return 3;
    case SafetyState::tripped:
      return 4;
  }
  return 4;
}
[[nodiscard]] constexpr SafetyState worst(SafetyState a, SafetyState b) noexcept {
  return rank(a) < rank(b) ? b : a;
}

/// Everything that one inverter's envelope is made of.
struct InverterContext {
  const Config& config;
  std::size_t index = 0;
  const Inputs& inputs;
  const StaticVector<BatteryVerdict, kMaxBatteries>& batteries;
  std::optional<Instant> tripped_since{};  ///< Earliest trip that concerns it.
  Instant now{};
};

/// The ac interval and the strongest command of one inverter.
[[nodiscard]] InverterVerdict envelope(const InverterContext& context) noexcept;

/// The entry at `index`, if it is there and names `asset`; else nullptr.
template <class T>
[[nodiscard]] const T* matching(std::span<const T> inputs, std::size_t index,
                                AssetId asset) noexcept {
  if (index >= inputs.size() || inputs[index].asset != asset) return nullptr;
  return &inputs[index];
}

}  // namespace ems::safety::detail
