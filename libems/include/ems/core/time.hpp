// SPDX-License-Identifier: Apache-2.0
/// @file Time as data: int64 microseconds. L0 and L1 never read a clock; `now` is an argument.
#pragma once

#include <compare>
#include <cstdint>

#include "ems/core/units.hpp"

namespace ems {

/// A span of time in microseconds; may be negative. Saturates.
using Duration = Quantity<struct DurationTag, std::int64_t>;

/// A moment on one clock, in microseconds since that clock's own zero. Monotonic for control.
class Instant {
 public:
  constexpr Instant() noexcept = default;
  constexpr explicit Instant(Duration since_zero) noexcept : since_zero_(since_zero) {}
  [[nodiscard]] constexpr Duration since_zero() const noexcept { return since_zero_; }

  friend constexpr auto operator<=>(Instant, Instant) noexcept = default;
  friend constexpr bool operator==(Instant, Instant) noexcept = default;
  friend constexpr Duration operator-(Instant a, Instant b) noexcept {
    return a.since_zero_ - b.since_zero_;
  }
  friend constexpr Instant operator+(Instant t, Duration d) noexcept {
    return Instant{t.since_zero_ + d};
  }
  friend constexpr Instant operator-(Instant t, Duration d) noexcept {
    return Instant{t.since_zero_ - d};
  }

 private:
  Duration since_zero_{};
};

/// A moment in UTC, microseconds since 1970-01-01T00:00:00Z, for records only: control never
/// compares it.
class UtcInstant {
 public:
  constexpr UtcInstant() noexcept = default;
  constexpr explicit UtcInstant(Duration since_epoch) noexcept : since_epoch_(since_epoch) {}
  [[nodiscard]] constexpr Duration since_epoch() const noexcept { return since_epoch_; }
  friend constexpr auto operator<=>(UtcInstant, UtcInstant) noexcept = default;
  friend constexpr bool operator==(UtcInstant, UtcInstant) noexcept = default;
  friend constexpr Duration operator-(UtcInstant a, UtcInstant b) noexcept {
    return a.since_epoch_ - b.since_epoch_;
  }
  friend constexpr UtcInstant operator+(UtcInstant t, Duration d) noexcept {
    return UtcInstant{t.since_epoch_ + d};
  }

 private:
  Duration since_epoch_{};
};

/// How far UTC can be trusted. Written beside every stored block.
enum class ClockQuality : std::uint8_t { unset = 0, holdover = 1, synced = 2 };

[[nodiscard]] constexpr Duration microseconds(std::int64_t n) noexcept { return Duration{n}; }
[[nodiscard]] constexpr Duration milliseconds(std::int64_t n) noexcept {
  return Duration{1'000} * n;
}
[[nodiscard]] constexpr Duration seconds(std::int64_t n) noexcept {
  return Duration{1'000'000} * n;
}

inline namespace literals {
consteval Duration operator""_us(unsigned long long n) {
  return microseconds(static_cast<std::int64_t>(n));
}
consteval Duration operator""_ms(unsigned long long n) {
  return milliseconds(static_cast<std::int64_t>(n));
}
consteval Duration operator""_s(unsigned long long n) {
  return seconds(static_cast<std::int64_t>(n));
}
consteval Duration operator""_min(unsigned long long n) {
  return seconds(60 * static_cast<std::int64_t>(n));
}
}  // namespace literals

}  // namespace ems
