// SPDX-License-Identifier: Apache-2.0
#include "ems/safety/limits.hpp"

#include "ems/core/assert.hpp"
#include "safety/limit_access.hpp"

namespace ems::safety {

namespace detail {

std::int32_t share_at(const DerateCurve<Raw>& curve, std::int32_t x) noexcept {
  const auto* right = curve.begin();
  while (right != curve.end() && right->x.count() < x) ++right;
  if (curve.empty()) return 0;
  if (right == curve.end()) return curve.back().share.count();
  // At a point, or held before the first.
  if (right == curve.begin() || x == right->x.count()) return right->share.count();
  const auto* left = right - 1;
  const std::int64_t width = std::int64_t{right->x.count()} - left->x.count();
  const std::int64_t rise = std::int64_t{right->share.count()} - left->share.count();
  // From the lower of the two ends, so that what is cut off is always a share too much.
  const std::int64_t part = rise >= 0 ? rise * (std::int64_t{x} - left->x.count()) / width
                                      : -rise * (std::int64_t{right->x.count()} - x) / width;
  const std::int64_t low = rise >= 0 ? left->share.count() : right->share.count();
  return static_cast<std::int32_t>(low + part);
}

}  // namespace detail

namespace {

using detail::field_at;
using detail::Place;
using detail::Raw;
using Curve = DerateCurve<Raw>;

/// Texts that only a host prints. Freestanding builds leave them out: there an error has its code
/// and its offset, and a host says of the same limits what they mean.
#if __STDC_HOSTED__
using Text = const char*;
#else
struct Text {
  consteval Text(const char* /*text*/) noexcept {}   // NOLINT(google-explicit-constructor)
  constexpr operator const char*() const noexcept {  // NOLINT(google-explicit-constructor)
    return "";
  }
};
#endif

/// One side of a comparison: a field of the limits, one of the chemistry's bounds, or 0.
struct Side {
  enum class Of : std::uint8_t { limits, bounds, zero };
  Of of;
  Place at;
};
/// `first` + `gap` <= `second`, of counts that are a T.
template <class T>
struct Order {
  Side first;
  Side second;
  std::int16_t gap;
  bool wide;  ///< Else a contradiction.
  [[no_unique_address]] Text what;
};
/// The Threshold at `at`: clear is `gap` inside of trip, trip not beyond the absolute one at
/// `bound`, and both delays are such as the bounds allow.
struct ThresholdCheck {
  Place at;
  Place bound;
  bool upper;
  std::int16_t gap;  ///< 0: the chemistry's own, of cells.
  [[no_unique_address]] Text trip;
  [[no_unique_address]] Text clear;
  [[no_unique_address]] Text clear_after;
  [[no_unique_address]] Text trip_after;
};
/// x ascends, shares rise and then fall inside 0 .. 10000, nowhere above the bounds' own curve.
struct CurveCheck {
  Place at;
  [[no_unique_address]] Text form;
  [[no_unique_address]] Text bound;
};

constexpr Place kUnbounded = 0xFFFF;
constexpr std::int64_t kZero = 0;
constexpr std::int16_t kTempGap = 2'000;  // Least distance of a temperature's clear from its trip.
constexpr std::int16_t kSocGap = 100;     // The same for SoC: 1 %.

// clang-format off
#define EMS_MINE(field) {Side::Of::limits, EMS_AT(field)}
#define EMS_BOUND(field) {Side::Of::bounds, static_cast<Place>(offsetof(AbsoluteBounds, field))}
#define EMS_ZERO {Side::Of::zero, 0}
#define EMS_MOST(field) {EMS_MINE(field), EMS_BOUND(widest.field), 0, true, #field ": above the absolute limit"}
#define EMS_LEAST(field) {EMS_BOUND(widest.field), EMS_MINE(field), 0, true, #field ": below the absolute limit"}
#define EMS_ABOVE(field, number) {EMS_ZERO, EMS_MINE(field), (number) + 1, false, #field ": not above " #number}
#define EMS_TOLERANCE(field) EMS_MOST(field), EMS_ABOVE(field, 0)
#define EMS_BELOW(field, larger) {EMS_MINE(field), EMS_MINE(larger), 1, false, #field ": not below " #larger}
#define EMS_OVER(field, smaller) {EMS_MINE(smaller), EMS_MINE(field), 1, false, #field ": not above " #smaller}
#define EMS_MAGNITUDE(field) EMS_MOST(field), {EMS_ZERO, EMS_MINE(field), 0, false, #field ": negative"}
#define EMS_CLEAR_AFTER(field) \
  {EMS_BOUND(clear_after_min), EMS_MINE(field), 0, false, #field ": too short"}, \
  {EMS_MINE(field), EMS_BOUND(clear_after_max), 0, false, #field ": too long"}
#define EMS_THRESHOLD(name, bound, upper, gap, beyond) {EMS_AT(name), bound, upper, gap, #name ".trip: " beyond, \
  #name ".clear: too near to trip", #name ".clear_after: too short or too long", #name ".trip_after: too long"}
#define EMS_UPPER(name, bound, gap) EMS_THRESHOLD(name, EMS_AT(bound), true, gap, "above the absolute limit")
#define EMS_LOWER(name, bound, gap) EMS_THRESHOLD(name, EMS_AT(bound), false, gap, "below the absolute limit")
#define EMS_CURVE(name) \
  {EMS_AT(name), #name ": not a curve that rises and then falls", #name ": above the absolute limit"}

// Each number against the bounds.
constexpr Order<std::int32_t> kNumbers[] = {
    EMS_MOST(cell_voltage_latch_max),
    EMS_LEAST(cell_voltage_latch_min),
    EMS_MOST(temp_latch_max),
    EMS_LEAST(temp_latch_min),
    EMS_MAGNITUDE(charge_current_max),
    EMS_MAGNITUDE(discharge_current_max),
    EMS_ABOVE(charge_overcurrent.clear, 0),
    EMS_ABOVE(discharge_overcurrent.clear, 0),
    EMS_MOST(sum_of_cells.trip_per_cell),
    EMS_MOST(sum_of_cells.trip_share),
    EMS_ABOVE(sum_of_cells.clear_per_cell, 0),
    EMS_ABOVE(sum_of_cells.clear_share, 0),
    EMS_MOST(charge_overload.factor),
    EMS_ABOVE(charge_overload.factor, 10'000),
    EMS_MOST(discharge_overload.factor),
    EMS_ABOVE(discharge_overload.factor, 10'000),
    EMS_ABOVE(insulation_latch_min, 0),
    EMS_TOLERANCE(plausibility.soc_jump),
    EMS_TOLERANCE(plausibility.temperature_jump),
    EMS_TOLERANCE(plausibility.cell_voltage_jump),
    EMS_TOLERANCE(plausibility.frozen_charge),
    EMS_TOLERANCE(plausibility.power_tolerance),
    EMS_TOLERANCE(plausibility.power_floor),
    EMS_TOLERANCE(plausibility.obey_tolerance),
    EMS_TOLERANCE(plausibility.obey_floor),
    EMS_TOLERANCE(plausibility.contactor_current),
};
constexpr Order<std::int64_t> kTimes[] = {
    EMS_CLEAR_AFTER(sum_of_cells.clear_after),
    EMS_TOLERANCE(stale_after_max),
    EMS_CLEAR_AFTER(input_clear_after),
    EMS_TOLERANCE(charge_overload.time),
    EMS_CLEAR_AFTER(charge_overload.clear_after),
    EMS_TOLERANCE(discharge_overload.time),
    EMS_CLEAR_AFTER(discharge_overload.clear_after),
    {EMS_ZERO, EMS_MINE(latch_after), 0, true, "latch_after: negative"},
    {EMS_MINE(latch_after), EMS_BOUND(latch_after_max), 0, true, "latch_after: too long"},
    EMS_TOLERANCE(plausibility.frozen_after),
    EMS_TOLERANCE(plausibility.power_after),
    EMS_TOLERANCE(plausibility.obey_after),
    EMS_TOLERANCE(plausibility.contactor_after),
    EMS_TOLERANCE(plausibility.skew_max),
    EMS_CLEAR_AFTER(plausibility.clear_after),
};
constexpr ThresholdCheck kThresholds[] = {
    EMS_UPPER(cell_voltage_max, cell_voltage_max.trip, 0),
    EMS_LOWER(cell_voltage_min, cell_voltage_min.trip, 0),
    EMS_UPPER(charge_temp_max, charge_temp_max.trip, kTempGap),
    EMS_LOWER(charge_temp_min, charge_temp_min.trip, kTempGap),
    EMS_UPPER(discharge_temp_max, discharge_temp_max.trip, kTempGap),
    EMS_LOWER(discharge_temp_min, discharge_temp_min.trip, kTempGap),
    EMS_UPPER(charge_overcurrent, charge_overcurrent.trip, 1),
    EMS_UPPER(discharge_overcurrent, discharge_overcurrent.trip, 1),
    EMS_UPPER(soc_max, soc_max.trip, kSocGap),
    EMS_LOWER(soc_min, soc_min.trip, kSocGap),
    EMS_UPPER(cell_voltage_high, cell_voltage_max.trip, 1),
    EMS_LOWER(cell_voltage_low, cell_voltage_min.trip, 1),
    EMS_UPPER(temperature_high, discharge_temp_max.trip, 1),
    EMS_LOWER(temperature_low, discharge_temp_min.trip, 1),
    EMS_UPPER(soc_high_warning, soc_max.trip, 1),
    EMS_LOWER(soc_low_warning, soc_min.trip, 1),
    EMS_UPPER(temperature_spread, temperature_spread.trip, kTempGap),
    EMS_UPPER(cell_imbalance_warning, cell_imbalance.trip, 1),
    EMS_UPPER(cell_imbalance, cell_imbalance.trip, 1),
    EMS_THRESHOLD(insulation_low, kUnbounded, false, 1, "unbounded"),
};
// Numbers against each other.
constexpr Order<std::int32_t> kRelations[] = {
    EMS_BELOW(cell_voltage_min.clear, cell_voltage_max.clear),
    EMS_OVER(cell_voltage_latch_max, cell_voltage_max.trip),
    EMS_BELOW(cell_voltage_latch_min, cell_voltage_min.trip),
    EMS_BELOW(charge_temp_min.clear, charge_temp_max.clear),
    EMS_BELOW(discharge_temp_min.clear, discharge_temp_max.clear),
    EMS_OVER(temp_latch_max, charge_temp_max.trip),
    EMS_OVER(temp_latch_max, discharge_temp_max.trip),
    EMS_BELOW(temp_latch_min, charge_temp_min.trip),
    EMS_BELOW(temp_latch_min, discharge_temp_min.trip),
    EMS_OVER(charge_overcurrent.trip, charge_current_max),
    EMS_OVER(discharge_overcurrent.trip, discharge_current_max),
    EMS_BELOW(soc_min.clear, soc_max.clear),
    EMS_BELOW(sum_of_cells.clear_per_cell, sum_of_cells.trip_per_cell),
    EMS_BELOW(sum_of_cells.clear_share, sum_of_cells.trip_share),
    EMS_BELOW(insulation_latch_min, insulation_low.trip),
};
constexpr CurveCheck kCurves[] = {
    EMS_CURVE(discharge_temp_derate), EMS_CURVE(charge_voltage_derate), EMS_CURVE(discharge_voltage_derate),
    EMS_CURVE(charge_temp_derate),    EMS_CURVE(cell_imbalance_derate),
};
// clang-format on

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
  for (const DeratePoint<Raw>& point : curve) {
    if (point.share.count() > detail::share_at(bound, point.x.count())) return false;
  }
  for (const DeratePoint<Raw>& point : bound) {
    if (detail::share_at(curve, point.x.count()) > point.share.count()) return false;
  }
  return true;
}

/// Goes through the tables, row by row, up to the first check that fails.
struct Checks {
  const Limits& limits;
  const AbsoluteBounds& bounds;
  const void* of[3] = {&limits, &bounds, &kZero};  ///< What a Side::Of names.
  std::size_t number = 1;                          ///< Of the next check.
  Result<void> result{};

  template <class Row, std::size_t N>
  bool all(const Row (&rows)[N]) noexcept {
    for (const Row& row : rows) {
      if (!check(row)) return false;
    }
    return true;
  }

 private:
  bool expect(bool holds, Errc code, const char* what) noexcept {
    if (!holds) result = fail(code, number, what);
    ++number;
    return holds;
  }

  template <class T>
  bool check(const Order<T>& row) noexcept {
    return expect(std::int64_t{side<T>(row.first)} + row.gap <= side<T>(row.second),
                  row.wide ? Errc::too_wide : Errc::invalid_argument, row.what);
  }
  template <class T>
  [[nodiscard]] T side(const Side& side) const noexcept {
    return field_at<T>(*static_cast<const std::byte*>(of[static_cast<std::size_t>(side.of)]),
                       side.at);
  }

  bool check(const ThresholdCheck& row) noexcept {
    const auto t = field_at<Threshold<Raw>>(limits, row.at);
    const Raw trip = row.bound == kUnbounded ? t.trip : field_at<Raw>(bounds.widest, row.bound);
    const Raw gap{row.gap != 0 ? row.gap : bounds.cell_voltage_gap.count()};
    const Raw inside = row.upper ? t.trip - t.clear : t.clear - t.trip;  // Saturates.
    const bool narrow = row.upper ? t.trip <= trip : t.trip >= trip;
    return expect(narrow, Errc::too_wide, row.trip) &&
           expect(inside >= gap, Errc::invalid_argument, row.clear) &&
           expect(
               bounds.clear_after_min <= t.clear_after && t.clear_after <= bounds.clear_after_max,
               Errc::invalid_argument, row.clear_after) &&
           expect(Duration::zero() <= t.trip_after && t.trip_after <= bounds.trip_after_max,
                  Errc::too_wide, row.trip_after);
  }

  bool check(const CurveCheck& row) noexcept {
    const auto curve = field_at<Curve>(limits, row.at);
    return expect(well_formed(curve), Errc::invalid_argument, row.form) &&
           expect(nowhere_above(curve, field_at<Curve>(bounds.widest, row.at)), Errc::too_wide,
                  row.bound);
  }
};

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
  Checks checks{limits, absolute_bounds(chemistry)};
  (void)(checks.all(kNumbers) && checks.all(kTimes) && checks.all(kThresholds) &&
         checks.all(kRelations) && checks.all(kCurves));
  return checks.result;
}

}  // namespace ems::safety
