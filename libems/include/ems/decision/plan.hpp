// SPDX-License-Identifier: Apache-2.0
/// @file plan: ECONOMIC preference; follows what an optimiser wrote down for this time.
#pragma once

#include <optional>
#include <span>

#include "ems/core/result.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/decision/calendar.hpp"
#include "ems/decision/net_load.hpp"
#include "ems/decision/policies.hpp"

namespace ems::decision {

/// A stretch of a plan: start <= t < end.
struct PlanSlot {
  UtcInstant start{};
  UtcInstant end{};
  Watt power{};                      ///< Of all batteries together at ac, + discharges.
  std::optional<Watt> pcc_target{};  ///< Present: this power at the PCC instead, + imports.
  friend constexpr bool operator==(const PlanSlot&, const PlanSlot&) noexcept = default;
};

using PlanId = FixedString<48>;

/// A plan. Its slots are borrowed for the call.
struct Plan {
  std::span<const PlanSlot> slots{};  ///< By time, without overlap; gaps are allowed.
  UtcInstant made_at{};
  Duration valid_for{};  ///< From made_at; > 0.
  PlanId id{};           ///< Goes into the record; not empty.
};

/// Checks a plan when it arrives; follow_plan() relies on it.
///
/// @errors out_of_range  no slot, a slot without length, slots out of order or overlapping (offset:
///                       its place in the list, 65535 at most), valid_for not above 0, no id.
/// @thread_safety Pure function.
[[nodiscard]] Result<void> validate(const Plan& plan) noexcept;

struct PlanConfig {
  Duration age_max = seconds(24 * 3600);     ///< A plan valid for longer ends here; > 0.
  Duration adrift_max = seconds(24 * 3600);  ///< Longest holdover of the clock; >= 0.
};

/// Checks a configuration. @errors out_of_range  the text names the field.
/// @thread_safety Pure function.
[[nodiscard]] Result<void> validate(const PlanConfig& config) noexcept;

struct PlanOutput {
  PolicyOutput output{};
  std::optional<PlanSlot>
      slot{};  ///< The slot of now; present when it acts, or lacks the net load.
};

/// Prefers exactly the power of the slot of now: its own, or what brings the PCC to its target.
///
/// It abstains with clock_unset, clock_adrift, no_demand (there is no plan), too_old, not_covered
/// (no slot), or stale: the plan comes from the future, or its slot needs a net load that is
/// unknown.
///
/// @param plan      validate() accepted it.
/// @param net_load  From net_load(); nullopt means stale.
/// @thread_safety   Pure function, O(log n) of the slots.
[[nodiscard]] PlanOutput follow_plan(const PlanConfig& config, const std::optional<Plan>& plan,
                                     const WallTime& wall,
                                     const std::optional<NetLoad>& net_load) noexcept;

}  // namespace ems::decision
