// SPDX-License-Identifier: Apache-2.0
/// @file Rule 17: the cells against the terminals.
#include <gtest/gtest.h>

#include <utility>

#include "unit/safety/plausibility_bench.hpp"

namespace ems::safety::test {
namespace {

/// A board that tells its terminals at the beginning of a second and its cells 400 ms later, in a
/// reply of their own. 16 cells of 3.300 V and 1 mOhm; `lie` is added to each cell's reading.
struct TwoReplies : Bench {
  std::int32_t load_ma = 0;
  std::int32_t lie_mv = 0;
  int ticks = 0;

  void next() {
    now = now + kTick;
    const std::int32_t cell_uv = 3'300'000 - load_ma;  // 1 mA over 1 mOhm is 1 uV.
    const MilliVolt terminals{cell_uv * kCells / 1'000};
    if (ticks % 10 == 0) {
      in().pack_voltage = in().cell_sum->terminals = taken(terminals, now);
      in().pack_current = taken(MilliAmp{load_ma}, now);
      in().soc = taken(5000_bp, now);
      in().temp_max = in().temp_min = taken(25'000_mdegc, now);
    }
    if (ticks % 10 == 4) {
      const MilliVolt cell{cell_uv / 1'000 + lie_mv};
      in().cell_voltage_max = in().cell_voltage_min = taken(cell, now);
      in().cell_sum->sum = taken(cell * kCells, now);
    }
    ++ticks;
    observe();
  }
  /// Ticks until the rule trips; -1 when it does not within `most`.
  int until_tripped(int most) {
    for (int i = 1; i <= most; ++i) {
      next();
      if (finding(Rule::sum_of_cells) == Finding::exceeded) return i;
    }
    return -1;
  }
  void settle() {
    for (int i = 0; i < 150; ++i) next();
    ASSERT_EQ(finding(Rule::sum_of_cells), Finding::good);
  }
};

TEST(SafetyPlausibility, ALoadStepBetweenTwoRepliesIsNoLie) {  // SAF-018 SAF-085
  for (int at = 0; at < 10; ++at) {  // Wherever in the second the step falls.
    TwoReplies b;
    b.settle();
    for (int i = 0; i < at; ++i) b.next();
    b.load_ma = 40'000;
    EXPECT_EQ(b.until_tripped(100), -1) << at;
    EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::good);
    b.load_ma = -100'000;
    EXPECT_EQ(b.until_tripped(100), -1) << at;
  }
}

TEST(SafetyPlausibility, CellsThatLieAreCaughtWithinFourteenSecondsAtASteadyLoad) {
  // SAF-018 SAF-085
  for (const std::int32_t lie : {40, -40}) {
    for (int at = 0; at < 20; ++at) {
      TwoReplies b;
      b.load_ma = 30'000;
      b.settle();
      for (int i = 0; i < at; ++i) b.next();
      b.lie_mv = lie;
      const int ticks = b.until_tripped(200);
      EXPECT_GT(ticks, 0) << at;
      EXPECT_LE(ticks, 140) << at;
      EXPECT_EQ(b.judge(Rule::sum_of_cells).value, 640);
    }
  }
}

/// A load that is another one in each tick, up to `swing`, and turns its sign every 700 ms.
struct RestlessLoad {
  std::int32_t swing;
  std::uint32_t noise = 1;
  std::int32_t next(int ticks) {
    noise = noise * 1'664'525U + 1'013'904'223U;
    return static_cast<std::int32_t>(noise >> 8) % swing * (ticks / 7 % 2 == 0 ? 1 : -1);
  }
};

TEST(SafetyPlausibility, CellsThatLieAreCaughtWithinTwentySecondsUnderARestlessLoad) {  // SAF-085
  for (const std::int32_t lie : {80, -80}) {
    for (const std::int32_t swing : {10'000, 40'000}) {
      TwoReplies b;
      RestlessLoad load{swing};
      const auto tick = [&] {
        b.load_ma = load.next(b.ticks);
        b.next();
        return b.finding(Rule::sum_of_cells);
      };
      for (int i = 0; i < 36'000; ++i) {
        ASSERT_NE(tick(), Finding::exceeded) << swing << " mA, tick " << i;
      }
      b.lie_mv = lie;
      int ticks = 1;
      while (tick() != Finding::exceeded && ticks < 1'000) ++ticks;
      EXPECT_LE(ticks, 200) << lie << " mV, " << swing << " mA";
    }
  }
}

TEST(SafetyPlausibility, AWholeCurrentThatNeverRestsIsNoLie) {  // SAF-085
  TwoReplies b;
  RestlessLoad load{100'000};
  for (int i = 0; i < 36'000; ++i) {
    b.load_ma = load.next(b.ticks);
    b.next();
    ASSERT_NE(b.finding(Rule::sum_of_cells), Finding::exceeded) << "tick " << i;
  }
}

TEST(SafetyPlausibility, AReadingThatIsLostStartsTheAverageAgain) {  // SAF-085
  TwoReplies lying;
  lying.settle();
  lying.lie_mv = 80;
  const int caught = lying.until_tripped(300);
  ASSERT_GT(caught, 1);
  TwoReplies b;
  b.settle();
  b.lie_mv = 80;
  for (int i = 1; i < caught; ++i) b.next();
  b.in().cell_sum->terminals.sample.quality = Quality::bad;
  b.observe();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::missing);
  b.in().cell_sum->terminals.sample.quality = Quality::good;
  b.lie_mv = 0;
  EXPECT_EQ(b.until_tripped(300), -1) << "what came before does not count any more";
}

TEST(SafetyPlausibility, SlowPollsAreComparedAfterThreeOfThem) {  // SAF-085
  // Whichever of the two comes slowly, and to the microsecond.
  for (const auto& [cells, terminals] : {std::pair{9_s, 9_s}, {9_s, 2_s}, {2_s, 9_s}}) {
    Bench b;
    b.in().cell_sum->sum.stale_after = cells;
    b.in().cell_sum->terminals.stale_after = terminals;
    b.run(1);
    ASSERT_EQ(b.finding(Rule::sum_of_cells), Finding::good);
    const auto late = [&b](Duration passed) {
      b.in().cell_sum->sum.sample.value = 60'000_mv;
      b.in().cell_sum->sum.sample.taken_at = b.now - 1_s;
      b.tick = passed;
      b.observe();
      b.now = b.now + b.tick;
      b.refresh();
    };
    for (int i = 0; i < 89; ++i) {
      late(100_ms);
      ASSERT_EQ(b.finding(Rule::sum_of_cells), Finding::good) << i;
    }
    late(100_ms - microseconds(1));
    EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::good);
    late(microseconds(1));
    EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::exceeded);
  }
}

TEST(SafetyPlausibility, ASpreadUpToAQuarterOfTheLimitIsSteady) {  // SAF-085
  for (const std::int32_t spread : {132, 133}) {                   // The limit is 528 mV.
    Bench b;
    b.in().cell_sum->terminals.sample.value = 52'800_mv;
    int ticks = 0;
    while (b.finding(Rule::sum_of_cells) != Finding::exceeded && ticks < 200) {
      ++ticks;
      b.now = b.now + b.tick;
      b.refresh();
      b.in().cell_sum->sum.sample.value = MilliVolt{54'000 + (ticks % 2 == 0 ? spread : 0)};
      b.in().cell_sum->sum.sample.taken_at = b.now - 1_s;
      b.observe();
    }
    EXPECT_EQ(ticks, spread == 132 ? 20 : 100);
  }
}

TEST(SafetyPlausibility, AQuarterOfTheSpreadIsAddedToTheLimit) {  // SAF-085
  struct Case {
    std::int32_t low;  ///< Half of the time; 1000 mV above it the other half.
    Finding finding;
  };
  // Limit 528 mV + 250 mV, clears below 400 mV + 250 mV.
  const Case cases[] = {{278, Finding::exceeded},    {277, Finding::band},
                        {150, Finding::band},        {149, Finding::good},
                        {-1'278, Finding::exceeded}, {-1'145, Finding::good}};
  for (const Case& c : cases) {
    Bench b;
    for (int i = 0; i < 100; ++i) {
      b.now = b.now + b.tick;
      b.refresh();
      b.in().cell_sum->terminals.sample.value = 52'800_mv;
      b.in().cell_sum->sum.sample.value = MilliVolt{52'800 + c.low + (i % 2 == 0 ? 1'000 : 0)};
      b.in().cell_sum->sum.sample.taken_at = b.now - 1_s;
      // The shares are of the smaller voltage; keep it from moving the limit.
      b.limits().sum_of_cells.trip_per_cell = MilliVolt{33};
      b.limits().sum_of_cells.clear_per_cell = MilliVolt{25};
      b.limits().sum_of_cells.trip_share = b.limits().sum_of_cells.clear_share = 1_bp;
      ASSERT_EQ(b.finding(Rule::sum_of_cells), Finding::missing);
      b.observe();
    }
    EXPECT_EQ(b.finding(Rule::sum_of_cells), c.finding) << c.low;
  }
}

TEST(SafetyPlausibility, ReadingsTakenTogetherAreJudgedAtOnceWhateverTheLoad) {  // SAF-018
  Bench b;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::good);
  step_by(b.in().pack_current, 90'000);
  b.in().cell_sum->sum.sample.value = 52'800_mv + 528_mv;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::exceeded);
  EXPECT_EQ(b.judge(Rule::sum_of_cells).value, 528);
  EXPECT_EQ(b.judge(Rule::sum_of_cells).limit, 528);
  b.in().cell_sum->sum.sample.value = 52'800_mv - 521_mv;  // 1 % of the smaller is 522 mV.
  b.cycle();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::band);
  b.in().cell_sum->sum.sample.value = 52'800_mv - 522_mv;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::exceeded);
  b.in().cell_sum->sum.sample.value = 52'800_mv + 395_mv;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::good);
}

TEST(SafetyPlausibility, TogetherIsWithinTheSkew) {  // SAF-085
  for (const Duration late : {Duration{0}, Duration{1}}) {
    for (const bool cells_first : {true, false}) {
      Bench b;
      b.in().cell_sum->sum.sample.value = 60'000_mv;
      b.now = b.now + kTick;
      b.refresh();
      auto& older = cells_first ? b.in().cell_sum->sum : b.in().cell_sum->terminals;
      older.sample.taken_at = b.now - b.limits().plausibility.skew_max - late;
      b.observe();
      EXPECT_EQ(b.finding(Rule::sum_of_cells),
                late == Duration{0} ? Finding::exceeded : Finding::missing);
    }
  }
}

TEST(SafetyPlausibility, ASumThatIsGoneIsMissingAndOneThatNeverWasIsNot) {  // SAF-018 SAF-017
  Bench b;
  const auto sum = b.in().cell_sum;
  b.in().cell_sum.reset();
  b.cycle();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::good) << "a BMS that gives only extremes";
  b.in().cell_sum = sum;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::good);
  b.in().cell_sum.reset();
  b.cycle();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::missing);
  for (int what = 0; what < 5; ++what) {
    b.in().cell_sum = sum;
    b.cycle();
    ASSERT_EQ(b.finding(Rule::sum_of_cells), Finding::good);
    b.now = b.now + kTick;
    b.refresh();
    CellSum& now = *b.in().cell_sum;
    if (what == 0) now.cells = 0;
    if (what == 1) now.sum.sample.quality = Quality::bad;
    if (what == 2) now.terminals.sample.quality = Quality::bad;
    if (what == 3) now.sum.sample.taken_at = b.now - kStaleAfter;
    if (what == 4) now.terminals.sample.taken_at = b.now + 1_us;
    b.observe();
    EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::missing) << what;
    EXPECT_EQ(b.judge(Rule::sum_of_cells).value, 0);
  }
}

