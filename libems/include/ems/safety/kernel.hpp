// SPDX-License-Identifier: Apache-2.0
/// @file The safety kernel: inputs and time in; limits per battery, an ac interval per inverter,
/// reasons and events out. Pure: the state is a value.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/model/event.hpp"
#include "ems/model/power.hpp"
#include "ems/safety/inputs.hpp"
#include "ems/safety/limits.hpp"
#include "ems/safety/plausibility.hpp"
#include "ems/safety/rules.hpp"

namespace ems::safety {

/// Catalogue values of the signal `safety_state`.
enum class SafetyState : std::uint8_t { init = 0, normal = 1, derated = 2, safe = 3, tripped = 4 };
[[nodiscard]] std::string_view to_string(SafetyState state) noexcept;

/// Signals of a BMS that must be there; see BatteryConfig::bms_required.
enum class BmsSignal : std::uint8_t {
  charge_voltage_limit = 0,
  discharge_voltage_limit = 1,
  charge_current_limit = 2,
  discharge_current_limit = 3,
  charge_fet_on = 4,
  discharge_fet_on = 5,
  charge_enable = 6,
  discharge_enable = 7,
  alarms = 8,
};
[[nodiscard]] constexpr std::uint16_t bms_bit(BmsSignal signal) noexcept {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(signal));
}

/// Inputs of a battery that guard against hazards; see BatteryConfig::hazards_wired.
enum class HazardInput : std::uint8_t { insulation = 0, smoke = 1, gas = 2, contactor = 3 };
[[nodiscard]] constexpr std::uint8_t hazard_bit(HazardInput input) noexcept {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(input));
}

struct BatteryConfig {
  AssetId asset{};
  Chemistry chemistry = Chemistry::lfp;
  std::uint16_t cells_in_series = 0;  ///< Of one string; > 0.
  Limits limits{};
  /// bms_bit()s the device is known to give: they inhibit while they are missing. A signal that was
  /// given once since start counts as required from then on, listed here or not.
  std::uint16_t bms_required = 0;
  MilliAmp breaking_current_max{};  ///< Contactors may open below this magnitude; 0: unknown.
  MilliAmp fuse_current{};          ///< No current maximum may exceed it; 0: none declared.
  MicroAmpHour capacity{};          ///< 0: unknown.
  /// hazard_bit()s that are wired: both directions are inhibited while one is missing. One that was
  /// given once counts as wired from then on.
  std::uint8_t hazards_wired = 0;
};

struct InverterConfig {
  AssetId asset{};
  /// Bit i: Config::batteries[i] feeds this inverter. Several are parallel on its dc bus and must
  /// share equally: the weakest sets the limit. A battery that feeds several inverters is split
  /// among them by rating.
  std::uint8_t batteries = 0;
  VoltAmp apparent_max{};    ///< Nameplate; also bounds reactive power. > 0.
  Watt charge_max{};         ///< Magnitude at ac; > 0.
  Watt discharge_max{};      ///< Magnitude at ac; > 0.
  BasisPoints efficiency{};  ///< dc to ac, the lowest of the operating range; 1 .. 10000.
  bool has_dc_pv = false;
  bool can_curtail_pv = false;  ///< The device switches its dc PV off when told.
};

struct Config {
  StaticVector<BatteryConfig, kMaxBatteries> batteries{};
  StaticVector<InverterConfig, kMaxInverters> inverters{};
  Duration tick_period = milliseconds(100);  ///< > 0, at most 1 s.
  Duration start_grace = seconds(5);  ///< Missing inputs are not announced before this; >= 0.
};

/// Late ticks: warn, SAFE, and good ticks to clear.
inline constexpr std::int64_t kLateTicksWarn = 3;
inline constexpr std::int64_t kLateTicksSafe = 10;
inline constexpr std::int32_t kGoodTicksToClear = 10;
/// After a trip the contactor is asked to open at the latest after this time.
inline constexpr Duration kOpenAfter = seconds(1);
inline constexpr Duration kTickPeriodMax = seconds(1);
/// A dc PV reading this old counts as unknown, whatever its own stale_after.
inline constexpr Duration kPvStaleAfterMax = seconds(10);

