// SPDX-License-Identifier: Apache-2.0
/// @file A measurement as a policy sees it: the newest sample and the age at which it stops
/// counting.
#pragma once

#include <optional>

#include "ems/core/sample.hpp"
#include "ems/core/units.hpp"

namespace ems::decision {

/// A measured value with the age at which it stops counting.
template <class Q>
struct Measured {
  std::optional<Sample<Q>> sample{};  ///< Newest; absent when there never was one.
  Duration stale_after{};             ///< > 0 when sample is there.
  friend constexpr bool operator==(const Measured&, const Measured&) noexcept = default;

  [[nodiscard]] constexpr bool usable(Instant now) const noexcept {
    return sample && sample->usable(now, stale_after);
  }
};
using MeasuredPower = Measured<Watt>;

/// Power of two inverters together: as old as the older sample, as good as the worse, stale as
/// soon as one is, absent when one is. Samples of two moments are of no moment: their sum is the
/// least older still, so that net_load() takes it for simultaneous with nothing.
[[nodiscard]] constexpr MeasuredPower operator+(const MeasuredPower& a,
                                                const MeasuredPower& b) noexcept {
  if (!a.sample || !b.sample) return {};
  const Sample<Watt>& older = a.sample->taken_at < b.sample->taken_at ? *a.sample : *b.sample;
  const Duration apart =
      a.sample->taken_at == b.sample->taken_at ? Duration::zero() : microseconds(1);
  return {
      Sample<Watt>{a.sample->value + b.sample->value, older.taken_at - apart,
                   a.sample->quality < b.sample->quality ? a.sample->quality : b.sample->quality},
      min_of(a.stale_after, b.stale_after)};
}

/// All batteries of the site in a few numbers; see summarise() for which count.
struct BatterySummary {
  Measured<BasisPoints> soc{};               ///< Stored energy over capacity, all together.
  Measured<BasisPoints> soc_min{};           ///< The emptiest battery.
  Measured<BasisPoints> soc_max{};           ///< The fullest battery.
  Measured<MilliCelsius> temperature_min{};  ///< The coldest cell.
  Measured<MilliCelsius> temperature_max{};  ///< The hottest cell.
  WattHour capacity{};                       ///< Between empty and full, all together; >= 0.
  friend constexpr bool operator==(const BatterySummary&, const BatterySummary&) noexcept = default;
};

}  // namespace ems::decision
