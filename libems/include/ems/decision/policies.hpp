// SPDX-License-Identifier: Apache-2.0
/// @file The policies of this build. Each is pure: state and inputs in, a demand and state out.
#pragma once

#include <optional>

#include "ems/core/static_vector.hpp"
#include "ems/decision/engine.hpp"
#include "ems/decision/net_load.hpp"

namespace ems::decision {

/// What a policy did this cycle. Numbers are stored; append-only.
enum class PolicyStatus : std::uint8_t {
  disabled = 0,       ///< Not configured; abstains.
  acting = 1,         ///< Its inputs are good and it asks.
  holding = 2,        ///< Inputs stale: asks for what was last commanded, no charging.
  fallback = 3,       ///< Inputs stale and the hold is over: asks for 0 W.
  stale = 4,          ///< Inputs stale: abstains.
  no_demand = 5,      ///< Nobody asked for anything; abstains.
  expired = 6,        ///< The lease has ended; abstains.
  satisfied = 7,      ///< The state of charge it works towards is reached; at most asks to keep it.
  not_covered = 8,    ///< Its plan or table says nothing about now; abstains.
  too_old = 9,        ///< Its plan or table is older than it may be; abstains.
  clock_unset = 10,   ///< The clock on the wall is not set; abstains.
  clock_adrift = 11,  ///< The clock has not been synced for longer than allowed; abstains.
};
[[nodiscard]] std::string_view to_string(PolicyStatus status) noexcept;

/// A policy's demand and why it is what it is.
struct PolicyOutput {
  Demand demand{};
  PolicyStatus status = PolicyStatus::disabled;
  friend constexpr bool operator==(const PolicyOutput&, const PolicyOutput&) noexcept = default;
};

// ---- import_limit: CONTRACTUAL constraint; peak shaving ----------------------------------------

struct ImportLimitConfig {
  Watt limit{};   ///< Largest import at the PCC; >= 0.
  Duration hold;  ///< Lease of a target: how long a discharge is held once inputs are stale; > 0.
};

struct ImportLimitState {
  std::optional<Instant> fresh_at;  ///< Last cycle with good inputs.
  std::optional<Watt> held;         ///< Discharge being held; >= 0. Present only while stale.
  friend constexpr bool operator==(const ImportLimitState&,
                                   const ImportLimitState&) noexcept = default;
};

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

// ---- setpoint: CONTRACTUAL preference
// ------------------------------------------------------------

using ActorName = FixedString<48>;

/// A power that a person asked for.
struct SetpointCommand {
  Watt power{};         ///< Of all batteries together, at ac; + discharges.
  Instant given_at{};   ///< When it was accepted.
  Instant lease_end{};  ///< From here on it no longer counts.
  ActorName actor;      ///< Who asked.
  friend constexpr bool operator==(const SetpointCommand&,
                                   const SetpointCommand&) noexcept = default;
};

struct SetpointConfig {
  Duration lease_max{};  ///< A longer lease ends here after given_at; > 0.
};

/// Moment from which `command` no longer counts: its lease, cut to lease_max.
[[nodiscard]] Instant lease_end_of(const SetpointConfig& config,
                                   const SetpointCommand& command) noexcept;

/// Prefers exactly the asked power while the lease lives; abstains before and after.
///
/// @thread_safety  Pure function.
[[nodiscard]] PolicyOutput setpoint(const SetpointConfig& config,
                                    const std::optional<SetpointCommand>& command,
                                    Instant now) noexcept;

// ---- self_consumption: ECONOMIC preference
// -------------------------------------------------------

struct SelfConsumptionConfig {
  Watt pcc_target{};  ///< Power wanted at the PCC, + imports.
  Watt deadband{};    ///< Any PCC power this near to the target is as good; >= 0.
};

/// Prefers a battery power that leaves the PCC within `deadband` of `pcc_target`: the band
/// net load - pcc_target +- deadband. Inside it the engine takes what moves the battery least.
///
/// @param net_load  From net_load(); nullopt means stale: it abstains.
/// @thread_safety   Pure function.
[[nodiscard]] PolicyOutput self_consumption(const SelfConsumptionConfig& config,
                                            const std::optional<NetLoad>& net_load) noexcept;

}  // namespace ems::decision
