// SPDX-License-Identifier: Apache-2.0
#include "safety/plausibility_parts.hpp"

namespace ems::safety::detail {

void observe(PlausibilityState& s, const Battery& b) noexcept {
  observe_values(s, b);
  observe_sum(s, b);
  observe_power(s, b);
  observe_contactor(s, b);
}

Evaluation judge(Rule rule, const PlausibilityState& s, const Battery& b) noexcept {
  switch (rule) {
    case Rule::sum_of_cells:
      return judge_sum(s, b);
    case Rule::value_jump:
      return judge_jump(s, b);
    case Rule::values_frozen:
      return judge_frozen(s, b);
    case Rule::power_mismatch:
      return judge_power(s, b);
    case Rule::limit_disobeyed:
      return judge_obedience(s, b);
    case Rule::contactor_disagreement:
      return judge_contactor(s, b);
    default:
      return {};  // Not one of these: cannot be judged.
  }
}

}  // namespace ems::safety::detail
