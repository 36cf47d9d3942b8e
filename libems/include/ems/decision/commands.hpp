// SPDX-License-Identifier: Apache-2.0
/// @file What people, servers and grid operators ask for, with a lease: every one of them ends.
#pragma once

#include <cstdint>
#include <optional>

#include "ems/core/static_vector.hpp"
#include "ems/core/time.hpp"
#include "ems/core/units.hpp"

namespace ems::decision {

using ActorName = FixedString<48>;

/// A power that somebody asked for.
struct SetpointCommand {
  Watt power{};           ///< Of all batteries together, at ac; + discharges.
  Instant given_at{};     ///< When it was accepted.
  Instant lease_end{};    ///< From here on it no longer counts.
  ActorName actor{};      ///< Who asked.
  std::uint64_t tag = 0;  ///< The host's own number for it; only carried into the record.
  friend constexpr bool operator==(const SetpointCommand&,
                                   const SetpointCommand&) noexcept = default;
};

/// What the batteries may deliver and take, as magnitudes at ac. An absent side is not limited.
struct PowerLimits {
  std::optional<Watt> discharge_max{};  ///< >= 0; below 0 acts as 0.
  std::optional<Watt> charge_max{};     ///< >= 0; below 0 acts as 0.
  friend constexpr bool operator==(const PowerLimits&, const PowerLimits&) noexcept = default;
};

/// A limit that somebody gave. With both sides absent it says, for the time of its lease, that
/// there is no limit: a release, and the only way to say so. No command at all is not a release.
struct LimitCommand {
  PowerLimits limits{};
  Instant given_at{};     ///< When it was accepted.
  Instant lease_end{};    ///< From here on the configured fallback counts instead.
  ActorName actor{};      ///< Who asked.
  std::uint64_t tag = 0;  ///< The host's own number for it; only carried into the record.
  friend constexpr bool operator==(const LimitCommand&, const LimitCommand&) noexcept = default;
};

/// Moment from which a command no longer counts: its lease, cut to `lease_max` after given_at.
template <class Command>
[[nodiscard]] constexpr Instant lease_end_of(const Command& command, Duration lease_max) noexcept {
  const Instant longest = command.given_at + lease_max;
  return command.lease_end < longest ? command.lease_end : longest;
}

/// True while the command counts. One from the future is a clock fault, not a command.
template <class Command>
[[nodiscard]] constexpr bool alive(const std::optional<Command>& command, Duration lease_max,
                                   Instant now) noexcept {
  return command && command->given_at <= now && now < lease_end_of(*command, lease_max);
}

}  // namespace ems::decision
