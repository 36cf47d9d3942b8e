// SPDX-License-Identifier: Apache-2.0
#include "ems/safety/kernel.hpp"

#include <gtest/gtest.h>

#include <string_view>

#include <map>
#include <string>

#include "unit/safety/fixture.hpp"

namespace ems::safety::test {
namespace {

TEST(SafetyKernel, StartsInhibitedAndNeedsFiveContinuousGoodSeconds) {  // SAF-002
  World w;
  w.judge();
  EXPECT_EQ(w.out.site, SafetyState::init);
  EXPECT_TRUE(w.verdict().reasons.full());  // The inhibits; the rest is counted.
  EXPECT_EQ(w.verdict().reasons_dropped, 1);
  EXPECT_EQ(w.out.inverters[0].ac, Interval{});
  EXPECT_TRUE(w.out.events.empty());
  w.run(49);
  EXPECT_EQ(w.out.site, SafetyState::init);
  EXPECT_FALSE(w.charges() || w.discharges());
  w.run();
  EXPECT_EQ(w.out.site, SafetyState::normal);
  EXPECT_TRUE(w.charges() && w.discharges());
  EXPECT_TRUE(w.verdict().reasons.empty());
  EXPECT_TRUE(w.out.events.empty());
}

TEST(SafetyKernel, ASilentBatteryIsInitWithinTheGraceAndSafeAfterIt) {  // SAF-002 SAF-017
  World w;
  w.batteries[0] = BatteryInputs{};
  w.judge();
  EXPECT_EQ(w.out.site, SafetyState::init);
  w.run(49);
  EXPECT_EQ(w.out.site, SafetyState::init);
  EXPECT_TRUE(w.out.events.empty());
  w.run();
  EXPECT_EQ(w.out.site, SafetyState::safe);
  EXPECT_EQ(w.events("cell_voltages_missing", true), 1);
  EXPECT_EQ(w.events("pack_voltage_missing", true), 1);
}

TEST(SafetyKernel, AFaultAtStartIsSafeNotInit) {  // SAF-002 SAF-018
  World w;
  w.batteries[0].cell_sum->terminals.sample.value = 0_mv;
  w.judge();
  EXPECT_EQ(w.out.site, SafetyState::safe);
  EXPECT_TRUE(w.verdict().plausibility_failed);
  EXPECT_EQ(w.events("sum_of_cells", true), 1);
}

TEST(SafetyKernel, InputsOfAnotherAssetOrTooFewCountAsMissing) {  // SAF-017
  World w;
  w.settle();
  w.batteries[0].asset = battery(2);
  w.run();
  EXPECT_EQ(w.out.site, SafetyState::safe);
  World none;
  none.settle();
  none.batteries.clear();
  none.run();
  EXPECT_EQ(none.out.site, SafetyState::safe);
  EXPECT_EQ(none.out.inverters[0].ac, Interval{});
}

TEST(SafetyKernel, AnotherBatteryInTheSamePlaceStartsAgain) {  // SAF-002
  World w;
  w.settle();
  w.config.batteries[0].asset = battery(7);
  w.batteries[0].asset = battery(7);
  w.run();
  EXPECT_FALSE(w.charges() || w.discharges());
}

TEST(SafetyKernel, SecondThresholdsLatchExactlyAtTheLimit) {  // SAF-005 SAF-009
  const struct {
    TripCause cause;
    void (*set)(BatteryInputs&, std::int32_t);
    std::int32_t below, at, healthy;
  } cases[] = {
      {TripCause::cell_overvoltage, set_cells, 3749, 3750, 3300},
      {TripCause::cell_undervoltage, set_cells, 2301, 2300, 3300},
      {TripCause::overtemperature, set_temperatures, 59'999, 60'000, 25'000},
      {TripCause::undertemperature, set_temperatures, -19'999, -20'000, 25'000},
  };
  for (const auto& c : cases) {
    World w;
    c.set(w.batteries[0], c.below);
    w.settle();
    w.run();
    EXPECT_FALSE(w.state.tripped()) << to_string(c.cause);
    c.set(w.batteries[0], c.at);
    w.run();
    ASSERT_EQ(w.state.latch().size(), 1U) << to_string(c.cause);
    EXPECT_EQ(w.state.latch()[0], (Trip{c.cause, battery(1), w.now}));
    EXPECT_EQ(w.out.site, SafetyState::tripped);
    EXPECT_EQ(w.verdict().state, SafetyState::tripped);
    EXPECT_EQ(w.out.inverters[0].command, CommandKind::stop);  // In the same tick.
    EXPECT_EQ(w.events(to_string(c.cause), true), 1);
    const ResetRequest request{Role::technician, "Ada", "sensor replaced"};
    EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, request));
    c.set(w.batteries[0], c.healthy);
    w.run(1000);
    EXPECT_EQ(w.out.site, SafetyState::tripped) << "a latch never clears itself";
    const Result<State> after = reset(w.state, w.config, w.inputs(), w.now, request);
    ASSERT_TRUE(after) << to_string(c.cause);
    w.state = *after;
    w.run();
    EXPECT_EQ(w.events(to_string(c.cause), false), 1);
    EXPECT_FALSE(w.charges() || w.discharges());  // Good health must be shown again.
    w.settle();
    EXPECT_EQ(w.out.site, SafetyState::normal);
  }
}

TEST(SafetyKernel, AnUnusableSampleDoesNotLatch) {  // SAF-005
  World w;
  w.settle();
  w.batteries[0].cell_voltage_max = taken(4000_mv, w.now, Quality::uncertain);
  w.run();
  EXPECT_FALSE(w.state.tripped());
  EXPECT_EQ(w.out.site, SafetyState::safe);
}

TEST(SafetyKernel, ACellThatTheTerminalsContradictIsSafeNotTripped) {  // SAF-005 SAF-018
  // Cells that sum to 54.0 V with one at 0.0 V, against 0.0 V at the terminals:
  // tests/vectors/bms_serial_jbd.json, jbd-cells-sp25s003 and jbd-basic-sp25s003.
  for (const bool low : {true, false}) {
    World w;
    w.settle();
    BatteryInputs& in = w.batteries[0];
    (low ? in.cell_voltage_min : in.cell_voltage_max)->sample.value = low ? 0_mv : 4000_mv;
    in.cell_sum->sum.sample.value = 54'000_mv;
    in.cell_sum->terminals.sample.value = 0_mv;
    w.run();
    EXPECT_FALSE(w.state.tripped());
    EXPECT_EQ(w.out.site, SafetyState::safe);
    EXPECT_TRUE(w.verdict().plausibility_failed);
    // Believed again as soon as the two agree: then the cell trips.
    in.cell_sum->terminals.sample.value = 54'000_mv;
    w.run();
    EXPECT_EQ(w.out.site, SafetyState::tripped);
    // A contradiction later is no proof that the cause is gone.
    (low ? in.cell_voltage_min : in.cell_voltage_max)->sample.value = 3300_mv;
    in.cell_sum->terminals.sample.value = 0_mv;
    w.run();
    EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, {Role::technician, "Ada", "none"}));
  }
}

