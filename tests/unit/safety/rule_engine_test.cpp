// SPDX-License-Identifier: Apache-2.0
/// @file The state machine of a rule and the order of states, each by itself.
#include "safety/rule_engine.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "unit/safety/fixture.hpp"

namespace ems::safety::test {
namespace {

using detail::advance;
using detail::Evaluation;
using detail::Finding;
using detail::timed;

TEST(SafetyRuleEngine, TheWorseOfTwoStatesInEveryPair) {  // SAF-002 SAF-008 SAF-028
  using enum SafetyState;
  constexpr SafetyState kAscending[] = {normal, derated, init, safe, tripped};
  for (std::size_t a = 0; a < std::size(kAscending); ++a) {
    for (std::size_t b = 0; b < std::size(kAscending); ++b) {
      EXPECT_EQ(detail::worst(kAscending[a], kAscending[b]), kAscending[std::max(a, b)]) << a << b;
    }
  }
}

TEST(SafetyRuleEngine, ATimerCountsFromOneAndStartsAgainWhenTheClockGoesBack) {  // SAF-042
  std::uint32_t timer = 0;
  EXPECT_FALSE(timed(timer, 5_s, 1_s));  // What passed before it began does not count.
  EXPECT_EQ(timer, 1U);
  EXPECT_FALSE(timed(timer, 400_ms, 1_s));
  EXPECT_EQ(timer, 400'001U);
  EXPECT_FALSE(timed(timer, 0_ms, 1_s));
  EXPECT_EQ(timer, 400'001U);
  EXPECT_FALSE(timed(timer, -(1_us), 1_s));
  EXPECT_EQ(timer, 1U);
  EXPECT_FALSE(timed(timer, 999'999_us, 1_s));
  EXPECT_EQ(timer, 1'000'000U);
  EXPECT_TRUE(timed(timer, 1_us, 1_s));
  EXPECT_EQ(timer, 1'000'001U);
  std::uint32_t at_once = 0;
  EXPECT_TRUE(timed(at_once, 0_ms, 0_ms));
}

TEST(SafetyRuleEngine, ATimerStaysAtItsEnd) {  // SAF-016
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t timer = kMost - 1;
  EXPECT_TRUE(timed(timer, 1_us, 1_s));
  EXPECT_EQ(timer, kMost);
  EXPECT_TRUE(timed(timer, 3'600_s, 1_s));
  EXPECT_EQ(timer, kMost);
}

RuleState after(RuleState rule, Finding finding, Duration passed) {
  Evaluation e{finding, 3_s};
  e.trip_after = 1_s;
  advance(rule, e, passed);
  return rule;
}

TEST(SafetyRuleEngine, EachFindingMovesARuleAsItShould) {  // SAF-016 SAF-017 SAF-042
  const struct {
    const char* why;
    RuleState before;
    Finding finding;
    RuleState then;
  } cases[] = {
      {"good starts to clear", {0, true}, Finding::good, {1, true}},
      {"good goes on", {11, true}, Finding::good, {500'011, true}},
      {"good clears", {2'500'001, true, true}, Finding::good, {0, false, false}},
      {"band keeps", {2'900'000, true, true}, Finding::band, {0, true, true}},
      {"exceeded keeps", {2'900'000, true}, Finding::exceeded, {0, true, true}},
      {"missing keeps", {2'900'000, true}, Finding::missing, {0, true}},
      {"missing remembers", {7, true, true}, Finding::missing, {0, true, true}},
      {"good rests", {9, false}, Finding::good, {0, false}},
      {"band rests", {9, false}, Finding::band, {0, false}},
      {"exceeded waits", {0, false}, Finding::exceeded, {1, false}},
      {"exceeded goes on", {499'999, false}, Finding::exceeded, {999'999, false}},
      {"exceeded acts", {500'001, false}, Finding::exceeded, {0, true, true}},
      {"missing acts", {0, false}, Finding::missing, {0, true}},
      {"missing acts at once", {9, false}, Finding::missing, {0, true}},
  };
  for (const auto& c : cases) EXPECT_EQ(after(c.before, c.finding, 500_ms), c.then) << c.why;
}

TEST(SafetyRuleEngine, AnEventIsGivenOutOnceAndWaitsForRoom) {  // SAF-035
  detail::Events events;
  bool announced = false;
  const Event event{Severity::alarm, battery(1), "soc_high"};
  detail::announce(events, announced, false, event, 5);
  EXPECT_TRUE(events.empty());
  detail::announce(events, announced, true, event, 5);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_TRUE(events[0].active);
  EXPECT_EQ(events[0].value, 5);
  EXPECT_TRUE(announced);
  detail::announce(events, announced, true, event, 6);
  EXPECT_EQ(events.size(), 1U);
  while (events.try_push_back(event)) {
  }
  detail::announce(events, announced, false, event);
  EXPECT_TRUE(announced) << "not told yet";
  events.clear();
  detail::announce(events, announced, false, event);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_FALSE(events[0].active);
  EXPECT_EQ(events[0].value, 0);
  EXPECT_FALSE(announced);
}

TEST(SafetyRuleEngine, ATimerRunsOutAtItsTimeAndNotAMicrosecondBefore) {  // SAF-042
  Evaluation e{Finding::exceeded, 3_s};
  e.trip_after = 200_ms;
  RuleState rule;
  rule.active = false;
  advance(rule, e, 100_ms);  // The first cycle that exceeds starts the timer.
  advance(rule, e, 200_ms - microseconds(1));
  EXPECT_FALSE(rule.active);
  advance(rule, e, microseconds(1));
  EXPECT_TRUE(rule.active);
  e.finding = Finding::good;
  advance(rule, e, 100_ms);
  advance(rule, e, 3_s - microseconds(1));
  EXPECT_TRUE(rule.active);
  advance(rule, e, microseconds(1));
  EXPECT_FALSE(rule.active);
}

}  // namespace
}  // namespace ems::safety::test
