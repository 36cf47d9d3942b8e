// SPDX-License-Identifier: Apache-2.0
#include "safety/plausibility_parts.hpp"

namespace ems::safety::detail {

namespace {

// Ours; see docs/explanation/safety.md.

/// Distances of cells and terminals that are not of one moment are judged by their mean over so
/// many times three polls, and at least so long,
constexpr std::int64_t kAveragePolls = 4;
constexpr Duration kAverageOver = seconds(10);
/// and this part of their spread is added to what the mean may be,
constexpr std::int64_t kSpreadPart = 4;
/// or sooner, after three polls, when they hardly spread: by no more than this part of the limit.
constexpr std::int64_t kSteadyPart = 4;

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
                                  share_of(smaller, share));
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

}  // namespace

/// Cells and terminals often come in two replies, and a load step between them is no lie. Readings
/// of one moment are judged at once. Others are judged by their mean distance: what a moving load
/// adds to one comparison it takes from the next, a lie stays.
void observe_sum(PlausibilityState& s, const PlausibilityContext& c) noexcept {
  if (!c.in.cell_sum) return;
  mark(s.seen, kSum);
  const CellSum& sum = *c.in.cell_sum;
  const Limits& limits = c.limits();
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
  const Limits& limits = c.limits();
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

bool contradicts(const CellSum& sum, const Limits& limits, Instant now) noexcept {
  if (!intact(sum, limits, now)) return false;
  const Apart now_apart = apart(sum, limits);
  return magnitude(now_apart.by) >= now_apart.trip;
}

}  // namespace ems::safety::detail