TEST(SafetyKernel, EstopLatchesTheWholeSiteAndStopsInTheSameTick) {  // SAF-030 SAF-031
  World w;
  w.settle();
  w.estop = true;
  w.run();
  EXPECT_EQ(w.out.site, SafetyState::tripped);
  EXPECT_EQ(w.verdict().state, SafetyState::tripped);
  EXPECT_EQ(w.out.inverters[0].command, CommandKind::stop);
  EXPECT_EQ(w.out.inverters[0].ac, Interval{});
  EXPECT_FALSE(w.charges() || w.discharges());
  EXPECT_EQ(w.events("estop", true), 1);
  w.estop = false;
  w.run(1000);
  EXPECT_EQ(w.out.site, SafetyState::tripped);
  EXPECT_EQ(w.events("estop", true), 0);
}

TEST(SafetyKernel, EstopLatchesFromTheDefaultState) {  // SAF-030
  World w;
  w.estop = true;
  w.judge();
  EXPECT_EQ(w.out.site, SafetyState::tripped);
  EXPECT_EQ(w.out.inverters[0].command, CommandKind::stop);
}

TEST(SafetyKernel, ATripOfOneBatteryStopsOnlyItsInverters) {  // SAF-031
  World w;
  w.config.batteries.push_back(battery_config(battery(2)));
  w.config.inverters.push_back(inverter_config(2, inverter(2)));
  w.batteries.push_back(healthy(w.now, battery(2)));
  w.inverters.push_back({inverter(2), std::nullopt});
  w.settle();
  w.batteries[1].cell_voltage_max->sample.value = 3750_mv;
  w.run();
  EXPECT_EQ(w.out.site, SafetyState::tripped);
  EXPECT_EQ(w.out.inverters[1].command, CommandKind::stop);
  EXPECT_EQ(w.out.inverters[0].command, CommandKind::follow);
  EXPECT_EQ(w.verdict(0).state, SafetyState::normal);
}

