// SPDX-License-Identifier: Apache-2.0
/// @file Curves and overload: what lowers a current, and what ends it after a time.
#include <gtest/gtest.h>

#include "safety/limit_access.hpp"
#include "unit/safety/fixture.hpp"

namespace ems::safety::test {
namespace {

using detail::Raw;
using detail::share_at;

DerateCurve<Raw> curve(std::initializer_list<DeratePoint<Raw>> points) {
  return derate_curve<Raw>(points);
}

TEST(SafetyDerate, ACurveIsStraightBetweenItsPointsAndHeldOutside) {  // SAF-043
  const auto c =
      curve({{Raw{0}, 100_bp}, {Raw{10}, 10'000_bp}, {Raw{20}, 10'000_bp}, {Raw{23}, 1'000_bp}});
  const struct {
    std::int32_t x, share;
  } cases[] = {{-1'000, 100}, {0, 100},    {1, 1'090},  {9, 9'010},  {10, 10'000},  {15, 10'000},
               {20, 10'000},  {21, 7'000}, {22, 4'000}, {23, 1'000}, {1'000, 1'000}};
  for (const auto& p : cases) EXPECT_EQ(share_at(c, p.x), p.share) << p.x;
  EXPECT_EQ(share_at(curve({{Raw{5}, 70_bp}}), 4), 70);
  EXPECT_EQ(share_at(curve({{Raw{5}, 70_bp}}), 6), 70);
  EXPECT_EQ(share_at(DerateCurve<Raw>{}, 0), 0);  // Of a limit that nobody set: nothing.
}

TEST(SafetyDerate, ACurveRoundsDownOnBothSides) {  // SAF-043
  const auto c = curve({{Raw{0}, 0_bp}, {Raw{3}, 10_bp}, {Raw{6}, 0_bp}});
  EXPECT_EQ(share_at(c, 1), 3);  // 3.33
  EXPECT_EQ(share_at(c, 2), 6);  // 6.67
  EXPECT_EQ(share_at(c, 4), 6);
  EXPECT_EQ(share_at(c, 5), 3);
  constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
  const auto wide = curve({{Raw{-kMost}, 10'000_bp}, {Raw{kMost}, 0_bp}});
  EXPECT_EQ(share_at(wide, 0), 5'000);
  EXPECT_EQ(share_at(wide, kMost - 1), 0);
}

struct CurveCase {
  Rule rule;
  bool charge, discharge;  ///< Which directions it lowers.
  void (*set)(BatteryInputs&, std::int32_t);
  std::int32_t full, half, half_ma;  ///< Last value without it; one half way down and its current.
};
void set_imbalance(BatteryInputs& in, std::int32_t mv) {
  in.cell_voltage_max->sample.value = in.cell_voltage_min->sample.value + MilliVolt{mv};
}
constexpr CurveCase kCurves[] = {
    {Rule::charge_voltage_derate, true, false, set_cells, 3550, 3600, 50'000},
    {Rule::charge_voltage_derate, true, false, set_cells, 3550, 3649, 1'000},
    {Rule::discharge_voltage_derate, false, true, set_cells, 2800, 2650, 50'000},
    {Rule::discharge_voltage_derate, false, true, set_cells, 2800, 2501, 330},
    {Rule::charge_temperature_derate, true, false, set_temperatures, 40'000, 42'500, 50'000},
    {Rule::charge_temperature_derate, true, false, set_temperatures, 5'000, 2'500, 50'000},
    {Rule::discharge_temperature_derate, false, true, set_temperatures, 45'000, 47'500, 75'000},
    {Rule::cell_imbalance_derate, true, true, set_imbalance, 100, 200, 75'000},
    {Rule::cell_imbalance_derate, true, true, set_imbalance, 100, 299, 50'250},
};

std::int32_t healthy_value(const CurveCase& c) {
  return c.set == set_imbalance ? 0 : c.set == set_temperatures ? 25'000 : 3'300;
}
/// Brings a world to a value without a jump.
void bring(World& w, const CurveCase& c, std::int32_t from, std::int32_t to) {
  for (int i = 1; i <= 8; ++i) {
    c.set(w.batteries[0], from + (to - from) * i / 8);
    w.run();
  }
}

TEST(SafetyDerate, EachCurveLowersItsOwnDirection) {  // SAF-008 SAF-043 SAF-044 SAF-045 SAF-048
  for (const CurveCase& c : kCurves) {
    World w;
    w.settle();
    bring(w, c, healthy_value(c), c.full);
    EXPECT_EQ(w.reason(c.rule), nullptr) << to_string(c.rule);
    bring(w, c, c.full, c.half);
    const Reason* reason = w.reason(c.rule);
    ASSERT_NE(reason, nullptr) << to_string(c.rule);
    EXPECT_EQ(reason->action, Action::derate);
    EXPECT_EQ(reason->value, c.half);
    EXPECT_EQ(reason->limit, c.full) << to_string(c.rule);
    EXPECT_EQ(w.verdict().state, SafetyState::derated);
    const BatteryVerdict& v = w.verdict();
    // At 47.5 degC charging is forbidden anyhow.
    const std::int32_t other = c.half > 45'000 ? 0 : 100'000;
    EXPECT_EQ(v.charge_current_max.count(), c.charge ? c.half_ma : other) << to_string(c.rule);
    EXPECT_EQ(v.discharge_current_max.count(), c.discharge ? c.half_ma : 100'000);
    // Back at full current at once, without a step; the reason stays for its time.
    bring(w, c, c.half, c.full);
    EXPECT_EQ(c.charge ? w.verdict().charge_current_max : w.verdict().discharge_current_max,
              100'000_ma);
    ASSERT_NE(w.reason(c.rule), nullptr);
    EXPECT_EQ(w.reason(c.rule)->cause, Cause::waiting);
    w.run(50);
    EXPECT_EQ(w.reason(c.rule), nullptr);
  }
}

TEST(SafetyDerate, TheSmallestShareCountsAndTheBmsStillBounds) {  // SAF-043
  World w;
  w.settle();
  bring(w, kCurves[8], 0, 200);                             // 75 %
  w.batteries[0].cell_voltage_min->sample.value = 3400_mv;  // 3.4 .. 3.6 V: 50 %
  w.batteries[0].cell_voltage_max->sample.value = 3600_mv;
  w.run();
  EXPECT_EQ(w.verdict().charge_current_max, 50'000_ma);
  EXPECT_EQ(w.verdict().discharge_current_max, 75'000_ma);
  w.batteries[0].charge_current_limit = taken(20'000_ma, w.now);
  w.batteries[0].discharge_current_limit = taken(90'000_ma, w.now);
  w.run();
  EXPECT_EQ(w.verdict().charge_current_max, 20'000_ma);
  EXPECT_EQ(w.verdict().discharge_current_max, 75'000_ma);
}

TEST(SafetyDerate, ColdAndHotCellsOfOneBatteryBothCount) {  // SAF-045
  World w;
  w.settle();
  bring(w, kCurves[4], 25'000, 10'000);
  w.batteries[0].temp_min->sample.value = 6'000_mdegc;
  w.run();
  w.batteries[0].temp_min->sample.value = 2'000_mdegc;  // The hottest is well inside.
  w.run();
  EXPECT_EQ(w.verdict().charge_current_max, 40'000_ma);
  EXPECT_EQ(w.reason(Rule::charge_temperature_derate)->limit, 5'000);
}

TEST(SafetyDerate, ADerateAtTheStartIsNoFault) {  // SAF-043 SAF-002
  World w;
  set_cells(w.batteries[0], 3520);
  w.batteries[0].cell_voltage_max->sample.value = 3580_mv;
  w.judge();
  EXPECT_EQ(w.out.site, SafetyState::init);
}

// Overload: 1.1 times the maximum for 5 s, both directions; default limits, 100 A.
struct OverloadCase {
  Rule rule;
  std::int32_t sign;
};
constexpr OverloadCase kOverloads[] = {{Rule::charge_overload, -1}, {Rule::discharge_overload, 1}};

/// Cycles at `ma` until the rule acts; 0 when it does not within `most`.
int cycles_until(World& w, Rule rule, MilliAmp current, int most) {
  w.batteries[0].pack_current->sample.value = current;
  for (int i = 1; i <= most; ++i) {
    w.run();
    if (w.reason(rule) != nullptr) return i;
  }
  return 0;
}

TEST(SafetyOverload, TheTimeFallsWithTheSquareOfTheCurrent) {  // SAF-046
  for (const OverloadCase& c : kOverloads) {
    const struct {
      std::int32_t ma;
      int cycles;
    } cases[] = {{100'000, 0}, {110'000, 50}, {105'000, 103}, {119'000, 26}, {119'999, 24}};
    for (const auto& at : cases) {
      World w;
      w.settle();
      EXPECT_EQ(cycles_until(w, c.rule, MilliAmp{at.ma * c.sign}, 200), at.cycles) << at.ma;
      if (at.cycles == 0) continue;
      EXPECT_EQ(w.reason(c.rule)->value, at.ma);
      EXPECT_EQ(w.reason(c.rule)->limit, 100'000);
      EXPECT_EQ(c.sign > 0 ? w.discharges() : w.charges(), false);
      EXPECT_EQ(c.sign > 0 ? w.charges() : w.discharges(), true);
    }
  }
}

TEST(SafetyOverload, CoolsTheSameWayAndClearsAfterItsTime) {  // SAF-046
  for (const OverloadCase& c : kOverloads) {
    World w;
    w.settle();
    ASSERT_EQ(cycles_until(w, c.rule, 110'000_ma * c.sign, 100), 50);
    w.batteries[0].pack_current->sample.value = 100'000_ma * c.sign;  // Neither heats nor cools.
    w.run(200);
    EXPECT_NE(w.reason(c.rule), nullptr);
    // At rest it cools by Imax^2: 1.05 s for 1.1 times in 5 s; then good for 5 s.
    w.batteries[0].pack_current->sample.value = 0_ma;
    w.run(10);
    w.run(50);
    EXPECT_NE(w.reason(c.rule), nullptr);
    w.run();
    EXPECT_EQ(w.reason(c.rule), nullptr);
    // What was borne before counts: half the time is left after half the heat.
    ASSERT_EQ(cycles_until(w, c.rule, 110'000_ma * c.sign, 25), 0);
    w.batteries[0].pack_current->sample.value = 100'000_ma * c.sign;
    w.run(100);
    EXPECT_EQ(cycles_until(w, c.rule, 110'000_ma * c.sign, 100), 25);
  }
}

TEST(SafetyOverload, AnUnknownCurrentCountsAsTheWorst) {  // SAF-046 SAF-017
  World w;
  w.settle();
  ASSERT_EQ(cycles_until(w, Rule::discharge_overload, 110'000_ma, 10), 0) << "nothing borne yet";
  w.batteries[0].pack_current->sample.quality = Quality::bad;
  w.run(1);
  w.batteries[0].pack_current->sample.quality = Quality::good;
  w.batteries[0].pack_current->sample.value = 100'000_ma;
  w.run(1);
  ASSERT_NE(w.reason(Rule::discharge_overload), nullptr);
  EXPECT_EQ(w.reason(Rule::discharge_overload)->cause, Cause::waiting) << "not beyond Imax";
  w.batteries[0].pack_current->sample.value = 101'000_ma;
  w.run(1);
  EXPECT_EQ(w.reason(Rule::discharge_overload)->cause, Cause::exceeded);
}
TEST(SafetyOverload, AMaximumBelowOneAmpereCountsAsOne) {  // SAF-046
  World w;
  set_current_limits(w.config.batteries[0].limits, 0_ma, 100'000_ma);
  w.settle();
  EXPECT_EQ(cycles_until(w, Rule::charge_overload, -(1'000_ma), 300), 0);
  EXPECT_EQ(cycles_until(w, Rule::charge_overload, -(1'100_ma), 300), 50);
}

TEST(SafetyOverload, HugeCurrentsAndGapsDoNotWrap) {  // SAF-046
  World w;
  w.settle();
  w.batteries[0].pack_current->sample.value = MilliAmp::max();
  w.now = w.now + 900_s;
  w.refresh();
  w.judge();
  ASSERT_NE(w.reason(Rule::discharge_overload), nullptr);
  EXPECT_EQ(w.reason(Rule::discharge_overload)->cause, Cause::exceeded);
  w.now = w.now - 800_s;  // A clock fault neither heats nor cools.
  w.batteries[0].pack_current->sample.value = 0_ma;
  w.refresh();
  w.judge();
  EXPECT_EQ(w.reason(Rule::discharge_overload)->cause, Cause::exceeded);
}

}  // namespace
}  // namespace ems::safety::test
