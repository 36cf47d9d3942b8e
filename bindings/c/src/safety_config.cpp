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
}

struct FromC {
  template <class Q>
  void operator()(Q& own, const std::int32_t& theirs) const noexcept {
    own = Q{theirs};
  }
  void operator()(Duration& own, const std::int64_t& theirs) const noexcept {
    own = milliseconds(theirs);
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
};

ems_safety_limits_t limits_to_c(const safety::Limits& limits) noexcept {
  ems_safety_limits_t into{};
  into.struct_size = sizeof into;
  into.chemistry = EMS_CHEMISTRY_LFP;
  each_limit(limits, into, ToC{});
  const auto& derate = limits.discharge_temp_derate;
  into.discharge_temp_derate_mdegc.trip = derate.empty() ? 0 : derate[0].x.count();
  return into;
}

ems_status_t limits_from(const ems_safety_limits_t* given, safety::Limits& limits) noexcept {
  if (!sized(given)) return invalid("limits is NULL or its struct_size is too small");
  ems_safety_limits_t own;
  if (!take(given, own)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
  if (own.chemistry != EMS_CHEMISTRY_LFP) {
    return failed(EMS_E_OUT_OF_RANGE, "chemistry is no EMS_CHEMISTRY_*");
  }
  limits = safety::default_limits(safety::Chemistry::lfp);
  each_limit(limits, own, FromC{});
  limits.discharge_temp_derate = safety::derate_curve<MilliCelsius>(
      {{MilliCelsius{own.discharge_temp_derate_mdegc.trip}, BasisPoints{10'000}},
       {limits.discharge_temp_max.trip, BasisPoints{0}}});
  return EMS_OK;
}

/// The item of an array whose items begin with struct_size, all of the same size and aligned;
/// nullptr when this one is not so.
template <class T>
const T* item_of(const T* items, std::size_t index) noexcept {
  if (!sized(items) || items->struct_size % alignof(T) != 0) return nullptr;
  const auto* first = reinterpret_cast<const unsigned char*>(items);
  const auto* item = reinterpret_cast<const T*>(first + index * items->struct_size);
  return item->struct_size == items->struct_size ? item : nullptr;
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
  battery.bms_required = own.bms_required;
  battery.breaking_current_max = MilliAmp{own.breaking_current_max_ma};
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
                                safety::State& state) noexcept {
  if (!sized(given)) return invalid("safety config is NULL or its struct_size is too small");
  ems_safety_config_t own;
  if (!take(given, own)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
  if (own.battery_count > safety::kMaxBatteries) {
    return failed(EMS_E_OUT_OF_RANGE, "battery_count is above what this build has room for");
  }
  if (own.inverter_count > safety::kMaxInverters) {
    return failed(EMS_E_OUT_OF_RANGE, "inverter_count is above what this build has room for");
  }
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
  return state_from(own, state);
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
