// SPDX-License-Identifier: Apache-2.0
#include "safety/plausibility_parts.hpp"

namespace ems::safety::detail {

void observe_contactor(PlausibilityState& s, const Battery& b) noexcept {
  if (b.in.contactor_commanded) mark(s.seen, kCommand);
  const std::optional<bool> contradicts = contactor_contradicts(b);
  const bool refused = s.open_ordered && b.value(b.in.contactor_closed) == 1;
  if (!contradicts && !refused) return;  // Not known: what was known stands.
  run_while(contradicts.value_or(false) || refused, s.contactor_disagrees, s.contactor, b.site);
}

Evaluation judge_contactor(const PlausibilityState& s, const Battery& b) noexcept {
  const auto commanded = b.value(b.in.contactor_commanded);
  Evaluation e{Finding::good, b.limits.plausibility.clear_after, Signal::contactor_closed};
  e.value = b.value(b.in.contactor_closed).value_or(0);
  e.limit = s.open_ordered ? 0 : commanded.value_or(0);
  if (s.contactor_disagrees) {
    e.finding = Finding::exceeded;
  } else if ((s.seen & kCommand) != 0 && !commanded) {  // The feedback has a rule of its own.
    e = {Finding::missing, e.clear_after, Signal::contactor_commanded};
    e.announce_missing = true;
  } else if (b.in.contactor_closed && !contactor_contradicts(b)) {
    e.finding = Finding::band;
  }
  return e;
}

bool contactor_latches(const PlausibilityState& s, const Limits& limits) noexcept {
  return s.contactor_disagrees && microseconds(s.contactor) >= limits.plausibility.contactor_after;
}

std::optional<bool> contactor_contradicts(const Battery& b) noexcept {
  const auto closed = b.value(b.in.contactor_closed);
  const auto commanded = b.value(b.in.contactor_commanded);
  const auto current = b.value(b.in.pack_current);
  if (!closed) return std::nullopt;
  const bool is_closed = *closed == 1;
  const std::int64_t open_below = b.limits.plausibility.contactor_current.count();
  if (commanded && (*commanded == 1) != is_closed) return true;
  if (current && !is_closed && magnitude(*current) >= open_below) return true;
  if (b.in.contactor_commanded && !commanded) return std::nullopt;
  if (!is_closed && !current) return std::nullopt;
  return false;
}

}  // namespace ems::safety::detail
