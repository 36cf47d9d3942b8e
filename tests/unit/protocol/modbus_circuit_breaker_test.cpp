// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/modbus/circuit_breaker.hpp"

#include <gtest/gtest.h>

namespace ems::protocol::modbus {
namespace {

constexpr Instant at(std::int64_t s) { return Instant{seconds(s)}; }

TEST(CircuitBreaker, OpensAtTheThirdFailureInARow) {
  CircuitBreaker breaker;
  breaker.failed(at(0));
  breaker.failed(at(0));
  EXPECT_TRUE(breaker.allow(at(0)));
  breaker.succeeded();
  breaker.failed(at(0));
  breaker.failed(at(0));
  EXPECT_TRUE(breaker.allow(at(0)));
  breaker.failed(at(0));
  EXPECT_FALSE(breaker.allow(at(0)));
}

TEST(CircuitBreaker, PausesFiveFifteenThenSixtySeconds) {
  CircuitBreaker breaker;
  for (int i = 0; i < 3; ++i) breaker.failed(at(0));
  std::int64_t now = 0;
  for (const std::int64_t pause : {5, 15, 60, 60}) {
    EXPECT_FALSE(breaker.allow(Instant{seconds(now + pause) - microseconds(1)})) << pause;
    now += pause;
    EXPECT_TRUE(breaker.allow(at(now))) << pause;
    EXPECT_FALSE(breaker.allow(at(now))) << "one trial at a time";
    breaker.failed(at(now));
  }
  now += 60;
  EXPECT_TRUE(breaker.allow(at(now)));
  breaker.succeeded();
  EXPECT_EQ(breaker.state(), CircuitBreaker::State::closed);
  for (int i = 0; i < 3; ++i) breaker.failed(at(now));
  EXPECT_EQ(breaker.retry_at(), at(now + 5)) << "success starts over";
}

TEST(CircuitBreaker, ATrialThatNobodyAnsweredForMayBeRepeatedAtOnce) {
  CircuitBreaker breaker;
  for (int i = 0; i < 3; ++i) breaker.failed(at(0));
  ASSERT_TRUE(breaker.allow(at(5)));
  breaker.abandoned(at(6));
  EXPECT_TRUE(breaker.allow(at(6)));
}

TEST(CircuitBreaker, FailuresWhileOpenDoNotLengthenThePause) {
  CircuitBreaker breaker;
  for (int i = 0; i < 6; ++i) breaker.failed(at(0));
  EXPECT_EQ(breaker.retry_at(), at(5));
}

}  // namespace
}  // namespace ems::protocol::modbus
