// SPDX-License-Identifier: Apache-2.0
/// @file GRID_CODE: what the law of the grid asks for. All three are constraints, in this order.
#pragma once

#include <cstdint>
#include <optional>

#include "ems/core/result.hpp"
#include "ems/decision/commands.hpp"
#include "ems/decision/measured.hpp"
#include "ems/decision/policies.hpp"

namespace ems::decision {

// ---- active_power_limit ------------------------------------------------------------------------

/// Each side has a value in `configured`, `fallback` or both: losing a command never leaves it
/// open.
struct ActivePowerLimitConfig {
  PowerLimits configured{};  ///< Always in force; a command can only tighten it.
  PowerLimits fallback{};    ///< In force while no command is.
  Duration lease_max{};      ///< A longer lease ends here after given_at; > 0.
};

/// Keeps the batteries' power inside what the operator allows: the configured limits, and with them
/// the command's while its lease lives, else the fallback's. Never abstains.
///
/// So an operator that commands must go on doing so; one that only speaks now and then gets a
/// `fallback` like `configured`.
///
/// @thread_safety Pure function.
[[nodiscard]] PolicyOutput active_power_limit(const ActivePowerLimitConfig& config,
                                              const std::optional<LimitCommand>& command,
                                              Instant now) noexcept;

// ---- frequency_droop ---------------------------------------------------------------------------

/// What the grid's frequency should be and how power answers. All of it follows from f_nom.
struct GridProfile {
  MilliHertz f_nom{50'000};       ///< 40 000 .. 70 000.
  MilliHertz deadband_over{50};   ///< Above f_nom nothing happens up to here; 1 .. f_nom / 20.
  MilliHertz deadband_under{50};  ///< The same below.
  /// Share of f_nom over which power moves by the reference power; 100 .. 2000 bp (5 % = 500 bp).
  BasisPoints droop{500};
  /// Back inside the deadband for this long ends the answer; >= 0. Until then it stays where the
  /// edge of the deadband left it.
  Duration release_after = seconds(10);
  /// Oldest frequency that is acted on: the part of the response time that measuring may take; > 0.
  Duration response = seconds(2);
  friend constexpr bool operator==(const GridProfile&, const GridProfile&) noexcept = default;
};

/// IEEE 1547-2018, category I to III defaults: 60 Hz, +-36 mHz, 5 %.
/// @source IEEE 1547-2018, 6.5.2.7, table 24.
inline constexpr GridProfile kIeee1547{.f_nom = MilliHertz{60'000},
                                       .deadband_over = MilliHertz{36},
                                       .deadband_under = MilliHertz{36},
                                       .droop = BasisPoints{500},
                                       .release_after = seconds(10),
                                       .response = seconds(5)};
/// EN 50549 LFSM-O and LFSM-U: 50 Hz, from 50.2 and 49.8 Hz, 5 %: 40 % of the reference per Hz.
/// @source EN 50549-1/-2, 4.6.1 and 4.6.2, defaults.
inline constexpr GridProfile kEn50549{.f_nom = MilliHertz{50'000},
                                      .deadband_over = MilliHertz{200},
                                      .deadband_under = MilliHertz{200},
                                      .droop = BasisPoints{500},
                                      .release_after = seconds(10),
                                      .response = seconds(2)};

struct FrequencyDroopConfig {
  GridProfile grid{};
  Watt
      reference{};  ///< Power that one `droop` of frequency moves; > 0. Usually the plant's rating.
};

/// Which side of the deadband is being answered.
enum class FrequencySide : std::uint8_t { inside = 0, over = 1, under = 2 };

struct FrequencyDroopState {
  FrequencySide side = FrequencySide::inside;
  Watt start{};                           ///< Power when the deadband was left.
  std::optional<Instant> inside_since{};  ///< Back inside or unseen, not yet released.
  friend constexpr bool operator==(const FrequencyDroopState&,
                                   const FrequencyDroopState&) noexcept = default;
};

struct FrequencyDroopStep {
  FrequencyDroopState state;
  PolicyOutput output;
};

/// Above the deadband asks for at most, below it for at least, the power measured when the deadband
/// was left, moved by reference * (distance from the deadband's edge) / (droop * f_nom).
///
/// Continuous at the edge. Back inside it asks for the power of the edge until `release_after` has
/// passed; leaving on the other side starts anew. Without a usable frequency, or with one more than
/// 10 % from f_nom, it abstains; what was left is forgotten after `release_after` too, so a gap in
/// the measuring does not answer its own answer. Without knowing the power to start from it
/// abstains.
///
/// @param power  Of all batteries at ac, measured; where that is not usable, what was last gated.
/// @thread_safety Pure function.
[[nodiscard]] FrequencyDroopStep frequency_droop(const FrequencyDroopState& state,
                                                 const FrequencyDroopConfig& config,
                                                 const Measured<MilliHertz>& frequency,
                                                 const std::optional<Watt>& power,
                                                 Instant now) noexcept;

/// True when droop may act on `frequency`: usable, no older than `response`, and that of a grid.
[[nodiscard]] bool usable(const GridProfile& grid, const Measured<MilliHertz>& frequency,
                          Instant now) noexcept;

// ---- ramp --------------------------------------------------------------------------------------

struct RampConfig {
  Watt up_per_s{};    ///< Towards discharging; > 0.
  Watt down_per_s{};  ///< Towards charging; > 0.
  /// No step is larger than this much time allows, however long nobody decided; > 0.
  Duration step_max = seconds(1);
};

struct RampState {
  std::int32_t up_rest_uw = 0;    ///< Microwatts of a step up that was not a whole watt.
  std::int32_t down_rest_uw = 0;  ///< The same down.
  friend constexpr bool operator==(const RampState&, const RampState&) noexcept = default;
};

struct RampStep {
  RampState state;
  PolicyOutput output;
};

/// Asks for a power no farther from `from` than the rates allow in the time since then. Where
/// safety, a limit or the frequency has already asked for more, the engine's rule makes it give way
/// at once.
///
/// @param from  The last gated set-point; where there is none, the measured power; else it
///              abstains.
/// @thread_safety Pure function.
[[nodiscard]] RampStep ramp(const RampState& state, const RampConfig& config,
                            const std::optional<Sample<Watt>>& from, Instant now) noexcept;

/// Check configurations. @errors out_of_range  the text names the field.
/// @thread_safety Pure functions.
[[nodiscard]] Result<void> validate(const ActivePowerLimitConfig& config) noexcept;
[[nodiscard]] Result<void> validate(const GridProfile& grid) noexcept;
[[nodiscard]] Result<void> validate(const FrequencyDroopConfig& config) noexcept;
[[nodiscard]] Result<void> validate(const RampConfig& config) noexcept;

}  // namespace ems::decision
