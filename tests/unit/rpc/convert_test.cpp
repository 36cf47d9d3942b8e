// SPDX-License-Identifier: Apache-2.0
#include "rpc/convert.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace ems::rpc {
namespace {

TEST(Convert, TimesOfAPeerSaturateAndNeverOverflow) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  constexpr std::int32_t kNanosMax = std::numeric_limits<std::int32_t>::max();
  const struct {
    std::int64_t seconds;
    std::int32_t nanos;
    std::int64_t micros;
  } cases[] = {{1, 500'000, 1'000'500},
               {-1, -500'000, -1'000'500},
               {0, kNanosMax, 999'999},
               {0, std::numeric_limits<std::int32_t>::min(), -999'999},
               {kMax, kNanosMax, (kMax / 1'000'000 - 1) * 1'000'000 + 999'999},
               {-kMax, -kNanosMax, -(kMax / 1'000'000 - 1) * 1'000'000 - 999'999}};
  for (const auto& c : cases) {
    google::protobuf::Duration duration;
    duration.set_seconds(c.seconds);
    duration.set_nanos(c.nanos);
    EXPECT_EQ(from(duration).count(), c.micros) << c.seconds << " " << c.nanos;
  }
}

}  // namespace
}  // namespace ems::rpc
