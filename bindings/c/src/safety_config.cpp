// SPDX-License-Identifier: Apache-2.0
#include "ems/safety/limits.hpp"
#include "safety.hpp"

namespace ems::capi {
namespace {

/// One list of all fields, for both directions: `move(library's field, C's field)`.
template <class Limits, class C, class Move>
void each_limit(Limits& limits, C& c, Move&& move) noexcept {
  const auto threshold = [&move](auto& own, auto& theirs) {
    move(own.trip, theirs.trip);
    move(own.clear, theirs.clear);
    move(own.clear_after, theirs.clear_after_ms);
  };
  const auto delayed = [&](auto& own, auto& theirs) {
    threshold(own, theirs);
    move(own.trip_after, theirs.trip_after_ms);
  };
  const auto overload = [&move](auto& own, auto& theirs) {
    move(own.factor, theirs.factor_bp);
    move(own.time, theirs.time_ms);
    move(own.clear_after, theirs.clear_after_ms);
  };
  threshold(limits.cell_voltage_max, c.cell_voltage_max_mv);
  threshold(limits.cell_voltage_min, c.cell_voltage_min_mv);
  move(limits.cell_voltage_latch_max, c.cell_voltage_latch_max_mv);
  move(limits.cell_voltage_latch_min, c.cell_voltage_latch_min_mv);
  threshold(limits.charge_temp_max, c.charge_temp_max_mdegc);
  threshold(limits.charge_temp_min, c.charge_temp_min_mdegc);
  threshold(limits.discharge_temp_max, c.discharge_temp_max_mdegc);
  threshold(limits.discharge_temp_min, c.discharge_temp_min_mdegc);
  move(limits.temp_latch_max, c.temp_latch_max_mdegc);
  move(limits.temp_latch_min, c.temp_latch_min_mdegc);
  move(limits.charge_current_max, c.charge_current_max_ma);
  move(limits.discharge_current_max, c.discharge_current_max_ma);
  threshold(limits.charge_overcurrent, c.charge_overcurrent_ma);
  threshold(limits.discharge_overcurrent, c.discharge_overcurrent_ma);
  threshold(limits.soc_max, c.soc_max_bp);
  threshold(limits.soc_min, c.soc_min_bp);
  move(limits.sum_of_cells.trip_per_cell, c.sum_of_cells_trip_per_cell_mv);
  move(limits.sum_of_cells.clear_per_cell, c.sum_of_cells_clear_per_cell_mv);
  move(limits.sum_of_cells.trip_share, c.sum_of_cells_trip_share_bp);
  move(limits.sum_of_cells.clear_share, c.sum_of_cells_clear_share_bp);
  move(limits.sum_of_cells.clear_after, c.sum_of_cells_clear_after_ms);
  move(limits.stale_after_max, c.stale_after_max_ms);
  move(limits.input_clear_after, c.input_clear_after_ms);
  move(limits.cell_voltage_max.trip_after, c.cell_voltage_max_trip_after_ms);
  move(limits.cell_voltage_min.trip_after, c.cell_voltage_min_trip_after_ms);
  move(limits.charge_temp_max.trip_after, c.charge_temp_max_trip_after_ms);
  move(limits.charge_temp_min.trip_after, c.charge_temp_min_trip_after_ms);
  move(limits.discharge_temp_max.trip_after, c.discharge_temp_max_trip_after_ms);
  move(limits.discharge_temp_min.trip_after, c.discharge_temp_min_trip_after_ms);
  move(limits.charge_overcurrent.trip_after, c.charge_overcurrent_trip_after_ms);
  move(limits.discharge_overcurrent.trip_after, c.discharge_overcurrent_trip_after_ms);
  move(limits.soc_max.trip_after, c.soc_max_trip_after_ms);
  move(limits.soc_min.trip_after, c.soc_min_trip_after_ms);
  move(limits.latch_after, c.latch_after_ms);
  delayed(limits.cell_voltage_high, c.cell_voltage_high_mv);
  delayed(limits.cell_voltage_low, c.cell_voltage_low_mv);
  delayed(limits.temperature_high, c.temperature_high_mdegc);
  delayed(limits.temperature_low, c.temperature_low_mdegc);
  delayed(limits.soc_high_warning, c.soc_high_warning_bp);
  delayed(limits.soc_low_warning, c.soc_low_warning_bp);
  delayed(limits.temperature_spread, c.temperature_spread_mdegc);
  delayed(limits.cell_imbalance_warning, c.cell_imbalance_warning_mv);
  delayed(limits.cell_imbalance, c.cell_imbalance_mv);
  delayed(limits.insulation_low, c.insulation_low_kohm);
  overload(limits.charge_overload, c.charge_overload);
  overload(limits.discharge_overload, c.discharge_overload);
  auto& lies = limits.plausibility;
  move(lies.frozen_after, c.plausibility.frozen_after_ms);
  move(lies.power_after, c.plausibility.power_after_ms);
  move(lies.obey_after, c.plausibility.obey_after_ms);
  move(lies.contactor_after, c.plausibility.contactor_after_ms);
  move(lies.skew_max, c.plausibility.skew_max_ms);
  move(lies.clear_after, c.plausibility.clear_after_ms);
  move(lies.soc_jump, c.plausibility.soc_jump_bp);
  move(lies.temperature_jump, c.plausibility.temperature_jump_mdegc);
  move(lies.cell_voltage_jump, c.plausibility.cell_voltage_jump_mv);
  move(lies.frozen_charge, c.plausibility.frozen_charge_bp);
  move(lies.power_tolerance, c.plausibility.power_tolerance_bp);
  move(lies.power_floor, c.plausibility.power_floor_w);
  move(lies.obey_tolerance, c.plausibility.obey_tolerance_bp);
  move(lies.obey_floor, c.plausibility.obey_floor_ma);
  move(lies.contactor_current, c.plausibility.contactor_current_ma);
  move(limits.insulation_latch_min, c.insulation_latch_min_kohm);
  move(limits.charge_temp_derate, c.charge_temp_curve_mdegc);
  move(limits.charge_voltage_derate, c.charge_voltage_curve_mv);
  move(limits.discharge_voltage_derate, c.discharge_voltage_curve_mv);
  move(limits.cell_imbalance_derate, c.cell_imbalance_curve_mv);
}

struct FromC {
  template <class Q>
  void operator()(Q& own, const std::int32_t& theirs) const noexcept {
    own = Q{theirs};
  }
  void operator()(Duration& own, const std::int64_t& theirs) const noexcept {
    own = milliseconds(theirs);
  }
  template <class Q>
  void operator()(safety::DerateCurve<Q>& own, const ems_derate_curve_t& theirs) const noexcept {
    own.clear();
    for (std::size_t i = 0; i < theirs.count; ++i) {
      own.push_back({Q{theirs.points[i].x}, BasisPoints{theirs.points[i].share_bp}});
    }
  }
};
struct ToC {
  template <class Q>
  void operator()(const Q& own, std::int32_t& theirs) const noexcept {
    theirs = own.count();
  }
  void operator()(const Duration& own, std::int64_t& theirs) const noexcept {
    theirs = ceil_ms(own);
  }
  template <class Q>
  void operator()(const safety::DerateCurve<Q>& own, ems_derate_curve_t& theirs) const noexcept {
    for (const safety::DeratePoint<Q>& point : own) {
      theirs.points[theirs.count++] = {point.x.count(), point.share.count()};
    }
  }
};

ems_safety_limits_t limits_to_c(const safety::Limits& limits) noexcept {
  ems_safety_limits_t into{};
  into.struct_size = sizeof into;
  into.chemistry = EMS_CHEMISTRY_LFP;
  each_limit(limits, into, ToC{});
  into.discharge_temp_derate_mdegc.trip = limits.discharge_temp_derate[0].x.count();
  return into;
}

bool has_room(const ems_safety_limits_t& limits) noexcept {
  return limits.discharge_temp_curve_mdegc.count <= EMS_CURVE_POINTS_MAX &&
         limits.charge_temp_curve_mdegc.count <= EMS_CURVE_POINTS_MAX &&
         limits.charge_voltage_curve_mv.count <= EMS_CURVE_POINTS_MAX &&
         limits.discharge_voltage_curve_mv.count <= EMS_CURVE_POINTS_MAX &&
         limits.cell_imbalance_curve_mv.count <= EMS_CURVE_POINTS_MAX;
}

ems_status_t limits_from(const ems_safety_limits_t* given, safety::Limits& limits) noexcept {
  if (!sized(given)) return invalid("limits is NULL or its struct_size is too small");
  limits = safety::default_limits(safety::Chemistry::lfp);
  ems_safety_limits_t own = limits_to_c(limits);
  if (!take_over(given, own)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
  if (own.chemistry != EMS_CHEMISTRY_LFP) {
    return failed(EMS_E_OUT_OF_RANGE, "chemistry is no EMS_CHEMISTRY_*");
  }
  if (!has_room(own)) {
    return failed(EMS_E_OUT_OF_RANGE, "a curve has more than EMS_CURVE_POINTS_MAX points");
  }
  each_limit(limits, own, FromC{});
  if (own.discharge_temp_curve_mdegc.count > 0) {
    FromC{}(limits.discharge_temp_derate, own.discharge_temp_curve_mdegc);
    return EMS_OK;
  }
  limits.discharge_temp_derate = safety::derate_curve<MilliCelsius>(
      {{MilliCelsius{own.discharge_temp_derate_mdegc.trip}, BasisPoints{10'000}},
       {limits.discharge_temp_max.trip, BasisPoints{0}}});
  return EMS_OK;
}

ems_status_t battery_from(const ems_safety_battery_t& given, safety::BatteryConfig& battery,
                          std::uint16_t place) noexcept {
  ems_safety_battery_t own;
  if (!take(&given, own)) return failed(EMS_E_UNIMPLEMENTED, kNewer, place);
  if (!valid(own.asset)) {
    return failed(EMS_E_OUT_OF_RANGE, "battery: asset is none a site can have", place);
  }
  battery.asset = from_c(own.asset);
  battery.cells_in_series = own.cells_in_series;
  constexpr int kAllHazards = 2 * EMS_HAZARD_CONTACTOR - 1;
  if ((own.bms_required_more & ~EMS_BMS_ALARMS) != 0 || (own.hazards_wired & ~kAllHazards) != 0) {
    return failed(EMS_E_UNIMPLEMENTED, "battery: a bit this version does not know", place);
  }
  battery.bms_required = static_cast<std::uint16_t>(own.bms_required | own.bms_required_more);
  battery.hazards_wired = own.hazards_wired;
  battery.breaking_current_max = MilliAmp{own.breaking_current_max_ma};
  battery.fuse_current = MilliAmp{own.fuse_current_ma};
  battery.capacity = MicroAmpHour{own.capacity_uah};
  return limits_from(own.limits, battery.limits);
}

ems_status_t inverter_from(const ems_safety_inverter_t& given, safety::InverterConfig& inverter,
                           std::uint16_t place) noexcept {
  ems_safety_inverter_t own;
  if (!take(&given, own)) return failed(EMS_E_UNIMPLEMENTED, kNewer, place);
  if (!valid(own.asset)) {
    return failed(EMS_E_OUT_OF_RANGE, "inverter: asset is none a site can have", place);
  }
  inverter.asset = from_c(own.asset);
  inverter.batteries = own.batteries;
  inverter.apparent_max = VoltAmp{own.apparent_max_va};
  inverter.charge_max = Watt{own.charge_max_w};
  inverter.discharge_max = Watt{own.discharge_max_w};
  inverter.efficiency = BasisPoints{own.efficiency_bp};
  inverter.has_dc_pv = own.no_dc_pv == 0;
  inverter.can_curtail_pv = own.can_curtail_pv != 0;
  return EMS_OK;
}

ems_status_t state_from(const ems_safety_config_t& given, safety::State& state) noexcept {
  const Instant now = instant(given.start_ms);
  if (given.latch_unreadable != 0) {
    state = safety::State::tripped_unreadable(now);
    return EMS_OK;
  }
  if (given.trip_count == 0) {
    state = safety::State{};
    return EMS_OK;
  }
  if (given.trips == nullptr) return invalid("trips is NULL");
  safety::Latch latch;
  for (std::size_t i = 0; i < given.trip_count; ++i) {
    const ems_trip_t& trip = given.trips[i];
    const auto place = static_cast<std::uint16_t>(i);
    if (trip.cause < EMS_TRIP_UNREADABLE || trip.cause > EMS_TRIP_LIMIT_DISOBEYED ||
        !valid(trip.asset)) {
      return failed(EMS_E_OUT_OF_RANGE, "trips: cause or asset is none there is", place);
    }
    const safety::Trip read{static_cast<safety::TripCause>(trip.cause), from_c(trip.asset), now};
    if (!latch.try_push_back(read)) {
      return failed(EMS_E_OUT_OF_RANGE, "trip_count is above what a latch holds", place);
    }
  }
  state = safety::State::restore_latch(latch, now);
  return EMS_OK;
}

}  // namespace

ems_status_t safety_config_from(const ems_safety_config_t* given, safety::Config& config,
                                SafetyStart& start) noexcept {
  if (!sized(given)) return invalid("safety config is NULL or its struct_size is too small");
  ems_safety_config_t own;
  if (!take(given, own)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
  if (own.battery_count > safety::kMaxBatteries) {
    return failed(EMS_E_OUT_OF_RANGE, "battery_count is above what this build has room for");
  }
  if (own.inverter_count > safety::kMaxInverters) {
    return failed(EMS_E_OUT_OF_RANGE, "inverter_count is above what this build has room for");
  }
  if (own.estop_inputs > UINT8_MAX) return failed(EMS_E_OUT_OF_RANGE, "estop_inputs is above 255");
  start.estop_inputs = static_cast<std::uint8_t>(own.estop_inputs);
  start.monitor_only = own.monitor_only != 0;
  config = safety::Config{};
  config.tick_period = milliseconds(own.tick_period_ms);
  config.start_grace = milliseconds(own.start_grace_ms);
  for (std::size_t i = 0; i < own.battery_count; ++i) {
    const ems_safety_battery_t* item = item_of(own.batteries, i);
    if (item == nullptr) return invalid("batteries is NULL or a struct_size is wrong");
    safety::BatteryConfig battery;
    const ems_status_t read = battery_from(*item, battery, static_cast<std::uint16_t>(i));
    if (read != EMS_OK) return read;
    config.batteries.push_back(battery);
  }
  for (std::size_t i = 0; i < own.inverter_count; ++i) {
    const ems_safety_inverter_t* item = item_of(own.inverters, i);
    if (item == nullptr) return invalid("inverters is NULL or a struct_size is wrong");
    safety::InverterConfig inverter;
    const ems_status_t read = inverter_from(*item, inverter, static_cast<std::uint16_t>(i));
    if (read != EMS_OK) return read;
    config.inverters.push_back(inverter);
  }
  if (const Result<void> sound = safety::validate(config); !sound) return failed(sound.error());
  return state_from(own, start.state);
}

extern "C" {

EMS_API ems_status_t ems_safety_limits_default(std::int32_t chemistry, ems_safety_limits_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!sized(out)) return invalid(kBadOut);
    if (chemistry != EMS_CHEMISTRY_LFP) {
      return failed(EMS_E_OUT_OF_RANGE, "chemistry is no EMS_CHEMISTRY_*");
    }
    give(out, limits_to_c(safety::default_limits(safety::Chemistry::lfp)));
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_safety_limits_set_currents(ems_safety_limits_t* limits,
                                                    std::int32_t charge_ma,
                                                    std::int32_t discharge_ma) {
  return guarded([&]() -> ems_status_t {
    safety::Limits own;
    if (const ems_status_t read = limits_from(limits, own); read != EMS_OK) return read;
    if (charge_ma < 0 || discharge_ma < 0) {
      return failed(EMS_E_OUT_OF_RANGE, "charge_ma or discharge_ma is below 0");
    }
    safety::set_current_limits(own, MilliAmp{charge_ma}, MilliAmp{discharge_ma});
    const ems_safety_limits_t full = limits_to_c(own);
    limits->charge_current_max_ma = full.charge_current_max_ma;
    limits->discharge_current_max_ma = full.discharge_current_max_ma;
    limits->charge_overcurrent_ma = full.charge_overcurrent_ma;
    limits->discharge_overcurrent_ma = full.discharge_overcurrent_ma;
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_safety_limits_validate(const ems_safety_limits_t* limits) {
  return guarded([&]() -> ems_status_t {
    safety::Limits own;
    if (const ems_status_t read = limits_from(limits, own); read != EMS_OK) return read;
    const Result<void> sound = safety::validate(own, safety::Chemistry::lfp);
    return status_of(sound);
  });
}

EMS_API ems_status_t ems_safety_config_default(ems_safety_config_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!sized(out)) return invalid(kBadOut);
    const safety::Config defaults;
    ems_safety_config_t config{};
    config.tick_period_ms = ceil_ms(defaults.tick_period);
    config.start_grace_ms = ceil_ms(defaults.start_grace);
    give(out, config);
    return EMS_OK;
  });
}

}  // extern "C"

}  // namespace ems::capi
