// SPDX-License-Identifier: Apache-2.0
// One battery of 16 LFP cells, one 5 kW inverter, one PCC meter, all healthy: what runtime tests
// and benchmarks start from.
#pragma once

#include <array>

#include "ems/model/image.hpp"
#include "ems/runtime/control_loop.hpp"

namespace ems::test {

inline constexpr int kCells = 16;

/// Armed, 8 kW import limit, set-points up to an hour.
inline runtime::ControlConfig plain_config() {
  runtime::ControlConfig config;
  safety::BatteryConfig battery_config;
  battery_config.asset = battery(1);
  battery_config.cells_in_series = kCells;
  battery_config.limits = safety::default_limits(safety::Chemistry::lfp);
  safety::set_current_limits(battery_config.limits, 100'000_ma, 100'000_ma);
  config.safety.batteries.push_back(battery_config);
  config.batteries.push_back({5'000_wh});
  safety::InverterConfig inverter_config;
  inverter_config.asset = inverter(1);
  inverter_config.batteries = 1;
  inverter_config.apparent_max = 5'000_va;
  inverter_config.charge_max = 5'000_w;
  inverter_config.discharge_max = 5'000_w;
  inverter_config.efficiency = 9'500_bp;
  config.safety.inverters.push_back(inverter_config);
  config.inverters.push_back({5'000_w});
  config.pcc_meter = meter(1);
  config.decision.import_limit = decision::ImportLimitConfig{8'000_w, 30_s};
  config.decision.setpoint = decision::SetpointConfig{seconds(3600)};
  config.arming = safety::Arming::armed;
  return config;
}

/// An image whose values can be set one by one; everything is healthy at first.
class PlainSite {
 public:
  PlainSite() : image(storage_) {}

  void put(AssetId asset, Signal signal, std::int64_t value, Instant at, std::uint16_t element = 0,
           Quality quality = Quality::good) {
    (void)image.set({{asset, signal, element}, value, at, quality}, seconds(3));
  }
  /// All devices answer at `at`.
  void healthy(Instant at, Watt pcc = Watt{2'000}, Watt battery_power = Watt{}) {
    for (int cell = 1; cell <= kCells; ++cell) {
      put(battery(1), Signal::cell_voltage, 3'300, at, static_cast<std::uint16_t>(cell));
    }
    put(battery(1), Signal::pack_voltage, 3'300 * kCells, at);
    put(battery(1), Signal::pack_current, 0, at);
    put(battery(1), Signal::soc, 5'000, at);
    put(battery(1), Signal::temperature, 25'000, at, 1);
    put(battery(1), Signal::charge_fet_on, 1, at);
    put(battery(1), Signal::discharge_fet_on, 1, at);
    put(inverter(1), Signal::active_power, battery_power.count(), at);
    put(meter(1), Signal::active_power, pcc.count(), at);
  }

 private:
  std::array<ImageEntry, 128> storage_{};

 public:
  ProcessImage image;
};

}  // namespace ems::test
