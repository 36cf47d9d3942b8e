// SPDX-License-Identifier: Apache-2.0
// What the control loop shows to decision: which samples, of whom, and what is missing.
#include <gtest/gtest.h>

#include "ems/runtime/control_loop.hpp"
#include "support/plain_site.hpp"

namespace ems::runtime {
namespace {

using decision::Input;
using decision::PolicyId;

class DecisionInputsTest : public ::testing::Test {
 protected:
  static ControlConfig two_inverters() {
    ControlConfig config = test::plain_config();
    safety::InverterConfig second = config.safety.inverters[0];
    second.asset = inverter(2);
    config.safety.inverters.push_back(second);
    config.inverters.push_back(config.inverters[0]);
    config.decision.frequency_droop =
        decision::FrequencyDroopConfig{.grid = {}, .reference = 5'000_w};
    config.decision.backup_reserve = decision::BackupReserveConfig{.reserve = 9'000_bp};
    config.decision.demand_limit =
        decision::DemandLimitConfig{.limit = 8'000_w, .import_max = 20'000_w, .hold = 30_s};
    return config;
  }
  /// One tick with both inverters measured at `first` and `second` W.
  Tick tick(Watt pcc, Watt first, std::optional<Watt> second) {
    now = now + 100_ms;
    site.healthy(now, pcc, first);
    if (second) site.put(inverter(2), Signal::active_power, second->count(), now);
    return loop.tick(site.image, inputs, now);
  }
  static const decision::InputAge* find(const Tick& tick, PolicyId policy, Input input) {
    for (const decision::InputAge& seen : tick.decision.inputs) {
      if (seen.policy == policy && seen.input == input) return &seen;
    }
    return nullptr;
  }

  test::PlainSite site;
  ControlLoop loop{two_inverters(), safety::State{}};
  TickInputs inputs{.inverters_ready = 3};
  Instant now{seconds(100)};
};

TEST_F(DecisionInputsTest, TheBatteryPowerIsTheSumOfAllInvertersThatCanBeCommanded) {
  const Tick both = tick(6'000_w, 1'000_w, 500_w);
  ASSERT_TRUE(both.decision.net_load);
  EXPECT_EQ(both.decision.net_load->power, 7'500_w);
}

TEST_F(DecisionInputsTest, AnInverterThatCannotBeCommandedIsPartOfTheLoad) {
  (void)tick(6'000_w, 1'000_w, 500_w);
  inputs.inverters_ready = 1;
  // It may still deliver its last 500 W until its own timer ends: the meter sees it either way.
  Tick gone = tick(6'000_w, 1'000_w, 500_w);
  gone = tick(6'000_w, 1'000_w, 500_w);
  ASSERT_TRUE(gone.decision.net_load);
  EXPECT_EQ(gone.decision.net_load->power, 7'000_w);
  // And once it is silent for good the limit is still kept by the other.
  for (int i = 0; i < 50; ++i) gone = tick(6'500_w, 1'000_w, std::nullopt);
  ASSERT_TRUE(gone.decision.net_load);
  EXPECT_EQ(gone.decision.net_load->power, 7'500_w);
  EXPECT_EQ(gone.decision.find(PolicyId::import_limit)->status, decision::PolicyStatus::acting);
  // One that should answer and does not leaves the site blind.
  inputs.inverters_ready = 3;
  EXPECT_EQ(tick(6'500_w, 1'000_w, std::nullopt).decision.net_load, std::nullopt);
  inputs.inverters_ready = 0;
  EXPECT_EQ(tick(6'500_w, 1'000_w, 0_w).decision.net_load, std::nullopt);
}

TEST_F(DecisionInputsTest, TheFrequencyIsTheMetersElseAnInverters) {
  EXPECT_EQ(find(tick(0_w, 0_w, 0_w), PolicyId::frequency_droop, Input::frequency)->value,
            std::nullopt);
  site.put(inverter(2), Signal::frequency, 50'010, now);
  EXPECT_EQ(find(tick(0_w, 0_w, 0_w), PolicyId::frequency_droop, Input::frequency)->value, 50'010);
  site.put(meter(1), Signal::frequency, 49'990, now);
  EXPECT_EQ(find(tick(0_w, 0_w, 0_w), PolicyId::frequency_droop, Input::frequency)->value, 49'990);
}

TEST_F(DecisionInputsTest, TheGridIsThereUnlessEveryInverterSaysItIsNot) {
  const auto reserve = [this] {
    return tick(0_w, 0_w, 0_w).decision.find(PolicyId::backup_reserve)->status;
  };
  EXPECT_EQ(reserve(), decision::PolicyStatus::acting);  // Nobody says anything.
  site.put(inverter(1), Signal::grid_connected, 0, now);
  EXPECT_EQ(reserve(), decision::PolicyStatus::acting);  // One says nothing.
  site.put(inverter(2), Signal::grid_connected, 0, now);
  EXPECT_EQ(reserve(), decision::PolicyStatus::not_applicable);
  site.put(inverter(2), Signal::grid_connected, 1, now);
  EXPECT_EQ(reserve(), decision::PolicyStatus::acting);
  site.put(inverter(2), Signal::grid_connected, 0, now, 0, Quality::uncertain);
  EXPECT_EQ(reserve(), decision::PolicyStatus::acting);
  site.put(inverter(2), Signal::grid_connected, 0, now - 3_s);
  EXPECT_EQ(reserve(), decision::PolicyStatus::acting);  // Stale.
}

TEST_F(DecisionInputsTest, CommandsClockAndCounterReachTheirPolicies) {
  site.put(meter(1), Signal::energy_imported, 12'345, now);
  inputs.wall = {.utc = UtcInstant{seconds(1'700'000'100)}, .quality = ClockQuality::synced};
  const Tick seen = tick(0_w, 0_w, 0_w);
  EXPECT_EQ(find(seen, PolicyId::demand_limit, Input::energy_imported)->value, 12'345);
  ASSERT_TRUE(seen.decision.demand);
  EXPECT_EQ(seen.decision.demand->start, UtcInstant{seconds(1'700'000'100)});
}

}  // namespace
}  // namespace ems::runtime
