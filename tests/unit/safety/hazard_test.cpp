// SPDX-License-Identifier: Apache-2.0
/// @file Hazard inputs, the BMS's own alarms, and what latches: insulation, smoke, gas, delays,
/// and whom a trip concerns.
#include <gtest/gtest.h>

#include <array>
#include <bit>

#include "unit/safety/fixture.hpp"

namespace ems::safety::test {
namespace {

const ResetRequest kReset{Role::technician, "Ada", "found and put right"};

/// A hazard input of a battery: how it looks when all is well, and how when it is not.
struct HazardCase {
  HazardInput input;
  Signal signal;
  void (*well)(World&);
  void (*spoil)(BatteryInputs&, int how);  ///< 0 absent, 1 stale, 2 uncertain, 3 bad, 4 future
};
template <auto Member>
void spoil_of(BatteryInputs& in, int how) {
  auto& input = in.*Member;
  switch (how) {
    case 0:
      return input.reset();
    case 1:
      input->sample.taken_at = input->sample.taken_at - 2_s;
      return;
    case 2:
      input->sample.quality = Quality::uncertain;
      return;
    case 3:
      input->sample.quality = Quality::bad;
      return;
    default:
      input->sample.taken_at = input->sample.taken_at + 1_us;
  }
}
constexpr HazardCase kHazards[] = {
    {HazardInput::insulation, Signal::insulation_resistance,
     [](World& w) { w.batteries[0].insulation_resistance = taken(KiloOhm{5'000}, w.now); },
     spoil_of<&BatteryInputs::insulation_resistance>},
    {HazardInput::smoke, Signal::smoke_detected,
     [](World& w) { w.batteries[0].smoke_detected = taken(Flag{0}, w.now); },
     spoil_of<&BatteryInputs::smoke_detected>},
    {HazardInput::gas, Signal::gas_detected,
     [](World& w) { w.batteries[0].gas_detected = taken(Flag{0}, w.now); },
     spoil_of<&BatteryInputs::gas_detected>},
    {HazardInput::contactor, Signal::contactor_closed,
     [](World& w) { w.batteries[0].contactor_closed = taken(Flag{1}, w.now); },
     spoil_of<&BatteryInputs::contactor_closed>},
};

TEST(SafetyHazard, AnInputThatIsWiredOrWasGivenOnceIsNeeded) {  // SAF-051
  for (const HazardCase& c : kHazards) {
    World declared;
    declared.config.batteries[0].hazards_wired = hazard_bit(c.input);
    declared.settle();  // Never given.
    ASSERT_NE(declared.reason(Rule::hazard_input_missing), nullptr);
    EXPECT_EQ(declared.reason(Rule::hazard_input_missing)->signal, c.signal);
    EXPECT_EQ(declared.verdict().state, SafetyState::safe);
    EXPECT_FALSE(declared.charges() || declared.discharges());
    c.well(declared);
    declared.run(51);
    EXPECT_TRUE(declared.charges() && declared.discharges());

    for (int how = 0; how < 5; ++how) {
      World w;
      c.well(w);
      w.settle();
      EXPECT_EQ(w.out.site, SafetyState::normal);
      w.now = w.now + w.config.tick_period;
      w.refresh();
      c.spoil(w.batteries[0], how);
      w.judge();
      ASSERT_NE(w.reason(Rule::hazard_input_missing), nullptr) << how;
      EXPECT_EQ(w.reason(Rule::hazard_input_missing)->cause, Cause::missing);
      EXPECT_EQ(w.reason(Rule::hazard_input_missing)->signal, c.signal);
      EXPECT_EQ(w.events("hazard_input_missing", true), 1);
      EXPECT_FALSE(w.charges() || w.discharges());
      EXPECT_FALSE(w.state.tripped());
      c.well(w);
      w.run(50);
      EXPECT_FALSE(w.charges());
      w.run();
      EXPECT_TRUE(w.charges() && w.discharges());
    }
  }
  World none;  // A site without any of them works.
  EXPECT_EQ(none.settle().out.site, SafetyState::normal);
}

TEST(SafetyHazard, SmokeAndGasLatchAtOnceAtAnythingButZero) {  // SAF-050
  for (const std::int32_t value : {1, 2, -1}) {
    for (const bool smoke : {true, false}) {
      World w;
      w.config.batteries[0].limits.latch_after = 1_s;  // Does not hold for these two.
      auto& input = smoke ? w.batteries[0].smoke_detected : w.batteries[0].gas_detected;
      input = taken(Flag{0}, w.now);
      w.settle();
      EXPECT_FALSE(w.state.tripped());
      input->sample.value = Flag{value};
      w.run();
      ASSERT_EQ(w.state.latch().size(), 1U);
      const TripCause cause = smoke ? TripCause::smoke : TripCause::gas;
      EXPECT_EQ(w.state.latch()[0], (Trip{cause, battery(1), w.now}));
      EXPECT_EQ(w.out.inverters[0].command, CommandKind::stop);
      EXPECT_EQ(w.events(smoke ? "smoke_trip" : "gas_trip", true), 1);
      EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, kReset));
      input->sample.value = Flag{0};
      input->sample.quality = Quality::bad;  // No proof.
      EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, kReset));
      input->sample.quality = Quality::good;
      EXPECT_TRUE(reset(w.state, w.config, w.inputs(), w.now, kReset));
    }
  }
}

TEST(SafetyHazard, InsulationLatchesAtItsSecondThreshold) {  // SAF-049
  World w;
  w.batteries[0].insulation_resistance = taken(KiloOhm{101}, w.now);
  w.settle();
  EXPECT_FALSE(w.state.tripped());
  EXPECT_TRUE(w.charges());
  ASSERT_NE(w.reason(Rule::insulation_low), nullptr);
  EXPECT_EQ(w.reason(Rule::insulation_low)->action, Action::warn);
  w.batteries[0].insulation_resistance->sample.value = KiloOhm{100};
  w.run();
  ASSERT_TRUE(w.state.tripped());
  EXPECT_EQ(w.state.latch()[0].cause, TripCause::insulation);
  EXPECT_EQ(to_string(TripCause::insulation), "insulation_trip");
  EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, kReset));
  w.batteries[0].insulation_resistance->sample.value = KiloOhm{101};
  EXPECT_TRUE(reset(w.state, w.config, w.inputs(), w.now, kReset));
}

