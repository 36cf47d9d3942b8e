// SPDX-License-Identifier: Apache-2.0
/// @file One decision: all policies of a site and the engine, behind one pure step().
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/decision/engine.hpp"
#include "ems/decision/net_load.hpp"
#include "ems/decision/policies.hpp"

namespace ems::decision {

/// An absent policy is disabled.
struct Config {
  NetLoadConfig net_load{};
  std::optional<ImportLimitConfig> import_limit;
  std::optional<SetpointConfig> setpoint;
  std::optional<SelfConsumptionConfig> self_consumption;
};

/// Checks a configuration before the first step().
///
/// @errors out_of_range  a limit or deadband below 0, or a duration not above 0; the text names it.
/// @thread_safety Pure function.
[[nodiscard]] Result<void> validate(const Config& config) noexcept;

/// What one step needs; the same for the whole tick.
struct Inputs {
  Interval envelope{};                      ///< distribute::site_bounds(); what safety allows.
  MeasuredPower pcc_power;                  ///< Site's meter, + imports.
  MeasuredPower battery_power;              ///< All controlled inverters at ac, + discharges.
  std::optional<Sample<Watt>> gated;        ///< Sum of the commands that last left the safety gate.
  std::optional<SetpointCommand> setpoint;  ///< The newest a person gave and did not take back.
};

/// What step() remembers. Starts empty; pure data.
struct State {
  std::optional<NetLoad> net_load;
  ImportLimitState import_limit;
  friend constexpr bool operator==(const State&, const State&) noexcept = default;
};

/// What a policy looked at. Numbers are stored; append-only.
enum class Input : std::uint8_t { pcc_power = 1, battery_power = 2, gated = 3, setpoint = 4 };
[[nodiscard]] std::string_view to_string(Input input) noexcept;

/// How old an input was when a policy used it, or refused to.
struct InputAge {
  PolicyId policy{};
  Input input{};
  bool usable = false;          ///< Present, trusted, not from the future, not stale.
  std::optional<Duration> age;  ///< now - taken_at; absent when there was no sample.
  friend constexpr bool operator==(const InputAge&, const InputAge&) noexcept = default;
};
inline constexpr std::size_t kInputAgesMax = 2 * kPoliciesMax;

/// The whole record of one decision: enough to explain every watt.
struct Decision {
  Instant at{};
  Resolution resolution;
  StaticVector<PolicyOutput, kPoliciesMax> policies;  ///< Every configured one, strongest first.
  StaticVector<InputAge, kInputAgesMax> inputs;
  std::optional<NetLoad> net_load;   ///< The pair of samples that was used.
  std::optional<Watt> import_limit;  ///< The limit in force.
  std::optional<SetpointCommand>
      setpoint;  ///< The set-point in force, its lease cut to the maximum.
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
