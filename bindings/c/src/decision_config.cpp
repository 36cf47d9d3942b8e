// SPDX-License-Identifier: Apache-2.0
#include "decision.hpp"

namespace ems::capi {
namespace {

constexpr std::uint32_t kAllPolicies = 2U * EMS_DECISION_GENTLE_TEMPERATURE - 1;
static_assert(EMS_DECISION_GENTLE_TEMPERATURE == 1 << (EMS_POLICY_GENTLE_TEMPERATURE - 2));
static_assert(EMS_DECISION_SCHEDULE == 1 << (EMS_POLICY_SCHEDULE - 2));
static_assert(EMS_DECISION_ACTIVE_POWER_LIMIT == 1 << (EMS_POLICY_ACTIVE_POWER_LIMIT - 2));
static_assert(EMS_TIME_OF_USE_WINDOWS_MAX == decision::kTimeOfUseWindowsMax);
static_assert(EMS_WINDOW_CHARGE == static_cast<int>(decision::WindowAction::charge));
static_assert(EMS_WINDOW_HOLD == static_cast<int>(decision::WindowAction::hold));
static_assert(EMS_DAYS_ALL == decision::kEveryDay);

void grid_to_c(const decision::GridProfile& grid, ems_decision_config_t& c) noexcept {
  c.droop_nominal_mhz = grid.f_nom.count();
  c.droop_deadband_over_mhz = grid.deadband_over.count();
  c.droop_deadband_under_mhz = grid.deadband_under.count();
  c.droop_bp = grid.droop.count();
  c.droop_release_after_ms = ceil_ms(grid.release_after);
  c.droop_response_ms = ceil_ms(grid.response);
}

ems_decision_config_t defaults() noexcept {
  constexpr std::int64_t kHourMs = 3'600'000;
  ems_decision_config_t c{};
  c.pair_skew_max_ms = ceil_ms(decision::NetLoadConfig{}.pair_skew_max);
  c.import_limit_hold_ms = c.demand_limit_hold_ms = kHourMs;
  c.setpoint_lease_max_ms = c.remote_setpoint_lease_max_ms = kHourMs;
  c.active_power_limit_lease_max_ms = kHourMs;
  grid_to_c({}, c);
  c.ramp_step_max_ms = ceil_ms(decision::RampConfig{}.step_max);
  const decision::DimmingConfig dimming;
  c.dimming_failsafe_w = dimming.failsafe.count();
  c.dimming_protective_w = dimming.protective.count();
  c.dimming_failsafe_min_ms = ceil_ms(dimming.failsafe_min);
  c.dimming_lease_max_ms = ceil_ms(dimming.lease_max);
  const decision::DemandLimitConfig demand;
  c.demand_limit_window_ms = ceil_ms(demand.window);
  c.demand_limit_glide_ms = ceil_ms(demand.glide);
  c.backup_reserve_hysteresis_bp = decision::BackupReserveConfig{}.hysteresis.count();
  c.zero_export_tolerance_w = decision::ZeroExportConfig{}.tolerance.count();
  c.plan_age_max_ms = ceil_ms(decision::PlanConfig{}.age_max);
  c.plan_adrift_max_ms = ceil_ms(decision::PlanConfig{}.adrift_max);
  c.time_of_use_soc_hysteresis_bp = decision::TimeOfUseConfig{}.soc_hysteresis.count();
  const decision::PriceConfig price;
  c.price_age_max_ms = ceil_ms(price.age_max);
  c.price_share_at_threshold_bp = price.share_at_threshold.count();
  c.price_soc_buy_max_bp = price.soc_buy_max.count();
  c.price_soc_sell_min_bp = price.soc_sell_min.count();
  c.price_soc_hysteresis_bp = price.soc_hysteresis.count();
  const decision::SelfConsumptionConfig own;
  c.self_consumption_soc_store_max_bp = own.soc_store_max.count();
  c.self_consumption_soc_feed_min_bp = own.soc_feed_min.count();
  c.self_consumption_soc_hysteresis_bp = own.soc_hysteresis.count();
  const decision::ComfortBandConfig comfort;
  c.comfort_soc_min_bp = comfort.soc_min.count();
  c.comfort_soc_max_bp = comfort.soc_max.count();
  c.comfort_taper_bp = comfort.taper.count();
  const decision::GentleCurrentConfig current;
  c.gentle_charge_ppm = current.charge_rate.count();
  c.gentle_discharge_ppm = current.discharge_rate.count();
  const decision::GentleTemperatureConfig temperature;
  c.gentle_cold_zero_mdegc = temperature.cold_zero.count();
  c.gentle_cold_full_mdegc = temperature.cold_full.count();
  c.gentle_hot_full_mdegc = temperature.hot_full.count();
  c.gentle_hot_zero_mdegc = temperature.hot_zero.count();
  return c;
}

void grid_code_from(const ems_decision_config_t& c, decision::Config& config) noexcept {
  if ((c.policies & EMS_DECISION_ACTIVE_POWER_LIMIT) != 0) {
    config.active_power_limit = {.configured = limits_from(c.active_power_limit),
                                 .fallback = limits_from(c.active_power_limit_fallback),
                                 .lease_max = milliseconds(c.active_power_limit_lease_max_ms)};
  }
  if ((c.policies & EMS_DECISION_FREQUENCY_DROOP) != 0) {
    config.frequency_droop = {.grid = {.f_nom = MilliHertz{c.droop_nominal_mhz},
                                       .deadband_over = MilliHertz{c.droop_deadband_over_mhz},
                                       .deadband_under = MilliHertz{c.droop_deadband_under_mhz},
                                       .droop = BasisPoints{c.droop_bp},
                                       .release_after = milliseconds(c.droop_release_after_ms),
                                       .response = milliseconds(c.droop_response_ms)},
                              .reference = Watt{c.droop_reference_w}};
  }
  if ((c.policies & EMS_DECISION_RAMP) != 0) {
    config.ramp = {Watt{c.ramp_up_w_per_s}, Watt{c.ramp_down_w_per_s},
                   milliseconds(c.ramp_step_max_ms)};
  }
}

void contractual_from(const ems_decision_config_t& c, decision::Config& config) noexcept {
  if ((c.policies & EMS_DECISION_DIMMING) != 0) {
    config.dimming = {.failsafe = Watt{c.dimming_failsafe_w},
                      .failsafe_min = milliseconds(c.dimming_failsafe_min_ms),
                      .protective = Watt{c.dimming_protective_w},
                      .lease_max = milliseconds(c.dimming_lease_max_ms)};
  }
  if ((c.policies & EMS_DECISION_IMPORT_LIMIT) != 0) {
    config.import_limit = {Watt{c.import_limit_w}, milliseconds(c.import_limit_hold_ms)};
  }
  if ((c.policies & EMS_DECISION_EXPORT_LIMIT) != 0) {
    config.export_limit = {Watt{c.export_limit_w}};
  }
  if ((c.policies & EMS_DECISION_DEMAND_LIMIT) != 0) {
    config.demand_limit = {.limit = Watt{c.demand_limit_w},
                           .import_max = Watt{c.demand_limit_import_max_w},
                           .window = milliseconds(c.demand_limit_window_ms),
                           .offset = milliseconds(c.demand_limit_offset_ms),
                           .hold = milliseconds(c.demand_limit_hold_ms),
                           .glide = milliseconds(c.demand_limit_glide_ms)};
  }
  if ((c.policies & EMS_DECISION_BACKUP_RESERVE) != 0) {
    config.backup_reserve = {BasisPoints{c.backup_reserve_bp},
                             BasisPoints{c.backup_reserve_hysteresis_bp}};
  }
  if ((c.policies & EMS_DECISION_SETPOINT) != 0) {
    config.setpoint = {milliseconds(c.setpoint_lease_max_ms)};
  }
  if ((c.policies & EMS_DECISION_REMOTE_SETPOINT) != 0) {
    config.remote_setpoint = {milliseconds(c.remote_setpoint_lease_max_ms)};
  }
  if ((c.policies & EMS_DECISION_SCHEDULE) != 0) config.schedule.emplace();
}

ems_status_t windows_from(const ems_decision_config_t& c,
                          decision::TimeOfUseConfig& config) noexcept {
  if (c.time_of_use_window_count > EMS_TIME_OF_USE_WINDOWS_MAX) {
    return failed(EMS_E_OUT_OF_RANGE, "time_of_use: more than EMS_TIME_OF_USE_WINDOWS_MAX windows");
  }
  if (c.time_of_use_windows == nullptr && c.time_of_use_window_count > 0) {
    return invalid("time_of_use_windows is NULL");
  }
  for (std::uint32_t i = 0; i < c.time_of_use_window_count; ++i) {
    const ems_time_of_use_window_t& given = c.time_of_use_windows[i];
    if (given.action < EMS_WINDOW_CHARGE || given.action > EMS_WINDOW_HOLD) {
      return failed(EMS_E_OUT_OF_RANGE, "time_of_use: action is no EMS_WINDOW_*",
                    static_cast<std::uint16_t>(i));
    }
    decision::TimeOfUseWindow window{
        .when = {.days = given.days, .from = given.from_minute, .to = given.to_minute},
        .action = static_cast<decision::WindowAction>(given.action),
        .power = Watt{given.power_w}};
    if (given.has_soc_stop != 0) window.soc_stop = BasisPoints{given.soc_stop_bp};
    config.windows.push_back(window);
  }
  config.soc_hysteresis = BasisPoints{c.time_of_use_soc_hysteresis_bp};
  config.only_without_prices = c.time_of_use_only_without_prices != 0;
  return EMS_OK;
}

ems_status_t economic_from(const ems_decision_config_t& c, decision::Config& config) noexcept {
  if ((c.policies & EMS_DECISION_ZERO_EXPORT) != 0) {
    config.zero_export = {Watt{c.zero_export_tolerance_w}};
  }
  if ((c.policies & EMS_DECISION_PLAN) != 0) {
    config.plan = {milliseconds(c.plan_age_max_ms), milliseconds(c.plan_adrift_max_ms)};
  }
  if ((c.policies & EMS_DECISION_PRICE) != 0) {
    decision::PriceConfig& price = config.price.emplace();
    price.currency = decision::Currency(text_of(c.price_currency));
    price.buy_below = decision::Price{c.price_buy_below};
    price.sell_above = decision::Price{c.price_sell_above};
    price.power = Watt{c.price_power_w};
    price.share_at_threshold = BasisPoints{c.price_share_at_threshold_bp};
    price.soc_buy_max = BasisPoints{c.price_soc_buy_max_bp};
    price.soc_sell_min = BasisPoints{c.price_soc_sell_min_bp};
    price.soc_hysteresis = BasisPoints{c.price_soc_hysteresis_bp};
    price.age_max = milliseconds(c.price_age_max_ms);
    if (c.price_currency[3] != '\0') {
      return failed(EMS_E_OUT_OF_RANGE, "price_currency is not three letters and a NUL");
    }
  }
  if ((c.policies & EMS_DECISION_SELF_CONSUMPTION) != 0) {
    config.self_consumption = {.pcc_target = Watt{c.self_consumption_target_w},
                               .deadband = Watt{c.self_consumption_deadband_w},
                               .surplus_start = Watt{c.self_consumption_surplus_start_w},
                               .surplus_stop = Watt{c.self_consumption_surplus_stop_w},
                               .soc_store_max = BasisPoints{c.self_consumption_soc_store_max_bp},
                               .soc_feed_min = BasisPoints{c.self_consumption_soc_feed_min_bp},
                               .soc_hysteresis = BasisPoints{c.self_consumption_soc_hysteresis_bp}};
  }
  if ((c.policies & EMS_DECISION_TIME_OF_USE) == 0) return EMS_OK;
  return windows_from(c, config.time_of_use.emplace());
}

void longevity_from(const ems_decision_config_t& c, decision::Config& config) noexcept {
  if ((c.policies & EMS_DECISION_COMFORT_BAND) != 0) {
    config.comfort_band = {.soc_min = BasisPoints{c.comfort_soc_min_bp},
                           .soc_max = BasisPoints{c.comfort_soc_max_bp},
                           .taper = BasisPoints{c.comfort_taper_bp},
                           .power = Watt{c.comfort_power_w},
                           .restore = Watt{c.comfort_restore_w}};
  }
  if ((c.policies & EMS_DECISION_GENTLE_CURRENT) != 0) {
    config.gentle_current = {Ratio{c.gentle_charge_ppm}, Ratio{c.gentle_discharge_ppm}};
  }
  if ((c.policies & EMS_DECISION_GENTLE_TEMPERATURE) != 0) {
    config.gentle_temperature = {.cold_zero = MilliCelsius{c.gentle_cold_zero_mdegc},
                                 .cold_full = MilliCelsius{c.gentle_cold_full_mdegc},
                                 .hot_full = MilliCelsius{c.gentle_hot_full_mdegc},
                                 .hot_zero = MilliCelsius{c.gentle_hot_zero_mdegc},
                                 .power = Watt{c.gentle_temperature_power_w}};
  }
}

}  // namespace

ems_status_t decision_config_from(const ems_decision_config_t* given,
                                  decision::Config& config) noexcept {
  if (!sized(given)) return invalid("decision config is NULL or its struct_size is too small");
  ems_decision_config_t own = defaults();
  if (!take_over(given, own)) return failed(EMS_E_UNIMPLEMENTED, kNewer);
  if ((own.policies & ~kAllPolicies) != 0) {
    return failed(EMS_E_UNIMPLEMENTED, "policies: a bit this version does not know");
  }
  config = decision::Config{};
  config.net_load.pair_skew_max = milliseconds(own.pair_skew_max_ms);
  grid_code_from(own, config);
  contractual_from(own, config);
  if (const ems_status_t read = economic_from(own, config); read != EMS_OK) return read;
  longevity_from(own, config);
  const Result<void> checked = decision::validate(config);
  return status_of(checked);
}

extern "C" {

EMS_API ems_status_t ems_decision_config_default(ems_decision_config_t* out) {
  return guarded([&]() -> ems_status_t {
    if (!sized(out)) return invalid("out is NULL or its struct_size is too small");
    give(out, defaults());
    return EMS_OK;
  });
}

EMS_API ems_status_t ems_decision_config_set_grid(ems_decision_config_t* config,
                                                  std::int32_t grid) {
  return guarded([&]() -> ems_status_t {
    if (!sized(config) ||
        config->struct_size < offsetof(ems_decision_config_t, droop_reference_w)) {
      return invalid("config is NULL or its struct_size is too small");
    }
    if (grid != EMS_GRID_IEEE_1547 && grid != EMS_GRID_EN_50549) {
      return failed(EMS_E_OUT_OF_RANGE, "grid is no EMS_GRID_*");
    }
    grid_to_c(grid == EMS_GRID_IEEE_1547 ? decision::kIeee1547 : decision::kEn50549, *config);
    return EMS_OK;
  });
}

}  // extern "C"

}  // namespace ems::capi
