// SPDX-License-Identifier: Apache-2.0
#include "safety/plausibility_parts.hpp"

namespace ems::safety::detail {

void observe_contactor(PlausibilityState& s, const PlausibilityContext& c) noexcept {
  const Limits& limits = c.limits();
  if (c.in.contactor_commanded) mark(s.seen, kCommand);
  const std::optional<bool> contradicts = contactor_contradicts(c.in, limits, c.now);
  const bool refused = s.open_ordered && c.value(c.in.contactor_closed) == 1;
  if (!contradicts && !refused) return;  // Not known: what was known stands.
  const bool before = s.contactor_disagrees;
  s.contactor_disagrees = contradicts.value_or(false) || refused;
  if (before && s.contactor_disagrees) {
    run(s.contactor, c.passed);
  } else {
    s.contactor = 0;
  }
}

Evaluation judge_contactor(const PlausibilityState& s, const PlausibilityContext& c) noexcept {
  const Limits& limits = c.limits();
  const auto commanded = c.value(c.in.contactor_commanded);
  Evaluation e{Finding::good, limits.plausibility.clear_after, Signal::contactor_closed};
  e.value = c.value(c.in.contactor_closed).value_or(0);
  e.limit = s.open_ordered ? 0 : commanded.value_or(0);
  if (s.contactor_disagrees) {
    e.finding = Finding::exceeded;
  } else if ((s.seen & kCommand) != 0 && !commanded) {  // The feedback has a rule of its own.
    e = {Finding::missing, e.clear_after, Signal::contactor_commanded};
    e.announce_missing = true;
  } else if (c.in.contactor_closed && !contactor_contradicts(c.in, limits, c.now)) {
    e.finding = Finding::band;
  }
  return e;
}

bool contactor_latches(const PlausibilityState& state, const Limits& limits) noexcept {
  return state.contactor_disagrees &&
         microseconds(state.contactor) >= limits.plausibility.contactor_after;
}

std::optional<bool> contactor_contradicts(const BatteryInputs& in, const Limits& limits,
                                          Instant now) noexcept {
  const auto closed = value_of(in.contactor_closed, limits, now);
  const auto commanded = value_of(in.contactor_commanded, limits, now);
  const auto current = value_of(in.pack_current, limits, now);
  if (!closed) return std::nullopt;
  const bool is_closed = *closed == 1;
  if (commanded && (*commanded == 1) != is_closed) return true;
  if (current && !is_closed && magnitude(*current) >= limits.plausibility.contactor_current.count())
    return true;
  if (in.contactor_commanded && !commanded) return std::nullopt;
  if (!is_closed && !current) return std::nullopt;
  return false;
}

}  // namespace ems::safety::detail
