// SPDX-License-Identifier: Apache-2.0
// The board's behaviour as a whole: battery in, host in, contacts in, relays out.
#include "app/controller.hpp"

#include <gtest/gtest.h>

#include "unit/firmware/world.hpp"

namespace ems::firmware::test {
namespace {

constexpr Relays kOpen{};
constexpr Relays kMainOnly{.main_contactor = true};
constexpr Relays kAll{true, true, true};

TEST(FirmwareController, AllIsOpenUntilGoodHealthIsShown) {  // SAF-060
  World world;
  world.host_beats = true;
  world.follow(0, 3600);
  world.battery_answers = false;
  EXPECT_EQ(world.run(20_s), kOpen);
  EXPECT_EQ(world.controller.status().state, OperatingState::waiting);
  world.battery_answers = true;
  // The poller comes back within its recovery wait; the rules then want five good seconds.
  for (int i = 0; i < 700 && world.controller.status().relays == kOpen; ++i) world.run(100_ms);
  EXPECT_EQ(world.controller.status().relays, kAll);
}

TEST(FirmwareController, AnInhibitOpensOnlyItsDirection) {  // SAF-063
  World world;
  world.make_ready();
  const ems::test::JbdDevice well = world.device;
  for (auto& mv : world.device.cells_mv) mv = 3'650;
  world.device.pack_centivolt = 5840;
  EXPECT_EQ(world.run(1_s), (Relays{false, true, true}));
  world.device = well;
  EXPECT_EQ(world.run(7_s), kAll);
  for (; world.device.soc_percent > 5; --world.device.soc_percent) world.run(1_s);
  EXPECT_EQ(world.run(1_s), (Relays{true, false, true}));
}

TEST(FirmwareController, ASilentHostOpensBothEnablesAfterItsSecond) {  // SAF-062
  World world;
  world.make_ready();
  world.follow(300, 3600);
  world.run(500_ms - Duration{world.now.since_zero().count() % 500'000});  // Just after a beat.
  world.host_beats = false;
  EXPECT_EQ(world.run(900_ms), kAll);
  EXPECT_EQ(world.controller.status().setpoint, 300_w);
  EXPECT_EQ(world.run(200_ms), kMainOnly);
  EXPECT_EQ(world.controller.status().state, OperatingState::host_silent);
  EXPECT_EQ(world.controller.status().setpoint, 0_w);
  EXPECT_EQ(world.run(20_s), kMainOnly) << "never the main contactor";
  EXPECT_EQ(world.controller.status().host_losses, 1U);
  world.write(0, {world.beat});
  EXPECT_EQ(world.run(200_ms), kMainOnly) << "an old count is no sign of life";
  world.host_beats = true;
  EXPECT_EQ(world.run(600_ms), kAll);
  EXPECT_EQ(world.controller.status().setpoint, 0_w) << "the old set-point does not come back";
  world.follow(200, 3600);
  world.run(200_ms);
  EXPECT_EQ(world.controller.status().setpoint, 200_w);
}

TEST(FirmwareController, ASetpointEndsWithItsLeaseAndAStopDoesNot) {  // SAF-064
  World world;
  world.make_ready();
  world.follow(-800, 2);
  world.run(1_s);
  EXPECT_EQ(world.controller.status().setpoint, -800_w);
  world.run(1'200_ms);
  EXPECT_EQ(world.controller.status().setpoint, 0_w);
  EXPECT_EQ(world.controller.status().relays, kAll);
  world.write(1, {0});
  EXPECT_EQ(world.run(60_s), kMainOnly);
  world.write(1, {2});
  EXPECT_EQ(world.run(1_s), kMainOnly);
}

TEST(FirmwareController, TheEstopOpensAllLatchesAndNeedsTheKey) {  // SAF-065
  World world;
  world.make_ready();
  world.contacts.estop_closed = false;
  EXPECT_EQ(world.run(100_ms), kMainOnly) << "the enables go in the same tick";
  EXPECT_EQ(world.run(1'100_ms), kOpen) << "the main contactor when the load had its second";
  const auto turn_key = [&world] {
    world.contacts.reset_pressed = true;
    world.run(200_ms);
    world.contacts.reset_pressed = false;
    world.run(200_ms);
  };
  turn_key();
  EXPECT_EQ(world.controller.status().state, OperatingState::tripped);
  world.contacts.estop_closed = true;
  EXPECT_EQ(world.run(60_s), kOpen) << "it latches";
  world.contacts.reset_pressed = true;
  world.run(100_ms);
  EXPECT_EQ(world.controller.status().state, OperatingState::waiting);
  EXPECT_EQ(world.run(12_s), kAll);
  // The key that is still down is no second turn.
  world.contacts.estop_closed = false;
  world.run(100_ms);
  world.contacts.estop_closed = true;
  EXPECT_EQ(world.run(5_s), kOpen);
}

TEST(FirmwareController, BelowTheBreakingCurrentTheContactorDoesNotWait) {  // SAF-061
  World world(nothing_latched(), 5'000_ma);
  world.make_ready();
  world.contacts.estop_closed = false;
  EXPECT_EQ(world.run(100_ms), kMainOnly);
  EXPECT_EQ(world.run(100_ms), kOpen);
}

TEST(FirmwareController, TheMainContactorStaysThroughSafe) {  // SAF-061
  World world;
  world.make_ready();
  world.battery_answers = false;
  EXPECT_EQ(world.run(5_s), kMainOnly);
  EXPECT_EQ(world.controller.status().safety, safety::SafetyState::safe);
}

TEST(FirmwareController, AnUnreadableLatchStartsTripped) {  // SAF-066
  World world(LatchRecord{});
  world.host_beats = true;
  world.follow(0, 3600);
  EXPECT_EQ(world.run(20_s), kOpen);
  EXPECT_EQ(world.controller.status().state, OperatingState::tripped);
  world.contacts.reset_pressed = true;
  world.run(100_ms);
  ASSERT_TRUE(world.controller.latch_to_store());
  EXPECT_EQ(*world.controller.latch_to_store(), nothing_latched());
  EXPECT_EQ(world.run(12_s), kAll);
}

TEST(FirmwareController, ATripIsStoredOnceAndSurvivesARestart) {  // SAF-066
  World world;
  world.make_ready();
  EXPECT_FALSE(world.controller.latch_to_store());
  world.contacts.estop_closed = false;
  world.run(100_ms);
  const std::optional<LatchRecord> stored = world.controller.latch_to_store();
  ASSERT_TRUE(stored);
  world.run(100_ms);
  EXPECT_FALSE(world.controller.latch_to_store());
  World restarted(*stored);
  restarted.host_beats = true;
  restarted.follow(0, 3600);
  EXPECT_EQ(restarted.run(20_s), kOpen);
  EXPECT_TRUE((restarted.controller.status().alarms & 1U) != 0)
      << "and it knows that it was the e-stop";
}

TEST(FirmwareController, AKeyHeldDownAtBootIsNoReset) {  // SAF-065
  World world(LatchRecord{});
  world.contacts.reset_pressed = true;
  world.run(20_s);
  EXPECT_EQ(world.controller.status().state, OperatingState::tripped);
}

TEST(FirmwareController, TheGateCutsWhatTheHostWants) {
  World world;
  world.make_ready();
  world.follow(2'000'000'000, 60);
  world.run(200_ms);
  EXPECT_EQ(world.controller.status().setpoint, world.controller.status().envelope.hi);
  EXPECT_EQ(world.controller.status().envelope.hi, 5'000_w) << "the rating";
}

}  // namespace
}  // namespace ems::firmware::test
