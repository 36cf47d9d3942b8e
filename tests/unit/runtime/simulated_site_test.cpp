// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/simulated_site.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace ems::runtime {
namespace {

SimulatedSiteConfig config(double start_hour = 12.0, Duration tick = seconds(1)) {
  SimulatedSiteConfig config;
  sim::ShapeConfig shape;
  shape.start_hour = start_hour;
  config.sim.plant.profile = sim::Profile::shaped(shape, 1);
  safety::Limits limits = safety::default_limits(safety::Chemistry::lfp);
  safety::set_current_limits(limits, 50'000_ma, 100'000_ma);
  decision::Config policies;
  policies.self_consumption = decision::SelfConsumptionConfig{0_w, 50_w};
  policies.setpoint = decision::SetpointConfig{seconds(3600)};
  config.control = *simulated_control(config.sim.plant, limits, policies, tick);
  return config;
}

std::unique_ptr<SimulatedSite> make(const SimulatedSiteConfig& config) {
  auto site = SimulatedSite::create(config);
  EXPECT_TRUE(site.has_value());
  return std::move(*site);
}

sim::Fault fault(sim::FaultKind kind, sim::Device device, Instant at, Duration lasts) {
  sim::Fault fault;
  fault.kind = kind;
  fault.device = device;
  fault.at = at;
  fault.lasts = lasts;
  return fault;
}

TEST(SimulatedSite, StartsUpAndKeepsTheGridNearZero) {
  const auto site = make(config());
  EXPECT_EQ(site->run(seconds(120)), seconds(120));
  EXPECT_EQ(site->last()->safety.site, safety::SafetyState::normal);
  const auto soc = site->image().usable<BasisPoints>(battery(1), Signal::soc, site->now());
  ASSERT_TRUE(soc.has_value());
  EXPECT_NEAR(soc->value.count() / 100.0, site->truth().battery.soc_pct, 1.0);
  EXPECT_LT(site->truth().battery_ac_w, -500.0);  // Noon: the surplus is stored.
  EXPECT_LT(std::abs(site->truth().grid_w), 300.0);
}

TEST(SimulatedSite, AControlOfOtherDevicesOrALeaseTheInverterDoesNotTakeIsRefused) {
  auto none = config();
  none.control.safety.inverters.clear();
  none.control.inverters.clear();
  EXPECT_EQ(SimulatedSite::create(none).error().code, Errc::invalid_argument);
  auto other = config();
  other.control.safety.batteries[0].asset = battery(2);
  EXPECT_EQ(SimulatedSite::create(other).error().code, Errc::invalid_argument);
  auto short_lease = config();
  short_lease.lease = Duration::zero();
  EXPECT_EQ(SimulatedSite::create(short_lease).error().code, Errc::out_of_range);
}

TEST(SimulatedSite, IsTheSameEveryTime) {
  const auto run = [] {
    auto settings = config();
    settings.sim.faults = {
        fault(sim::FaultKind::garbage, sim::Device::battery, Instant{seconds(20)}, seconds(30))};
    auto site = make(settings);
    site->run(seconds(90));
    return site;
  };
  const auto a = run();
  const auto b = run();
  EXPECT_EQ(a->truth(), b->truth());
  EXPECT_EQ(a->history().times(), b->history().times());
  ASSERT_EQ(a->history().tracks().size(), b->history().tracks().size());
  for (const auto& [point, track] : a->history().tracks()) {
    EXPECT_EQ(track.values, b->history().tracks().at(point).values);
  }
}

TEST(SimulatedSite, ASilentBatteryIsUnknownAndStopsTheInverter) {
  const auto site = make(config());
  site->run(seconds(60));
  ASSERT_NE(site->last()->gated, Watt{});
  ASSERT_TRUE(site->add_fault(
      fault(sim::FaultKind::silence, sim::Device::battery, site->now(), seconds(60))));
  site->run(seconds(10));
  EXPECT_FALSE(site->image().usable<MilliVolt>(battery(1), Signal::pack_voltage, site->now()));
  EXPECT_EQ(site->last()->gated, Watt{});
  EXPECT_NEAR(site->truth().battery_ac_w, 0.0, 1.0);
  site->clear_faults();
  site->run(seconds(60));
  EXPECT_EQ(site->last()->safety.site, safety::SafetyState::normal);
}

TEST(SimulatedSite, ASilentInverterIsNotReadyAndComesBack) {
  const auto site = make(config());
  site->run(seconds(60));
  ASSERT_TRUE(
      site->add_fault(fault(sim::FaultKind::silence, sim::Device::pcs, site->now(), seconds(20))));
  site->run(seconds(10));
  EXPECT_EQ(site->last()->distribution.shares[0].reason, distribute::Reason::unavailable);
  site->run(seconds(40));
  EXPECT_NE(site->last()->gated, Watt{});
}

TEST(SimulatedSite, AnswersThatComeTooLateAreNone) {
  const auto site = make(config());
  site->run(seconds(30));
  sim::Fault slow = fault(sim::FaultKind::slow, sim::Device::meter, site->now(), seconds(60));
  slow.delay = seconds(1);
  ASSERT_TRUE(site->add_fault(slow));
  site->run(seconds(10));
  EXPECT_FALSE(site->image().usable<Watt>(meter(1), Signal::active_power, site->now()));
}

TEST(SimulatedSite, ASetpointIsFollowedUntilItsLeaseEnds) {
  const auto site = make(config(0.0));
  site->run(seconds(30));
  site->set_setpoint(decision::PolicyId::setpoint, 2'000_w, seconds(120));
  site->run(seconds(100));  // Longer than the inverter's own lease: it is refreshed.
  EXPECT_EQ(site->last()->decision.resolution.winner, decision::PolicyId::setpoint);
  EXPECT_NEAR(site->truth().battery_ac_w, 2'000.0, 20.0);
  site->run(seconds(60));
  EXPECT_NE(site->last()->decision.resolution.winner, decision::PolicyId::setpoint);
}

TEST(SimulatedSite, AHighCellForbidsChargingAndSaysSo) {
  const auto site = make(config());
  site->run(seconds(60));
  sim::Fault cell =
      fault(sim::FaultKind::cell_voltage, sim::Device::battery, site->now(), seconds(60));
  cell.cell = 7;
  cell.cell_to_v = 3.70;
  ASSERT_TRUE(site->add_fault(cell));
  site->run(seconds(5));
  EXPECT_GE(site->last()->decision.resolution.envelope().lo, Watt{});
  const bool said = std::ranges::any_of(site->events(), [](const TimedEvent& timed) {
    return timed.event.name == std::string_view("cell_overvoltage") && timed.event.active;
  });
  EXPECT_TRUE(said);
  cell.cell = 17;
  EXPECT_EQ(site->add_fault(cell).error().code, Errc::out_of_range);
}

TEST(SimulatedSite, AnEmergencyStopStaysUntilItIsReset) {
  const auto site = make(config());
  site->run(seconds(60));
  site->emergency_stop();
  site->run(seconds(5));
  EXPECT_EQ(site->last()->safety.site, safety::SafetyState::tripped);
  EXPECT_NEAR(site->truth().battery_ac_w, 0.0, 1.0);
  EXPECT_FALSE(site->reset({safety::Role::operator_, "Ada", "checked"}));
  EXPECT_TRUE(site->reset({safety::Role::technician, "Ada", "checked"}));
  site->run(seconds(60));
  EXPECT_EQ(site->last()->safety.site, safety::SafetyState::normal);
}

TEST(SimulatedSite, TheHistoryHasARowPerPeriodAndKnowsWhatWasUnknown) {
  auto settings = config();
  settings.sim.faults = {
      fault(sim::FaultKind::silence, sim::Device::battery, Instant{seconds(30)}, seconds(20))};
  const auto site = make(settings);
  EXPECT_EQ(site->run(milliseconds(119'500)), seconds(120));
  const ImageHistory& history = site->history();
  ASSERT_EQ(history.times().size(), 12U);
  EXPECT_EQ(history.times().front(), Instant{seconds(10)});
  EXPECT_EQ(history.times().back(), Instant{seconds(120)});
  const Track& voltage = history.tracks().at({battery(1), Signal::pack_voltage, 0});
  EXPECT_EQ(voltage.first_row, 0U);
  ASSERT_EQ(voltage.valid.size(), 12U);
  EXPECT_EQ(voltage.valid[2], 1);  // One second old.
  EXPECT_EQ(voltage.valid[3], 0);
  EXPECT_EQ(voltage.values[3], 0);
  EXPECT_EQ(voltage.qualities[3], 0);
  EXPECT_EQ(voltage.valid[11], 1);
  EXPECT_EQ(voltage.qualities[11], static_cast<int>(Quality::good));
}

TEST(SimulatedSite, RunCanBeEndedFromOutside) {
  const auto site = make(config());
  int asked = 0;
  EXPECT_EQ(site->run(seconds(600), [&asked] { return ++asked < 3; }), seconds(180));
}

TEST(SimulatedSite, RefusesAPlantThatCannotBe) {
  const auto refused = [](auto change) {
    auto settings = config();
    change(settings.sim.plant);
    const auto site = SimulatedSite::create(settings);
    return !site && site.error().code == Errc::out_of_range;
  };
  const double nan = std::nan("");
  EXPECT_TRUE(refused([](auto& plant) { plant.battery.cells = 0; }));
  EXPECT_TRUE(refused([](auto& plant) { plant.battery.cells = 33; }));
  EXPECT_TRUE(refused([](auto& plant) { plant.battery.capacity_ah = 0.0; }));
  EXPECT_TRUE(refused([](auto& plant) { plant.battery.soc_start = 1.01; }));
  EXPECT_TRUE(refused([nan](auto& plant) { plant.battery.soc_start = nan; }));
  EXPECT_TRUE(refused([nan](auto& plant) { plant.battery.ambient_degc = nan; }));
  EXPECT_TRUE(refused([](auto& plant) { plant.pcs.rating_w = 0.0; }));
  EXPECT_TRUE(refused([](auto& plant) { plant.pcs.efficiency = 0.0; }));
}

TEST(SimulatedSite, RefusesWhatSafetyRefuses) {
  auto settings = config();
  settings.control.safety.tick_period = seconds(2);
  EXPECT_EQ(SimulatedSite::create(settings).error().code, Errc::out_of_range);
  settings = config();
  settings.record_period = Duration{};
  EXPECT_EQ(SimulatedSite::create(settings).error().code, Errc::out_of_range);
}

}  // namespace
}  // namespace ems::runtime
