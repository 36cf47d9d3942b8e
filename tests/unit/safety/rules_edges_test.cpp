// SPDX-License-Identifier: Apache-2.0
/// @file What a rule says (reason, event) beside what it does, and the overload's arithmetic.
#include <gtest/gtest.h>

#include "unit/safety/fixture.hpp"

namespace ems::safety::test {
namespace {

/// One cycle `passed` after the one before, with fresh inputs.
void cycle(World& w, Duration passed) {
  w.now = w.now + passed;
  w.refresh();
  w.judge();
}

const Event* event_of(const World& w, std::string_view name) {
  for (const Event& event : w.out.events) {
    if (event.name == name) return &event;
  }
  return nullptr;
}

TEST(SafetyRulesEdges, AnEventSaysAllThatIsKnown) {  // SAF-035 SAF-041
  World w;
  w.batteries[0].insulation_resistance = taken(KiloOhm{700}, w.now);
  w.settle();
  w.batteries[0].insulation_resistance->sample.value = KiloOhm{499};
  w.batteries[0].charge_current_limit = taken(-(3_ma), w.now);
  w.run();
  const Event* warning = event_of(w, "insulation_low");
  ASSERT_NE(warning, nullptr);
  EXPECT_EQ(warning->severity, Severity::warning);
  EXPECT_EQ(warning->asset, battery(1));
  EXPECT_EQ(warning->signal, Signal::insulation_resistance);
  EXPECT_EQ(warning->value, 499);
  const Event* alarm = event_of(w, "bms_charge_limit");
  ASSERT_NE(alarm, nullptr);
  EXPECT_EQ(alarm->severity, Severity::alarm);
  EXPECT_EQ(alarm->signal, Signal::charge_current_limit);
  EXPECT_EQ(alarm->value, -3);
}

TEST(SafetyRulesEdges, OfTwoSwitchesTheOneThatSaysMostIsNamed) {  // SAF-014 SAF-056
  struct Switch {
    std::int32_t value;
    bool known;
  };
  constexpr Switch kOn{1, true};
  constexpr Switch kOff{0, true};
  constexpr Switch kLost{1, false};
  const struct {
    Switch fet, enable;
    bool names_fet;
    Cause cause;
  } cases[] = {
      {kOff, kOff, true, Cause::exceeded},   {kOff, kOn, true, Cause::exceeded},
      {kOff, kLost, true, Cause::exceeded},  {kOn, kOff, false, Cause::exceeded},
      {kLost, kOff, false, Cause::exceeded}, {kLost, kOn, true, Cause::missing},
      {kOn, kLost, false, Cause::missing},   {kLost, kLost, true, Cause::missing},
      {kOn, kOn, true, Cause::waiting},
  };
  for (const bool charge : {true, false}) {
    for (const auto& c : cases) {
      World w;
      BatteryInputs& in = w.batteries[0];
      const auto set = [&w](OptionalInput<Flag>& input, Switch s) {
        input = taken(Flag{s.value}, w.now, s.known ? Quality::good : Quality::bad);
      };
      set(charge ? in.charge_fet_on : in.discharge_fet_on, c.fet);
      set(charge ? in.charge_enable : in.discharge_enable, c.enable);
      w.judge();
      const Reason* reason = w.reason(charge ? Rule::bms_charge_off : Rule::bms_discharge_off);
      ASSERT_NE(reason, nullptr);
      const Signal fet = charge ? Signal::charge_fet_on : Signal::discharge_fet_on;
      const Signal enable = charge ? Signal::charge_enable : Signal::discharge_enable;
      EXPECT_EQ(reason->signal, c.names_fet ? fet : enable);
      EXPECT_EQ(reason->cause, c.cause);
      EXPECT_EQ(reason->limit, 1);
      const Switch named = c.names_fet ? c.fet : c.enable;
      EXPECT_EQ(reason->value, named.known ? named.value : 0);
    }
  }
}

TEST(SafetyRulesEdges, ADerateSaysFromWhereOnTheCurrentFalls) {  // SAF-043 SAF-056
  World w;
  w.config.batteries[0].limits.charge_temp_derate =
      derate_curve<MilliCelsius>({{0_mdegc, 0_bp},
                                  {20'000_mdegc, 10'000_bp},
                                  {30'000_mdegc, 10'000_bp},
                                  {40'000_mdegc, 0_bp}});
  const auto limit = [&w](std::int32_t mdegc) {
    World at = w;
    set_temperatures(at.batteries[0], 19'000);
    at.settle();  // Once exceeded, the reason stays while it waits.
    set_temperatures(at.batteries[0], mdegc);
    at.run();
    const Reason* reason = at.reason(Rule::charge_temperature_derate);
    return reason != nullptr ? reason->limit : -1;
  };
  EXPECT_EQ(limit(18'999), 20'000);
  EXPECT_EQ(limit(20'000), 20'000);
  EXPECT_EQ(limit(20'001), 30'000);
  EXPECT_EQ(limit(30'001), 30'000);
  // One that allows the whole current nowhere falls from nowhere.
  w.config.batteries[0].limits.charge_temp_derate =
      derate_curve<MilliCelsius>({{0_mdegc, 0_bp}, {20'000_mdegc, 9'000_bp}, {40'000_mdegc, 0_bp}});
  EXPECT_EQ(limit(19'500), 0);
}

/// A settled world whose discharge overload trips after `time` at `factor`.
World overloadable(BasisPoints factor, Duration time) {
  World w;
  w.config.tick_period = 1_s;
  w.config.batteries[0].limits.discharge_overload = {factor, time, 1_s};
  w.run(20);
  EXPECT_EQ(w.out.site, SafetyState::normal);
  return w;
}
Cause cause_after(World& w, MilliAmp current, Duration passed) {
  w.batteries[0].pack_current->sample.value = current;
  cycle(w, passed);
  const Reason* reason = w.reason(Rule::discharge_overload);
  return reason != nullptr ? reason->cause : Cause::missing;
}

TEST(SafetyOverload, NoCurrentCountsForMoreThanTenTimesTheMaximum) {  // SAF-046
  // (10^2 - 1) in 1 ms is what 1.1 times gives in 471 428.6 us.
  World hot = overloadable(11'000_bp, 471'428_us);
  EXPECT_EQ(cause_after(hot, MilliAmp::max(), 1_ms), Cause::exceeded);
  World bearable = overloadable(11'000_bp, 471'429_us);
  EXPECT_EQ(cause_after(bearable, MilliAmp::max(), 1_ms), Cause::missing) << "no reason";
}

TEST(SafetyOverload, NoGapCountsForMoreThanTenSeconds) {  // SAF-046
  // 1.0001 times for 10 s is what 1.0002 times gives in 4 999 750.02 us.
  World hot = overloadable(10'002_bp, 4'999'750_us);
  EXPECT_EQ(cause_after(hot, 100'010_ma, 60_s), Cause::exceeded);
  World bearable = overloadable(10'002_bp, 4'999'751_us);
  EXPECT_EQ(cause_after(bearable, 100'010_ma, 60_s), Cause::missing) << "no reason";
}

TEST(SafetyOverload, AMaximumBelowOneAmpereCountsAsExactlyOne) {  // SAF-046
  for (const std::int32_t maximum : {0, 999, 1'000}) {
    for (const std::int32_t current : {1'000, 1'001}) {
      World w;
      Limits& limits = w.config.batteries[0].limits;
      set_current_limits(limits, 0_ma, MilliAmp{maximum});
      limits.charge_current_max = 100'000_ma;  // So that the battery may start.
      limits.charge_overcurrent = {120'000_ma, 110'000_ma, 5_s};
      limits.discharge_overload = {10'001_bp, 1_us, 1_s};
      w.settle();
      EXPECT_EQ(cause_after(w, MilliAmp{current}, 100_ms) == Cause::exceeded, current == 1'001)
          << maximum;
    }
  }
}

/// When a tripped overload clears: true when `cool` was the cycle in which it was back at 0.
bool clears_a_second_after(World w, MilliAmp current, Duration cool) {
  EXPECT_NE(w.reason(Rule::discharge_overload), nullptr);
  w.batteries[0].pack_current->sample.value = current;
  cycle(w, cool);
  EXPECT_NE(w.reason(Rule::discharge_overload), nullptr);
  w.batteries[0].pack_current->sample.value = 0_ma;
  cycle(w, 1_s);
  return w.reason(Rule::discharge_overload) == nullptr;
}

TEST(SafetyOverload, CoolsAtRestByTheSquareOfTheMaximumAndNoMore) {  // SAF-046
  World w = overloadable(11'000_bp, 100_us);
  ASSERT_EQ(cause_after(w, 110'000_ma, 100_us), Cause::exceeded);
  for (const MilliAmp rest : {0_ma, -(50'000_ma)}) {  // Charging cools no better than rest.
    EXPECT_TRUE(clears_a_second_after(w, rest, 21_us));
    EXPECT_FALSE(clears_a_second_after(w, rest, 20_us));
  }
}

TEST(SafetyOverload, AnUnseenCurrentLeavesOneUnitToTheTrip) {  // SAF-046
  World w = overloadable(10'001_bp, 1_us);                     // 20 001 units.
  w.batteries[0].pack_current->sample.quality = Quality::bad;
  cycle(w, 1_s);
  w.batteries[0].pack_current->sample.quality = Quality::good;
  // At 0.9999 times it loses 19 999 each microsecond: one unit is left after the first.
  EXPECT_FALSE(clears_a_second_after(w, 99'990_ma, 1_us));
  EXPECT_TRUE(clears_a_second_after(w, 99'990_ma, 2_us));
}

TEST(SafetyRulesEdges, WhatIsMissingStandsBeforeWhatOnlyWaits) {  // SAF-056
  World w;
  w.batteries[0].contactor_closed = taken(Flag{1}, w.now);
  w.batteries[0].contactor_commanded = taken(Flag{1}, w.now, Quality::bad);
  w.judge();  // All others wait for good health; this one is the last of them.
  ASSERT_EQ(w.verdict().reasons.size(), kMaxReasons);
  const Reason* reason = w.reason(Rule::contactor_disagreement);
  ASSERT_NE(reason, nullptr);
  EXPECT_EQ(reason->cause, Cause::missing);
  EXPECT_EQ(reason->signal, Signal::contactor_commanded);
}

TEST(SafetyRulesEdges, WhatIsWrongStandsBeforeWhatIsMissing) {  // SAF-056
  World w;
  BatteryInputs& in = w.batteries[0];
  in.charge_voltage_limit = taken(58'000_mv, w.now);
  in.discharge_voltage_limit = taken(42'000_mv, w.now);
  in.charge_current_limit = in.discharge_current_limit = taken(100'000_ma, w.now);
  in.charge_fet_on = in.discharge_fet_on = taken(Flag{1}, w.now);
  in.alarms = taken(AlarmBits{0}, w.now);
  in.contactor_closed = in.contactor_commanded = taken(Flag{1}, w.now);
  in.insulation_resistance = taken(KiloOhm{500}, w.now);  // Warns, like the next three.
  w.settle();
  for (int i = 1; i <= 20; ++i) {
    in.soc->sample.value += 225_bp;
    set_cells(in, 3'450 + 5 * i);
    set_temperatures(in, 25'000 - 1'000 * i);
    w.run();
  }
  ASSERT_EQ(w.verdict().reasons.size(), 4U);
  in.pack_current->sample.value = 106'000_ma;
  w.run(35);
  ASSERT_NE(w.reason(Rule::limit_disobeyed), nullptr);
  in = {};
  in.asset = battery(1);
  w.run();
  // 29 inhibits, four warnings of inputs that are gone, and the one that is still there.
  ASSERT_EQ(w.verdict().reasons.size(), kMaxReasons);
  EXPECT_EQ(w.verdict().reasons_dropped, 34 - kMaxReasons);
  const Reason* reason = w.reason(Rule::limit_disobeyed);
  ASSERT_NE(reason, nullptr);
  EXPECT_EQ(reason->cause, Cause::exceeded);
}

TEST(SafetyRulesEdges, AnInhibitThatWaitsStandsBeforeAWarning) {  // SAF-056
  World w;
  w.batteries[0].insulation_resistance = taken(KiloOhm{499}, w.now);
  w.judge();
  ASSERT_EQ(w.verdict().reasons.size(), kMaxReasons);
  EXPECT_EQ(w.verdict().reasons_dropped, 34 - kMaxReasons);
  EXPECT_EQ(w.reason(Rule::insulation_low), nullptr);
  EXPECT_EQ(w.events("insulation_low", true), 1) << "but it is told";
}

TEST(SafetyRulesEdges, WhatEveryBatteryNeedsIsMissingThoughItWasNeverGiven) {  // SAF-017
  const struct {
    Rule rule;
    Signal signal;
    void (*drop)(BatteryInputs&);
  } cases[] = {
      {Rule::cell_voltages_missing, Signal::cell_voltage,
       [](BatteryInputs& in) { in.cell_voltage_max.reset(); }},
      {Rule::cell_voltages_missing, Signal::cell_voltage,
       [](BatteryInputs& in) { in.cell_voltage_min.reset(); }},
      {Rule::cell_voltages_missing, Signal::cell_voltage,
       [](BatteryInputs& in) {
         in.cell_voltage_max.reset();
         in.cell_voltage_min.reset();
         in.cell_sum.reset();
       }},
      {Rule::temperatures_missing, Signal::temperature,
       [](BatteryInputs& in) { in.temp_max.reset(); }},
      {Rule::temperatures_missing, Signal::temperature,
       [](BatteryInputs& in) { in.temp_min.reset(); }},
      {Rule::pack_voltage_missing, Signal::pack_voltage,
       [](BatteryInputs& in) { in.pack_voltage.reset(); }},
      {Rule::pack_current_missing, Signal::pack_current,
       [](BatteryInputs& in) { in.pack_current.reset(); }},
      {Rule::soc_missing, Signal::soc, [](BatteryInputs& in) { in.soc.reset(); }},
  };
  for (const auto& c : cases) {
    World w;
    c.drop(w.batteries[0]);
    w.settle();
    const Reason* reason = w.reason(c.rule);
    ASSERT_NE(reason, nullptr) << rule_info(c.rule).name;
    EXPECT_EQ(reason->cause, Cause::missing);
    EXPECT_EQ(reason->direction, Direction::both);
    EXPECT_EQ(reason->signal, c.signal);
    EXPECT_EQ(reason->value, 0);
    EXPECT_FALSE(w.charges() || w.discharges());
    EXPECT_EQ(w.verdict().state, SafetyState::safe);
  }
}

TEST(SafetyRulesEdges, AScalarIsOfNoElement) {  // SAF-056
  World w;
  w.batteries[0].soc->sample.value = 10'000_bp;
  w.batteries[0].charge_current_limit = taken(0_ma, w.now);
  w.settle();
  for (const Rule rule : {Rule::soc_high, Rule::soc_high_warning, Rule::bms_charge_limit}) {
    ASSERT_NE(w.reason(rule), nullptr);
    EXPECT_EQ(w.reason(rule)->element, 0);
  }
}

TEST(SafetyRules, ARuleThatClearsHasNoValue) {  // SAF-035
  World w;
  w.settle();
  w.batteries[0].soc->sample.value = 9'900_bp;
  w.run(1);
  ASSERT_EQ(w.events("soc_high", true), 1);
  for (const Event& event : w.out.events) {
    if (event.name == std::string_view("soc_high")) {
      EXPECT_EQ(event.value, 9'900);
    }
  }
  w.batteries[0].soc->sample.value = 9'000_bp;
  bool cleared = false;
  for (int i = 0; i < 100 && !cleared; ++i) {
    w.run(1);
    for (const Event& event : w.out.events) {
      if (event.name != std::string_view("soc_high")) continue;
      cleared = true;
      EXPECT_FALSE(event.active);
      EXPECT_EQ(event.value, 0);
    }
  }
  EXPECT_TRUE(cleared);
}

TEST(SafetyRules, TheStrongestReasonsAreKeptAndTheRestCounted) {  // SAF-056
  World w;
  w.judge();  // Every inhibit waits for good health: one more than there is room for.
  EXPECT_EQ(w.verdict().reasons.size(), kMaxReasons);
  EXPECT_EQ(w.verdict().reasons_dropped, 33 - kMaxReasons);
  EXPECT_EQ(w.reason(Rule::contactor_disagreement), nullptr);
  w.batteries[0].alarms =
      taken(AlarmBits{1}, w.now);  // Something is wrong: that is said instead of one that waits.
  w.run();
  ASSERT_NE(w.reason(Rule::bms_alarm), nullptr);
  EXPECT_EQ(w.reason(Rule::bms_alarm)->cause, Cause::exceeded);
  EXPECT_EQ(w.verdict().reasons_dropped, 33 - kMaxReasons);
}

TEST(SafetyRules, AMissingInputNeverWaits) {  // SAF-042
  World w;
  w.config.batteries[0].limits.cell_voltage_max.trip_after = 5_s;
  w.settle();
  w.batteries[0].cell_voltage_max.reset();
  w.run();
  ASSERT_NE(w.reason(Rule::cell_overvoltage), nullptr);
  EXPECT_EQ(w.reason(Rule::cell_overvoltage)->cause, Cause::missing);
}

TEST(SafetyRules, AClockThatGoesBackStartsEveryTimeAgain) {  // SAF-042 SAF-016
  World w;
  w.run(30);
  w.now = w.now - 1_s;
  w.run(51);  // 5.0 s from the fault on; lateness has cleared before.
  EXPECT_FALSE(w.reason(Rule::soc_high));
  World v;
  v.run(30);
  v.now = v.now - 1_s;
  v.run(50);
  EXPECT_TRUE(v.reason(Rule::soc_high));
}

}  // namespace
}  // namespace ems::safety::test