TEST(SafetyHazard, ALatchWaitsForLatchAfterOfUninterruptedExcess) {  // SAF-042
  World w;
  w.config.batteries[0].limits.latch_after = 500_ms;
  set_cells(w.batteries[0], 3749);
  w.settle();
  set_cells(w.batteries[0], 3750);
  w.run(5);  // 0.4 s.
  EXPECT_FALSE(w.state.tripped());
  EXPECT_FALSE(w.charges());
  set_cells(w.batteries[0], 3749);
  w.run();  // Inside once: it starts again.
  set_cells(w.batteries[0], 3750);
  w.run(5);
  EXPECT_FALSE(w.state.tripped());
  // What cannot be judged lets the time stand.
  w.batteries[0].cell_voltage_max->sample.quality = Quality::bad;
  w.run(3);
  EXPECT_FALSE(w.state.tripped());
  w.batteries[0].cell_voltage_max->sample.quality = Quality::good;
  w.run();
  EXPECT_TRUE(w.state.tripped());
}

TEST(SafetyHazard, TheEstopNeverWaits) {  // SAF-030 SAF-042
  World w;
  w.config.batteries[0].limits.latch_after = 1_s;
  w.settle();
  w.estop = true;
  w.run();
  EXPECT_TRUE(w.state.tripped());
}

// ---- The BMS's alarms ------------------------------------------------------------------------

/// Directions that each bit must forbid, said here: 1 charge, 2 discharge, 3 both.
constexpr int kForbids[] = {1, 2, 1, 2, 1, 2, 3, 1, 1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2};

TEST(SafetyAlarms, EachProtectionForbidsItsDirection) {  // SAF-052
  for (unsigned bit = 0; bit < 64; ++bit) {
    World w;
    w.batteries[0].alarms = taken(AlarmBits{0}, w.now);
    w.settle();
    ASSERT_EQ(w.out.site, SafetyState::normal);
    const std::uint64_t bits = std::uint64_t{1} << bit;
    w.batteries[0].alarms->sample.value = AlarmBits{std::bit_cast<std::int64_t>(bits)};
    w.run();
    const int forbids = bit < std::size(kForbids) ? kForbids[bit] : 3;
    EXPECT_EQ(w.charges(), (forbids & 1) == 0) << bit;
    EXPECT_EQ(w.discharges(), (forbids & 2) == 0) << bit;
    const Reason* reason = w.reason(Rule::bms_alarm);
    ASSERT_NE(reason, nullptr);
    EXPECT_EQ(static_cast<int>(reason->direction), forbids) << bit;
    EXPECT_EQ(reason->value, bit < 31 ? 1 << bit : 0);
    EXPECT_EQ(w.events("bms_alarm", true), 1);
    w.batteries[0].alarms->sample.value = AlarmBits{0};
    w.run(50);
    EXPECT_EQ(w.charges(), (forbids & 1) == 0) << bit;
    w.run();
    EXPECT_TRUE(w.charges() && w.discharges()) << bit;
    EXPECT_EQ(w.events("bms_alarm", false), 1);
  }
}

