// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/plan.hpp"

#include <algorithm>

#include "decision/slots.hpp"
#include "ems/core/assert.hpp"

namespace ems::decision {

Result<void> validate(const Plan& plan) noexcept {
  if (plan.slots.empty()) return fail(Errc::out_of_range, 0, "plan: it has no slot");
  if (plan.valid_for <= Duration::zero()) {
    return fail(Errc::out_of_range, 0, "plan.valid_for is not above 0");
  }
  if (plan.id.empty()) return fail(Errc::out_of_range, 0, "plan: it has no id");
  for (std::size_t i = 0; i < plan.slots.size(); ++i) {
    if (plan.slots[i].end <= plan.slots[i].start) {
      return fail(Errc::out_of_range, offset_of(i), "plan: a slot ends before it begins");
    }
    if (i > 0 && plan.slots[i].start < plan.slots[i - 1].end) {
      return fail(Errc::out_of_range, offset_of(i),
                  "plan: a slot begins before the one before it ends");
    }
  }
  return {};
}

Result<void> validate(const PlanConfig& config) noexcept {
  if (config.age_max <= Duration::zero()) {
    return fail(Errc::out_of_range, 0, "plan.age_max is not above 0");
  }
  if (config.adrift_max < Duration::zero()) {
    return fail(Errc::out_of_range, 0, "plan.adrift_max is below 0");
  }
  return {};
}

PlanOutput follow_plan(const PlanConfig& config, const std::optional<Plan>& plan,
                       const WallTime& wall, const std::optional<NetLoad>& net_load) noexcept {
  EMS_ASSERT(validate(config).has_value());
  const auto abstain = [](PolicyStatus status) {
    return PlanOutput{.output = output_of(PolicyId::plan, status)};
  };
  if (!plan) return abstain(PolicyStatus::no_demand);
  if (!wall.set()) return abstain(PolicyStatus::clock_unset);
  if (wall.quality == ClockQuality::holdover && wall.unsynced > config.adrift_max) {
    return abstain(PolicyStatus::clock_adrift);
  }
  if (plan->made_at > wall.utc) return abstain(PolicyStatus::stale);
  if (wall.utc - plan->made_at >= min_of(plan->valid_for, config.age_max)) {
    return abstain(PolicyStatus::too_old);
  }
  const PlanSlot* slot = slot_at(plan->slots, wall.utc);
  if (slot == nullptr || slot->end <= wall.utc) return abstain(PolicyStatus::not_covered);

  PlanOutput out{.output = output_of(PolicyId::plan, PolicyStatus::acting), .slot = *slot};
  if (!slot->pcc_target) {
    out.output.demand.preference = Band::point(slot->power);
  } else if (net_load) {
    out.output.demand.preference = Band::point(net_load->power - *slot->pcc_target);
  } else {
    out.output.status = PolicyStatus::stale;
  }
  return out;
}

}  // namespace ems::decision
