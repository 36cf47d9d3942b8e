// SPDX-License-Identifier: Apache-2.0
/// @file The narrowing engine: from an envelope and an ordered list of demands to one target, with
/// the record of who decided what. It knows no policy. The law is docs/explanation/decision.md.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "ems/core/static_vector.hpp"
#include "ems/decision/policy.hpp"
#include "ems/model/power.hpp"

namespace ems::decision {

/// Most policies that one decision hears.
inline constexpr std::size_t kPoliciesMax = 24;

/// What a policy asks for. An open side is absent, not a number. lo > hi is a demand in conflict
/// with itself: it acts as the point clamp(0, hi, lo) and is recorded.
struct Band {
  std::optional<Watt> lo;
  std::optional<Watt> hi;
  friend constexpr bool operator==(const Band&, const Band&) noexcept = default;
  /// The usual bands.
  [[nodiscard]] static constexpr Band point(Watt p) noexcept { return {p, p}; }
  [[nodiscard]] static constexpr Band at_least(Watt lo) noexcept { return {lo, std::nullopt}; }
  [[nodiscard]] static constexpr Band at_most(Watt hi) noexcept { return {std::nullopt, hi}; }

  /// True when lo > hi.
  [[nodiscard]] constexpr bool contradicts_itself() const noexcept { return lo && hi && *lo > *hi; }
  /// The band the engine acts on: itself, or the point it becomes when it contradicts itself.
  [[nodiscard]] constexpr Band effective() const noexcept {
    return contradicts_itself() ? point(clamp_to(Watt{}, *hi, *lo)) : *this;
  }
  /// True when `p` satisfies the effective band.
  [[nodiscard]] constexpr bool contains(Watt p) const noexcept {
    const Band band = effective();
    return (!band.lo || *band.lo <= p) && (!band.hi || p <= *band.hi);
  }
};

/// One policy's output of this cycle. Both absent: the policy abstains.
struct Demand {
  PolicyId policy{};
  Level level{};
  std::optional<Band> constraint;  ///< Heard before any preference of the same level.
  std::optional<Band> preference;
  friend constexpr bool operator==(const Demand&, const Demand&) noexcept = default;
};

enum class DemandKind : std::uint8_t { constraint = 1, preference = 2 };
[[nodiscard]] std::string_view to_string(DemandKind kind) noexcept;

/// A demand that could not be met. At least one of `shortfall` and `against_itself` is not 0.
struct Conflict {
  PolicyId policy{};
  Level level{};
  DemandKind kind{};
  PolicyId bound_by{};  ///< Who had set the bound it ran into; the policy itself when it met none.
  Watt shortfall{};     ///< Distance from `left` to the demand; >= 0.
  Watt against_itself{};  ///< lo - hi of a demand with lo > hi; >= 0, saturated.
  friend constexpr bool operator==(const Conflict&, const Conflict&) noexcept = default;
};

/// What one level did to `left`. The safety level begins and ends with the envelope.
struct LevelTrace {
  Interval before{};
  Interval after{};
  PolicyId lo_by = PolicyId::safety;  ///< Who last moved after.lo, at this level or above.
  PolicyId hi_by = PolicyId::safety;  ///< Who last moved after.hi, at this level or above.
  friend constexpr bool operator==(const LevelTrace&, const LevelTrace&) noexcept = default;
};

/// The target and how it came about.
struct Resolution {
  Watt target{};
  std::array<LevelTrace, kLevelCount> levels{};  ///< By index_of(level).
  /// The policy after which `left` first was a point; else, when target is not 0, whoever last set
  /// the bound it touches; else absent: idle.
  std::optional<PolicyId> winner;
  /// The highest policy whose preference does not contain the target. It may be the winner: it won
  /// and got less than it asked for.
  std::optional<PolicyId> runner_up;
  StaticVector<Conflict, 2 * kPoliciesMax> conflicts;  ///< In the order they arose.
  friend constexpr bool operator==(const Resolution&, const Resolution&) noexcept = default;

  [[nodiscard]] constexpr const LevelTrace& at(Level level) const noexcept {
    return levels[index_of(level)];
  }
  [[nodiscard]] constexpr Interval envelope() const noexcept {
    return levels[index_of(Level::safety)].before;
  }
};

/// Narrows the envelope by every demand in turn and picks the power nearest to 0 of what is left.
///
/// Level by level: all constraints in the given order, then all preferences in the given order.
/// Each [c, d] makes left = [lo, hi] into [clamp(c, lo, hi), clamp(d, lo, hi)].
///
/// @param envelope  What safety allows at ac, W; lo <= hi.
/// @param demands   At most kPoliciesMax, strongest first; levels never descend, none is safety.
/// @return          The target, always inside the envelope, with its record; exact, no rounding.
/// @pre             The two lines above are asserted.
/// @thread_safety   Pure function.
/// @source          docs/explanation/decision.md.
[[nodiscard]] Resolution resolve(Interval envelope, std::span<const Demand> demands) noexcept;

}  // namespace ems::decision
