// SPDX-License-Identifier: Apache-2.0
/// @file Safety limits as constants. Printed by `emsctl limits header`; do not edit.
#pragma once

#include "ems/safety/limits.hpp"

namespace ems::firmware {

inline constexpr safety::Chemistry kChemistry = safety::Chemistry::lfp;
/// First 8 bytes of the hash that `emsctl limits show` prints.
inline constexpr std::uint64_t kLimitsHash = 0x0866b5c6d83f3d89;
inline constexpr safety::Limits kLimits = [] {
  const auto set = []<class Q>(Q& field, std::int64_t value) {
    field = Q{static_cast<typename Q::Rep>(value)};
  };
  safety::Limits limits;
  set(limits.cell_voltage_max.trip, 3650);                 // cell_voltage_max.trip_mv
  set(limits.cell_voltage_max.clear, 3550);                // cell_voltage_max.clear_mv
  set(limits.cell_voltage_max.clear_after, 5000000);       // cell_voltage_max.clear_after_us
  set(limits.cell_voltage_min.trip, 2500);                 // cell_voltage_min.trip_mv
  set(limits.cell_voltage_min.clear, 2700);                // cell_voltage_min.clear_mv
  set(limits.cell_voltage_min.clear_after, 5000000);       // cell_voltage_min.clear_after_us
  set(limits.cell_voltage_latch_max, 3750);                // cell_voltage_latch_max_mv
  set(limits.cell_voltage_latch_min, 2300);                // cell_voltage_latch_min_mv
  set(limits.charge_temp_max.trip, 45000);                 // charge_temp_max.trip_mdegc
  set(limits.charge_temp_max.clear, 40000);                // charge_temp_max.clear_mdegc
  set(limits.charge_temp_max.clear_after, 5000000);        // charge_temp_max.clear_after_us
  set(limits.charge_temp_min.trip, 0);                     // charge_temp_min.trip_mdegc
  set(limits.charge_temp_min.clear, 5000);                 // charge_temp_min.clear_mdegc
  set(limits.charge_temp_min.clear_after, 5000000);        // charge_temp_min.clear_after_us
  set(limits.discharge_temp_max.trip, 55000);              // discharge_temp_max.trip_mdegc
  set(limits.discharge_temp_max.clear, 50000);             // discharge_temp_max.clear_mdegc
  set(limits.discharge_temp_max.clear_after, 5000000);     // discharge_temp_max.clear_after_us
  set(limits.discharge_temp_min.trip, -10000);             // discharge_temp_min.trip_mdegc
  set(limits.discharge_temp_min.clear, -5000);             // discharge_temp_min.clear_mdegc
  set(limits.discharge_temp_min.clear_after, 5000000);     // discharge_temp_min.clear_after_us
  set(limits.discharge_temp_derate.trip, 45000);           // discharge_temp_derate.trip_mdegc
  set(limits.discharge_temp_derate.clear, 43000);          // discharge_temp_derate.clear_mdegc
  set(limits.discharge_temp_derate.clear_after, 5000000);  // discharge_temp_derate.clear_after_us
  set(limits.temp_latch_max, 60000);                       // temp_latch_max_mdegc
  set(limits.temp_latch_min, -20000);                      // temp_latch_min_mdegc
  set(limits.charge_current_max, 100000);                  // charge_current_max_ma
  set(limits.discharge_current_max, 100000);               // discharge_current_max_ma
  set(limits.charge_overcurrent.trip, 110000);             // charge_overcurrent.trip_ma
  set(limits.charge_overcurrent.clear, 105000);            // charge_overcurrent.clear_ma
  set(limits.charge_overcurrent.clear_after, 5000000);     // charge_overcurrent.clear_after_us
  set(limits.discharge_overcurrent.trip, 110000);          // discharge_overcurrent.trip_ma
  set(limits.discharge_overcurrent.clear, 105000);         // discharge_overcurrent.clear_ma
  set(limits.discharge_overcurrent.clear_after, 5000000);  // discharge_overcurrent.clear_after_us
  set(limits.soc_max.trip, 9800);                          // soc_max.trip_bp
  set(limits.soc_max.clear, 9500);                         // soc_max.clear_bp
  set(limits.soc_max.clear_after, 5000000);                // soc_max.clear_after_us
  set(limits.soc_min.trip, 500);                           // soc_min.trip_bp
  set(limits.soc_min.clear, 1000);                         // soc_min.clear_bp
  set(limits.soc_min.clear_after, 5000000);                // soc_min.clear_after_us
  set(limits.sum_of_cells.trip_per_cell, 20);              // sum_of_cells.trip_per_cell_mv
  set(limits.sum_of_cells.clear_per_cell, 15);             // sum_of_cells.clear_per_cell_mv
  set(limits.sum_of_cells.trip_share, 100);                // sum_of_cells.trip_share_bp
  set(limits.sum_of_cells.clear_share, 75);                // sum_of_cells.clear_share_bp
  set(limits.sum_of_cells.clear_after, 5000000);           // sum_of_cells.clear_after_us
  set(limits.stale_after_max, 10000000);                   // stale_after_max_us
  set(limits.input_clear_after, 5000000);                  // input_clear_after_us
  return limits;
}();

}  // namespace ems::firmware