/// Checks a whole configuration, limits included.
///
/// @errors too_wide, invalid_argument  from validate(Limits); offset = 0-based battery.
///         already_exists    an asset is listed twice; offset = 0-based position.
///         not_found         an inverter names no battery, or one that is not listed; offset =
///                           0-based inverter.
///         out_of_range      cells_in_series, rating, efficiency, capacity or period out of range;
///         a
///                           current maximum above the fuse; insulation is wired and
///                           insulation_latch_min below 100 Ohm per volt of the highest voltage.
/// A configuration without batteries is an error too: not_found.
/// @thread_safety Pure function.
[[nodiscard]] Result<void> validate(const Config& config) noexcept;

/// Why something is TRIPPED. Values are stored: append-only.
enum class TripCause : std::uint8_t {
  unreadable = 0,  ///< The stored latch could not be read.
  estop = 1,
  cell_overvoltage = 2,
  cell_undervoltage = 3,
  overtemperature = 4,
  undertemperature = 5,
  smoke = 6,
  gas = 7,
  insulation = 8,
  contactor = 9,
  limit_disobeyed = 10,
};
[[nodiscard]] std::string_view to_string(TripCause cause) noexcept;

/// One latched trip. `asset` is kSite, a battery or an inverter; an inverter's concerns that
/// inverter and its batteries; an asset that the configuration does not know trips the site.
struct Trip {
  TripCause cause = TripCause::unreadable;
  AssetId asset = kSite;
  Instant since{};  ///< Monotonic; not comparable after a restart.
  friend constexpr bool operator==(const Trip&, const Trip&) noexcept = default;
};
/// A trip without its time.
struct TripName {
  TripCause cause = TripCause::unreadable;
  AssetId asset = kSite;
  friend constexpr bool operator==(const TripName&, const TripName&) noexcept = default;
};

/// Room for nine causes of each battery, one of each inverter, and two of the site.
using Latch = StaticVector<Trip, 9 * kMaxBatteries + kMaxInverters + 2>;

/// Progress of one rule. Default: active, nothing shown yet.
struct RuleState {
  /// 0: stands still; else 1 + the microseconds that the input has been good (while active) or
  /// exceeded (while not). Saturates.
  std::uint32_t timer = 0;
  bool active = true;
  bool exceeded = false;   ///< The limit was exceeded since the rule was last clear.
  bool announced = false;  ///< A raising event was given out and not yet cleared.
  friend constexpr bool operator==(const RuleState&, const RuleState&) noexcept = default;
};
static_assert(sizeof(RuleState) <= 8);

struct BatteryState {
  AssetId asset{};
  std::array<RuleState, kRuleCount> rules{};
  std::array<std::uint32_t, 7> latching{};  ///< Timers of cell_overvoltage .. insulation.
  std::array<std::int64_t, 2> heat{};       ///< Overload integral, charging and discharging.
  PlausibilityState plausibility{};
  /// Optional inputs given at least once: bms_bit()s, and from bit 9 on hazard_bit()s.
  std::uint16_t seen = 0;
  std::uint8_t alarms_forbid = 3;  ///< Directions (bits) that the BMS's alarms forbid.
  bool started = false;            ///< Was allowed to move power at least once.
  friend constexpr bool operator==(const BatteryState&, const BatteryState&) noexcept = default;
};

struct InverterState {
  AssetId asset{};
  ObedienceState obedience{};
  bool announced = false;  ///< limit_disobeyed of this inverter.
  friend constexpr bool operator==(const InverterState&, const InverterState&) noexcept = default;
};

/// State of the kernel: a regular value. Default: everything inhibited, INIT, nothing latched.
class State {
 public:
  /// Everything latched: what a runtime starts with when its stored latch cannot be read.
  [[nodiscard]] static State tripped_unreadable(Instant now) noexcept;
  /// A fresh state with a latch that was read back; every trip's `since` becomes `now`.
  [[nodiscard]] static State restore_latch(const Latch& latch, Instant now) noexcept;

  /// What must be stored durably. Store it, after the outputs went out, whenever it changed.
  [[nodiscard]] const Latch& latch() const noexcept { return latch_; }
  [[nodiscard]] bool tripped() const noexcept { return !latch_.empty(); }

  friend bool operator==(const State&, const State&) noexcept = default;

