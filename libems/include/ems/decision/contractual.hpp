// SPDX-License-Identifier: Apache-2.0
/// @file CONTRACTUAL: what was agreed with the operator, the supplier and people. Constraints first
/// (dimming, import_limit, export_limit, demand_limit, backup_reserve), then preferences (setpoint,
/// remote_setpoint, schedule).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "ems/core/result.hpp"
#include "ems/decision/calendar.hpp"
#include "ems/decision/commands.hpp"
#include "ems/decision/measured.hpp"
#include "ems/decision/net_load.hpp"
#include "ems/decision/policies.hpp"

namespace ems::decision {

// ---- dimming -----------------------------------------------------------------------------------

/// Charging limited by the grid operator on command (par. 14a EnWG, EEBUS LPC).
struct DimmingConfig {
  Watt failsafe{4'200};                    ///< Charging allowed once no command lives; >= 0.
  Duration failsafe_min = seconds(7'200);  ///< For at least this long; > 0.
  Watt protective{4'200};                  ///< After that, until the next command; >= 0.
  Duration lease_max = seconds(120);       ///< A longer lease ends here after given_at; > 0.
};

struct DimmingState {
  std::optional<Instant> failsafe_since{};  ///< No command lives since then.
  friend constexpr bool operator==(const DimmingState&, const DimmingState&) noexcept = default;
};

struct DimmingStep {
  DimmingState state;
  PolicyOutput output;
};

/// Lets the batteries charge with at most what the living command says; a living command without
/// charge_max dims nothing. Without a living command, which includes the time before the first one,
/// the failsafe value holds for failsafe_min, then the protective value: never unlimited because
/// nobody spoke.
///
/// @thread_safety Pure function.
[[nodiscard]] DimmingStep dimming(const DimmingState& state, const DimmingConfig& config,
                                  const std::optional<LimitCommand>& command, Instant now) noexcept;

// ---- import_limit: peak shaving ----------------------------------------------------------------

struct ImportLimitConfig {
  Watt limit{};     ///< Largest import at the PCC; >= 0.
  Duration hold{};  ///< Lease of a target: how long a discharge is held once inputs are stale; > 0.
};

/// What is held while the meter cannot be seen.
struct HoldState {
  std::optional<Instant> fresh_at{};  ///< Last cycle with good inputs.
  std::optional<Watt> held{};         ///< Discharge being held; >= 0. Present only while stale.
  friend constexpr bool operator==(const HoldState&, const HoldState&) noexcept = default;
};
using ImportLimitState = HoldState;

struct ImportLimitStep {
  ImportLimitState state;
  PolicyOutput output;
};

/// Asks for at least `net load - limit`: discharge when the site would import more, and never more
/// charging than the limit leaves room for.
///
/// On stale input it asks for exactly what was last commanded if that was a discharge, else 0 W,
/// until `hold` after the last cycle with good inputs; then for exactly 0 W.
///
/// @param net_load  From net_load(); nullopt means stale.
/// @param gated     Sum of the commands that last left the safety gate, W at ac; nullopt: none yet.
/// @thread_safety   Pure function.
[[nodiscard]] ImportLimitStep import_limit(const ImportLimitState& state,
                                           const ImportLimitConfig& config,
                                           const std::optional<NetLoad>& net_load,
                                           const std::optional<Sample<Watt>>& gated,
                                           Instant now) noexcept;

// ---- export_limit ------------------------------------------------------------------------------

struct ExportLimitConfig {
  Watt limit{};  ///< Largest export at the PCC; >= 0.
};

/// Asks for at most `net load + limit`: charging when the site would export more, and never more
/// discharge than the limit leaves room for. On stale input: no discharging.
///
/// @param net_load  From net_load(); nullopt means stale.
/// @thread_safety   Pure function.
[[nodiscard]] PolicyOutput export_limit(const ExportLimitConfig& config,
                                        const std::optional<NetLoad>& net_load) noexcept;

// ---- demand_limit ------------------------------------------------------------------------------

struct DemandLimitConfig {
  Watt limit{};       ///< Largest mean import over a window; 0 .. kDemandMax.
  Watt import_max{};  ///< Largest import at any moment: the connection's; limit .. kDemandMax.
  Duration window = seconds(900);  ///< 60 s .. 1 h, a whole part of a day.
  Duration offset{};  ///< Windows begin at UTC midnight + offset + n * window; 0 .. < window.
  Duration hold{};    ///< As ImportLimitConfig::hold; > 0.
  /// The import allowed rises, and before the end of a window falls, by at most `limit` in this
  /// time, so that no window begins with a step; 1 s .. window / 2.
  Duration glide = seconds(60);
};
inline constexpr Watt kDemandMax{std::int32_t{1} << 27};

using WattMicrosecond = Quantity<struct WattMicrosecondTag, std::int64_t>;

/// The window so far.
struct DemandLimitState {
  std::optional<UtcInstant> window_start{};  ///< Absent while the clock is unset.
  std::optional<Instant> stepped_at{};       ///< Last step.
  WattMicrosecond credit{};  ///< Imported less (+) or more than at the limit, by the power samples.
  std::optional<WattHour> counter{};  ///< The meter's counter when first seen in the window.
  WattMicrosecond counter_offset{};   ///< Its credit then, less what the limit allowed until then.
  bool by_counter = false;            ///< The counter said more than the samples in this window.
  Watt allowed{};                     ///< The import allowed at the last step.
  HoldState hold{};
  friend constexpr bool operator==(const DemandLimitState&,
                                   const DemandLimitState&) noexcept = default;
};

/// The window as the record shows it.
struct DemandWindow {
  UtcInstant start{};
  Duration left{};
  WattHour energy{};        ///< Imported so far, unseen time counted as at the limit; rounded up.
  bool by_counter = false;  ///< The meter's counter said more than the samples of its power.
  Watt allowed{};           ///< Import that may flow now.
  friend constexpr bool operator==(const DemandWindow&, const DemandWindow&) noexcept = default;
};

struct DemandLimitStep {
  DemandLimitState state;
  PolicyOutput output;
  std::optional<DemandWindow> window;  ///< Absent while the clock is unset.
};

/// Asks for at least `net load - allowed`, where `allowed` is the import that may flow for the rest
/// of the window so that its mean ends at the limit.
///
/// Energy so far is the sum of the meter's power samples; time without a usable sample counts as at
/// the limit. Where the meter's counter is given too, whichever says more wins, for good in this
/// window. `allowed` is within
/// 0 .. import_max, and glides (see DemandLimitConfig::glide). With the clock unset it is the limit
/// itself. On stale net load it holds as import_limit does.
///
/// @param pcc       The meter's power, + imports. Export does not lower a window's energy.
/// @param counter   The meter's import counter; absent where it has none.
/// @thread_safety   Pure function.
[[nodiscard]] DemandLimitStep demand_limit(const DemandLimitState& state,
                                           const DemandLimitConfig& config,
                                           const std::optional<NetLoad>& net_load,
                                           const MeasuredPower& pcc,
                                           const Measured<WattHour>& counter, const WallTime& wall,
                                           const std::optional<Sample<Watt>>& gated,
                                           Instant now) noexcept;

// ---- backup_reserve ----------------------------------------------------------------------------

struct BackupReserveConfig {
  BasisPoints reserve{};        ///< Kept for an outage; 0 .. 10 000.
  BasisPoints hysteresis{200};  ///< Discharging comes back this far above; 0 .. 10 000.
};

struct BackupReserveState {
  bool reached = false;  ///< At the reserve, and not yet back above it by the hysteresis.
  friend constexpr bool operator==(const BackupReserveState&,
                                   const BackupReserveState&) noexcept = default;
};

struct BackupReserveStep {
  BackupReserveState state;
  PolicyOutput output;
};

/// No discharging at or below the reserve, while the grid is there. The site's stored energy
/// counts, not each battery's. Unknown state of charge: no discharging. Without the grid it does
/// not apply; an unknown grid counts as there.
///
/// @thread_safety Pure function.
[[nodiscard]] BackupReserveStep backup_reserve(const BackupReserveState& state,
                                               const BackupReserveConfig& config,
                                               const Measured<BasisPoints>& soc,
                                               const Measured<bool>& grid_connected,
                                               Instant now) noexcept;

// ---- setpoint and remote_setpoint --------------------------------------------------------------

struct SetpointConfig {
  Duration lease_max{};  ///< A longer lease ends here after given_at; > 0.
};

/// Prefers exactly the asked power while the lease lives; abstains before and after.
///
/// @param policy   setpoint or remote_setpoint.
/// @thread_safety  Pure function.
[[nodiscard]] PolicyOutput setpoint(PolicyId policy, const SetpointConfig& config,
                                    const std::optional<SetpointCommand>& command,
                                    Instant now) noexcept;

// ---- schedule ----------------------------------------------------------------------------------

/// A power agreed on for a time: from <= t < to.
struct ScheduleEntry {
  UtcInstant from{};
  UtcInstant to{};
  Watt power{};  ///< Of all batteries together, at ac; + discharges.
  friend constexpr bool operator==(const ScheduleEntry&, const ScheduleEntry&) noexcept = default;
};

/// Checks a schedule before the first step() that gets it.
///
/// @errors out_of_range  an entry that ends before it begins, or begins before the one before it
///                       ends; offset: the entry's index (65 535 and above: 65 535).
/// @thread_safety Pure function.
[[nodiscard]] Result<void> validate(std::span<const ScheduleEntry> schedule) noexcept;

/// The entry in force at `utc`; nullptr when there is none. O(log n).
[[nodiscard]] const ScheduleEntry* find_entry(std::span<const ScheduleEntry> schedule,
                                              UtcInstant utc) noexcept;

/// The schedule has no settings of its own.
struct ScheduleConfig {};

/// Prefers exactly the power of the entry in force; abstains between entries and while the clock is
/// unset.
///
/// @pre           validate(schedule) succeeded.
/// @thread_safety Pure function.
[[nodiscard]] PolicyOutput schedule(std::span<const ScheduleEntry> schedule,
                                    const WallTime& wall) noexcept;

/// Check configurations. @errors out_of_range  the text names the field.
/// @thread_safety Pure functions.
[[nodiscard]] Result<void> validate(const DimmingConfig& config) noexcept;
[[nodiscard]] Result<void> validate(const ImportLimitConfig& config) noexcept;
[[nodiscard]] Result<void> validate(const ExportLimitConfig& config) noexcept;
[[nodiscard]] Result<void> validate(const DemandLimitConfig& config) noexcept;
[[nodiscard]] Result<void> validate(const BackupReserveConfig& config) noexcept;

}  // namespace ems::decision
