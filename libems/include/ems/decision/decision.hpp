// SPDX-License-Identifier: Apache-2.0
/// @file One decision: all policies of a site and the engine, behind one pure step().
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/decision/calendar.hpp"
#include "ems/decision/commands.hpp"
#include "ems/decision/contractual.hpp"
#include "ems/decision/economic.hpp"
#include "ems/decision/engine.hpp"
#include "ems/decision/grid_code.hpp"
#include "ems/decision/longevity.hpp"
#include "ems/decision/measured.hpp"
#include "ems/decision/net_load.hpp"
#include "ems/decision/plan.hpp"
#include "ems/decision/policies.hpp"

namespace ems::decision {

/// An absent policy is disabled.
struct Config {
  NetLoadConfig net_load{};
  std::optional<ActivePowerLimitConfig> active_power_limit{};
  std::optional<FrequencyDroopConfig> frequency_droop{};
  std::optional<RampConfig> ramp{};
  std::optional<DimmingConfig> dimming{};
  std::optional<ImportLimitConfig> import_limit{};
  std::optional<ExportLimitConfig> export_limit{};
  std::optional<DemandLimitConfig> demand_limit{};
  std::optional<BackupReserveConfig> backup_reserve{};
  std::optional<SetpointConfig> setpoint{};
  std::optional<SetpointConfig> remote_setpoint{};
  std::optional<ScheduleConfig> schedule{};
  std::optional<ZeroExportConfig> zero_export{};
  std::optional<PlanConfig> plan{};
  std::optional<TimeOfUseConfig> time_of_use{};
  std::optional<PriceConfig> price{};
  std::optional<SelfConsumptionConfig> self_consumption{};
  std::optional<ComfortBandConfig> comfort_band{};
  std::optional<GentleCurrentConfig> gentle_current{};
  std::optional<GentleTemperatureConfig> gentle_temperature{};
};

/// Checks a configuration before the first step().
///
/// @errors out_of_range  a limit or deadband below 0, or a duration not above 0; the text names it.
/// @thread_safety Pure function.
[[nodiscard]] Result<void> validate(const Config& config) noexcept;

/// What one step needs; the same for the whole tick. Absent or stale is a case every policy knows.
struct Inputs {
  Interval envelope{};            ///< distribute::site_bounds(); what safety allows.
  MeasuredPower pcc_power{};      ///< Site's meter, + imports.
  MeasuredPower battery_power{};  ///< All inverters that can be commanded, at ac, + discharges.
  std::optional<Sample<Watt>> gated{};  ///< Sum of the commands that last left the safety gate.
  /// The newest command of each kind that was accepted and not taken back. An expired one may stay.
  std::optional<SetpointCommand> setpoint{};         ///< A person's.
  std::optional<SetpointCommand> remote_setpoint{};  ///< The server's.
  std::optional<LimitCommand> active_power_limit{};  ///< The grid operator's.
  std::optional<LimitCommand> dimming{};             ///< The grid operator's; charge_max counts.
  Measured<MilliHertz> frequency{};                  ///< Of the grid.
  Measured<bool> grid_connected{};                   ///< The site is connected to the grid.
  Measured<WattHour> energy_imported{};              ///< The site's meter's counter.
  BatterySummary batteries{};
  WallTime wall{};
  // Tables are borrowed for the call; validate() accepted them.
  std::span<const ScheduleEntry> schedule{};
  std::optional<Plan> plan{};
  std::optional<PriceTable> prices{};
};

/// What step() remembers. Starts empty; pure data.
struct State {
  NetLoadState net_load{};
  FrequencyDroopState frequency_droop{};
  RampState ramp{};
  DimmingState dimming{};
  ImportLimitState import_limit{};
  DemandLimitState demand_limit{};
  BackupReserveState backup_reserve{};
  TimeOfUseState time_of_use{};
  PriceState price{};
  SelfConsumptionState self_consumption{};
  friend constexpr bool operator==(const State&, const State&) noexcept = default;
};

/// What a policy looked at, and the unit of InputAge::value. Numbers are stored; append-only.
enum class Input : std::uint8_t {
  pcc_power = 1,           ///< W
  battery_power = 2,       ///< W
  gated = 3,               ///< W
  setpoint = 4,            ///< W
  frequency = 5,           ///< mHz
  active_power_limit = 6,  ///< W: discharge_max, else charge_max as a negative number
  dimming = 7,             ///< W: charge_max as a negative number
  remote_setpoint = 8,     ///< W
  schedule = 9,            ///< W
  wall_clock = 10,         ///< s of UTC since 1970; its quality is the clock's
  energy_imported = 11,    ///< Wh
  soc = 12,                ///< bp
  grid_connected = 13,     ///< 0 or 1
  soc_min = 14,            ///< bp
  soc_max = 15,            ///< bp
  temperature_min = 16,    ///< mdegC
  temperature_max = 17,    ///< mdegC
  plan = 18,               ///< W: at the batteries, or at the PCC where the slot says so
  price = 19,              ///< of buying, millionths of the currency per kWh
  capacity = 20,           ///< Wh
};
[[nodiscard]] std::string_view to_string(Input input) noexcept;

/// An input as a policy found it: how old, how good, and what it said.
struct InputAge {
  PolicyId policy{};
  Input input{};
  bool usable = false;                  ///< Present, trusted, not from the future, not stale.
  Quality quality = Quality::bad;       ///< bad also when there was no sample.
  std::optional<Duration> age{};        ///< now - taken_at; absent when there was no sample.
  std::optional<std::int64_t> value{};  ///< In the unit of `input`; absent when it has none.
  friend constexpr bool operator==(const InputAge&, const InputAge&) noexcept = default;
};
inline constexpr std::size_t kInputAgesMax = 2 * kPoliciesMax;

/// The whole record of one decision: enough to explain every watt.
struct Decision {
  Instant at{};
  Resolution resolution;
  StaticVector<PolicyOutput, kPoliciesMax> policies;  ///< Every configured one, strongest first.
  StaticVector<InputAge, kInputAgesMax> inputs;
  std::optional<NetLoad> net_load{};   ///< The pair of samples that was used.
  std::optional<Watt> import_limit{};  ///< The limit in force.
  std::optional<Watt> export_limit{};  ///< The limit in force.
  std::optional<DemandWindow> demand{};
  std::optional<Watt> droop_start{};  ///< Power when the frequency left the deadband.
  /// Commands in force, their leases cut to the maximum.
  std::optional<SetpointCommand> setpoint{};
  std::optional<SetpointCommand> remote_setpoint{};
  std::optional<LimitCommand> active_power_limit{};
  std::optional<LimitCommand> dimming{};
  std::optional<ScheduleEntry> schedule{};  ///< The entry in force.
  std::optional<PlanSlot> plan{};           ///< The slot in force,
  PlanId plan_id{};                         ///< and whose it is; empty without one.
  std::optional<TimeOfUseWindow> window{};  ///< The window that is open.
  std::optional<PriceSlot> price{};         ///< The price of now,
  Currency currency{};                      ///< and in what it is counted.
  friend constexpr bool operator==(const Decision&, const Decision&) noexcept = default;