 private:
  friend class Kernel;
  std::array<BatteryState, kMaxBatteries> batteries_{};
  std::array<InverterState, kMaxInverters> inverters_{};
  Latch latch_{};
  StaticVector<TripName, Latch::capacity()> announced_latch_{};
  std::optional<Instant> started_at_{};
  std::optional<Instant> last_step_{};
  std::int32_t good_ticks_ = kGoodTicksToClear;
  bool late_ = false;
  bool late_announced_ = false;
  bool warn_announced_ = false;
  bool config_announced_ = false;
};

/// What one battery may do at its dc terminals.
struct BatteryVerdict {
  AssetId asset{};
  SafetyState state = SafetyState::init;
  MilliAmp charge_current_max{};      ///< Magnitude; 0 forbids charging.
  MilliAmp discharge_current_max{};   ///< Magnitude; 0 forbids discharging.
  MilliVolt charge_voltage_max{};     ///< 0 while charging is forbidden.
  MilliVolt discharge_voltage_min{};  ///< Meaningful while discharging is allowed.
  /// The device contradicts itself: the runtime publishes this battery's samples as uncertain (the
  /// kernel goes on seeing them as they came, so that the check can clear). The reason names the
  /// check: `sum_of_cells`, `value_jump`, `values_frozen` or `power_mismatch`.
  bool plausibility_failed = false;
  std::uint8_t reasons_dropped = 0;  ///< Weaker ones that kMaxReasons had no room for.
  StaticVector<Reason, kMaxReasons> reasons{};
};

/// What one inverter may do at its ac terminals.
struct InverterVerdict {
  AssetId asset{};
  Interval ac{};  ///< Contains 0 unless dc PV forces delivery.
  /// Strongest command let through: follow (inside `ac`), standby, stop or open. Never form.
  CommandKind command = CommandKind::stop;
  SafetyState state = SafetyState::init;  ///< Worst of its batteries and the site.
  VoltAmp apparent_max{};
  bool curtail_pv = false;  ///< Its dc PV must be switched off or curtailed.
  bool may_open =
      false;  ///< Breaking limit kept, or tripped for kOpenAfter; never in a trip's own tick.
};

/// The envelope of one cycle. Default: nothing is allowed.
struct Output {
  SafetyState site = SafetyState::init;  ///< Worst of everything.
  StaticVector<BatteryVerdict, kMaxBatteries> batteries{};
  StaticVector<InverterVerdict, kMaxInverters> inverters{};
  std::int64_t late_ticks = 0;               ///< How many whole periods this cycle came late.
  StaticVector<Event, kMaxEvents> events{};  ///< What does not fit comes with the next cycle.
};

struct Step {
  State state{};
  Output output{};
};

/// Advances the kernel by one control cycle. Never fails: what cannot be judged is unsafe, and a
/// configuration that validate() refuses gives SAFE with every inverter stopped.
///
/// @param now   Monotonic time of this cycle. Going backwards is a clock fault: SAFE.
/// @return      The next state and this cycle's envelope.
/// @requirement SAF-002 .. SAF-019, SAF-022 .. SAF-035 (docs/safety/requirements.md).
/// @thread_safety Pure function.
[[nodiscard]] Step step(const State& state, const Config& config, const Inputs& inputs,
                        Instant now) noexcept;

/// Who may do what; from the URI SAN of the certificate, or the local socket.
// NOLINTNEXTLINE(readability-identifier-naming): `operator` is a keyword.
enum class Role : std::uint8_t { viewer = 0, operator_ = 1, technician = 2 };

struct ResetRequest {
  Role role = Role::viewer;
  std::string_view name{};   ///< The person; not empty, not blank.
  std::string_view cause{};  ///< What was found and put right; not empty, not blank.
};

/// Takes every latch back. All rules start again from inhibited.
///
/// @errors permission_denied    the role is not technician.
///         invalid_argument     the name (offset 1) or the cause (offset 2) is empty.
///         failed_precondition  nothing is latched (offset 0), or a cause is still there or cannot
///                              be judged; offset = 1-based position of that trip in latch().
/// @requirement SAF-033.
/// @thread_safety Pure function.
[[nodiscard]] Result<State> reset(const State& state, const Config& config, const Inputs& inputs,
                                  Instant now, const ResetRequest& request) noexcept;

}  // namespace ems::safety
