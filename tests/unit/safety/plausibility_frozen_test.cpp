// SPDX-License-Identifier: Apache-2.0
/// @file Rule 43: charge moves and nothing that is measured does.
#include <gtest/gtest.h>

#include "unit/safety/plausibility_bench.hpp"

namespace ems::safety::test {
namespace {

/// Cycles of one second until the values count as frozen, at most `most`.
int seconds_until_frozen(Bench& b, int most) {
  b.tick = 1_s;
  b.cycle();  // The first time that these values are seen.
  for (int i = 1; i <= most; ++i) {
    b.cycle();
    if (b.finding(Rule::values_frozen) == Finding::exceeded) return i;
  }
  return -1;
}

TEST(SafetyPlausibility, ChargeThatMovesNothingIsFrozenAtTwoPercentOfTheCapacity) {  // SAF-081
  for (const std::int32_t current : {50'000, -50'000}) {
    Bench b;
    b.config.batteries[0].capacity = MicroAmpHour{100'000'000};  // 100 Ah: 2 Ah at 50 A is 144 s.
    b.in().pack_current->sample.value = MilliAmp{current};
    EXPECT_EQ(seconds_until_frozen(b, 200), 145);
    EXPECT_EQ(b.judge(Rule::values_frozen).value, current);
    EXPECT_EQ(b.judge(Rule::values_frozen).signal, Signal::pack_current);
  }
}

TEST(SafetyPlausibility, AnyChangeOfAnyMeasurementIsLife) {  // SAF-081
  for (std::size_t i = 0; i <= std::size(kJumps); ++i) {
    Bench b;
    b.config.batteries[0].capacity = MicroAmpHour{100'000'000};
    b.in().pack_current->sample.value = 50'000_ma;
    ASSERT_EQ(seconds_until_frozen(b, 145), 145);
    if (i < std::size(kJumps)) {
      kJumps[i].move(b.in(), 1);
    } else {
      step_by(b.in().pack_current, 1);
    }
    b.cycle();
    EXPECT_EQ(b.finding(Rule::values_frozen), Finding::good) << i;
    EXPECT_EQ(b.state.unchanged, Duration::zero());
  }
}

TEST(SafetyPlausibility, AQuietBatteryIsNotFrozen) {  // SAF-081
  for (const std::int64_t capacity : {std::int64_t{0}, std::int64_t{100'000'000}}) {
    Bench b;
    b.config.batteries[0].capacity = MicroAmpHour{capacity};
    EXPECT_EQ(seconds_until_frozen(b, 4'000), -1);
  }
}

TEST(SafetyPlausibility, WithoutAnyCurrentAllowedRestIsStillRest) {  // SAF-081
  Bench b;
  set_current_limits(b.limits(), 0_ma, 0_ma);
  EXPECT_EQ(seconds_until_frozen(b, 3'700), -1);
}

TEST(SafetyPlausibility, WithoutACapacityAnHourUnderLoadDecides) {  // SAF-081
  Bench b;
  b.in().pack_current->sample.value = 5'000_ma;  // 5 % of what is allowed.
  EXPECT_EQ(seconds_until_frozen(b, 4'000), 3'600);
  Bench idle;
  idle.in().pack_current->sample.value = -4'999_ma;
  EXPECT_EQ(seconds_until_frozen(idle, 4'000), -1);
  Bench lopsided;  // The larger maximum counts.
  set_current_limits(lopsided.limits(), 10'000_ma, 100'000_ma);
  lopsided.in().pack_current->sample.value = -4'999_ma;
  EXPECT_EQ(seconds_until_frozen(lopsided, 4'000), -1);
}

TEST(SafetyPlausibility, AMissingInputHidesNoFrozenOne) {  // SAF-081 SAF-040
  Bench b;
  b.config.batteries[0].capacity = MicroAmpHour{100'000'000};
  b.in().pack_current->sample.value = 50'000_ma;
  ASSERT_EQ(seconds_until_frozen(b, 100), -1);
  const BatteryInputs before = b.in();
  b.in().pack_current.reset();
  b.in().soc->sample.quality = Quality::bad;
  b.run(44);
  EXPECT_EQ(b.finding(Rule::values_frozen), Finding::good);
  b.cycle();
  EXPECT_EQ(b.finding(Rule::values_frozen), Finding::exceeded);
  b.in() = before;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::values_frozen), Finding::exceeded);
}

TEST(SafetyPlausibility, ChargeIsCountedToTheMicrosecond) {  // SAF-081
  for (const std::int32_t current : {50'000, -50'000}) {
    Bench b;
    b.config.batteries[0].capacity = MicroAmpHour{100'000'000};
    b.in().pack_current->sample.value = MilliAmp{current};
    ASSERT_EQ(seconds_until_frozen(b, 144), -1);
    b.tick = 1_us;
    b.cycle();
    EXPECT_EQ(b.finding(Rule::values_frozen), Finding::exceeded);
  }
}

TEST(SafetyPlausibility, AnHourIsCountedToTheMicrosecondAndOnlyUnderLoad) {  // SAF-081
  Bench b;
  b.in().pack_current->sample.value = 5'000_ma;
  ASSERT_EQ(seconds_until_frozen(b, 3'599), -1);
  b.tick = 1_s - 1_us;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::values_frozen), Finding::good);
  b.tick = 1_us;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::values_frozen), Finding::exceeded);
}

TEST(SafetyPlausibility, TheLeastCurrentIsACurrent) {  // SAF-081
  Bench b;
  set_current_limits(b.limits(), 20_ma, 20_ma);
  b.in().pack_current->sample.value = 1_ma;  // 5 % of what is allowed.
  EXPECT_EQ(seconds_until_frozen(b, 4'000), 3'600);
}

}  // namespace
}  // namespace ems::safety::test
