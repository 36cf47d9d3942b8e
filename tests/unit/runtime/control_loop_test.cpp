// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/control_loop.hpp"

#include <gtest/gtest.h>

#include "support/plain_site.hpp"

namespace ems::runtime {
namespace {

/// Runs ticks of 100 ms against a site whose values a test changes between them.
class ControlLoopTest : public ::testing::Test {
 protected:
  Tick run(Duration duration) {
    Tick tick;
    for (const Instant end = now + duration; now < end;) {
      now = now + 100_ms;
      if (alive) site.healthy(now, pcc, battery_power);
      tick = loop.tick(site.image, inputs, now);
      inputs.estop = false;
    }
    return tick;
  }

  test::PlainSite site;
  ControlLoop loop{test::plain_config(), safety::State{}};
  TickInputs inputs{.inverters_ready = 1};
  Instant now{seconds(100)};
  Watt pcc{2'000};
  Watt battery_power{};
  bool alive = true;
};

TEST_F(ControlLoopTest, StartsInhibitedAndAllowsBothDirectionsWhenHealthWasShown) {
  const Tick first = run(100_ms);
  EXPECT_EQ(first.safety.site, safety::SafetyState::init);
  EXPECT_EQ(first.decision.resolution.envelope(), (Interval{}));
  const Tick later = run(30_s);
  EXPECT_EQ(later.safety.site, safety::SafetyState::normal);
  EXPECT_LT(later.decision.resolution.envelope().lo, Watt{-4'000});
  EXPECT_GT(later.decision.resolution.envelope().hi, Watt{4'000});
}

TEST_F(ControlLoopTest, ShavesAnImportPeakWithExactlyWhatExceedsTheLimit) {
  run(30_s);
  pcc = Watt{9'400};
  const Tick tick = run(100_ms);
  ASSERT_TRUE(tick.orders[0].command);
  EXPECT_EQ(tick.orders[0].command->kind, CommandKind::follow);
  EXPECT_EQ(tick.orders[0].command->p, 1'400_w);
  EXPECT_EQ(tick.decision.resolution.winner, decision::PolicyId::import_limit);
  EXPECT_EQ(tick.gated, 1'400_w);
}

TEST_F(ControlLoopTest, HoldsWhatItShavesOnceTheMeterSeesIt) {
  run(30_s);
  pcc = Watt{8'000};  // 9.4 kW of load less the 1.4 kW the battery gives.
  battery_power = 1'400_w;
  EXPECT_EQ(run(100_ms).orders[0].command->p, 1'400_w);
}

TEST_F(ControlLoopTest, AnEmergencyStopLeavesInTheSameTickAndLatches) {
  run(30_s);
  inputs.estop = true;
  now = now + 100_ms;
  site.healthy(now);
  const Tick tick = loop.tick(site.image, inputs, now);
  ASSERT_TRUE(tick.orders[0].command);
  EXPECT_EQ(tick.orders[0].command->kind, CommandKind::stop);
  EXPECT_TRUE(tick.latch_changed);
  inputs.estop = false;
  EXPECT_EQ(run(60_s).safety.site, safety::SafetyState::tripped);
}

TEST_F(ControlLoopTest, OnlyATechnicianWithNameAndCauseResetsALatch) {
  run(30_s);
  inputs.estop = true;
  run(100_ms);
  inputs.estop = false;
  run(100_ms);
  EXPECT_FALSE(loop.reset(site.image, now, {safety::Role::operator_, "Ada", "drill"}));
  EXPECT_FALSE(loop.reset(site.image, now, {safety::Role::technician, "", "drill"}));
  EXPECT_TRUE(loop.reset(site.image, now, {safety::Role::technician, "Ada", "drill"}));
  EXPECT_EQ(run(30_s).safety.site, safety::SafetyState::normal);
}

TEST_F(ControlLoopTest, APressedEmergencyStopCannotBeReset) {
  run(30_s);
  inputs.estop = true;
  now = now + 100_ms;
  site.healthy(now);
  static_cast<void>(loop.tick(site.image, inputs, now));
  const Result<void> refused = loop.reset(site.image, now, {safety::Role::technician, "Ada", "x"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::failed_precondition);
  EXPECT_EQ(refused.error().offset, 1);
  EXPECT_TRUE(loop.safety_state().tripped());
  inputs.estop = false;
  run(100_ms);
  EXPECT_TRUE(loop.reset(site.image, now, {safety::Role::technician, "Ada", "x"}));
}

TEST_F(ControlLoopTest, ASilentBatteryEndsInSafeWithinItsStaleTime) {
  run(30_s);
  alive = false;  // Also the meter; the battery's rule is what counts here.
  const Tick tick = run(3_s);
  EXPECT_EQ(tick.safety.site, safety::SafetyState::safe);
  ASSERT_TRUE(tick.orders[0].command);
  EXPECT_EQ(tick.orders[0].command->p, 0_w);
}

TEST_F(ControlLoopTest, ACellOverVoltageStopsChargingButNotDischarging) {
  run(30_s);
  alive = false;
  for (int i = 0; i < 5; ++i) {
    now = now + 100_ms;
    site.healthy(now);
    for (std::uint16_t cell = 1; cell <= 16; ++cell)
      site.put(battery(1), Signal::cell_voltage, 3'660, now, cell);
    site.put(battery(1), Signal::pack_voltage, 16 * 3'660, now);
    const Tick tick = loop.tick(site.image, inputs, now);
    EXPECT_EQ(tick.decision.resolution.envelope().lo, 0_w);
    EXPECT_GT(tick.decision.resolution.envelope().hi, 4'000_w);
  }
}

TEST_F(ControlLoopTest, TerminalsThatContradictTheCellsMakeTheBatterySafe) {
  run(30_s);
  alive = false;
  now = now + 100_ms;
  site.healthy(now);
  site.put(battery(1), Signal::pack_voltage, 0, now);  // The bench board of vectors/README.md.
  const Tick tick = loop.tick(site.image, inputs, now);
  EXPECT_EQ(tick.safety.batteries[0].state, safety::SafetyState::safe);
  EXPECT_TRUE(tick.safety.batteries[0].plausibility_failed);
}

TEST_F(ControlLoopTest, DisarmedSendsNothing) {
  ControlConfig config = test::plain_config();
  config.arming = safety::Arming::disarmed;
  loop = ControlLoop(config, safety::State{});
  EXPECT_FALSE(run(30_s).orders[0].command);
}

TEST_F(ControlLoopTest, AnInverterThatDoesNotAnswerGetsNoShare) {
  run(30_s);
  inputs.inverters_ready = 0;
  pcc = Watt{9'400};
  EXPECT_EQ(run(100_ms).distribution.bounds, (Interval{}));
}

TEST_F(ControlLoopTest, ASetpointEndsWithItsLease) {
  run(30_s);
  inputs.setpoint =
      decision::SetpointCommand{Watt{-1'500}, now, now + 10_s, decision::ActorName("Ada")};
  EXPECT_EQ(run(5_s).orders[0].command->p, Watt{-1'500});
  EXPECT_EQ(run(6_s).orders[0].command->p, 0_w);
}

TEST_F(ControlLoopTest, TheSiteBalanceIsUnknownWithoutAPvMeter) {
  const Tick tick = run(30_s);
  for (const DerivedValue& derived : tick.derived) {
    if (derived.signal == Signal::site_load_power) {
      EXPECT_EQ(derived.quality, Quality::bad);
    }
    if (derived.signal == Signal::site_grid_power) {
      EXPECT_EQ(derived.quality, Quality::substituted);
      EXPECT_EQ(derived.value, 2'000);
    }
  }
}

}  // namespace
}  // namespace ems::runtime