TEST(SafetyAlarms, DirectionsAddUpUntilAllIsClear) {  // SAF-052
  World w;
  w.batteries[0].alarms = taken(AlarmBits{0}, w.now);
  w.settle();
  const auto set = [&w](std::int64_t bits) {
    w.batteries[0].alarms->sample.value = AlarmBits{bits};
  };
  set(1);  // Cell over-voltage.
  w.run();
  EXPECT_TRUE(w.discharges());
  set(2);  // Cell under-voltage instead.
  w.run();
  EXPECT_FALSE(w.charges() || w.discharges());
  set(0);
  w.run(51);
  EXPECT_TRUE(w.charges() && w.discharges());
  set(2);  // What was forbidden before does not come back.
  w.run();
  EXPECT_TRUE(w.charges());
  EXPECT_FALSE(w.discharges());
}

TEST(SafetyAlarms, SilentAlarmsForbidBothAndClearNothing) {  // SAF-053
  World w;
  w.config.batteries[0].bms_required = bms_bit(BmsSignal::alarms);
  w.settle();
  EXPECT_NE(w.reason(Rule::bms_alarm_unknown), nullptr);
  EXPECT_EQ(w.verdict().state, SafetyState::safe);

  World v;
  v.batteries[0].alarms = taken(AlarmBits{0}, v.now);
  v.settle();
  v.batteries[0].alarms->sample.value = AlarmBits{1};
  v.run();
  v.batteries[0].alarms.reset();
  v.run(100);
  EXPECT_FALSE(v.charges() || v.discharges());
  ASSERT_NE(v.reason(Rule::bms_alarm_unknown), nullptr);
  EXPECT_EQ(v.reason(Rule::bms_alarm_unknown)->cause, Cause::missing);
  ASSERT_NE(v.reason(Rule::bms_alarm), nullptr);  // Over-voltage was the last word.
  v.batteries[0].alarms = taken(AlarmBits{0}, v.now);
  v.run(51);
  EXPECT_TRUE(v.charges() && v.discharges());
}

// ---- Whom a trip concerns --------------------------------------------------------------------

/// Battery 1 on inverters 1 and 2; battery 2 on inverter 3.
World three_inverters() {
  World w;
  w.config.batteries.push_back(battery_config(battery(2)));
  w.batteries.push_back(healthy(w.now, battery(2)));
  w.config.inverters.push_back(inverter_config(1, inverter(2)));
  w.config.inverters.push_back(inverter_config(2, inverter(3)));
  w.inverters.push_back({inverter(2), std::nullopt, taken(0_w, w.now)});
  w.inverters.push_back({inverter(3), std::nullopt});
  return w;
}

TEST(SafetyTrip, AnInvertersTripStopsItAndItsBatteries) {  // SAF-054
  World w = three_inverters();
  Latch latch;
  latch.push_back({TripCause::limit_disobeyed, inverter(2), Instant{}});
  w.state = State::restore_latch(latch, w.now);
  w.settle();
  EXPECT_EQ(w.verdict(0).state, SafetyState::tripped);
  EXPECT_EQ(w.verdict(1).state, SafetyState::normal);
  EXPECT_EQ(w.out.inverters[1].command, CommandKind::open);
  EXPECT_EQ(w.out.inverters[1].state, SafetyState::tripped);
  // The other inverter on that battery has nothing left to move.
  EXPECT_EQ(w.out.inverters[0].ac, Interval{});
  EXPECT_EQ(w.out.inverters[2].command, CommandKind::follow);
  EXPECT_LT(w.out.inverters[2].ac.lo, 0_w);
  // Reset: with the inverter's power known to be none.
  w.inverters[1].active_power->sample.value = 3'000_w;
  EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, kReset));
  w.inverters[1].active_power.reset();
  EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, kReset));
  w.inverters[1].active_power = taken(0_w, w.now);
  const Result<State> after = reset(w.state, w.config, w.inputs(), w.now, kReset);
  ASSERT_TRUE(after);
  EXPECT_FALSE(after->tripped());
}

