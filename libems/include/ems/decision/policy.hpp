// SPDX-License-Identifier: Apache-2.0
/// @file The levels and the table of policies: who may ask for power, and in which order.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace ems::decision {

/// Precedence, strongest first. Numbers are stored and sent; append-only.
enum class Level : std::uint8_t {
  safety = 1,  ///< Has no policies: it is the envelope.
  grid_code = 2,
  contractual = 3,
  economic = 4,
  longevity = 5,
};
inline constexpr std::size_t kLevelCount = 5;

/// 0-based place of a level in an array of kLevelCount.
[[nodiscard]] constexpr std::size_t index_of(Level level) noexcept {
  return static_cast<std::size_t>(level) - 1;
}
[[nodiscard]] std::string_view to_string(Level level) noexcept;

/// A policy's number: stored and sent. 128 .. 255 are the host's own policies, which have no row.
enum class PolicyId : std::uint8_t {
#define EMS_POLICY(name, number, level, rank, on_stale, meaning) name = (number),
#include "ems/decision/policies.def"
#undef EMS_POLICY
};
inline constexpr std::uint8_t kHostPolicyFirst = 128;

/// What a policy does when an input it needs is missing, stale, bad, uncertain or from the future.
enum class OnStale : std::uint8_t {
  envelope,        ///< Safety's own rules decide; see module safety.
  abstain,         ///< Asks for nothing.
  hold_then_zero,  ///< No charging; discharge held until the last target's lease ends, then 0 W.
  no_discharge,    ///< No discharging.
  fallback,        ///< The value that the site file names for this case.
};
[[nodiscard]] std::string_view to_string(OnStale on_stale) noexcept;

/// One row of the table.
struct PolicyInfo {
  PolicyId policy{};
  std::string_view name;
  Level level{};
  std::uint8_t rank = 0;  ///< Order inside the level, ascending.
  OnStale on_stale{};
  std::string_view meaning;
};

/// Every policy of this build, by level and rank. @thread_safety Pure functions, all of this file.
[[nodiscard]] std::span<const PolicyInfo> policy_table() noexcept;
/// Row of a policy; nullptr for a host's policy or a number this version does not know.
[[nodiscard]] const PolicyInfo* find_policy(PolicyId policy) noexcept;
/// Name of a policy; "host" from 128 on, "unknown" for a number this version does not know.
[[nodiscard]] std::string_view to_string(PolicyId policy) noexcept;

}  // namespace ems::decision
