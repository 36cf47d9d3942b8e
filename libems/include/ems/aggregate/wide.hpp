// SPDX-License-Identifier: Apache-2.0
/// @file An exact 128-bit sum of products: value x microseconds never rounds and never overflows.
#pragma once

#include <cstdint>

namespace ems::aggregate {

/// A signed 128-bit integer that can do what buckets need; wraps beyond 1.7e38.
///
/// @thread_safety Values; every operation is pure.
class Wide {
 public:
  constexpr Wide() noexcept = default;
  /// The product of two integers, exact.
  [[nodiscard]] static constexpr Wide product(std::int64_t a, std::int64_t b) noexcept {
    const Wide magnitude = product_of(abs_of(a), abs_of(b));
    return (a < 0) == (b < 0) ? magnitude : -magnitude;
  }
  constexpr Wide& operator+=(const Wide& b) noexcept {
    low_ += b.low_;
    high_ += b.high_ + (low_ < b.low_ ? 1 : 0);
    return *this;
  }
  friend constexpr Wide operator-(const Wide& a) noexcept {
    return {~a.high_ + (a.low_ == 0 ? 1 : 0), ~a.low_ + 1};
  }
  friend constexpr bool operator==(const Wide&, const Wide&) noexcept = default;

  /// Quotient rounded towards negative infinity; saturates to int64.
  /// @pre divisor > 0.
  [[nodiscard]] std::int64_t floor_div(std::int64_t divisor) const noexcept;
  /// Quotient rounded to the nearest integer, halves up; saturates to int64.
  /// @pre divisor > 0.
  [[nodiscard]] std::int64_t round_div(std::int64_t divisor) const noexcept;

  /// Its two's complement in two words, and back: for who stores it.
  [[nodiscard]] constexpr std::uint64_t high() const noexcept { return high_; }
  [[nodiscard]] constexpr std::uint64_t low() const noexcept { return low_; }
  [[nodiscard]] static constexpr Wide of_words(std::uint64_t high, std::uint64_t low) noexcept {
    return {high, low};
  }
  [[nodiscard]] constexpr bool negative() const noexcept { return high_ >> 63U != 0; }

 private:
  constexpr Wide(std::uint64_t high, std::uint64_t low) noexcept : high_(high), low_(low) {}
  [[nodiscard]] static constexpr std::uint64_t abs_of(std::int64_t a) noexcept {
    return a < 0 ? ~static_cast<std::uint64_t>(a) + 1 : static_cast<std::uint64_t>(a);
  }
  [[nodiscard]] static constexpr Wide product_of(std::uint64_t a, std::uint64_t b) noexcept {
    constexpr std::uint64_t kHalf = 0xFFFF'FFFF;
    const std::uint64_t low = (a & kHalf) * (b & kHalf);
    const std::uint64_t middle = (a >> 32U) * (b & kHalf) + (low >> 32U);
    const std::uint64_t other = (a & kHalf) * (b >> 32U) + (middle & kHalf);
    return {(a >> 32U) * (b >> 32U) + (middle >> 32U) + (other >> 32U),
            (other << 32U) | (low & kHalf)};
  }

  std::uint64_t high_ = 0;  ///< Two's complement.
  std::uint64_t low_ = 0;
};

}  // namespace ems::aggregate
