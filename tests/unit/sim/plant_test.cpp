// SPDX-License-Identifier: Apache-2.0
#include "ems/sim/plant.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace ems::sim {
namespace {

PlantConfig constant_site(double load_w, double pv_w) {
  PlantConfig config;
  const std::string csv =
      "t_s,load_w,pv_w\n0," + std::to_string(load_w) + "," + std::to_string(pv_w) + "\n";
  config.profile = Profile::from_csv(csv).value();
  return config;
}

PcsControl follow(double watts) {
  PcsControl control;
  control.enabled = true;
  control.watts = watts;
  return control;
}

TEST(OpenCircuitCurve, RisesStrictlyAndStaysInsideItsEnds) {
  double last = lfp_open_circuit_v(-0.02);
  EXPECT_DOUBLE_EQ(last, 2.0);
  for (int i = -19; i <= 1050; ++i) {
    const double v = lfp_open_circuit_v(i / 1000.0);
    EXPECT_GT(v, last) << i;
    last = v;
  }
  EXPECT_DOUBLE_EQ(lfp_open_circuit_v(2.0), lfp_open_circuit_v(1.05));
  EXPECT_DOUBLE_EQ(lfp_open_circuit_v(-1.0), 2.0);
  EXPECT_DOUBLE_EQ(lfp_open_circuit_v(1.0), 3.45);
}

TEST(Battery, CurrentSolvesThePowerEquationInBothDirections) {
  for (const double demand_w : {4000.0, -4000.0, 1.0, -1.0, 0.0}) {
    Battery battery({}, 1);
    EXPECT_NEAR(battery.step(0.01, demand_w), demand_w, 1e-6);
    EXPECT_NEAR(battery.state().voltage_v * battery.state().current_a, demand_w,
                1e-3 + std::abs(demand_w) * 1e-5);
    EXPECT_EQ(battery.state().current_a > 0, demand_w > 0);
  }
}

TEST(Battery, GivesItsPeakWhenMoreIsAsked) {
  BatteryConfig config;
  config.bms.discharge_overcurrent_a = 1e9;
  Battery battery(config, 1);
  const double got_w = battery.step(0.01, 1e6);
  const double open_v = 16 * 3.315;
  EXPECT_NEAR(got_w, open_v * open_v / (4 * 16 * 0.0008), got_w * 0.02);
}

TEST(Battery, AnOpenSwitchBlocksOneDirectionOnly) {
  Battery battery({}, 1);
  battery.command_switches(false, true);
  battery.step(0.01, 0.0);
  EXPECT_EQ(battery.step(0.01, -1000.0), 0.0);
  EXPECT_NEAR(battery.step(0.01, 1000.0), 1000.0, 1e-6);
  battery.command_switches(true, false);
  battery.step(0.01, 0.0);
  EXPECT_NEAR(battery.step(0.01, -1000.0), -1000.0, 1e-6);
  EXPECT_EQ(battery.step(0.01, 1000.0), 0.0);
}

TEST(Battery, ProtectionActsAfterItsDelayAndReleasesWithHysteresis) {
  Battery battery({}, 1);
  battery.step(0.01, 0.0);
  battery.offset_cell(2, 3.75 - battery.state().cell_v[2]);
  for (int i = 0; i < 98; ++i) battery.step(0.01, 0.0);
  EXPECT_TRUE(battery.state().charge_on);
  for (int i = 0; i < 5; ++i) battery.step(0.01, 0.0);
  EXPECT_FALSE(battery.state().charge_on);
  EXPECT_TRUE(battery.state().discharge_on);
  EXPECT_EQ(battery.state().protection, 1u);
  EXPECT_EQ(battery.state().protection_count[0], 1u);
  battery.offset_cell(2, -0.10);  // 3.65 V: between trip and release.
  battery.step(0.01, 0.0);
  EXPECT_FALSE(battery.state().charge_on);
  battery.clear_offsets();
  battery.step(0.01, 0.0);
  EXPECT_TRUE(battery.state().charge_on);
  EXPECT_EQ(battery.state().protection, 0u);
}

TEST(Battery, RunsEmptyAndFullIntoItsOwnProtection) {
  BatteryConfig config;
  config.capacity_ah = 0.5;
  config.soc_start = 0.2;
  Battery battery(config, 3);
  for (int i = 0; i < 200'000 && battery.state().protection == 0; ++i) battery.step(0.01, 50.0);
  EXPECT_EQ(battery.state().protection, 2u);
  EXPECT_FALSE(battery.state().discharge_on);
  for (int i = 0; i < 400'000 && battery.state().protection != 1; ++i) battery.step(0.01, -50.0);
  EXPECT_EQ(battery.state().protection, 1u);
  EXPECT_FALSE(battery.state().charge_on);
}

TEST(Pcs, WaitsTheDeadTimeThenRamps) {
  PcsConfig config;
  config.dead_time = milliseconds(300);
  config.ramp_w_per_s = 2000.0;
  PlantConfig plant_config = constant_site(1000, 0);
  plant_config.pcs = config;
  Plant plant(plant_config, 1);
  plant.write_pcs(follow(1000), true);
  plant.step(milliseconds(290));
  EXPECT_EQ(plant.state().battery_ac_w, 0.0);
  plant.step(milliseconds(10));
  EXPECT_NEAR(plant.state().battery_ac_w, 20.0, 1e-6);
  plant.step(milliseconds(240));
  EXPECT_NEAR(plant.state().battery_ac_w, 500.0, 1e-6);
  plant.step(milliseconds(1000));
  EXPECT_NEAR(plant.state().battery_ac_w, 1000.0, 1e-6);
}

TEST(Pcs, SetpointIsCutToTheRating) {
  Plant plant(constant_site(0, 0), 1);
  plant.write_pcs(follow(-1e6), true);
  plant.step(seconds(5));
  EXPECT_NEAR(plant.state().battery_ac_w, -5000.0, 1e-6);
}

TEST(Pcs, RevertTimerDropsTheSetpointUnlessRefreshed) {
  Plant plant(constant_site(0, 0), 1);
  PcsControl control = follow(2000);
  control.revert_after = seconds(6);
  control.enabled_revert = true;
  control.watts_revert = 300;
  plant.write_pcs(control, true);
  plant.step(seconds(4));
  plant.write_pcs(control, true);
  plant.step(seconds(5));
  EXPECT_NEAR(plant.state().battery_ac_w, 2000.0, 1e-6);
  EXPECT_EQ(plant.state().revert_remaining, seconds(1));
  plant.write_pcs(control, false);  // Refreshes the value, not the timer.
  plant.step(milliseconds(1500));
  EXPECT_EQ(plant.pcs().reverts(), 1u);
  EXPECT_NEAR(plant.state().battery_ac_w, 300.0, 1e-6);
  EXPECT_EQ(plant.state().control.watts, 300.0);
  EXPECT_EQ(plant.state().revert_remaining, Duration::zero());
  plant.step(seconds(60));
  EXPECT_EQ(plant.pcs().reverts(), 1u);
}

TEST(Pcs, RevertsToDisabledByDefaultAndWithoutATimerNever) {
  Plant plant(constant_site(0, 0), 1);
  PcsControl control = follow(-2000);
  plant.write_pcs(control, true);
  plant.step(seconds(100));
  EXPECT_NEAR(plant.state().battery_ac_w, -2000.0, 1e-6);
  control.revert_after = seconds(1);
  plant.write_pcs(control, true);
  plant.step(seconds(3));
  EXPECT_FALSE(plant.state().control.enabled);
  EXPECT_EQ(plant.state().battery_ac_w, 0.0);
}

TEST(Pcs, PercentModeCountsInTheRating) {
  Plant plant(constant_site(0, 0), 1);
  PcsControl control = follow(1234);
  control.percent = true;
  control.share_pct = -40;
  plant.write_pcs(control, true);
  plant.step(seconds(3));
  EXPECT_NEAR(plant.state().battery_ac_w, -2000.0, 1e-6);
}

TEST(Plant, PowersBalanceAtEveryStepAndEnergyBooksAtTheEnd) {
  PlantConfig config;
  ShapeConfig shape;
  shape.day = seconds(600);
  config.profile = Profile::shaped(shape, 5);
  Plant plant(config, 5);
  const double stored_before = plant.battery().stored_j();
  for (int i = 0; i < 60'000; ++i) {
    if (i % 500 == 0) plant.write_pcs(follow(i % 1000 == 0 ? 3000 : -2500), true);
    plant.step(kPhysicsStep);
    const PlantState& s = plant.state();
    ASSERT_NEAR(s.grid_w + s.pv_w + s.battery_ac_w, s.load_w, 1e-9) << i;
    ASSERT_NEAR(s.phase_w[0] + s.phase_w[1] + s.phase_w[2], s.grid_w, 1e-9) << i;
  }
  const SiteBooks& site = plant.state().books;
  const BatteryBooks& battery = plant.battery().books();
  const double scale = site.load_j + site.battery_charge_j;
  // Meter side: what came in went out.
  EXPECT_NEAR(site.grid_import_j - site.grid_export_j + site.pv_j + site.battery_discharge_j -
                  site.battery_charge_j,
              site.load_j, scale * 1e-9);
  // Inverter: ac = dc - losses, and losses are losses.
  EXPECT_NEAR(site.battery_discharge_j - site.battery_charge_j,
              battery.terminal_j - site.conversion_loss_j, scale * 1e-9);
  EXPECT_GT(site.conversion_loss_j, 0.04 * site.battery_discharge_j);
  // Cells: chemical = terminal + ohmic, and equals what left the store.
  EXPECT_NEAR(battery.chemical_j, battery.terminal_j + battery.ohmic_loss_j, scale * 1e-9);
  EXPECT_NEAR(stored_before - plant.battery().stored_j(), battery.chemical_j, scale * 1e-6);
  // Heat: ohmic = stored + gone to ambient.
  const double stored_heat_j = config.battery.thermal_mass_j_per_k *
                               (plant.battery().temperature_degc() - config.battery.ambient_degc);
  EXPECT_NEAR(battery.ohmic_loss_j, stored_heat_j + battery.heat_to_ambient_j, scale * 1e-9);
  EXPECT_GT(battery.ohmic_loss_j, 0.0);
}

TEST(Plant, SameSeedSameBitsOtherSeedOtherBits) {
  const auto run = [](std::uint64_t seed) {
    PlantConfig config;
    config.profile = Profile::shaped({}, seed);
    Plant plant(config, seed);
    plant.write_pcs(follow(1500), true);
    plant.step(seconds(120));
    return plant.state();
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
  EXPECT_NE(run(7).battery.cell_v, run(8).battery.cell_v);
}

TEST(Plant, LengthOfCallsDoesNotMatter) {
  PlantConfig config;
  Plant one(config, 2);
  Plant many(config, 2);
  one.step(seconds(3));
  for (int i = 0; i < 3000; ++i) many.step(milliseconds(1));
  EXPECT_EQ(one.state(), many.state());
}

TEST(Profile, CsvHoldsEachRowAndTheLastForEver) {
  const auto profile = Profile::from_csv("# site\nt_s,load_w,pv_w\n0,100,0\r\n\n1.5,200,50\n");
  ASSERT_TRUE(profile.has_value());
  const auto at = [&](Duration t) { return profile.value().at(Instant{t}); };
  EXPECT_EQ(at(seconds(0)), (ProfilePower{100, 0}));
  EXPECT_EQ(at(microseconds(1'499'999)), (ProfilePower{100, 0}));
  EXPECT_EQ(at(milliseconds(1500)), (ProfilePower{200, 50}));
  EXPECT_EQ(at(seconds(9999)), (ProfilePower{200, 50}));
}

TEST(Profile, CsvErrorsNameTheLine) {
  const struct {
    const char* text;
    Errc code;
    unsigned line;
  } cases[] = {
      {"", Errc::syntax, 1},
      {"t,load,pv\n", Errc::syntax, 1},
      {"t_s,load_w,pv_w\n", Errc::missing_key, 1},
      {"t_s,load_w,pv_w\n0,1\n", Errc::syntax, 2},
      {"t_s,load_w,pv_w\n0,1,2,3\n", Errc::syntax, 2},
      {"t_s,load_w,pv_w\n0,1,x\n", Errc::syntax, 2},
      {"t_s,load_w,pv_w\n0,nan,1\n", Errc::syntax, 2},
      {"t_s,load_w,pv_w\n1,1,1\n", Errc::out_of_range, 2},
      {"t_s,load_w,pv_w\n0,1,1\n0,1,1\n", Errc::out_of_range, 3},
      {"t_s,load_w,pv_w\n0,-1,1\n", Errc::out_of_range, 2},
  };
  for (const auto& c : cases) {
    const auto profile = Profile::from_csv(c.text);
    ASSERT_FALSE(profile.has_value()) << c.text;
    EXPECT_EQ(profile.error().code, c.code) << c.text;
    EXPECT_EQ(profile.error().offset, c.line) << c.text;
  }
}

TEST(Profile, ShapesAreNeverNegativeAndDarkAtNight) {
  ShapeConfig shape;
  shape.start_hour = 0;
  const Profile profile = Profile::shaped(shape, 3);
  double most_pv_w = 0.0;
  for (int minute = 0; minute < 1440; ++minute) {
    const ProfilePower power = profile.at(Instant{seconds(minute * 60)});
    EXPECT_GT(power.load_w, 0.0);
    EXPECT_GE(power.pv_w, 0.0);
    if (minute < 360 || minute > 1080) {
      EXPECT_EQ(power.pv_w, 0.0) << minute;
    }
    most_pv_w = std::max(most_pv_w, power.pv_w);
  }
  EXPECT_GT(most_pv_w, 2500.0);
  EXPECT_LE(most_pv_w, 4000.0);
}

}  // namespace
}  // namespace ems::sim
