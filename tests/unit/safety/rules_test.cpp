// SPDX-License-Identifier: Apache-2.0
#include "unit/safety/fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace ems::safety::test {
namespace {

using Change = void (*)(BatteryInputs&, std::int32_t);

void set_cell_min(BatteryInputs& in, std::int32_t mv) {
  in.cell_voltage_min->sample.value = MilliVolt{mv};
}
void set_coldest(BatteryInputs& in, std::int32_t m) { in.temp_min->sample.value = MilliCelsius{m}; }
void set_temp_spread(BatteryInputs& in, std::int32_t m) {
  in.temp_max->sample.value = in.temp_min->sample.value + MilliCelsius{m};
}
void set_imbalance(BatteryInputs& in, std::int32_t mv) {
  in.cell_voltage_max->sample.value = in.cell_voltage_min->sample.value + MilliVolt{mv};
}
void set_insulation(BatteryInputs& in, std::int32_t kohm) {
  in.insulation_resistance = taken(KiloOhm{kohm}, in.soc->sample.taken_at);
}
void set_current(BatteryInputs& in, std::int32_t ma) {
  in.pack_current->sample.value = MilliAmp{ma};
}
void set_soc(BatteryInputs& in, std::int32_t bp) { in.soc->sample.value = BasisPoints{bp}; }
void set_pack(BatteryInputs& in, std::int32_t mv) { in.pack_voltage->sample.value = MilliVolt{mv}; }
void set_sum(BatteryInputs& in, std::int32_t mv) { in.cell_sum->sum.sample.value = MilliVolt{mv}; }
void set_cvl(BatteryInputs& in, std::int32_t mv) {
  in.charge_voltage_limit = taken(MilliVolt{mv}, in.soc->sample.taken_at);
}
void set_dvl(BatteryInputs& in, std::int32_t mv) {
  in.discharge_voltage_limit = taken(MilliVolt{mv}, in.soc->sample.taken_at);
}
void set_ccl(BatteryInputs& in, std::int32_t ma) {
  in.charge_current_limit = taken(MilliAmp{ma}, in.soc->sample.taken_at);
}
void set_dcl(BatteryInputs& in, std::int32_t ma) {
  in.discharge_current_limit = taken(MilliAmp{ma}, in.soc->sample.taken_at);
}
void set_charge_fet(BatteryInputs& in, std::int32_t on) {
  in.charge_fet_on = taken(Flag{on}, in.soc->sample.taken_at);
}
void set_discharge_fet(BatteryInputs& in, std::int32_t on) {
  in.discharge_fet_on = taken(Flag{on}, in.soc->sample.taken_at);
}
void set_charge_enable(BatteryInputs& in, std::int32_t on) {
  in.charge_enable = taken(Flag{on}, in.soc->sample.taken_at);
}
void set_discharge_enable(BatteryInputs& in, std::int32_t on) {
  in.discharge_enable = taken(Flag{on}, in.soc->sample.taken_at);
}

struct RuleCase {
  Rule rule;
  Change set;
  std::int32_t last_good;    ///< Nearest value that does not trip.
  std::int32_t trip;         ///< Trips exactly here.
  std::int32_t not_cleared;  ///< Exactly at clear: still active.
  std::int32_t cleared;      ///< One step beyond clear.
};

// SAF-003 SAF-004 SAF-006 SAF-007 SAF-010 SAF-011 SAF-012 SAF-013 SAF-014 SAF-018: every boundary.
constexpr RuleCase kCases[] = {
    {Rule::cell_overvoltage, set_cells, 3649, 3650, 3550, 3549},
    {Rule::cell_undervoltage, set_cells, 2501, 2500, 2700, 2701},
    {Rule::charge_overtemperature, set_temperatures, 44'999, 45'000, 40'000, 39'999},
    {Rule::charge_undertemperature, set_temperatures, 1, 0, 5'000, 5'001},
    {Rule::discharge_overtemperature, set_temperatures, 54'999, 55'000, 50'000, 49'999},
    {Rule::discharge_undertemperature, set_temperatures, -9'999, -10'000, -5'000, -4'999},
    {Rule::charge_overcurrent, set_current, -119'999, -120'000, -110'000, -109'999},
    {Rule::discharge_overcurrent, set_current, 119'999, 120'000, 110'000, 109'999},
    {Rule::soc_high, set_soc, 9799, 9800, 9500, 9499},
    {Rule::soc_low, set_soc, 501, 500, 1000, 1001},
    {Rule::pack_overvoltage, set_pack, 58'399, 58'400, 56'800, 56'799},
    {Rule::pack_undervoltage, set_pack, 40'001, 40'000, 43'200, 43'201},
    {Rule::pack_overvoltage, set_cvl, 52'801, 52'800, 54'400, 54'401},
    {Rule::pack_undervoltage, set_dvl, 52'799, 52'800, 49'600, 49'599},
    {Rule::bms_charge_limit, set_ccl, 1, 0, 0, 1},
    {Rule::bms_discharge_limit, set_dcl, 1, 0, -1, 1},
    {Rule::bms_charge_off, set_charge_fet, 1, 0, 2, 1},
    {Rule::bms_discharge_off, set_discharge_fet, 1, 0, 2, 1},
    {Rule::bms_charge_off, set_charge_enable, 1, 0, -1, 1},
    {Rule::bms_discharge_off, set_discharge_enable, 1, 0, -1, 1},
    // SAF-041 SAF-047 SAF-048 SAF-049 SAF-052: the same.
    {Rule::cell_voltage_high, set_cells, 3549, 3550, 3500, 3499},
    {Rule::cell_voltage_low, set_cells, 2801, 2800, 2850, 2851},
    {Rule::temperature_high, set_temperatures, 49'999, 50'000, 48'000, 47'999},
    {Rule::temperature_low, set_temperatures, 5'001, 5'000, 7'000, 7'001},
    {Rule::soc_high_warning, set_soc, 9499, 9500, 9300, 9299},
    {Rule::soc_low_warning, set_soc, 1001, 1000, 1200, 1201},
    {Rule::temperature_spread, set_temp_spread, 14'999, 15'000, 12'000, 11'999},
    {Rule::cell_imbalance_warning, set_imbalance, 29, 30, 20, 19},
    {Rule::cell_imbalance, set_imbalance, 299, 300, 200, 199},
    {Rule::insulation_low, set_insulation, 501, 500, 550, 551},
    // 1 % of the smaller voltage (528 mV) is more than 16 x 20 mV.
    {Rule::sum_of_cells, set_sum, 53'327, 53'328, 53'196, 53'195},
};

/// Which way each rule must act, said here and not read from the module's own table.
Direction expected(Rule rule) {
  switch (rule) {
    case Rule::cell_voltage_high:
    case Rule::soc_high_warning:
    case Rule::cell_overvoltage:
    case Rule::charge_overtemperature:
    case Rule::charge_undertemperature:
    case Rule::charge_overcurrent:
    case Rule::soc_high:
    case Rule::pack_overvoltage:
    case Rule::bms_charge_limit:
    case Rule::bms_charge_off:
      return Direction::charge;
    case Rule::cell_undervoltage:
    case Rule::discharge_overtemperature:
    case Rule::discharge_undertemperature:
    case Rule::cell_voltage_low:
    case Rule::soc_low_warning:
    case Rule::discharge_overcurrent:
    case Rule::soc_low:
    case Rule::pack_undervoltage:
    case Rule::bms_discharge_limit:
    case Rule::bms_discharge_off:
      return Direction::discharge;
    default:
      return Direction::both;
  }
}

bool warns(Rule rule) {
  return rule == Rule::cell_voltage_high || rule == Rule::cell_voltage_low ||
         rule == Rule::temperature_high || rule == Rule::temperature_low ||
         rule == Rule::soc_high_warning || rule == Rule::soc_low_warning ||
         rule == Rule::cell_imbalance_warning || rule == Rule::insulation_low;
}

/// Moves a value in steps too small to be a jump; `to` itself is set, but not run.
void approach(World& w, Change set, std::int32_t from, std::int32_t to) {
  constexpr int kSteps = 8;
  for (int i = 1; i < kSteps; ++i) {
    set(w.batteries[0], from + (to - from) / kSteps * i);
    w.run();
  }
  set(w.batteries[0], to);
}
/// A world that was healthy and has come to the case's last good value.
World up_to(const RuleCase& c) {
  World w;
  c.set(w.batteries[0], c.cleared);
  w.settle();
  approach(w, c.set, c.cleared, c.last_good);
  w.run();
  return w;
}

TEST(SafetyRules, TripExactlyAtTheLimitAndActInTheirDirectionOnly) {  // SAF-003 SAF-019
  for (const RuleCase& c : kCases) {
    World w = up_to(c);
    const char* name = rule_info(c.rule).name;
    EXPECT_EQ(w.reason(c.rule), nullptr) << name;
    c.set(w.batteries[0], c.trip);
    w.run();
    const Reason* reason = w.reason(c.rule);
    ASSERT_NE(reason, nullptr) << name;
    EXPECT_EQ(reason->cause, Cause::exceeded) << name;
    EXPECT_EQ(reason->direction, expected(c.rule)) << name;
    const bool flag = c.rule == Rule::bms_charge_off || c.rule == Rule::bms_discharge_off;
    const std::int32_t limit = flag ? 1 : c.set == set_sum ? 528 : std::max(c.trip, -c.trip);
    EXPECT_EQ(std::abs(reason->limit), limit) << name;
    EXPECT_EQ(w.events(name, true), 1) << name;
    if (warns(c.rule)) {
      EXPECT_EQ(reason->action, Action::warn) << name;
      EXPECT_TRUE(w.charges() || w.discharges()) << name;
      continue;
    }
    // Beyond the discharge temperatures, charging has long been inhibited too.
    const bool both = reason->direction == Direction::both ||
                      c.rule == Rule::discharge_overtemperature ||
                      c.rule == Rule::discharge_undertemperature;
    EXPECT_EQ(w.charges(), !both && reason->direction == Direction::discharge) << name;
    EXPECT_EQ(w.discharges(), !both && reason->direction == Direction::charge) << name;
    EXPECT_EQ(w.verdict().state, both ? SafetyState::safe : SafetyState::derated) << name;
  }
}

TEST(SafetyRules, ClearOnlyAfterUninterruptedGoodTimeBeyondClear) {  // SAF-016
  for (const RuleCase& c : kCases) {
    World w = up_to(c);
    const char* name = rule_info(c.rule).name;
    c.set(w.batteries[0], c.trip);
    w.run();
    approach(w, c.set, c.trip, c.cleared);
    w.run(50);  // Good for 4.9 s.
    ASSERT_NE(w.reason(c.rule), nullptr) << name;
    EXPECT_EQ(w.reason(c.rule)->cause, Cause::waiting) << name;
    c.set(w.batteries[0], c.not_cleared);
    w.run(100);  // In the band: however long, and the timer starts again.
    EXPECT_NE(w.reason(c.rule), nullptr) << name;
    c.set(w.batteries[0], c.cleared);
    w.run(50);
    EXPECT_NE(w.reason(c.rule), nullptr) << name;
    w.run();  // 5.0 s.
    EXPECT_EQ(w.reason(c.rule), nullptr) << name;
    EXPECT_EQ(w.events(name, false), 1) << name;
  }
}

struct Group {
  const char* why;
  Rule missing;
  void (*each)(BatteryInputs&, void (*)(Instant&, Quality&));
  void (*drop)(BatteryInputs&);
};

template <auto Member>
void each_of(BatteryInputs& in, void (*f)(Instant&, Quality&)) {
  auto& sample = (in.*Member)->sample;
  f(sample.taken_at, sample.quality);
}
template <auto Member>
void drop_of(BatteryInputs& in) {
  (in.*Member).reset();
}

template <auto Member>
constexpr Group group(const char* why, Rule missing) {
  return {why, missing, each_of<Member>, drop_of<Member>};
}

constexpr Group kNeeded[] = {
    group<&BatteryInputs::cell_voltage_max>("highest cell", Rule::cell_voltages_missing),
    group<&BatteryInputs::cell_voltage_min>("lowest cell", Rule::cell_voltages_missing),
    group<&BatteryInputs::pack_voltage>("pack voltage", Rule::pack_voltage_missing),
    group<&BatteryInputs::pack_current>("pack current", Rule::pack_current_missing),
    group<&BatteryInputs::soc>("soc", Rule::soc_missing),
    group<&BatteryInputs::temp_max>("hottest", Rule::temperatures_missing),
    group<&BatteryInputs::temp_min>("coldest", Rule::temperatures_missing),
};

constexpr void (*kSpoil[])(Instant&, Quality&) = {
    [](Instant& at, Quality&) { at = at - 2_s; },   // Exactly stale.
    [](Instant& at, Quality&) { at = at + 1_us; },  // From the future.
    [](Instant&, Quality& q) { q = Quality::uncertain; },
    [](Instant&, Quality& q) { q = Quality::bad; },
};

TEST(SafetyRules, AnyUnusableInputMakesTheBatterySafe) {  // SAF-017
  for (const Group& g : kNeeded) {
    for (std::size_t how = 0; how <= std::size(kSpoil); ++how) {
      World w;
      w.settle();
      w.now = w.now + w.config.tick_period;
      w.refresh();
      if (how < std::size(kSpoil)) g.each(w.batteries[0], kSpoil[how]);
      if (how == std::size(kSpoil)) g.drop(w.batteries[0]);
      w.judge();
      EXPECT_EQ(w.verdict().state, SafetyState::safe) << g.why << how;
      EXPECT_FALSE(w.charges() || w.discharges()) << g.why << how;
      EXPECT_EQ(w.out.inverters[0].ac, Interval{}) << g.why << how;
      ASSERT_NE(w.reason(g.missing), nullptr) << g.why << how;
      EXPECT_EQ(w.events(rule_info(g.missing).name, true), 1) << g.why << how;
      w.batteries[0] = healthy(w.now);
      // A current that was not seen may have been an overload: that cools first, 1.05 s at rest.
      w.run(g.missing == Rule::pack_current_missing ? 60 : 50);
      EXPECT_FALSE(w.charges()) << g.why << how;
      w.run();
      EXPECT_TRUE(w.charges() && w.discharges()) << g.why << how;
    }
  }
}

TEST(SafetyRules, AFreshSampleCountsUntilJustBeforeItIsStale) {  // SAF-017
  for (const Group& g : kNeeded) {
    World w;
    w.settle();
    w.now = w.now + w.config.tick_period;
    w.refresh();
    g.each(w.batteries[0], [](Instant& at, Quality&) { at = at - 1'999'999_us; });
    EXPECT_EQ(w.judge().site, SafetyState::normal) << g.why;
  }
}

TEST(SafetyRules, NoInputOutlivesStaleAfterMax) {  // SAF-017
  World w;
  w.config.batteries[0].limits.stale_after_max = 1_s;
  w.settle();
  w.now = w.now + w.config.tick_period;
  w.refresh();
  w.batteries[0].soc->sample.taken_at = w.now - 1_s;
  EXPECT_EQ(w.judge().site, SafetyState::safe);
}

TEST(SafetyRules, NonsenseIsNotData) {  // SAF-017
  const struct {
    const char* why;
    Change set;
    std::int32_t value;
    Rule missing;
  } cases[] = {
      {"soc above 100 %", set_soc, 10'001, Rule::soc_missing},
      {"soc below 0 %", set_soc, -1, Rule::soc_missing},
      {"lowest cell above the highest", set_cell_min, 3301, Rule::cell_voltages_missing},
      {"coldest above the hottest", set_coldest, 25'001, Rule::temperatures_missing},
  };
  for (const auto& c : cases) {
    World w;
    w.settle();
    c.set(w.batteries[0], c.value);
    w.run();
    EXPECT_EQ(w.verdict().state, SafetyState::safe) << c.why;
    EXPECT_NE(w.reason(c.missing), nullptr) << c.why;
  }
}

TEST(SafetyRules, ABmsSignalOnceGivenIsNeededFromThenOn) {  // SAF-015
  const struct {
    Change set;
    void (*drop)(BatteryInputs&);
    BmsSignal signal;
    Rule rule;
  } cases[] = {
      {set_cvl, drop_of<&BatteryInputs::charge_voltage_limit>, BmsSignal::charge_voltage_limit,
       Rule::pack_overvoltage},
      {set_dvl, drop_of<&BatteryInputs::discharge_voltage_limit>,
       BmsSignal::discharge_voltage_limit, Rule::pack_undervoltage},
      {set_ccl, drop_of<&BatteryInputs::charge_current_limit>, BmsSignal::charge_current_limit,
       Rule::bms_charge_limit},
      {set_dcl, drop_of<&BatteryInputs::discharge_current_limit>,
       BmsSignal::discharge_current_limit, Rule::bms_discharge_limit},
      {set_charge_fet, drop_of<&BatteryInputs::charge_fet_on>, BmsSignal::charge_fet_on,
       Rule::bms_charge_off},
      {set_discharge_fet, drop_of<&BatteryInputs::discharge_fet_on>, BmsSignal::discharge_fet_on,
       Rule::bms_discharge_off},
      {set_charge_enable, drop_of<&BatteryInputs::charge_enable>, BmsSignal::charge_enable,
       Rule::bms_charge_off},
      {set_discharge_enable, drop_of<&BatteryInputs::discharge_enable>, BmsSignal::discharge_enable,
       Rule::bms_discharge_off},
  };
  for (const auto& c : cases) {
    const char* name = rule_info(c.rule).name;
    const bool charge = includes(rule_info(c.rule).direction, Direction::charge);
    World given;
    given.settle();
    c.set(given.batteries[0], c.rule == Rule::pack_overvoltage    ? 58'000
                              : c.rule == Rule::pack_undervoltage ? 41'000
                                                                  : 1);
    given.run();
    EXPECT_TRUE(given.charges() && given.discharges()) << name;
    c.drop(given.batteries[0]);
    given.run();
    EXPECT_EQ(given.charges(), !charge) << name;
    EXPECT_EQ(given.discharges(), charge) << name;

    World declared;  // Never given, but the device is known to have it.
    declared.config.batteries[0].bms_required = bms_bit(c.signal);
    declared.settle();
    EXPECT_EQ(declared.charges(), !charge) << name;
    EXPECT_EQ(declared.discharges(), charge) << name;
  }
}

TEST(SafetyRules, TheDcEnvelopeIsTheTightestOfLimitsAndBms) {  // SAF-022
  World w;
  w.settle();
  EXPECT_EQ(w.verdict().charge_current_max, 100'000_ma);
  EXPECT_EQ(w.verdict().discharge_current_max, 100'000_ma);
  EXPECT_EQ(w.verdict().charge_voltage_max, 58'400_mv);
  EXPECT_EQ(w.verdict().discharge_voltage_min, 40'000_mv);
  set_ccl(w.batteries[0], 40'000);
  set_dcl(w.batteries[0], 60'000);
  set_cvl(w.batteries[0], 56'000);
  set_dvl(w.batteries[0], 44'000);
  w.run();
  EXPECT_EQ(w.verdict().charge_current_max, 40'000_ma);
  EXPECT_EQ(w.verdict().discharge_current_max, 60'000_ma);
  EXPECT_EQ(w.verdict().charge_voltage_max, 56'000_mv);
  EXPECT_EQ(w.verdict().discharge_voltage_min, 44'000_mv);
  EXPECT_EQ(w.verdict().state, SafetyState::derated);
  set_ccl(w.batteries[0], 400'000);  // A BMS never loosens a limit.
  set_dcl(w.batteries[0], 400'000);
  set_cvl(w.batteries[0], 60'000);
  set_dvl(w.batteries[0], 30'000);
  w.run();
  EXPECT_EQ(w.verdict().charge_current_max, 100'000_ma);
  EXPECT_EQ(w.verdict().discharge_current_max, 100'000_ma);
  EXPECT_EQ(w.verdict().charge_voltage_max, 58'400_mv);
  EXPECT_EQ(w.verdict().discharge_voltage_min, 40'000_mv);
}

TEST(SafetyRules, DischargingDeratesLinearlyFrom45DegreesTo0At55) {  // SAF-008
  const struct {
    std::int32_t mdegc, ma;
  } cases[] = {{44'999, 100'000}, {45'000, 100'000}, {45'001, 99'990},
               {50'000, 50'000},  {54'999, 10},      {55'000, 0}};
  for (const auto& c : cases) {
    World w;
    w.settle();
    approach(w, set_temperatures, 25'000, c.mdegc);
    w.run();
    EXPECT_EQ(w.verdict().discharge_current_max.count(), c.ma) << c.mdegc;
    EXPECT_EQ(w.reason(Rule::discharge_temperature_derate) != nullptr, c.mdegc > 45'000);
  }
  World w;
  w.settle();
  approach(w, set_temperatures, 25'000, 50'000);
  set_dcl(w.batteries[0], 30'000);  // Below what the derating leaves: the BMS's limit holds.
  w.run();
  EXPECT_EQ(w.verdict().discharge_current_max, 30'000_ma);
}

TEST(SafetyRules, SumOfCellsUsesTheLargerTolerance) {  // SAF-018
  const struct {
    const char* why;
    std::int32_t sum, terminals;
    bool failed;
  } cases[] = {
      {"1 % below", 52'800, 53'327, false},
      {"1 % of the smaller, terminals above", 52'800, 53'328, true},
      {"20 mV per cell counts below 32 V", 20'000, 20'319, false},
      {"20 mV per cell counts below 32 V", 20'000, 20'320, true},
      {"bench board: 0 V at the terminals", 54'000, 0, true},
      {"negative terminals", 54'000, -1, true},
  };
  for (const auto& c : cases) {
    World w;
    w.settle();
    w.batteries[0].cell_sum->sum.sample.value = MilliVolt{c.sum};
    w.batteries[0].cell_sum->terminals.sample.value = MilliVolt{c.terminals};
    w.run();
    EXPECT_EQ(w.verdict().plausibility_failed, c.failed) << c.why << c.terminals;
    EXPECT_EQ(w.verdict().state == SafetyState::safe, c.failed) << c.why << c.terminals;
  }
}

TEST(SafetyRules, SumOfCellsClearsThoughItsOwnVerdictMadeTheSamplesUncertain) {  // SAF-018
  World w;
  w.settle();
  set_sum(w.batteries[0], 60'000);
  w.run();
  EXPECT_TRUE(w.verdict().plausibility_failed);
  const auto lower = [&w](Quality q) {  // What the runtime does with the flag.
    w.batteries[0].cell_sum->sum.sample.quality = q;
    w.batteries[0].cell_sum->terminals.sample.quality = q;
    w.batteries[0].cell_voltage_max->sample.quality = q;
    w.batteries[0].pack_voltage->sample.quality = q;
  };
  lower(Quality::uncertain);
  w.run(100);
  EXPECT_TRUE(w.verdict().plausibility_failed);
  EXPECT_EQ(w.events("cell_voltages_missing", true), 0);  // The alarm names the check alone.
  set_sum(w.batteries[0], 52'800);
  w.run(50);
  EXPECT_TRUE(w.verdict().plausibility_failed);
  w.run();
  EXPECT_FALSE(w.verdict().plausibility_failed);
  EXPECT_EQ(w.verdict().state, SafetyState::safe);  // The others still wait for good samples.
  lower(Quality::good);
  w.run(51);
  EXPECT_EQ(w.verdict().state, SafetyState::normal);
}

TEST(SafetyRules, SumOfCellsThatCannotBeJudgedIsUnsafe) {  // SAF-018
  World w;
  w.settle();
  w.batteries[0].cell_sum.reset();  // It was there before.
  w.run();
  EXPECT_EQ(w.verdict().state, SafetyState::safe);
  EXPECT_FALSE(w.verdict().plausibility_failed);
  for (int which = 0; which < 3; ++which) {
    World v;
    v.settle();
    if (which == 0) v.batteries[0].cell_sum->sum.sample.quality = Quality::bad;
    if (which == 1) v.batteries[0].cell_sum->terminals.sample.quality = Quality::bad;
    if (which == 2) v.batteries[0].cell_sum->cells = 0;
    v.run();
    EXPECT_EQ(v.verdict().state, SafetyState::safe) << which;
  }
  World extremes;  // A BMS that never gives single cells.
  extremes.batteries[0].cell_sum.reset();
  extremes.settle();
  EXPECT_EQ(extremes.verdict().state, SafetyState::normal);
}

/// The rules with a threshold of their own, and where it stands.
template <auto Field>
Duration& trip_after(Limits& limits) {
  return (limits.*Field).trip_after;
}
struct Delayed {
  Rule rule;
  Duration& (*trip_after)(Limits&);
};
constexpr Delayed kDelayed[] = {
    {Rule::cell_overvoltage, trip_after<&Limits::cell_voltage_max>},
    {Rule::cell_undervoltage, trip_after<&Limits::cell_voltage_min>},
    {Rule::charge_overtemperature, trip_after<&Limits::charge_temp_max>},
    {Rule::charge_undertemperature, trip_after<&Limits::charge_temp_min>},
    {Rule::discharge_overtemperature, trip_after<&Limits::discharge_temp_max>},
    {Rule::discharge_undertemperature, trip_after<&Limits::discharge_temp_min>},
    {Rule::charge_overcurrent, trip_after<&Limits::charge_overcurrent>},
    {Rule::discharge_overcurrent, trip_after<&Limits::discharge_overcurrent>},
    {Rule::soc_high, trip_after<&Limits::soc_max>},
    {Rule::soc_low, trip_after<&Limits::soc_min>},
    {Rule::pack_overvoltage, trip_after<&Limits::cell_voltage_max>},
    {Rule::pack_undervoltage, trip_after<&Limits::cell_voltage_min>},
    {Rule::cell_voltage_high, trip_after<&Limits::cell_voltage_high>},
    {Rule::cell_voltage_low, trip_after<&Limits::cell_voltage_low>},
    {Rule::temperature_high, trip_after<&Limits::temperature_high>},
    {Rule::temperature_low, trip_after<&Limits::temperature_low>},
    {Rule::soc_high_warning, trip_after<&Limits::soc_high_warning>},
    {Rule::soc_low_warning, trip_after<&Limits::soc_low_warning>},
    {Rule::temperature_spread, trip_after<&Limits::temperature_spread>},
    {Rule::cell_imbalance_warning, trip_after<&Limits::cell_imbalance_warning>},
    {Rule::cell_imbalance, trip_after<&Limits::cell_imbalance>},
    {Rule::insulation_low, trip_after<&Limits::insulation_low>},
};

TEST(SafetyRules, ActOnlyAfterTripAfterOfUninterruptedExcess) {  // SAF-042
  for (const RuleCase& c : kCases) {
    for (const Delayed& d : kDelayed) {
      if (d.rule != c.rule) continue;
      World w = up_to(c);
      d.trip_after(w.config.batteries[0].limits) = 1_s;
      const char* name = rule_info(c.rule).name;
      c.set(w.batteries[0], c.trip);
      w.run(10);  // Beyond it for 0.9 s.
      EXPECT_EQ(w.reason(c.rule), nullptr) << name;
      c.set(w.batteries[0], c.last_good);
      w.run();  // One value inside: the time starts again.
      c.set(w.batteries[0], c.trip);
      w.run(10);
      EXPECT_EQ(w.reason(c.rule), nullptr) << name;
      w.run();  // 1.0 s.
      ASSERT_NE(w.reason(c.rule), nullptr) << name;
      EXPECT_EQ(w.reason(c.rule)->cause, Cause::exceeded) << name;
    }
  }
}

TEST(SafetyRules, AWarningLowersNothing) {  // SAF-041
  World w;
  approach(w.settle(), set_soc, 5000, 1000);
  w.run();
  EXPECT_EQ(w.out.site, SafetyState::normal);
  EXPECT_EQ(w.verdict().discharge_current_max, 100'000_ma);
  ASSERT_EQ(w.verdict().reasons.size(), 1U);
  EXPECT_EQ(w.verdict().reasons[0].rule, Rule::soc_low_warning);
  ASSERT_EQ(w.out.events.size(), 1U);
  EXPECT_EQ(w.out.events[0].severity, Severity::warning);
  EXPECT_EQ(w.out.events[0].value, 1000);
}

TEST(SafetyRules, AReasonNamesTheCellOrSensor) {  // SAF-056
  World w;
  BatteryInputs& in = w.batteries[0];
  in.cell_max_element = 7;
  in.cell_min_element = 3;
  in.temp_max_element = 2;
  in.temp_min_element = 4;
  w.settle();
  set_imbalance(in, 40);
  approach(w, set_temperatures, 25'000, 3'000);
  w.run();
  const auto element = [&w](Rule rule) { return w.reason(rule) ? w.reason(rule)->element : 99; };
  EXPECT_EQ(element(Rule::cell_imbalance_warning), 7);
  EXPECT_EQ(element(Rule::temperature_low), 4);
  EXPECT_EQ(element(Rule::charge_temperature_derate), 2);  // Both the same: the hottest is named.
  in.temp_min->sample.value = 2'900_mdegc;
  w.run();
  EXPECT_EQ(element(Rule::charge_temperature_derate), 4);
  approach(w, set_cells, 3300, 2800);
  w.run();
  EXPECT_EQ(element(Rule::cell_voltage_low), 3);
  EXPECT_EQ(w.reason(Rule::cell_voltage_low)->value, 2800);
}

}  // namespace
}  // namespace ems::safety::test
