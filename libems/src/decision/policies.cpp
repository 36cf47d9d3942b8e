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

}  // namespace ems::decision
