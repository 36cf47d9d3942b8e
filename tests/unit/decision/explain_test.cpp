// SPDX-License-Identifier: Apache-2.0
// What a person reads for each grid-code and contractual policy: as winner, as binder, overruled.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "ems/decision/decision.hpp"

namespace ems::decision {
namespace {

constexpr Watt w(std::int32_t count) { return Watt{count}; }
constexpr Instant at(std::int64_t ms) { return Instant{milliseconds(ms)}; }
constexpr std::int64_t kUtcMs = 1'700'000'100'000;  ///< A quarter of an hour begins.

/// A site at 10 s that safety allows +-9 kW, with a meter, a clock and a grid.
Inputs site(std::int32_t pcc, std::int32_t battery) {
  Inputs inputs;
  inputs.envelope = {w(-9'000), w(9'000)};
  inputs.pcc_power = {Sample<Watt>{w(pcc), at(9'900)}, 2_s};
  inputs.battery_power = {Sample<Watt>{w(battery), at(9'900)}, 2_s};
  inputs.gated = Sample<Watt>{w(battery), at(9'900)};
  inputs.frequency = {Sample<MilliHertz>{MilliHertz{50'000}, at(9'900)}, 2_s};
  inputs.batteries.soc = {Sample<BasisPoints>{6'000_bp, at(9'900)}, 2_s};
  inputs.wall = {.utc = UtcInstant{milliseconds(kUtcMs)}, .quality = ClockQuality::synced};
  return inputs;
}

SetpointCommand asked(std::int32_t watts, const char* who) {
  return {w(watts), at(9'000), at(47'500), ActorName{who}};
}
LimitCommand limited(std::optional<Watt> discharge, std::optional<Watt> charge) {
  return {{discharge, charge}, at(9'000), at(22'500), ActorName{"dso"}};
}

Decision decide(const Config& config, const Inputs& inputs, const State& state = {}) {
  const Result<void> valid = validate(config);
  EXPECT_TRUE(valid) << (valid ? "" : valid.error().what);
  return step(state, config, inputs, at(10'000)).decision;
}
std::string text_of(const Decision& decision) {
  std::array<char, kExplanationSize> room{};
  return std::string(explain(decision, room));
}
std::string say(const Config& config, const Inputs& inputs, const State& state = {}) {
  return text_of(decide(config, inputs, state));
}

const Config kFollowLoad{.self_consumption = SelfConsumptionConfig{}};
const std::string kAllows = "; safety allows [-9.0, 9.0] kW";

TEST(ExplainGridCode, ActivePowerLimit) {
  Config config = kFollowLoad;
  config.active_power_limit = ActivePowerLimitConfig{
      .configured = {w(5'000), w(5'000)}, .fallback = {w(1'000), {}}, .lease_max = 60_s};
  Inputs inputs = site(7'000, 0);
  inputs.active_power_limit = limited(w(3'000), {});
  EXPECT_EQ(say(config, inputs),
            "grid import would be 7.0 kW: self_consumption wants 7.0 kW discharge, "
            "active_power_limit leaves 3.0 kW discharge" +
                kAllows + "; discharging 3.0 kW");
  // Safety asks for more charging than the operator lets it have: the limit decides.
  inputs.envelope = {w(-9'000), w(-6'000)};
  EXPECT_EQ(say(config, inputs),
            "limit of dso, 12.5 s left: active_power_limit asks [-5.0, 3.0] kW; safety allows "
            "[-9.0, -6.0] kW; active_power_limit falls short by 1.0 kW, bound by safety; "
            "self_consumption wants 7.0 kW discharge, safety leaves 6.0 kW charge; "
            "charging 6.0 kW");
  inputs.active_power_limit.reset();
  EXPECT_TRUE(say(config, inputs)
                  .starts_with("nobody commands a limit, fallback: active_power_limit asks [-5.0, "
                               "1.0] kW"));
  inputs.active_power_limit = limited({}, {});
  EXPECT_TRUE(say(config, inputs)
                  .starts_with("limit of the site file: active_power_limit asks [-5.0, 5.0] kW"));
}

TEST(ExplainGridCode, FrequencyDroop) {
  Config config;
  config.frequency_droop = FrequencyDroopConfig{.grid = {}, .reference = w(10'000)};
  Inputs inputs = site(0, 2'000);
  inputs.frequency.sample->value = MilliHertz{49'750};
  EXPECT_EQ(say(config, inputs),
            "grid frequency 49.75 Hz, answered from 2.0 kW discharge: frequency_droop asks >= 2.8 "
            "kW discharge" +
                kAllows + "; discharging 2.8 kW");
  inputs.frequency.sample.reset();
  EXPECT_EQ(say(config, inputs), "nobody needs the battery to move" + kAllows +
                                     "; frequency_droop abstains, its input is stale; idle");
}

TEST(ExplainGridCode, Ramp) {
  Config config = kFollowLoad;
  config.ramp = RampConfig{.up_per_s = w(1'000), .down_per_s = w(1'000)};
  EXPECT_EQ(say(config, site(5'000, 0)),
            "grid import would be 5.0 kW: self_consumption wants 5.0 kW discharge, ramp leaves 0.1 "
            "kW discharge" +
                kAllows + "; discharging 0.1 kW");
  Config alone;
  alone.ramp = config.ramp;
  EXPECT_EQ(say(alone, site(0, 3'000)),
            "power changes no faster: ramp asks [2.9, 3.1] kW" + kAllows + "; discharging 2.9 kW");
}

TEST(ExplainContractual, Dimming) {
  Config config = kFollowLoad;
  config.dimming = DimmingConfig{};
  Inputs inputs = site(-8'000, 0);
  inputs.dimming = limited({}, w(2'000));
  EXPECT_EQ(say(config, inputs),
            "grid export would be 8.0 kW: self_consumption wants 8.0 kW charge, dimming leaves 2.0 "
            "kW charge" +
                kAllows + "; charging 2.0 kW");
  inputs.envelope = {w(-9'000), w(-5'000)};  // Safety must charge: the limit cannot be kept.
  const std::string rest = "; safety allows [-9.0, -5.0] kW; dimming falls short by ";
  EXPECT_TRUE(say(config, inputs)
                  .starts_with("limit of dso, 12.5 s left: dimming asks <= 2.0 kW charge" + rest +
                               "3.0 kW"));
  inputs.dimming.reset();
  EXPECT_TRUE(say(config, inputs)
                  .starts_with("nobody commands a limit, failsafe: dimming asks <= 4.2 kW charge" +
                               rest + "0.8 kW"));
  State state;
  state.dimming.failsafe_since = at(10'000 - 7'200'000);
  EXPECT_TRUE(say(config, inputs, state).starts_with("nobody commands a limit, fallback: dimming"));
}

TEST(ExplainContractual, ExportLimit) {
  Config config;
  config.export_limit = ExportLimitConfig{.limit = w(2'000)};
  EXPECT_EQ(say(config, site(-5'000, 0)),
            "grid export would be 5.0 kW, above the 2.0 kW limit: export_limit asks >= 3.0 kW "
            "charge" +
                kAllows + "; charging 3.0 kW");
  Inputs inputs = site(-1'000, 0);
  inputs.envelope.lo = w(3'000);
  EXPECT_EQ(say(config, inputs),
            "grid export would be 1.0 kW, limit 2.0 kW: export_limit asks <= 1.0 kW discharge; "
            "safety allows [3.0, 9.0] kW; export_limit falls short by 2.0 kW, bound by safety; "
            "discharging 3.0 kW");
  inputs.pcc_power.sample.reset();
  EXPECT_TRUE(say(config, inputs).starts_with("grid power unknown: export_limit asks no discharg"));
}

TEST(ExplainContractual, DemandLimit) {
  Config config;
  config.demand_limit = DemandLimitConfig{.limit = w(6'000), .import_max = w(20'000), .hold = 30_s};
  Inputs inputs = site(9'400, 0);
  inputs.wall.utc = UtcInstant{milliseconds(kUtcMs + 600'000)};
  EXPECT_EQ(say(config, inputs),
            "grid import would be 9.4 kW, 1.0 kWh drawn and 300.0 s left of the demand window "
            "allow 6.0 kW: demand_limit asks >= 3.4 kW discharge" +
                kAllows + "; discharging 3.4 kW");
  inputs.wall.quality = ClockQuality::unset;
  EXPECT_EQ(say(config, inputs),
            "grid import would be 9.4 kW, the clock is not set: demand_limit asks >= 3.4 kW "
            "discharge" +
                kAllows + "; discharging 3.4 kW");
  State state;
  state.demand_limit.hold = {at(9'500), w(3'000)};
  inputs.pcc_power.sample.reset();
  EXPECT_EQ(say(config, inputs, state),
            "grid power unknown, last target held: demand_limit asks 3.0 kW discharge" + kAllows +
                "; discharging 3.0 kW");
}

TEST(ExplainContractual, BackupReserve) {
  Config config = kFollowLoad;
  config.backup_reserve = BackupReserveConfig{.reserve = 7'000_bp};
  Inputs inputs = site(5'000, 0);
  EXPECT_EQ(say(config, inputs),
            "grid import would be 5.0 kW: self_consumption wants 5.0 kW discharge, backup_reserve "
            "leaves nothing" +
                kAllows + "; idle");
  inputs.envelope.lo = w(1'000);
  const std::string rest = "backup_reserve asks no discharging; safety allows [1.0, 9.0] kW; ";
  EXPECT_TRUE(
      say(config, inputs).starts_with("state of charge 60.0 %, kept for an outage: " + rest));
  inputs.batteries.soc.sample.reset();
  EXPECT_TRUE(say(config, inputs).starts_with("state of charge unknown: " + rest));
}

TEST(ExplainContractual, AnOverruledSetpointReadsAsSuch) {
  Config config;
  config.export_limit = ExportLimitConfig{.limit = w(1'200)};
  config.setpoint = SetpointConfig{60_s};
  config.remote_setpoint = SetpointConfig{60_s};
  Inputs inputs = site(2'000, 0);
  inputs.setpoint = asked(5'000, "anna");
  EXPECT_EQ(say(config, inputs),
            "set-point of anna wants 5.0 kW discharge, export_limit leaves 3.2 kW discharge" +
                kAllows + "; discharging 3.2 kW");
  inputs.setpoint = asked(5'000, "");  // Nobody said who.
  EXPECT_EQ(say(config, inputs),
            "set-point wants 5.0 kW discharge, export_limit leaves 3.2 kW discharge" + kAllows +
                "; discharging 3.2 kW");
  inputs.setpoint = asked(1'000, "");
  EXPECT_TRUE(say(config, inputs).starts_with("set-point, 37.5 s left: setpoint asks 1.0 kW"));
  // The server asked too; a person goes before.
  inputs.setpoint = asked(1'000, "anna");
  inputs.remote_setpoint = asked(-500, "cloud");
  EXPECT_EQ(say(config, inputs),
            "set-point of anna, 37.5 s left: setpoint asks 1.0 kW discharge" + kAllows +
                "; remote set-point of cloud wants 0.5 kW charge, setpoint leaves 1.0 kW "
                "discharge; discharging 1.0 kW");
  inputs.setpoint.reset();
  EXPECT_EQ(say(config, inputs),
            "remote set-point of cloud, 37.5 s left: remote_setpoint asks 0.5 kW charge" + kAllows +
                "; charging 0.5 kW");
}

TEST(ExplainContractual, Schedule) {
  Config config;
  config.schedule = ScheduleConfig{};
  const std::array entries{ScheduleEntry{UtcInstant{milliseconds(kUtcMs)},
                                         UtcInstant{milliseconds(kUtcMs + 60'000)}, w(1'500)}};
  Inputs inputs = site(0, 0);
  inputs.schedule = entries;
  EXPECT_EQ(say(config, inputs), "schedule, 60.0 s left: schedule asks 1.5 kW discharge" + kAllows +
                                     "; discharging 1.5 kW");
  inputs.wall.quality = ClockQuality::unset;
  EXPECT_EQ(say(config, inputs), "nobody needs the battery to move" + kAllows +
                                     "; schedule abstains, the clock is not set; idle");
}

TEST(ExplainContractual, ARecordWithoutItsDetailsStillSaysWhoAsks) {
  // A decision that a host built, or that came back from a store that keeps less.
  for (const PolicyId policy :
       {PolicyId::active_power_limit, PolicyId::frequency_droop, PolicyId::dimming,
        PolicyId::import_limit, PolicyId::export_limit, PolicyId::demand_limit,
        PolicyId::backup_reserve, PolicyId::setpoint, PolicyId::remote_setpoint, PolicyId::schedule,
        PolicyId::self_consumption}) {
    Decision decision;
    PolicyOutput output = output_of(policy, PolicyStatus::acting);
    output.demand.constraint = Band::point(w(1'000));
    decision.policies.push_back(output);
    decision.resolution.target = w(1'000);
    decision.resolution.winner = policy;
    const std::string asks = std::string(to_string(policy)) + " asks 1.0 kW discharge";
    EXPECT_NE(text_of(decision).find(asks), std::string::npos) << text_of(decision);
    decision.policies[0].source = LimitSource::command;
    EXPECT_NE(text_of(decision).find(asks), std::string::npos) << text_of(decision);
    // And when it was overruled.
    decision.policies[0].demand.preference = Band::point(w(2'000));
    decision.resolution.conflicts.push_back(
        {policy, Level::contractual, DemandKind::preference, PolicyId::safety, w(1'000), {}});
    const std::string wants =
        std::string(to_string(policy)) + " wants 2.0 kW discharge, safety leaves 1.0 kW discharge";
    EXPECT_NE(text_of(decision).find(wants), std::string::npos) << text_of(decision);
    decision.policies.clear();
    decision.resolution.winner.reset();
    EXPECT_NE(text_of(decision).find(", safety leaves 1.0 kW"), std::string::npos);
  }
  // A demand for nothing.
  Decision nothing;
  PolicyOutput output = output_of(PolicyId::ramp, PolicyStatus::acting);
  output.demand.constraint = Band{};
  nothing.policies.push_back(output);
  nothing.resolution.winner = PolicyId::ramp;
  EXPECT_TRUE(text_of(nothing).starts_with("power changes no faster: ramp asks nothing"));
}

TEST(Record, EveryGridCodeAndContractualPolicySaysWhatItSaw) {
  Config config;
  config.active_power_limit =
      ActivePowerLimitConfig{.configured = {w(5'000), w(5'000)}, .fallback = {}, .lease_max = 60_s};
  config.frequency_droop = FrequencyDroopConfig{.grid = {}, .reference = w(10'000)};
  config.ramp = RampConfig{.up_per_s = w(1'000), .down_per_s = w(1'000)};
  config.dimming = DimmingConfig{};
  config.export_limit = ExportLimitConfig{.limit = w(2'000)};
  config.demand_limit = DemandLimitConfig{.limit = w(6'000), .import_max = w(20'000), .hold = 30_s};
  config.backup_reserve = BackupReserveConfig{.reserve = 1'000_bp};
  config.remote_setpoint = SetpointConfig{60_s};
  config.schedule = ScheduleConfig{};
  Inputs inputs = site(1'000, 500);
  inputs.active_power_limit = limited(w(3'000), w(2'000));
  inputs.dimming = limited(w(1), w(700));
  inputs.energy_imported = {Sample<WattHour>{WattHour{12'345}, at(9'000)}, 2_s};
  inputs.grid_connected = {Sample<bool>{true, at(9'800)}, 2_s};
  inputs.wall.quality = ClockQuality::holdover;
  inputs.wall.unsynced = 90_s;
  const Decision decision = decide(config, inputs);

  const auto good = [](PolicyId policy, Input input, Duration age, std::int64_t value) {
    return InputAge{policy, input, true, Quality::good, age, value};
  };
  const auto clock = [](PolicyId policy) {
    return InputAge{policy, Input::wall_clock, true, Quality::uncertain, 90_s, kUtcMs / 1'000};
  };
  constexpr auto kDemand = PolicyId::demand_limit;
  const InputAge expected[] = {
      good(PolicyId::active_power_limit, Input::active_power_limit, 1_s, 3'000),
      good(PolicyId::frequency_droop, Input::frequency, 100_ms, 50'000),
      good(PolicyId::frequency_droop, Input::battery_power, 100_ms, 500),
      good(PolicyId::ramp, Input::gated, 100_ms, 500),
      good(PolicyId::dimming, Input::dimming, 1_s, -700),
      good(PolicyId::export_limit, Input::pcc_power, 100_ms, 1'000),
      good(PolicyId::export_limit, Input::battery_power, 100_ms, 500),
      good(kDemand, Input::pcc_power, 100_ms, 1'000),
      good(kDemand, Input::battery_power, 100_ms, 500),
      good(kDemand, Input::gated, 100_ms, 500),
      good(kDemand, Input::energy_imported, 1_s, 12'345),
      clock(kDemand),
      good(PolicyId::backup_reserve, Input::soc, 100_ms, 6'000),
      good(PolicyId::backup_reserve, Input::grid_connected, 200_ms, 1),
      {PolicyId::remote_setpoint, Input::remote_setpoint, false, Quality::bad, {}, {}},
      clock(PolicyId::schedule),
      {PolicyId::schedule, Input::schedule, false, Quality::bad, {}, {}},
  };
  ASSERT_EQ(decision.inputs.size(), std::size(expected));
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    EXPECT_EQ(decision.inputs[i], expected[i]) << i;
  }
  EXPECT_EQ(decision.export_limit, w(2'000));
  EXPECT_EQ(decision.demand->left, 900_s);
  EXPECT_EQ(decision.active_power_limit->lease_end, at(22'500));
  EXPECT_EQ(decision.dimming->actor, ActorName{"dso"});
  // A charge-only limit is recorded as what it is.
  inputs.active_power_limit = limited({}, w(2'000));
  EXPECT_EQ(decide(config, inputs).inputs[0].value, -2'000);
  inputs.active_power_limit.reset();
  EXPECT_EQ(decide(config, inputs).active_power_limit, std::nullopt);
  EXPECT_EQ(decide(config, inputs).inputs[0].value, std::nullopt);
}

TEST(Record, EveryInputAndStatusHasAName) {
  for (int i = 1; i <= 19; ++i) {
    EXPECT_NE(to_string(Input{static_cast<std::uint8_t>(i)}), "unknown") << i;
  }
  EXPECT_EQ(to_string(Input{0}), "unknown");
  for (int i = 0; i <= 13; ++i) {
    EXPECT_NE(to_string(PolicyStatus{static_cast<std::uint8_t>(i)}), "unknown") << i;
  }
  EXPECT_EQ(to_string(PolicyStatus{99}), "unknown");
  EXPECT_EQ(to_string(LimitSource{99}), "unknown");
  EXPECT_EQ(to_string(DemandKind{99}), "unknown");
  EXPECT_EQ(to_string(DemandKind::preference), "preference");
  EXPECT_EQ(to_string(OnStale{99}), "unknown");
  EXPECT_EQ(to_string(Level{99}), "unknown");
  for (const PolicyInfo& row : policy_table()) {
    EXPECT_NE(to_string(row.on_stale), "unknown") << row.name;
    EXPECT_NE(to_string(row.level), "unknown") << row.name;
  }
  EXPECT_EQ(to_string(DemandKind::constraint), "constraint");
}

TEST(Decision, LimitsStandInTheOrderOfTheTable) {
  // Dimming before import limit before export limit before demand before reserve: each finds what
  // the ones above left. Import would be 10 kW, and everything disagrees.
  Config config;
  config.import_limit = ImportLimitConfig{w(4'000), 30_s};
  config.export_limit = ExportLimitConfig{w(0)};
  config.backup_reserve = BackupReserveConfig{.reserve = 9'000_bp};
  const Decision decision = decide(config, site(10'000, 0));
  EXPECT_EQ(decision.target(), w(6'000));
  EXPECT_EQ(decision.resolution.winner, PolicyId::backup_reserve);
  ASSERT_EQ(decision.resolution.conflicts.size(), 1U);
  EXPECT_EQ(decision.resolution.conflicts[0].bound_by, PolicyId::import_limit);
}

}  // namespace
}  // namespace ems::decision
