// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <vector>

#include "ems/decision/decision.hpp"
#include "support/seed.hpp"

namespace ems::decision {
namespace {

constexpr std::uint64_t kSeed = 0x5eed'0001;
constexpr int kCases = 250'000;

/// Random sites. Small numbers meet, touch and cross often; now and then the ends of the type.
class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {}

  std::int32_t below(std::int32_t n) {
    return std::uniform_int_distribution<std::int32_t>(0, n - 1)(random_);
  }
  Watt watt() {
    switch (below(24)) {
      case 0:
        return Watt::min();
      case 1:
        return Watt::max();
      default:
        return Watt{below(21) - 10};
    }
  }
  Interval envelope() {
    const Watt a = watt();
    const Watt b = watt();
    return {min_of(a, b), max_of(a, b)};
  }
  std::optional<Watt> side() { return below(4) == 0 ? std::nullopt : std::optional(watt()); }
  std::optional<Band> band() {
    return below(3) == 0 ? std::nullopt : std::optional(Band{side(), side()});
  }
  std::vector<Demand> demands() {
    const std::int32_t most = below(8) == 0 ? static_cast<std::int32_t>(kPoliciesMax) + 1 : 9;
    std::vector<Demand> out(static_cast<std::size_t>(below(most)));
    for (Demand& demand : out) demand.level = Level{static_cast<std::uint8_t>(2 + below(4))};
    std::ranges::stable_sort(out, {}, &Demand::level);
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i].policy = PolicyId{static_cast<std::uint8_t>(kHostPolicyFirst + i)};
      out[i].constraint = band();
      out[i].preference = band();
    }
    return out;
  }

 private:
  std::mt19937_64 random_;
};

class EngineProperty : public ::testing::Test {
 protected:
  const test::Seed seed_{kSeed};
  World world_{seed_.value()};
};

bool inside(const Interval& inner, const Interval& outer) {
  return outer.lo <= inner.lo && inner.lo <= inner.hi && inner.hi <= outer.hi;
}

TEST_F(EngineProperty, LeftIsNestedNeverEmptyAndHoldsTheTargetNearestToZero) {
  for (int i = 0, n = test::Seed::cases(kCases); i < n; ++i) {
    const Interval envelope = world_.envelope();
    const Resolution r = resolve(envelope, world_.demands());
    Interval left = envelope;
    for (const LevelTrace& trace : r.levels) {
      ASSERT_EQ(trace.before, left) << i;
      ASSERT_TRUE(inside(trace.after, trace.before)) << i;
      ASSERT_EQ(trace.after.lo == envelope.lo, trace.lo_by == PolicyId::safety) << i;
      ASSERT_EQ(trace.after.hi == envelope.hi, trace.hi_by == PolicyId::safety) << i;
      left = trace.after;
    }
    ASSERT_EQ(r.target, left.nearest(Watt{})) << i;
    ASSERT_TRUE(envelope.contains(r.target)) << i;
    ASSERT_EQ(r.target != Watt{} || (left.is_point() && !envelope.is_point()), r.winner.has_value())
        << i;
  }
}

TEST_F(EngineProperty, ALowerLevelNeverMovesWhatAHigherFixed) {
  for (int i = 0, n = test::Seed::cases(kCases / 4, 4); i < n; ++i) {
    const Interval envelope = world_.envelope();
    const std::vector<Demand> demands = world_.demands();
    const Resolution all = resolve(envelope, demands);
    for (std::size_t keep = 0; keep <= demands.size(); ++keep) {
      if (keep < demands.size() && keep > 0 && demands[keep].level == demands[keep - 1].level) {
        continue;
      }
      // The levels above see nothing of those below, and their result bounds the final target.
      const Resolution upper = resolve(envelope, std::span(demands).first(keep));
      const Level last = keep == 0 ? Level::safety : demands[keep - 1].level;
      ASSERT_EQ(all.at(last), upper.at(last)) << i;
      ASSERT_TRUE(upper.at(last).after.contains(all.target)) << i;
    }
  }
}

