// SPDX-License-Identifier: Apache-2.0
#include "safety/plausibility_parts.hpp"

namespace ems::safety::detail {

void observe(PlausibilityState& state, const PlausibilityContext& context) noexcept {
  observe_values(state, context);
  observe_sum(state, context);
  observe_power(state, context);
  observe_contactor(state, context);
}

Evaluation judge(Rule rule, const PlausibilityState& state,
                 const PlausibilityContext& context) noexcept {
  switch (rule) {
    case Rule::sum_of_cells:
      return judge_sum(state, context);
    case Rule::value_jump:
      return judge_jump(state, context);
    case Rule::values_frozen:
      return judge_frozen(state, context);
    case Rule::power_mismatch:
      return judge_power(state, context);
    case Rule::limit_disobeyed:
      return judge_obedience(state, context);
    case Rule::contactor_disagreement:
      return judge_contactor(state, context);
    default:
      break;
  }
  return {};  // Not one of these: cannot be judged.
}

}  // namespace ems::safety::detail
