// SPDX-License-Identifier: Apache-2.0
/// @file The machine's clocks.
#pragma once

#include "ems/model/clock.hpp"

namespace ems::io {

/// 2024-01-01T00:00:00Z. A clock that shows less was not set: it began at 1970, or where an empty
/// battery left it.
inline constexpr UtcInstant kEarliestPlausible{seconds(1'704'067'200)};

/// CLOCK_MONOTONIC and CLOCK_REALTIME; quality from the kernel's time discipline (adjtimex).
///
/// @thread_safety Stateless.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const noexcept override;
  [[nodiscard]] UtcInstant utc() const noexcept override;
  /// `synced` when a daemon disciplines the clock; `holdover` when it is set but no longer
  /// disciplined; `unset` before kEarliestPlausible.
  [[nodiscard]] ClockQuality quality() const noexcept override;
};

}  // namespace ems::io
