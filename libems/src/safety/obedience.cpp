// SPDX-License-Identifier: Apache-2.0
#include <bit>

#include "safety/plausibility_parts.hpp"

namespace ems::safety::detail {

namespace {

/// So much obedience takes one disobedience back.
constexpr Duration kForgivenAfter = seconds(3600);

bool inside(std::int64_t value, const Extent& extent, std::int64_t margin) noexcept {
  return value >= extent.lo - margin && value <= extent.hi + margin;
}

/// What is asked of a device now, and what it does.
struct Asked {
  Extent allowed{};
  std::int64_t margin = 0;
  std::optional<std::int32_t> value{};
  Instant taken_at{};

  template <class Q>
  Asked(const Extent& allow, std::int64_t more, const Battery& b, const OptionalInput<Q>& input)
      : allowed(allow), margin(more), value(b.value(input)) {
    if (input) taken_at = input->sample.taken_at;
  }
};

/// Moves `due` on. It holds at any time t everything that was allowed in [t - within, t]: a wider
/// limit at once; a tighter one when the widest since its beginning is `within` old.
void move_due(ObedienceState& s, const Extent& allowed, const Battery& b) noexcept {
  widen(s.due, allowed);
  if (s.is_tightening) {
    widen(s.next, allowed);
    run(s.tightening, b.site);
    if (microseconds(s.tightening) >= b.limits.plausibility.obey_after) {
      s.due = s.next;
      s.is_tightening = false;
    }
  }
  if (!s.is_tightening && s.due != allowed) {
    s.is_tightening = true;
    s.tightening = 0;
    s.next = allowed;
  }
}

void obey(ObedienceState& s, const Battery& b, const Asked& asked) noexcept {
  const Duration within = b.limits.plausibility.obey_after;
  if (!b.site.inputs.armed) {
    s = {};
    return;
  }
  move_due(s, asked.allowed, b);
  if (!asked.value) return;
  const bool disobeys = !inside(*asked.value, s.due, asked.margin);
  run_while(!inside(*asked.value, asked.allowed, asked.margin), s.is_beyond, s.beyond, b.site);
  run(s.obeyed, b.site);
  if (disobeys) s.obeyed = 0;
  // A sample from before the deadline says nothing about it.
  if (disobeys && microseconds(s.beyond) >= within + (b.site.now - asked.taken_at)) {
    s.times = std::min<std::uint8_t>(kDisobeyedMax, static_cast<std::uint8_t>(s.times + 1));
    s.beyond -= static_cast<Stopwatch>(within.count());
  }
  if (s.times != 0 && microseconds(s.obeyed) >= kForgivenAfter) {
    --s.times;
    s.obeyed = 0;
  }
}

std::int64_t power_margin(const Battery& b, std::size_t inverter) noexcept {
  const PlausibilityLimits& l = b.limits.plausibility;
  const VoltAmp rating = b.site.config.inverters[inverter].apparent_max;
  return std::max<std::int64_t>(l.power_floor.count(), share_of(rating.count(), l.obey_tolerance));
}

std::optional<bool> above(std::optional<std::int32_t> value, std::int64_t margin) noexcept {
  return value ? std::optional{magnitude(*value) > margin} : std::nullopt;
}

}  // namespace

Evaluation judge_obedience(const PlausibilityState& s, const Battery& b) noexcept {
  const std::int32_t value = b.value(b.in.pack_current).value_or(0);
  return {s.obedience.times == 0 ? Finding::good : Finding::exceeded,
          b.limits.plausibility.clear_after, Signal::pack_current, value,
          value < 0 ? s.obedience.due.lo : s.obedience.due.hi};
}

void obey(ObedienceState& s, const Battery& b, const BatteryVerdict& verdict) noexcept {
  const Extent allowed{-verdict.charge_current_max.count(), verdict.discharge_current_max.count()};
  obey(s, b, Asked(allowed, margin(b.limits), b, b.in.pack_current));
}

void obey(ObedienceState& s, const Site& site, std::size_t inverter,
          const InverterVerdict& verdict) noexcept {
  const unsigned feeding = site.config.inverters[inverter].batteries;  // Not 0: validate().
  const Battery b{site, static_cast<std::size_t>(std::countr_zero(feeding))};
  const Extent allowed{verdict.ac.lo.count(), verdict.ac.hi.count()};
  const OptionalInput<Watt>& power = site.inverter(inverter).active_power;
  obey(s, b, Asked(allowed, power_margin(b, inverter), b, power));
}

std::optional<bool> flows(const Battery& b) noexcept {
  return above(b.value(b.in.pack_current), margin(b.limits));
}

std::optional<bool> flows(const Battery& b, std::size_t inverter) noexcept {
  return above(b.value(b.site.inverter(inverter).active_power), power_margin(b, inverter));
}

}  // namespace ems::safety::detail
