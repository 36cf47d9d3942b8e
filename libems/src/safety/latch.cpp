// SPDX-License-Identifier: Apache-2.0
#include "ems/core/assert.hpp"
#include "safety/battery.hpp"
#include "safety/limit_access.hpp"

namespace ems::safety::detail {

namespace {

/// What latches, in the order of TripCause.
struct LatchRow {
  TripCause cause;
  Source source;
  bool upper;  ///< Trips at or above its limit; else at or below.
  Place limit;
};
constexpr LatchRow kLatches[] = {
    {TripCause::cell_overvoltage, Source::cell_max, true, EMS_AT(cell_voltage_latch_max)},
    {TripCause::cell_undervoltage, Source::cell_min, false, EMS_AT(cell_voltage_latch_min)},
    {TripCause::overtemperature, Source::temp_max, true, EMS_AT(temp_latch_max)},
    {TripCause::undertemperature, Source::temp_min, false, EMS_AT(temp_latch_min)},
    {TripCause::smoke, Source::smoke, true, 0},  // A hazard: at anything but 0.
    {TripCause::gas, Source::gas, true, 0},
    {TripCause::insulation, Source::insulation, false, EMS_AT(insulation_latch_min)},
};

}  // namespace

std::optional<bool> latch_reached(TripCause cause, const Battery& b,
                                  const Values& values) noexcept {
  EMS_ASSERT(cause >= kFirstOwnCause && cause <= kLastOwnCause);
  const LatchRow& row =
      kLatches[static_cast<std::size_t>(cause) - static_cast<std::size_t>(kFirstOwnCause)];
  const Value& value = values[row.source];
  if (!value.known) return std::nullopt;
  if (row.source == Source::smoke || row.source == Source::gas) return value.value != 0;
  const bool cell = row.source == Source::cell_max || row.source == Source::cell_min;
  // Cells that the terminals contradict are no proof of anything.
  if (cell && contradicts(b)) return std::nullopt;
  const auto limit = field_at<std::int32_t>(b.limits, row.limit);
  return row.upper ? value.value >= limit : value.value <= limit;
}

bool cleared(TripCause cause, const Battery& b) noexcept {
  if (cause == TripCause::contactor) return !contactor_contradicts(b).value_or(true);
  if (cause == TripCause::limit_disobeyed) return !flows(b).value_or(true);
  return !latch_reached(cause, b, Values(b)).value_or(true);
}

bool all_clear(const Battery& b) noexcept {
  const unsigned there = unsigned{Values(b).given()} | declared(b.config);
  for (const LatchRow& row : kLatches) {
    const bool absent = optional(row.source) && (there & seen_bit(row.source)) == 0;
    if (!absent && !cleared(row.cause, b)) return false;
  }
  return true;
}

}  // namespace ems::safety::detail
