// SPDX-License-Identifier: Apache-2.0
#include "fleet/lanes.hpp"

#include <gtest/gtest.h>

namespace ems::fleet {
namespace {

LaneKey key(std::uint32_t n) { return {"acme", "site", telemetry::Stream::telemetry, n, Id128{}}; }

TEST(Lanes, WhenFullTheIdleHalfIsForgottenAndTheBusyStay) {
  Lanes lanes(8);
  for (std::uint32_t n = 0; n < 8; ++n) lanes.add(key(n), {.id = n + 1});
  for (const std::uint32_t busy : {0U, 1U, 6U}) EXPECT_NE(lanes.find(key(busy)), nullptr);
  const Lane* const before = lanes.find(key(0));
  lanes.add(key(8), {.id = 9});
  EXPECT_EQ(lanes.find(key(0)), before);
  EXPECT_EQ(before->id, 1);
  for (const std::uint32_t idle : {2U, 3U, 4U, 5U}) EXPECT_EQ(lanes.find(key(idle)), nullptr);
  for (const std::uint32_t kept : {1U, 6U, 7U, 8U}) EXPECT_NE(lanes.find(key(kept)), nullptr);
}

TEST(Lanes, NeverMoreThanItsMost) {
  for (const std::size_t most : {0U, 1U, 2U, 7U}) {
    Lanes lanes(most);
    for (std::uint32_t n = 0; n < 50; ++n) {
      EXPECT_EQ(lanes.add(key(n), {.id = n}).id, n);
      EXPECT_LE(lanes.size(), std::max<std::size_t>(most, 1));
    }
  }
}

TEST(Lanes, OneThatWasForgottenIsNotThere) {
  Lanes lanes(4);
  lanes.add(key(1), {.id = 1});
  lanes.add(key(2), {.id = 2});
  lanes.forget(key(1));
  EXPECT_EQ(lanes.find(key(1)), nullptr);
  EXPECT_NE(lanes.find(key(2)), nullptr);
  lanes.clear();
  EXPECT_EQ(lanes.size(), 0U);
}

}  // namespace
}  // namespace ems::fleet
