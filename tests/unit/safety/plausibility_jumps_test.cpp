// SPDX-License-Identifier: Apache-2.0
/// @file Rule 42: two samples that no battery makes one after the other.
#include <gtest/gtest.h>

#include "unit/safety/plausibility_bench.hpp"

namespace ems::safety::test {
namespace {

TEST(SafetyPlausibility, OtherRulesAreNotJudgedHere) {  // SAF-017
  Bench b;
  EXPECT_EQ(b.finding(Rule::cell_overvoltage), Finding::missing);
}

TEST(SafetyPlausibility, AStepThatNoBatteryMakesIsAJump) {  // SAF-080
  for (const JumpCase& jump : kJumps) {
    for (const int sign : {1, -1}) {
      SCOPED_TRACE(jump.name);
      Bench b;
      b.cycle();
      EXPECT_EQ(b.finding(Rule::value_jump), Finding::good) << "a first sample is none";
      jump.move(b.in(), sign * jump.most);
      b.cycle();
      EXPECT_EQ(b.finding(Rule::value_jump), Finding::good) << "the largest step that is none";
      jump.move(b.in(), -sign * (jump.most + 1));
      b.cycle();
      const Evaluation e = b.judge(Rule::value_jump);
      EXPECT_EQ(e.finding, Finding::exceeded);
      EXPECT_EQ(e.signal, jump.signal);
      EXPECT_EQ(e.value, jump.most + 1);
      EXPECT_EQ(e.limit, jump.most);
      EXPECT_EQ(e.clear_after, b.limits().plausibility.clear_after);
      b.cycle();
      EXPECT_EQ(b.finding(Rule::value_jump), Finding::good) << "steady again";
    }
  }
}

TEST(SafetyPlausibility, TheFirstOfSeveralJumpsIsNamed) {  // SAF-080
  Bench b;
  b.cycle();
  step_by(b.in().temp_min, 6'000);
  step_by(b.in().cell_voltage_max, 600);
  b.cycle();
  EXPECT_EQ(b.judge(Rule::value_jump).signal, Signal::temperature);
  EXPECT_EQ(b.judge(Rule::value_jump).value, 6'000);
}

TEST(SafetyPlausibility, AJumpIsSeenAcrossAShortGapAndNotAcrossALongOne) {  // SAF-080
  for (const bool too_long : {false, true}) {
    Bench b;
    b.cycle();
    const auto soc = b.in().soc;
    b.in().soc.reset();
    // The gap is the time from the last usable cycle to the next.
    const int cycles = 100 - (too_long ? 0 : 1);
    for (int i = 0; i < cycles; ++i) {
      b.cycle();
      ASSERT_EQ(b.finding(Rule::value_jump), Finding::band) << "steadiness cannot be shown";
    }
    b.in().soc = soc;
    step_by(b.in().soc, 3'000);
    b.cycle();
    EXPECT_EQ(b.finding(Rule::value_jump), too_long ? Finding::good : Finding::exceeded);
    b.cycle();
    EXPECT_EQ(b.finding(Rule::value_jump), Finding::good);
  }
}

TEST(SafetyPlausibility, ALongStringJumpsAtFiftyVoltsUnlessItsLoadStepped) {  // SAF-080
  for (const std::int32_t load : {0, 5'000, 5'001, -5'001}) {
    Bench b;
    b.config.batteries[0].cells_in_series = 240;
    b.in().pack_voltage->sample.value = 768'000_mv;
    b.cycle();
    step_by(b.in().pack_voltage, -50'001);
    step_by(b.in().pack_current, load);
    b.cycle();
    EXPECT_EQ(b.finding(Rule::value_jump),
              load == 0 || load == 5'000 ? Finding::exceeded : Finding::good)
        << load;
    step_by(b.in().pack_voltage, 50'000);
    b.cycle();
    EXPECT_EQ(b.finding(Rule::value_jump), Finding::good) << "exactly 50 V";
    step_by(b.in().pack_voltage, 120'001);
    step_by(b.in().pack_current, 50'000);
    b.cycle();
    EXPECT_EQ(b.finding(Rule::value_jump), Finding::exceeded) << "no load step does that";
  }
}

TEST(SafetyPlausibility, ALoadThatStaysIsNoLoadStep) {  // SAF-080
  for (const std::int32_t load : {50'000, -50'000}) {
    Bench b;
    b.config.batteries[0].cells_in_series = 240;
    b.in().pack_voltage->sample.value = 768'000_mv;
    b.in().pack_current->sample.value = MilliAmp{load};
    b.run(2);
    step_by(b.in().pack_voltage, -50'001);
    b.cycle();
    EXPECT_EQ(b.finding(Rule::value_jump), Finding::exceeded) << load;
  }
}

TEST(SafetyPlausibility, AnyCurrentIsPossibleFromOneSampleToTheNext) {  // SAF-080
  Bench b;
  b.cycle();
  b.in().pack_current->sample.value = MilliAmp::max();
  b.cycle();
  EXPECT_EQ(b.finding(Rule::value_jump), Finding::good);
  b.in().pack_current->sample.value = MilliAmp::min();
  b.cycle();
  EXPECT_EQ(b.finding(Rule::value_jump), Finding::good);
}

}  // namespace
}  // namespace ems::safety::test
