// SPDX-License-Identifier: Apache-2.0
/// @file The dead-man: is the host still there? Pure; time is an argument.
#pragma once

#include <cstdint>
#include <optional>

#include "ems/core/time.hpp"

namespace ems::firmware {

/// Alive as long as the heartbeat register is written with a *changed* count often enough: a
/// gateway that repeats an old frame is no sign of life. Not alive before the first write.
///
/// @thread_safety None; the main loop's.
class DeadMan {
 public:
  /// @param timeout  > 0; at this age the host is gone.
  explicit constexpr DeadMan(Duration timeout) noexcept : timeout_(timeout) {}

  /// Takes a written count. @param now  Not before any call before.
  void beat(std::uint16_t count, Instant now) noexcept {
    if (count_ == count) return;
    count_ = count;
    beat_at_ = now;
  }
  /// @requirement SAF-062.
  [[nodiscard]] bool alive(Instant now) const noexcept {
    return count_ && now - beat_at_ < timeout_;
  }
  /// Time since the count last changed; nullopt when it was never written.
  [[nodiscard]] std::optional<Duration> age(Instant now) const noexcept {
    if (!count_) return std::nullopt;
    return now - beat_at_;
  }
  /// Count that was last written; 0 before the first.
  [[nodiscard]] std::uint16_t count() const noexcept { return count_.value_or(std::uint16_t{0}); }

 private:
  Duration timeout_;
  std::optional<std::uint16_t> count_{};
  Instant beat_at_{};
};

}  // namespace ems::firmware
