// SPDX-License-Identifier: Apache-2.0
/// @file Private: does what a battery says make sense? Rules 17 and 42 .. 46.
///
/// In each cycle: observe(), then judge() beside the other rules, then obey() with the verdict. A
/// reset or another asset starts again from a default state.
#pragma once

#include <optional>

#include "safety/rule_engine.hpp"
#include "safety/values.hpp"

namespace ems::safety::detail {

/// Everything that these rules see of one battery.
struct PlausibilityContext {
  const Config& config;
  const Inputs& inputs;
  std::size_t index = 0;    ///< Of the battery.
  const BatteryInputs& in;  ///< Its own; an empty one when there is none.
  Instant now{};
  Duration passed{};  ///< Since the cycle before; 0 in the first one and after a clock fault.

  [[nodiscard]] const BatteryConfig& battery() const noexcept { return config.batteries[index]; }
  [[nodiscard]] const Limits& limits() const noexcept { return battery().limits; }
  /// What is usable of one of the battery's inputs.
  template <class Q>
  [[nodiscard]] std::optional<std::int32_t> value(const OptionalInput<Q>& input) const noexcept {
    return value_of(input, limits(), now);
  }
};

/// Takes this cycle's samples in.
void observe(PlausibilityState& state, const PlausibilityContext& context) noexcept;

/// Judges sum_of_cells, value_jump, values_frozen, power_mismatch, limit_disobeyed or
/// contactor_disagreement from what was observed.
///
/// @requirement SAF-018, SAF-080 .. SAF-084.
[[nodiscard]] Evaluation judge(Rule rule, const PlausibilityState& state,
                               const PlausibilityContext& context) noexcept;

/// Compares the measured current (power) with what the newest verdict and those before it allow.
///
/// A verdict that tightens is due after obey_after; one that widens, at once. So a device that
/// follows each limit within that time is never counted, however often the limit moves.
void obey(PlausibilityState& state, const PlausibilityContext& context,
          const BatteryVerdict& verdict) noexcept;
/// @param inverter  Position in the configuration.
void obey(ObedienceState& state, const Config& config, std::size_t inverter,
          const InverterInputs& in, const InverterVerdict& verdict, Instant now,
          Duration passed) noexcept;

/// So many times latch.
inline constexpr std::uint8_t kDisobeyedMax = 5;
[[nodiscard]] constexpr bool latches(const ObedienceState& state) noexcept {
  return state.times >= kDisobeyedMax;
}
/// True when the contactor has contradicted its command, or its current, for contactor_after.
[[nodiscard]] bool contactor_latches(const PlausibilityState& state, const Limits& limits) noexcept;

// Proofs for a reset, from this cycle's inputs alone; nullopt when they cannot be judged.

/// The contactor's feedback contradicts its command or the current; what safety ordered is not
/// asked here, because a reset takes that order back.
[[nodiscard]] std::optional<bool> contactor_contradicts(const BatteryInputs& in,
                                                        const Limits& limits, Instant now) noexcept;
/// More current (power) flows than what a device that was told 0 may have.
[[nodiscard]] std::optional<bool> flows(const BatteryInputs& in, const Limits& limits,
                                        Instant now) noexcept;
[[nodiscard]] std::optional<bool> flows(const InverterInputs& in, const InverterConfig& inverter,
                                        const Limits& limits, Instant now) noexcept;

/// The cells and the terminals disagree as they stand, whether or not they are of one moment: such
/// cells neither latch nor prove anything.
[[nodiscard]] bool contradicts(const CellSum& sum, const Limits& limits, Instant now) noexcept;

}  // namespace ems::safety::detail