TEST(SafetyTrip, AnAssetThatIsGoneTripsTheSite) {  // SAF-032 SAF-054
  World w;
  Latch latch;
  latch.push_back({TripCause::limit_disobeyed, inverter(9), Instant{}});
  w.state = State::restore_latch(latch, w.now);
  w.settle();
  EXPECT_EQ(w.verdict().state, SafetyState::tripped);
  EXPECT_EQ(w.out.inverters[0].command, CommandKind::open);
  // All batteries inside every threshold are its proof, the hazards that are wired included.
  w.config.batteries[0].hazards_wired = hazard_bit(HazardInput::smoke);
  EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, kReset));
  w.batteries[0].smoke_detected = taken(Flag{0}, w.now);
  EXPECT_TRUE(reset(w.state, w.config, w.inputs(), w.now, kReset));
  w.batteries[0].gas_detected = taken(Flag{1}, w.now);
  EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, kReset));
}

TEST(SafetyTrip, ABatterysDisobedienceNeedsItsCurrentToRest) {  // SAF-033
  World w;
  w.settle();
  Latch latch;
  latch.push_back({TripCause::limit_disobeyed, battery(1), Instant{}});
  w.state = State::restore_latch(latch, w.now);
  w.batteries[0].pack_current->sample.value = 20'000_ma;
  EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, kReset));
  w.batteries[0].pack_current->sample.value = 0_ma;
  const auto at_rest = w.batteries[0].pack_current;
  w.batteries[0].pack_current.reset();
  EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, kReset)) << "nobody knows that it rests";
  w.batteries[0].pack_current = at_rest;
  EXPECT_TRUE(reset(w.state, w.config, w.inputs(), w.now, kReset));
}

TEST(SafetyTrip, AContactorsDisagreementNeedsItToAgree) {  // SAF-033
  World w;
  w.settle();
  Latch latch;
  latch.push_back({TripCause::contactor, battery(1), Instant{}});
  w.state = State::restore_latch(latch, w.now);
  EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, kReset));  // No feedback, no proof.
  w.batteries[0].contactor_closed = taken(Flag{0}, w.now);
  w.batteries[0].contactor_commanded = taken(Flag{1}, w.now);
  EXPECT_FALSE(reset(w.state, w.config, w.inputs(), w.now, kReset));
  w.batteries[0].contactor_commanded = taken(Flag{0}, w.now);
  EXPECT_TRUE(reset(w.state, w.config, w.inputs(), w.now, kReset));
}

