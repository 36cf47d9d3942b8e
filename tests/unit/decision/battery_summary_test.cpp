// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/battery_summary.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace ems::decision {
namespace {

constexpr Instant kNow{seconds(100)};
constexpr BasisPoints bp(std::int32_t count) { return BasisPoints{count}; }
constexpr MilliCelsius degc(std::int32_t degrees) { return MilliCelsius{degrees * 1'000}; }

template <class Q>
Measured<Q> aged(Q value, Duration age, Duration stale_after = 2_s) {
  return {Sample<Q>{value, kNow - age}, stale_after};
}

BatteryView battery(std::int32_t soc, std::int64_t capacity) {
  return {.soc = aged(bp(soc), 1_s),
          .temperature_min = aged(degc(20), 1_s),
          .temperature_max = aged(degc(30), 1_s),
          .capacity = WattHour{capacity},
          .can_move = true};
}

TEST(Summarise, GivesTheMeanByCapacityAndTheExtremes) {
  std::vector batteries{battery(2'000, 10'000), battery(9'000, 30'000), battery(5'001, 10'000)};
  batteries[0].temperature_max = aged(degc(41), 1_s);
  batteries[1].temperature_min = aged(degc(-4), 1_s);
  const BatterySummary out = summarise(batteries, kNow);
  EXPECT_EQ(out.soc.sample->value, bp(6'800));  // (2000 + 3 * 9000 + 5001) / 5, rounded down.
  EXPECT_EQ(out.soc_min.sample->value, bp(2'000));
  EXPECT_EQ(out.soc_max.sample->value, bp(9'000));
  EXPECT_EQ(out.temperature_min.sample->value, degc(-4));
  EXPECT_EQ(out.temperature_max.sample->value, degc(41));
  EXPECT_EQ(out.capacity, 50'000_wh);
  EXPECT_TRUE(out.soc.usable(kNow));
}

TEST(Summarise, CountsPlainlyWhenACapacityIsUnknown) {
  const std::array batteries{battery(2'000, 0), battery(9'001, 30'000)};
  const BatterySummary out = summarise(batteries, kNow);
  EXPECT_EQ(out.soc.sample->value, bp(5'500));
  EXPECT_EQ(out.capacity, 30'000_wh);
}

TEST(Summarise, HugeCapacitiesStayExact) {
  std::vector<BatteryView> batteries(64, battery(10'000, WattHour::max().count()));
  batteries[0].soc = aged(bp(9'936), 1_s);
  const BatterySummary out = summarise(batteries, kNow);
  EXPECT_EQ(out.soc.sample->value, bp(9'999));
  EXPECT_EQ(out.capacity, WattHour::max());
}

TEST(Summarise, OfNoBatteryNothingIsKnown) { EXPECT_EQ(summarise({}, kNow), BatterySummary{}); }

TEST(Summarise, IsAsGoodAsTheWorstAndGoesStaleWithTheFirst) {
  std::vector batteries{battery(5'000, 1), battery(5'000, 1), battery(5'000, 1)};
  batteries[0].soc = aged(bp(5'000), 3_s, 10_s);    // Goes stale in 7 s,
  batteries[1].soc = aged(bp(5'000), 500_ms, 2_s);  // in 1.5 s,
  batteries[2].soc = aged(bp(5'000), 1_s, 3_s);     // in 2 s.
  batteries[2].soc.sample->quality = Quality::substituted;
  const BatterySummary out = summarise(batteries, kNow);
  for (const Measured<BasisPoints>& soc : {out.soc, out.soc_min, out.soc_max}) {
    EXPECT_EQ(soc.sample->taken_at, kNow - 500_ms);
    EXPECT_EQ(soc.stale_after, 2_s);
    EXPECT_EQ(soc.sample->quality, Quality::substituted);
    EXPECT_TRUE(soc.usable(kNow + 1'499_ms));
    EXPECT_FALSE(soc.usable(kNow + 1'500_ms));
  }
}

TEST(Summarise, OneThatCanMoveAndIsNotKnownMakesItUnknown) {
  const auto with = [](const Measured<BasisPoints>& soc) {
    const std::array batteries{battery(5'000, 10), battery(0, 10), battery(5'000, 10)};
    auto changed = batteries;
    changed[1].soc = soc;
    return summarise(changed, kNow);
  };
  EXPECT_EQ(with({}).soc, Measured<BasisPoints>{});
  EXPECT_EQ(with({}).soc_min, Measured<BasisPoints>{});
  EXPECT_EQ(with({}).soc_max, Measured<BasisPoints>{});
  EXPECT_TRUE(with({}).temperature_min.usable(kNow));
  EXPECT_FALSE(with(aged(bp(5'000), 2_s)).soc.usable(kNow));
  EXPECT_FALSE(with(aged(bp(5'000), microseconds(-1))).soc.usable(kNow));  // From the future.
  EXPECT_TRUE(with(aged(bp(5'000), {})).soc.usable(kNow));
  EXPECT_FALSE(with(aged(bp(10'001), 1_s)).soc.usable(kNow));
  EXPECT_FALSE(with(aged(bp(-1), 1_s)).soc.usable(kNow));
  EXPECT_TRUE(with(aged(bp(10'000), 1_s)).soc.usable(kNow));
  EXPECT_TRUE(with(aged(bp(0), 1_s)).soc.usable(kNow));
}

TEST(Summarise, ADeadBatteryThatCannotMoveDoesNotCount) {
  std::vector batteries{battery(5'000, 10'000), battery(9'000, 10'000)};
  batteries[1].can_move = false;
  // It is known: it counts, moving or not.
  EXPECT_EQ(summarise(batteries, kNow).soc.sample->value, bp(7'000));
  batteries[1] = {.soc = aged(bp(9'000), 5_s), .capacity = 10'000_wh};
  const BatterySummary out = summarise(batteries, kNow);
  EXPECT_TRUE(out.soc.usable(kNow));
  EXPECT_EQ(out.soc.sample->value, bp(5'000));
  EXPECT_EQ(out.soc_max.sample->value, bp(5'000));
  EXPECT_EQ(out.capacity, 10'000_wh);
  EXPECT_TRUE(out.temperature_max.usable(kNow));
  batteries[0].can_move = false;
  batteries[0].soc = {};
  EXPECT_EQ(summarise(batteries, kNow).soc, Measured<BasisPoints>{});
  EXPECT_EQ(summarise(batteries, kNow).capacity, WattHour{});
}

TEST(SummariseDeathTest, RefusesTooMany) {
  const std::vector<BatteryView> many(65);
  EXPECT_DEATH((void)summarise(many, kNow), "");
}

}  // namespace
}  // namespace ems::decision
