// SPDX-License-Identifier: Apache-2.0
/// @file Power words that safety, decision and distribute share: intervals and inverter commands.
#pragma once

#include <cstdint>
#include <string_view>

#include "ems/core/units.hpp"

namespace ems {

/// A closed interval of active power at ac; + delivers into the site (discharge). lo <= hi always.
struct Interval {
  Watt lo{};
  Watt hi{};
  friend constexpr bool operator==(const Interval&, const Interval&) noexcept = default;
  [[nodiscard]] constexpr bool contains(Watt p) const noexcept { return lo <= p && p <= hi; }
  [[nodiscard]] constexpr bool is_point() const noexcept { return lo == hi; }
  [[nodiscard]] constexpr Watt nearest(Watt p) const noexcept { return clamp_to(p, lo, hi); }
};

/// Sum of two intervals, saturating: what two inverters can do together.
[[nodiscard]] constexpr Interval operator+(const Interval& a, const Interval& b) noexcept {
  return {a.lo + b.lo, a.hi + b.hi};
}

enum class CommandKind : std::uint8_t {
  stop = 0,  ///< Inverter off; the default, because it is the safe one when nothing else is known.
  follow = 1,   ///< Grid-following at {p, q}.
  form = 2,     ///< Grid-forming; p is the load's.
  standby = 3,  ///< Connected, no power.
  open = 4,     ///< Open the contactor.
};

[[nodiscard]] constexpr std::string_view to_string(CommandKind kind) noexcept {
  switch (kind) {
    case CommandKind::stop:
      return "stop";
    case CommandKind::follow:
      return "follow";
    case CommandKind::form:
      return "form";
    case CommandKind::standby:
      return "standby";
    case CommandKind::open:
      return "open";
  }
  return "stop";
}

/// What one inverter is told.
struct InverterCommand {
  CommandKind kind = CommandKind::stop;
  Watt p{};  ///< At the inverter's ac terminals; + delivers into the site. 0 unless kind is follow.
  Var q{};
  friend constexpr bool operator==(const InverterCommand&,
                                   const InverterCommand&) noexcept = default;
};

}  // namespace ems
