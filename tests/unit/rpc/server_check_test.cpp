// SPDX-License-Identifier: Apache-2.0
// FleetServer::check(): what a keep-alive of ems-server rests on.
#include <gtest/gtest.h>

#include <atomic>

#include "support/rpc_world.hpp"

namespace ems::rpc {
namespace {

/// A clock that the test turns; the server's housekeeping reads it too.
class TurnedClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const noexcept override { return Instant{microseconds(now_us_)}; }
  [[nodiscard]] UtcInstant utc() const noexcept override { return io::SystemClock{}.utc(); }
  [[nodiscard]] ClockQuality quality() const noexcept override { return ClockQuality::synced; }
  void advance(Duration by) { now_us_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_us_{1'000'000};
};

TEST(FleetServerCheck, AServerThatListensAnswers) {
  test::RpcWorld world;
  world.start_server();
  EXPECT_TRUE(world.server->check(seconds(5)));
}

TEST(FleetServerCheck, AServerThatStoppedDoesNot) {
  test::RpcWorld world;
  world.start_server();
  world.server->stop(Duration::zero());
  const Result<void> alive = world.server->check(seconds(5));
  ASSERT_FALSE(alive);
  EXPECT_EQ(alive.error().code, Errc::unavailable);
}

TEST(FleetServerCheck, HousekeepingThatHangsIsNoticed) {
  test::RpcWorld world;
  TurnedClock clock;
  auto server = FleetServer::start(world.options(), *world.store, world.hub, clock, system_random(),
                                   world.log);
  ASSERT_TRUE(server);
  clock.advance(seconds(4));
  EXPECT_TRUE((*server)->check(seconds(5)));
  clock.advance(seconds(60));  // Faster than the sweeper, which comes once a second.
  const Result<void> alive = (*server)->check(seconds(5));
  ASSERT_FALSE(alive);
  EXPECT_EQ(alive.error().code, Errc::timeout);
  EXPECT_TRUE(test::eventually([&] { return (*server)->check(seconds(5)).has_value(); }))
      << "the sweeper came by";
}

}  // namespace
}  // namespace ems::rpc
