// SPDX-License-Identifier: Apache-2.0
/// @file Many batteries as the few numbers that policies look at.
#pragma once

#include <span>

#include "ems/decision/measured.hpp"

namespace ems::decision {

/// One battery as its BMS tells it.
struct BatteryView {
  Measured<BasisPoints> soc{};
  Measured<MilliCelsius> temperature_min{};
  Measured<MilliCelsius> temperature_max{};
  WattHour capacity{};    ///< Between empty and full; 0: unknown; >= 0.
  bool can_move = false;  ///< Safety lets some power through it, and its inverter can be commanded.
};

/// Sums the batteries up. A value that cannot be used at `now`, of a battery that can move, makes
/// its number unusable; of one that cannot move, it does not count, so that a dead battery does not
/// stop the policies of the others.
///
/// `soc` is the mean by capacity, rounded down; in equal parts when a capacity is unknown. Each
/// number is as good as its worst part, and goes stale with the first of them.
///
/// @pre           At most 64 batteries, so that no sum leaves 64 bit.
/// @thread_safety Pure function.
[[nodiscard]] BatterySummary summarise(std::span<const BatteryView> batteries,
                                       Instant now) noexcept;

}  // namespace ems::decision
