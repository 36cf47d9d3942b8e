// SPDX-License-Identifier: Apache-2.0
/// @file LONGEVITY preferences: what keeps cells young. Each shapes only what the levels above
/// leave open; none can stop what safety, the grid, a contract or a price asked for.
#pragma once

#include "ems/core/result.hpp"
#include "ems/decision/measured.hpp"
#include "ems/decision/policies.hpp"

namespace ems::decision {

// ---- comfort_band ------------------------------------------------------------------------------

struct ComfortBandConfig {
  BasisPoints soc_min{2'000};  ///< 0 <= soc_min < soc_max <= 10000.
  BasisPoints soc_max{8'000};
  BasisPoints taper{500};  ///< Inside the band, where power falls to 0; 0 .. half the band.
  Watt power{};            ///< What is let through where the taper begins: the site's rating; > 0.
  Watt restore{};  ///< Outside the band it asks to move back with up to this power; 0: it does not.
};

/// Prefers no charging at or above soc_max (by the fullest battery) and no discharging at or below
/// soc_min (by the emptiest); over `taper` before that, the power in that direction falls linearly
/// from `power` to 0. With `restore` the line goes on: over another `taper` outside the band it
/// comes to ask for up to `restore` W back into it.
///
/// Status: watching well inside the band, stale while the state of charge is unknown.
/// @thread_safety Pure function.
[[nodiscard]] PolicyOutput comfort_band(const ComfortBandConfig& config,
                                        const BatterySummary& batteries, Instant now) noexcept;

// ---- gentle_current ----------------------------------------------------------------------------

struct GentleCurrentConfig {
  Ratio charge_rate{500'000};     ///< Of the capacity per hour (C-rate, 1e-6); > 0.
  Ratio discharge_rate{500'000};  ///< > 0.
};

/// Prefers the band [-charge_rate, +discharge_rate] times the capacity, rounded towards 0.
///
/// Status: stale while the capacity is unknown (0).
/// @thread_safety Pure function.
[[nodiscard]] PolicyOutput gentle_current(const GentleCurrentConfig& config,
                                          const BatterySummary& batteries) noexcept;

// ---- gentle_temperature ------------------------------------------------------------------------

struct GentleTemperatureConfig {
  MilliCelsius cold_zero{0};       ///< No power at or below; cold_zero < cold_full <= hot_full.
  MilliCelsius cold_full{10'000};  ///< Comfortable from here,
  MilliCelsius hot_full{35'000};   ///< to here; hot_full < hot_zero.
  MilliCelsius hot_zero{45'000};   ///< No power at or above.
  Watt power{};                    ///< What is let through at the comfortable edge; > 0.
};

/// Prefers the band +-power times a share that falls linearly from 1 at the comfortable edge to 0,
/// by the coldest and the hottest cell, whichever leaves less.
///
/// Status: watching while comfortable, stale while a temperature is unknown.
/// @thread_safety Pure function.
[[nodiscard]] PolicyOutput gentle_temperature(const GentleTemperatureConfig& config,
                                              const BatterySummary& batteries,
                                              Instant now) noexcept;

/// Checks configurations. @errors out_of_range  the text names the field.
/// @thread_safety Pure functions.
[[nodiscard]] Result<void> validate(const ComfortBandConfig& config) noexcept;
[[nodiscard]] Result<void> validate(const GentleCurrentConfig& config) noexcept;
[[nodiscard]] Result<void> validate(const GentleTemperatureConfig& config) noexcept;

}  // namespace ems::decision
