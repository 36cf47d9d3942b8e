// SPDX-License-Identifier: Apache-2.0
#include "ems/rpc/backoff.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace ems::rpc {
namespace {

TEST(Backoff, CeilingDoublesFromOneToSixtySecondsAndStays) {
  // A random number r gives r modulo (ceiling + 1): the ceiling itself shows the ceiling.
  std::uint64_t number = 0;
  Backoff backoff{seconds(1), seconds(60), [&number] { return number; }};
  for (const std::int64_t ceiling : {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
    number = static_cast<std::uint64_t>(seconds(ceiling).count());
    EXPECT_EQ(backoff.next(), seconds(ceiling));
  }
  EXPECT_EQ(backoff.attempts(), 9U);
  backoff.reset();
  EXPECT_EQ(backoff.attempts(), 0U);
  number = static_cast<std::uint64_t>(seconds(1).count()) + 1;
  EXPECT_EQ(backoff.next(), Duration::zero()) << "one beyond the first ceiling wraps to 0";
}

TEST(Backoff, NeverLeavesItsRange) {
  std::uint64_t state = 1;  // Seed.
  Backoff backoff{seconds(1), seconds(60), [&state] {
                    state = state * 6364136223846793005U + 1442695040888963407U;
                    return state;
                  }};
  for (int i = 0; i < 10'000; ++i) {
    const Duration wait = backoff.next();
    ASSERT_GE(wait, Duration::zero());
    ASSERT_LE(wait, seconds(60));
  }
}

}  // namespace
}  // namespace ems::rpc
