// SPDX-License-Identifier: Apache-2.0
/// @file The clock as an interface: only L2 and above hold one, and only `io` reads the machine's.
#pragma once

#include "ems/core/time.hpp"

namespace ems {

/// Monotonic time for control, UTC for records.
///
/// @thread_safety Implementations may be called from any thread.
class Clock {
 public:
  /// Monotonic; its zero is the clock's own.
  [[nodiscard]] virtual Instant now() const noexcept = 0;
  [[nodiscard]] virtual UtcInstant utc() const noexcept = 0;
  /// Whether utc() is disciplined by a time source now.
  [[nodiscard]] virtual ClockQuality quality() const noexcept = 0;

 protected:
  Clock() = default;
  Clock(const Clock&) = default;
  Clock& operator=(const Clock&) = default;
  ~Clock() = default;
};

}  // namespace ems
