// SPDX-License-Identifier: Apache-2.0
/// @file Safety limits of one battery: defaults and absolute bounds per chemistry. A site's
/// `limits.yaml` may only be tighter than the absolute bounds; validate() says so by field.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "ems/core/result.hpp"
#include "ems/core/static_vector.hpp"
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
  Duration trip_after{};   ///< Continuous time beyond trip before it acts; 0: at once.
  friend constexpr bool operator==(const Threshold&, const Threshold&) noexcept = default;
};

/// One point of a derate curve: at `x`, `share` of the largest current is allowed.
template <class Q>
struct DeratePoint {
  Q x{};
  BasisPoints share{};
  friend constexpr bool operator==(const DeratePoint&, const DeratePoint&) noexcept = default;
};
inline constexpr std::size_t kCurvePointsMax = 6;

/// How much of the largest current is allowed: linear between the points, held outside of them,
/// rounded down. Read at the lowest and at the highest value of a battery; the smaller share
/// counts. x ascends; the shares rise, then fall, so nothing between the two extremes is worse.
template <class Q>
using DerateCurve = StaticVector<DeratePoint<Q>, kCurvePointsMax>;

/// Inverse-time overload: the integral of I^2 - Imax^2 may reach what `factor` x Imax gives in
/// `time`; below Imax it falls the same way. An Imax below 1 A counts as 1 A.
struct OverloadLimit {
  BasisPoints factor{};  ///< Of the current maximum; > 10000.
  Duration time{};
  Duration clear_after{};  ///< Good time after the integral is back at 0.
  friend constexpr bool operator==(const OverloadLimit&, const OverloadLimit&) noexcept = default;
};

/// What a device that lies looks like; see docs/explanation/safety.md. Every field > 0.
struct PlausibilityLimits {
  BasisPoints soc_jump{};           ///< From one sample to the next.
  MilliCelsius temperature_jump{};  ///< The same.
  MilliVolt cell_voltage_jump{};    ///< The same; times the cells in series for the terminals.
  BasisPoints frozen_charge{};      ///< Of the capacity, moved without any value changing.
  Duration frozen_after{};          ///< The same where the capacity is unknown.
  BasisPoints power_tolerance{};    ///< Of the larger power.
  Watt power_floor{};               ///< Differences below it never count.
  Duration power_after{};           ///< How long two powers may disagree.
  BasisPoints obey_tolerance{};     ///< Of the largest current or power the device may ever move.
  MilliAmp obey_floor{};            ///< Currents: at least this much beyond the limit.
  Duration obey_after{};            ///< What a device has to obey a limit in.
  MilliAmp contactor_current{};     ///< An open contactor carries less.
  Duration contactor_after{};       ///< How long feedback and command may disagree.
  Duration skew_max{};              ///< Two samples this near to each other are of one moment.
  Duration clear_after{};           ///< Good time before any of these checks clears.
  friend constexpr bool operator==(const PlausibilityLimits&,
                                   const PlausibilityLimits&) noexcept = default;
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

  Threshold<MilliCelsius> charge_temp_max{};          ///< Trip inhibits charging.
  Threshold<MilliCelsius> charge_temp_min{};          ///< Trip inhibits charging.
  Threshold<MilliCelsius> discharge_temp_max{};       ///< Trip inhibits discharging.
  Threshold<MilliCelsius> discharge_temp_min{};       ///< Trip inhibits discharging.
  DerateCurve<MilliCelsius> discharge_temp_derate{};  ///< Of discharge_current_max.
  MilliCelsius temp_latch_max{};                      ///< At or above: TRIPPED.
  MilliCelsius temp_latch_min{};                      ///< At or below: TRIPPED.

  MilliAmp charge_current_max{};             ///< Magnitude the envelope allows; 0 forbids charging.
  MilliAmp discharge_current_max{};          ///< Magnitude the envelope allows; 0 forbids.
  Threshold<MilliAmp> charge_overcurrent{};  ///< Measured magnitude; trip > the maximum.
  Threshold<MilliAmp> discharge_overcurrent{};  ///< Measured magnitude; trip > the maximum.

  Threshold<BasisPoints> soc_max{};  ///< Trip inhibits charging.
  Threshold<BasisPoints> soc_min{};  ///< Trip inhibits discharging.

  SumOfCellsLimit sum_of_cells{};  ///< Trip: the battery goes to SAFE.

  Duration stale_after_max{};  ///< No input older than this is used, whatever its own stale_after.
  Duration input_clear_after{};  ///< Good time after an input was missing, a BMS flag was off or
                                 ///< a derate ended.

