// SPDX-License-Identifier: Apache-2.0
#include "ems/safety/limits.hpp"

#include <iterator>

namespace ems::safety {

namespace {

struct Check {
  bool ok;
  Errc code;
  const char* what;
};

constexpr MilliCelsius kTempGap{2'000};  // Least distance of a temperature's clear from its trip.
constexpr BasisPoints kSocGap{100};      // The same for SoC: 1 %.
constexpr MilliAmp kOvercurrentSlack{1'000};  // Least distance of a trip from its maximum: 1 A.

constexpr Errc kWide = Errc::too_wide;
constexpr Errc kBad = Errc::invalid_argument;

}  // namespace

const AbsoluteBounds& absolute_bounds(Chemistry chemistry) noexcept {
  switch (chemistry) {
    case Chemistry::lfp:
      return kLfpBounds;
  }
  static constexpr AbsoluteBounds kNothing{};  // An unknown chemistry admits no limits at all.
  return kNothing;
}

Limits default_limits(Chemistry chemistry) noexcept {
  const AbsoluteBounds& b = absolute_bounds(chemistry);
  Limits limits{
      .cell_voltage_max = {b.cell_voltage_max, b.cell_voltage_max - MilliVolt{100}, seconds(5)},
      .cell_voltage_min = {b.cell_voltage_min, b.cell_voltage_min + MilliVolt{200}, seconds(5)},
      .cell_voltage_latch_max = b.cell_voltage_latch_max,
      .cell_voltage_latch_min = b.cell_voltage_latch_min,
      .charge_temp_max = {b.charge_temp_max, b.charge_temp_max - MilliCelsius{5'000}, seconds(5)},
      .charge_temp_min = {b.charge_temp_min, b.charge_temp_min + MilliCelsius{5'000}, seconds(5)},
      .discharge_temp_max = {b.discharge_temp_max, b.discharge_temp_max - MilliCelsius{5'000},
                             seconds(5)},
      .discharge_temp_min = {b.discharge_temp_min, b.discharge_temp_min + MilliCelsius{5'000},
                             seconds(5)},
      .discharge_temp_derate = {b.discharge_temp_derate,
                                b.discharge_temp_derate - MilliCelsius{2'000}, seconds(5)},
      .temp_latch_max = b.temp_latch_max,
      .temp_latch_min = b.temp_latch_min,
      .charge_overcurrent = {{}, {}, seconds(5)},
      .discharge_overcurrent = {{}, {}, seconds(5)},
      .soc_max = {b.soc_max, b.soc_max - BasisPoints{300}, seconds(5)},
      .soc_min = {b.soc_min, b.soc_min + BasisPoints{500}, seconds(5)},
      .sum_of_cells = {b.sum_of_cells_per_cell, b.sum_of_cells_per_cell - MilliVolt{5},
                       b.sum_of_cells_share, b.sum_of_cells_share - BasisPoints{25}, seconds(5)},
      .stale_after_max = b.stale_after_max,
      .input_clear_after = seconds(5),
  };
  set_current_limits(limits, MilliAmp{0}, MilliAmp{0});
  return limits;
}

void set_current_limits(Limits& limits, MilliAmp charge, MilliAmp discharge) noexcept {
  const auto set = [](MilliAmp maximum, MilliAmp& field, Threshold<MilliAmp>& overcurrent) {
    const MilliAmp slack = max_of(MilliAmp{maximum.count() / 10}, kOvercurrentSlack);
    field = maximum;
    overcurrent.trip = maximum + slack;
    overcurrent.clear = maximum + MilliAmp{slack.count() / 2};
  };
  set(charge, limits.charge_current_max, limits.charge_overcurrent);
  set(discharge, limits.discharge_current_max, limits.discharge_overcurrent);
}

Result<void> validate(const Limits& l, Chemistry chemistry) noexcept {
  const AbsoluteBounds& b = absolute_bounds(chemistry);
  const auto slow = [&b](Duration d) { return d >= b.clear_after_min && d > Duration::zero(); };
  const SumOfCellsLimit& sum = l.sum_of_cells;
  const Check checks[] = {
      {l.cell_voltage_max.trip <= b.cell_voltage_max, kWide,
       "cell_voltage_max.trip: above the chemistry's absolute limit"},
      {l.cell_voltage_max.clear <= l.cell_voltage_max.trip - b.cell_voltage_gap, kBad,
       "cell_voltage_max.clear: too near to trip"},
      {slow(l.cell_voltage_max.clear_after), kBad, "cell_voltage_max.clear_after: too short"},
      {l.cell_voltage_min.trip >= b.cell_voltage_min, kWide,
       "cell_voltage_min.trip: below the chemistry's absolute limit"},
      {l.cell_voltage_min.clear >= l.cell_voltage_min.trip + b.cell_voltage_gap, kBad,
       "cell_voltage_min.clear: too near to trip"},
      {l.cell_voltage_min.clear < l.cell_voltage_max.clear, kBad,
       "cell_voltage_min.clear: not below cell_voltage_max.clear"},
      {slow(l.cell_voltage_min.clear_after), kBad, "cell_voltage_min.clear_after: too short"},
      {l.cell_voltage_latch_max <= b.cell_voltage_latch_max, kWide,
       "cell_voltage_latch_max: above the chemistry's absolute limit"},
      {l.cell_voltage_latch_max > l.cell_voltage_max.trip, kBad,
       "cell_voltage_latch_max: not above cell_voltage_max.trip"},
      {l.cell_voltage_latch_min >= b.cell_voltage_latch_min, kWide,
       "cell_voltage_latch_min: below the chemistry's absolute limit"},
      {l.cell_voltage_latch_min < l.cell_voltage_min.trip, kBad,
       "cell_voltage_latch_min: not below cell_voltage_min.trip"},
      {l.charge_temp_max.trip <= b.charge_temp_max, kWide,
       "charge_temp_max.trip: above the chemistry's absolute limit"},
      {l.charge_temp_max.clear <= l.charge_temp_max.trip - kTempGap, kBad,
       "charge_temp_max.clear: too near to trip"},
      {slow(l.charge_temp_max.clear_after), kBad, "charge_temp_max.clear_after: too short"},
      {l.charge_temp_min.trip >= b.charge_temp_min, kWide,
       "charge_temp_min.trip: below the chemistry's absolute limit"},
      {l.charge_temp_min.clear >= l.charge_temp_min.trip + kTempGap, kBad,
       "charge_temp_min.clear: too near to trip"},
      {l.charge_temp_min.clear < l.charge_temp_max.clear, kBad,
       "charge_temp_min.clear: not below charge_temp_max.clear"},
      {slow(l.charge_temp_min.clear_after), kBad, "charge_temp_min.clear_after: too short"},
      {l.discharge_temp_max.trip <= b.discharge_temp_max, kWide,
       "discharge_temp_max.trip: above the chemistry's absolute limit"},
      {l.discharge_temp_max.clear <= l.discharge_temp_max.trip - kTempGap, kBad,
       "discharge_temp_max.clear: too near to trip"},
      {slow(l.discharge_temp_max.clear_after), kBad, "discharge_temp_max.clear_after: too short"},
      {l.discharge_temp_min.trip >= b.discharge_temp_min, kWide,
       "discharge_temp_min.trip: below the chemistry's absolute limit"},
      {l.discharge_temp_min.clear >= l.discharge_temp_min.trip + kTempGap, kBad,
       "discharge_temp_min.clear: too near to trip"},
      {l.discharge_temp_min.clear < l.discharge_temp_max.clear, kBad,
       "discharge_temp_min.clear: not below discharge_temp_max.clear"},
      {slow(l.discharge_temp_min.clear_after), kBad, "discharge_temp_min.clear_after: too short"},
      {l.discharge_temp_derate.trip <= b.discharge_temp_derate, kWide,
       "discharge_temp_derate.trip: above the chemistry's absolute limit"},
      {l.discharge_temp_derate.trip < l.discharge_temp_max.trip, kBad,
       "discharge_temp_derate.trip: not below discharge_temp_max.trip"},
      {l.discharge_temp_derate.clear <= l.discharge_temp_derate.trip - kTempGap, kBad,
       "discharge_temp_derate.clear: too near to trip"},
      {slow(l.discharge_temp_derate.clear_after), kBad,
       "discharge_temp_derate.clear_after: too short"},
      {l.temp_latch_max <= b.temp_latch_max, kWide,
       "temp_latch_max: above the chemistry's absolute limit"},
      {l.temp_latch_max > max_of(l.charge_temp_max.trip, l.discharge_temp_max.trip), kBad,
       "temp_latch_max: not above charge_temp_max.trip and discharge_temp_max.trip"},
      {l.temp_latch_min >= b.temp_latch_min, kWide,
       "temp_latch_min: below the chemistry's absolute limit"},
      {l.temp_latch_min < min_of(l.charge_temp_min.trip, l.discharge_temp_min.trip), kBad,
       "temp_latch_min: not below charge_temp_min.trip and discharge_temp_min.trip"},
      {l.charge_current_max <= b.current_max, kWide,
       "charge_current_max: above the absolute limit"},
      {l.charge_current_max >= MilliAmp::zero(), kBad, "charge_current_max: negative"},
      {l.discharge_current_max <= b.current_max, kWide,
       "discharge_current_max: above the absolute limit"},
      {l.discharge_current_max >= MilliAmp::zero(), kBad, "discharge_current_max: negative"},
      {l.charge_overcurrent.trip <= b.overcurrent_max, kWide,
       "charge_overcurrent.trip: above the absolute limit"},
      {l.charge_overcurrent.trip > l.charge_current_max, kBad,
       "charge_overcurrent.trip: not above charge_current_max"},
      {l.charge_overcurrent.clear < l.charge_overcurrent.trip &&
           l.charge_overcurrent.clear > MilliAmp::zero(),
       kBad, "charge_overcurrent.clear: not between 0 and trip"},
      {slow(l.charge_overcurrent.clear_after), kBad, "charge_overcurrent.clear_after: too short"},
      {l.discharge_overcurrent.trip <= b.overcurrent_max, kWide,
       "discharge_overcurrent.trip: above the absolute limit"},
      {l.discharge_overcurrent.trip > l.discharge_current_max, kBad,
       "discharge_overcurrent.trip: not above discharge_current_max"},
      {l.discharge_overcurrent.clear < l.discharge_overcurrent.trip &&
           l.discharge_overcurrent.clear > MilliAmp::zero(),
       kBad, "discharge_overcurrent.clear: not between 0 and trip"},
      {slow(l.discharge_overcurrent.clear_after), kBad,
       "discharge_overcurrent.clear_after: too short"},
      {l.soc_max.trip <= b.soc_max, kWide, "soc_max.trip: above the absolute limit"},
      {l.soc_max.clear <= l.soc_max.trip - kSocGap, kBad, "soc_max.clear: too near to trip"},
      {slow(l.soc_max.clear_after), kBad, "soc_max.clear_after: too short"},
      {l.soc_min.trip >= b.soc_min, kWide, "soc_min.trip: below the absolute limit"},
      {l.soc_min.clear >= l.soc_min.trip + kSocGap, kBad, "soc_min.clear: too near to trip"},
      {l.soc_min.clear < l.soc_max.clear, kBad, "soc_min.clear: not below soc_max.clear"},
      {slow(l.soc_min.clear_after), kBad, "soc_min.clear_after: too short"},
      {sum.trip_per_cell <= b.sum_of_cells_per_cell, kWide,
       "sum_of_cells.trip_per_cell: above the absolute limit"},
      {sum.trip_share <= b.sum_of_cells_share, kWide,
       "sum_of_cells.trip_share: above the absolute limit"},
      {sum.clear_per_cell > MilliVolt::zero() && sum.clear_per_cell < sum.trip_per_cell, kBad,
       "sum_of_cells.clear_per_cell: not between 0 and trip_per_cell"},
      {sum.clear_share > BasisPoints::zero() && sum.clear_share < sum.trip_share, kBad,
       "sum_of_cells.clear_share: not between 0 and trip_share"},
      {slow(sum.clear_after), kBad, "sum_of_cells.clear_after: too short"},
      {l.stale_after_max <= b.stale_after_max, kWide, "stale_after_max: above the absolute limit"},
      {l.stale_after_max > Duration::zero(), kBad, "stale_after_max: not positive"},
      {slow(l.input_clear_after), kBad, "input_clear_after: too short"},
  };
  for (std::size_t i = 0; i < std::size(checks); ++i) {
    if (!checks[i].ok) return fail(checks[i].code, i + 1, checks[i].what);
  }
  return {};
}

}  // namespace ems::safety
