// SPDX-License-Identifier: Apache-2.0
#include "rpc/send_window.hpp"

#include <gtest/gtest.h>

namespace ems::rpc {
namespace {

constexpr std::size_t kMost = std::size_t{4} * 1024 * 1024;

TEST(SendWindow, GrowsToItsMostWhileAcknowledgementsAreFast) {
  SendWindow window{kMost};
  EXPECT_EQ(window.size(), SendWindow::kFirst);
  Instant now{};
  for (int i = 0; i < 100; ++i) {
    now = now + milliseconds(5);
    window.acknowledged(milliseconds(5 + i % 40), 64 * 1024, now);
  }
  EXPECT_EQ(window.size(), kMost);
}

TEST(SendWindow, HalvesOncePerWindowWhenBytesQueueAndKeepsALeast) {
  SendWindow window{kMost};
  Instant now = Instant{} + seconds(1);
  window.acknowledged(milliseconds(10), 0, now);
  window.acknowledged(milliseconds(61), 4096, now);
  EXPECT_EQ(window.size(), SendWindow::kFirst / 2);
  window.acknowledged(milliseconds(61), 4096, now + milliseconds(60));
  EXPECT_EQ(window.size(), SendWindow::kFirst / 2) << "that was sent before the first halving";
  window.acknowledged(milliseconds(60), 4096, now + milliseconds(60));
  EXPECT_EQ(window.size(), SendWindow::kFirst / 2 + 4096) << "at the bound it still grows";
  for (int i = 0; i < 50; ++i) {
    now = now + seconds(2);
    window.acknowledged(seconds(1), 4096, now);
  }
  EXPECT_EQ(window.size(), SendWindow::kLeast);
}

TEST(SendWindow, ALongWayIsNotAQueue) {
  SendWindow window{kMost};
  for (int i = 0; i < 100; ++i) {
    window.acknowledged(milliseconds(600), 64 * 1024, Instant{} + seconds(i));
  }
  EXPECT_EQ(window.size(), kMost) << "every acknowledgement takes 600 ms: a satellite";
}

TEST(SendWindow, AWayThatBecameLongerForGoodIsNotTakenForAQueueForEver) {
  SendWindow window{kMost};
  Instant now{};
  const auto for_seconds = [&](int n, Duration waited) {
    for (int i = 0; i < n; ++i) {
      now = now + seconds(1);
      window.acknowledged(waited, 64 * 1024, now);
    }
  };
  for_seconds(100, milliseconds(10));
  ASSERT_EQ(window.size(), kMost);
  for_seconds(20, milliseconds(400));
  EXPECT_EQ(window.size(), SendWindow::kLeast) << "it could be a queue";
  for_seconds(100, milliseconds(400));
  EXPECT_GT(window.size(), SendWindow::kLeast) << "nothing was faster for two minutes";
  for_seconds(100, milliseconds(400));
  EXPECT_EQ(window.size(), kMost);
  for_seconds(1, milliseconds(10));  // The short way is back, and remembered at once.
  for_seconds(59, milliseconds(400));
  EXPECT_EQ(window.size(), SendWindow::kLeast);
}

TEST(SendWindow, AMinuteAgoStillCountsAndBeforeASilenceDoesNot) {
  Instant now{};
  SendWindow remembers{kMost};
  remembers.acknowledged(milliseconds(10), 0, now);
  remembers.acknowledged(milliseconds(10), 0, now + seconds(59));
  remembers.acknowledged(milliseconds(400), 4096, now + seconds(61));
  EXPECT_EQ(remembers.size(), SendWindow::kFirst / 2);
  SendWindow silent{kMost};
  silent.acknowledged(milliseconds(10), 0, now);
  silent.acknowledged(milliseconds(400), 4096, now + seconds(120));
  EXPECT_EQ(silent.size(), SendWindow::kFirst + 4096);
}

// A way of 20 ms and 1 MB/s that is always full: what waits is our own queue, for an hour.
TEST(SendWindow, ItsOwnQueueNeverBecomesTheWay) {
  constexpr Duration kWay = milliseconds(20);
  SendWindow window{kMost};
  Instant now{};
  Duration worst{};
  while (now < Instant{} + seconds(3600)) {
    const Duration waited = kWay + microseconds(static_cast<std::int64_t>(window.size()));
    now = now + waited;
    window.acknowledged(waited, window.size() / 4, now);
    // It begins with a queue: only when that was halved does it know the way.
    if (now > Instant{} + seconds(300)) worst = std::max(worst, waited);
  }
  // Halved from way + 2 bounds it is at way + 1 bound at most; a step of growth is a quarter.
  EXPECT_LE(worst.count() * 4, (kWay + SendWindow::kQueueMax * 2).count() * 5);
  EXPECT_GT(worst, kWay + SendWindow::kQueueMax) << "it was never full";
}

TEST(SendWindow, OfASmallBoundItIsTheBound) {
  SendWindow window{8000};
  EXPECT_EQ(window.size(), 8000U);
  window.acknowledged(milliseconds(1), 8000, Instant{});
  window.acknowledged(seconds(9), 8000, Instant{} + seconds(9));
  EXPECT_EQ(window.size(), 8000U);
  EXPECT_EQ(window.message(100), 100U);
  EXPECT_EQ(window.message(1'000'000), 2000U);
}

}  // namespace
}  // namespace ems::rpc
