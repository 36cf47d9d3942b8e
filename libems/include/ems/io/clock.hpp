// SPDX-License-Identifier: Apache-2.0
/// @file The machine's clocks.
#pragma once

#include "ems/model/clock.hpp"

namespace ems::io {

/// CLOCK_MONOTONIC and CLOCK_REALTIME; quality from the kernel's time discipline (adjtimex).
///
/// @thread_safety Stateless.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const noexcept override;
  [[nodiscard]] UtcInstant utc() const noexcept override;
  /// `synced` when a daemon disciplines the clock; `holdover` when it is set but no longer
  /// disciplined; `unset` before 2024, when no clock can be right.
  [[nodiscard]] ClockQuality quality() const noexcept override;
};

}  // namespace ems::io
