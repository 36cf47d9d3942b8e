// SPDX-License-Identifier: Apache-2.0
/// @file Safety limits as constants. Printed by `emsctl limits header`; do not edit.
// clang-format off
#pragma once

#include "ems/safety/limits.hpp"

namespace ems::firmware {

inline constexpr safety::Chemistry kChemistry = safety::Chemistry::lfp;
/// First 8 bytes of the hash that `emsctl limits show` prints.
inline constexpr std::uint64_t kLimitsHash = 0x2c726b8493c7cf32;
inline constexpr safety::Limits kLimits = [] {
  safety::Limits limits = safety::kLfpBounds.widest;
  limits.cell_voltage_max.trip = MilliVolt{3650};
  limits.cell_voltage_max.clear = MilliVolt{3550};
  limits.cell_voltage_max.clear_after = Duration{5000000};
  limits.cell_voltage_max.trip_after = Duration{0};
  limits.cell_voltage_min.trip = MilliVolt{2500};
  limits.cell_voltage_min.clear = MilliVolt{2700};
  limits.cell_voltage_min.clear_after = Duration{5000000};
  limits.cell_voltage_min.trip_after = Duration{0};
  limits.cell_voltage_latch_max = MilliVolt{3750};
  limits.cell_voltage_latch_min = MilliVolt{2300};
  limits.charge_temp_max.trip = MilliCelsius{45000};
  limits.charge_temp_max.clear = MilliCelsius{40000};
  limits.charge_temp_max.clear_after = Duration{5000000};
  limits.charge_temp_max.trip_after = Duration{0};
  limits.charge_temp_min.trip = MilliCelsius{0};
  limits.charge_temp_min.clear = MilliCelsius{5000};
  limits.charge_temp_min.clear_after = Duration{5000000};
  limits.charge_temp_min.trip_after = Duration{0};
  limits.discharge_temp_max.trip = MilliCelsius{55000};
  limits.discharge_temp_max.clear = MilliCelsius{50000};
  limits.discharge_temp_max.clear_after = Duration{5000000};
  limits.discharge_temp_max.trip_after = Duration{0};
  limits.discharge_temp_min.trip = MilliCelsius{-10000};
  limits.discharge_temp_min.clear = MilliCelsius{-5000};
  limits.discharge_temp_min.clear_after = Duration{5000000};
  limits.discharge_temp_min.trip_after = Duration{0};
  limits.discharge_temp_derate = safety::derate_curve<MilliCelsius>({{MilliCelsius{45000}, BasisPoints{10000}}, {MilliCelsius{55000}, BasisPoints{0}}});
  limits.temp_latch_max = MilliCelsius{60000};
  limits.temp_latch_min = MilliCelsius{-20000};
  limits.charge_current_max = MilliAmp{100000};
  limits.discharge_current_max = MilliAmp{100000};
  limits.charge_overcurrent.trip = MilliAmp{120000};
  limits.charge_overcurrent.clear = MilliAmp{110000};
  limits.charge_overcurrent.clear_after = Duration{5000000};
  limits.charge_overcurrent.trip_after = Duration{0};
  limits.discharge_overcurrent.trip = MilliAmp{120000};
  limits.discharge_overcurrent.clear = MilliAmp{110000};
  limits.discharge_overcurrent.clear_after = Duration{5000000};
  limits.discharge_overcurrent.trip_after = Duration{0};
  limits.soc_max.trip = BasisPoints{9800};
  limits.soc_max.clear = BasisPoints{9500};
  limits.soc_max.clear_after = Duration{5000000};
  limits.soc_max.trip_after = Duration{0};
  limits.soc_min.trip = BasisPoints{500};
  limits.soc_min.clear = BasisPoints{1000};
  limits.soc_min.clear_after = Duration{5000000};
  limits.soc_min.trip_after = Duration{0};
  limits.sum_of_cells.trip_per_cell = MilliVolt{20};
  limits.sum_of_cells.clear_per_cell = MilliVolt{15};
  limits.sum_of_cells.trip_share = BasisPoints{100};
  limits.sum_of_cells.clear_share = BasisPoints{75};
  limits.sum_of_cells.clear_after = Duration{5000000};
  limits.stale_after_max = Duration{10000000};
  limits.input_clear_after = Duration{5000000};
  limits.cell_voltage_high.trip = MilliVolt{3550};
  limits.cell_voltage_high.clear = MilliVolt{3500};
  limits.cell_voltage_high.clear_after = Duration{5000000};
  limits.cell_voltage_high.trip_after = Duration{0};
  limits.cell_voltage_low.trip = MilliVolt{2800};
  limits.cell_voltage_low.clear = MilliVolt{2850};
  limits.cell_voltage_low.clear_after = Duration{5000000};
  limits.cell_voltage_low.trip_after = Duration{0};
  limits.temperature_high.trip = MilliCelsius{50000};
  limits.temperature_high.clear = MilliCelsius{48000};
  limits.temperature_high.clear_after = Duration{5000000};
  limits.temperature_high.trip_after = Duration{0};
  limits.temperature_low.trip = MilliCelsius{5000};
  limits.temperature_low.clear = MilliCelsius{7000};
  limits.temperature_low.clear_after = Duration{5000000};
  limits.temperature_low.trip_after = Duration{0};
  limits.soc_high_warning.trip = BasisPoints{9500};
  limits.soc_high_warning.clear = BasisPoints{9300};
  limits.soc_high_warning.clear_after = Duration{5000000};
  limits.soc_high_warning.trip_after = Duration{0};
  limits.soc_low_warning.trip = BasisPoints{1000};
  limits.soc_low_warning.clear = BasisPoints{1200};
  limits.soc_low_warning.clear_after = Duration{5000000};
  limits.soc_low_warning.trip_after = Duration{0};
  limits.charge_voltage_derate = safety::derate_curve<MilliVolt>({{MilliVolt{3550}, BasisPoints{10000}}, {MilliVolt{3650}, BasisPoints{0}}});
  limits.discharge_voltage_derate = safety::derate_curve<MilliVolt>({{MilliVolt{2500}, BasisPoints{0}}, {MilliVolt{2800}, BasisPoints{10000}}});
  limits.charge_temp_derate = safety::derate_curve<MilliCelsius>({{MilliCelsius{0}, BasisPoints{0}}, {MilliCelsius{5000}, BasisPoints{10000}}, {MilliCelsius{40000}, BasisPoints{10000}}, {MilliCelsius{45000}, BasisPoints{0}}});
  limits.charge_overload.factor = BasisPoints{11000};
  limits.charge_overload.time = Duration{5000000};
  limits.charge_overload.clear_after = Duration{5000000};
  limits.discharge_overload.factor = BasisPoints{11000};
  limits.discharge_overload.time = Duration{5000000};
  limits.discharge_overload.clear_after = Duration{5000000};
  limits.temperature_spread.trip = MilliCelsius{15000};
  limits.temperature_spread.clear = MilliCelsius{12000};
  limits.temperature_spread.clear_after = Duration{5000000};
  limits.temperature_spread.trip_after = Duration{0};
  limits.cell_imbalance_warning.trip = MilliVolt{30};
  limits.cell_imbalance_warning.clear = MilliVolt{20};
  limits.cell_imbalance_warning.clear_after = Duration{5000000};
  limits.cell_imbalance_warning.trip_after = Duration{0};
  limits.cell_imbalance_derate = safety::derate_curve<MilliVolt>({{MilliVolt{100}, BasisPoints{10000}}, {MilliVolt{300}, BasisPoints{5000}}});
  limits.cell_imbalance.trip = MilliVolt{300};
  limits.cell_imbalance.clear = MilliVolt{200};
  limits.cell_imbalance.clear_after = Duration{5000000};
  limits.cell_imbalance.trip_after = Duration{0};
  limits.insulation_low.trip = KiloOhm{500};
  limits.insulation_low.clear = KiloOhm{550};
  limits.insulation_low.clear_after = Duration{5000000};
  limits.insulation_low.trip_after = Duration{0};
  limits.insulation_latch_min = KiloOhm{100};
  limits.latch_after = Duration{0};
  limits.plausibility.soc_jump = BasisPoints{1000};
  limits.plausibility.temperature_jump = MilliCelsius{5000};
  limits.plausibility.cell_voltage_jump = MilliVolt{500};
  limits.plausibility.frozen_charge = BasisPoints{200};
  limits.plausibility.frozen_after = Duration{3600000000};
  limits.plausibility.power_tolerance = BasisPoints{1000};
  limits.plausibility.power_floor = Watt{200};
  limits.plausibility.power_after = Duration{10000000};
  limits.plausibility.obey_tolerance = BasisPoints{500};
  limits.plausibility.obey_floor = MilliAmp{1000};
  limits.plausibility.obey_after = Duration{3000000};
  limits.plausibility.contactor_current = MilliAmp{2000};
  limits.plausibility.contactor_after = Duration{1000000};
  limits.plausibility.skew_max = Duration{20000};
  limits.plausibility.clear_after = Duration{5000000};
  return limits;
}();

}  // namespace ems::firmware