  Threshold<MilliVolt> cell_voltage_high{};           ///< Trip warns.
  Threshold<MilliVolt> cell_voltage_low{};            ///< Trip warns.
  Threshold<MilliCelsius> temperature_high{};         ///< Trip warns.
  Threshold<MilliCelsius> temperature_low{};          ///< Trip warns.
  Threshold<BasisPoints> soc_high_warning{};          ///< Trip warns.
  Threshold<BasisPoints> soc_low_warning{};           ///< Trip warns.
  DerateCurve<MilliVolt> charge_voltage_derate{};     ///< Of charge_current_max, by the cells.
  DerateCurve<MilliVolt> discharge_voltage_derate{};  ///< Of discharge_current_max.
  DerateCurve<MilliCelsius> charge_temp_derate{};     ///< Of charge_current_max.
  OverloadLimit charge_overload{};                    ///< Trip inhibits charging.
  OverloadLimit discharge_overload{};                 ///< Trip inhibits discharging.
  Threshold<MilliCelsius> temperature_spread{};       ///< Trip inhibits both.
  Threshold<MilliVolt> cell_imbalance_warning{};      ///< Trip warns.
  DerateCurve<MilliVolt> cell_imbalance_derate{};     ///< Of both currents, by highest - lowest.
  Threshold<MilliVolt> cell_imbalance{};              ///< Trip inhibits both.
  Threshold<KiloOhm> insulation_low{};                ///< Trip warns.
  KiloOhm insulation_latch_min{};                     ///< At or below: TRIPPED.
  Duration latch_after{};  ///< Continuous time beyond a latching threshold before it trips; 0: at
                           ///< once. Smoke, gas and the emergency stop never wait.
  PlausibilityLimits plausibility{};
  friend constexpr bool operator==(const Limits&, const Limits&) noexcept = default;
};

/// The widest a site may set its limits for a chemistry; compiled in, not configurable.
struct AbsoluteBounds {
  /// Limits at the bound. A site's trips, latches, curves, shares and times may not be wider; its
  /// warnings not than the inhibit they stand before. Clears and clear_after here are the defaults.
  Limits widest{};
  MilliVolt cell_voltage_gap{};  ///< Least distance of clear from trip.
  Duration clear_after_min{};    ///< Bounds of every clear_after.
  Duration clear_after_max{};
  Duration trip_after_max{};   ///< Upper bound of every trip_after.
  Duration latch_after_max{};  ///< Upper bound of latch_after.
};

/// A curve from its points, in ascending x. @pre at most kCurvePointsMax points.
template <class Q>
[[nodiscard]] constexpr DerateCurve<Q> derate_curve(
    std::initializer_list<DeratePoint<Q>> points) noexcept {
  DerateCurve<Q> curve;
  for (const DeratePoint<Q>& point : points) curve.push_back(point);
  return curve;
}

