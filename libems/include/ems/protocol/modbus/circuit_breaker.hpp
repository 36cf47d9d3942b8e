// SPDX-License-Identifier: Apache-2.0
/// @file Circuit breaker of one unit: a dead device must not cost the others their time.
#pragma once

#include <cstdint>

#include "ems/core/time.hpp"

namespace ems::protocol::modbus {

inline constexpr std::uint32_t kBreakerFailures = 3;  ///< Consecutive failures that open it.

/// Closed: requests pass. Open: they fail at once. After 5, then 15, then 60 s one trial passes;
/// its success closes the breaker, its failure opens it for the next longer pause.
///
/// Only silence and broken frames are failures: a device that answers an exception is alive.
/// @thread_safety None; a plain value.
class CircuitBreaker {
 public:
  enum class State : std::uint8_t { closed, open, trial };

  /// Whether a request may go out at `now`. In the open state, when the pause is over, the first
  /// call returns true and moves to `trial`; more calls return false until the trial ends.
  [[nodiscard]] bool allow(Instant now) noexcept;
  /// The unit answered, an exception included.
  void succeeded() noexcept;
  /// The unit was silent or answered garbage.
  void failed(Instant now) noexcept;
  /// A trial ended without an answer and without blame (cancelled, link lost).
  void abandoned(Instant now) noexcept;

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] std::uint32_t failures() const noexcept { return failures_; }
  /// When the next trial is allowed; meaningful in the open state.
  [[nodiscard]] Instant retry_at() const noexcept { return retry_at_; }

 private:
  State state_ = State::closed;
  std::uint8_t step_ = 0;
  std::uint32_t failures_ = 0;
  Instant retry_at_{};
};

}  // namespace ems::protocol::modbus
