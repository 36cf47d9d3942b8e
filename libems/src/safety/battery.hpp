// SPDX-License-Identifier: Apache-2.0
/// @file Private: all rules of one battery, its latching thresholds, and its inverters' envelope.
#pragma once

#include "safety/plausibility.hpp"
#include "safety/values.hpp"

namespace ems::safety::detail {

/// What the site says of one battery in this cycle.
struct Standing {
  bool grace = false;    ///< Still within start_grace.
  bool forbid = false;   ///< The site forbids all power (late).
  bool tripped = false;  ///< Something latched concerns this battery.
};

/// Advances all rules of one battery and works out its dc limits, reasons and events.
///
/// @param state    Of this battery, with its plausibility observed; becomes the next.
/// @param verdict  A fresh one; receives this cycle's.
void step_battery(BatteryState& state, BatteryVerdict& verdict, Events& events, const Battery& b,
                  const Values& values, const Standing& standing) noexcept;

/// The causes that a battery's own values give: second thresholds and hazards.
inline constexpr TripCause kFirstOwnCause = TripCause::cell_overvoltage;
inline constexpr TripCause kLastOwnCause = TripCause::insulation;

/// True when a latching threshold is reached or a hazard there; nullopt when it cannot be judged.
/// @pre cause is kFirstOwnCause .. kLastOwnCause.
[[nodiscard]] std::optional<bool> latch_reached(TripCause cause, const Battery& b,
                                                const Values& values) noexcept;

/// True when what tripped this battery is known to be gone.
/// @pre cause is an own one, contactor or limit_disobeyed.
[[nodiscard]] bool cleared(TripCause cause, const Battery& b) noexcept;

/// True when every own cause of this battery is known to be gone; a hazard that has no input here
/// does not count.
[[nodiscard]] bool all_clear(const Battery& b) noexcept;

/// The ac interval and the strongest command of one inverter.
///
/// @param index          Of the inverter.
/// @param batteries      This cycle's verdicts.
/// @param tripped_since  Earliest trip that concerns it.
[[nodiscard]] InverterVerdict envelope(const Site& site, std::size_t index,
                                       std::span<const BatteryVerdict> batteries,
                                       std::optional<Instant> tripped_since) noexcept;

}  // namespace ems::safety::detail