  [[nodiscard]] constexpr Watt target() const noexcept { return resolution.target; }
  /// Output of one policy; nullptr when it is not configured.
  [[nodiscard]] const PolicyOutput* find(PolicyId policy) const noexcept;
};

struct Step {
  State state;
  Decision decision;
};

/// Runs every configured policy and resolves what they ask for.
///
/// @param state   From the step before; State{} at the first.
/// @param now     Monotonic; at or after every earlier now.
/// @return        The target in W at ac for all batteries together, always inside the envelope, and
///                its record.
/// @pre           validate(config) succeeded; envelope.lo <= envelope.hi. Asserted.
/// @thread_safety Pure function.
[[nodiscard]] Step step(const State& state, const Config& config, const Inputs& inputs,
                        Instant now) noexcept;

/// True when `after` must be stored because it differs from the last stored decision: another
/// winner, another binder of a bound, another set of conflicts, or a target farther than
/// `deadband`.
///
/// @param deadband  >= 0.
/// @thread_safety   Pure function.
[[nodiscard]] bool differs(const Decision& before, const Decision& after, Watt deadband) noexcept;

/// Room that explain() needs for any decision.
inline constexpr std::size_t kExplanationSize = 1536;

/// Says in one line why the target is what it is: cause, what safety allows, what fell short, who
/// wanted something else, and the result. Every number is in kW and exactly the record's.
///
/// @param out     At least kExplanationSize characters; asserted.
/// @return        The text, in `out`.
/// @thread_safety Pure function.
[[nodiscard]] std::string_view explain(const Decision& decision, std::span<char> out) noexcept;

}  // namespace ems::decision
