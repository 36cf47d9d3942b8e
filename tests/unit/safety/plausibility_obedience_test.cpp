// SPDX-License-Identifier: Apache-2.0
/// @file Rule 45: a device against its limits, and the proofs for a reset.
#include <gtest/gtest.h>

#include "unit/safety/plausibility_bench.hpp"

namespace ems::safety::test {
namespace {

TEST(SafetyPlausibility, EachTimeToObeyBeyondALimitCountsOneAndTheFifthLatches) {  // SAF-083
  for (const std::int32_t sign : {1, -1}) {
    Watched w;
    w.run(10_s, sign * 80'000);
    ASSERT_EQ(w.times(), 0);
    w.allow(20'000, 20'000);
    w.run(3_s, sign * 80'000);
    EXPECT_EQ(w.times(), 0) << "still executing";
    for (int n = 1; n <= 5; ++n) {
      EXPECT_FALSE(detail::latches(w.bench.state.obedience));
      w.run(kTick, sign * 80'000);
      EXPECT_EQ(w.times(), n);
      w.run(3_s - kTick, sign * 80'000);
      EXPECT_EQ(w.times(), n);
    }
    EXPECT_TRUE(detail::latches(w.bench.state.obedience));
    w.run(10_s, sign * 80'000);
    EXPECT_EQ(w.times(), 5);
    const Evaluation e = w.bench.judge(Rule::limit_disobeyed);
    EXPECT_EQ(e.finding, Finding::exceeded);
    EXPECT_EQ(e.value, sign * 80'000);
    EXPECT_EQ(e.limit, sign * 20'000);
    EXPECT_EQ(e.signal, Signal::pack_current);
  }
}

TEST(SafetyPlausibility, TheMarginIsPartOfTheLargestCurrentAndAtLeastTheFloor) {  // SAF-083
  for (const bool small : {false, true}) {
    for (const std::int32_t sign : {1, -1}) {
      Watched w;
      if (small) set_current_limits(w.bench.limits(), 5'000_ma, 4'000_ma);
      const std::int32_t margin = small ? 1'000 : 5'000;
      w.allow(2'000, 3'000);
      const std::int32_t limit = sign > 0 ? 3'000 : -2'000;
      w.run(30_s, limit + sign * margin);
      EXPECT_EQ(w.times(), 0);
      w.run(3_s + kTick, limit + sign * (margin + 1));
      EXPECT_EQ(w.times(), 1);
    }
  }
}

TEST(SafetyPlausibility, AnInverterAtIdleObeysAZero) {  // SAF-083
  Watched w;  // Its own consumption comes from the battery.
  w.allow(0, 0);
  w.run(60_s, 2'000);
  EXPECT_EQ(w.times(), 0);
}

TEST(SafetyPlausibility, ADeviceThatFollowsWithinItsTimeIsNeverCounted) {  // SAF-083
  // A limit that falls all the time, followed with a delay just below the time to obey.
  Watched w;
  constexpr int kDelay = 29;
  for (int i = 0; i < 1'000; ++i) {
    const auto at = [](int tick) { return 100'000 - std::max(0, tick) * 100; };
    w.allow(at(i), at(i));
    w.run(kTick, at(i - kDelay) + 5'000);
    ASSERT_EQ(w.times(), 0) << i;
  }
  // Falling and rising steps.
  for (int i = 0; i < 1'000; ++i) {
    const auto at = [](int tick) { return tick / 37 % 2 == 0 ? 100'000 : 10'000; };
    w.allow(at(i), at(i));
    w.run(kTick, at(std::max(0, i - kDelay)) + 5'000);
    ASSERT_EQ(w.times(), 0) << i;
  }
}

TEST(SafetyPlausibility, ADeviceThatStaysBehindAFallingLimitIsCounted) {  // SAF-083
  Watched w;
  for (int i = 0; i < 200; ++i) {
    w.allow(100'000 - i * 400, 100'000 - i * 400);
    w.run(kTick, 100'000);
  }
  EXPECT_GE(w.times(), 4);
}

TEST(SafetyPlausibility, ASampleFromBeforeTheDeadlineProvesNothing) {  // SAF-083
  Watched w;
  w.age = 1_s;
  w.allow(20'000, 20'000);
  w.run(4_s, 80'000);
  EXPECT_EQ(w.times(), 0) << "the newest sample is of 3 s after the order, not later";
  w.run(kTick, 80'000);
  EXPECT_EQ(w.times(), 1);
}

TEST(SafetyPlausibility, AShortOvershootIsNotDisobedience) {  // SAF-083
  Watched w;
  w.run(10_s, 100'000);
  for (int i = 0; i < 20; ++i) {
    w.run(3_s, 110'000);
    w.run(kTick, 105'000);
  }
  EXPECT_EQ(w.times(), 0);
  w.run(3_s + kTick, 110'000);
  EXPECT_EQ(w.times(), 1);
}

TEST(SafetyPlausibility, WithoutASampleNothingIsCountedOrForgiven) {  // SAF-083
  Watched w;
  w.allow(20'000, 20'000);
  w.run(2_s, 80'000);
  const auto blind = [&w](Duration how_long) {
    for (Duration t{}; t < how_long; t += w.bench.tick) {
      w.bench.in().pack_current.reset();
      w.bench.with([&w](const Battery& c) { detail::obey(w.bench.state.obedience, c, w.verdict); });
    }
  };
  blind(60_s);
  EXPECT_EQ(w.times(), 0);
  w.run(1_s, 80'000);
  EXPECT_EQ(w.times(), 0);
  w.run(kTick, 80'000);
  EXPECT_EQ(w.times(), 1);
  EXPECT_EQ(w.bench.judge(Rule::limit_disobeyed).value, 80'000);
  w.bench.tick = 1_s;
  blind(3'600_s);
  EXPECT_EQ(w.times(), 1);
  EXPECT_EQ(w.bench.judge(Rule::limit_disobeyed).value, 0);
  EXPECT_EQ(w.bench.judge(Rule::limit_disobeyed).limit, 20'000);
}

TEST(SafetyPlausibility, AnHourOfObedienceTakesOneBack) {  // SAF-083
  Watched w;
  w.allow(20'000, 20'000);
  w.run(6_s + kTick, 80'000);
  ASSERT_EQ(w.times(), 2);
  w.bench.tick = 1_s;
  w.run(3'599_s, 20'000);
  EXPECT_EQ(w.times(), 2);
  w.run(1_s, 20'000);
  EXPECT_EQ(w.times(), 1);
  w.run(3'599_s, 20'000);
  EXPECT_EQ(w.times(), 1);
  EXPECT_EQ(w.bench.finding(Rule::limit_disobeyed), Finding::exceeded);
  w.run(1_s, 20'000);
  EXPECT_EQ(w.times(), 0);
  EXPECT_EQ(w.bench.finding(Rule::limit_disobeyed), Finding::good);
  w.run(7'200_s, 20'000);
  EXPECT_EQ(w.times(), 0);
  w.run(4_s, 80'000);
  EXPECT_EQ(w.times(), 1) << "a hour saved up beforehand forgives nothing";
}

TEST(SafetyPlausibility, AnInverterIsHeldToItsOwnVerdict) {  // SAF-083
  Bench b;
  ObedienceState state{};
  InverterVerdict verdict;
  verdict.ac = {-2'000_w, 3'000_w};
  const auto run = [&](int cycles, std::int32_t power, bool there = true) {
    for (int i = 0; i < cycles; ++i) {
      b.now = b.now + kTick;
      b.inverters[0].active_power = taken(Watt{power}, b.now);
      if (!there) b.inverters[0].active_power.reset();
      b.obey(state, 0, verdict);
    }
  };
  run(100, 3'500);  // 5 % of 10 kVA.
  EXPECT_EQ(state.times, 0);
  run(31, 3'501);
  EXPECT_EQ(state.times, 1);
  run(100, -2'500);
  EXPECT_EQ(state.times, 1);
  run(31, -2'501);
  EXPECT_EQ(state.times, 2);
  run(100, -2'501, false);
  EXPECT_EQ(state.times, 2);
  b.config.inverters[0].apparent_max = 3'000_va;  // The floor of 200 W.
  run(100, 3'200);
  EXPECT_EQ(state.times, 2);
  run(31, 3'201);
  EXPECT_EQ(state.times, 3);
}

TEST(SafetyPlausibility, AnInverterIsJudgedByTheLimitsOfItsOwnBattery) {  // SAF-083
  Wiring b;
  for (std::size_t i = 0; i < 3; ++i) b.config.batteries[i].limits.plausibility.obey_after = 1_s;
  ObedienceState state{};
  InverterVerdict verdict;
  for (int i = 0; i < 31; ++i) {
    b.now = b.now + kTick;
    b.inverters[2].active_power = taken(5'000_w, b.now);
    EXPECT_EQ(state.times, 0);
    b.obey(state, 2, verdict);
  }
  EXPECT_EQ(state.times, 1);
}

TEST(SafetyPlausibility, ADeviceThatWasToldZeroMayHaveTheMarginOnly) {  // SAF-033 SAF-083
  Bench b;
  const auto flows = [&b] { return b.with([](const Battery& c) { return detail::flows(c); }); };
  for (const std::int32_t sign : {1, -1}) {
    b.in().pack_current->sample.value = MilliAmp{sign * 5'000};
    EXPECT_EQ(flows(), false);
    b.in().pack_current->sample.value = MilliAmp{sign * 5'001};
    EXPECT_EQ(flows(), true);
  }
  b.in().pack_current->sample.quality = Quality::bad;
  EXPECT_EQ(flows(), std::nullopt);

  const auto delivers = [&b] {
    return b.with([](const Battery& c) { return detail::flows(c, 0); });
  };
  EXPECT_EQ(delivers(), std::nullopt);
  b.inverters[0].active_power = taken(500_w, b.now);
  EXPECT_EQ(delivers(), false);
  b.inverters[0].active_power = taken(-501_w, b.now);
  EXPECT_EQ(delivers(), true);
}

TEST(SafetyPlausibility, ALimitThatTightensOnIsDueAfterTwiceTheTimeExactly) {  // SAF-083
  Watched w;
  w.run(10_s, 0);
  w.allow(60'000, 60'000);
  w.run(1_s, 50'000);
  w.allow(20'000, 20'000);  // Due is 60 A until 3 s, and what came since at 6 s.
  w.run(5_s, 50'000);
  EXPECT_EQ(w.times(), 0);
  w.bench.tick = kTick - 1_us;
  w.run(w.bench.tick, 50'000);
  EXPECT_EQ(w.times(), 0);
  w.bench.tick = 1_us;
  w.run(1_us, 50'000);
  EXPECT_EQ(w.times(), 1);
}

TEST(SafetyPlausibility, WhatWasAllowedWhileALimitTightenedIsNotForgotten) {  // SAF-083
  Watched w;
  w.run(10_s, 0);
  w.allow(20'000, 20'000);
  w.run(1_s, 15'000);
  w.allow(60'000, 60'000);
  w.run(1_s, 60'000);
  w.allow(20'000, 20'000);
  w.run(4_s, 60'000);  // 60 A was allowed until 2 s, and counts until 6 s.
  EXPECT_EQ(w.times(), 0);
  w.run(kTick, 60'000);
  EXPECT_EQ(w.times(), 1);
}

TEST(SafetyPlausibility, EachHourOfObedienceIsExactToTheMicrosecond) {  // SAF-083
  Watched w;
  w.allow(20'000, 20'000);
  w.run(6_s + kTick, 80'000);
  for (int times = 2; times > 0; --times) {
    ASSERT_EQ(w.times(), times);
    w.bench.tick = 1_s;
    w.run(3'599_s, 20'000);
    w.bench.tick = 1_s - 1_us;
    w.run(w.bench.tick, 20'000);
    EXPECT_EQ(w.times(), times);
    w.bench.tick = 1_us;
    w.run(1_us, 20'000);
  }
  EXPECT_EQ(w.times(), 0);
}

}  // namespace
}  // namespace ems::safety::test
