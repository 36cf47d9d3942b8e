// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/policies.hpp"

#include "ems/core/assert.hpp"

namespace ems::decision {

PolicyOutput output_of(PolicyId policy, PolicyStatus status) noexcept {
  const PolicyInfo* info = find_policy(policy);
  EMS_ASSERT(info != nullptr);
  return {.demand = {.policy = policy, .level = info->level, .constraint = {}, .preference = {}},
          .status = status};
}

PolicyOutput self_consumption(const SelfConsumptionConfig& config,
                              const std::optional<NetLoad>& net_load) noexcept {
  EMS_ASSERT(config.deadband >= Watt{});
  if (!net_load) return output_of(PolicyId::self_consumption, PolicyStatus::stale);
  PolicyOutput output = output_of(PolicyId::self_consumption, PolicyStatus::acting);
  const Watt middle = net_load->power - config.pcc_target;
  output.demand.preference = Band{middle - config.deadband, middle + config.deadband};
  return output;
}

}  // namespace ems::decision
