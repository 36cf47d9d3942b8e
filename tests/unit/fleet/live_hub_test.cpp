// SPDX-License-Identifier: Apache-2.0
#include "ems/fleet/live_hub.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <thread>

namespace {

using namespace ems;
using namespace ems::fleet;
using namespace std::chrono_literals;

LiveRow row(const char* tenant, const char* agent, telemetry::Sequence sequence,
            telemetry::Stream stream = telemetry::Stream::telemetry) {
  LiveRow out;
  out.tenant = tenant;
  out.agent = agent;
  out.stream = stream;
  out.sequence = sequence;
  return out;
}

TEST(LiveHub, GivesEachWatcherOnlyWhatItMaySeeAndWants) {
  LiveHub hub;
  LiveSubscription all = hub.subscribe({"acme", {}, {}});
  LiveSubscription one = hub.subscribe({"acme", "b", telemetry::Stream::telemetry});
  hub.publish(row("acme", "a", 1));
  hub.publish(row("acme", "b", 2));
  hub.publish(row("acme", "b", 3, telemetry::Stream::audit));
  hub.publish(row("other", "b", 4));
  EXPECT_EQ(all.pop(0ms)->sequence, 1U);
  EXPECT_EQ(all.pop(0ms)->sequence, 2U);
  EXPECT_EQ(all.pop(0ms)->sequence, 3U);
  EXPECT_FALSE(all.pop(0ms));
  EXPECT_EQ(one.pop(0ms)->sequence, 2U);
  EXPECT_FALSE(one.pop(0ms));
}

TEST(LiveHub, ASlowWatcherLosesTheOldestRowsAndKnowsHowMany) {
  LiveHub hub;
  LiveSubscription slow = hub.subscribe({"acme", {}, {}}, 3);
  for (telemetry::Sequence n = 1; n <= 10; ++n) hub.publish(row("acme", "a", n));
  EXPECT_EQ(slow.dropped(), 7U);
  EXPECT_EQ(slow.pop(0ms)->sequence, 8U);
  EXPECT_EQ(slow.pop(0ms)->sequence, 9U);
  EXPECT_EQ(slow.pop(0ms)->sequence, 10U);
  EXPECT_FALSE(slow.pop(0ms));
}

TEST(LiveHub, LeavingUnsubscribes) {
  LiveHub hub;
  {
    LiveSubscription gone = hub.subscribe({"acme", {}, {}});
    EXPECT_EQ(hub.subscribers(), 1U);
    LiveSubscription moved = std::move(gone);
    EXPECT_EQ(hub.subscribers(), 1U);
  }
  EXPECT_EQ(hub.subscribers(), 0U);
}

TEST(LiveHub, CloseAndTheEndOfTheHubWakeAWaitingWatcher) {
  std::optional<LiveHub> hub(std::in_place);
  LiveSubscription one = hub->subscribe({"acme", {}, {}});
  LiveSubscription two = hub->subscribe({"acme", {}, {}});
  std::thread waits([&one] { EXPECT_FALSE(one.pop(60s)); });
  std::thread too([&two] { EXPECT_FALSE(two.pop(60s)); });
  one.close();
  hub.reset();
  waits.join();
  too.join();
  EXPECT_TRUE(one.closed());
  EXPECT_TRUE(two.closed());
}

}  // namespace
