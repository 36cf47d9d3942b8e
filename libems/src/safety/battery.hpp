// SPDX-License-Identifier: Apache-2.0
/// @file Private: all rules of one battery, its latching thresholds, and its inverters' envelope.
#pragma once

#include <optional>

#include "safety/plausibility.hpp"
#include "safety/rule_engine.hpp"
#include "safety/values.hpp"

namespace ems::safety::detail {

/// Everything that one battery's rules see.
struct BatteryContext {
  const BatteryConfig& config;
  const Values& values;
  const PlausibilityContext& plausibility;
  Duration passed{};     ///< Since the cycle before; negative: the clock went backwards.
  bool grace = false;    ///< Still within start_grace.
  bool forbid = false;   ///< The site forbids all power (late).
  bool tripped = false;  ///< Something latched concerns this battery.
};

/// Advances all rules of one battery and works out its dc limits, reasons and events.
///
/// @param state    Of this battery, with its plausibility observed; becomes the next.
/// @param verdict  A fresh one; receives this cycle's.
void step_battery(BatteryState& state, BatteryVerdict& verdict, Events& events,
                  const BatteryContext& context) noexcept;

/// The causes that a battery's own values give: second thresholds and hazards.
inline constexpr TripCause kFirstOwnCause = TripCause::cell_overvoltage;
inline constexpr TripCause kLastOwnCause = TripCause::insulation;

/// True when a latching threshold is reached or a hazard there; nullopt when it cannot be judged.
/// @pre cause is kFirstOwnCause .. kLastOwnCause.
[[nodiscard]] std::optional<bool> latch_reached(TripCause cause, const Limits& limits,
                                                const Values& values, const BatteryInputs& in,
                                                Instant now) noexcept;

/// True when every own cause of this battery is known to be gone; a hazard that has no input here
/// does not count.
[[nodiscard]] bool all_clear(const BatteryConfig& config, const BatteryInputs& in,
                             Instant now) noexcept;

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

/// True when Config::batteries[battery] feeds this inverter.
[[nodiscard]] constexpr bool feeds(const InverterConfig& inverter, std::size_t battery) noexcept {
  return (static_cast<unsigned>(inverter.batteries) >> battery & 1U) != 0;
}

}  // namespace ems::safety::detail
