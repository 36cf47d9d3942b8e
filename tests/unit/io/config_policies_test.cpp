// SPDX-License-Identifier: Apache-2.0
// Every key of `policies:`, the grid profile, the time zone, hazard inputs, sensors: good, wrong,
// out of range, in contradiction.
#include <gtest/gtest.h>

#include <string>

#include "ems/io/config/site_check.hpp"
#include "ems/io/config/site_config.hpp"
#include "ems/io/config/tables_config.hpp"

namespace ems::io {
namespace {

const KnownNames kKnown{{"jbd"}, {"eastron_sdm630", "sunspec_pcs"}, {}};

// 22 lines: what a test adds begins on line 23.
constexpr const char* kSite = R"(site: demo
agent: gateway-1
batteries:
  - id: 1
    protocol: jbd
    serial: {device: /dev/ttyUSB0}
    chemistry: lfp
    cells: 16
    capacity_ah: 100
    charge_current_max_a: 50
    discharge_current_max_a: 100
inverters:
  - id: 1
    pack: sunspec_pcs
    modbus_tcp: {address: "127.0.0.1:1502"}
    batteries: [1]
    rated_power_w: 5000
    efficiency_pct: 95
    dead_time_s: 0.5
    ramp_w_per_s: 5000
meters:
  - {id: 1, role: pcc, pack: eastron_sdm630, modbus_rtu: {device: /dev/ttyUSB1}}
)";

Loaded<SiteConfig> parse(const std::string& rest) {
  return parse_site_config(kSite + rest, "site.yaml", kKnown);
}
PoliciesConfig policies(const std::string& rest) {
  const Loaded<SiteConfig> loaded = parse("policies:\n" + rest);
  EXPECT_TRUE(loaded) << to_text(loaded.errors);
  return loaded ? loaded.value->policies : PoliciesConfig{};
}
/// Errors of what was added, each without `site.yaml:`, lines counted from the addition.
std::string errors_of(const std::string& rest) {
  std::string out;
  for (ConfigError error : parse(rest).errors) {
    error.line -= 22;
    out += to_text({error}).substr(std::string("site.yaml:").size());
  }
  return out;
}

TEST(ConfigPolicies, GridCode) {
  PoliciesConfig p = policies(
      "  active_power_limit: {discharge_max_w: 4000, fallback: {charge_max_w: 2000}, lease_max_s: "
      "60}\n"
      "  frequency_droop: {droop_pct: 4, reference_w: 3000, deadband_over_hz: 0.1}\n"
      "  ramp: {up_w_per_s: 100, down_w_per_s: 200}\n");
  ASSERT_TRUE(p.active_power_limit && p.frequency_droop && p.ramp);
  EXPECT_EQ(p.active_power_limit->configured, (decision::PowerLimits{4'000_w, std::nullopt}));
  EXPECT_EQ(p.active_power_limit->fallback, (decision::PowerLimits{std::nullopt, 2'000_w}));
  EXPECT_EQ(p.active_power_limit->lease_max, 60_s);
  EXPECT_EQ(p.frequency_droop->grid,
            (decision::GridProfile{.deadband_over = MilliHertz{100}, .droop = BasisPoints{400}}));
  EXPECT_EQ(p.frequency_droop->reference, 3'000_w);
  EXPECT_EQ(p.ramp->up_per_s, 100_w);
  EXPECT_EQ(p.ramp->down_per_s, 200_w);
}

TEST(ConfigPolicies, TheGridProfileGivesTheDefaultsOfTheDroop) {
  const struct {
    const char* name;
    decision::GridProfile grid;
  } cases[] = {{"50hz", {}},
               {"60hz", {.f_nom = MilliHertz{60'000}}},
               {"en50549", decision::kEn50549},
               {"ieee1547", decision::kIeee1547}};
  for (const auto& c : cases) {
    const auto loaded =
        parse("grid: {profile: " + std::string(c.name) + "}\npolicies: {frequency_droop: {}}\n");
    ASSERT_TRUE(loaded) << to_text(loaded.errors);
    EXPECT_EQ(loaded.value->policies.frequency_droop->grid, c.grid) << c.name;
  }
  EXPECT_EQ(errors_of("grid: {profile: 16hz}\n"),
            "1:17: unknown profile \"16hz\"; known are \"50hz\", \"60hz\", \"en50549\", "
            "\"ieee1547\"; did you mean \"50hz\"?\n");
}

TEST(ConfigPolicies, Contractual) {
  PoliciesConfig p = policies(
      "  dimming: {failsafe_w: 1500, failsafe_min_s: 3600, protective_w: 0, lease_max_s: 30}\n"
      "  import_limit: {limit_w: 8000}\n"
      "  export_limit: {limit_w: 0}\n"
      "  demand_limit: {limit_w: 5000, import_max_w: 9000, window_s: 1800, offset_s: 60, glide_s: "
      "30}\n"
      "  backup_reserve: {soc_pct: 25, hysteresis_pct: 3}\n"
      "  setpoint: {lease_max_s: 7}\n"
      "  remote_setpoint: {}\n"
      "  schedule: {file: day/schedule.yaml}\n");
  EXPECT_EQ(p.dimming->failsafe, 1'500_w);
  EXPECT_EQ(p.dimming->failsafe_min, seconds(3'600));
  EXPECT_EQ(p.dimming->protective, 0_w);
  EXPECT_EQ(p.dimming->lease_max, 30_s);
  EXPECT_EQ(p.import_limit->limit, 8'000_w);
  EXPECT_EQ(p.export_limit->limit, 0_w);
  EXPECT_EQ(p.demand_limit->limit, 5'000_w);
  EXPECT_EQ(p.demand_limit->import_max, 9'000_w);
  EXPECT_EQ(p.demand_limit->window, seconds(1'800));
  EXPECT_EQ(p.demand_limit->offset, 60_s);
  EXPECT_EQ(p.demand_limit->glide, 30_s);
  EXPECT_EQ(p.backup_reserve->reserve, BasisPoints{2'500});
  EXPECT_EQ(p.backup_reserve->hysteresis, BasisPoints{300});
  EXPECT_EQ(p.setpoint->lease_max, 7_s);
  EXPECT_EQ(p.remote_setpoint->lease_max, seconds(3'600));
  EXPECT_EQ(p.schedule_file, "day/schedule.yaml");
  // Defaults are decision's own.
  const decision::DimmingConfig own;
  p = policies("  dimming: {}\n  demand_limit: {limit_w: 1, import_max_w: 1}\n");
  EXPECT_EQ(p.dimming->failsafe, own.failsafe);
  EXPECT_EQ(p.dimming->failsafe_min, own.failsafe_min);
  EXPECT_EQ(p.dimming->protective, own.protective);
  EXPECT_EQ(p.dimming->lease_max, own.lease_max);
  EXPECT_EQ(p.demand_limit->window, decision::DemandLimitConfig{}.window);
  EXPECT_EQ(p.demand_limit->glide, decision::DemandLimitConfig{}.glide);
  EXPECT_FALSE(p.import_limit || p.schedule_file);
}

TEST(ConfigPolicies, Economic) {
  const PoliciesConfig p = policies(
      "  zero_export: {tolerance_w: 20}\n"
      "  plan: {file: /var/plan.yaml, age_max_s: 7200, adrift_max_s: 60}\n"
      "  time_of_use:\n"
      "    windows:\n"
      "      - {days: [mon, sun], from: \"22:00\", to: 06:30, action: charge, power_w: 2000, "
      "soc_stop_pct: 90}\n"
      "      - {from: 17:00, to: 00:00, action: hold}\n"
      "    only_without_prices: true\n"
      "  price: {file: p.yaml, currency: BRL, buy_below_per_kwh: 0.25, sell_above_per_kwh: 0.9, "
      "power_w: 4000, soc_buy_max_pct: 85}\n"
      "  self_consumption: {target_w: -100, surplus_start_w: 1000, surplus_stop_w: 500, "
      "soc_store_max_pct: 80}\n");
  EXPECT_EQ(p.zero_export->tolerance, 20_w);
  EXPECT_EQ(p.plan_file, "/var/plan.yaml");
  EXPECT_EQ(p.plan->age_max, seconds(7'200));
  EXPECT_EQ(p.plan->adrift_max, 60_s);
  ASSERT_EQ(p.time_of_use->windows.size(), 2U);
  const decision::TimeOfUseWindow& night = p.time_of_use->windows[0];
  EXPECT_EQ(night.when, (decision::DailyWindow{0b100'0001, 22 * 60, 6 * 60 + 30}));
  EXPECT_EQ(night.action, decision::WindowAction::charge);
  EXPECT_EQ(night.power, 2'000_w);
  EXPECT_EQ(night.soc_stop, BasisPoints{9'000});
  const decision::TimeOfUseWindow& evening = p.time_of_use->windows[1];
  EXPECT_EQ(evening.when, (decision::DailyWindow{decision::kEveryDay, 17 * 60, 24 * 60}));
  EXPECT_EQ(evening.soc_stop, std::nullopt);
  EXPECT_TRUE(p.time_of_use->only_without_prices);
  EXPECT_EQ(p.price->currency.view(), "BRL");
  EXPECT_EQ(p.price->buy_below, decision::Price{250'000});
  EXPECT_EQ(p.price->sell_above, decision::Price{900'000});
  EXPECT_EQ(p.price->power, 4'000_w);
  EXPECT_EQ(p.price->soc_buy_max, BasisPoints{8'500});
  EXPECT_EQ(p.price->soc_sell_min, decision::PriceConfig{}.soc_sell_min);
  EXPECT_EQ(p.price->share_at_threshold, decision::PriceConfig{}.share_at_threshold);
  EXPECT_EQ(p.price->age_max, decision::PriceConfig{}.age_max);
  EXPECT_EQ(p.self_consumption->pcc_target, -100_w);
  EXPECT_EQ(p.self_consumption->surplus_start, 1'000_w);
  EXPECT_EQ(p.self_consumption->surplus_stop, 500_w);
  EXPECT_EQ(p.self_consumption->soc_store_max, BasisPoints{8'000});
  EXPECT_TRUE(decision::validate(*p.time_of_use));
  EXPECT_TRUE(decision::validate(*p.price));
  EXPECT_TRUE(decision::validate(*p.self_consumption));
}

TEST(ConfigPolicies, Longevity) {
  const PoliciesConfig p = policies(
      "  comfort_band: {soc_min_pct: 15, taper_pct: 2.5, restore_w: 300}\n"
      "  gentle_current: {charge_rate: 0.25}\n"
      "  gentle_temperature: {hot_zero_degc: 40.5}\n");
  EXPECT_EQ(p.comfort_band->soc_min, BasisPoints{1'500});
  EXPECT_EQ(p.comfort_band->soc_max, BasisPoints{8'000});
  EXPECT_EQ(p.comfort_band->taper, BasisPoints{250});
  EXPECT_EQ(p.comfort_band->restore, 300_w);
  EXPECT_EQ(p.gentle_current->charge_rate, Ratio{250'000});
  EXPECT_EQ(p.gentle_current->discharge_rate, Ratio{500'000});
  EXPECT_EQ(p.gentle_temperature->hot_zero, MilliCelsius{40'500});
  EXPECT_EQ(p.gentle_temperature->cold_full, decision::GentleTemperatureConfig{}.cold_full);
}

TEST(ConfigPolicies, EveryFaultHasItsPlace) {
  const struct {
    const char* rest;
    const char* expected;
  } cases[] = {
      {"active_power_limit: {discharge_max_w: 1}",
       "2:23: missing key \"charge_max_w\", here or in \"fallback\": what holds while no command "
       "does\n"},
      {"active_power_limit: {discharge_max_w: 1, charge_max_w: -1}",
       "2:58: \"charge_max_w\": -1 is out of range; allowed are 0 .. 100000000 W\n"},
      {"frequency_droop: {droop_pct: 0.5}",
       "2:32: \"droop_pct\": 0.5 is out of range; allowed are 1 .. 20 %\n"},
      {"ramp: {up_w_per_s: 0}",
       "2:9: missing key \"down_w_per_s\"\n"
       "2:22: \"up_w_per_s\": 0 is out of range; allowed are 1 .. 100000000 W/s\n"},
      {"dimming: {failsafe: 1}", "2:13: unknown key \"failsafe\"; did you mean \"failsafe_w\"?\n"},
      {"import_limit: {limit_w: 8.5}", "2:27: \"limit_w\": 8.5 is not a whole number of W\n"},
      {"demand_limit: {limit_w: 9, import_max_w: 8}",
       "2:27: \"limit_w\" must be at most \"import_max_w\"\n"},
      {"demand_limit: {limit_w: 1, import_max_w: 8, window_s: 60, offset_s: 60, glide_s: 31}",
       "2:71: \"offset_s\" must be below \"window_s\"\n"
       "2:84: \"glide_s\" must be at most half of \"window_s\"\n"},
      {"backup_reserve: {soc_pct: 101}",
       "2:29: \"soc_pct\": 101 is out of range; allowed are 0 .. 100 %\n"},
      {"schedule: {}", "2:13: missing key \"file\"\n"},
      {"plan: {file: p.yaml, age_max_s: soon}",
       "2:35: \"age_max_s\" must be a number, not \"soon\"\n"},
      {"time_of_use: {windows: []}", "2:26: \"windows\" has 0 items; allowed are 1 .. 16\n"},
      {"time_of_use: {windows: [{from: 7:00, to: 24:01, action: charge, days: [mon, mon, tus]}]}",
       "2:27: missing key \"power_w\"\n"
       "2:34: \"from\": \"7:00\" is not a time of day: HH:MM\n"
       "2:44: \"to\": \"24:01\" is not a time of day: 00:00 to 24:00\n"
       "2:79: \"mon\" stands twice in \"days\"\n"
       "2:84: unknown days \"tus\"; known are \"mon\", \"tue\", \"wed\", \"thu\", \"fri\", "
       "\"sat\", \"sun\"; "
       "did you mean \"tue\"?\n"},
      {"time_of_use: {windows: [{from: 24:00, to: 06:00, action: hold, power_w: 5}]}",
       "2:34: \"from\" must be before 24:00\n2:75: \"hold\" has no \"power_w\"\n"},
      {"time_of_use: {windows: [{from: 06:00, to: 06:00, action: hold}], only_without_prices: yes}",
       "2:45: \"from\" and \"to\" are the same; the whole day is 00:00 to 24:00\n"
       "2:89: \"only_without_prices\" must be true or false, not a single value\n"},
      {"price: {file: p, currency: eur, buy_below_per_kwh: 0.3, sell_above_per_kwh: 0.2, power_w: "
       "1, soc_sell_min_pct: 95}",
       "2:30: \"currency\": \"eur\" is not three capital letters (ISO 4217)\n"
       "2:54: \"buy_below_per_kwh\" must be at most \"sell_above_per_kwh\"\n"
       "2:114: \"soc_sell_min_pct\" must be below \"soc_buy_max_pct\"\n"},
      {"self_consumption: {surplus_stop_w: 10}",
       "2:38: \"surplus_stop_w\" must be at most \"surplus_start_w\"\n"},
      {"comfort_band: {soc_min_pct: 90}", "2:31: \"soc_min_pct\" must be below \"soc_max_pct\"\n"},
      {"comfort_band: {taper_pct: 31}", "2:29: \"taper_pct\" must be at most half of the band\n"},
      {"gentle_current: {charge_rate: 0}",
       "2:33: \"charge_rate\": 0 is out of range; allowed are 0.000001 .. 100\n"},
      {"gentle_temperature: {cold_zero_degc: 10, hot_full_degc: 50}",
       "2:40: \"cold_zero_degc\" must be below \"cold_full_degc\"\n"
       "2:59: \"hot_full_degc\" must be below \"hot_zero_degc\"\n"},
      {"comfort_bend: {}", "2:3: unknown key \"comfort_bend\"; did you mean \"comfort_band\"?\n"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(errors_of("policies:\n  " + std::string(c.rest) + "\n"), c.expected) << c.rest;
  }
}

TEST(ConfigPolicies, WhatChasesTheMeterNeedsOne) {
  for (const char* policy :
       {"import_limit: {limit_w: 1}", "export_limit: {limit_w: 1}",
        "demand_limit: {limit_w: 1, import_max_w: 2}", "zero_export: {}", "self_consumption: {}"}) {
    std::string text = kSite;
    text.replace(text.find("role: pcc"), 9, "role: pv");
    const std::string errors =
        to_text(parse_site_config(text + "policies:\n  " + policy + "\n", "s", kKnown).errors);
    EXPECT_NE(errors.find("needs a meter with \"role: pcc\""), std::string::npos) << policy;
  }
}

TEST(ConfigPolicies, APolicysRampIsPartOfTheReactionTime) {
  const auto reaction = [](const char* rest) { return report_site(*parse(rest).value); };
  // Poll 0.5, dead time 0.5, two ticks; 10 kW of swing at 5 kW/s, or at the policy's slower rate.
  EXPECT_EQ(reaction("").reaction, milliseconds(3'200));
  const SiteReport slow = reaction("policies: {ramp: {up_w_per_s: 9000, down_w_per_s: 1000}}\n");
  EXPECT_EQ(slow.reaction, milliseconds(11'200));
  EXPECT_NE(slow.text().find("policy ramp 10 s"), std::string::npos);
  const SiteReport fast = reaction("policies: {ramp: {up_w_per_s: 9000, down_w_per_s: 9000}}\n");
  EXPECT_EQ(fast.reaction, milliseconds(3'200));
  EXPECT_NE(fast.text().find(", ramp 2 s"), std::string::npos);
}

TEST(ConfigPolicies, DroopNeedsAFrequencyThatIsReadOftenEnough) {
  const auto errors = [](const char* response) {
    const std::string rest =
        std::string("policies: {frequency_droop: {response_s: ") + response + "}}\n";
    return report_site(*parse(rest).value).errors;
  };
  EXPECT_TRUE(errors("0.6").empty());  // Meter and inverter are read every 0.5 s.
  const std::vector<ConfigError> late = errors("0.5");
  ASSERT_EQ(late.size(), 1U);
  EXPECT_EQ(late[0].code, Errc::out_of_range);
  EXPECT_EQ(
      late[0].message,
      "policy \"frequency_droop\" acts on a frequency of at most 0.5 s (response_s), but every "
      "device that could measure it is read only every 0.5 s; shorten poll_period_s");
}

TEST(ConfigSiteInputs, ZoneHazardsFuseSensorsWatchdog) {
  std::string text = kSite;
  text.replace(text.find("    discharge_current_max_a: 100"), 32,
               "    discharge_current_max_a: 100\n    fuse_current_a: 125\n    breaking_current_a: "
               "5.5\n    inputs: [smoke, contactor]");
  text +=
      "timezone: Europe/Berlin\nestop_inputs: 2\nautonomous_after_s: 60\nrealtime: true\n"
      "watchdog_device: /dev/watchdog\n"
      "sensors:\n  - {battery: 1, pack: eastron_sdm630, modbus_rtu: {device: /dev/ttyUSB1, unit: "
      "9}, poll_period_s: 0.2}\n";
  const Loaded<SiteConfig> loaded = parse_site_config(text, "site.yaml", kKnown);
  ASSERT_TRUE(loaded) << to_text(loaded.errors);
  const SiteConfig& site = *loaded.value;
  EXPECT_EQ(site.timezone, "Europe/Berlin");
  EXPECT_EQ(site.estop_inputs, 2);
  EXPECT_EQ(site.autonomous_after, 60_s);
  EXPECT_TRUE(site.realtime);
  EXPECT_EQ(site.watchdog_device, "/dev/watchdog");
  EXPECT_EQ(site.batteries[0].fuse_current, MilliAmp{125'000});
  EXPECT_EQ(site.batteries[0].breaking_current, MilliAmp{5'500});
  EXPECT_EQ(site.batteries[0].inputs,
            (std::vector{safety::HazardInput::smoke, safety::HazardInput::contactor}));
  ASSERT_EQ(site.sensors.size(), 1U);
  EXPECT_EQ(site.sensors[0].battery, 1);
  EXPECT_EQ(site.sensors[0].poll_period, milliseconds(200));
  EXPECT_NE(report_site(site).text().find("sensor of battery/1"), std::string::npos);
  // Without them: UTC, no inputs, nothing declared.
  const SiteConfig plain = *parse("").value;
  EXPECT_EQ(plain.timezone, "UTC");
  EXPECT_EQ(plain.estop_inputs, 0);
  EXPECT_FALSE(plain.realtime || plain.watchdog_device);
  EXPECT_EQ(plain.batteries[0].fuse_current, MilliAmp{0});
  EXPECT_TRUE(plain.batteries[0].inputs.empty());
  EXPECT_EQ(plain.autonomous_after, seconds(900));
}

TEST(ConfigSiteInputs, EveryFaultHasItsPlace) {
  EXPECT_EQ(errors_of("timezone: Europe/Berlinn\n"),
            "1:11: timezone \"Europe/Berlinn\": not in this machine's zone database\n");
  EXPECT_EQ(errors_of("timezone: ../etc\n"),
            "1:11: timezone \"../etc\": not the name of a time "
            "zone\n");
  EXPECT_EQ(errors_of("estop_inputs: 9\n"),
            "1:15: \"estop_inputs\": 9 is out of range; allowed are 0 .. 8\n");
  EXPECT_EQ(errors_of("realtime: \"true\"\n"),
            "1:11: \"realtime\" must be true or false, not a quoted text\n");
  EXPECT_EQ(
      errors_of("sensors: [{battery: 3, pack: sunspec_pcs, modbus_tcp: {address: \"h:1\"}}]\n"),
      "1:21: no battery with id 3; did you mean \"1\"?\n");
  // A unit that is the meter's already.
  EXPECT_EQ(errors_of("sensors: [{battery: 1, pack: sunspec_pcs, modbus_rtu: {device: "
                      "/dev/ttyUSB1}}]\n"),
            "1:55: unit 1 on \"/dev/ttyUSB1\" is taken; first on line 22\n");
  std::string text = kSite;
  text.replace(text.find("capacity_ah: 100\n"), 17,
               "capacity_ah: 100\n    fuse_current_a: 80\n    inputs: [smok, gas, gas]\n");
  EXPECT_EQ(to_text(parse_site_config(text, "s", kKnown).errors),
            "s:11:14: unknown inputs \"smok\"; known are \"insulation\", \"smoke\", \"gas\", "
            "\"contactor\"; did you mean \"smoke\"?\n"
            "s:11:25: \"gas\" stands twice in \"inputs\"\n"
            "s:13:30: \"discharge_current_max_a\" is above \"fuse_current_a\"\n");
}

TEST(ConfigTables, ReadTheirFiles) {
  const auto schedule = parse_schedule(
      "entries:\n  - {from: 2026-11-21T10:00:00Z, to: 2026-11-21T11:00:00.5Z, power_w: -500}\n",
      "s");
  ASSERT_TRUE(schedule) << to_text(schedule.errors);
  EXPECT_EQ(schedule.value->entries[0].from, UtcInstant{seconds(1'795'255'200)});
  EXPECT_EQ(schedule.value->entries[0].to, UtcInstant{milliseconds(1'795'258'800'500)});
  EXPECT_EQ(schedule.value->entries[0].power, -500_w);
  EXPECT_TRUE(parse_schedule("entries: []\n", "s"));

  const auto plan = parse_plan(
      "id: day-ahead\nmade_at: 2026-11-21T10:00:00Z\nvalid_for_s: 3600\nslots:\n"
      "  - {start: 2026-11-21T10:00:00Z, end: 2026-11-21T10:15:00Z, power_w: 700}\n"
      "  - {start: 2026-11-21T10:15:00Z, end: 2026-11-21T10:30:00Z, pcc_target_w: 100}\n",
      "p");
  ASSERT_TRUE(plan) << to_text(plan.errors);
  EXPECT_EQ(plan.value->plan().id.view(), "day-ahead");
  EXPECT_EQ(plan.value->plan().valid_for, seconds(3'600));
  EXPECT_EQ(plan.value->plan().slots[0].power, 700_w);
  EXPECT_EQ(plan.value->plan().slots[0].pcc_target, std::nullopt);
  EXPECT_EQ(plan.value->plan().slots[1].pcc_target, 100_w);

  const auto prices = parse_prices(
      "currency: EUR\nmade_at: 2026-11-21T10:00:00Z\nend: 2026-11-21T12:00:00Z\nslots:\n"
      "  - {start: 2026-11-21T11:00:00Z, buy_per_kwh: 0.301, sell_per_kwh: -0.05}\n",
      "c");
  ASSERT_TRUE(prices) << to_text(prices.errors);
  EXPECT_EQ(prices.value->table().slots[0].buy, decision::Price{301'000});
  EXPECT_EQ(prices.value->table().slots[0].sell, decision::Price{-50'000});
  EXPECT_EQ(prices.value->table().currency.view(), "EUR");
}

TEST(ConfigTables, EveryFaultHasItsPlace) {
  const auto schedule = [](const char* text) { return to_text(parse_schedule(text, "s").errors); };
  EXPECT_EQ(schedule("entries:\n  - {from: 2026-11-21, to: 2026-11-21T11:00:00Z, power_w: 1}\n"),
            "s:2:12: \"from\": \"2026-11-21\" is not a moment: YYYY-MM-DDTHH:MM:SSZ\n");
  const std::string overlap = schedule(
      "entries:\n  - {from: 2026-11-21T10:00:00Z, to: 2026-11-21T11:00:00Z, power_w: 1}\n"
      "  - {from: 2026-11-21T10:59:59Z, to: 2026-11-21T12:00:00Z, power_w: 1}\n");
  EXPECT_EQ(overlap.substr(0, 6), "s:3:5:") << overlap;
  EXPECT_EQ(schedule("entries: 5\n"), "s:1:10: \"entries\" must be a list, not a single value\n");
  EXPECT_EQ(schedule(""), "s:1:1: missing key \"entries\"\n");

  const std::string plan = to_text(
      parse_plan("id: x\nmade_at: 2026-11-21T10:00:00Z\nvalid_for_s: 1\nslots:\n  - {start: "
                 "2026-11-21T10:00:00Z, end: 2026-11-21T10:00:00Z, power_w: 1}\n",
                 "p")
          .errors);
  EXPECT_EQ(plan.substr(0, 6), "p:5:5:") << plan;
  EXPECT_EQ(to_text(parse_plan("id: x\nmade_at: 2026-11-21T10:00:00Z\nvalid_for_s: 1\nslots:\n"
                               "  - {start: 2026-11-21T10:00:00Z, end: 2026-11-21T11:00:00Z, "
                               "power_w: 1, pcc_target_w: 2}\n",
                               "p")
                        .errors),
            "p:5:5: only one of \"power_w\", \"pcc_target_w\" may be there\n");
  EXPECT_EQ(to_text(parse_prices("currency: euro\nmade_at: 2026-11-21T10:00:00Z\nend: "
                                 "2026-11-21T12:00:00Z\nslots: []\n",
                                 "c")
                        .errors),
            "c:1:11: \"currency\": \"euro\" is not three capital letters (ISO 4217)\n"
            "c:4:8: \"slots\" has 0 items; allowed are 1 .. 2000\n");
}

}  // namespace
}  // namespace ems::io
