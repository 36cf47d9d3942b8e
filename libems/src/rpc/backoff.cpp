// SPDX-License-Identifier: Apache-2.0
#include "ems/rpc/backoff.hpp"

#include <sys/random.h>

#include <cerrno>
#include <utility>

#include "ems/core/assert.hpp"

namespace ems::rpc {

RandomSource system_random() {
  return [] {
    std::uint64_t number = 0;
    ssize_t got = 0;
    do {
      got = ::getrandom(&number, sizeof number, 0);
    } while (got < 0 && errno == EINTR);
    // Up to 256 bytes never come short once the pool is ready (getrandom(2)).
    EMS_ASSERT(got == static_cast<ssize_t>(sizeof number));
    return number;
  };
}

Backoff::Backoff(Duration min, Duration max, RandomSource random)
    : min_(min), max_(max), random_(std::move(random)) {
  EMS_ASSERT(min > Duration::zero() && min <= max);
}

Duration Backoff::next() {
  Duration ceiling = min_;
  for (std::uint64_t n = 0; n < attempts_ && ceiling < max_; ++n) ceiling = ceiling * 2;
  if (ceiling > max_) ceiling = max_;
  ++attempts_;
  const auto choices = static_cast<std::uint64_t>(ceiling.count()) + 1;  // 0 .. ceiling.
  return Duration{static_cast<std::int64_t>(random_() % choices)};
}

}  // namespace ems::rpc
