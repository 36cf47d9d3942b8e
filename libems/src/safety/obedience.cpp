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

/// What is asked of a device now, and how it is judged.
struct Asked {
  Extent allowed{};
  std::int64_t margin = 0;
  Duration within{};
};

/// Moves `due` on. It holds at any time t everything that was allowed in [t - within, t]: a wider
/// limit at once; a tighter one when the widest since its beginning is `within` old.
void move_due(ObedienceState& s, const Asked& asked, const Site& site) noexcept {
  widen(s.due, asked.allowed);
  if (s.is_tightening) {
    widen(s.next, asked.allowed);
    run(s.tightening, site);
    if (microseconds(s.tightening) >= asked.within) {
      s.due = s.next;
      s.is_tightening = false;
    }
  }
  if (!s.is_tightening && s.due != asked.allowed) {
    s.is_tightening = true;
    s.tightening = 0;
    s.next = asked.allowed;
  }
}

template <class Q>
void obey(ObedienceState& s, const Battery& b, const Asked& asked,
          const OptionalInput<Q>& input) noexcept {
  if (!b.site.inputs.armed) {
    s = {};
    return;
  }
  move_due(s, asked, b.site);
  const std::optional<std::int32_t> value = b.value(input);
  if (!value) return;
  const bool disobeys = !inside(*value, s.due, asked.margin);
  run_while(!inside(*value, asked.allowed, asked.margin), s.is_beyond, s.beyond, b.site);
  run(s.obeyed, b.site);
  if (disobeys) s.obeyed = 0;
  // A sample from before the deadline says nothing about it.
  const Duration age = b.site.now - input->sample.taken_at;
  if (disobeys && microseconds(s.beyond) >= asked.within + age) {
    s.times = std::min<std::uint8_t>(kDisobeyedMax, static_cast<std::uint8_t>(s.times + 1));
    s.beyond -= static_cast<Stopwatch>(asked.within.count());
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

template <class Q>
std::optional<bool> above(const Battery& b, const OptionalInput<Q>& input,
                          std::int64_t margin) noexcept {
  const std::optional<std::int32_t> value = b.value(input);
  if (!value) return std::nullopt;
  return magnitude(*value) > margin;
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
  obey(s, b, {allowed, margin(b.limits), b.limits.plausibility.obey_after}, b.in.pack_current);
}

void obey(ObedienceState& s, const Site& site, std::size_t inverter,
          const InverterVerdict& verdict) noexcept {
  const unsigned feeding = site.config.inverters[inverter].batteries;  // Not 0: validate().
  const Battery b{site, static_cast<std::size_t>(std::countr_zero(feeding))};
  const Extent allowed{verdict.ac.lo.count(), verdict.ac.hi.count()};
  obey(s, b, {allowed, power_margin(b, inverter), b.limits.plausibility.obey_after},
       site.inverter(inverter).active_power);
}

std::optional<bool> flows(const Battery& b) noexcept {
  return above(b, b.in.pack_current, margin(b.limits));
}

std::optional<bool> flows(const Battery& b, std::size_t inverter) noexcept {
  return above(b, b.site.inverter(inverter).active_power, power_margin(b, inverter));
}

}  // namespace ems::safety::detail
