// SPDX-License-Identifier: Apache-2.0
#include "ems/safety/limits.hpp"

#include <gtest/gtest.h>

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
  EXPECT_EQ(good().charge_overcurrent.trip, 110'000_ma);
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
      {"discharge_temp_derate.trip", [](Limits& l) { l.discharge_temp_derate.trip += 1_mdegc; }},
      {"temp_latch_max", [](Limits& l) { l.temp_latch_max += 1_mdegc; }},
      {"temp_latch_min", [](Limits& l) { l.temp_latch_min -= 1_mdegc; }},
      {"charge_current_max", [](Limits& l) { l.charge_current_max = 1'000'001_ma; }},
      {"discharge_current_max", [](Limits& l) { l.discharge_current_max = 1'000'001_ma; }},
      {"charge_overcurrent.trip", [](Limits& l) { l.charge_overcurrent.trip = 1'100'001_ma; }},
      {"discharge_overcurrent.trip",
       [](Limits& l) { l.discharge_overcurrent.trip = 1'100'001_ma; }},
      {"soc_max.trip", [](Limits& l) { l.soc_max.trip += 1_bp; }},
      {"soc_min.trip", [](Limits& l) { l.soc_min.trip -= 1_bp; }},
      {"sum_of_cells.trip_per_cell", [](Limits& l) { l.sum_of_cells.trip_per_cell += 1_mv; }},
      {"sum_of_cells.trip_share", [](Limits& l) { l.sum_of_cells.trip_share += 1_bp; }},
      {"stale_after_max", [](Limits& l) { l.stale_after_max += 1_us; }},
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
      {"discharge_temp_derate.trip: not below",
       [](Limits& l) {
         l.discharge_temp_max.trip = 45'000_mdegc;
         l.discharge_temp_max.clear = 40'000_mdegc;
       }},
      {"discharge_temp_derate.clear",
       [](Limits& l) { l.discharge_temp_derate.clear = 43'001_mdegc; }},
      {"discharge_temp_derate.clear_after",
       [](Limits& l) { l.discharge_temp_derate.clear_after = 0_s; }},
      {"temp_latch_max", [](Limits& l) { l.temp_latch_max = l.discharge_temp_max.trip; }},
      {"temp_latch_min", [](Limits& l) { l.temp_latch_min = l.discharge_temp_min.trip; }},
      {"charge_current_max: negative", [](Limits& l) { l.charge_current_max = -MilliAmp{1}; }},
      {"discharge_current_max: negative",
       [](Limits& l) { l.discharge_current_max = -MilliAmp{1}; }},
      {"charge_overcurrent.trip", [](Limits& l) { l.charge_overcurrent.trip = 100'000_ma; }},
      {"charge_overcurrent.clear", [](Limits& l) { l.charge_overcurrent.clear = 110'000_ma; }},
      {"charge_overcurrent.clear", [](Limits& l) { l.charge_overcurrent.clear = 0_ma; }},
      {"charge_overcurrent.clear_after", [](Limits& l) { l.charge_overcurrent.clear_after = 0_s; }},
      {"discharge_overcurrent.trip", [](Limits& l) { l.discharge_overcurrent.trip = 100'000_ma; }},
      {"discharge_overcurrent.clear",
       [](Limits& l) { l.discharge_overcurrent.clear = 110'000_ma; }},
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

}  // namespace
}  // namespace ems::safety
