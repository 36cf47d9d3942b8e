// SPDX-License-Identifier: Apache-2.0
/// @file Every default and bound of LFP, number by number, as docs/safety/requirements.md has them.
#include <gtest/gtest.h>

#include <vector>

#include "safety/plausibility.hpp"
#include "unit/safety/fixture.hpp"

namespace ems::safety::test {
namespace {

const Limits& widest() { return absolute_bounds(Chemistry::lfp).widest; }

template <class Q>
void expect(const Threshold<Q>& threshold, std::int32_t trip, std::int32_t clear) {
  EXPECT_EQ(threshold.trip.count(), trip);
  EXPECT_EQ(threshold.clear.count(), clear);
  EXPECT_EQ(threshold.clear_after, 5'000_ms);
  EXPECT_EQ(threshold.trip_after, 0_ms);
}

struct Point {
  std::int32_t x, share;
  friend bool operator==(const Point&, const Point&) = default;
};
template <class Q>
std::vector<Point> points(const DerateCurve<Q>& curve) {
  std::vector<Point> all;
  for (const DeratePoint<Q>& point : curve) all.push_back({point.x.count(), point.share.count()});
  return all;
}

TEST(SafetyLimitsTable, Voltages) {  // SAF-003 SAF-004 SAF-005 SAF-018 SAF-041 SAF-048
  const Limits& l = widest();
  expect(l.cell_voltage_max, 3'650, 3'550);
  expect(l.cell_voltage_min, 2'500, 2'700);
  EXPECT_EQ(l.cell_voltage_latch_max.count(), 3'750);
  EXPECT_EQ(l.cell_voltage_latch_min.count(), 2'300);
  expect(l.cell_voltage_high, 3'550, 3'500);
  expect(l.cell_voltage_low, 2'800, 2'850);
  expect(l.cell_imbalance_warning, 30, 20);
  expect(l.cell_imbalance, 300, 200);
  EXPECT_EQ(l.sum_of_cells.trip_per_cell.count(), 20);
  EXPECT_EQ(l.sum_of_cells.clear_per_cell.count(), 15);
  EXPECT_EQ(l.sum_of_cells.trip_share.count(), 100);
  EXPECT_EQ(l.sum_of_cells.clear_share.count(), 75);
  EXPECT_EQ(l.sum_of_cells.clear_after, 5'000_ms);
}

TEST(SafetyLimitsTable, Temperatures) {  // SAF-006 SAF-007 SAF-009 SAF-041 SAF-047
  const Limits& l = widest();
  expect(l.charge_temp_max, 45'000, 40'000);
  expect(l.charge_temp_min, 0, 5'000);
  expect(l.discharge_temp_max, 55'000, 50'000);
  expect(l.discharge_temp_min, -10'000, -5'000);
  EXPECT_EQ(l.temp_latch_max.count(), 60'000);
  EXPECT_EQ(l.temp_latch_min.count(), -20'000);
  expect(l.temperature_high, 50'000, 48'000);
  expect(l.temperature_low, 5'000, 7'000);
  expect(l.temperature_spread, 15'000, 12'000);
}

TEST(SafetyLimitsTable, CurrentsSocAndInsulation) {  // SAF-001 SAF-010 SAF-011 SAF-041 SAF-049
  const Limits& l = widest();
  EXPECT_EQ(l.charge_current_max.count(), 1'000'000);
  EXPECT_EQ(l.discharge_current_max.count(), 1'000'000);
  expect(l.charge_overcurrent, 1'200'000, 1'100'000);
  expect(l.discharge_overcurrent, 1'200'000, 1'100'000);
  expect(l.soc_max, 9'800, 9'500);
  expect(l.soc_min, 500, 1'000);
  expect(l.soc_high_warning, 9'500, 9'300);
  expect(l.soc_low_warning, 1'000, 1'200);
  expect(l.insulation_low, 500, 550);
  EXPECT_EQ(l.insulation_latch_min.count(), 100);
}

TEST(SafetyLimitsTable, Curves) {  // SAF-008 SAF-044 SAF-045 SAF-048
  using Points = std::vector<Point>;
  const Limits& l = widest();
  EXPECT_EQ(points(l.discharge_temp_derate), (Points{{45'000, 10'000}, {55'000, 0}}));
  EXPECT_EQ(points(l.charge_voltage_derate), (Points{{3'550, 10'000}, {3'650, 0}}));
  EXPECT_EQ(points(l.discharge_voltage_derate), (Points{{2'500, 0}, {2'800, 10'000}}));
  EXPECT_EQ(points(l.charge_temp_derate),
            (Points{{0, 0}, {5'000, 10'000}, {40'000, 10'000}, {45'000, 0}}));
  EXPECT_EQ(points(l.cell_imbalance_derate), (Points{{100, 10'000}, {300, 5'000}}));
  EXPECT_EQ(kCurvePointsMax, 6U);
}

TEST(SafetyLimitsTable, TimesAndOverload) {  // SAF-001 SAF-017 SAF-042 SAF-046
  const Limits& l = widest();
  EXPECT_EQ(l.stale_after_max, 10'000_ms);
  EXPECT_EQ(l.input_clear_after, 5'000_ms);
  EXPECT_EQ(l.latch_after, 0_ms);
  for (const OverloadLimit& overload : {l.charge_overload, l.discharge_overload}) {
    EXPECT_EQ(overload.factor.count(), 11'000);
    EXPECT_EQ(overload.time, 5'000_ms);
    EXPECT_EQ(overload.clear_after, 5'000_ms);
  }
  const AbsoluteBounds& bounds = absolute_bounds(Chemistry::lfp);
  EXPECT_EQ(bounds.cell_voltage_gap.count(), 50);
  EXPECT_EQ(bounds.clear_after_min, 1'000_ms);
  EXPECT_EQ(bounds.clear_after_max, 3'600'000_ms);
  EXPECT_EQ(bounds.trip_after_max, 5'000_ms);
  EXPECT_EQ(bounds.latch_after_max, 1'000_ms);
}

TEST(SafetyLimitsTable, Plausibility) {  // SAF-080 SAF-081 SAF-082 SAF-083 SAF-084 SAF-085
  const PlausibilityLimits& p = widest().plausibility;
  EXPECT_EQ(p.soc_jump.count(), 1'000);
  EXPECT_EQ(p.temperature_jump.count(), 5'000);
  EXPECT_EQ(p.cell_voltage_jump.count(), 500);
  EXPECT_EQ(p.frozen_charge.count(), 200);
  EXPECT_EQ(p.frozen_after, 3'600'000_ms);
  EXPECT_EQ(p.power_tolerance.count(), 1'000);
  EXPECT_EQ(p.power_floor.count(), 200);
  EXPECT_EQ(p.power_after, 10'000_ms);
  EXPECT_EQ(p.obey_tolerance.count(), 500);
  EXPECT_EQ(p.obey_floor.count(), 1'000);
  EXPECT_EQ(p.obey_after, 3'000_ms);
  EXPECT_EQ(p.contactor_current.count(), 2'000);
  EXPECT_EQ(p.contactor_after, 1'000_ms);
  EXPECT_EQ(p.skew_max, 20_ms);
  EXPECT_EQ(p.clear_after, 5'000_ms);
  EXPECT_EQ(detail::kDisobeyedMax, 5);
}

TEST(SafetyLimitsTable, Kernel) {  // SAF-002 SAF-027 SAF-028 SAF-031 SAF-034
  EXPECT_EQ(Config{}.tick_period, 100_ms);
  EXPECT_EQ(Config{}.start_grace, 5'000_ms);
  EXPECT_EQ(kLateTicksWarn, 3);
  EXPECT_EQ(kLateTicksSafe, 10);
  EXPECT_EQ(kGoodTicksToClear, 10);
  EXPECT_EQ(kOpenAfter, 1'000_ms);
  EXPECT_EQ(kTickPeriodMax, 1'000_ms);
  EXPECT_EQ(kPvStaleAfterMax, 10'000_ms);
  EXPECT_FALSE(InverterVerdict{}.may_open);
  EXPECT_EQ(InverterVerdict{}.command, CommandKind::stop);
}

TEST(SafetyLimitsTable, ADefaultIsTheWidestButForTheCurrents) {  // SAF-001
  Limits limits = default_limits(Chemistry::lfp);
  EXPECT_EQ(limits.charge_current_max.count(), 0);
  EXPECT_EQ(limits.discharge_current_max.count(), 0);
  expect(limits.charge_overcurrent, 2'000, 1'000);
  expect(limits.discharge_overcurrent, 2'000, 1'000);
  const Limits& wide = widest();
  limits.charge_current_max = wide.charge_current_max;
  limits.discharge_current_max = wide.discharge_current_max;
  limits.charge_overcurrent = wide.charge_overcurrent;
  limits.discharge_overcurrent = wide.discharge_overcurrent;
  EXPECT_EQ(limits, wide);
}

TEST(SafetyLimitsTable, TheOvercurrentTripIsAFifthAboveTheMaximumAndAtLeast2Ampere) {  // SAF-010
  const struct {
    std::int32_t maximum, trip, clear;
  } cases[] = {{0, 2'000, 1'000},        {9'999, 11'999, 10'999},
               {10'000, 12'000, 11'000}, {10'005, 12'006, 11'005},
               {10'010, 12'012, 11'011}, {1'000'000, 1'200'000, 1'100'000}};
  for (const auto& c : cases) {
    Limits limits = default_limits(Chemistry::lfp);
    set_current_limits(limits, MilliAmp{c.maximum}, MilliAmp{c.maximum});
    expect(limits.charge_overcurrent, c.trip, c.clear);
    expect(limits.discharge_overcurrent, c.trip, c.clear);
    EXPECT_TRUE(validate(limits, Chemistry::lfp)) << c.maximum;
  }
}

TEST(SafetyLimitsTable, AnOverloadFactorMayBeTheLeastAboveOne) {  // SAF-001 SAF-046
  for (OverloadLimit Limits::*field : {&Limits::charge_overload, &Limits::discharge_overload}) {
    Limits limits = default_limits(Chemistry::lfp);
    (limits.*field).factor = 10'001_bp;
    EXPECT_TRUE(validate(limits, Chemistry::lfp));
  }
}

}  // namespace
}  // namespace ems::safety::test
