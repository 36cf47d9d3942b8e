// SPDX-License-Identifier: Apache-2.0
/// @file One decision as people, stores and interfaces see it: what was decided, who decided it,
/// what safety allowed and by which rule, and what every policy looked at. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ems/core/time.hpp"
#include "ems/model/event.hpp"
#include "ems/model/point.hpp"
#include "ems/model/power.hpp"

namespace ems::runtime {

/// State of the safety core; the values are those of the signal `safety_state`.
enum class SafetyState : std::uint8_t { init = 0, normal = 1, derated = 2, safe = 3, tripped = 4 };

/// One thing that safety holds against the site now.
struct SafetyReason {
  AssetId asset{};
  std::string name;  ///< Stable: `cell_overvoltage`.
  Severity severity = Severity::critical;
  std::optional<Signal> signal;       ///< What was compared.
  std::optional<std::int64_t> value;  ///< In that signal's unit; absent: the input is missing.
  std::string text;  ///< For people: `exceeded`, `missing`, `waiting`, or what to do.
  std::optional<std::int64_t> limit{};  ///< What `value` was compared with.
  std::uint16_t element = 0;            ///< Which cell or sensor; 0: unknown, or not of one.
  std::string direction{};              ///< `charge`, `discharge`, `both`; empty: warns only.
};

/// What keeps a side of the envelope where it is.
struct BoundView {
  std::string side;  ///< `charge` (the envelope's lower end) or `discharge`.
  Watt power{};      ///< That end, at ac; + discharges.
  /// The rule that has the say, or `rated_power`, `current_limit`, `unavailable`, `dc_pv`, `late`.
  SafetyReason because{};
};

/// What one level of the decision left.
struct LevelView {
  std::string level;  ///< `safety grid_code contractual economic longevity`.
  Interval before{};
  Interval after{};
  std::string lo_bound_by;  ///< Policy that last moved the lower end, here or above.
  std::string hi_bound_by;
};

/// A demand that could not be met.
struct ConflictView {
  std::string level;
  std::string policy;
  Watt shortfall{};      ///< Magnitude.
  std::string bound_by;  ///< Whose bound it ran into; empty: not recorded.
};

/// What one configured policy did and asked for.
struct PolicyView {
  std::string policy;
  std::string level;
  std::string status;  ///< `acting`, `stale`, ...
  std::string source;  ///< `configured`, `command`, `fallback`, `failsafe`; empty: no such choice.
  std::optional<Watt> constraint_lo{};  ///< Absent: open.
  std::optional<Watt> constraint_hi{};
  std::optional<Watt> preference_lo{};
  std::optional<Watt> preference_hi{};
};

/// An input of the decision.
struct InputView {
  std::string name;  ///< `pcc_power`, `setpoint`, ...; empty: a record of an older version.
  Point point{};     ///< Where it comes from; Signal{}: not from a signal.
  std::optional<std::int64_t> value;   ///< In input_unit(name); nullopt: there was none.
  std::optional<Duration> age;         ///< nullopt: there was no sample.
  std::optional<Quality> quality;      ///< nullopt: not recorded; `usable` is what the policy saw.
  bool usable = false;                 ///< To every policy of `used_by`.
  std::vector<std::string> used_by{};  ///< Policies that looked at it.
};

/// What one inverter was told, after the gate.
struct OrderView {
  AssetId inverter{};
  InverterCommand command{};
};

/// A command that is in force.
struct LeaseView {
  std::string policy;           ///< `setpoint`, `remote_setpoint`, `active_power_limit`, `dimming`.
  std::string actor;            ///< Who asked.
  std::string id;               ///< The command's; empty: unknown here.
  Duration left{};              ///< Of its lease.
  std::optional<Watt> power{};  ///< Of a set-point; at ac, + discharges.
  std::optional<Watt> discharge_max{};  ///< Of a limit; absent: not limited.
  std::optional<Watt> charge_max{};     ///< Magnitude.
};

/// One explained decision. Winner, binders and inputs are always there.
struct DecisionView {
  UtcInstant at{};
  Watt target{};          ///< At ac; + discharges.
  Watt gated{};           ///< What the safety gate let through.
  std::string winner;     ///< Empty: none (idle).
  std::string runner_up;  ///< Empty: none.
  SafetyState safety = SafetyState::init;
  std::vector<BoundView> bounds;  ///< Charge, then discharge.
  std::vector<LevelView> levels;
  std::vector<ConflictView> conflicts;
  std::vector<PolicyView> policies;  ///< Every configured one, strongest first.
  std::vector<InputView> inputs;
  std::vector<LeaseView> leases;
  std::vector<OrderView> orders;
  std::string summary;  ///< One line for people.
};

/// Something stored between a decision and the moment that was asked for.
struct Happening {
  UtcInstant at{};
  std::string text;  ///< `site_stopped by ems-agent: asked to end`.
};

/// A decision and the same in words.
struct Explanation {
  DecisionView decision;
  std::string text;                   ///< Six to twelve lines.
  std::optional<UtcInstant> asked{};  ///< Of the past: the moment asked for.
  std::vector<Happening> happened{};  ///< From the decision to `asked`, oldest first; the newest.
  std::uint64_t happened_before = 0;  ///< How many more there were before those.
};

}  // namespace ems::runtime
