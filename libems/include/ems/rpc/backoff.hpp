// SPDX-License-Identifier: Apache-2.0
/// @file How long to wait before the next attempt: exponential, full jitter, never giving up.
#pragma once

#include <cstdint>
#include <functional>

#include "ems/core/time.hpp"

namespace ems::rpc {

/// Uniform random numbers over all of uint64.
using RandomSource = std::function<std::uint64_t()>;

/// The operating system's random numbers (getrandom).
///
/// @thread_safety The function returned may be called from any thread.
[[nodiscard]] RandomSource system_random();

/// Full jitter: the n-th wait is uniform in [0, min(max, min * 2^n)], so that a fleet does not come
/// back in step.
///
/// @source AWS Architecture Blog, "Exponential Backoff And Jitter" (full jitter).
class Backoff {
 public:
  /// @pre 0 < min <= max.
  Backoff(Duration min, Duration max, RandomSource random);

  /// Wait before the next attempt.
  [[nodiscard]] Duration next();
  /// After success: the next wait is short again.
  void reset() noexcept { attempts_ = 0; }
  /// Waits given since the last reset().
  [[nodiscard]] std::uint64_t attempts() const noexcept { return attempts_; }

 private:
  Duration min_;
  Duration max_;
  RandomSource random_;
  std::uint64_t attempts_ = 0;
};

}  // namespace ems::rpc