/// Bounds of LFP (lithium iron phosphate).
///
/// @source  REQUIREMENTS section 0 (2.5/3.65 V, charge 0..45 degC, discharge -10..55 degC, derate
///          from 45 degC, warning at 50 degC, SoC 5..98 % and 10..95 %, imbalance 30/100/300 mV),
///          A3 (over-voltage 3.50..3.75 V, under-voltage 2.30..2.80 V, recovery gap 50 mV,
///          discharge temperature 60/-20 degC as second thresholds, overload 1.1 times for 5 s,
///          reduction to 50 %, warnings at 3.55/2.80 V and 5 degC), A7 (jumps); temperature spread:
///          Battery-Emulator. docs/safety/requirements.md says which have no source and are ours.
inline constexpr AbsoluteBounds kLfpBounds{
    .widest =
        {
            .cell_voltage_max = {MilliVolt{3650}, MilliVolt{3550}, seconds(5)},
            .cell_voltage_min = {MilliVolt{2500}, MilliVolt{2700}, seconds(5)},
            .cell_voltage_latch_max = MilliVolt{3750},
            .cell_voltage_latch_min = MilliVolt{2300},
            .charge_temp_max = {MilliCelsius{45'000}, MilliCelsius{40'000}, seconds(5)},
            .charge_temp_min = {MilliCelsius{0}, MilliCelsius{5'000}, seconds(5)},
            .discharge_temp_max = {MilliCelsius{55'000}, MilliCelsius{50'000}, seconds(5)},
            .discharge_temp_min = {MilliCelsius{-10'000}, MilliCelsius{-5'000}, seconds(5)},
            .discharge_temp_derate =
                derate_curve<MilliCelsius>({{MilliCelsius{45'000}, BasisPoints{10'000}},
                                            {MilliCelsius{55'000}, BasisPoints{0}}}),
            .temp_latch_max = MilliCelsius{60'000},
            .temp_latch_min = MilliCelsius{-20'000},
            .charge_current_max = MilliAmp{1'000'000},
            .discharge_current_max = MilliAmp{1'000'000},
            .charge_overcurrent = {MilliAmp{1'200'000}, MilliAmp{1'100'000}, seconds(5)},
            .discharge_overcurrent = {MilliAmp{1'200'000}, MilliAmp{1'100'000}, seconds(5)},
            .soc_max = {BasisPoints{9800}, BasisPoints{9500}, seconds(5)},
            .soc_min = {BasisPoints{500}, BasisPoints{1000}, seconds(5)},
            .sum_of_cells = {MilliVolt{20}, MilliVolt{15}, BasisPoints{100}, BasisPoints{75},
                             seconds(5)},
            .stale_after_max = seconds(10),
            .input_clear_after = seconds(5),
            .cell_voltage_high = {MilliVolt{3550}, MilliVolt{3500}, seconds(5)},
            .cell_voltage_low = {MilliVolt{2800}, MilliVolt{2850}, seconds(5)},
            .temperature_high = {MilliCelsius{50'000}, MilliCelsius{48'000}, seconds(5)},
            .temperature_low = {MilliCelsius{5'000}, MilliCelsius{7'000}, seconds(5)},
            .soc_high_warning = {BasisPoints{9500}, BasisPoints{9300}, seconds(5)},
            .soc_low_warning = {BasisPoints{1000}, BasisPoints{1200}, seconds(5)},
            .charge_voltage_derate = derate_curve<MilliVolt>(
                {{MilliVolt{3550}, BasisPoints{10'000}}, {MilliVolt{3650}, BasisPoints{0}}}),
            .discharge_voltage_derate = derate_curve<MilliVolt>(
                {{MilliVolt{2500}, BasisPoints{0}}, {MilliVolt{2800}, BasisPoints{10'000}}}),
            .charge_temp_derate =
                derate_curve<MilliCelsius>({{MilliCelsius{0}, BasisPoints{0}},
                                            {MilliCelsius{5'000}, BasisPoints{10'000}},
                                            {MilliCelsius{40'000}, BasisPoints{10'000}},
                                            {MilliCelsius{45'000}, BasisPoints{0}}}),
            .charge_overload = {BasisPoints{11'000}, seconds(5), seconds(5)},
            .discharge_overload = {BasisPoints{11'000}, seconds(5), seconds(5)},
            .temperature_spread = {MilliCelsius{15'000}, MilliCelsius{12'000}, seconds(5)},
            .cell_imbalance_warning = {MilliVolt{30}, MilliVolt{20}, seconds(5)},
            .cell_imbalance_derate = derate_curve<MilliVolt>(
                {{MilliVolt{100}, BasisPoints{10'000}}, {MilliVolt{300}, BasisPoints{5'000}}}),
            .cell_imbalance = {MilliVolt{300}, MilliVolt{200}, seconds(5)},
            .insulation_low = {KiloOhm{500}, KiloOhm{550}, seconds(5)},
            .insulation_latch_min = KiloOhm{100},
            .plausibility = {.soc_jump = BasisPoints{1000},
                             .temperature_jump = MilliCelsius{5'000},
                             .cell_voltage_jump = MilliVolt{500},
                             .frozen_charge = BasisPoints{200},
                             .frozen_after = seconds(3600),
                             .power_tolerance = BasisPoints{1000},
                             .power_floor = Watt{200},
                             .power_after = seconds(10),
                             .obey_tolerance = BasisPoints{500},
                             .obey_floor = MilliAmp{1'000},
                             .obey_after = seconds(3),
                             .contactor_current = MilliAmp{2'000},
                             .contactor_after = seconds(1),
                             .skew_max = milliseconds(20),
                             .clear_after = seconds(5)},
        },
    .cell_voltage_gap = MilliVolt{50},
    .clear_after_min = seconds(1),
    .clear_after_max = seconds(3600),
    .trip_after_max = seconds(5),
    .latch_after_max = seconds(1),
};

/// Absolute bounds of a chemistry. @pre chemistry is an enumerator. @thread_safety Pure function.
[[nodiscard]] const AbsoluteBounds& absolute_bounds(Chemistry chemistry) noexcept;

/// The widest limits that validate() accepts, except the currents.
///
/// A chemistry does not know a pack's current: both current maxima are 0, which forbids charging
/// and discharging until the site's limits name them (set_current_limits() does both numbers).
///
/// @pre chemistry is an enumerator.
/// @thread_safety Pure function.
[[nodiscard]] Limits default_limits(Chemistry chemistry) noexcept;

/// Sets both current maxima and, 20 % above each (at least 2 A), the over-current trips, with the
/// clears half way: what the overload limits judge lies between.
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
///                           fire before its inhibit, a curve out of order, a duration too short).
///         Both: offset = number of the failed check, from 1; 0: the chemistry is unknown.
/// @requirement SAF-001.
/// @thread_safety Pure function.
[[nodiscard]] Result<void> validate(const Limits& limits, Chemistry chemistry) noexcept;

}  // namespace ems::safety
