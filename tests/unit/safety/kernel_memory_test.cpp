// SPDX-License-Identifier: Apache-2.0
/// @file What the kernel keeps from cycle to cycle, to the tick and to the microsecond.
#include <gtest/gtest.h>

#include "unit/safety/fixture.hpp"

namespace ems::safety::test {
namespace {

const ResetRequest kReset{Role::technician, "Ada", "found and put right"};

TEST(SafetyKernelMemory, LatenessIsCountedInTicksOfAnyLength) {  // SAF-028
  for (const Duration tick : {Duration{1}, Duration{2}, 1_s}) {
    for (const std::int64_t late : {0, 1, 2, 3, 4, 9, 10, 11}) {
      World w;
      w.config.tick_period = tick;
      w.judge();
      w.now = w.now + tick * (late + 1);
      w.refresh();
      w.judge();
      EXPECT_EQ(w.out.late_ticks, late) << tick.count();
      EXPECT_EQ(w.events("tick_late", true), late >= 3 ? 1 : 0);
      EXPECT_EQ(w.events("control_late", true), late >= 10 ? 1 : 0);
      for (const Event& event : w.out.events) {
        EXPECT_EQ(event.value, late);
        EXPECT_EQ(event.asset, kSite);
      }
    }
  }
}

TEST(SafetyKernelMemory, ACycleThatWarnsIsNoneOfTheTenGoodOnes) {  // SAF-028
  const auto cycles_to_clear = [](int ticks_of_the_fifth) {
    World w;
    w.settle();
    w.now = w.now + 2_s;
    w.run();
    for (int i = 1; i <= 40; ++i) {
      if (i == 5) w.now = w.now + w.config.tick_period * (ticks_of_the_fifth - 1);
      w.run();
      if (w.out.site != SafetyState::safe) return i;
    }
    return 0;
  };
  EXPECT_EQ(cycles_to_clear(1), 10);
  EXPECT_EQ(cycles_to_clear(3), 10);
  EXPECT_EQ(cycles_to_clear(4), 15);
  EXPECT_EQ(cycles_to_clear(11), 15);
}

TEST(SafetyKernelMemory, TheGraceEndsAtItsTimeAndNotAMicrosecondBefore) {  // SAF-002
  World w;
  w.batteries[0] = {};
  w.batteries[0].asset = battery(1);
  w.judge();
  EXPECT_EQ(w.verdict().state, SafetyState::init);
  w.now = w.now + 5_s - 1_us;
  w.judge();
  EXPECT_EQ(w.events("soc_missing", true), 0);
  w.now = w.now + 1_us;
  w.judge();
  EXPECT_EQ(w.events("soc_missing", true), 1);
  EXPECT_EQ(w.verdict().state, SafetyState::safe);
}

TEST(SafetyKernelMemory, AResetSaysWhichTripIsStillThere) {  // SAF-033
  World w;
  for (std::uint16_t i = 2; i <= 3; ++i) {
    w.config.batteries.push_back(battery_config(battery(i)));
    w.batteries.push_back(healthy(w.now, battery(i)));
  }
  EXPECT_EQ(reset(w.state, w.config, w.inputs(), w.now, kReset).error().offset, 0U);
  Latch latch;
  for (std::uint16_t i = 1; i <= 3; ++i)
    latch.push_back({TripCause::overtemperature, battery(i), w.now});
  w.state = State::restore_latch(latch, w.now);
  for (std::size_t hot = 0; hot < 3; ++hot) {
    World spoilt = w;
    spoilt.batteries[hot].temp_max->sample.value = 60'000_mdegc;
    const auto next = reset(spoilt.state, spoilt.config, spoilt.inputs(), spoilt.now, kReset);
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().code, Errc::failed_precondition);
    EXPECT_EQ(next.error().offset, hot + 1);
  }
  EXPECT_TRUE(reset(w.state, w.config, w.inputs(), w.now, {Role::technician, "!", "!"}));
}

TEST(SafetyKernelMemory, TheSitesOwnTripsNeedEveryBatteryAndEveryInverterThatIsNamed) {
  // SAF-032 SAF-033
  World w;
  for (std::uint16_t i = 2; i <= 3; ++i) {
    w.config.batteries.push_back(battery_config(battery(i)));
    w.batteries.push_back(healthy(w.now, battery(i)));
  }
  w.state = State::tripped_unreadable(w.now);
  EXPECT_TRUE(reset(w.state, w.config, w.inputs(), w.now, kReset));
  for (std::size_t i = 0; i < 3; ++i) {
    World spoilt = w;
    spoilt.batteries[i].temp_min->sample.value = MilliCelsius{-20'000};
    EXPECT_FALSE(reset(spoilt.state, spoilt.config, spoilt.inputs(), spoilt.now, kReset)) << i;
  }
}

/// Inverter 2 delivers what it may not, and has just been counted for the `times`th time.
World disobeying(int times) {
  World w;
  w.config.batteries.push_back(battery_config(battery(2)));
  w.config.inverters.push_back(inverter_config(2, inverter(2)));
  w.batteries.push_back(healthy(w.now, battery(2)));
  w.inverters.push_back({inverter(2), std::nullopt, taken(0_w, w.now)});
  w.settle();
  w.inverters[1].active_power->sample.value = 9'000_w;
  w.run(30 * times + 1);  // The first of these cycles starts the time.
  return w;
}

TEST(SafetyKernelMemory, AnInvertersFirstDisobedienceIsAnEventAndItsFifthATrip) {  // SAF-083
  World w = disobeying(1);
  int told = 0;
  for (const Event& event : w.out.events) {
    if (event.name != std::string_view("limit_disobeyed")) continue;
    ++told;
    EXPECT_EQ(event.asset, inverter(2));
    EXPECT_EQ(event.severity, Severity::warning);
    EXPECT_EQ(event.value, 1);
    EXPECT_TRUE(event.active);
  }
  EXPECT_EQ(told, 1);
  w.run(119);
  EXPECT_FALSE(w.state.tripped());
  w.run(2);  // What the cycle before counted trips.
  ASSERT_TRUE(w.state.tripped());
  EXPECT_EQ(w.state.latch()[0].cause, TripCause::limit_disobeyed);
  EXPECT_EQ(w.state.latch()[0].asset, inverter(2));
}

TEST(SafetyKernelMemory, AnotherInverterInTheSamePlaceHasDisobeyedNothing) {  // SAF-083
  for (const bool replaced : {false, true}) {
    World w = disobeying(5);
    ASSERT_FALSE(w.state.tripped());
    if (replaced) w.config.inverters[1].asset = w.inverters[1].asset = inverter(9);
    w.run(2);
    EXPECT_EQ(w.state.tripped(), !replaced);
  }
}

/// Presses the e-stop for one cycle and resets it.
void trip_and_reset(World& w) {
  w.estop = true;
  w.run();
  EXPECT_TRUE(w.state.tripped());
  w.estop = false;
  const Result<State> after = reset(w.state, w.config, w.inputs(), w.now, kReset);
  ASSERT_TRUE(after);
  w.state = *after;
}

TEST(SafetyKernelMemory, AfterAResetGoodHealthIsShownFromTheBeginning) {  // SAF-033 SAF-002
  World w;
  w.batteries[0].alarms = taken(AlarmBits{0}, w.now);
  w.run(40);  // 3.9 s of good health, of no use afterwards.
  trip_and_reset(w);
  w.run();
  EXPECT_EQ(w.verdict().state, SafetyState::init);
  ASSERT_NE(w.reason(Rule::bms_alarm), nullptr);
  EXPECT_EQ(w.reason(Rule::bms_alarm)->direction, Direction::both);
  w.run(49);
  EXPECT_FALSE(w.charges() || w.discharges());
  w.run();
  EXPECT_TRUE(w.charges() && w.discharges());
  trip_and_reset(w);  // After it was allowed to move power, too.
  w.run();
  EXPECT_EQ(w.verdict().state, SafetyState::init);
  ASSERT_NE(w.reason(Rule::bms_alarm), nullptr);
  EXPECT_EQ(w.reason(Rule::bms_alarm)->direction, Direction::both);
}

TEST(SafetyKernelMemory, AfterAResetALatchWaitsItsWholeTimeAgain) {  // SAF-033 SAF-042
  World w;
  w.config.batteries[0].limits.latch_after = 500_ms;
  set_cells(w.batteries[0], 3'749);
  w.settle();
  set_cells(w.batteries[0], 3'750);
  w.run(4);
  trip_and_reset(w);
  w.run(5);
  EXPECT_FALSE(w.state.tripped());
  w.run();
  EXPECT_TRUE(w.state.tripped());
}

TEST(SafetyKernelMemory, AfterAResetNothingWasBorne) {  // SAF-033 SAF-046
  for (const std::int32_t sign : {1, -1}) {
    const Rule rule = sign > 0 ? Rule::discharge_overload : Rule::charge_overload;
    World w;
    w.settle();
    w.batteries[0].pack_current->sample.value = 110'000_ma * sign;
    w.run(25);
    trip_and_reset(w);
    w.run(49);
    ASSERT_NE(w.reason(rule), nullptr);
    EXPECT_EQ(w.reason(rule)->cause, Cause::waiting);
    w.run();
    EXPECT_EQ(w.reason(rule)->cause, Cause::exceeded);
  }
}

TEST(SafetyKernelMemory, AfterAResetNobodyHasDisobeyed) {  // SAF-033 SAF-083
  World w = disobeying(4);
  trip_and_reset(w);
  w.run(31);
  EXPECT_FALSE(w.state.tripped());
  EXPECT_EQ(w.events("limit_disobeyed", false), 0);
  World v;
  v.settle();
  v.batteries[0].pack_current->sample.value = 110'000_ma;
  v.run(35);
  ASSERT_NE(v.reason(Rule::limit_disobeyed), nullptr);
  v.batteries[0].pack_current->sample.value = 0_ma;
  trip_and_reset(v);
  v.run(60);
  EXPECT_EQ(v.reason(Rule::limit_disobeyed), nullptr);
}

TEST(SafetyKernelMemory, TheDisobedienceOfAnInverterThatIsForgottenIsCleared) {  // SAF-083 SAF-035
  World w = disobeying(1);
  w.inverters[1].active_power->sample.value = 0_w;
  trip_and_reset(w);
  w.run();
  EXPECT_EQ(w.events("limit_disobeyed", false), 1);
  w.run(100);
  EXPECT_EQ(w.events("limit_disobeyed", false), 0);
}

TEST(SafetyKernelMemory, TicksOfAMicrosecondAreTicks) {  // SAF-028
  World w;
  w.config.tick_period = 1_us;
  w.judge();
  w.now = w.now + 11_us;
  w.judge();
  ASSERT_EQ(w.events("control_late", true), 1);
  w.run(9);
  EXPECT_EQ(w.events("control_late", false), 0);
  w.run();
  EXPECT_EQ(w.events("control_late", false), 1);
}

TEST(SafetyKernelMemory, AnInverterThatIsNoLongerConfiguredTripsNothing) {  // SAF-083
  World w = disobeying(5);
  ASSERT_FALSE(w.state.tripped());
  w.config.inverters.erase_at(1);
  w.config.batteries.erase_at(1);
  w.run(2);
  EXPECT_FALSE(w.state.tripped());
}

}  // namespace
}  // namespace ems::safety::test
