// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/contractual.hpp"

#include <gtest/gtest.h>

namespace ems::decision {
namespace {

constexpr Watt w(std::int32_t count) { return Watt{count}; }
constexpr Instant at(std::int64_t ms) { return Instant{milliseconds(ms)}; }


// ---- import_limit ------------------------------------------------------------------------------

constexpr ImportLimitConfig kLimit{.limit = w(8'000), .hold = 30_s};
std::optional<NetLoad> load(std::int32_t watts) { return NetLoad{w(watts), at(0), at(0)}; }
std::optional<Sample<Watt>> gated(std::int32_t watts) { return Sample<Watt>{w(watts), at(0)}; }

TEST(ImportLimit, AsksForTheDifferenceAndNeverForLess) {
  const struct {
    std::int32_t net_load;
    std::int32_t at_least;
  } cases[] = {{9'400, 1'400}, {8'001, 1},      {8'000, 0},
               {7'999, -1},    {3'000, -5'000}, {-2'000, -10'000}};
  for (const auto& c : cases) {
    const ImportLimitStep step = import_limit({}, kLimit, load(c.net_load), gated(777), at(100));
    EXPECT_EQ(step.output.status, PolicyStatus::acting);
    EXPECT_EQ(step.output.demand.policy, PolicyId::import_limit);
    EXPECT_EQ(step.output.demand.level, Level::contractual);
    EXPECT_EQ(step.output.demand.constraint, Band::at_least(w(c.at_least)));
    EXPECT_EQ(step.output.demand.preference, std::nullopt);
    EXPECT_EQ(step.state, (ImportLimitState{at(100), std::nullopt}));
  }
}

TEST(ImportLimit, HoldsTheLastDischargeUntilItsLeaseEndsThenZero) {
  ImportLimitState state = import_limit({}, kLimit, load(9'400), gated(0), at(0)).state;
  const auto blind = [&state](std::optional<Sample<Watt>> last, std::int64_t ms) {
    const ImportLimitStep step = import_limit(state, kLimit, std::nullopt, last, at(ms));
    state = step.state;
    return step.output;
  };
  PolicyOutput out = blind(gated(1'400), 2'000);
  EXPECT_EQ(out.status, PolicyStatus::holding);
  EXPECT_EQ(out.demand.constraint, Band::point(w(1'400)));
  // What the gate says later is not the last target from when we could see.
  EXPECT_EQ(blind(gated(900), 29'999).demand.constraint, Band::point(w(1'400)));
  out = blind(gated(1'400), 30'000);
  EXPECT_EQ(out.status, PolicyStatus::fallback);
  EXPECT_EQ(out.demand.constraint, Band::point(w(0)));
  EXPECT_EQ(blind(gated(1'400), 99'000).demand.constraint, Band::point(w(0)));
  // Sight again: acts at once, and the next loss holds what was commanded then.
  EXPECT_EQ(
      import_limit(state, kLimit, load(3'000), gated(0), at(100'000)).output.demand.constraint,
      Band::at_least(w(-5'000)));
  state = import_limit(state, kLimit, load(3'000), gated(0), at(100'000)).state;
  EXPECT_EQ(blind(gated(300), 102'000).demand.constraint, Band::point(w(300)));
}

TEST(ImportLimit, BlindMeansNoCharging) {
  const ImportLimitState seen{at(0), std::nullopt};
  EXPECT_EQ(import_limit(seen, kLimit, {}, gated(-3'000), at(100)).output.demand.constraint,
            Band::point(w(0)));
  EXPECT_EQ(import_limit(seen, kLimit, {}, std::nullopt, at(100)).output.demand.constraint,
            Band::point(w(0)));
  // After a restart nothing is known to have been commanded under a lease of ours.
  const ImportLimitStep fresh = import_limit({}, kLimit, {}, gated(1'400), at(100));
  EXPECT_EQ(fresh.output.status, PolicyStatus::fallback);
  EXPECT_EQ(fresh.output.demand.constraint, Band::point(w(0)));
}

// ---- setpoint ----------------------------------------------------------------------------------

TEST(Setpoint, PrefersThePowerWhileTheLeaseLives) {
  const SetpointConfig config{.lease_max = 60_s};
  const SetpointCommand command{w(-2'500), at(1'000), at(11'000), ActorName{"anna"}};
  const struct {
    std::int64_t now;
    PolicyStatus status;
  } cases[] = {{999, PolicyStatus::stale},
               {1'000, PolicyStatus::acting},
               {10'999, PolicyStatus::acting},
               {11'000, PolicyStatus::expired},
               {99'000, PolicyStatus::expired}};
  for (const auto& c : cases) {
    const PolicyOutput out = setpoint(PolicyId::setpoint, config, command, at(c.now));
    EXPECT_EQ(out.status, c.status) << c.now;
    const bool asks = c.status == PolicyStatus::acting;
    EXPECT_EQ(out.demand.preference, asks ? std::optional(Band::point(w(-2'500))) : std::nullopt);
    EXPECT_EQ(out.demand.constraint, std::nullopt);
    EXPECT_EQ(out.demand.level, Level::contractual);
  }
  EXPECT_EQ(setpoint(PolicyId::setpoint, config, std::nullopt, at(0)).status,
            PolicyStatus::no_demand);
}

TEST(Setpoint, ALeaseIsCutToTheMaximum) {
  const SetpointConfig config{.lease_max = 5_s};
  SetpointCommand command{w(1), at(1'000), at(11'000), {}};
  EXPECT_EQ(lease_end_of(command, config.lease_max), at(6'000));
  EXPECT_EQ(setpoint(PolicyId::setpoint, config, command, at(5'999)).status, PolicyStatus::acting);
  EXPECT_EQ(setpoint(PolicyId::setpoint, config, command, at(6'000)).status, PolicyStatus::expired);
  command.lease_end = Instant{Duration::max()};  // "For ever" is no lease.
  EXPECT_EQ(lease_end_of(command, config.lease_max), at(6'000));
}

}  // namespace
}  // namespace ems::decision