TEST(SafetyTrip, ARestoredTripThatMakesNoSenseStillNeedsAReset) {  // SAF-032
  // A stored latch is bytes: any cause may stand beside any asset.
  for (int cause = 0; cause <= static_cast<int>(TripCause::limit_disobeyed); ++cause) {
    for (const AssetId asset :
         {kSite, battery(1), battery(9), inverter(1), inverter(9), meter(1)}) {
      World w;
      w.inverters[0].active_power = taken(0_w, w.now);
      w.batteries[0].smoke_detected = w.batteries[0].gas_detected = taken(Flag{0}, w.now);
      w.batteries[0].insulation_resistance = taken(KiloOhm{5'000}, w.now);
      w.batteries[0].contactor_closed = w.batteries[0].contactor_commanded = taken(Flag{1}, w.now);
      Latch latch;
      latch.push_back({static_cast<TripCause>(cause), asset, Instant{}});
      w.state = State::restore_latch(latch, w.now);
      EXPECT_EQ(w.settle().out.site, SafetyState::tripped);
      EXPECT_TRUE(reset(w.state, w.config, w.inputs(), w.now, kReset)) << cause;
    }
  }
}

TEST(SafetyTrip, AResetStartsEverythingAgain) {  // SAF-033
  World w;
  w.batteries[0].alarms = taken(AlarmBits{0}, w.now);
  w.settle();
  w.batteries[0].pack_current->sample.value = 110'000_ma;
  w.run(25);  // Half of what it may bear.
  w.estop = true;
  w.run();
  w.batteries[0].pack_current->sample.value = 100'000_ma;
  w.estop = false;
  w.run();
  const Result<State> after = reset(w.state, w.config, w.inputs(), w.now, kReset);
  ASSERT_TRUE(after);
  w.state = *after;
  w.batteries[0].alarms.reset();  // Given once: still needed.
  w.run();
  EXPECT_FALSE(w.charges() || w.discharges());
  w.settle();
  EXPECT_NE(w.reason(Rule::bms_alarm_unknown), nullptr);
}

TEST(SafetyTrip, EveryTripIsAnnouncedOnceHoweverMany) {  // SAF-035
  World w;
  for (std::uint16_t i = 2; i <= kMaxBatteries; ++i) {
    w.config.batteries.push_back(battery_config(battery(i)));
    w.batteries.push_back(healthy(w.now, battery(i)));
  }
  for (BatteryInputs& in : w.batteries) {
    in.smoke_detected = in.gas_detected = taken(Flag{0}, w.now);
    in.insulation_resistance = taken(KiloOhm{5'000}, w.now);
  }
  w.settle();
  const auto count = [&w](bool active) {
    int trips = 0;
    for (int i = 0; i < 10; ++i) {
      w.run();
      for (const Event& event : w.out.events) {
        trips += std::string_view(event.name).ends_with("_trip") && event.active == active;
      }
    }
    return trips;
  };
  StaticVector<BatteryInputs, kMaxBatteries> well = w.batteries;
  for (BatteryInputs& in : w.batteries) {
    in.cell_voltage_max->sample.value = 3800_mv;
    in.cell_voltage_min->sample.value = 2200_mv;
    in.temp_max->sample.value = 70'000_mdegc;
    in.temp_min->sample.value = -MilliCelsius{30'000};
    in.smoke_detected->sample.value = in.gas_detected->sample.value = Flag{1};
    in.insulation_resistance->sample.value = KiloOhm{0};
  }
  const int all = 7 * static_cast<int>(kMaxBatteries);
  ASSERT_GT(all, static_cast<int>(kMaxEvents));
  EXPECT_EQ(count(true), all);
  EXPECT_EQ(w.state.latch().size(), static_cast<std::size_t>(all));
  w.batteries = well;
  w.run();
  const Result<State> after = reset(w.state, w.config, w.inputs(), w.now, kReset);
  ASSERT_TRUE(after);
  w.state = *after;
  EXPECT_EQ(count(false), all);
}

TEST(SafetyTrip, WithoutAnyInputsNothingIsReset) {  // SAF-033
  World w;
  w.state = State::tripped_unreadable(w.now);
  w.settle();
  EXPECT_FALSE(reset(w.state, w.config, {{}, {}, false}, w.now, kReset));
  EXPECT_TRUE(reset(w.state, w.config, w.inputs(), w.now, kReset));
}

TEST(SafetyTrip, AClockBeforeTheTripOpensAtOnce) {  // SAF-029 SAF-031
  World w;
  w.batteries[0].pack_current->sample.value = 50'000_ma;  // Above the breaking limit.
  w.settle();
  w.estop = true;
  w.run();
  EXPECT_EQ(w.out.inverters[0].command, CommandKind::stop);
  w.now = w.now - 500_ms;
  w.refresh();
  w.judge();
  EXPECT_EQ(w.out.inverters[0].command, CommandKind::open);
}

TEST(SafetyTrip, AClockBeforeTheStartEndsTheGrace) {  // SAF-029 SAF-002
  World w;
  w.batteries[0] = BatteryInputs{};
  w.judge();
  EXPECT_TRUE(w.out.events.empty());
  w.now = w.now - 1_s;
  w.judge();
  EXPECT_EQ(w.events("configuration_invalid", true), 0);
  EXPECT_EQ(w.events("control_late", true), 1);
}

TEST(SafetyNames, EveryStateAndCauseHasItsOwn) {  // SAF-035
  const char* states[] = {"init", "normal", "derated", "safe", "tripped", "tripped"};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(to_string(static_cast<SafetyState>(i)), states[i]);
  const char* causes[] = {"latch_unreadable",
                          "estop",
                          "cell_overvoltage_trip",
                          "cell_undervoltage_trip",
                          "overtemperature_trip",
                          "undertemperature_trip",
                          "smoke_trip",
                          "gas_trip",
                          "insulation_trip",
                          "contactor_trip",
                          "limit_disobeyed_trip",
                          "latch_unreadable"};
  for (int i = 0; i < 12; ++i) EXPECT_EQ(to_string(static_cast<TripCause>(i)), causes[i]);
  EXPECT_EQ(to_string(Cause::exceeded), "exceeded");
  EXPECT_EQ(to_string(Cause::missing), "missing");
  EXPECT_EQ(to_string(Cause::waiting), "waiting");
}

// ---- Inputs of the site ----------------------------------------------------------------------

TEST(SafetyEstop, AnInputThatIsPressedSilentOrNeverGivenStops) {  // SAF-059
  std::array<ImageEntry, 4> storage{};
  ProcessImage image(storage);
  const Instant now{1000_s};
  const auto set = [&image](AssetId asset, std::int64_t value, Instant at, Quality quality) {
    ASSERT_TRUE(image.set({{asset, Signal::estop_pressed, 0}, value, at, quality}, 2_s));
  };
  EXPECT_FALSE(read_estop(image, 0, now));
  EXPECT_TRUE(read_estop(image, 1, now));
  ASSERT_TRUE(image.set({{inverter(1), Signal::operating_state, 0}, 1, now, Quality::good}, 2_s));
  EXPECT_TRUE(read_estop(image, 1, now));  // Another signal is no answer.
  set(inverter(1), 0, now, Quality::good);
  EXPECT_FALSE(read_estop(image, 0, now));
  EXPECT_FALSE(read_estop(image, 1, now));
  EXPECT_TRUE(read_estop(image, 2, now));
  set(battery(1), 0, now, Quality::substituted);
  EXPECT_FALSE(read_estop(image, 2, now));
  EXPECT_TRUE(read_estop(image, 0, now + 2_s));  // Given once, and silent since.
  EXPECT_FALSE(read_estop(image, 0, now + 2_s - 1_us));
  EXPECT_TRUE(read_estop(image, 0, now - 1_us));  // From the future.
  for (const std::int64_t value : {1, 2, -1}) {
    set(battery(1), value, now, Quality::good);
    EXPECT_TRUE(read_estop(image, 0, now)) << value;
  }
  for (const Quality quality : {Quality::bad, Quality::uncertain}) {
    set(battery(1), 0, now, quality);
    EXPECT_TRUE(read_estop(image, 0, now));
  }
}

// ---- Ratings ---------------------------------------------------------------------------------

TEST(SafetyConfig, RatingsAndInsulationAreChecked) {  // SAF-049 SAF-055
  const auto with = [](void (*change)(BatteryConfig&)) {
    Config config = World().config;
    config.batteries[0].hazards_wired = hazard_bit(HazardInput::insulation);
    change(config.batteries[0]);
    return validate(config);
  };
  EXPECT_TRUE(with([](BatteryConfig& b) { b.fuse_current = 100'000_ma; }));
  EXPECT_TRUE(with([](BatteryConfig& b) { b.capacity = MicroAmpHour{280'000'000}; }));
  // 16 x 3.65 V = 58.4 V: 5.84 kOhm.
  EXPECT_TRUE(with([](BatteryConfig& b) { b.limits.insulation_latch_min = KiloOhm{6}; }));
  const struct {
    const char* what;
    void (*spoil)(BatteryConfig&);
  } cases[] = {
      {"above the fuse", [](BatteryConfig& b) { b.fuse_current = 99'999_ma; }},
      {"above the fuse",
       [](BatteryConfig& b) {
         b.fuse_current = 50'000_ma;
         set_current_limits(b.limits, 50'000_ma, 50'001_ma);
       }},
      {"above the fuse",
       [](BatteryConfig& b) {
         b.fuse_current = 50'000_ma;
         set_current_limits(b.limits, 50'001_ma, 50'000_ma);
       }},
      {"negative", [](BatteryConfig& b) { b.fuse_current = -(1_ma); }},
      {"negative", [](BatteryConfig& b) { b.breaking_current_max = -(1_ma); }},
      {"negative", [](BatteryConfig& b) { b.capacity = MicroAmpHour{-1}; }},
      {"100 Ohm per volt", [](BatteryConfig& b) { b.limits.insulation_latch_min = KiloOhm{5}; }},
      {"100 Ohm per volt", [](BatteryConfig& b) { b.cells_in_series = 274; }},  // 1000.1 V
  };
  for (const auto& c : cases) {
    const Result<void> result = with(c.spoil);
    ASSERT_FALSE(result) << c.what;
    EXPECT_EQ(result.error().code, Errc::out_of_range) << c.what;
    EXPECT_NE(std::string_view(result.error().what).find(c.what), std::string_view::npos)
        << result.error().what;
  }
  EXPECT_TRUE(with([](BatteryConfig& b) { b.cells_in_series = 273; }));
  EXPECT_TRUE(with([](BatteryConfig& b) {
    b.cells_in_series = 400;
    b.hazards_wired = 0;  // Nobody measures it.
  }));
}

}  // namespace
}  // namespace ems::safety::test
