// SPDX-License-Identifier: Apache-2.0
#include "safety/plausibility_parts.hpp"

namespace ems::safety::detail {

namespace {

/// Losses at idle and the sensors' errors: this part of power_tolerance counts from the rating.
constexpr std::int64_t kRatingPart = 4;

bool empty(const Extent& extent) noexcept { return extent.lo > extent.hi; }
/// What lies between the two; 0 when they meet.
std::int64_t gap(const Extent& a, const Extent& b) noexcept {
  return std::max<std::int64_t>({0, std::int64_t{a.lo} - b.hi, std::int64_t{b.lo} - a.hi});
}
std::int64_t largest(const Extent& extent) noexcept {
  return std::max(magnitude(extent.lo), magnitude(extent.hi));
}

/// The batteries that are connected with one battery, by whatever wiring, itself included.
unsigned group_of(const Config& config, std::size_t battery) noexcept {
  unsigned group = 1U << battery;
  for (unsigned before = 0; before != group;) {
    before = group;
    for (const InverterConfig& inverter : config.inverters) {
      if ((inverter.batteries & group) != 0) group |= inverter.batteries;
    }
  }
  return group;
}

/// V * I, as far as battery `b` may use its neighbour's inputs `in`.
std::optional<std::int64_t> dc_power(const Battery& b, const BatteryInputs& in) noexcept {
  const auto voltage = b.value(in.pack_voltage);
  const auto current = b.value(in.pack_current);
  if (!voltage || !current) return std::nullopt;
  return power_of(MilliVolt{*voltage}, MilliAmp{*current}).count();
}

/// One moment of a group: nullopt where one of its inputs is missing.
struct GroupPower {
  std::optional<std::int64_t> dc{0};  ///< V * I of all batteries and what dc PV adds.
  std::optional<std::int64_t> ac{0};
  bool ac_given = true;  ///< Each inverter has the signal, usable or not.
  std::int64_t rating{};
  std::int64_t efficiency = kWhole;
};
void add(std::optional<std::int64_t>& sum, std::optional<std::int64_t> one) noexcept {
  sum = sum && one ? std::optional{*sum + *one} : std::nullopt;
}
GroupPower group_power(const Battery& b) noexcept {
  const Site& site = b.site;
  const unsigned group = group_of(site.config, b.index);
  GroupPower power;
  for (std::size_t i = 0; i < site.config.batteries.size(); ++i) {
    if ((group >> i & 1U) != 0) add(power.dc, dc_power(b, site.battery(i)));
  }
  for (std::size_t i = 0; i < site.config.inverters.size(); ++i) {
    const InverterConfig& inverter = site.config.inverters[i];
    if ((inverter.batteries & group) == 0) continue;
    const InverterInputs& in = site.inverter(i);
    power.rating += inverter.apparent_max.count();
    power.efficiency = std::min<std::int64_t>(power.efficiency, inverter.efficiency.count());
    power.ac_given = power.ac_given && in.active_power;
    add(power.ac, b.value(in.active_power));
    if (inverter.has_dc_pv) add(power.dc, b.value(in.dc_pv_power));
  }
  power.ac_given = power.ac_given && power.rating != 0;
  return power;
}

/// What the ac side may read for this dc side: losses make it deliver less and take more.
Extent at_ac(const Extent& dc, std::int64_t efficiency) noexcept {
  if (empty(dc)) return dc;
  const std::int64_t lo = dc.lo;
  const std::int64_t lowest = lo >= 0 ? lo * efficiency / kWhole : lo * kWhole / efficiency;
  return {narrow(lowest), dc.hi};
}

/// Judges one finished window: two powers agree when any two readings in it do, so that neither the
/// age of a sample nor a load step counts; the worse of the two comparisons is kept. Lost samples
/// only leave less that could agree.
void judge_window(PlausibilityState& s, const PlausibilityLimits& l, const Extent& here,
                  const Extent& there, std::int64_t least, Signal signal) noexcept {
  Finding finding = Finding::band;
  std::int64_t by = 0;
  std::int64_t trip = least;
  if (!empty(here) && !empty(there)) {
    const std::int64_t larger = std::max(largest(here), largest(there));
    by = gap(here, there);
    trip = std::max(least, share_of(larger, l.power_tolerance));
    finding = judge_upper(Threshold<std::int64_t>{trip, trip * 3 / 4}, by);
  }
  if (static_cast<std::uint8_t>(finding) >= s.power_finding) return;  // Worse ones are smaller.
  s.power_finding = static_cast<std::uint8_t>(finding);
  s.power_signal = signal;
  s.power_apart_w = narrow(by);
  s.power_limit_w = narrow(trip);
}
static_assert(Finding::exceeded < Finding::band && Finding::band < Finding::good);

}  // namespace

void observe_power(PlausibilityState& s, const Battery& b) noexcept {
  const PlausibilityLimits& l = b.limits.plausibility;
  const GroupPower group = group_power(b);
  const auto take = [](Extent& extent, std::optional<std::int64_t> power) {
    if (power) widen(extent, narrow(*power));
  };
  if (b.in.pack_power) mark(s.seen, kPackPower);
  if (group.ac_given) mark(s.seen, kAcPower);
  take(s.dc_power, dc_power(b, b.in));
  take(s.pack_power, b.value(b.in.pack_power));
  take(s.group_power, group.dc);
  take(s.ac_power, group.ac);
  run(s.power_window, b.site);
  if (microseconds(s.power_window) < l.power_after) return;

  const std::int64_t floor = l.power_floor.count();
  const std::int64_t idle = share_of(group.rating, l.power_tolerance) / kRatingPart;
  s.power_finding = static_cast<std::uint8_t>(Finding::good);
  if ((s.seen & kPackPower) != 0)
    judge_window(s, l, s.dc_power, s.pack_power, floor, Signal::pack_power);
  if ((s.seen & kAcPower) != 0)
    judge_window(s, l, at_ac(s.group_power, group.efficiency), s.ac_power, std::max(floor, idle),
                 Signal::active_power);
  s.power_window = 0;
  s.dc_power = s.pack_power = s.group_power = s.ac_power = {};
}

/// A power that was given once and is gone is not judged, so nothing trips; but nothing clears.
Evaluation judge_power(const PlausibilityState& s, const Battery& b) noexcept {
  return {static_cast<Finding>(s.power_finding), b.limits.plausibility.clear_after, s.power_signal,
          s.power_apart_w, s.power_limit_w};
}

}  // namespace ems::safety::detail
