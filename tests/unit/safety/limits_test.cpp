// SPDX-License-Identifier: Apache-2.0
#include "ems/safety/limits.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ems::safety {
namespace {

Limits good() {
  Limits limits = default_limits(Chemistry::lfp);
  set_current_limits(limits, 100'000_ma, 100'000_ma);
  return limits;
}

TEST(SafetyLimits, DefaultsAreValidAndForbidPowerUntilCurrentsAreNamed) {  // SAF-001
  const Limits limits = default_limits(Chemistry::lfp);
  EXPECT_TRUE(validate(limits, Chemistry::lfp));
  EXPECT_EQ(limits.charge_current_max, MilliAmp::zero());
  EXPECT_EQ(limits.discharge_current_max, MilliAmp::zero());
  EXPECT_TRUE(validate(good(), Chemistry::lfp));
  EXPECT_EQ(good().charge_overcurrent.trip, 120'000_ma);
  EXPECT_EQ(good().charge_overcurrent.clear, 110'000_ma);
  Limits small = limits;
  set_current_limits(small, 5'000_ma, 20'000_ma);  // A fifth, at least 2 A.
  EXPECT_EQ(small.charge_overcurrent.trip, 7'000_ma);
  EXPECT_EQ(small.discharge_overcurrent.trip, 24'000_ma);
  Limits large = limits;
  set_current_limits(large, 1'000'000_ma, 1'000'000_ma);
  EXPECT_TRUE(validate(large, Chemistry::lfp));
  EXPECT_EQ(large.charge_overcurrent, kLfpBounds.widest.charge_overcurrent);
  EXPECT_EQ(large.discharge_overcurrent, kLfpBounds.widest.discharge_overcurrent);
}

TEST(SafetyLimits, AFailedCheckSaysItsNumberFromOne) {  // SAF-001
  Limits first = good();
  first.cell_voltage_latch_max = first.cell_voltage_latch_max + 1_mv;
  EXPECT_EQ(validate(first, Chemistry::lfp).error().offset, 1U);
  Limits second = good();
  second.cell_voltage_latch_min = second.cell_voltage_latch_min - 1_mv;
  EXPECT_EQ(validate(second, Chemistry::lfp).error().offset, 2U);
  EXPECT_EQ(validate(good(), static_cast<Chemistry>(99)).error().offset, 0U);
}

TEST(SafetyLimits, AnEmptyOneAndAnUnknownChemistryAreRefused) {  // SAF-001
  EXPECT_FALSE(validate(Limits{}, Chemistry::lfp));
  EXPECT_FALSE(validate(good(), static_cast<Chemistry>(99)));
}

TEST(SafetyLimits, EveryFieldOneStepTooWideIsNamed) {  // SAF-001
  const struct {
    const char* field;
    void (*widen)(Limits&);
  } cases[] = {
      {"cell_voltage_max.trip", [](Limits& l) { l.cell_voltage_max.trip += 1_mv; }},
      {"cell_voltage_min.trip", [](Limits& l) { l.cell_voltage_min.trip -= 1_mv; }},
      {"cell_voltage_latch_max", [](Limits& l) { l.cell_voltage_latch_max += 1_mv; }},
      {"cell_voltage_latch_min", [](Limits& l) { l.cell_voltage_latch_min -= 1_mv; }},
      {"charge_temp_max.trip", [](Limits& l) { l.charge_temp_max.trip += 1_mdegc; }},
      {"charge_temp_min.trip", [](Limits& l) { l.charge_temp_min.trip -= 1_mdegc; }},
      {"discharge_temp_max.trip", [](Limits& l) { l.discharge_temp_max.trip += 1_mdegc; }},
      {"discharge_temp_min.trip", [](Limits& l) { l.discharge_temp_min.trip -= 1_mdegc; }},
      {"discharge_temp_derate", [](Limits& l) { l.discharge_temp_derate[0].x += 1_mdegc; }},
      {"temp_latch_max", [](Limits& l) { l.temp_latch_max += 1_mdegc; }},
      {"temp_latch_min", [](Limits& l) { l.temp_latch_min -= 1_mdegc; }},
      {"charge_current_max", [](Limits& l) { l.charge_current_max = 1'000'001_ma; }},
      {"discharge_current_max", [](Limits& l) { l.discharge_current_max = 1'000'001_ma; }},
      {"charge_overcurrent.trip", [](Limits& l) { l.charge_overcurrent.trip = 1'200'001_ma; }},
      {"discharge_overcurrent.trip",
       [](Limits& l) { l.discharge_overcurrent.trip = 1'200'001_ma; }},
      {"soc_max.trip", [](Limits& l) { l.soc_max.trip += 1_bp; }},
      {"soc_min.trip", [](Limits& l) { l.soc_min.trip -= 1_bp; }},
      {"sum_of_cells.trip_per_cell", [](Limits& l) { l.sum_of_cells.trip_per_cell += 1_mv; }},
      {"sum_of_cells.trip_share", [](Limits& l) { l.sum_of_cells.trip_share += 1_bp; }},
      {"stale_after_max", [](Limits& l) { l.stale_after_max += 1_us; }},
      // A warning may stand anywhere up to the inhibit.
      {"cell_voltage_high.trip", [](Limits& l) { l.cell_voltage_high.trip = 3651_mv; }},
      {"cell_voltage_low.trip", [](Limits& l) { l.cell_voltage_low.trip = 2499_mv; }},
      {"temperature_high.trip", [](Limits& l) { l.temperature_high.trip = 55'001_mdegc; }},
      {"temperature_low.trip", [](Limits& l) { l.temperature_low.trip = -MilliCelsius{10'001}; }},
      {"soc_high_warning.trip", [](Limits& l) { l.soc_high_warning.trip = 9801_bp; }},
      {"soc_low_warning.trip", [](Limits& l) { l.soc_low_warning.trip = 499_bp; }},
      {"charge_voltage_derate", [](Limits& l) { l.charge_voltage_derate[1].share = 100_bp; }},
      {"discharge_voltage_derate", [](Limits& l) { l.discharge_voltage_derate[1].x -= 1_mv; }},
      {"charge_temp_derate", [](Limits& l) { l.charge_temp_derate[2].x += 1_mdegc; }},
      {"cell_imbalance_derate", [](Limits& l) { l.cell_imbalance_derate[1].share += 1_bp; }},
      {"charge_overload.factor", [](Limits& l) { l.charge_overload.factor += 1_bp; }},
      {"charge_overload.time", [](Limits& l) { l.charge_overload.time += 1_us; }},
      {"discharge_overload.factor", [](Limits& l) { l.discharge_overload.factor += 1_bp; }},
      {"discharge_overload.time", [](Limits& l) { l.discharge_overload.time += 1_us; }},
      {"temperature_spread.trip", [](Limits& l) { l.temperature_spread.trip += 1_mdegc; }},
      {"cell_imbalance_warning.trip", [](Limits& l) { l.cell_imbalance_warning.trip = 301_mv; }},
      {"cell_imbalance.trip", [](Limits& l) { l.cell_imbalance.trip += 1_mv; }},
      {"latch_after", [](Limits& l) { l.latch_after = 1_s + 1_us; }},
      {"latch_after", [](Limits& l) { l.latch_after = -(1_us); }},
      {"plausibility.soc_jump", [](Limits& l) { l.plausibility.soc_jump += 1_bp; }},
      {"plausibility.temperature_jump",
       [](Limits& l) { l.plausibility.temperature_jump += 1_mdegc; }},
      {"plausibility.cell_voltage_jump",
       [](Limits& l) { l.plausibility.cell_voltage_jump += 1_mv; }},
      {"plausibility.frozen_charge", [](Limits& l) { l.plausibility.frozen_charge += 1_bp; }},
      {"plausibility.frozen_after", [](Limits& l) { l.plausibility.frozen_after += 1_us; }},
      {"plausibility.power_tolerance", [](Limits& l) { l.plausibility.power_tolerance += 1_bp; }},
      {"plausibility.power_floor", [](Limits& l) { l.plausibility.power_floor += 1_w; }},
      {"plausibility.power_after", [](Limits& l) { l.plausibility.power_after += 1_us; }},
      {"plausibility.obey_tolerance", [](Limits& l) { l.plausibility.obey_tolerance += 1_bp; }},
      {"plausibility.obey_floor", [](Limits& l) { l.plausibility.obey_floor += 1_ma; }},
      {"plausibility.obey_after", [](Limits& l) { l.plausibility.obey_after += 1_us; }},
      {"plausibility.contactor_current",
       [](Limits& l) { l.plausibility.contactor_current += 1_ma; }},
      {"plausibility.contactor_after", [](Limits& l) { l.plausibility.contactor_after += 1_us; }},
      {"plausibility.skew_max", [](Limits& l) { l.plausibility.skew_max += 1_us; }},
  };
  for (const auto& c : cases) {
    Limits limits = good();
    c.widen(limits);
    const Result<void> result = validate(limits, Chemistry::lfp);
    ASSERT_FALSE(result) << c.field;
    EXPECT_EQ(result.error().code, Errc::too_wide) << c.field;
    EXPECT_TRUE(std::string_view(result.error().what).starts_with(c.field))
        << c.field << " / " << result.error().what;
  }
}

TEST(SafetyLimits, ACurveStaysUnderTheBoundBetweenItsOwnPointsToo) {  // SAF-001
  Limits limits = good();  // On the bound at 50 degC, and held: above it at 55 degC.
  limits.discharge_temp_derate =
      derate_curve<MilliCelsius>({{MilliCelsius{50'000}, BasisPoints{5'000}}});
  const Result<void> result = validate(limits, Chemistry::lfp);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::too_wide);
}

template <class Q>
void expect_gap(Threshold<Q> Limits::*field, std::int32_t towards_clear) {
  const std::int32_t nearer = towards_clear > 0 ? 1 : -1;
  Limits limits = good();
  (limits.*field).clear = (limits.*field).trip + Q{towards_clear};
  EXPECT_TRUE(validate(limits, Chemistry::lfp)) << towards_clear;
  (limits.*field).clear -= Q{nearer};
  EXPECT_FALSE(validate(limits, Chemistry::lfp)) << towards_clear;
}

TEST(SafetyLimits, AThresholdMayClearExactlyItsLeastGapAway) {  // SAF-001
  for (const auto upper :
       {&Limits::charge_temp_max, &Limits::discharge_temp_max, &Limits::temperature_spread})
    expect_gap(upper, -2'000);
  for (const auto lower : {&Limits::charge_temp_min, &Limits::discharge_temp_min})
    expect_gap(lower, 2'000);
  expect_gap(&Limits::soc_max, -100);
  expect_gap(&Limits::soc_min, 100);
  expect_gap(&Limits::charge_overcurrent, -1);
  expect_gap(&Limits::discharge_overcurrent, -1);
  expect_gap(&Limits::cell_voltage_high, -1);
  expect_gap(&Limits::cell_voltage_low, 1);
  expect_gap(&Limits::temperature_high, -1);
  expect_gap(&Limits::temperature_low, 1);
  expect_gap(&Limits::soc_high_warning, -1);
  expect_gap(&Limits::soc_low_warning, 1);
  expect_gap(&Limits::cell_imbalance_warning, -1);
  expect_gap(&Limits::cell_imbalance, -1);
  expect_gap(&Limits::insulation_low, 1);
}

TEST(SafetyLimits, TheLeastPositiveNumberIsPositive) {  // SAF-001
  Limits limits = good();
  limits.charge_overcurrent.clear = limits.discharge_overcurrent.clear = 1_ma;
  limits.sum_of_cells.clear_per_cell = 1_mv;
  limits.sum_of_cells.clear_share = 1_bp;
  limits.insulation_latch_min = KiloOhm{1};
  PlausibilityLimits& p = limits.plausibility;
  p.soc_jump = p.frozen_charge = p.power_tolerance = p.obey_tolerance = 1_bp;
  p.temperature_jump = 1_mdegc;
  p.cell_voltage_jump = 1_mv;
  p.power_floor = 1_w;
  p.obey_floor = p.contactor_current = 1_ma;
  EXPECT_TRUE(validate(limits, Chemistry::lfp));
}

TEST(SafetyLimits, EveryContradictionIsNamed) {  // SAF-001
  const struct {
    const char* field;
    void (*spoil)(Limits&);
  } cases[] = {
      {"cell_voltage_max.clear", [](Limits& l) { l.cell_voltage_max.clear = 3601_mv; }},
      {"cell_voltage_max.clear_after", [](Limits& l) { l.cell_voltage_max.clear_after = 999_ms; }},
      {"cell_voltage_min.clear:", [](Limits& l) { l.cell_voltage_min.clear = 2549_mv; }},
      {"cell_voltage_min.clear: not below",
       [](Limits& l) { l.cell_voltage_min.clear = l.cell_voltage_max.clear; }},
      {"cell_voltage_min.clear_after", [](Limits& l) { l.cell_voltage_min.clear_after = 0_ms; }},
      {"cell_voltage_latch_max",
       [](Limits& l) { l.cell_voltage_latch_max = l.cell_voltage_max.trip; }},
      {"cell_voltage_latch_min",
       [](Limits& l) { l.cell_voltage_latch_min = l.cell_voltage_min.trip; }},
      {"charge_temp_max.clear", [](Limits& l) { l.charge_temp_max.clear = 43'001_mdegc; }},
      {"charge_temp_max.clear_after", [](Limits& l) { l.charge_temp_max.clear_after = 0_s; }},
      {"charge_temp_min.clear", [](Limits& l) { l.charge_temp_min.clear = 1'999_mdegc; }},
      {"charge_temp_min.clear: not below",
       [](Limits& l) { l.charge_temp_min.clear = l.charge_temp_max.clear; }},
      {"charge_temp_min.clear_after", [](Limits& l) { l.charge_temp_min.clear_after = 0_s; }},
      {"discharge_temp_max.clear", [](Limits& l) { l.discharge_temp_max.clear = 53'001_mdegc; }},
      {"discharge_temp_max.clear_after", [](Limits& l) { l.discharge_temp_max.clear_after = 0_s; }},
      {"discharge_temp_min.clear",
       [](Limits& l) { l.discharge_temp_min.clear = -MilliCelsius{8'001}; }},
      {"discharge_temp_min.clear: not below",
       [](Limits& l) { l.discharge_temp_min.clear = l.discharge_temp_max.clear; }},
      {"discharge_temp_min.clear_after", [](Limits& l) { l.discharge_temp_min.clear_after = 0_s; }},
      {"temp_latch_max", [](Limits& l) { l.temp_latch_max = l.discharge_temp_max.trip; }},
      {"temp_latch_min", [](Limits& l) { l.temp_latch_min = l.discharge_temp_min.trip; }},
      {"charge_current_max: negative", [](Limits& l) { l.charge_current_max = -MilliAmp{1}; }},
      {"discharge_current_max: negative",
       [](Limits& l) { l.discharge_current_max = -MilliAmp{1}; }},
      {"charge_overcurrent.trip",
       [](Limits& l) {
         l.charge_overcurrent = {100'000_ma, 90'000_ma, 5_s};
       }},
      {"charge_overcurrent.clear", [](Limits& l) { l.charge_overcurrent.clear = 120'000_ma; }},
      {"charge_overcurrent.clear", [](Limits& l) { l.charge_overcurrent.clear = 0_ma; }},
      {"charge_overcurrent.clear_after", [](Limits& l) { l.charge_overcurrent.clear_after = 0_s; }},
      {"discharge_overcurrent.trip",
       [](Limits& l) {
         l.discharge_overcurrent = {100'000_ma, 90'000_ma, 5_s};
       }},
      {"discharge_overcurrent.clear",
       [](Limits& l) { l.discharge_overcurrent.clear = 120'000_ma; }},
      {"discharge_overcurrent.clear_after",
       [](Limits& l) { l.discharge_overcurrent.clear_after = 0_s; }},
      {"soc_max.clear", [](Limits& l) { l.soc_max.clear = 9701_bp; }},
      {"soc_max.clear_after", [](Limits& l) { l.soc_max.clear_after = 0_s; }},
      {"soc_min.clear", [](Limits& l) { l.soc_min.clear = 599_bp; }},
      {"soc_min.clear: not below", [](Limits& l) { l.soc_min.clear = l.soc_max.clear; }},
      {"soc_min.clear_after", [](Limits& l) { l.soc_min.clear_after = 0_s; }},
      {"sum_of_cells.clear_per_cell", [](Limits& l) { l.sum_of_cells.clear_per_cell = 20_mv; }},
      {"sum_of_cells.clear_share", [](Limits& l) { l.sum_of_cells.clear_share = 0_bp; }},
      {"sum_of_cells.clear_after", [](Limits& l) { l.sum_of_cells.clear_after = 0_s; }},
      {"stale_after_max", [](Limits& l) { l.stale_after_max = 0_s; }},
      {"input_clear_after", [](Limits& l) { l.input_clear_after = 0_s; }},
      {"input_clear_after", [](Limits& l) { l.input_clear_after = 3600_s + 1_us; }},
      {"sum_of_cells.clear_per_cell", [](Limits& l) { l.sum_of_cells.clear_per_cell = 0_mv; }},
      {"sum_of_cells.clear_share", [](Limits& l) { l.sum_of_cells.clear_share = 100_bp; }},
      {"temp_latch_max", [](Limits& l) { l.temp_latch_max = l.charge_temp_max.trip; }},
      {"temp_latch_min", [](Limits& l) { l.temp_latch_min = l.charge_temp_min.trip; }},
      {"cell_voltage_high.clear", [](Limits& l) { l.cell_voltage_high.clear = 3550_mv; }},
      {"cell_voltage_low.clear", [](Limits& l) { l.cell_voltage_low.clear = 2800_mv; }},
      {"temperature_high.clear", [](Limits& l) { l.temperature_high.clear = 50'000_mdegc; }},
      {"temperature_low.clear", [](Limits& l) { l.temperature_low.clear = 5'000_mdegc; }},
      {"soc_high_warning.clear", [](Limits& l) { l.soc_high_warning.clear = 9500_bp; }},
      {"soc_low_warning.clear", [](Limits& l) { l.soc_low_warning.clear = 1000_bp; }},
      {"temperature_spread.clear", [](Limits& l) { l.temperature_spread.clear = 13'001_mdegc; }},
      {"cell_imbalance_warning.clear", [](Limits& l) { l.cell_imbalance_warning.clear = 30_mv; }},
      {"cell_imbalance.clear", [](Limits& l) { l.cell_imbalance.clear = 300_mv; }},
      {"insulation_low.clear", [](Limits& l) { l.insulation_low.clear = KiloOhm{500}; }},
      {"insulation_latch_min", [](Limits& l) { l.insulation_latch_min = KiloOhm{500}; }},
      {"insulation_latch_min", [](Limits& l) { l.insulation_latch_min = KiloOhm{0}; }},
      {"charge_overload.factor", [](Limits& l) { l.charge_overload.factor = 10'000_bp; }},
      {"charge_overload.time", [](Limits& l) { l.charge_overload.time = 0_s; }},
      {"charge_overload.clear_after", [](Limits& l) { l.charge_overload.clear_after = 0_s; }},
      {"discharge_overload.factor", [](Limits& l) { l.discharge_overload.factor = 10'000_bp; }},
      {"discharge_overload.time", [](Limits& l) { l.discharge_overload.time = 0_s; }},
      {"discharge_overload.clear_after", [](Limits& l) { l.discharge_overload.clear_after = 0_s; }},
      {"plausibility.soc_jump", [](Limits& l) { l.plausibility.soc_jump = 0_bp; }},
      {"plausibility.temperature_jump",
       [](Limits& l) { l.plausibility.temperature_jump = 0_mdegc; }},
      {"plausibility.cell_voltage_jump",
       [](Limits& l) { l.plausibility.cell_voltage_jump = 0_mv; }},
      {"plausibility.frozen_charge", [](Limits& l) { l.plausibility.frozen_charge = 0_bp; }},
      {"plausibility.frozen_after", [](Limits& l) { l.plausibility.frozen_after = 0_s; }},
      {"plausibility.power_tolerance", [](Limits& l) { l.plausibility.power_tolerance = 0_bp; }},
      {"plausibility.power_floor", [](Limits& l) { l.plausibility.power_floor = 0_w; }},
      {"plausibility.power_after", [](Limits& l) { l.plausibility.power_after = 0_s; }},
      {"plausibility.obey_tolerance", [](Limits& l) { l.plausibility.obey_tolerance = 0_bp; }},
      {"plausibility.obey_floor", [](Limits& l) { l.plausibility.obey_floor = 0_ma; }},
      {"plausibility.obey_after", [](Limits& l) { l.plausibility.obey_after = 0_s; }},
      {"plausibility.contactor_current",
       [](Limits& l) { l.plausibility.contactor_current = 0_ma; }},
      {"plausibility.contactor_after", [](Limits& l) { l.plausibility.contactor_after = 0_s; }},
      {"plausibility.skew_max", [](Limits& l) { l.plausibility.skew_max = 0_s; }},
      {"plausibility.clear_after", [](Limits& l) { l.plausibility.clear_after = 0_s; }},
  };
  for (const auto& c : cases) {
    Limits limits = good();
    c.spoil(limits);
    const Result<void> result = validate(limits, Chemistry::lfp);
    ASSERT_FALSE(result) << c.field;
    EXPECT_EQ(result.error().code, Errc::invalid_argument) << c.field;
    EXPECT_TRUE(std::string_view(result.error().what).starts_with(c.field))
        << c.field << " / " << result.error().what;
  }
}

/// Every threshold there is; the second of the pair is its name.
#define EMS_THRESHOLD_TEST(field)                        \
  Case {                                                 \
#field, [](Limits& l, Duration trip, Duration clear) { \
         l.field.trip_after = trip; \
         l.field.clear_after = clear; \
       } \
  }
TEST(SafetyLimits, EveryDelayIsBounded) {  // SAF-042
  struct Case {
    const char* field;
    void (*set)(Limits&, Duration trip, Duration clear);
  };
  const Case cases[] = {
      EMS_THRESHOLD_TEST(cell_voltage_max),
      EMS_THRESHOLD_TEST(cell_voltage_min),
      EMS_THRESHOLD_TEST(charge_temp_max),
      EMS_THRESHOLD_TEST(charge_temp_min),
      EMS_THRESHOLD_TEST(discharge_temp_max),
      EMS_THRESHOLD_TEST(discharge_temp_min),
      EMS_THRESHOLD_TEST(charge_overcurrent),
      EMS_THRESHOLD_TEST(discharge_overcurrent),
      EMS_THRESHOLD_TEST(soc_max),
      EMS_THRESHOLD_TEST(soc_min),
      EMS_THRESHOLD_TEST(cell_voltage_high),
      EMS_THRESHOLD_TEST(cell_voltage_low),
      EMS_THRESHOLD_TEST(temperature_high),
      EMS_THRESHOLD_TEST(temperature_low),
      EMS_THRESHOLD_TEST(soc_high_warning),
      EMS_THRESHOLD_TEST(soc_low_warning),
      EMS_THRESHOLD_TEST(temperature_spread),
      EMS_THRESHOLD_TEST(cell_imbalance_warning),
      EMS_THRESHOLD_TEST(cell_imbalance),
      EMS_THRESHOLD_TEST(insulation_low),
  };
  const struct {
    Duration trip, clear;
    bool good;
    Errc code;
    const char* member;
  } delays[] = {
      {0_s, 1_s, true, {}, ""},
      {5_s, 3600_s, true, {}, ""},
      {5_s + 1_us, 5_s, false, Errc::too_wide, ".trip_after"},
      {-(1_us), 5_s, false, Errc::too_wide, ".trip_after"},
      {0_s, 1_s - 1_us, false, Errc::invalid_argument, ".clear_after"},
      {0_s, 3600_s + 1_us, false, Errc::invalid_argument, ".clear_after"},
  };
  for (const Case& c : cases) {
    for (const auto& d : delays) {
      Limits limits = good();
      c.set(limits, d.trip, d.clear);
      const Result<void> result = validate(limits, Chemistry::lfp);
      ASSERT_EQ(result.has_value(), d.good) << c.field;
      if (d.good) continue;
      EXPECT_EQ(result.error().code, d.code) << c.field;
      EXPECT_TRUE(std::string(result.error().what).starts_with(std::string(c.field) + d.member))
          << result.error().what;
    }
  }
}

TEST(SafetyLimits, ACurveRisesAndThenFalls) {  // SAF-043
  const auto check = [](std::initializer_list<DeratePoint<MilliCelsius>> points) {
    Limits limits = good();
    limits.charge_temp_derate = derate_curve<MilliCelsius>(points);
    return validate(limits, Chemistry::lfp);
  };
  const auto at = [](std::int32_t degc, std::int32_t share) {
    return DeratePoint<MilliCelsius>{MilliCelsius{degc * 1'000}, BasisPoints{share}};
  };
  EXPECT_TRUE(check({at(25, 0)}));  // Flat: held on both sides.
  EXPECT_TRUE(check({at(0, 0), at(10, 5000), at(20, 5000), at(30, 2000), at(31, 2000), at(45, 0)}));
  EXPECT_TRUE(check({at(0, 0), at(5, 2000), at(10, 2000), at(20, 3000), at(45, 0)}));
  EXPECT_EQ(check({}).error().code, Errc::invalid_argument);
  EXPECT_EQ(check({at(0, 0), at(10, 5000), at(10, 4000)}).error().code, Errc::invalid_argument);
  EXPECT_EQ(check({at(10, 0), at(5, 0)}).error().code, Errc::invalid_argument);
  EXPECT_EQ(check({at(10, 10'001), at(20, 0)}).error().code, Errc::invalid_argument);
  EXPECT_EQ(check({at(10, -1), at(20, 0)}).error().code, Errc::invalid_argument);
  // Falls and rises: between the coldest and the hottest sensor there would be something worse.
  EXPECT_EQ(check({at(5, 9000), at(10, 8000), at(20, 9000), at(45, 0)}).error().code,
            Errc::invalid_argument);
  // Above the absolute curve at one of its own points, or at one of the bound's.
  EXPECT_EQ(check({at(1, 2001), at(45, 0)}).error().code, Errc::too_wide);
  EXPECT_EQ(check({at(0, 0), at(5, 10'000), at(44, 2000), at(45, 1)}).error().code, Errc::too_wide);
}

}  // namespace
}  // namespace ems::safety
