// SPDX-License-Identifier: Apache-2.0
// Limits and events at their edges.
#include <gtest/gtest.h>

#include "ems/safety/in_place.hpp"
#include "ems/safety/kernel.hpp"
#include "unit/safety/fixture.hpp"

namespace ems::safety::test {
namespace {

TEST(SafetyKernelEdges, ACellThresholdMayClearExactlyTheLeastGapAwayAndNoNearer) {  // SAF-001
  const MilliVolt gap = absolute_bounds(Chemistry::lfp).cell_voltage_gap;
  for (const auto& [distance, good] : {std::pair{gap, true}, std::pair{gap - 1_mv, false}}) {
    Limits upper = battery_config().limits;
    upper.cell_voltage_max.clear = upper.cell_voltage_max.trip - distance;
    EXPECT_EQ(validate(upper, Chemistry::lfp).has_value(), good);
    Limits lower = battery_config().limits;
    lower.cell_voltage_min.clear = lower.cell_voltage_min.trip + distance;
    EXPECT_EQ(validate(lower, Chemistry::lfp).has_value(), good);
  }
}

TEST(SafetyKernelEdges, AnEventWithoutAMeasurementHasTheValueZero) {  // SAF-035
  World w;
  w.config.tick_period = Duration::zero();  // Refused.
  const Step step = safety::step(w.state, w.config, w.inputs(), w.now);
  ASSERT_FALSE(step.output.events.empty());
  EXPECT_STREQ(step.output.events[0].name, "configuration_invalid");
  EXPECT_EQ(step.output.events[0].value, 0);
}

/// Two batteries, each behind an inverter; the second inverter has PV on its dc bus.
World two_of_each() {
  World w;
  w.config.batteries.push_back(battery_config(battery(2)));
  w.config.inverters.push_back(inverter_config(2, inverter(2)));
  w.config.inverters[1].has_dc_pv = true;
  w.batteries.push_back(healthy(w.now, battery(2)));
  w.inverters.push_back({inverter(2), taken(0_w, w.now)});
  return w;
}

TEST(SafetyKernelEdges, ARefusedConfigurationStillSaysWhatEachAssetIs) {  // SAF-034
  World w = two_of_each();
  Latch latch;
  latch.push_back({TripCause::cell_overvoltage, battery(2), w.now});
  w.state = State::restore_latch(latch, w.now);
  w.config.tick_period = Duration::zero();
  w.judge();
  ASSERT_EQ(w.out.batteries.size(), 2U);
  EXPECT_EQ(w.verdict(0).asset, battery(1));
  EXPECT_EQ(w.verdict(1).asset, battery(2));
  EXPECT_EQ(w.verdict(0).state, SafetyState::safe);
  EXPECT_EQ(w.verdict(1).state, SafetyState::tripped);
  ASSERT_EQ(w.out.inverters.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(w.out.inverters[i].asset, w.config.inverters[i].asset);
    EXPECT_EQ(w.out.inverters[i].state, SafetyState::safe);
    EXPECT_EQ(w.out.inverters[i].command, CommandKind::stop);
    EXPECT_EQ(w.out.inverters[i].curtail_pv, w.config.inverters[i].has_dc_pv);
  }
  EXPECT_EQ(w.events("cell_overvoltage_trip", true), 1);
  w.judge();
  EXPECT_EQ(w.events("cell_overvoltage_trip", true), 0);
}

TEST(SafetyKernelEdges, AVerdictNamesItsAssetAndTheFirstCycleIsNotLate) {  // SAF-022 SAF-028
  World w = two_of_each();
  w.judge();
  EXPECT_EQ(w.out.late_ticks, 0);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(w.verdict(i).asset, w.config.batteries[i].asset);
    EXPECT_EQ(w.out.inverters[i].asset, w.config.inverters[i].asset);
    EXPECT_EQ(w.out.inverters[i].apparent_max, w.config.inverters[i].apparent_max);
  }
}

TEST(SafetyKernelEdges, ValidateSaysWhereAndTakesWhatIsExactlyAllowed) {  // SAF-034
  const Config good = World().config;
  const auto error = [&good](auto spoil) {
    Config config = good;
    spoil(config);
    const Result<void> checked = validate(config);
    return checked ? std::nullopt : std::optional(checked.error().offset);
  };
  EXPECT_EQ(error([](Config& c) { c.start_grace = Duration::zero(); }), std::nullopt);
  EXPECT_EQ(error([](Config& c) { c.tick_period = kTickPeriodMax; }), std::nullopt);
  EXPECT_EQ(error([](Config& c) { c.batteries.clear(); }), 0);
  EXPECT_EQ(error([](Config& c) { c.tick_period = Duration::zero(); }), 0);
  EXPECT_EQ(error([](Config& c) { c.inverters[0].efficiency = 10'000_bp; }), std::nullopt);
  EXPECT_EQ(error([](Config& c) { c.batteries[0].fuse_current = 100'000_ma; }), std::nullopt);
  EXPECT_EQ(error([](Config& c) { c.batteries[0].fuse_current = 99'999_ma; }), 0);
}

TEST(SafetyKernelEdges, InsulationMayTripAtExactly100OhmPerVoltAndNoLower) {  // SAF-034
  for (const auto& [cells, good] : {std::pair{400, true}, std::pair{401, false}}) {
    World w;
    BatteryConfig& b = w.config.batteries[0];
    b.cells_in_series = static_cast<std::uint16_t>(cells);  // 400 x 3.65 V: 146 kOhm.
    b.hazards_wired = hazard_bit(HazardInput::insulation);
    b.limits.insulation_latch_min = KiloOhm{146};
    b.limits.insulation_low.trip = KiloOhm{300};
    b.limits.insulation_low.clear = KiloOhm{400};
    EXPECT_EQ(validate(w.config).has_value(), good) << cells;
  }
}

TEST(SafetyKernelEdges, TheWorstOfAStartingAndAFaultyBatteryIsSafe) {  // SAF-002
  for (const std::size_t faulty : {std::size_t{0}, std::size_t{1}}) {
    World w = two_of_each();
    w.config.inverters.clear();
    w.config.inverters.push_back(inverter_config(3));
    BatteryInputs& silent = w.batteries[1 - faulty];
    const AssetId asset = silent.asset;
    silent = {};
    silent.asset = asset;
    set_cells(w.batteries[faulty], 3'700);
    w.batteries[faulty].pack_voltage->sample.value = 59'200_mv;
    w.batteries[faulty].cell_sum->sum.sample.value = 59'200_mv;
    w.batteries[faulty].cell_sum->terminals.sample.value = 59'200_mv;
    w.judge();
    ASSERT_EQ(w.verdict(1 - faulty).state, SafetyState::init);
    ASSERT_EQ(w.verdict(faulty).state, SafetyState::safe);
    EXPECT_EQ(w.out.site, SafetyState::safe);
    EXPECT_EQ(w.out.inverters[0].state, SafetyState::safe);
  }
}

TEST(SafetyKernelEdges, AnEmptyAndAFullBatteryAreData) {  // SAF-011 SAF-017
  const struct {
    std::int32_t soc;
    Rule rule;
    Cause cause;
  } cases[] = {{0, Rule::soc_low, Cause::exceeded},
               {10'000, Rule::soc_high, Cause::exceeded},
               {-1, Rule::soc_missing, Cause::missing},
               {10'001, Rule::soc_missing, Cause::missing}};
  for (const auto& c : cases) {
    World w;
    w.settle();
    w.batteries[0].soc->sample.value = BasisPoints{c.soc};
    w.run();
    const Reason* reason = w.reason(c.rule);
    ASSERT_NE(reason, nullptr) << c.soc;
    EXPECT_EQ(reason->cause, c.cause) << c.soc;
  }
}

TEST(SafetyKernelEdges, AnUnseenCurrentIsAlmostAnOverloadButNotOne) {  // SAF-017
  for (const auto& [rule, current] : {std::pair{Rule::discharge_overload, 100'000_ma},
                                      std::pair{Rule::charge_overload, MilliAmp{-100'000}}}) {
    World w;
    w.settle();
    const auto seen = w.batteries[0].pack_current;
    w.batteries[0].pack_current.reset();
    w.run();
    w.batteries[0].pack_current = seen;
    w.batteries[0].pack_current->sample.value = current;  // Neither heats nor cools.
    w.run();
    const Reason* reason = w.reason(rule);
    ASSERT_NE(reason, nullptr);
    EXPECT_EQ(reason->cause, Cause::waiting);
  }
}

TEST(SafetyKernelEdges, InPlaceIsExactlyTheStep) {  // SAF-002 SAF-022
  World w = two_of_each();
  Step in_place;
  for (int i = 0; i < 200; ++i) {
    w.now = w.now + w.config.tick_period;
    if (i % 50 < 40) w.refresh();
    w.batteries[0].soc->sample.value = BasisPoints{5'000 + 30 * i};
    w.estop = i == 150;
    step_in_place(in_place, w.config, w.inputs(), w.now);
    const Step by_value = step(w.state, w.config, w.inputs(), w.now);
    w.state = by_value.state;
    ASSERT_EQ(in_place.state, by_value.state) << i;
    ASSERT_EQ(in_place.output.site, by_value.output.site);
    ASSERT_EQ(in_place.output.batteries.size(), 2U);
    ASSERT_EQ(in_place.output.inverters.size(), 2U);
    ASSERT_EQ(in_place.output.events.size(), by_value.output.events.size());
    for (std::size_t k = 0; k < 2; ++k) {
      ASSERT_EQ(in_place.output.inverters[k].ac, by_value.output.inverters[k].ac);
      ASSERT_EQ(in_place.output.batteries[k].reasons, by_value.output.batteries[k].reasons);
    }
  }
  EXPECT_TRUE(in_place.state.tripped());
}

TEST(SafetyKernelEdges, TheWorstOfANormalAndADeratedBatteryIsDerated) {  // SAF-008
  for (const std::size_t warm : {std::size_t{0}, std::size_t{1}}) {
    World w = two_of_each();
    w.config.inverters.clear();
    w.config.inverters.push_back(inverter_config(3));
    w.settle();
    ASSERT_EQ(w.out.site, SafetyState::normal);
    set_temperatures(w.batteries[warm], 44'000);
    w.run(200);  // A jump at first; then steady and warm.
    ASSERT_EQ(w.verdict(1 - warm).state, SafetyState::normal);
    ASSERT_EQ(w.verdict(warm).state, SafetyState::derated);
    EXPECT_EQ(w.out.site, SafetyState::derated);
    EXPECT_EQ(w.out.inverters[0].state, SafetyState::derated);
  }
}

TEST(SafetyKernelEdges, AVoltageLimitThatTheBmsNoLongerGivesIsNamedWithTheCellsOwn) {  // SAF-012
  World w;
  w.batteries[0].charge_voltage_limit = taken(56'000_mv, w.now);
  w.batteries[0].discharge_voltage_limit = taken(44'000_mv, w.now);
  w.settle();
  w.batteries[0].charge_voltage_limit.reset();
  w.batteries[0].discharge_voltage_limit.reset();
  w.run();
  const Limits& limits = w.config.batteries[0].limits;
  const Reason* high = w.reason(Rule::pack_overvoltage);
  const Reason* low = w.reason(Rule::pack_undervoltage);
  ASSERT_TRUE(high != nullptr && low != nullptr);
  EXPECT_EQ(high->cause, Cause::missing);
  EXPECT_EQ(low->cause, Cause::missing);
  EXPECT_EQ(high->limit, kCells * limits.cell_voltage_max.trip.count());
  EXPECT_EQ(low->limit, kCells * limits.cell_voltage_min.trip.count());
}

TEST(SafetyKernelEdges, TheSameMomentTwiceIsNotLate) {  // SAF-028 SAF-029
  World w;
  w.settle();
  w.judge();
  EXPECT_EQ(w.out.late_ticks, 0);
  EXPECT_EQ(w.out.site, SafetyState::normal);
  w.now = w.now - 1_us;
  w.judge();
  EXPECT_EQ(w.out.late_ticks, kLateTicksSafe);
  EXPECT_EQ(w.out.site, SafetyState::safe);
}

TEST(SafetyKernelEdges, WhatMustBeAboveZeroMayBeOneAndNotZero) {  // SAF-001
  using Set = void (*)(Limits&, std::int32_t);
  constexpr Set kFields[] = {
      [](Limits& l, std::int32_t n) { l.charge_overcurrent.clear = MilliAmp{n}; },
      [](Limits& l, std::int32_t n) { l.discharge_overcurrent.clear = MilliAmp{n}; },
      [](Limits& l, std::int32_t n) { l.sum_of_cells.clear_per_cell = MilliVolt{n}; },
      [](Limits& l, std::int32_t n) { l.sum_of_cells.clear_share = BasisPoints{n}; },
      [](Limits& l, std::int32_t n) { l.plausibility.soc_jump = BasisPoints{n}; },
      [](Limits& l, std::int32_t n) { l.plausibility.temperature_jump = MilliCelsius{n}; },
      [](Limits& l, std::int32_t n) { l.plausibility.cell_voltage_jump = MilliVolt{n}; },
      [](Limits& l, std::int32_t n) { l.plausibility.frozen_charge = BasisPoints{n}; },
      [](Limits& l, std::int32_t n) { l.plausibility.power_tolerance = BasisPoints{n}; },
      [](Limits& l, std::int32_t n) { l.plausibility.power_floor = Watt{n}; },
      [](Limits& l, std::int32_t n) { l.plausibility.obey_tolerance = BasisPoints{n}; },
      [](Limits& l, std::int32_t n) { l.plausibility.contactor_current = MilliAmp{n}; },
      [](Limits& l, std::int32_t n) { l.stale_after_max = Duration{n}; },
      [](Limits& l, std::int32_t n) { l.charge_overload.time = Duration{n}; },
      [](Limits& l, std::int32_t n) { l.discharge_overload.time = Duration{n}; },
      [](Limits& l, std::int32_t n) { l.plausibility.frozen_after = Duration{n}; },
      [](Limits& l, std::int32_t n) { l.plausibility.power_after = Duration{n}; },
      [](Limits& l, std::int32_t n) { l.plausibility.obey_after = Duration{n}; },
      [](Limits& l, std::int32_t n) { l.plausibility.contactor_after = Duration{n}; },
      [](Limits& l, std::int32_t n) { l.plausibility.skew_max = Duration{n}; },
  };
  for (std::size_t i = 0; i < std::size(kFields); ++i) {
    for (const std::int32_t n : {0, 1}) {
      Limits limits = default_limits(Chemistry::lfp);
      kFields[i](limits, n);
      EXPECT_EQ(validate(limits, Chemistry::lfp).has_value(), n == 1) << i << " = " << n;
    }
  }
}

TEST(SafetyKernelEdges, ATripOfAnInverterIsResetOnceThatInverterRests) {  // SAF-033
  for (const std::size_t tripped : {std::size_t{0}, std::size_t{1}}) {
    for (const auto& [power, good] : {std::pair{0_w, true}, std::pair{5'000_w, false}}) {
      World w = two_of_each();
      Latch latch;
      latch.push_back({TripCause::limit_disobeyed, w.config.inverters[tripped].asset, w.now});
      w.state = State::restore_latch(latch, w.now);
      for (InverterInputs& in : w.inverters) in.active_power = taken(0_w, w.now);
      w.run(20);
      w.inverters[tripped].active_power->sample.value = power;
      w.run();
      const auto next =
          reset(w.state, w.config, w.inputs(), w.now, {Role::technician, "name", "cause"});
      EXPECT_EQ(next.has_value(), good) << tripped << ": " << power.count();
    }
  }
}

TEST(SafetyKernelEdges, TheFourChecksOfAThresholdHaveFourNumbersInARow) {  // SAF-001
  const auto number = [](auto spoil) {
    Limits limits = default_limits(Chemistry::lfp);
    spoil(limits.cell_voltage_max);
    const Result<void> checked = validate(limits, Chemistry::lfp);
    return checked ? 0 : checked.error().offset;
  };
  using T = Threshold<MilliVolt>;
  const int first = number([](T& t) { t.trip = t.trip + 1_mv; });
  ASSERT_GT(first, 0);
  EXPECT_EQ(number([](T& t) { t.clear = t.trip; }), first + 1);
  EXPECT_EQ(number([](T& t) { t.clear_after = Duration::zero(); }), first + 2);
  EXPECT_EQ(number([](T& t) { t.trip_after = 60_s; }), first + 3);
}

}  // namespace
}  // namespace ems::safety::test
