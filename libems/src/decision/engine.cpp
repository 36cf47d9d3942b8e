// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/engine.hpp"

#include "ems/core/assert.hpp"

namespace ems::decision {

namespace {

/// `left` and who set its bounds, on the way down the levels.
class Narrowing {
 public:
  explicit Narrowing(Interval envelope) noexcept : left_(envelope) {}

  /// DESIGN section 3: left = [clamp(c, lo, hi), clamp(d, lo, hi)].
  void apply(const Demand& demand, DemandKind kind, const Band& asked, Resolution& out) noexcept {
    const Interval before = left_;
    const Band band = asked.effective();
    const Watt lo = band.lo ? left_.nearest(*band.lo) : left_.lo;
    const Watt hi = band.hi ? left_.nearest(*band.hi) : left_.hi;

    Conflict conflict{demand.policy, demand.level, kind, demand.policy, Watt{}, Watt{}};
    if (asked.contradicts_itself()) conflict.against_itself = *asked.lo - *asked.hi;
    if (band.lo && *band.lo > before.hi) {
      conflict.shortfall = *band.lo - before.hi;
      conflict.bound_by = hi_by_;
    } else if (band.hi && *band.hi < before.lo) {
      conflict.shortfall = before.lo - *band.hi;
      conflict.bound_by = lo_by_;
    }
    if (conflict.shortfall != Watt{} || conflict.against_itself != Watt{}) {
      out.conflicts.push_back(conflict);
    }

    if (lo != before.lo) lo_by_ = demand.policy;
    if (hi != before.hi) hi_by_ = demand.policy;
    left_ = {lo, hi};
    if (left_.is_point() && !before.is_point()) out.winner = demand.policy;
  }

  void apply_all(std::span<const Demand> demands, Level level, DemandKind kind,
                 Resolution& out) noexcept {
    for (const Demand& demand : demands) {
      if (demand.level != level) continue;
      const auto& asked = kind == DemandKind::constraint ? demand.constraint : demand.preference;
      if (asked) apply(demand, kind, *asked, out);
    }
  }

  [[nodiscard]] Interval left() const noexcept { return left_; }
  [[nodiscard]] PolicyId lo_by() const noexcept { return lo_by_; }
  [[nodiscard]] PolicyId hi_by() const noexcept { return hi_by_; }

 private:
  Interval left_;
  PolicyId lo_by_ = PolicyId::safety;
  PolicyId hi_by_ = PolicyId::safety;
};

void assert_ordered(Interval envelope, std::span<const Demand> demands) noexcept {
  EMS_ASSERT(envelope.lo <= envelope.hi);
  EMS_ASSERT(demands.size() <= kPoliciesMax);
  Level above = Level::grid_code;
  for (const Demand& demand : demands) {
    EMS_ASSERT(demand.level >= above && demand.level <= Level::longevity);
    above = demand.level;
  }
}

/// The highest preference that the target misses: level by level in order, and `demands` is sorted.
std::optional<PolicyId> runner_up_of(std::span<const Demand> demands, Watt target) noexcept {
  for (const Demand& demand : demands) {
    if (demand.preference && !demand.preference->contains(target)) return demand.policy;
  }
  return std::nullopt;
}

}  // namespace

Resolution resolve(Interval envelope, std::span<const Demand> demands) noexcept {
  assert_ordered(envelope, demands);

  Resolution out;
  Narrowing narrowing(envelope);
  for (const Level level :
       {Level::safety, Level::grid_code, Level::contractual, Level::economic, Level::longevity}) {
    LevelTrace& trace = out.levels[index_of(level)];
    trace.before = narrowing.left();
    narrowing.apply_all(demands, level, DemandKind::constraint, out);
    narrowing.apply_all(demands, level, DemandKind::preference, out);
    trace.after = narrowing.left();
    trace.lo_by = narrowing.lo_by();
    trace.hi_by = narrowing.hi_by();
  }

  const Interval left = narrowing.left();
  out.target = left.nearest(Watt{});
  if (!out.winner && out.target != Watt{}) {
    // Not a point, or one that safety gave: the target is the bound nearest to 0.
    out.winner = out.target == left.lo ? narrowing.lo_by() : narrowing.hi_by();
  }
  out.runner_up = runner_up_of(demands, out.target);
  return out;
}

}  // namespace ems::decision
