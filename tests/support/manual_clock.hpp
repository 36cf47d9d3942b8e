// SPDX-License-Identifier: Apache-2.0
// A clock that stands still until a test moves it.
#pragma once

#include "ems/model/clock.hpp"

namespace ems::test {

class ManualClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const noexcept override { return now_; }
  [[nodiscard]] UtcInstant utc() const noexcept override { return utc_; }
  [[nodiscard]] ClockQuality quality() const noexcept override { return ClockQuality::synced; }
  void advance(Duration duration) noexcept {
    now_ = now_ + duration;
    utc_ = utc_ + duration;
  }

 private:
  Instant now_{seconds(1'000)};
  UtcInstant utc_{seconds(1'700'000'000)};
};

}  // namespace ems::test
