// SPDX-License-Identifier: Apache-2.0
#include "ems/safety/limits.hpp"

#include <iterator>

#include "ems/core/assert.hpp"
#include "safety/limit_access.hpp"

namespace ems::safety {

namespace detail {

std::int32_t share_at(const DerateCurve<Raw>& curve, std::int32_t x) noexcept {
  if (curve.empty()) return 0;
  const DeratePoint<Raw>* left = nullptr;
  for (const DeratePoint<Raw>& right : curve) {
    if (x <= right.x.count()) {
      if (left == nullptr) return right.share.count();  // Held before the first point.
      const std::int64_t width = std::int64_t{right.x.count()} - left->x.count();
      const std::int64_t rise = std::int64_t{right.share.count()} - left->share.count();
      // From the lower of the two ends, so that what is cut off is always a share too much.
      const std::int64_t part = rise >= 0 ? rise * (std::int64_t{x} - left->x.count()) / width
                                          : -rise * (std::int64_t{right.x.count()} - x) / width;
      const std::int64_t low = rise >= 0 ? left->share.count() : right.share.count();
      return static_cast<std::int32_t>(low + part);
    }
    left = &right;
  }
  return left->share.count();
}

}  // namespace detail

namespace {

using detail::field_at;
using detail::Place;
using detail::Raw;

/// What a row of the table asks of the field at its place.
enum class Ask : std::uint8_t {
  // Absolute bounds.
  at_most_bound,   ///< The int32 is not above the bounds' own at `other`.
  at_least_bound,  ///< Not below it.
  time_to_bound,   ///< The time is not above the bounds' own.
  trip_delay,      ///< A time from 0 to trip_after_max.
  latch_delay,     ///< A time from 0 to latch_after_max.
  curve_bound,     ///< Nowhere above the bounds' own curve.
  // Contradictions.
  above,             ///< Above the number `other`.
  below_field,       ///< Below the int32 field at `other`.
  clear_below,       ///< Of a threshold: clear is at least `other` under trip.
  clear_above,       ///< Of a threshold: clear is at least `other` over trip.
  clear_cell_below,  ///< The same with the chemistry's own gap.
  clear_cell_above,
  clear_delay,  ///< A time between clear_after_min and clear_after_max.
  time_above_zero,
  curve_form,  ///< x ascends, shares rise and then fall, all inside 0 .. 10000.
};

struct Check {
  const char* what;
  Place at;
  Ask ask;
  std::int32_t other;
};

// clang-format off
#define EMS_AT(field) static_cast<Place>(offsetof(Limits, field))
#define EMS_MORE(field, bound) {#field ": above the absolute limit", EMS_AT(field), Ask::at_most_bound, EMS_AT(bound)}
#define EMS_LESS(field, bound) {#field ": below the absolute limit", EMS_AT(field), Ask::at_least_bound, EMS_AT(bound)}
#define EMS_ABOVE(field, number) {#field ": not above " #number, EMS_AT(field), Ask::above, number}
#define EMS_ORDER(field, larger) {#field ": not below " #larger, EMS_AT(field), Ask::below_field, EMS_AT(larger)}
#define EMS_CLEAR(name, ask, gap) {#name ".clear: too near to trip", EMS_AT(name), Ask::ask, gap}
#define EMS_CLEAR_AFTER(field) {#field ": too short or too long", EMS_AT(field), Ask::clear_delay, 0}
#define EMS_DELAYS(name) EMS_CLEAR_AFTER(name.clear_after), \
  {#name ".trip_after: too long", EMS_AT(name.trip_after), Ask::trip_delay, 0}
// A threshold whose trip may not be beyond the absolute trip of `bound`.
#define EMS_UPPER(name, bound, gap) EMS_MORE(name.trip, bound.trip), EMS_CLEAR(name, clear_below, gap), EMS_DELAYS(name)
#define EMS_LOWER(name, bound, gap) EMS_LESS(name.trip, bound.trip), EMS_CLEAR(name, clear_above, gap), EMS_DELAYS(name)
#define EMS_UPPER_CELL(name, bound) EMS_MORE(name.trip, bound.trip), EMS_CLEAR(name, clear_cell_below, 0), EMS_DELAYS(name)
#define EMS_LOWER_CELL(name, bound) EMS_LESS(name.trip, bound.trip), EMS_CLEAR(name, clear_cell_above, 0), EMS_DELAYS(name)
#define EMS_CURVE(name) {#name ": not a curve that rises and then falls", EMS_AT(name), Ask::curve_form, 0}, \
  {#name ": above the absolute limit", EMS_AT(name), Ask::curve_bound, EMS_AT(name)}
#define EMS_TIME(field) {#field ": above the absolute limit", EMS_AT(field), Ask::time_to_bound, EMS_AT(field)}, \
  {#field ": not above 0", EMS_AT(field), Ask::time_above_zero, 0}
#define EMS_TOLERANCE(field) EMS_MORE(field, field), EMS_ABOVE(field, 0)
#define EMS_OVERLOAD(name) EMS_MORE(name.factor, name.factor), EMS_ABOVE(name.factor, 10'000), EMS_TIME(name.time), \
  EMS_CLEAR_AFTER(name.clear_after)

constexpr std::int32_t kTempGap = 2'000;  // Least distance of a temperature's clear from its trip.
constexpr std::int32_t kSocGap = 100;     // The same for SoC: 1 %.

constexpr Check kChecks[] = {
    EMS_UPPER_CELL(cell_voltage_max, cell_voltage_max),
    EMS_LOWER_CELL(cell_voltage_min, cell_voltage_min),
    EMS_ORDER(cell_voltage_min.clear, cell_voltage_max.clear),
    EMS_MORE(cell_voltage_latch_max, cell_voltage_latch_max),
    {"cell_voltage_latch_max: not above cell_voltage_max.trip", EMS_AT(cell_voltage_max.trip), Ask::below_field,
     EMS_AT(cell_voltage_latch_max)},
    EMS_LESS(cell_voltage_latch_min, cell_voltage_latch_min),
    EMS_ORDER(cell_voltage_latch_min, cell_voltage_min.trip),
    EMS_UPPER(charge_temp_max, charge_temp_max, kTempGap),
    EMS_LOWER(charge_temp_min, charge_temp_min, kTempGap),
    EMS_ORDER(charge_temp_min.clear, charge_temp_max.clear),
    EMS_UPPER(discharge_temp_max, discharge_temp_max, kTempGap),
    EMS_LOWER(discharge_temp_min, discharge_temp_min, kTempGap),
    EMS_ORDER(discharge_temp_min.clear, discharge_temp_max.clear),
    EMS_CURVE(discharge_temp_derate),
    EMS_MORE(temp_latch_max, temp_latch_max),
    {"temp_latch_max: not above charge_temp_max.trip", EMS_AT(charge_temp_max.trip), Ask::below_field, EMS_AT(temp_latch_max)},
    {"temp_latch_max: not above discharge_temp_max.trip", EMS_AT(discharge_temp_max.trip), Ask::below_field,
     EMS_AT(temp_latch_max)},
    EMS_LESS(temp_latch_min, temp_latch_min),
    EMS_ORDER(temp_latch_min, charge_temp_min.trip),
    EMS_ORDER(temp_latch_min, discharge_temp_min.trip),
    EMS_MORE(charge_current_max, charge_current_max),
    {"charge_current_max: negative", EMS_AT(charge_current_max), Ask::above, -1},
    EMS_MORE(discharge_current_max, discharge_current_max),
    {"discharge_current_max: negative", EMS_AT(discharge_current_max), Ask::above, -1},
    {"charge_overcurrent.trip: not above charge_current_max", EMS_AT(charge_current_max), Ask::below_field,
     EMS_AT(charge_overcurrent.trip)},
    EMS_UPPER(charge_overcurrent, charge_overcurrent, 1),
    EMS_ABOVE(charge_overcurrent.clear, 0),
    {"discharge_overcurrent.trip: not above discharge_current_max", EMS_AT(discharge_current_max), Ask::below_field,
     EMS_AT(discharge_overcurrent.trip)},
    EMS_UPPER(discharge_overcurrent, discharge_overcurrent, 1),
    EMS_ABOVE(discharge_overcurrent.clear, 0),
    EMS_UPPER(soc_max, soc_max, kSocGap),
    EMS_LOWER(soc_min, soc_min, kSocGap),
    EMS_ORDER(soc_min.clear, soc_max.clear),
    EMS_MORE(sum_of_cells.trip_per_cell, sum_of_cells.trip_per_cell),
    EMS_MORE(sum_of_cells.trip_share, sum_of_cells.trip_share),
    EMS_ORDER(sum_of_cells.clear_per_cell, sum_of_cells.trip_per_cell),
    EMS_ABOVE(sum_of_cells.clear_per_cell, 0),
    EMS_ORDER(sum_of_cells.clear_share, sum_of_cells.trip_share),
    EMS_ABOVE(sum_of_cells.clear_share, 0),
    EMS_CLEAR_AFTER(sum_of_cells.clear_after),
    EMS_TIME(stale_after_max),
    EMS_CLEAR_AFTER(input_clear_after),
    EMS_UPPER(cell_voltage_high, cell_voltage_max, 1),
    EMS_LOWER(cell_voltage_low, cell_voltage_min, 1),
    EMS_UPPER(temperature_high, discharge_temp_max, 1),
    EMS_LOWER(temperature_low, discharge_temp_min, 1),
    EMS_UPPER(soc_high_warning, soc_max, 1),
    EMS_LOWER(soc_low_warning, soc_min, 1),
    EMS_CURVE(charge_voltage_derate),
    EMS_CURVE(discharge_voltage_derate),
    EMS_CURVE(charge_temp_derate),
    EMS_OVERLOAD(charge_overload),
    EMS_OVERLOAD(discharge_overload),
    EMS_UPPER(temperature_spread, temperature_spread, kTempGap),
    EMS_UPPER(cell_imbalance_warning, cell_imbalance, 1),
    EMS_CURVE(cell_imbalance_derate),
    EMS_UPPER(cell_imbalance, cell_imbalance, 1),
    EMS_CLEAR(insulation_low, clear_above, 1),
    EMS_DELAYS(insulation_low),
    EMS_ORDER(insulation_latch_min, insulation_low.trip),
    EMS_ABOVE(insulation_latch_min, 0),
    {"latch_after: too long", EMS_AT(latch_after), Ask::latch_delay, 0},
    EMS_TOLERANCE(plausibility.soc_jump),
    EMS_TOLERANCE(plausibility.temperature_jump),
    EMS_TOLERANCE(plausibility.cell_voltage_jump),
    EMS_TOLERANCE(plausibility.frozen_charge),
    EMS_TIME(plausibility.frozen_after),
    EMS_TOLERANCE(plausibility.power_tolerance),
    EMS_TOLERANCE(plausibility.power_floor),
    EMS_TIME(plausibility.power_after),
    EMS_TOLERANCE(plausibility.obey_tolerance),
    EMS_TOLERANCE(plausibility.obey_floor),
    EMS_TIME(plausibility.obey_after),
    EMS_TOLERANCE(plausibility.contactor_current),
    EMS_TIME(plausibility.contactor_after),
    EMS_TIME(plausibility.skew_max),
    EMS_CLEAR_AFTER(plausibility.clear_after),
};
// clang-format on

using Curve = DerateCurve<Raw>;

bool well_formed(const Curve& curve) noexcept {
  bool falling = false;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    const std::int32_t share = curve[i].share.count();
    if (share < 0 || share > 10'000) return false;
    if (i == 0) continue;
    const std::int32_t before = curve[i - 1].share.count();
    if (curve[i].x <= curve[i - 1].x || (falling && share > before)) return false;
    falling = falling || share < before;
  }
  return !curve.empty();
}

/// Between two neighbouring points of either curve both are straight, so the points decide.
bool nowhere_above(const Curve& curve, const Curve& bound) noexcept {
  for (const Curve* points : {&curve, &bound}) {
    for (const DeratePoint<Raw>& point : *points) {
      const std::int32_t x = point.x.count();
      if (detail::share_at(curve, x) > detail::share_at(bound, x)) return false;
    }
  }
  return true;
}

bool passes(const Check& check, const Limits& limits, const AbsoluteBounds& bounds) noexcept {
  const auto other = static_cast<Place>(check.other);
  const auto number = [&limits](Place at) { return field_at<std::int32_t>(limits, at); };
  const auto bound = [&bounds, other] { return field_at<std::int32_t>(bounds.widest, other); };
  const auto time = [&limits, &check] { return field_at<Duration>(limits, check.at); };
  const auto clear_under_trip = [&limits, &check] {
    const auto t = field_at<Threshold<Raw>>(limits, check.at);
    return t.trip - t.clear;  // Saturates.
  };
  switch (check.ask) {
    case Ask::at_most_bound:
      return number(check.at) <= bound();
    case Ask::at_least_bound:
      return number(check.at) >= bound();
    case Ask::above:
      return number(check.at) > check.other;
    case Ask::below_field:
      return number(check.at) < number(other);
    case Ask::clear_below:
      return clear_under_trip() >= Raw{check.other};
    case Ask::clear_above:
      return clear_under_trip() <= Raw{-check.other};
    case Ask::clear_cell_below:
      return clear_under_trip() >= Raw{bounds.cell_voltage_gap.count()};
    case Ask::clear_cell_above:
      return clear_under_trip() <= Raw{-bounds.cell_voltage_gap.count()};
    case Ask::clear_delay:
      return time() >= bounds.clear_after_min && time() <= bounds.clear_after_max;
    case Ask::trip_delay:
      return time() >= Duration::zero() && time() <= bounds.trip_after_max;
    case Ask::latch_delay:
      return time() >= Duration::zero() && time() <= bounds.latch_after_max;
    case Ask::time_to_bound:
      return time() <= field_at<Duration>(bounds.widest, other);
    case Ask::time_above_zero:
      return time() > Duration::zero();
    case Ask::curve_form:
      return well_formed(field_at<Curve>(limits, check.at));
    case Ask::curve_bound:
    default:
      return nowhere_above(field_at<Curve>(limits, check.at),
                           field_at<Curve>(bounds.widest, other));
  }
}

constexpr MilliAmp kOvercurrentSlack{2'000};  // Least distance of a trip from its maximum.

}  // namespace

const AbsoluteBounds& absolute_bounds(Chemistry chemistry) noexcept {
  EMS_ASSERT(chemistry == Chemistry::lfp);
  return kLfpBounds;
}

Limits default_limits(Chemistry chemistry) noexcept {
  Limits limits = absolute_bounds(chemistry).widest;
  set_current_limits(limits, MilliAmp{0}, MilliAmp{0});
  return limits;
}

void set_current_limits(Limits& limits, MilliAmp charge, MilliAmp discharge) noexcept {
  const auto set = [](MilliAmp maximum, MilliAmp& field, Threshold<MilliAmp>& overcurrent) {
    const MilliAmp slack = max_of(MilliAmp{maximum.count() / 5}, kOvercurrentSlack);
    field = maximum;
    overcurrent.trip = maximum + slack;
    overcurrent.clear = maximum + MilliAmp{slack.count() / 2};
  };
  set(charge, limits.charge_current_max, limits.charge_overcurrent);
  set(discharge, limits.discharge_current_max, limits.discharge_overcurrent);
}

Result<void> validate(const Limits& limits, Chemistry chemistry) noexcept {
  if (chemistry != Chemistry::lfp)
    return fail(Errc::invalid_argument, 0, "chemistry: none that there is");
  const AbsoluteBounds& bounds = absolute_bounds(chemistry);
  for (std::size_t i = 0; i < std::size(kChecks); ++i) {
    const Check& check = kChecks[i];
    if (passes(check, limits, bounds)) continue;
    const bool wide = check.ask <= Ask::curve_bound;
    return fail(wide ? Errc::too_wide : Errc::invalid_argument, i + 1, check.what);
  }
  return {};
}

}  // namespace ems::safety
