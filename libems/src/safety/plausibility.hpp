// SPDX-License-Identifier: Apache-2.0
/// @file Private: does what a battery says make sense? Rules 17 and 42 .. 46.
///
/// In each cycle: observe(), then judge() beside the other rules, then obey() with the verdict. A
/// reset or another asset starts again from a default state.
#pragma once

#include "safety/rule_engine.hpp"

namespace ems::safety::detail {

/// Takes this cycle's samples in.
void observe(PlausibilityState& s, const Battery& b) noexcept;

/// Judges sum_of_cells, value_jump, values_frozen, power_mismatch, limit_disobeyed or
/// contactor_disagreement from what was observed.
///
/// @requirement SAF-018, SAF-080 .. SAF-084.
[[nodiscard]] Evaluation judge(Rule rule, const PlausibilityState& s, const Battery& b) noexcept;

/// Compares the measured current (power) with what the newest verdict and those before it allow.
///
/// A verdict that tightens is due after obey_after; one that widens, at once. So a device that
/// follows each limit within that time is never counted, however often the limit moves.
void obey(ObedienceState& s, const Battery& b, const BatteryVerdict& verdict) noexcept;
/// @param inverter  Position in the configuration; judged by its first battery's limits.
void obey(ObedienceState& s, const Site& site, std::size_t inverter,
          const InverterVerdict& verdict) noexcept;

/// So many times latch.
inline constexpr std::uint8_t kDisobeyedMax = 5;
[[nodiscard]] constexpr bool latches(const ObedienceState& s) noexcept {
  return s.times >= kDisobeyedMax;
}
/// True when the contactor has contradicted its command, or its current, for contactor_after.
[[nodiscard]] bool contactor_latches(const PlausibilityState& s, const Limits& limits) noexcept;

// Proofs for a reset, from this cycle's inputs alone; nullopt when they cannot be judged.

/// The contactor's feedback contradicts its command or the current; what safety ordered is not
/// asked here, because a reset takes that order back.
[[nodiscard]] std::optional<bool> contactor_contradicts(const Battery& b) noexcept;
/// More current (power) flows than what a device that was told 0 may have.
[[nodiscard]] std::optional<bool> flows(const Battery& b) noexcept;
/// @param b  One of the inverter's batteries: its limits say what counts as none.
[[nodiscard]] std::optional<bool> flows(const Battery& b, std::size_t inverter) noexcept;

/// The cells and the terminals disagree as they stand, whether or not they are of one moment: such
/// cells neither latch nor prove anything.
[[nodiscard]] bool contradicts(const Battery& b) noexcept;

}  // namespace ems::safety::detail