TEST(SafetyKernel, OpensOnceTheCurrentIsBelowTheBreakingLimitOrAfterOneSecond) {  // SAF-031
  const struct {
    const char* why;
    OptionalInput<MilliAmp> current;
    MilliAmp breaking;
    int open_at_tick;  ///< Counted from the trip's tick, 0.
  } cases[] = {
      {"below at once, but never in the trip's own tick", taken(4'999_ma, Instant{}), 5'000_ma, 1},
      {"below while charging", taken(-MilliAmp{4'999}, Instant{}), 5'000_ma, 1},
      {"exactly at the limit", taken(5'000_ma, Instant{}), 5'000_ma, 10},
      {"charging at the limit", taken(-MilliAmp{5'000}, Instant{}), 5'000_ma, 10},
      {"unknown current", std::nullopt, 5'000_ma, 10},
      {"unknown breaking limit", taken(0_ma, Instant{}), 0_ma, 10},
  };
  for (const auto& c : cases) {
    World w;
    w.config.batteries[0].breaking_current_max = c.breaking;
    w.settle();
    w.batteries[0].pack_current = c.current;
    w.estop = true;
    for (int tick = 0; tick <= 11; ++tick) {
      w.run();
      EXPECT_EQ(w.out.inverters[0].command,
                tick < c.open_at_tick ? CommandKind::stop : CommandKind::open)
          << c.why << " tick " << tick;
    }
  }
}

TEST(SafetyKernel, ALatchSurvivesARestart) {  // SAF-032
  World w;
  w.settle();
  w.batteries[0].cell_voltage_max->sample.value = 3800_mv;
  w.run();
  const Latch stored = w.state.latch();
  World again;
  again.state = State::restore_latch(stored, again.now);
  again.settle();
  EXPECT_EQ(again.out.site, SafetyState::tripped);
  EXPECT_EQ(again.state.latch()[0].cause, TripCause::cell_overvoltage);
  EXPECT_EQ(again.out.inverters[0].command, CommandKind::open);
  EXPECT_FALSE(State::restore_latch(Latch{}, again.now).tripped());
}

TEST(SafetyKernel, AnUnreadableLatchStartsTripped) {  // SAF-032
  World w;
  w.state = State::tripped_unreadable(w.now);
  w.judge();
  EXPECT_EQ(w.out.site, SafetyState::tripped);
  EXPECT_EQ(w.out.inverters[0].command, CommandKind::stop);
  const ResetRequest request{Role::technician, "Ada", "store replaced"};
  w.batteries[0].temp_max.reset();  // One battery cannot be judged.
  EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, request));
  w.batteries[0] = healthy(w.now);
  EXPECT_TRUE(reset(w.state, w.config, w.inputs(), w.now, request));
}

TEST(SafetyKernel, ATripOfABatteryThatIsGoneTripsTheSite) {  // SAF-032
  World w;
  Latch latch;
  latch.push_back({TripCause::cell_overvoltage, battery(5), Instant{}});
  w.state = State::restore_latch(latch, w.now);
  w.settle();
  EXPECT_EQ(w.out.inverters[0].command, CommandKind::open);
  const ResetRequest request{Role::technician, "Ada", "battery removed"};
  w.batteries[0].cell_voltage_max->sample.value = 3750_mv;
  EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, request));
  w.batteries[0] = healthy(w.now);
  EXPECT_TRUE(reset(w.state, w.config, w.inputs(), w.now, request));
}

TEST(SafetyKernel, ResetNeedsARoleANameACauseAndAClearedCondition) {  // SAF-033
  World w;
  w.settle();
  w.estop = true;
  w.run();
  const struct {
    const char* why;
    ResetRequest request;
    Errc code;
    std::uint16_t offset;
  } cases[] = {
      {"viewer", {Role::viewer, "Ada", "tested"}, Errc::permission_denied, 0},
      {"operator", {Role::operator_, "Ada", "tested"}, Errc::permission_denied, 0},
      {"unknown role", {static_cast<Role>(9), "Ada", "tested"}, Errc::permission_denied, 0},
      {"no name", {Role::technician, "", "tested"}, Errc::invalid_argument, 1},
      {"blank name", {Role::technician, " \t", "tested"}, Errc::invalid_argument, 1},
      {"no cause", {Role::technician, "Ada", ""}, Errc::invalid_argument, 2},
      {"e-stop still asked for", {Role::technician, "Ada", "tested"}, Errc::failed_precondition, 1},
  };
  for (const auto& c : cases) {
    const Result<State> result = reset(w.state, w.config, w.inputs(), w.now, c.request);
    ASSERT_FALSE(result) << c.why;
    EXPECT_EQ(result.error().code, c.code) << c.why;
    EXPECT_EQ(result.error().offset, c.offset) << c.why;
  }
  const ResetRequest good{Role::technician, "Ada", "button released"};
  w.estop = false;
  const Result<State> after = reset(w.state, w.config, w.inputs(), w.now, good);
  ASSERT_TRUE(after);
  EXPECT_FALSE(after->tripped());
  const Result<State> nothing = reset(*after, w.config, w.inputs(), w.now, good);
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, Errc::failed_precondition);
}

TEST(SafetyKernel, ResetDoesNotAcceptAStaleProof) {  // SAF-033
  World w;
  w.settle();
  w.batteries[0].cell_voltage_max->sample.value = 3800_mv;
  w.run();
  w.batteries[0].cell_voltage_max->sample.value = 3300_mv;
  const ResetRequest request{Role::technician, "Ada", "discharged"};
  EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now + 2_s, request));
  w.estop = true;  // Asked for since the last cycle: not yet latched, but there.
  EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, request));
  w.estop = false;
  EXPECT_TRUE(reset(w.state, w.config, w.inputs(), w.now, request));
}

