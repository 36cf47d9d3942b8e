// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/plan.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string_view>
#include <vector>

namespace ems::decision {
namespace {

constexpr Watt w(std::int32_t count) { return Watt{count}; }
constexpr UtcInstant utc(std::int64_t s) { return UtcInstant{seconds(s)}; }
constexpr std::optional<NetLoad> kNoLoad;

WallTime wall(std::int64_t s, ClockQuality quality = ClockQuality::synced) {
  return {.utc = utc(s), .utc_offset = {}, .quality = quality};
}
std::optional<NetLoad> load(std::int32_t watts) { return NetLoad{w(watts), {}, {}}; }

// Two slots, a gap, and one that aims at the PCC.
constexpr std::array kSlots{
    PlanSlot{utc(1'000), utc(1'900), w(-3'000), {}},
    PlanSlot{utc(1'900), utc(2'800), w(2'000), {}},
    PlanSlot{utc(3'700), utc(4'600), w(0), w(500)},
};

Plan plan() {
  return {.slots = kSlots, .made_at = utc(900), .valid_for = seconds(10'000), .id = PlanId{"p-7"}};
}

TEST(FollowPlan, PrefersThePowerOfTheSlotOfNow) {
  const struct {
    std::int64_t at_s;
    std::int32_t asked;
    std::size_t slot;
  } cases[] = {{1'000, -3'000, 0}, {1'899, -3'000, 0}, {1'900, 2'000, 1}, {2'799, 2'000, 1}};
  for (const auto& c : cases) {
    const PlanOutput out = follow_plan({}, plan(), wall(c.at_s), kNoLoad);
    EXPECT_EQ(out.output.status, PolicyStatus::acting) << c.at_s;
    EXPECT_EQ(out.output.demand.preference, Band::point(w(c.asked))) << c.at_s;
    EXPECT_EQ(out.output.demand.constraint, std::nullopt);
    EXPECT_EQ(out.output.demand.policy, PolicyId::plan);
    EXPECT_EQ(out.output.demand.level, Level::economic);
    EXPECT_EQ(out.slot, kSlots[c.slot]) << c.at_s;
  }
}

TEST(FollowPlan, AimsAtThePccThroughTheNetLoad) {
  const PlanOutput out = follow_plan({}, plan(), wall(4'000), load(3'200));
  EXPECT_EQ(out.output.demand.preference, Band::point(w(2'700)));
  const PlanOutput blind = follow_plan({}, plan(), wall(4'000), kNoLoad);
  EXPECT_EQ(blind.output.status, PolicyStatus::stale);
  EXPECT_EQ(blind.output.demand.preference, std::nullopt);
  EXPECT_EQ(blind.slot, kSlots[2]);
}

TEST(FollowPlan, AbstainsAndSaysWhy) {
  WallTime adrift = wall(1'500, ClockQuality::holdover);
  adrift.unsynced = seconds(100);
  const PlanConfig config{.age_max = seconds(1'000), .adrift_max = seconds(99)};
  Plan soon_over = plan();
  soon_over.valid_for = seconds(600);
  Plan future = plan();
  future.made_at = utc(1'501);
  const struct {
    std::optional<Plan> plan;
    WallTime wall;
    PolicyStatus status;
  } cases[] = {
      {std::nullopt, wall(1'500), PolicyStatus::no_demand},
      {plan(), wall(1'500, ClockQuality::unset), PolicyStatus::clock_unset},
      {plan(), adrift, PolicyStatus::clock_adrift},
      {future, wall(1'500), PolicyStatus::stale},
      {soon_over, wall(1'500), PolicyStatus::too_old},
      {plan(), wall(1'900), PolicyStatus::too_old},  // Cut to age_max.
      {plan(), wall(999), PolicyStatus::not_covered},
  };
  for (const auto& c : cases) {
    const PlanOutput out = follow_plan(config, c.plan, c.wall, load(0));
    EXPECT_EQ(out.output.status, c.status) << to_string(c.status);
    EXPECT_EQ(out.output.demand.preference, std::nullopt) << to_string(c.status);
    EXPECT_EQ(out.slot, std::nullopt) << to_string(c.status);
  }
  for (const std::int64_t gap : {2'800, 3'699, 4'600, 5'000}) {
    EXPECT_EQ(follow_plan({}, plan(), wall(gap), load(0)).output.status, PolicyStatus::not_covered);
  }
  // The first and the last moments in which it counts.
  future.made_at = utc(1'500);
  EXPECT_EQ(follow_plan(config, future, wall(1'500), load(0)).output.status, PolicyStatus::acting);
  EXPECT_EQ(follow_plan(config, plan(), wall(1'899), load(0)).output.status, PolicyStatus::acting);
  adrift.unsynced = config.adrift_max;
  EXPECT_EQ(follow_plan(config, plan(), adrift, load(0)).output.status, PolicyStatus::acting);
  WallTime synced = adrift;  // unsynced counts only in holdover.
  synced.quality = ClockQuality::synced;
  synced.unsynced = seconds(1'000'000);
  EXPECT_EQ(follow_plan(config, plan(), synced, load(0)).output.status, PolicyStatus::acting);
}

TEST(Plan, IsCheckedWhenItArrives) {
  EXPECT_TRUE(validate(plan()));
  const auto refuses = [](Plan bad, std::uint16_t offset, std::string_view what) {
    const Result<void> checked = validate(bad);
    ASSERT_FALSE(checked) << what;
    EXPECT_EQ(checked.error().code, Errc::out_of_range);
    EXPECT_EQ(checked.error().what, what);
    EXPECT_EQ(checked.error().offset, offset);
  };
  Plan bad = plan();
  bad.slots = {};
  refuses(bad, 0, "plan: it has no slot");
  bad = plan();
  bad.valid_for = {};
  refuses(bad, 0, "plan.valid_for is not above 0");
  bad = plan();
  bad.id = {};
  refuses(bad, 0, "plan: it has no id");
  std::array slots = kSlots;
  slots[1].end = slots[1].start;
  bad = plan();
  bad.slots = slots;
  refuses(bad, 1, "plan: a slot ends before it begins");
  slots = kSlots;
  slots[2].start = utc(2'799);
  refuses(bad, 2, "plan: a slot begins before the one before it ends");
  std::vector<PlanSlot> many(0x1'0002);
  for (std::size_t i = 0; i < many.size(); ++i) {
    const auto start = static_cast<std::int64_t>(i);
    many[i] = {utc(start), utc(start + 1), w(0), {}};
  }
  many.back().end = many.back().start;
  bad.slots = many;
  refuses(bad, 0xFFFF, "plan: a slot ends before it begins");
}

TEST(PlanConfig, IsChecked) {
  EXPECT_TRUE(validate(PlanConfig{}));
  EXPECT_EQ(validate(PlanConfig{.age_max = {}}).error().what,
            std::string_view("plan.age_max is not above 0"));
  EXPECT_EQ(validate(PlanConfig{.adrift_max = microseconds(-1)}).error().what,
            std::string_view("plan.adrift_max is below 0"));
}

}  // namespace
}  // namespace ems::decision
