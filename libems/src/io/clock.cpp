// SPDX-License-Identifier: Apache-2.0
#include "ems/io/clock.hpp"

#include <sys/timex.h>

#include <chrono>

namespace ems::io {
namespace {

template <class ClockType>
Duration since_zero() noexcept {
  const auto now = ClockType::now().time_since_epoch();
  return microseconds(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

}  // namespace

Instant SystemClock::now() const noexcept {
  return Instant{since_zero<std::chrono::steady_clock>()};
}

UtcInstant SystemClock::utc() const noexcept {
  return UtcInstant{since_zero<std::chrono::system_clock>()};
}

ClockQuality SystemClock::quality() const noexcept {
  if (utc() < kEarliestPlausible) return ClockQuality::unset;
  timex state{};
  const int status = adjtimex(&state);
  return status == TIME_ERROR || status < 0 ? ClockQuality::holdover : ClockQuality::synced;
}

}  // namespace ems::io
