// SPDX-License-Identifier: Apache-2.0
/// @file Physical quantities as integers with the unit in the type. Arithmetic saturates, so a sum
/// never wraps.
///
/// Sign, everywhere in libems: positive *delivers into the site* (battery discharge +, PV +, grid
/// import +); load is positive when it consumes. See docs/adr/0002-units-and-sign.md.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace ems {

namespace detail {

template <class Rep>
[[nodiscard]] constexpr Rep saturating_add(Rep a, Rep b) noexcept {
  Rep sum{};
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b < 0 ? std::numeric_limits<Rep>::min() : std::numeric_limits<Rep>::max();
}

template <class Rep>
[[nodiscard]] constexpr Rep saturating_sub(Rep a, Rep b) noexcept {
  Rep difference{};
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return b < 0 ? std::numeric_limits<Rep>::max() : std::numeric_limits<Rep>::min();
}

template <class Rep>
[[nodiscard]] constexpr Rep saturating_mul(Rep a, Rep b) noexcept {
  Rep product{};
  if (!__builtin_mul_overflow(a, b, &product)) return product;
  return (a < 0) == (b < 0) ? std::numeric_limits<Rep>::max() : std::numeric_limits<Rep>::min();
}

}  // namespace detail

/// An integer count of one unit. Another unit, or a bare integer, neither compares nor converts.
///
/// @thread_safety Values; every operation is pure, saturating and noexcept.
template <class Tag, class RepT>
class Quantity {
 public:
  using Rep = RepT;

  constexpr Quantity() noexcept = default;
  constexpr explicit Quantity(Rep count) noexcept : count_(count) {}
  template <class Other>
  explicit Quantity(Quantity<Other, Rep>) = delete;  // Converting units is a named function's job.

  /// The count in this type's unit.
  [[nodiscard]] constexpr Rep count() const noexcept { return count_; }
  [[nodiscard]] static constexpr Quantity zero() noexcept { return Quantity{}; }
  [[nodiscard]] static constexpr Quantity max() noexcept {
    return Quantity{std::numeric_limits<Rep>::max()};
  }
  [[nodiscard]] static constexpr Quantity min() noexcept {
    return Quantity{std::numeric_limits<Rep>::min()};
  }

  friend constexpr auto operator<=>(Quantity, Quantity) noexcept = default;
  friend constexpr bool operator==(Quantity, Quantity) noexcept = default;

  friend constexpr Quantity operator+(Quantity a, Quantity b) noexcept {
    return Quantity{detail::saturating_add(a.count_, b.count_)};
  }
  friend constexpr Quantity operator-(Quantity a, Quantity b) noexcept {
    return Quantity{detail::saturating_sub(a.count_, b.count_)};
  }
  constexpr Quantity operator-() const noexcept {
    return Quantity{detail::saturating_sub(Rep{0}, count_)};
  }
  friend constexpr Quantity operator*(Quantity a, Rep factor) noexcept {
    return Quantity{detail::saturating_mul(a.count_, factor)};
  }
  constexpr Quantity& operator+=(Quantity b) noexcept { return *this = *this + b; }
  constexpr Quantity& operator-=(Quantity b) noexcept { return *this = *this - b; }

 private:
  Rep count_ = 0;
};

using MilliVolt = Quantity<struct MilliVoltTag, std::int32_t>;
using MilliAmp = Quantity<struct MilliAmpTag, std::int32_t>;  ///< + discharges the battery.
using MilliCelsius = Quantity<struct MilliCelsiusTag, std::int32_t>;
using MilliOhm = Quantity<struct MilliOhmTag, std::int32_t>;
using KiloOhm = Quantity<struct KiloOhmTag, std::int32_t>;
using MilliHertz = Quantity<struct MilliHertzTag, std::int32_t>;
using Watt = Quantity<struct WattTag, std::int32_t>;  ///< + delivers into the site.
using Var = Quantity<struct VarTag, std::int32_t>;
using VoltAmp = Quantity<struct VoltAmpTag, std::int32_t>;
using WattHour = Quantity<struct WattHourTag, std::int64_t>;
using MicroAmpHour = Quantity<struct MicroAmpHourTag, std::int64_t>;
using BasisPoints =
    Quantity<struct BasisPointsTag, std::int32_t>;  ///< 0 .. 10000: SoC, SoH, efficiency.
using Ratio =
    Quantity<struct RatioTag, std::int32_t>;  ///< Signed, 1e-6: per-unit values above 1 too.

/// Smaller, larger, and the value nearest to `value` in [lo, hi]. @pre lo <= hi for clamp_to.
template <class Tag, class Rep>
[[nodiscard]] constexpr Quantity<Tag, Rep> min_of(Quantity<Tag, Rep> a,
                                                  Quantity<Tag, Rep> b) noexcept {
  return b < a ? b : a;
}
template <class Tag, class Rep>
[[nodiscard]] constexpr Quantity<Tag, Rep> max_of(Quantity<Tag, Rep> a,
                                                  Quantity<Tag, Rep> b) noexcept {
  return a < b ? b : a;
}
template <class Tag, class Rep>
[[nodiscard]] constexpr Quantity<Tag, Rep> clamp_to(Quantity<Tag, Rep> value, Quantity<Tag, Rep> lo,
                                                    Quantity<Tag, Rep> hi) noexcept {
  return max_of(lo, min_of(value, hi));
}

/// `a * b / divisor` in 64-bit arithmetic, rounded towards zero and saturated to 32 bit: P = V * I
/// and the like.
/// @pre divisor > 0.
[[nodiscard]] constexpr std::int32_t mul_div(std::int32_t a, std::int32_t b,
                                             std::int32_t divisor) noexcept {
  const std::int64_t wide = static_cast<std::int64_t>(a) * b / divisor;
  constexpr std::int64_t kMax = std::numeric_limits<std::int32_t>::max();
  constexpr std::int64_t kMin = std::numeric_limits<std::int32_t>::min();
  return static_cast<std::int32_t>(wide > kMax ? kMax : wide < kMin ? kMin : wide);
}

/// Power of a voltage and a current, rounded towards zero: mV * mA = uW.
[[nodiscard]] constexpr Watt power_of(MilliVolt voltage, MilliAmp current) noexcept {
  return Watt{mul_div(voltage.count(), current.count(), 1'000'000)};
}

inline namespace literals {
consteval MilliVolt operator""_mv(unsigned long long v) {
  return MilliVolt{static_cast<std::int32_t>(v)};
}
consteval MilliAmp operator""_ma(unsigned long long v) {
  return MilliAmp{static_cast<std::int32_t>(v)};
}
consteval MilliCelsius operator""_mdegc(unsigned long long v) {
  return MilliCelsius{static_cast<std::int32_t>(v)};
}
consteval MilliHertz operator""_mhz(unsigned long long v) {
  return MilliHertz{static_cast<std::int32_t>(v)};
}
consteval Watt operator""_w(unsigned long long v) { return Watt{static_cast<std::int32_t>(v)}; }
consteval Var operator""_var(unsigned long long v) { return Var{static_cast<std::int32_t>(v)}; }
consteval VoltAmp operator""_va(unsigned long long v) {
  return VoltAmp{static_cast<std::int32_t>(v)};
}
consteval WattHour operator""_wh(unsigned long long v) {
  return WattHour{static_cast<std::int64_t>(v)};
}
consteval BasisPoints operator""_bp(unsigned long long v) {
  return BasisPoints{static_cast<std::int32_t>(v)};
}
}  // namespace literals

}  // namespace ems