TEST(SafetyPlausibility, SamplesThatThisCheckMadeUncertainStillCount) {  // SAF-018
  Bench b;
  b.in().cell_sum->sum.sample.quality = Quality::uncertain;
  b.in().cell_sum->terminals.sample.quality = Quality::uncertain;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::good);
}

TEST(SafetyPlausibility, ContradictionIsWhatStandsThereNow) {  // SAF-005 SAF-018
  Bench b;
  CellSum& sum = *b.in().cell_sum;
  const auto contradicts = [&] { return b.with(detail::contradicts); };
  EXPECT_FALSE(contradicts());
  sum.sum.sample.value = 52'800_mv + 527_mv;
  EXPECT_FALSE(contradicts());
  sum.sum.sample.value = 52'800_mv + 528_mv;
  EXPECT_TRUE(contradicts());
  sum.sum.sample.value = 52'277_mv;
  EXPECT_TRUE(contradicts());
  sum.sum.sample.taken_at = b.now - 1_s;  // Not of one moment: still no proof of anything.
  EXPECT_TRUE(contradicts());
  sum.sum.sample.quality = Quality::bad;
  EXPECT_FALSE(contradicts());
}

TEST(SafetyPlausibility, WhatSpreadsIsAveragedOverTwelvePolls) {  // SAF-085
  for (const bool cells : {true, false}) {  // Three polls are stale_after, of the slower one.
    Bench b;
    b.tick = 1_s;
    (cells ? b.in().cell_sum->sum : b.in().cell_sum->terminals).stale_after = 5_s;
    int ticks = 0;
    while (b.finding(Rule::sum_of_cells) != Finding::exceeded && ticks < 40) {
      ++ticks;
      b.now = b.now + b.tick;
      b.refresh();
      b.in().cell_sum->sum.sample.value = MilliVolt{54'000 + ticks % 2 * 200};
      b.in().cell_sum->sum.sample.taken_at = b.now - 1_s;
      b.observe();
    }
    EXPECT_EQ(ticks, 20);
  }
}

TEST(SafetyPlausibility, ASumThatCannotBeJudgedHasNoNumbers) {  // SAF-018
  Bench b;
  b.in().cell_sum->sum.sample.value = 53'000_mv;
  b.cycle();
  EXPECT_EQ(b.judge(Rule::sum_of_cells).value, 200);
  b.in().cell_sum->sum.sample.quality = Quality::bad;
  b.cycle();
  const Evaluation e = b.judge(Rule::sum_of_cells);
  EXPECT_EQ(e.finding, Finding::missing);
  EXPECT_EQ(e.value, 0);
  EXPECT_EQ(e.limit, 0);
}

TEST(SafetyPlausibility, ASteadyDistanceHasTheLimitOfOneMoment) {  // SAF-085
  for (const auto& [apart, finding] : {std::pair{528, Finding::exceeded},
                                       {527, Finding::band},
                                       {396, Finding::band},
                                       {395, Finding::good},
                                       {-528, Finding::exceeded},
                                       {-391, Finding::good}}) {
    Bench b;
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(b.finding(Rule::sum_of_cells), Finding::missing);
      b.now = b.now + b.tick;
      b.refresh();
      b.in().cell_sum->sum.sample.value = MilliVolt{52'800 + apart};
      b.in().cell_sum->sum.sample.taken_at = b.now - 1_s;
      b.observe();
    }
    EXPECT_EQ(b.finding(Rule::sum_of_cells), finding) << apart;
    EXPECT_EQ(b.judge(Rule::sum_of_cells).value, std::abs(apart));
  }
}

}  // namespace
}  // namespace ems::safety::test
