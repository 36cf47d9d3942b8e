// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/control_config.hpp"

#include <algorithm>

namespace ems::runtime {
namespace {

/// Room for a sample that arrives a little late: the skew beyond a poll period.
constexpr Duration kPairSlack = milliseconds(150);

safety::Threshold<MilliAmp> tighter(const safety::Threshold<MilliAmp>& a,
                                    const safety::Threshold<MilliAmp>& b) noexcept {
  return {min_of(a.trip, b.trip), min_of(a.clear, b.clear), max_of(a.clear_after, b.clear_after),
          min_of(a.trip_after, b.trip_after)};
}

/// The site file may make a current smaller than the accepted limits, never larger; nor the trip
/// that goes with it.
safety::Limits limits_of(const io::BatteryConfig& battery,
                         const io::ControlPermission& permission) {
  safety::Limits own =
      permission.limits ? permission.limits->limits : safety::default_limits(battery.chemistry);
  if (!permission.limits) {
    safety::set_current_limits(own, battery.charge_current_max, battery.discharge_current_max);
    return own;
  }
  safety::Limits cut = own;
  safety::set_current_limits(cut, min_of(own.charge_current_max, battery.charge_current_max),
                             min_of(own.discharge_current_max, battery.discharge_current_max));
  cut.charge_overcurrent = tighter(cut.charge_overcurrent, own.charge_overcurrent);
  cut.discharge_overcurrent = tighter(cut.discharge_overcurrent, own.discharge_overcurrent);
  return cut;
}

/// Nominal energy: capacity times the chemistry's nominal cell voltage (LFP: 3.2 V).
WattHour capacity_of(const io::BatteryConfig& battery) {
  constexpr std::int64_t kNominalCellMilliVolt = 3'200;
  const std::int64_t milliamp_hours = battery.capacity.count() / 1000;
  return WattHour{milliamp_hours * kNominalCellMilliVolt / 1'000'000 * battery.cells};
}

Result<std::uint8_t> battery_mask(const io::SiteConfig& site, const io::InverterConfig& inverter) {
  std::uint8_t mask = 0;
  for (const std::uint16_t id : inverter.batteries) {
    const auto it = std::find_if(site.batteries.begin(), site.batteries.end(),
                                 [id](const io::BatteryConfig& b) { return b.id == id; });
    if (it == site.batteries.end()) {
      return fail(Errc::not_found, id, "inverter: its battery is not declared");
    }
    mask = static_cast<std::uint8_t>(mask | (1U << (it - site.batteries.begin())));
  }
  return mask;
}

decision::Config decision_config(const io::SiteConfig& site) {
  decision::Config config;
  Duration slowest{};
  Duration lease = seconds(3600);
  Watt rated{};  // A site without inverters moves nothing, but its policies must be valid.
  for (const io::InverterConfig& inverter : site.inverters) {
    slowest = max_of(slowest, inverter.poll_period);
    lease = min_of(lease, inverter.lease);
    rated += inverter.rated_power;
  }
  rated = max_of(rated, Watt{1});
  if (const io::MeterConfig* pcc = site.pcc_meter(); pcc != nullptr) {
    slowest = max_of(slowest, pcc->poll_period);
  }
  config.net_load.pair_skew_max = slowest + kPairSlack;
  const io::PoliciesConfig& policies = site.policies;
  config.active_power_limit = policies.active_power_limit;
  config.frequency_droop = policies.frequency_droop;
  if (config.frequency_droop && config.frequency_droop->reference == Watt{}) {
    config.frequency_droop->reference = rated;
  }
  config.ramp = policies.ramp;
  config.dimming = policies.dimming;
  config.import_limit = policies.import_limit;
  if (config.import_limit) config.import_limit->hold = lease;
  config.export_limit = policies.export_limit;
  config.demand_limit = policies.demand_limit;
  if (config.demand_limit) config.demand_limit->hold = lease;
  config.backup_reserve = policies.backup_reserve;
  config.setpoint = policies.setpoint;
  config.remote_setpoint = policies.remote_setpoint;
  if (policies.schedule_file) config.schedule = decision::ScheduleConfig{};
  config.zero_export = policies.zero_export;
  config.plan = policies.plan;
  config.time_of_use = policies.time_of_use;
  config.price = policies.price;
  config.self_consumption = policies.self_consumption;
  config.comfort_band = policies.comfort_band;
  if (config.comfort_band) config.comfort_band->power = rated;
  config.gentle_current = policies.gentle_current;
  config.gentle_temperature = policies.gentle_temperature;
  if (config.gentle_temperature) config.gentle_temperature->power = rated;
  return config;
}

}  // namespace

Result<ControlConfig> make_control_config(const io::SiteConfig& site,
                                          const io::ControlPermission& permission) {
  ControlConfig config;
  config.arming = permission.control ? safety::Arming::armed : safety::Arming::disarmed;
  config.safety.tick_period = site.tick;
  config.estop_inputs = site.estop_inputs;

  for (const io::BatteryConfig& battery : site.batteries) {
    safety::BatteryConfig one;
    one.asset = ems::battery(battery.id);
    one.chemistry = battery.chemistry;
    one.cells_in_series = battery.cells;
    one.limits = limits_of(battery, permission);
    one.capacity = battery.capacity;
    one.fuse_current = battery.fuse_current;
    one.breaking_current_max = battery.breaking_current;
    for (const safety::HazardInput input : battery.inputs) {
      one.hazards_wired = static_cast<std::uint8_t>(one.hazards_wired | safety::hazard_bit(input));
    }
    if (!config.safety.batteries.try_push_back(one)) {
      return fail(Errc::out_of_range, safety::kMaxBatteries, "more batteries than a site can have");
    }
    config.batteries.push_back({capacity_of(battery)});
  }
  for (const io::InverterConfig& inverter : site.inverters) {
    const Result<std::uint8_t> mask = battery_mask(site, inverter);
    if (!mask) return fail(mask.error());
    safety::InverterConfig one;
    one.asset = ems::inverter(inverter.id);
    one.batteries = *mask;
    one.apparent_max = VoltAmp{inverter.rated_power.count()};
    one.charge_max = inverter.rated_power;
    one.discharge_max = inverter.rated_power;
    one.efficiency = inverter.efficiency;
    one.has_dc_pv = inverter.dc_pv != io::DcPv::none;  // Unknown counts as present.
    if (!config.safety.inverters.try_push_back(one)) {
      return fail(Errc::out_of_range, safety::kMaxInverters, "more inverters than a site can have");
    }
    config.inverters.push_back({inverter.rated_power});
  }
  if (const Result<void> valid = safety::validate(config.safety); !valid) {
    return fail(valid.error());
  }

  config.decision = decision_config(site);
  if (const Result<void> valid = decision::validate(config.decision); !valid) {
    return fail(valid.error());
  }
  for (const io::MeterConfig& meter : site.meters) {
    if (meter.role == io::MeterRole::pcc) config.pcc_meter = ems::meter(meter.id);
    if (meter.role == io::MeterRole::pv && !config.pv_meters.try_push_back(ems::meter(meter.id))) {
      return fail(Errc::out_of_range, 8, "more PV meters than a site can have");
    }
  }
  return config;
}

}  // namespace ems::runtime