TEST_F(EngineProperty, OneDemandGivesTheAskedOrLessOfItNeverTheOppositeSign) {
  for (int i = 0, n = test::Seed::cases(kCases); i < n; ++i) {
    const Interval left = world_.envelope();
    const Watt asked = world_.watt();
    const std::vector demands{Demand{PolicyId{130}, Level::economic, {}, Band::point(asked)}};
    const Watt target = resolve(left, demands).target;
    if (left.contains(Watt{})) {
      ASSERT_LE(min_of(asked, Watt{}), target) << i;
      ASSERT_LE(target, max_of(asked, Watt{})) << i;
    } else {
      ASSERT_EQ(target > Watt{}, left.lo > Watt{}) << i;  // The sign of whoever bound it.
    }
  }
}

TEST_F(EngineProperty, MovingAnyBoundByEMovesTheTargetByAtMostE) {
  const auto distance = [](Watt a, Watt b) {
    return std::llabs(std::int64_t{a.count()} - std::int64_t{b.count()});
  };
  for (int i = 0, n = test::Seed::cases(kCases); i < n; ++i) {
    Interval envelope = world_.envelope();
    std::vector<Demand> demands = world_.demands();
    const Watt before = resolve(envelope, demands).target;

    std::vector<Watt*> bounds{&envelope.lo, &envelope.hi};
    for (Demand& demand : demands) {
      for (auto* band : {&demand.constraint, &demand.preference}) {
        if (*band && (*band)->lo) bounds.push_back(&*(*band)->lo);
        if (*band && (*band)->hi) bounds.push_back(&*(*band)->hi);
      }
    }
    Watt& bound = *bounds[static_cast<std::size_t>(world_.below(static_cast<int>(bounds.size())))];
    const Watt old = bound;
    bound += Watt{world_.below(13) - 6};
    if (envelope.lo > envelope.hi) continue;  // Safety's interval is never empty.
    ASSERT_LE(distance(resolve(envelope, demands).target, before), distance(bound, old)) << i;
  }
}

TEST_F(EngineProperty, AConflictIsRecordedExactlyWhenADemandDoesNotFit) {
  for (int i = 0, n = test::Seed::cases(kCases); i < n; ++i) {
    const Interval envelope = world_.envelope();
    const std::vector<Demand> demands = world_.demands();
    const Resolution r = resolve(envelope, demands);
    // A demand that holds the final point, and is no contradiction, has no conflict to its name.
    for (const Conflict& conflict : r.conflicts) {
      ASSERT_GE(conflict.shortfall, Watt{}) << i;
      ASSERT_GE(conflict.against_itself, Watt{}) << i;
      ASSERT_TRUE(conflict.shortfall > Watt{} || conflict.against_itself > Watt{}) << i;
      const auto who = std::ranges::find(demands, conflict.policy, &Demand::policy);
      const auto& asked =
          conflict.kind == DemandKind::constraint ? who->constraint : who->preference;
      ASSERT_EQ(conflict.against_itself > Watt{}, asked->contradicts_itself()) << i;
      if (conflict.shortfall > Watt{}) {
        ASSERT_FALSE(asked->contains(r.target)) << i;
      }
    }
    for (const Demand& demand : demands) {
      for (const auto kind : {DemandKind::constraint, DemandKind::preference}) {
        const auto& asked = kind == DemandKind::constraint ? demand.constraint : demand.preference;
        const bool recorded = std::ranges::any_of(r.conflicts, [&](const Conflict& c) {
          return c.policy == demand.policy && c.kind == kind;
        });
        if (asked && asked->contradicts_itself()) {
          ASSERT_TRUE(recorded) << i;
        }
        // Honoured or in conflict: nothing that constrains is lost in silence.
        if (asked && kind == DemandKind::constraint && !recorded) {
          ASSERT_TRUE(asked->contains(r.target)) << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace ems::decision
