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
struct Reading {
  std::int32_t value = 0;
  Duration age{};
};

/// Moves `due` on. It holds at any time t everything that was allowed in [t - within, t]: a wider
/// limit at once; a tighter one when the widest since its beginning is `within` old.
void move_due(ObedienceState& s, const Asked& asked, Duration passed) noexcept {
  widen(s.due, asked.allowed);
  if (s.is_tightening) {
    widen(s.next, asked.allowed);
    run(s.tightening, passed);
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

void obey(ObedienceState& s, const Asked& asked, const std::optional<Reading>& reading,
          Duration passed) noexcept {
  move_due(s, asked, passed);
  if (!reading) return;
  const bool beyond = !inside(reading->value, asked.allowed, asked.margin);
  if (beyond && s.is_beyond) {
    run(s.beyond, passed);
  } else {
    s.beyond = 0;
  }
  s.is_beyond = beyond;
  const bool disobeys = !inside(reading->value, s.due, asked.margin);
  run(s.obeyed, passed);
  if (disobeys) s.obeyed = 0;
  // A sample from before the deadline says nothing about it.
  if (disobeys && microseconds(s.beyond) >= asked.within + reading->age) {
    s.times = std::min<std::uint8_t>(kDisobeyedMax, static_cast<std::uint8_t>(s.times + 1));
    s.beyond -= static_cast<Stopwatch>(asked.within.count());
  }
  if (s.times != 0 && microseconds(s.obeyed) >= kForgivenAfter) {
    --s.times;
    s.obeyed = 0;
  }
}

template <class Q>
std::optional<Reading> reading_of(const OptionalInput<Q>& input, const Limits& limits,
                                  Instant now) noexcept {
  const auto value = value_of(input, limits, now);
  if (!value) return std::nullopt;
  return Reading{*value, now - input->sample.taken_at};
}

std::int64_t power_margin(const InverterConfig& inverter, const Limits& limits) noexcept {
  const PlausibilityLimits& l = limits.plausibility;
  return std::max<std::int64_t>(l.power_floor.count(),
                                share_of(inverter.apparent_max.count(), l.obey_tolerance));
}

}  // namespace

Evaluation judge_obedience(const PlausibilityState& s, const PlausibilityContext& c) noexcept {
  const Limits& limits = c.limits();
  const std::int32_t value = c.value(c.in.pack_current).value_or(0);
  return {s.obedience.times == 0 ? Finding::good : Finding::exceeded,
          limits.plausibility.clear_after, Signal::pack_current, value,
          value < 0 ? s.obedience.due.lo : s.obedience.due.hi};
}

void obey(PlausibilityState& state, const PlausibilityContext& context,
          const BatteryVerdict& verdict) noexcept {
  const Limits& limits = context.limits();
  const Asked asked{{-verdict.charge_current_max.count(), verdict.discharge_current_max.count()},
                    margin(limits),
                    limits.plausibility.obey_after};
  obey(state.obedience, asked, reading_of(context.in.pack_current, limits, context.now),
       context.passed);
}

void obey(ObedienceState& state, const Config& config, std::size_t inverter,
          const InverterInputs& in, const InverterVerdict& verdict, Instant now,
          Duration passed) noexcept {
  const InverterConfig& device = config.inverters[inverter];
  // Its first battery's limits say how it is judged; validate() sees to it that there is one.
  const Limits& limits =
      config.batteries[static_cast<std::size_t>(std::countr_zero(device.batteries))].limits;
  const Asked asked{{verdict.ac.lo.count(), verdict.ac.hi.count()},
                    power_margin(device, limits),
                    limits.plausibility.obey_after};
  obey(state, asked, reading_of(in.active_power, limits, now), passed);
}

std::optional<bool> flows(const BatteryInputs& in, const Limits& limits, Instant now) noexcept {
  const auto current = value_of(in.pack_current, limits, now);
  if (!current) return std::nullopt;
  return magnitude(*current) > margin(limits);
}

std::optional<bool> flows(const InverterInputs& in, const InverterConfig& inverter,
                          const Limits& limits, Instant now) noexcept {
  const auto power = value_of(in.active_power, limits, now);
  if (!power) return std::nullopt;
  return magnitude(*power) > power_margin(inverter, limits);
}

}  // namespace ems::safety::detail