TEST(SafetyKernel, LateTicksWarnAtThreeAndAreSafeAtTen) {  // SAF-028
  const struct {
    Duration gap;
    std::int64_t late;
    bool warn, safe;
  } cases[] = {{100_ms, 0, false, false},
               {399_ms, 2, false, false},
               {400_ms, 3, true, false},
               {1'099_ms, 9, true, false},
               {1'100_ms, 10, true, true}};
  for (const auto& c : cases) {
    World w;
    w.settle();
    w.now = w.now + c.gap;
    w.refresh();
    w.judge();
    EXPECT_EQ(w.out.late_ticks, c.late) << c.gap.count();
    EXPECT_EQ(w.events("tick_late", true), c.warn ? 1 : 0) << c.gap.count();
    EXPECT_EQ(w.events("control_late", true), c.safe ? 1 : 0) << c.gap.count();
    EXPECT_EQ(w.out.site, c.safe ? SafetyState::safe : SafetyState::normal) << c.gap.count();
    EXPECT_EQ(w.out.inverters[0].ac == Interval{}, c.safe) << c.gap.count();
  }
}

TEST(SafetyKernel, LateAtTheStartIsSafeAndNotInit) {  // SAF-028
  World w;
  ASSERT_EQ(w.run().batteries[0].state, SafetyState::init);
  w.now = w.now + 2_s;
  EXPECT_EQ(w.run().batteries[0].state, SafetyState::safe);
}

TEST(SafetyKernel, LateClearsAfterTenGoodTicksInARow) {  // SAF-028
  World w;
  w.settle();
  w.now = w.now + 2_s;
  w.refresh();
  w.judge();
  w.run(9);
  EXPECT_EQ(w.out.site, SafetyState::safe);
  w.now = w.now + 400_ms;  // Late by three: the count starts again.
  w.refresh();
  w.judge();
  for (int i = 0; i < 50; ++i) w.judge();  // The same moment again proves nothing.
  w.run(9);
  EXPECT_EQ(w.out.site, SafetyState::safe);
  w.run();
  EXPECT_EQ(w.out.site, SafetyState::normal);
  EXPECT_EQ(w.events("control_late", false), 1);
}

TEST(SafetyKernel, TimeGoingBackwardsIsSafe) {  // SAF-029
  World w;
  w.settle();
  w.now = w.now - 1_us;
  w.refresh();
  w.judge();
  EXPECT_EQ(w.out.site, SafetyState::safe);
  EXPECT_EQ(w.out.inverters[0].ac, Interval{});
}

TEST(SafetyKernel, AnInvalidOrEmptyConfigurationIsSafeAndStops) {  // SAF-034
  const struct {
    const char* why;
    void (*spoil)(Config&);
    Errc code;
  } cases[] = {
      {"no battery", [](Config& c) { c.batteries.clear(); }, Errc::not_found},
      {"too wide", [](Config& c) { c.batteries[0].limits.soc_max.trip = 9801_bp; }, Errc::too_wide},
      {"no cells", [](Config& c) { c.batteries[0].cells_in_series = 0; }, Errc::out_of_range},
      {"no battery asset", [](Config& c) { c.batteries[0].asset = meter(1); }, Errc::out_of_range},
      {"a module", [](Config& c) { c.batteries[0].asset.module = 1; }, Errc::out_of_range},
      {"negative breaking current",
       [](Config& c) { c.batteries[0].breaking_current_max = -MilliAmp{1}; }, Errc::out_of_range},
      {"battery twice", [](Config& c) { c.batteries.push_back(battery_config()); },
       Errc::already_exists},
      {"inverter twice", [](Config& c) { c.inverters.push_back(inverter_config()); },
       Errc::already_exists},
      {"inverter without battery", [](Config& c) { c.inverters[0].batteries = 0; },
       Errc::not_found},
      {"inverter with a missing battery", [](Config& c) { c.inverters[0].batteries = 3; },
       Errc::not_found},
      {"not an inverter", [](Config& c) { c.inverters[0].asset = battery(1); }, Errc::out_of_range},
      {"no charge rating", [](Config& c) { c.inverters[0].charge_max = 0_w; }, Errc::out_of_range},
      {"no discharge rating", [](Config& c) { c.inverters[0].discharge_max = 0_w; },
       Errc::out_of_range},
      {"charge rating above the nameplate", [](Config& c) { c.inverters[0].charge_max = 10'001_w; },
       Errc::out_of_range},
      {"discharge rating above the nameplate",
       [](Config& c) { c.inverters[0].discharge_max = 10'001_w; }, Errc::out_of_range},
      {"no efficiency", [](Config& c) { c.inverters[0].efficiency = 0_bp; }, Errc::out_of_range},
      {"efficiency above 1", [](Config& c) { c.inverters[0].efficiency = 10'001_bp; },
       Errc::out_of_range},
      {"no period", [](Config& c) { c.tick_period = 0_s; }, Errc::out_of_range},
      {"period above 1 s", [](Config& c) { c.tick_period = 1'000'001_us; }, Errc::out_of_range},
      {"negative grace", [](Config& c) { c.start_grace = -1_us; }, Errc::out_of_range},
  };
  for (const auto& c : cases) {
    World w;
    w.settle();
    c.spoil(w.config);
    const Result<void> checked = validate(w.config);
    ASSERT_FALSE(checked) << c.why;
    EXPECT_EQ(checked.error().code, c.code) << c.why;
    w.judge();
    EXPECT_EQ(w.out.site, SafetyState::safe) << c.why;
    EXPECT_EQ(w.events("configuration_invalid", true), 1) << c.why;
    for (const InverterVerdict& v : w.out.inverters) {
      EXPECT_EQ(v.command, CommandKind::stop) << c.why;
      EXPECT_EQ(v.ac, Interval{}) << c.why;
    }
    for (const BatteryVerdict& v : w.out.batteries) {
      EXPECT_EQ(v.charge_current_max, MilliAmp::zero()) << c.why;
      EXPECT_EQ(v.discharge_current_max, MilliAmp::zero()) << c.why;
    }
    w.estop = true;
    w.judge();
    EXPECT_EQ(w.out.site, SafetyState::tripped) << c.why;
  }
}

TEST(SafetyKernel, CurrentsThatNobodyNamedAreSafe) {  // SAF-034
  World w;
  w.config.batteries[0].limits = default_limits(Chemistry::lfp);
  w.settle();
  EXPECT_EQ(w.out.site, SafetyState::safe);
  EXPECT_EQ(w.out.inverters[0].ac, Interval{});
}

TEST(SafetyKernel, EventsThatDoNotFitComeWithTheNextCycle) {  // SAF-035
  World w;
  for (std::uint16_t i = 2; i <= kMaxBatteries; ++i) {
    w.config.batteries.push_back(battery_config(battery(i)));
    w.batteries.push_back(healthy(w.now, battery(i)));
  }
  w.settle();
  for (BatteryInputs& in : w.batteries) {
    in.cell_voltage_max->sample.value = 3700_mv;
    in.cell_voltage_min->sample.value = 2400_mv;
    in.soc.reset();
    in.pack_current.reset();
    in.temp_max.reset();
    in.pack_voltage.reset();
    in.cell_sum->sum.sample.value = 60'000_mv;
    in.charge_fet_on = taken(Flag{0}, w.now);
    in.discharge_fet_on = taken(Flag{0}, w.now);
    in.charge_current_limit = taken(0_ma, w.now);
    in.discharge_current_limit = taken(0_ma, w.now);
  }
  std::map<std::string, int> raised;
  int cycles = 0;
  do {
    w.run();
    for (const Event& event : w.out.events) raised[event.name] += event.active;
    ++cycles;
  } while (!w.out.events.empty() && cycles < 10);
  EXPECT_GT(cycles, 2);  // More than one cycle holds.
  EXPECT_GE(raised.size(), 7U);
  for (const char* name :
       {"cell_overvoltage", "cell_undervoltage", "sum_of_cells", "bms_charge_off",
        "bms_discharge_off", "bms_charge_limit", "bms_discharge_limit"})
    EXPECT_EQ(raised.count(name), 1U) << name;
  for (const auto& [name, times] : raised)
    EXPECT_EQ(times, static_cast<int>(kMaxBatteries)) << name;
}

}  // namespace
}  // namespace ems::safety::test
