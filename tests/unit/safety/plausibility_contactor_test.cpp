// SPDX-License-Identifier: Apache-2.0
/// @file Rule 46: the feedback against the command and the current; and how exact all times are.
#include <gtest/gtest.h>

#include "unit/safety/plausibility_bench.hpp"

namespace ems::safety::test {
namespace {

TEST(SafetyPlausibility, AFeedbackThatIsNotThereIsNoClosedContactor) {  // SAF-084
  Contactor b;
  b.set(1, 1);
  b.cycle();
  b.in().contactor_closed->sample.quality = Quality::bad;
  b.cycle();
  EXPECT_EQ(b.judge(Rule::contactor_disagreement).value, 0);
}

TEST(SafetyPlausibility, AContactorThatContradictsItsCommandOrTheCurrentLatchesAfterASecond) {
  // SAF-084
  struct Case {
    std::int32_t closed, commanded, current;
    bool wrong;
  };
  const Case cases[] = {{1, 1, 50'000, false}, {0, 0, 0, false},     {1, 0, 0, true},
                        {0, 1, 0, true},       {0, 0, 1'999, false}, {0, 0, 2'000, true},
                        {0, 0, -2'000, true},  {2, 1, 0, true},      {1, 2, 0, true}};
  for (const Case& c : cases) {
    Contactor b;
    b.set(1, 1);
    b.cycle();
    EXPECT_EQ(b.finding(Rule::contactor_disagreement), Finding::good);
    b.set(c.closed, c.commanded, c.current);
    b.cycle();
    EXPECT_EQ(b.finding(Rule::contactor_disagreement), c.wrong ? Finding::exceeded : Finding::good)
        << c.closed << c.commanded << c.current;
    EXPECT_EQ(b.judge(Rule::contactor_disagreement).value, c.closed);
    EXPECT_EQ(b.judge(Rule::contactor_disagreement).limit, c.commanded);
    EXPECT_EQ(b.contradicts(), c.wrong);
    b.run(9);
    EXPECT_FALSE(b.latches());
    b.cycle();
    EXPECT_EQ(b.latches(), c.wrong);
    b.set(1, 1);
    b.cycle();
    EXPECT_FALSE(b.latches());
    EXPECT_EQ(b.finding(Rule::contactor_disagreement), Finding::good);
    b.set(c.closed, c.commanded, c.current);
    b.run(10);
    EXPECT_FALSE(b.latches()) << "the second starts again";
  }
}

TEST(SafetyPlausibility, AContactorThatStaysClosedAgainstSafetysOrderDisagrees) {  // SAF-084
  for (const bool with_command : {true, false}) {
    Contactor b;
    b.set(1, 1);
    if (!with_command) b.in().contactor_commanded.reset();
    b.cycle();
    b.state.open_ordered = true;
    b.cycle();
    EXPECT_EQ(b.finding(Rule::contactor_disagreement), Finding::exceeded);
    EXPECT_EQ(b.judge(Rule::contactor_disagreement).limit, 0);
    b.run(9);
    EXPECT_FALSE(b.latches());
    b.cycle();
    EXPECT_TRUE(b.latches());
    EXPECT_EQ(b.contradicts(), false) << "no reason to refuse the reset that takes the order back";
    b.in().contactor_closed->sample.value = Flag{0};
    if (with_command) b.in().contactor_commanded->sample.value = Flag{0};
    b.cycle();
    EXPECT_EQ(b.finding(Rule::contactor_disagreement), Finding::good);
  }
}

TEST(SafetyPlausibility, AnOrderToOpenCountsWithoutTheCommandThatWasGivenOnce) {  // SAF-084
  Contactor b;
  b.set(1, 1);
  b.cycle();
  b.in().contactor_commanded.reset();
  b.state.open_ordered = true;
  b.run(2);
  EXPECT_EQ(b.finding(Rule::contactor_disagreement), Finding::exceeded);
  b.in().contactor_commanded = taken(Flag{1}, b.now, Quality::bad);
  b.run(9);
  EXPECT_TRUE(b.latches());
}

TEST(SafetyPlausibility, AFeedbackThatIsNotKnownIsNeverGoodOnceGiven) {  // SAF-084
  Contactor b;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::contactor_disagreement), Finding::good) << "none is wired";
  EXPECT_EQ(b.contradicts(), std::nullopt);
  b.set(0, 1);
  b.run(5);
  b.in().contactor_closed->sample.quality = Quality::bad;
  b.run(20);
  EXPECT_EQ(b.finding(Rule::contactor_disagreement), Finding::exceeded) << "what was known stands";
  EXPECT_FALSE(b.latches()) << "and no time passes";
  b.set(1, 1);
  b.cycle();
  b.in().contactor_closed->sample.quality = Quality::bad;
  b.cycle();
  EXPECT_EQ(b.finding(Rule::contactor_disagreement), Finding::band);
  for (const bool gone : {true, false}) {
    b.set(1, 1);
    b.in().contactor_commanded->sample.quality = Quality::bad;
    if (gone) b.in().contactor_commanded.reset();
    b.cycle();
    EXPECT_EQ(b.finding(Rule::contactor_disagreement), Finding::missing);
    EXPECT_EQ(b.judge(Rule::contactor_disagreement).signal, Signal::contactor_commanded);
    EXPECT_TRUE(b.judge(Rule::contactor_disagreement).announce_missing);
  }
  b.set(1, 1);
  b.in().contactor_commanded->sample.quality = Quality::bad;
  EXPECT_EQ(b.contradicts(), std::nullopt);
  b.set(0, 0);
  b.in().pack_current.reset();
  b.cycle();
  EXPECT_EQ(b.contradicts(), std::nullopt) << "an open contactor is shown by its current";
  b.set(1, 1);
  b.cycle();
  EXPECT_EQ(b.contradicts(), false);
}

TEST(SafetyPlausibility, TimesAreExactToTheMicrosecond) {  // SAF-082 SAF-083 SAF-084
  Contactor b;
  b.limits().plausibility.contactor_after = 1_s + 1_us;
  b.tick = 1_s;
  b.set(0, 1);
  b.run(2);
  EXPECT_FALSE(b.latches());
  b.tick = 1_us;
  b.cycle();
  EXPECT_TRUE(b.latches());

  Watched w;
  w.bench.limits().plausibility.obey_after = 3_s + 1_us;
  w.run(1_s, 0);
  w.run(3_s + kTick, 110'000);  // The first of these cycles starts the time.
  EXPECT_EQ(w.times(), 0);
  w.bench.tick = 1_us;
  w.run(1_us, 110'000);
  EXPECT_EQ(w.times(), 1);

  Bench power;
  power.limits().plausibility.power_after = 10_s + 1_us;
  power.in().pack_power = taken(0_w, power.now);
  power.tick = 10_s + 1_us;
  power.cycle();
  power.in().pack_power->sample.value = 5'000_w;
  power.tick = 10_s;
  power.cycle();
  EXPECT_EQ(power.finding(Rule::power_mismatch), Finding::good);
  power.tick = 1_us;
  power.cycle();
  EXPECT_EQ(power.finding(Rule::power_mismatch), Finding::exceeded);
}

TEST(SafetyPlausibility, ACurrentThroughAnOpenContactorNeedsNoCommand) {  // SAF-084
  Contactor b;
  b.set(0, 0, 2'000);
  b.in().contactor_commanded.reset();
  b.cycle();
  const Evaluation e = b.judge(Rule::contactor_disagreement);
  EXPECT_EQ(e.finding, Finding::exceeded);
  EXPECT_EQ(e.value, 0);
  EXPECT_EQ(e.limit, 0);
  EXPECT_EQ(e.signal, Signal::contactor_closed);
}

}  // namespace
}  // namespace ems::safety::test
