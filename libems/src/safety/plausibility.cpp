// SPDX-License-Identifier: Apache-2.0
#include "safety/plausibility.hpp"

#include <algorithm>
#include <bit>

namespace ems::safety::detail {

namespace {

constexpr std::int64_t kWhole = 10'000;  // Basis points.

// Ours, like every number here that names no source; see docs/explanation/safety.md.

/// Distances of cells and terminals that are not of one moment are judged by their mean over so
/// many times three polls, and at least so long,
constexpr std::int64_t kAveragePolls = 4;
constexpr Duration kAverageOver = seconds(10);
/// and this part of their spread is added to what the mean may be,
constexpr std::int64_t kSpreadPart = 4;
/// or sooner, after three polls, when they hardly spread: by no more than this part of the limit.
constexpr std::int64_t kSteadyPart = 4;
/// A battery's voltage does not move further than this at a steady current, however many cells it
/// has. Source: REQUIREMENTS A7.
constexpr std::int64_t kPackJumpMax = 50'000;
/// Without a known capacity only a current of at least this share of the maximum tells.
constexpr std::int64_t kLoadShare = 500;
/// Losses at idle and the sensors' errors: this part of power_tolerance counts from the rating.
constexpr std::int64_t kRatingPart = 4;
/// So much obedience takes one disobedience back.
constexpr Duration kForgivenAfter = seconds(3600);

// PlausibilityState::seen.
constexpr std::uint8_t kSum = 1;
constexpr std::uint8_t kPackPower = 2;
constexpr std::uint8_t kAcPower = 4;
constexpr std::uint8_t kCommand = 8;

void mark(std::uint8_t& bits, std::uint8_t bit) noexcept {
  bits = static_cast<std::uint8_t>(bits | bit);
}

constexpr std::int64_t magnitude(std::int64_t value) noexcept { return value < 0 ? -value : value; }

std::int32_t narrow(std::int64_t value) noexcept {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>(std::clamp(value, -kMost, kMost));
}

Stopwatch stopwatch(Duration d) noexcept {
  constexpr std::int64_t kMost = std::numeric_limits<Stopwatch>::max();
  return static_cast<Stopwatch>(std::clamp<std::int64_t>(d.count(), 0, kMost));
}
/// A clock that went backwards has let no time pass.
Duration forward(Duration passed) noexcept { return max_of(passed, Duration::zero()); }
void run(Stopwatch& watch, Duration passed) noexcept {
  watch = stopwatch(microseconds(watch) + forward(passed));
}

void widen(Extent& extent, const Extent& by) noexcept {
  extent.lo = std::min(extent.lo, by.lo);
  extent.hi = std::max(extent.hi, by.hi);
}
void widen(Extent& extent, std::int32_t value) noexcept { widen(extent, Extent{value, value}); }
bool inside(std::int64_t value, const Extent& extent, std::int64_t margin) noexcept {
  return value >= extent.lo - margin && value <= extent.hi + margin;
}
bool empty(const Extent& extent) noexcept { return extent.lo > extent.hi; }
/// What lies between the two; 0 when they meet.
std::int64_t gap(const Extent& a, const Extent& b) noexcept {
  return std::max<std::int64_t>({0, std::int64_t{a.lo} - b.hi, std::int64_t{b.lo} - a.hi});
}
std::int64_t largest(const Extent& extent) noexcept {
  return std::max(magnitude(extent.lo), magnitude(extent.hi));
}

template <class Q>
std::optional<std::int32_t> value_of(const OptionalInput<Q>& input, const Limits& limits,
                                     Instant now) noexcept {
  if (!input || !input->usable(now, limits.stale_after_max)) return std::nullopt;
  return input->sample.value.count();
}

const BatteryConfig& battery_of(const PlausibilityContext& c) noexcept {
  return c.config.batteries[c.index];
}

std::int64_t largest_current(const Limits& limits) noexcept {
  return max_of(limits.charge_current_max, limits.discharge_current_max).count();
}
/// Currents nearer than this to each other, or to a limit, are not told apart.
std::int64_t margin(const Limits& limits) noexcept {
  const PlausibilityLimits& l = limits.plausibility;
  return std::max<std::int64_t>(l.obey_floor.count(),
                                largest_current(limits) * l.obey_tolerance.count() / kWhole);
}

Finding judge_upper(std::int64_t value, std::int64_t trip, std::int64_t clear) noexcept {
  if (value >= trip) return Finding::exceeded;
  return value >= clear ? Finding::band : Finding::good;
}

// --- value_jump and values_frozen ---

using Measured = std::array<std::optional<std::int32_t>, PlausibilityState::kValues>;
constexpr auto kCurrent = static_cast<std::size_t>(Measurement::pack_current);

Measured measured(const PlausibilityContext& c) noexcept {
  const Limits& l = battery_of(c).limits;
  return {value_of(c.in.soc, l, c.now),
          value_of(c.in.temp_max, l, c.now),
          value_of(c.in.temp_min, l, c.now),
          value_of(c.in.pack_voltage, l, c.now),
          value_of(c.in.cell_voltage_max, l, c.now),
          value_of(c.in.cell_voltage_min, l, c.now),
          value_of(c.in.pack_current, l, c.now)};
}

constexpr Signal kSignals[] = {Signal::soc,          Signal::temperature,  Signal::temperature,
                               Signal::pack_voltage, Signal::cell_voltage, Signal::cell_voltage,
                               Signal::pack_current};
static_assert(std::size(kSignals) == PlausibilityState::kValues);

/// The largest step of each that a battery may make. A load step of the whole current, with a cold
/// pack's 2 mOhm per cell of 100 Ah, moves a cell by 0.4 V: less than cell_voltage_jump. The fixed
/// 50 V would forbid that to long strings, so it holds only while the current stays.
using Steps = std::array<std::int64_t, PlausibilityState::kValues>;
Steps steps_max(const BatteryConfig& battery, bool load_step) noexcept {
  const PlausibilityLimits& l = battery.limits.plausibility;
  const std::int64_t cell = l.cell_voltage_jump.count();
  const std::int64_t cells = cell * battery.cells_in_series;
  const std::int64_t kelvin = l.temperature_jump.count();
  return {l.soc_jump.count(),
          kelvin,
          kelvin,
          load_step ? cells : std::min(cells, kPackJumpMax),
          cell,
          cell,
          std::numeric_limits<std::int64_t>::max()};  // A current may do as it likes.
}

void observe_values(PlausibilityState& s, const PlausibilityContext& c) noexcept {
  const BatteryConfig& battery = battery_of(c);
  const Measured now = measured(c);
  const auto moved = [&s, &now](std::size_t i) {
    return magnitude(std::int64_t{*now[i]} - s.values[i]);
  };
  const bool load_step = now[kCurrent] && moved(kCurrent) > margin(battery.limits);
  const Steps most = steps_max(battery, load_step);
  bool changed = false;
  s.jumped = 0;
  for (std::size_t i = 0; i < now.size(); ++i) {
    run(s.ages[i], c.passed);
    if (!now[i]) continue;
    const bool known = (static_cast<unsigned>(s.known) >> i & 1U) != 0;
    const bool fresh = microseconds(s.ages[i]) <= battery.limits.stale_after_max;
    if (known && fresh && moved(i) > most[i] && s.jumped == 0) {
      s.jumped = static_cast<std::uint8_t>(i + 1);
      s.jump = narrow(moved(i));
    }
    changed = changed || !known || moved(i) != 0;
    s.values[i] = *now[i];
    s.ages[i] = 0;
    mark(s.known, static_cast<std::uint8_t>(1U << i));
  }
  s.unchanged = changed ? Duration::zero() : s.unchanged + forward(c.passed);
}

Evaluation judge_jump(const PlausibilityState& s, const PlausibilityContext& c) noexcept {
  const BatteryConfig& battery = battery_of(c);
  Evaluation e{Finding::good, battery.limits.plausibility.clear_after};
  if (s.jumped != 0) {
    const std::size_t what = s.jumped - 1U;
    return {Finding::exceeded, e.clear_after, kSignals[what], s.jump,
            narrow(steps_max(battery, false)[what])};
  }
  // What is missing has a rule of its own; here it only keeps "steady" from being shown.
  for (const auto& value : measured(c)) {
    if (!value) e.finding = Finding::band;
  }
  return e;
}

/// A BMS counts the charge that it reports: after 2 % of the capacity its SoC, which has steps of
/// 1 % at the coarsest, must have moved, and a working sensor's noise moves the others long before.
/// While nothing changes the current is one number, so the charge is that number times the time; a
/// gap counts as more of the same, so that losing an input hides nothing. At rest the charge is 0:
/// a quiet battery is not a frozen one.
Evaluation judge_frozen(const PlausibilityState& s, const PlausibilityContext& c) noexcept {
  const BatteryConfig& battery = battery_of(c);
  const PlausibilityLimits& l = battery.limits.plausibility;
  Evaluation e{Finding::good, l.clear_after, Signal::pack_current, s.values[kCurrent]};
  const std::int64_t amount = magnitude(s.values[kCurrent]);
  bool frozen = false;
  if (battery.capacity > MicroAmpHour::zero()) {
    constexpr std::int64_t kPerMicroAmpHour = 3'600'000;  // mA * us.
    const Duration share = Duration{battery.capacity.count()} * l.frozen_charge.count();
    frozen = s.unchanged * amount > Duration{share.count() / kWhole} * kPerMicroAmpHour;
  } else {
    const std::int64_t most = largest_current(battery.limits);
    frozen = s.unchanged >= l.frozen_after && amount > 0 && amount * kWhole >= most * kLoadShare;
  }
  if (frozen) e.finding = Finding::exceeded;
  return e;
}

// --- sum_of_cells ---

/// Uncertain samples count here: it is this check that made them uncertain, and it must be able to
/// see that they agree again.
bool intact(const Input<MilliVolt>& input, const Limits& limits, Instant now) noexcept {
  Input<MilliVolt> copy = input;
  if (copy.sample.quality == Quality::uncertain) copy.sample.quality = Quality::good;
  return copy.usable(now, limits.stale_after_max);
}
bool intact(const CellSum& sum, const Limits& limits, Instant now) noexcept {
  return sum.cells != 0 && intact(sum.sum, limits, now) && intact(sum.terminals, limits, now);
}

/// Sum of the cells over the terminals, and how far they may be apart.
struct Apart {
  std::int64_t by = 0;
  std::int64_t trip = 0;
  std::int64_t clear = 0;
};
Apart apart(const CellSum& sum, const Limits& limits) noexcept {
  const SumOfCellsLimit& l = limits.sum_of_cells;
  const std::int64_t cells = sum.sum.sample.value.count();
  const std::int64_t terminals = sum.terminals.sample.value.count();
  const std::int64_t smaller = std::max<std::int64_t>(0, std::min(cells, terminals));
  const auto most = [&sum, smaller](MilliVolt per_cell, BasisPoints share) {
    return std::max<std::int64_t>(std::int64_t{per_cell.count()} * sum.cells,
                                  smaller * share.count() / kWhole);
  };
  return {cells - terminals, most(l.trip_per_cell, l.trip_share),
          most(l.clear_per_cell, l.clear_share)};
}

void start_average(PlausibilityState& s) noexcept {
  s.uncompared = 0;
  s.apart_count = 0;
  s.apart_sum = 0;
  s.apart = {};
}

/// Cells and terminals often come in two replies, and a load step between them is no lie. Readings
/// of one moment are judged at once. Others are judged by their mean distance: what a moving load
/// adds to one comparison it takes from the next, a lie stays.
void observe_sum(PlausibilityState& s, const PlausibilityContext& c) noexcept {
  if (!c.in.cell_sum) return;
  mark(s.seen, kSum);
  const CellSum& sum = *c.in.cell_sum;
  const Limits& limits = battery_of(c).limits;
  if (!intact(sum, limits, c.now)) {
    s.sum_finding = static_cast<std::uint8_t>(Finding::missing);
    start_average(s);
    return;
  }
  const Apart now = apart(sum, limits);
  const auto conclude = [&s, &now](std::int64_t by, std::int64_t extra) {
    s.sum_value = narrow(magnitude(by));
    s.sum_finding =
        static_cast<std::uint8_t>(judge_upper(magnitude(by), now.trip + extra, now.clear + extra));
    start_average(s);
  };
  const Duration skew = sum.sum.sample.taken_at - sum.terminals.sample.taken_at;
  if (max_of(skew, -skew) <= limits.plausibility.skew_max) return conclude(now.by, 0);
  run(s.uncompared, c.passed);
  s.apart_sum += now.by;
  ++s.apart_count;
  widen(s.apart, narrow(now.by));
  const std::int64_t spread = std::int64_t{s.apart.hi} - s.apart.lo;
  const bool steady = spread * kSteadyPart <= now.trip;
  const Duration polls = max_of(sum.sum.stale_after, sum.terminals.stale_after);
  const Duration needed = steady ? polls : max_of(polls * kAveragePolls, kAverageOver);
  if (microseconds(s.uncompared) < needed) return;
  conclude(s.apart_sum / s.apart_count, steady ? 0 : spread / kSpreadPart);
}

Evaluation judge_sum(const PlausibilityState& s, const PlausibilityContext& c) noexcept {
  const Limits& limits = battery_of(c).limits;
  Evaluation e{Finding::good, limits.sum_of_cells.clear_after, Signal::cell_voltage};
  if (c.in.cell_sum) {
    e.finding = static_cast<Finding>(s.sum_finding);
    if (e.finding == Finding::missing) return e;
    e.value = s.sum_value;
    e.limit = narrow(apart(*c.in.cell_sum, limits).trip);
  } else if ((s.seen & kSum) != 0) {  // A BMS that gives only extremes has nothing to compare.
    e.finding = Finding::missing;
  }
  return e;
}

// --- power_mismatch ---

/// The batteries and inverters that are connected with one battery, by whatever wiring.
struct Group {
  unsigned batteries{};
  unsigned inverters{};
};
Group group_of(const Config& config, std::size_t battery) noexcept {
  Group group{1U << battery, 0};
  for (bool grown = true; grown;) {
    grown = false;
    for (std::size_t i = 0; i < config.inverters.size(); ++i) {
      const unsigned feeds = config.inverters[i].batteries;
      if ((feeds & group.batteries) == 0 || (group.inverters >> i & 1U) != 0) continue;
      group.inverters |= 1U << i;
      group.batteries |= feeds;
      grown = true;
    }
  }
  return group;
}

std::optional<std::int64_t> dc_power(const BatteryInputs& in, const Limits& limits,
                                     Instant now) noexcept {
  const auto voltage = value_of(in.pack_voltage, limits, now);
  const auto current = value_of(in.pack_current, limits, now);
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
  if (sum && one) {
    *sum += *one;
  } else {
    sum.reset();
  }
}
GroupPower group_power(const PlausibilityContext& c) noexcept {
  const Group group = group_of(c.config, c.index);
  const Limits& limits = battery_of(c).limits;
  GroupPower power;
  for (std::size_t i = 0; i < c.config.batteries.size(); ++i) {
    if ((group.batteries >> i & 1U) == 0) continue;
    const BatteryInputs* in = matching(c.inputs.batteries, i, c.config.batteries[i].asset);
    add(power.dc, in == nullptr ? std::nullopt : dc_power(*in, limits, c.now));
  }
  for (std::size_t i = 0; i < c.config.inverters.size(); ++i) {
    if ((group.inverters >> i & 1U) == 0) continue;
    const InverterConfig& inverter = c.config.inverters[i];
    const InverterInputs* in = matching(c.inputs.inverters, i, inverter.asset);
    power.rating += inverter.apparent_max.count();
    power.efficiency = std::min<std::int64_t>(power.efficiency, inverter.efficiency.count());
    power.ac_given = power.ac_given && in != nullptr && in->active_power;
    if (in == nullptr) {
      power.ac.reset();
      continue;
    }
    add(power.ac, value_of(in->active_power, limits, c.now));
    if (inverter.has_dc_pv) add(power.dc, value_of(in->dc_pv_power, limits, c.now));
  }
  power.ac_given = power.ac_given && group.inverters != 0;
  return power;
}

/// What the ac side may read for this dc side: losses make it deliver less and take more.
Extent at_ac(const Extent& dc, std::int64_t efficiency) noexcept {
  if (empty(dc)) return dc;
  const std::int64_t lowest =
      dc.lo >= 0 ? dc.lo * efficiency / kWhole : dc.lo * kWhole / efficiency;
  return {narrow(lowest), dc.hi};
}

/// Judges one finished window: two powers agree when any two readings in it do, so that neither the
/// age of a sample nor a load step counts; the worse of the two comparisons is kept. Lost samples
/// only leave less that could agree.
void judge_window(PlausibilityState& s, const Limits& limits, const Extent& here,
                  const Extent& there, std::int64_t least, Signal signal) noexcept {
  const PlausibilityLimits& l = limits.plausibility;
  const bool judged = !empty(here) && !empty(there);
  const std::int64_t larger = judged ? std::max(largest(here), largest(there)) : 0;
  const std::int64_t trip = std::max(least, larger * l.power_tolerance.count() / kWhole);
  const std::int64_t by = judged ? gap(here, there) : 0;
  const Finding finding = judged ? judge_upper(by, trip, trip * 3 / 4) : Finding::band;
  if (static_cast<std::uint8_t>(finding) >= s.power_finding) return;  // Worse ones are smaller.
  s.power_finding = static_cast<std::uint8_t>(finding);
  s.power_signal = signal;
  s.power_value = narrow(by);
  s.power_limit = narrow(trip);
}
static_assert(Finding::exceeded < Finding::band && Finding::band < Finding::good);

void observe_power(PlausibilityState& s, const PlausibilityContext& c) noexcept {
  const Limits& limits = battery_of(c).limits;
  const GroupPower group = group_power(c);
  const auto take = [](Extent& extent, std::optional<std::int64_t> power) {
    if (power) widen(extent, narrow(*power));
  };
  if (c.in.pack_power) mark(s.seen, kPackPower);
  if (group.ac_given) mark(s.seen, kAcPower);
  take(s.dc_power, dc_power(c.in, limits, c.now));
  take(s.pack_power, value_of(c.in.pack_power, limits, c.now));
  take(s.group_power, group.dc);
  take(s.ac_power, group.ac);
  run(s.power_window, c.passed);
  if (microseconds(s.power_window) < limits.plausibility.power_after) return;

  const std::int64_t floor = limits.plausibility.power_floor.count();
  const std::int64_t idle =
      group.rating * limits.plausibility.power_tolerance.count() / kWhole / kRatingPart;
  s.power_finding = static_cast<std::uint8_t>(Finding::good);
  if ((s.seen & kPackPower) != 0)
    judge_window(s, limits, s.dc_power, s.pack_power, floor, Signal::pack_power);
  if ((s.seen & kAcPower) != 0)
    judge_window(s, limits, at_ac(s.group_power, group.efficiency), s.ac_power,
                 std::max(floor, idle), Signal::active_power);
  s.power_window = 0;
  s.dc_power = s.pack_power = s.group_power = s.ac_power = {};
}

/// A power that was given once and is gone is not judged, so nothing trips; but nothing clears.
Evaluation judge_power(const PlausibilityState& s, const PlausibilityContext& c) noexcept {
  return {static_cast<Finding>(s.power_finding), battery_of(c).limits.plausibility.clear_after,
          s.power_signal, s.power_value, s.power_limit};
}

// --- limit_disobeyed ---

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
    s.beyond -= stopwatch(asked.within);
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

Evaluation judge_obedience(const PlausibilityState& s, const PlausibilityContext& c) noexcept {
  const Limits& limits = battery_of(c).limits;
  const std::int32_t value = value_of(c.in.pack_current, limits, c.now).value_or(0);
  return {s.obedience.times == 0 ? Finding::good : Finding::exceeded,
          limits.plausibility.clear_after, Signal::pack_current, value,
          value < 0 ? s.obedience.due.lo : s.obedience.due.hi};
}

std::int64_t power_margin(const InverterConfig& inverter, const Limits& limits) noexcept {
  const PlausibilityLimits& l = limits.plausibility;
  return std::max<std::int64_t>(l.power_floor.count(), std::int64_t{inverter.apparent_max.count()} *
                                                           l.obey_tolerance.count() / kWhole);
}

// --- contactor_disagreement ---

void observe_contactor(PlausibilityState& s, const PlausibilityContext& c) noexcept {
  const Limits& limits = battery_of(c).limits;
  if (c.in.contactor_commanded) mark(s.seen, kCommand);
  const std::optional<bool> contradicts = contactor_contradicts(c.in, limits, c.now);
  const bool refused = s.open_ordered && value_of(c.in.contactor_closed, limits, c.now) == 1;
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
  const Limits& limits = battery_of(c).limits;
  const auto commanded = value_of(c.in.contactor_commanded, limits, c.now);
  Evaluation e{Finding::good, limits.plausibility.clear_after, Signal::contactor_closed};
  e.value = value_of(c.in.contactor_closed, limits, c.now).value_or(0);
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

}  // namespace

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

void obey(PlausibilityState& state, const PlausibilityContext& context,
          const BatteryVerdict& verdict) noexcept {
  const Limits& limits = battery_of(context).limits;
  const Asked asked{{-verdict.charge_current_max.count(), verdict.discharge_current_max.count()},
                    margin(limits),
                    limits.plausibility.obey_after};
  obey(state.obedience, asked, reading_of(context.in.pack_current, limits, context.now),
       context.passed);
}

void obey(ObedienceState& state, const Config& config, std::size_t inverter,
          const InverterInputs* in, const InverterVerdict& verdict, Instant now,
          Duration passed) noexcept {
  const InverterConfig& device = config.inverters[inverter];
  // Its first battery's limits say how it is judged; validate() sees to it that there is one.
  const Limits& limits =
      config.batteries[static_cast<std::size_t>(std::countr_zero(device.batteries))].limits;
  const Asked asked{{verdict.ac.lo.count(), verdict.ac.hi.count()},
                    power_margin(device, limits),
                    limits.plausibility.obey_after};
  obey(state, asked, in == nullptr ? std::nullopt : reading_of(in->active_power, limits, now),
       passed);
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

std::optional<bool> flows(const BatteryInputs& in, const Limits& limits, Instant now) noexcept {
  const auto current = value_of(in.pack_current, limits, now);
  if (!current) return std::nullopt;
  return magnitude(*current) > margin(limits);
}

std::optional<bool> flows(const InverterInputs* in, const InverterConfig& inverter,
                          const Limits& limits, Instant now) noexcept {
  if (in == nullptr) return std::nullopt;
  const auto power = value_of(in->active_power, limits, now);
  if (!power) return std::nullopt;
  return magnitude(*power) > power_margin(inverter, limits);
}

bool contradicts(const CellSum& sum, const Limits& limits, Instant now) noexcept {
  if (!intact(sum, limits, now)) return false;
  const Apart now_apart = apart(sum, limits);
  return magnitude(now_apart.by) >= now_apart.trip;
}

}  // namespace ems::safety::detail
