// SPDX-License-Identifier: Apache-2.0
// Each sentence of the law in docs/explanation/decision.md has a case here.
#include "ems/decision/engine.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ems::decision {
namespace {

constexpr PolicyId kA{130};
constexpr PolicyId kB{131};
constexpr PolicyId kC{132};
constexpr PolicyId kSafety = PolicyId::safety;
constexpr Watt kWattMax = Watt::max();
constexpr Watt kWattMin = Watt::min();

constexpr Watt w(std::int32_t count) { return Watt{count}; }
constexpr Interval iv(std::int32_t lo, std::int32_t hi) { return {w(lo), w(hi)}; }
constexpr Band band(std::int32_t lo, std::int32_t hi) { return {w(lo), w(hi)}; }
Demand must(PolicyId policy, Level level, Band band) { return {policy, level, band, std::nullopt}; }
Demand like(PolicyId policy, Level level, Band band) { return {policy, level, std::nullopt, band}; }

TEST(Engine, NarrowsByOneConstraint) {
  const struct {
    const char* why;
    Interval envelope;
    Band asked;
    Interval left;
    std::int32_t target;
    std::int32_t shortfall;
  } cases[] = {
      {"intersection", iv(-5, 5), band(-2, 3), iv(-2, 3), 0, 0},
      {"intersection without 0", iv(-5, 5), band(2, 9), iv(2, 5), 2, 0},
      {"charge side", iv(-5, 5), band(-9, -2), iv(-5, -2), -2, 0},
      {"open high side", iv(-5, 5), Band::at_least(w(1)), iv(1, 5), 1, 0},
      {"open low side", iv(-5, 5), Band::at_most(w(-1)), iv(-5, -1), -1, 0},
      {"both sides open", iv(-5, 5), Band{}, iv(-5, 5), 0, 0},
      {"nearest point above", iv(-5, 5), band(7, 9), iv(5, 5), 5, 2},
      {"nearest point below", iv(-5, 5), band(-9, -8), iv(-5, -5), -5, 3},
      {"open side above", iv(-5, 5), Band::at_least(w(8)), iv(5, 5), 5, 3},
      {"open side below", iv(-5, 5), Band::at_most(w(-8)), iv(-5, -5), -5, 3},
      {"touching is no conflict", iv(-5, 5), band(5, 9), iv(5, 5), 5, 0},
      {"touching below is no conflict", iv(-5, 5), band(-9, -5), iv(-5, -5), -5, 0},
      {"discharge asked, only charge left: 0", iv(-5, 0), Band::at_least(w(4)), iv(0, 0), 0, 4},
      {"charge asked, only discharge left: 0", iv(0, 5), Band::at_most(w(-4)), iv(0, 0), 0, 4},
      {"0 excluded: the binder's sign", iv(2, 5), Band::at_most(w(-4)), iv(2, 2), 2, 6},
      {"0 excluded below", iv(-5, -2), Band::at_least(w(4)), iv(-2, -2), -2, 6},
  };
  for (const auto& c : cases) {
    const std::vector demands{must(kA, Level::contractual, c.asked)};
    const Resolution r = resolve(c.envelope, demands);
    EXPECT_EQ(r.at(Level::contractual).before, c.envelope) << c.why;
    EXPECT_EQ(r.at(Level::contractual).after, c.left) << c.why;
    EXPECT_EQ(r.target, w(c.target)) << c.why;
    ASSERT_EQ(r.conflicts.size(), c.shortfall == 0 ? 0U : 1U) << c.why;
    if (c.shortfall != 0) {
      EXPECT_EQ(r.conflicts[0], (Conflict{kA, Level::contractual, DemandKind::constraint, kSafety,
                                          w(c.shortfall), Watt{}}))
          << c.why;
    }
  }
}

TEST(Engine, SafetyIsTheEnvelopeAndBeginsTheRecord) {
  const Resolution r = resolve(iv(-2, 3), {});
  for (const LevelTrace& trace : r.levels) {
    EXPECT_EQ(trace, (LevelTrace{iv(-2, 3), iv(-2, 3), kSafety, kSafety}));
  }
  EXPECT_EQ(r.envelope(), iv(-2, 3));
  EXPECT_EQ(r.target, w(0));
  EXPECT_EQ(r.winner, std::nullopt);
  EXPECT_EQ(r.runner_up, std::nullopt);
}

TEST(Engine, APolicyInConflictWithItselfIsAPoint) {
  const struct {
    Band asked;
    std::int32_t point;
    std::int32_t against_itself;
  } cases[] = {{band(3, 1), 1, 2}, {band(-1, -3), -1, 2}, {band(2, -2), 0, 4}, {band(0, -4), 0, 4}};
  for (const auto& c : cases) {
    const std::vector demands{must(kA, Level::grid_code, c.asked)};
    const Resolution r = resolve(iv(-9, 9), demands);
    EXPECT_EQ(r.target, w(c.point));
    EXPECT_EQ(r.at(Level::grid_code).after, iv(c.point, c.point));
    ASSERT_EQ(r.conflicts.size(), 1U);
    EXPECT_EQ(r.conflicts[0], (Conflict{kA, Level::grid_code, DemandKind::constraint, kA, Watt{},
                                        w(c.against_itself)}));
  }
  // And when the point does not fit either, one record says both.
  const std::vector demands{must(kA, Level::grid_code, band(8, 6))};
  const Resolution r = resolve(iv(-2, 2), demands);
  ASSERT_EQ(r.conflicts.size(), 1U);
  EXPECT_EQ(r.conflicts[0],
            (Conflict{kA, Level::grid_code, DemandKind::constraint, kSafety, w(4), w(2)}));
}

TEST(Engine, AContradictionThatFitsRunsIntoNobodysBound) {
  const std::vector high{must(kA, Level::grid_code, band(5, 3))};
  EXPECT_EQ(resolve(iv(-3, 3), high).conflicts[0].bound_by, kA);
  const std::vector low{must(kA, Level::grid_code, band(-3, -5))};
  EXPECT_EQ(resolve(iv(-3, 3), low).conflicts[0].bound_by, kA);
}

TEST(Engine, PreferencesComeAfterTheConstraintsOfTheirLevelAndBeforeTheNextLevel) {
  // The preference is listed first, but the constraint of the same level is heard first.
  const std::vector demands{like(kA, Level::contractual, Band::point(w(4))),
                            must(kB, Level::contractual, Band::at_most(w(1))),
                            must(kC, Level::economic, Band::at_least(w(3)))};
  const Resolution r = resolve(iv(-5, 5), demands);
  EXPECT_EQ(r.at(Level::contractual).after, iv(1, 1));
  EXPECT_EQ(r.target, w(1));  // The economic constraint moves nothing: the preference fixed it.
  EXPECT_EQ(r.winner, kA);
  EXPECT_EQ(r.runner_up, kA);  // It won and got less than it asked for.
  ASSERT_EQ(r.conflicts.size(), 2U);
  EXPECT_EQ(r.conflicts[0],
            (Conflict{kA, Level::contractual, DemandKind::preference, kB, w(3), Watt{}}));
  // The high bound it runs into is still the one that kB set.
  EXPECT_EQ(r.conflicts[1],
            (Conflict{kC, Level::economic, DemandKind::constraint, kB, w(2), Watt{}}));
}

TEST(Engine, ALowerLevelNeverMovesWhatAHigherFixed) {
  const std::vector demands{must(kA, Level::grid_code, band(1, 2)),
                            must(kB, Level::contractual, band(-9, -5)),
                            like(kC, Level::longevity, Band::point(w(9)))};
  const Resolution r = resolve(iv(-5, 5), demands);
  EXPECT_EQ(r.at(Level::grid_code).after, iv(1, 2));
  EXPECT_EQ(r.target, w(1));
  EXPECT_EQ(r.winner, kB);
}

TEST(Engine, OrderInsideALevelDecides) {
  const std::vector demands{must(kA, Level::contractual, band(2, 5)),
                            must(kB, Level::contractual, band(-5, 1))};
  const Resolution r = resolve(iv(-5, 5), demands);
  EXPECT_EQ(r.target, w(2));
  EXPECT_EQ(r.winner, kB);  // After it, left is a point.
  EXPECT_EQ(r.conflicts[0].bound_by, kA);
  EXPECT_EQ(r.conflicts[0].shortfall, w(1));
}

TEST(Engine, ABandLeavesRoomForTheLevelBelow) {
  const std::vector demands{like(kA, Level::economic, band(1, 4)),
                            like(kB, Level::longevity, Band::point(w(3)))};
  const Resolution r = resolve(iv(-5, 5), demands);
  EXPECT_EQ(r.target, w(3));
  EXPECT_EQ(r.winner, kB);
  EXPECT_EQ(r.runner_up, std::nullopt);
}

TEST(Engine, WinnerIsWhoMadeThePointElseWhoSetTheBoundItTouches) {
  const struct {
    const char* why;
    Interval envelope;
    std::vector<Demand> demands;
    std::optional<PolicyId> winner;
  } cases[] = {
      {"point", iv(-5, 5), {like(kA, Level::economic, Band::point(w(2)))}, kA},
      {"a point at 0 has a winner too",
       iv(-5, 5),
       {like(kA, Level::economic, Band::point(w(0)))},
       kA},
      {"first to make it a point, not who repeats it",
       iv(-5, 5),
       {like(kA, Level::economic, Band::point(w(2))), like(kB, Level::economic, Band::point(w(2)))},
       kA},
      {"low bound", iv(-5, 5), {must(kA, Level::contractual, Band::at_least(w(2)))}, kA},
      {"high bound", iv(-5, 5), {must(kA, Level::contractual, Band::at_most(w(-2)))}, kA},
      {"last to set the bound",
       iv(-5, 5),
       {must(kA, Level::contractual, Band::at_least(w(2))),
        must(kB, Level::contractual, Band::at_least(w(3)))},
       kB},
      {"not who set the other bound",
       iv(-5, 5),
       {must(kA, Level::contractual, Band::at_least(w(2))),
        must(kB, Level::contractual, Band::at_most(w(4)))},
       kA},
      {"not who asked for what was so already",
       iv(-5, 5),
       {must(kA, Level::contractual, Band::at_least(w(2))),
        must(kB, Level::contractual, Band::at_least(w(1)))},
       kA},
      {"safety's bound", iv(2, 5), {must(kA, Level::contractual, Band::at_most(w(4)))}, kSafety},
      {"safety's high bound", iv(-5, -2), {}, kSafety},
      {"safety's point", iv(3, 3), {like(kA, Level::economic, Band::point(w(9)))}, kSafety},
      {"idle", iv(-5, 5), {must(kA, Level::contractual, band(-4, 4))}, std::nullopt},
      {"idle: no room at all", iv(0, 0), {like(kA, Level::economic, band(1, 2))}, std::nullopt},
  };
  for (const auto& c : cases) EXPECT_EQ(resolve(c.envelope, c.demands).winner, c.winner) << c.why;
}

TEST(Engine, TheBinderOfEachBoundIsRecordedPerLevel) {
  const std::vector demands{must(kA, Level::grid_code, Band::at_least(w(-3))),
                            must(kB, Level::contractual, Band::at_most(w(4))),
                            must(kC, Level::economic, Band::at_least(w(-4)))};
  const Resolution r = resolve(iv(-5, 5), demands);
  EXPECT_EQ(r.at(Level::safety), (LevelTrace{iv(-5, 5), iv(-5, 5), kSafety, kSafety}));
  EXPECT_EQ(r.at(Level::grid_code), (LevelTrace{iv(-5, 5), iv(-3, 5), kA, kSafety}));
  EXPECT_EQ(r.at(Level::contractual), (LevelTrace{iv(-3, 5), iv(-3, 4), kA, kB}));
  EXPECT_EQ(r.at(Level::economic), (LevelTrace{iv(-3, 4), iv(-3, 4), kA, kB}));
  EXPECT_EQ(r.at(Level::longevity), (LevelTrace{iv(-3, 4), iv(-3, 4), kA, kB}));
}

TEST(Engine, RunnerUpIsTheHighestPreferenceThatMissesTheTarget) {
  const std::vector demands{must(kA, Level::contractual, Band::point(w(1))),
                            like(kB, Level::economic, band(0, 2)),
                            like(kC, Level::economic, Band::at_least(w(2))),
                            like(PolicyId{133}, Level::longevity, Band::point(w(-1)))};
  EXPECT_EQ(resolve(iv(-5, 5), demands).runner_up, kC);  // A constraint is never runner-up.
}

TEST(Engine, ExtremesSaturateAndNeverWrap) {
  const std::vector demands{must(kA, Level::grid_code, {kWattMax, kWattMin}),
                            must(kB, Level::contractual, Band::at_least(kWattMax)),
                            like(kC, Level::economic, Band::point(kWattMin))};
  const Resolution r = resolve({kWattMin, kWattMax}, demands);
  EXPECT_EQ(r.target, w(0));
  ASSERT_EQ(r.conflicts.size(), 3U);
  EXPECT_EQ(r.conflicts[0].against_itself, kWattMax);
  EXPECT_EQ(r.conflicts[1].shortfall, kWattMax);
  EXPECT_EQ(r.conflicts[2].shortfall, kWattMax);
}

TEST(EngineDeathTest, RefusesACallersBug) {
  const std::vector ascending{must(kA, Level::economic, Band{}),
                              must(kB, Level::grid_code, Band{})};
  const std::vector safety{must(kA, Level::safety, Band{})};
  const std::vector below{must(kA, Level{6}, Band{})};
  const std::vector<Demand> many(kPoliciesMax + 1, must(kA, Level::economic, Band{}));
  EXPECT_DEATH((void)resolve(iv(1, 0), {}), "");
  EXPECT_DEATH((void)resolve(iv(0, 1), ascending), "");
  EXPECT_DEATH((void)resolve(iv(0, 1), safety), "");
  EXPECT_DEATH((void)resolve(iv(0, 1), below), "");
  EXPECT_DEATH((void)resolve(iv(0, 1), many), "");
}

TEST(PolicyTable, NamesAndNumbersAreStable) {
  const struct {
    PolicyId policy;
    int number;
    const char* name;
    Level level;
    OnStale on_stale;
  } rows[] = {
      {PolicyId::safety, 1, "safety", Level::safety, OnStale::envelope},
      {PolicyId::active_power_limit, 5, "active_power_limit", Level::grid_code, OnStale::fallback},
      {PolicyId::frequency_droop, 6, "frequency_droop", Level::grid_code, OnStale::abstain},
      {PolicyId::ramp, 7, "ramp", Level::grid_code, OnStale::abstain},
      {PolicyId::dimming, 8, "dimming", Level::contractual, OnStale::fallback},
      {PolicyId::import_limit, 2, "import_limit", Level::contractual, OnStale::hold_then_zero},
      {PolicyId::export_limit, 9, "export_limit", Level::contractual, OnStale::no_discharge},
      {PolicyId::demand_limit, 10, "demand_limit", Level::contractual, OnStale::hold_then_zero},
      {PolicyId::backup_reserve, 11, "backup_reserve", Level::contractual, OnStale::no_discharge},
      {PolicyId::setpoint, 3, "setpoint", Level::contractual, OnStale::abstain},
      {PolicyId::remote_setpoint, 12, "remote_setpoint", Level::contractual, OnStale::abstain},
      {PolicyId::schedule, 13, "schedule", Level::contractual, OnStale::abstain},
      {PolicyId::zero_export, 14, "zero_export", Level::economic, OnStale::abstain},
      {PolicyId::plan, 15, "plan", Level::economic, OnStale::abstain},
      {PolicyId::time_of_use, 16, "time_of_use", Level::economic, OnStale::abstain},
      {PolicyId::price, 17, "price", Level::economic, OnStale::abstain},
      {PolicyId::self_consumption, 4, "self_consumption", Level::economic, OnStale::abstain},
      {PolicyId::comfort_band, 18, "comfort_band", Level::longevity, OnStale::abstain},
      {PolicyId::gentle_current, 19, "gentle_current", Level::longevity, OnStale::abstain},
      {PolicyId::gentle_temperature, 20, "gentle_temperature", Level::longevity, OnStale::abstain},
  };
  ASSERT_EQ(policy_table().size(), std::size(rows));
  for (const auto& row : rows) {
    const PolicyInfo* info = find_policy(row.policy);
    ASSERT_NE(info, nullptr) << row.name;
    EXPECT_EQ(static_cast<int>(row.policy), row.number);
    EXPECT_EQ(to_string(row.policy), row.name);
    EXPECT_EQ(info->level, row.level);
    EXPECT_EQ(info->on_stale, row.on_stale);
    EXPECT_FALSE(info->meaning.empty());
    EXPECT_EQ(&policy_table()[static_cast<std::size_t>(&row - rows)], info) << row.name;
  }
  EXPECT_EQ(to_string(PolicyId{128}), "host");
  EXPECT_EQ(to_string(PolicyId{127}), "unknown");
  EXPECT_EQ(to_string(Level::grid_code), "grid_code");
  EXPECT_EQ(to_string(OnStale::hold_then_zero), "hold_then_zero");
}

}  // namespace
}  // namespace ems::decision
