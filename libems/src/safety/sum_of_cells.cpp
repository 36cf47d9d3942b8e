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
bool intact(Input<MilliVolt> input, const Battery& b) noexcept {
  if (input.sample.quality == Quality::uncertain) input.sample.quality = Quality::good;
  return input.usable(b.site.now, b.limits.stale_after_max);
}
/// @pre the battery has a sum; the same holds for apart().
bool intact(const Battery& b) noexcept {
  const CellSum& sum = *b.in.cell_sum;
  return sum.cells != 0 && intact(sum.sum, b) && intact(sum.terminals, b);
}

/// Sum of the cells over the terminals, and how far they may be apart.
struct Apart {
  std::int64_t by = 0;
  std::int64_t trip = 0;
  std::int64_t clear = 0;
};
Apart apart(const Battery& b) noexcept {
  const SumOfCellsLimit& l = b.limits.sum_of_cells;
  const CellSum& sum = *b.in.cell_sum;
  const std::int64_t cells = sum.sum.sample.value.count();
  const std::int64_t terminals = sum.terminals.sample.value.count();
  const std::int64_t smaller = std::max<std::int64_t>(0, std::min(cells, terminals));
  const auto most = [&sum, smaller](MilliVolt per_cell, BasisPoints share) {
    return std::max(std::int64_t{per_cell.count()} * sum.cells, share_of(smaller, share));
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
void observe_sum(PlausibilityState& s, const Battery& b) noexcept {
  if (!b.in.cell_sum) return;
  mark(s.seen, kSum);
  if (!intact(b)) {
    s.sum_finding = static_cast<std::uint8_t>(Finding::missing);
    start_average(s);
    return;
  }
  const CellSum& sum = *b.in.cell_sum;
  const Apart now = apart(b);
  const auto conclude = [&s, &now](std::int64_t by, std::int64_t extra) {
    const Threshold<std::int64_t> limit{now.trip + extra, now.clear + extra};
    s.sum_value = narrow(magnitude(by));
    s.sum_finding = static_cast<std::uint8_t>(judge_upper(limit, magnitude(by)));
    start_average(s);
  };
  const Duration skew = sum.sum.sample.taken_at - sum.terminals.sample.taken_at;
  if (max_of(skew, -skew) <= b.limits.plausibility.skew_max) return conclude(now.by, 0);
  run(s.uncompared, b.site);
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

Evaluation judge_sum(const PlausibilityState& s, const Battery& b) noexcept {
  Evaluation e{Finding::good, b.limits.sum_of_cells.clear_after, Signal::cell_voltage};
  if (b.in.cell_sum) {
    e.finding = static_cast<Finding>(s.sum_finding);
    if (e.finding == Finding::missing) return e;
    e.value = s.sum_value;
    e.limit = narrow(apart(b).trip);
  } else if ((s.seen & kSum) != 0) {  // A BMS that gives only extremes has nothing to compare.
    e.finding = Finding::missing;
  }
  return e;
}

bool contradicts(const Battery& b) noexcept {
  if (!b.in.cell_sum || !intact(b)) return false;
  const Apart now = apart(b);
  return magnitude(now.by) >= now.trip;
}

}  // namespace ems::safety::detail
