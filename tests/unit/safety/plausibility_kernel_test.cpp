// SPDX-License-Identifier: Apache-2.0
/// @file What the kernel makes of rules 17 and 42 .. 46, through step().
#include <gtest/gtest.h>

#include "unit/safety/plausibility_bench.hpp"

namespace ems::safety::test {
namespace {

/// Cycles until both directions are forbidden; -1 when they are not within `most`.
template <class Act>
int cycles_until_safe(World& w, int most, const Act& act) {
  for (int i = 1; i <= most; ++i) {
    act();
    w.run();
    if (!w.charges() && !w.discharges()) return i;
  }
  return -1;
}

TEST(SafetyPlausibilityKernel, ALoadStepLeavesTheBatteryWorking) {  // SAF-018 SAF-085
  for (int step_at = 300; step_at < 310; ++step_at) {
    World w;
    BatteryInputs& in = w.batteries[0];
    MilliAmp load{};
    for (int tick = 0; tick < 500; ++tick) {
      w.now = w.now + 100_ms;
      if (tick == step_at) load = 40'000_ma;
      const MilliVolt cell{3'300 - load.count() / 1'000};
      if (tick % 10 == 0) {
        in.pack_voltage = in.cell_sum->terminals = taken(cell * kCells, w.now);
        in.pack_current = taken(load, w.now);
        in.soc = taken(5000_bp, w.now);
        in.temp_max = in.temp_min = taken(25'000_mdegc, w.now);
      }
      if (tick % 10 == 4) {
        in.cell_voltage_max = in.cell_voltage_min = taken(cell, w.now);
        in.cell_sum->sum = taken(cell * kCells, w.now);
      }
      w.judge();
      if (tick < 100) continue;  // Health is shown, and cells and terminals compared, by then.
      ASSERT_TRUE(w.charges() && w.discharges()) << "tick " << tick;
      ASSERT_FALSE(w.verdict().plausibility_failed);
    }
  }
}

TEST(SafetyPlausibilityKernel, AJumpIsSafeAndNamedUntilSteadyForClearAfter) {  // SAF-080
  World w;
  w.settle();
  ASSERT_TRUE(w.charges());
  w.batteries[0].soc->sample.value = 6'001_bp;
  w.run();
  EXPECT_EQ(w.verdict().state, SafetyState::safe);
  EXPECT_TRUE(w.verdict().plausibility_failed);
  EXPECT_EQ(w.events("value_jump", true), 1);
  ASSERT_NE(w.reason(Rule::value_jump), nullptr);
  EXPECT_EQ(w.reason(Rule::value_jump)->value, 1'001);
  w.run(50);
  EXPECT_EQ(w.verdict().state, SafetyState::safe);
  w.run();
  EXPECT_EQ(w.verdict().state, SafetyState::normal);
  EXPECT_FALSE(w.verdict().plausibility_failed);
  EXPECT_EQ(w.events("value_jump", false), 1);
}

TEST(SafetyPlausibilityKernel, FrozenValuesAreSafeUntilTheyLive) {  // SAF-081
  World w;
  w.config.batteries[0].capacity = MicroAmpHour{10'000'000};
  w.batteries[0].pack_current->sample.value = 20'000_ma;  // 0.2 Ah in 36 s.
  w.settle();
  EXPECT_EQ(cycles_until_safe(w, 400, [] {}), 301);
  EXPECT_NE(w.reason(Rule::values_frozen), nullptr);
  EXPECT_TRUE(w.verdict().plausibility_failed);
  w.batteries[0].pack_current->sample.value = 20'001_ma;
  w.run(52);
  EXPECT_TRUE(w.charges());
}

TEST(SafetyPlausibilityKernel, AClockThatGoesBackTakesNoTimeAway) {  // SAF-029 SAF-081
  World w;
  w.config.batteries[0].capacity = MicroAmpHour{10'000'000};
  w.batteries[0].pack_current->sample.value = 20'000_ma;  // Frozen after 301 cycles, as above.
  w.settle().run(200);
  w.now = w.now - 30_s;
  w.run(101);
  EXPECT_EQ(w.reason(Rule::values_frozen), nullptr);
  w.run();
  EXPECT_NE(w.reason(Rule::values_frozen), nullptr);
}

TEST(SafetyPlausibilityKernel, AMismatchOfPowersIsSafe) {  // SAF-082
  World w;
  w.inverters[0].active_power = taken(0_w, w.now);
  w.settle();
  w.inverters[0].active_power->sample.value = 5'000_w;
  const int cycles = cycles_until_safe(w, 400, [] {});
  EXPECT_GE(cycles, 100);
  EXPECT_LE(cycles, 200);
  EXPECT_NE(w.reason(Rule::power_mismatch), nullptr);
  EXPECT_FALSE(w.state.tripped());
}

TEST(SafetyPlausibilityKernel, TheFifthDisobedienceOfABatteryTripsItAndAResetNeedsItsRest) {
  // SAF-083 SAF-033
  World w;
  w.config.batteries.push_back(battery_config(battery(2)));
  w.batteries.push_back(healthy(w.now, battery(2)));
  w.config.inverters.push_back(inverter_config(2, inverter(2)));
  w.inverters.push_back({inverter(2), std::nullopt});
  w.settle();
  BatteryInputs& in = w.batteries[0];
  in.pack_current->sample.value = 50'000_ma;
  in.soc->sample.value = 500_bp;  // Discharging is forbidden from here on.
  int warned_at = 0;
  int cycles = 0;
  while (!w.state.tripped() && cycles < 1'000) {
    in.cell_voltage_min->sample.value = MilliVolt{3'299 + cycles % 2};  // It lives.
    w.run();
    ++cycles;
    if (w.events("limit_disobeyed", true) == 1) warned_at = cycles;
  }
  EXPECT_GT(warned_at, 30);
  EXPECT_LE(warned_at, 33);
  EXPECT_GT(cycles, 150);
  EXPECT_LE(cycles, 153);
  ASSERT_EQ(w.state.latch().size(), 1U);
  EXPECT_EQ(w.state.latch()[0].cause, TripCause::limit_disobeyed);
  EXPECT_EQ(w.state.latch()[0].asset, battery(1));
  EXPECT_EQ(w.out.inverters[0].command, CommandKind::stop);
  EXPECT_EQ(w.out.inverters[1].command, CommandKind::follow);
  EXPECT_TRUE(w.charges(1));

  const ResetRequest request{Role::technician, "Ada", "inverter replaced"};
  EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, request));
  in.pack_current->sample.value = 5'000_ma;
  w.run();
  const auto after = reset(w.state, w.config, w.inputs(), w.now, request);
  ASSERT_TRUE(after);
  w.state = *after;
  w.run(100);
  EXPECT_FALSE(w.state.tripped()) << "counting starts again";
  EXPECT_TRUE(w.charges());
}

TEST(SafetyPlausibilityKernel, TheFifthDisobedienceOfAnInverterTripsItAndItsBatteries) {
  // SAF-083 SAF-033
  for (const std::size_t bad : {std::size_t{0}, std::size_t{1}}) {
    const std::size_t other = 1 - bad;
    World w;
    w.config.batteries.push_back(battery_config(battery(2)));
    w.batteries.push_back(healthy(w.now, battery(2)));
    w.config.inverters.push_back(inverter_config(2, inverter(2)));
    w.inverters.push_back({inverter(2), std::nullopt});
    w.inverters[bad].active_power = taken(0_w, w.now);
    w.settle();
    ASSERT_EQ(w.out.inverters[bad].command, CommandKind::follow);
    w.config.inverters[bad].discharge_max = 1'000_w;
    w.inverters[bad].active_power->sample.value = 3'000_w;
    w.batteries[bad].pack_current->sample.value = 57'000_ma;
    int cycles = 0;
    while (!w.state.tripped() && cycles < 1'000) {
      w.run();
      ++cycles;
    }
    EXPECT_LE(cycles, 153);
    ASSERT_EQ(w.state.latch().size(), 1U);
    EXPECT_EQ(w.state.latch()[0].cause, TripCause::limit_disobeyed);
    EXPECT_EQ(w.state.latch()[0].asset, w.config.inverters[bad].asset);
    w.run();
    EXPECT_EQ(w.verdict(bad).state, SafetyState::tripped);
    EXPECT_EQ(w.out.inverters[bad].state, SafetyState::tripped);
    EXPECT_TRUE(w.charges(other));
    const ResetRequest request{Role::technician, "Ada", "firmware of the inverter"};
    EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, request));
    w.inverters[bad].active_power->sample.value = 500_w;
    EXPECT_TRUE(reset(w.state, w.config, w.inputs(), w.now, request));
  }
}

TEST(SafetyPlausibilityKernel, WhileDisarmedNobodyDisobeys) {  // SAF-083 SAF-084
  World w;
  w.batteries[0].contactor_closed = taken(Flag{1}, w.now);
  w.inverters[0].active_power = taken(0_w, w.now);
  w.settle();
  w.batteries[0].soc->sample.value = 500_bp;
  w.batteries[0].pack_current->sample.value = 50'000_ma;
  w.inverters[0].active_power->sample.value = 2'600_w;
  const auto run = [&w](int cycles, bool armed) {
    for (int i = 0; i < cycles; ++i) {
      w.now = w.now + 100_ms;
      w.refresh();
      Inputs inputs = w.inputs();
      inputs.armed = armed;
      const Step next = step(w.state, w.config, inputs, w.now);
      w.state = next.state;
      w.out = next.output;
    }
  };
  run(300, false);
  EXPECT_FALSE(w.state.tripped());
  run(30, true);
  EXPECT_EQ(w.reason(Rule::limit_disobeyed), nullptr) << "what was before arming does not count";
  run(10, false);
  run(155, true);
  EXPECT_TRUE(w.state.tripped());
}

TEST(SafetyPlausibilityKernel, AContactorThatDoesNotFollowForbidsAtOnceAndTripsAfterItsDelay) {
  // SAF-084 SAF-033
  World w;
  w.batteries[0].contactor_closed = taken(Flag{1}, w.now);
  w.batteries[0].contactor_commanded = taken(Flag{1}, w.now);
  w.settle();
  ASSERT_TRUE(w.charges());
  w.batteries[0].contactor_closed->sample.value = Flag{0};
  w.run();
  EXPECT_EQ(w.verdict().state, SafetyState::safe);
  EXPECT_EQ(w.events("contactor_disagreement", true), 1);
  w.run(9);
  EXPECT_FALSE(w.state.tripped());
  w.run();
  ASSERT_TRUE(w.state.tripped());
  EXPECT_EQ(w.state.latch()[0].cause, TripCause::contactor);
  const ResetRequest request{Role::technician, "Ada", "coil replaced"};
  EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, request));
  w.batteries[0].contactor_closed->sample.value = Flag{1};
  EXPECT_TRUE(reset(w.state, w.config, w.inputs(), w.now, request));
}

TEST(SafetyPlausibilityKernel,
     AContactorThatStaysClosedAfterATripIsNamedAndCanBeReset) {  // SAF-084
  World w;
  w.batteries[0].contactor_closed = taken(Flag{1}, w.now);
  w.settle();
  w.estop = true;
  w.run();
  EXPECT_EQ(w.out.inverters[0].command, CommandKind::stop);
  w.run();
  EXPECT_EQ(w.out.inverters[0].command, CommandKind::open);
  w.run(10);
  ASSERT_EQ(w.state.latch().size(), 1U);
  w.run();
  ASSERT_EQ(w.state.latch().size(), 2U);
  EXPECT_EQ(w.state.latch()[1].cause, TripCause::contactor);
  w.estop = false;
  const auto after =
      reset(w.state, w.config, w.inputs(), w.now, {Role::technician, "Ada", "not wired to open"});
  ASSERT_TRUE(after);
  w.state = *after;
  w.run(61);
  EXPECT_FALSE(w.state.tripped());
  EXPECT_TRUE(w.charges());
}

}  // namespace
}  // namespace ems::safety::test
