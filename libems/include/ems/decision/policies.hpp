// SPDX-License-Identifier: Apache-2.0
/// @file What a policy gives back, and why. Each policy is pure: state and inputs in, a demand and
/// state out.
#pragma once

#include <optional>

#include "ems/decision/engine.hpp"
#include "ems/decision/net_load.hpp"

namespace ems::decision {

/// What a policy did this cycle. Numbers are stored; append-only.
enum class PolicyStatus : std::uint8_t {
  disabled = 0,       ///< Not configured; abstains.
  acting = 1,         ///< Its inputs are good and it asks.
  holding = 2,        ///< Inputs stale: asks for what was last commanded, no charging.
  fallback = 3,       ///< Inputs stale, or no lease alive: asks for what it falls back to.
  stale = 4,          ///< Inputs stale: abstains.
  no_demand = 5,      ///< Nobody asked for anything; abstains.
  expired = 6,        ///< The lease has ended; abstains.
  satisfied = 7,      ///< The state of charge it works towards is reached; at most asks to keep it.
  not_covered = 8,    ///< Its plan or table says nothing about now; abstains.
  too_old = 9,        ///< Its plan or table is older than it may be; abstains.
  clock_unset = 10,   ///< The clock on the wall is not set; abstains.
  clock_adrift = 11,  ///< The clock has not been synced for longer than allowed; abstains.
  watching = 12,      ///< Its inputs are good and nothing calls for it; abstains.
  not_applicable = 13,  ///< Not in this situation; abstains.
};
[[nodiscard]] std::string_view to_string(PolicyStatus status) noexcept;

/// Where the numbers of a limit in force come from. Numbers are stored; append-only.
enum class LimitSource : std::uint8_t {
  none = 0,        ///< The policy has no such choice, or asks for nothing.
  configured = 1,  ///< The site file.
  command = 2,     ///< A command whose lease lives.
  fallback = 3,    ///< The site file's value for the time without a living command.
  failsafe = 4,    ///< The site file's value for the first time after a command was lost.
};
[[nodiscard]] std::string_view to_string(LimitSource source) noexcept;

/// A policy's demand and why it is what it is.
struct PolicyOutput {
  Demand demand{};
  PolicyStatus status = PolicyStatus::disabled;
  LimitSource source = LimitSource::none;
  friend constexpr bool operator==(const PolicyOutput&, const PolicyOutput&) noexcept = default;
};

/// An output that asks for nothing yet. @pre `policy` has a row in policies.def; asserted.
[[nodiscard]] PolicyOutput output_of(PolicyId policy, PolicyStatus status) noexcept;

}  // namespace ems::decision
