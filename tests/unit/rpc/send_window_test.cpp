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
