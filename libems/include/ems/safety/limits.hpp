// SPDX-License-Identifier: Apache-2.0
/// @file Safety limits of one battery: defaults and absolute bounds per chemistry. A site's
/// `limits.yaml` may only be tighter than the absolute bounds; validate() says so by field.
#pragma once

#include <cstdint>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/core/units.hpp"

namespace ems::safety {

enum class Chemistry : std::uint8_t { lfp = 0 };

/// One limit with hysteresis. An upper limit trips at or above `trip` and clears below `clear`; a
/// lower limit trips at or below `trip` and clears above `clear`.
template <class Q>
struct Threshold {
  Q trip{};
  Q clear{};
  Duration clear_after{};  ///< Continuous good time needed before the rule clears; > 0.
  friend constexpr bool operator==(const Threshold&, const Threshold&) noexcept = default;
};

/// How far the sum of the cells may be from the voltage at the terminals: trips at the larger of
/// the two trips, clears below the larger of the two clears.
struct SumOfCellsLimit {
  MilliVolt trip_per_cell{};
  MilliVolt clear_per_cell{};
  BasisPoints trip_share{};   ///< Of the smaller of the two voltages.
  BasisPoints clear_share{};  ///< Of the smaller of the two voltages.
  Duration clear_after{};
  friend constexpr bool operator==(const SumOfCellsLimit&,
                                   const SumOfCellsLimit&) noexcept = default;
};

/// All limits of one battery. A default-constructed one allows nothing and fails validate().
struct Limits {
  Threshold<MilliVolt> cell_voltage_max{};  ///< Trip inhibits charging.
  Threshold<MilliVolt> cell_voltage_min{};  ///< Trip inhibits discharging.
  MilliVolt cell_voltage_latch_max{};       ///< At or above: TRIPPED.
  MilliVolt cell_voltage_latch_min{};       ///< At or below: TRIPPED.

  Threshold<MilliCelsius> charge_temp_max{};        ///< Trip inhibits charging.
  Threshold<MilliCelsius> charge_temp_min{};        ///< Trip inhibits charging.
  Threshold<MilliCelsius> discharge_temp_max{};     ///< Trip inhibits discharging.
  Threshold<MilliCelsius> discharge_temp_min{};     ///< Trip inhibits discharging.
  Threshold<MilliCelsius> discharge_temp_derate{};  ///< From trip on, discharging falls linearly
                                                    ///< to 0 at discharge_temp_max.trip.
  MilliCelsius temp_latch_max{};                    ///< At or above: TRIPPED.
  MilliCelsius temp_latch_min{};                    ///< At or below: TRIPPED.

  MilliAmp charge_current_max{};             ///< Magnitude the envelope allows; 0 forbids charging.
  MilliAmp discharge_current_max{};          ///< Magnitude the envelope allows; 0 forbids.
  Threshold<MilliAmp> charge_overcurrent{};  ///< Measured magnitude; trip > the maximum.
  Threshold<MilliAmp> discharge_overcurrent{};  ///< Measured magnitude; trip > the maximum.

  Threshold<BasisPoints> soc_max{};  ///< Trip inhibits charging.
  Threshold<BasisPoints> soc_min{};  ///< Trip inhibits discharging.

  SumOfCellsLimit sum_of_cells{};  ///< Trip: the battery goes to SAFE.

