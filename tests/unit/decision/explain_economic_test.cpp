// SPDX-License-Identifier: Apache-2.0
// What a person reads for each ECONOMIC and LONGEVITY policy, and what the record holds of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

#include "ems/decision/decision.hpp"

namespace ems::decision {
namespace {

constexpr Watt w(std::int32_t count) { return Watt{count}; }
constexpr Instant at(std::int64_t ms) { return Instant{milliseconds(ms)}; }
constexpr UtcInstant utc(std::int64_t s) { return UtcInstant{seconds(s)}; }
constexpr std::int64_t kMonday23 = 1'709'593'200;  ///< 2024-03-04 23:00 UTC.

template <class Q>
Measured<Q> seen(Q value) {
  return {Sample<Q>{value, at(9'900)}, 2_s};
}

/// A site at 10 s that safety allows +-9 kW, half charged, warm, late on a Monday.
Inputs site(std::int32_t pcc, std::int32_t battery, std::int32_t soc = 5'000) {
  Inputs inputs;
  inputs.envelope = {w(-9'000), w(9'000)};
  inputs.pcc_power = seen(w(pcc));
  inputs.battery_power = seen(w(battery));
  inputs.batteries = {.soc = seen(BasisPoints{soc}),
                      .soc_min = seen(BasisPoints{soc}),
                      .soc_max = seen(BasisPoints{soc}),
                      .temperature_min = seen(MilliCelsius{20'000}),
                      .temperature_max = seen(MilliCelsius{25'000}),
                      .capacity = 10'000_wh};
  inputs.wall = {.utc = utc(kMonday23), .quality = ClockQuality::synced};
  return inputs;
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
std::string say(const Config& config, const Inputs& inputs) {
  return text_of(decide(config, inputs));
}

const std::string kAllows = "; safety allows [-9.0, 9.0] kW";

constexpr std::array kSlots{PlanSlot{utc(kMonday23 - 900), utc(kMonday23), w(1), {}},
                            PlanSlot{utc(kMonday23), utc(kMonday23 + 900), w(-3'000), {}}};
constexpr std::array kAtThePcc{PlanSlot{utc(kMonday23), utc(kMonday23 + 450), w(0), w(500)}};

Plan plan(std::span<const PlanSlot> slots) {
  return {.slots = slots,
          .made_at = utc(kMonday23 - 60),
          .valid_for = seconds(86'400),
          .id = PlanId{"p-7"}};
}

Config with_windows() {
  Config config;
  config.time_of_use.emplace();
  config.time_of_use->windows.push_back({.when = {.from = 22 * 60, .to = 6 * 60 + 5},
                                         .action = WindowAction::charge,
                                         .power = w(3'000),
                                         .soc_stop = BasisPoints{8'000}});
  config.time_of_use->windows.push_back(
      {.when = {.from = 12 * 60, .to = 13 * 60}, .action = WindowAction::hold});
  return config;
}

Config with_price() {
  Config config;
  config.price = PriceConfig{.currency = Currency{"BRL"},
                             .buy_below = Price{450'000},
                             .sell_above = Price{850'000},
                             .power = w(5'000)};
  return config;
}

PriceTable prices(std::span<const PriceSlot> slots) {
  return {.slots = slots,
          .end = utc(kMonday23 + 3'600),
          .made_at = utc(kMonday23 - 3'600),
          .currency = Currency{"BRL"}};
}
constexpr std::array kCheap{PriceSlot{utc(kMonday23 - 60), Price{45'000}, Price{-5'000}}};

TEST(ExplainEconomic, ZeroExport) {
  EXPECT_EQ(say({.zero_export = ZeroExportConfig{}}, site(-3'000, 0)),
            "grid export would be 3.0 kW: zero_export asks >= 2.95 kW charge" + kAllows +
                "; charging 2.95 kW");
  Inputs blind = site(-3'000, 0);
  blind.pcc_power = {};
  EXPECT_EQ(say({.zero_export = ZeroExportConfig{}}, blind),
            "nobody needs the battery to move" + kAllows +
                "; zero_export abstains, its input is stale; idle");
}

TEST(ExplainEconomic, Plan) {
  Config config{.plan = PlanConfig{}};
  Inputs inputs = site(3'200, 0);
  inputs.plan = plan(kSlots);
  EXPECT_EQ(say(config, inputs),
            "plan p-7, 900.0 s left: plan asks 3.0 kW charge" + kAllows + "; charging 3.0 kW");
  inputs.plan = plan(kAtThePcc);
  EXPECT_EQ(say(config, inputs),
            "plan p-7, 450.0 s left, 0.5 kW wanted at the meter, grid import would be 3.2 kW: plan "
            "asks 2.7 kW discharge" +
                kAllows + "; discharging 2.7 kW");
  config.import_limit = ImportLimitConfig{.limit = w(2'000), .hold = 30_s};
  inputs.plan = plan(kSlots);
  EXPECT_EQ(say(config, inputs),
            "plan p-7, 900.0 s left: plan p-7 wants 3.0 kW charge, import_limit leaves 1.2 kW "
            "discharge" +
                kAllows + "; discharging 1.2 kW");
  inputs.wall.utc = utc(kMonday23 + 90'000);
  EXPECT_NE(say(config, inputs).find("; plan abstains, its data are too old"), std::string::npos);
  inputs.wall.utc = utc(kMonday23 + 900);
  EXPECT_NE(say(config, inputs).find("; plan abstains, its data do not cover this time"),
            std::string::npos);
  inputs.wall.quality = ClockQuality::holdover;
  inputs.wall.unsynced = seconds(86'401);
  EXPECT_NE(say(config, inputs).find("; plan abstains, the clock has not been synced for too long"),
            std::string::npos);
  inputs.wall.quality = ClockQuality::unset;
  EXPECT_NE(say(config, inputs).find("; plan abstains, the clock is not set"), std::string::npos);
}

TEST(ExplainEconomic, TimeOfUse) {
  EXPECT_EQ(say(with_windows(), site(0, 0)),
            "window 22:00-06:05, charge until 80.0 %: time_of_use asks 3.0 kW charge" + kAllows +
                "; charging 3.0 kW");
  Config config = with_windows();
  config.self_consumption.emplace();
  const Decision full = decide(config, site(2'000, 0, 8'012));
  EXPECT_EQ(full.find(PolicyId::time_of_use)->status, PolicyStatus::satisfied);
  EXPECT_EQ(text_of(full),
            "grid import would be 2.0 kW: self_consumption wants 2.0 kW discharge, time_of_use "
            "leaves nothing" +
                kAllows + "; idle");
  // What a policy below wants to store is welcome.
  EXPECT_EQ(decide(config, site(-2'000, 0, 8'012)).target(), w(-2'000));
}

TEST(ExplainEconomic, WhatAWindowLeaves) {
  Inputs inputs = site(0, 0, 8'012);
  inputs.envelope = {w(1'000), w(9'000)};  // Safety lets out what its dc PV brings.
  EXPECT_EQ(say(with_windows(), inputs),
            "window 22:00-06:05, charge until 80.0 %, now 80.12 %: time_of_use wants no "
            "discharging, safety leaves 1.0 kW discharge; safety allows [1.0, 9.0] kW; "
            "discharging 1.0 kW");
  inputs.wall.utc = utc(kMonday23 - 11 * 3'600);
  EXPECT_EQ(say(with_windows(), inputs),
            "window 12:00-13:00, hold: time_of_use wants no discharging, safety leaves 1.0 kW "
            "discharge; safety allows [1.0, 9.0] kW; discharging 1.0 kW");
}

TEST(ExplainEconomic, Price) {
  Inputs inputs = site(0, 0);
  inputs.prices = prices(kCheap);
  EXPECT_EQ(say(with_price(), inputs),
            "energy costs 0.045 BRL/kWh, export earns -0.005 BRL/kWh: price asks 4.5 kW charge" +
                kAllows + "; charging 4.5 kW");
  inputs.batteries.soc = seen(BasisPoints{9'000});
  inputs.envelope = {w(1'000), w(9'000)};
  EXPECT_EQ(say(with_price(), inputs),
            "energy costs 0.045 BRL/kWh, export earns -0.005 BRL/kWh, charged 90.0 %: price wants "
            "no discharging, safety leaves 1.0 kW discharge; safety allows [1.0, 9.0] kW; "
            "discharging 1.0 kW");
}

TEST(ExplainEconomic, PricesSilenceWindowsThatOnlyStandIn) {
  Config config = with_windows();
  config.price = with_price().price;
  config.time_of_use->only_without_prices = true;
  Inputs inputs = site(0, 0);
  EXPECT_EQ(decide(config, inputs).resolution.winner, PolicyId::time_of_use);
  inputs.prices = prices(kCheap);
  const Decision priced = decide(config, inputs);
  EXPECT_EQ(priced.resolution.winner, PolicyId::price);
  EXPECT_EQ(priced.find(PolicyId::time_of_use)->status, PolicyStatus::not_applicable);
  EXPECT_EQ(priced.window, std::nullopt);
  EXPECT_EQ(priced.price, kCheap[0]);
  EXPECT_EQ(priced.currency, Currency{"BRL"});
}

TEST(ExplainEconomic, SelfConsumption) {
  Config config;
  config.self_consumption = SelfConsumptionConfig{.soc_store_max = BasisPoints{8'000}};
  EXPECT_EQ(say(config, site(2'000, 0)),
            "grid import would be 2.0 kW: self_consumption asks 2.0 kW discharge" + kAllows +
                "; discharging 2.0 kW");
  EXPECT_EQ(say(config, site(-2'000, 0, 8'000)),
            "grid export would be 2.0 kW, charged 80.0 %: self_consumption asks 0.0 kW" + kAllows +
                "; idle");
}

TEST(ExplainLongevity, ComfortBand) {
  Config config;
  config.comfort_band = ComfortBandConfig{.power = w(9'000), .restore = w(1'000)};
  EXPECT_EQ(say(config, site(0, 0, 1'500)),
            "batteries 15.0 to 15.0 % charged: comfort_band asks >= 1.0 kW charge" + kAllows +
                "; charging 1.0 kW");
}

TEST(ExplainLongevity, GentleTemperatureAndCurrentSayWhatTheyLookedAt) {
  Inputs inputs = site(0, 0);
  inputs.envelope = {w(6'000), w(9'000)};
  EXPECT_EQ(say({.gentle_current = GentleCurrentConfig{}}, inputs),
            "capacity 10.0 kWh: gentle_current wants [-5.0, 5.0] kW, safety leaves 6.0 kW "
            "discharge; safety allows [6.0, 9.0] kW; discharging 6.0 kW");
  inputs.batteries.temperature_max = seen(MilliCelsius{40'500});
  EXPECT_EQ(say({.gentle_temperature = GentleTemperatureConfig{.power = w(9'000)}}, inputs),
            "cells at 20.0 to 40.5 degC: gentle_temperature wants [-4.05, 4.05] kW, safety leaves "
            "6.0 kW discharge; safety allows [6.0, 9.0] kW; discharging 6.0 kW");
}

// ---- the record --------------------------------------------------------------------------------

Config every_policy() {
  Config config = with_windows();
  config.active_power_limit =
      ActivePowerLimitConfig{.configured = {w(9'000), w(9'000)}, .lease_max = 60_s};
  config.frequency_droop = FrequencyDroopConfig{.grid = kEn50549, .reference = w(9'000)};
  config.ramp = RampConfig{.up_per_s = w(9'000), .down_per_s = w(9'000)};
  config.dimming.emplace();
  config.import_limit = ImportLimitConfig{.limit = w(9'000), .hold = 30_s};
  config.export_limit = ExportLimitConfig{.limit = w(9'000)};
  config.demand_limit = DemandLimitConfig{.limit = w(9'000), .import_max = w(9'000), .hold = 30_s};
  config.backup_reserve = BackupReserveConfig{.reserve = BasisPoints{1'000}};
  config.setpoint = SetpointConfig{.lease_max = 60_s};
  config.remote_setpoint = SetpointConfig{.lease_max = 60_s};
  config.schedule.emplace();
  config.zero_export.emplace();
  config.plan.emplace();
  config.price = with_price().price;
  config.self_consumption = SelfConsumptionConfig{.soc_store_max = BasisPoints{8'000}};
  config.comfort_band = ComfortBandConfig{.power = w(9'000)};
  config.gentle_current.emplace();
  config.gentle_temperature = GentleTemperatureConfig{.power = w(9'000)};
  return config;
}

TEST(Record, EveryEconomicAndLongevityPolicySaysWhatItSaw) {
  Inputs inputs = site(3'200, 0, 7'000);
  inputs.plan = plan(kAtThePcc);
  inputs.prices = prices(kCheap);
  const Decision decision = decide(every_policy(), inputs);
  const struct {
    PolicyId policy;
    Input input;
    std::int64_t value;
    Duration age;
  } cases[] = {
      {PolicyId::zero_export, Input::pcc_power, 3'200, 100_ms},
      {PolicyId::zero_export, Input::battery_power, 0, 100_ms},
      {PolicyId::plan, Input::wall_clock, kMonday23, {}},
      {PolicyId::plan, Input::plan, 500, 60_s},
      {PolicyId::plan, Input::pcc_power, 3'200, 100_ms},
      {PolicyId::plan, Input::battery_power, 0, 100_ms},
      {PolicyId::time_of_use, Input::wall_clock, kMonday23, {}},
      {PolicyId::time_of_use, Input::soc, 7'000, 100_ms},
      {PolicyId::price, Input::wall_clock, kMonday23, {}},
      {PolicyId::price, Input::price, 45'000, 3'600_s},
      {PolicyId::price, Input::soc, 7'000, 100_ms},
      {PolicyId::self_consumption, Input::pcc_power, 3'200, 100_ms},
      {PolicyId::self_consumption, Input::battery_power, 0, 100_ms},
      {PolicyId::self_consumption, Input::soc, 7'000, 100_ms},
      {PolicyId::comfort_band, Input::soc_min, 7'000, 100_ms},
      {PolicyId::comfort_band, Input::soc_max, 7'000, 100_ms},
      {PolicyId::gentle_temperature, Input::temperature_min, 20'000, 100_ms},
      {PolicyId::gentle_temperature, Input::temperature_max, 25'000, 100_ms},
  };
  for (const auto& c : cases) {
    const auto name = std::string(to_string(c.policy)) + " " + std::string(to_string(c.input));
    std::size_t found = 0;
    for (const InputAge& input : decision.inputs) {
      if (input.policy != c.policy || input.input != c.input) continue;
      ++found;
      EXPECT_TRUE(input.usable) << name;
      EXPECT_EQ(input.quality, Quality::good) << name;
      EXPECT_EQ(input.value, c.value) << name;
      EXPECT_EQ(input.age, c.age) << name;
    }
    EXPECT_EQ(found, 1U) << name;
  }
  const auto capacity =
      std::find_if(decision.inputs.begin(), decision.inputs.end(),
                   [](const InputAge& input) { return input.policy == PolicyId::gentle_current; });
  EXPECT_EQ(*capacity, (InputAge{PolicyId::gentle_current, Input::capacity, true, Quality::good,
                                 std::nullopt, 10'000}));
  EXPECT_EQ(decision.plan, kAtThePcc[0]);
  EXPECT_EQ(decision.plan_id, PlanId{"p-7"});
  EXPECT_EQ(decision.window, every_policy().time_of_use->windows[0]);
}

TEST(Record, OfNothingGivenSaysSo) {
  const Decision decision = decide(every_policy(), {});
  for (const InputAge& input : decision.inputs) {
    EXPECT_FALSE(input.usable) << to_string(input.policy) << " " << to_string(input.input);
    EXPECT_EQ(input.quality, Quality::bad) << to_string(input.policy);
    EXPECT_EQ(input.value, std::nullopt) << to_string(input.policy);
    EXPECT_EQ(input.age, std::nullopt) << to_string(input.policy);
  }
  EXPECT_EQ(decision.plan, std::nullopt);
  EXPECT_EQ(decision.plan_id, PlanId{});
  EXPECT_EQ(decision.price, std::nullopt);
  EXPECT_EQ(decision.currency, Currency{});
  EXPECT_EQ(decision.window, std::nullopt);
}

TEST(Record, HoldsEveryPolicyInTheOrderOfTheTableWithAllItsInputs) {
  Inputs inputs = site(3'200, 0, 7'000);
  inputs.plan = plan(kAtThePcc);
  inputs.prices = prices(kCheap);
  inputs.energy_imported = seen(WattHour{5});
  const Decision decision = decide(every_policy(), inputs);
  std::size_t next = 0;
  for (const PolicyInfo& info : policy_table()) {
    if (info.policy == PolicyId::safety) continue;
    ASSERT_LT(next, decision.policies.size());
    EXPECT_EQ(decision.policies[next].demand.policy, info.policy) << info.name;
    EXPECT_EQ(decision.policies[next].demand.level, info.level) << info.name;
    ++next;
  }
  EXPECT_EQ(next, decision.policies.size());
  EXPECT_LE(decision.inputs.size() + 4, kInputAgesMax);
}

/// A decision of somebody who kept the demands and nothing of what led to them.
Decision bare(PolicyId policy, PolicyStatus status) {
  Decision decision;
  decision.resolution.target = w(1'000);
  decision.resolution.levels[0] = {{w(-9'000), w(9'000)}, {w(-9'000), w(9'000)}};
  decision.resolution.winner = policy;
  PolicyOutput output = output_of(policy, status);
  output.demand.preference = Band::at_least(w(1'000));
  decision.policies.push_back(output);
  return decision;
}
const std::string kBareEnd = " asks >= 1.0 kW discharge" + kAllows + "; discharging 1.0 kW";

TEST(ExplainEconomic, WithoutTheRecordOnlyTheDemandIsSaid) {
  for (const PolicyInfo& info : policy_table()) {
    if (info.level != Level::economic && info.level != Level::longevity) continue;
    for (const PolicyStatus status : {PolicyStatus::acting, PolicyStatus::satisfied}) {
      EXPECT_EQ(text_of(bare(info.policy, status)), std::string(info.name) + kBareEnd);
    }
  }
}

TEST(ExplainEconomic, WithPartOfTheRecordThatPartIsSaid) {
  constexpr auto kFull = PolicyStatus::satisfied;
  Decision decision = bare(PolicyId::plan, PolicyStatus::acting);
  decision.plan = kAtThePcc[0];
  EXPECT_EQ(text_of(decision), "plan" + kBareEnd);
  decision.inputs.push_back(
      {PolicyId::plan, Input::wall_clock, true, Quality::good, {}, kMonday23});
  EXPECT_EQ(text_of(decision), "plan , 450.0 s left: plan" + kBareEnd);
  decision = bare(PolicyId::time_of_use, kFull);
  decision.window = TimeOfUseWindow{.when = {.from = 605, .to = 1'440}};
  EXPECT_EQ(text_of(decision), "window 10:05-24:00, hold: time_of_use" + kBareEnd);
  decision = bare(PolicyId::price, kFull);
  decision.price = kCheap[0];
  EXPECT_EQ(text_of(decision),
            "energy costs 0.045 /kWh, export earns -0.005 /kWh: price" + kBareEnd);
  decision = bare(PolicyId::self_consumption, kFull);
  decision.net_load = NetLoad{.power = w(1'000)};
  EXPECT_EQ(text_of(decision), "grid import would be 1.0 kW: self_consumption" + kBareEnd);
  decision = bare(PolicyId::comfort_band, PolicyStatus::acting);
  decision.inputs.push_back({PolicyId::comfort_band, Input::soc_min, true, Quality::good, {}, 1});
  EXPECT_EQ(text_of(decision), "comfort_band" + kBareEnd);
}

// ---- levels ------------------------------------------------------------------------------------

TEST(Economic, NeverSellsWhatALevelAboveReserved) {
  Config config = with_price();
  config.backup_reserve = BackupReserveConfig{.reserve = BasisPoints{6'000}};
  constexpr std::array kDear{PriceSlot{utc(kMonday23 - 60), Price{900'000}, Price{1'700'000}}};
  Inputs inputs = site(0, 0, 5'900);
  inputs.prices = prices(kDear);
  const Decision decision = decide(config, inputs);
  EXPECT_EQ(decision.target(), w(0));
  EXPECT_EQ(decision.resolution.runner_up, PolicyId::price);
  inputs.batteries.soc = seen(BasisPoints{7'000});
  EXPECT_EQ(decide(config, inputs).target(), w(5'000));
}

TEST(Economic, ZeroExportHoldsAgainstEveryPreferenceBelowIt) {
  Config config = with_price();
  config.zero_export.emplace();
  constexpr std::array kDear{PriceSlot{utc(kMonday23 - 60), Price{900'000}, Price{1'700'000}}};
  Inputs inputs = site(2'000, 0);
  inputs.prices = prices(kDear);
  EXPECT_EQ(decide(config, inputs).target(), w(2'050));
  config.setpoint = SetpointConfig{.lease_max = 3'600_s};  // But a person stands above it.
  inputs.setpoint = SetpointCommand{w(4'000), at(9'000), at(47'500), ActorName{"anna"}};
  EXPECT_EQ(decide(config, inputs).target(), w(4'000));
}

TEST(Longevity, ShapesOnlyWhatTheLevelsAboveLeaveOpen) {
  Config config;
  config.comfort_band = ComfortBandConfig{.power = w(9'000), .restore = w(1'000)};
  Inputs inputs = site(4'000, 0, 1'000);
  EXPECT_EQ(decide(config, inputs).target(), w(-1'000));
  config.self_consumption.emplace();
  const Decision decision = decide(config, inputs);
  EXPECT_EQ(decision.target(), w(4'000));
  EXPECT_EQ(decision.resolution.winner, PolicyId::self_consumption);
  EXPECT_EQ(decision.resolution.runner_up, PolicyId::comfort_band);
}

}  // namespace
}  // namespace ems::decision
