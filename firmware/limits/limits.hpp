// SPDX-License-Identifier: Apache-2.0
/// @file Safety limits as constants. Printed by `emsctl limits header`; do not edit.
#pragma once

#include "ems/safety/limits.hpp"

namespace ems::firmware {

inline constexpr safety::Chemistry kChemistry = safety::Chemistry::lfp;
/// First 8 bytes of the hash that `emsctl limits show` prints.
inline constexpr std::uint64_t kLimitsHash = 0x0866b5c6d83f3d89;
inline constexpr safety::Limits kLimits = [] {
  safety::Limits limits = safety::kLfpBounds.widest;
  limits.cell_voltage_max.trip = MilliVolt{3650};
  limits.cell_voltage_max.clear = MilliVolt{3550};
  limits.cell_voltage_max.clear_after = Duration{5000000};
  limits.cell_voltage_min.trip = MilliVolt{2500};
  limits.cell_voltage_min.clear = MilliVolt{2700};
  limits.cell_voltage_min.clear_after = Duration{5000000};
  limits.cell_voltage_latch_max = MilliVolt{3750};
  limits.cell_voltage_latch_min = MilliVolt{2300};
  limits.charge_temp_max.trip = MilliCelsius{45000};
  limits.charge_temp_max.clear = MilliCelsius{40000};
  limits.charge_temp_max.clear_after = Duration{5000000};
  limits.charge_temp_min.trip = MilliCelsius{0};
  limits.charge_temp_min.clear = MilliCelsius{5000};
  limits.charge_temp_min.clear_after = Duration{5000000};
  limits.discharge_temp_max.trip = MilliCelsius{55000};
  limits.discharge_temp_max.clear = MilliCelsius{50000};
  limits.discharge_temp_max.clear_after = Duration{5000000};
  limits.discharge_temp_min.trip = MilliCelsius{-10000};
  limits.discharge_temp_min.clear = MilliCelsius{-5000};
  limits.discharge_temp_min.clear_after = Duration{5000000};
  limits.temp_latch_max = MilliCelsius{60000};
  limits.temp_latch_min = MilliCelsius{-20000};
  limits.charge_current_max = MilliAmp{100000};
  limits.discharge_current_max = MilliAmp{100000};
  limits.charge_overcurrent.trip = MilliAmp{120000};
  limits.charge_overcurrent.clear = MilliAmp{110000};
  limits.charge_overcurrent.clear_after = Duration{5000000};
  limits.discharge_overcurrent.trip = MilliAmp{120000};
  limits.discharge_overcurrent.clear = MilliAmp{110000};
  limits.discharge_overcurrent.clear_after = Duration{5000000};
  limits.soc_max.trip = BasisPoints{9800};
  limits.soc_max.clear = BasisPoints{9500};
  limits.soc_max.clear_after = Duration{5000000};
  limits.soc_min.trip = BasisPoints{500};
  limits.soc_min.clear = BasisPoints{1000};
  limits.soc_min.clear_after = Duration{5000000};
  limits.sum_of_cells.trip_per_cell = MilliVolt{20};
  limits.sum_of_cells.clear_per_cell = MilliVolt{15};
  limits.sum_of_cells.trip_share = BasisPoints{100};
  limits.sum_of_cells.clear_share = BasisPoints{75};
  limits.sum_of_cells.clear_after = Duration{5000000};
  limits.stale_after_max = Duration{10000000};
  limits.input_clear_after = Duration{5000000};
  return limits;
}();

}  // namespace ems::firmware