  Duration stale_after_max{};  ///< No input older than this is used, whatever its own stale_after.
  Duration input_clear_after{};  ///< Good time after an input was missing, or a BMS flag was off.
  friend constexpr bool operator==(const Limits&, const Limits&) noexcept = default;
};

/// The widest a site may set its limits for a chemistry; compiled in, not configurable.
struct AbsoluteBounds {
  MilliVolt cell_voltage_max{};        ///< Upper bound of cell_voltage_max.trip.
  MilliVolt cell_voltage_min{};        ///< Lower bound of cell_voltage_min.trip.
  MilliVolt cell_voltage_latch_max{};  ///< Upper bound.
  MilliVolt cell_voltage_latch_min{};  ///< Lower bound.
  MilliVolt cell_voltage_gap{};        ///< Least distance of clear from trip.
  MilliCelsius charge_temp_max{};
  MilliCelsius charge_temp_min{};
  MilliCelsius discharge_temp_max{};
  MilliCelsius discharge_temp_min{};
  MilliCelsius discharge_temp_derate{};
  MilliCelsius temp_latch_max{};
  MilliCelsius temp_latch_min{};
  MilliAmp current_max{};      ///< Upper bound of both current maxima.
  MilliAmp overcurrent_max{};  ///< Upper bound of both over-current trips.
  BasisPoints soc_max{};
  BasisPoints soc_min{};
  MilliVolt sum_of_cells_per_cell{};
  BasisPoints sum_of_cells_share{};
  Duration stale_after_max{};
  Duration clear_after_min{};  ///< Lower bound of every clear_after.
};

/// Bounds of LFP (lithium iron phosphate).
///
/// @source  REQUIREMENTS section 0 (2.5/3.65 V, charge 0..45 degC, discharge -10..55 degC, derate
///          from 45 degC, SoC 5..98 %), A3 (over-voltage 3.50..3.75 V, under-voltage 2.30..2.80 V,
///          recovery gap 50 mV, discharge temperature 60/-20 degC as second thresholds,
///          over-current 1.1 times); docs/safety/requirements.md also
///          says which bounds have no source and are our choice (current, staleness, sum of cells).
inline constexpr AbsoluteBounds kLfpBounds{
    .cell_voltage_max = MilliVolt{3650},
    .cell_voltage_min = MilliVolt{2500},
    .cell_voltage_latch_max = MilliVolt{3750},
    .cell_voltage_latch_min = MilliVolt{2300},
    .cell_voltage_gap = MilliVolt{50},
    .charge_temp_max = MilliCelsius{45'000},
    .charge_temp_min = MilliCelsius{0},
    .discharge_temp_max = MilliCelsius{55'000},
    .discharge_temp_min = MilliCelsius{-10'000},
    .discharge_temp_derate = MilliCelsius{45'000},
    .temp_latch_max = MilliCelsius{60'000},
    .temp_latch_min = MilliCelsius{-20'000},
    .current_max = MilliAmp{1'000'000},
    .overcurrent_max = MilliAmp{1'100'000},
    .soc_max = BasisPoints{9800},
    .soc_min = BasisPoints{500},
    .sum_of_cells_per_cell = MilliVolt{20},
    .sum_of_cells_share = BasisPoints{100},
    .stale_after_max = seconds(10),
    .clear_after_min = seconds(1),
};

/// Absolute bounds of a chemistry. @thread_safety Pure function.
[[nodiscard]] const AbsoluteBounds& absolute_bounds(Chemistry chemistry) noexcept;

/// Limits that validate() accepts and that sit at the absolute bounds, except the currents.
///
/// A chemistry does not know a pack's current: both current maxima are 0, which forbids charging
/// and discharging until the site's limits name them (set_current_limits() does both numbers).
///
/// @thread_safety Pure function.
[[nodiscard]] Limits default_limits(Chemistry chemistry) noexcept;

/// Sets both current maxima and, 10 % above each (at least 1 A), the over-current trips.
///
/// @param charge     Magnitude, >= 0.
/// @param discharge  Magnitude, >= 0.
/// @thread_safety    Pure but for `limits`.
void set_current_limits(Limits& limits, MilliAmp charge, MilliAmp discharge) noexcept;

/// Checks limits against the chemistry's absolute bounds and against themselves.
///
/// @errors too_wide          a field is wider than its absolute bound; `what` starts with the
///                           field's name as it stands in `Limits` ("cell_voltage_max.trip: ...").
///         invalid_argument  a field contradicts another (clear not inside trip, a latch that would
///                           fire before its inhibit, a negative current, a duration <= 0).
///         Both: offset = number of the failed check, from 1, in the order of `Limits`.
/// @requirement SAF-001.
/// @thread_safety Pure function.
[[nodiscard]] Result<void> validate(const Limits& limits, Chemistry chemistry) noexcept;

}  // namespace ems::safety
