// SPDX-License-Identifier: Apache-2.0
/// @file One healthy battery on one inverter, and the cycles that a test runs on it.
#pragma once

#include <string_view>

#include "ems/safety/gate.hpp"
#include "ems/safety/kernel.hpp"

namespace ems::safety::test {

using namespace ems::literals;  // NOLINT(google-build-using-namespace)

inline constexpr std::uint16_t kCells = 16;
inline constexpr Duration kStaleAfter = 2_s;

template <class Q>
Input<Q> taken(Q value, Instant at, Quality quality = Quality::good) {
  return {{value, at, quality}, kStaleAfter};
}

/// 16 cells of 3.300 V, 25 degC, 50 %, at rest, everything taken `at`.
inline BatteryInputs healthy(Instant at, AssetId asset = battery(1)) {
  BatteryInputs in;
  in.asset = asset;
  in.pack_voltage = taken(52'800_mv, at);
  in.pack_current = taken(0_ma, at);
  in.soc = taken(5000_bp, at);
  in.cell_voltage_max = taken(3300_mv, at);
  in.cell_voltage_min = taken(3300_mv, at);
  in.cell_sum = CellSum{taken(52'800_mv, at), taken(52'800_mv, at), kCells};
  in.temp_max = taken(25'000_mdegc, at);
  in.temp_min = taken(25'000_mdegc, at);
  return in;
}

/// All cells at `mv`, so that they are no more out of balance than before.
inline void set_cells(BatteryInputs& in, std::int32_t mv) {
  in.cell_voltage_max->sample.value = in.cell_voltage_min->sample.value = MilliVolt{mv};
}
/// All sensors at `mdegc`.
inline void set_temperatures(BatteryInputs& in, std::int32_t mdegc) {
  in.temp_max->sample.value = in.temp_min->sample.value = MilliCelsius{mdegc};
}

inline BatteryConfig battery_config(AssetId asset = battery(1)) {
  BatteryConfig config;
  config.asset = asset;
  config.cells_in_series = kCells;
  config.limits = default_limits(Chemistry::lfp);
  set_current_limits(config.limits, 100'000_ma, 100'000_ma);
  config.breaking_current_max = 5'000_ma;
  return config;
}

inline InverterConfig inverter_config(std::uint8_t batteries = 1, AssetId asset = inverter(1)) {
  InverterConfig config;
  config.asset = asset;
  config.batteries = batteries;
  config.apparent_max = 10'000_va;
  config.charge_max = 10'000_w;
  config.discharge_max = 10'000_w;
  config.efficiency = 9500_bp;
  return config;
}

/// Batteries 1.. and inverters 1.. with their inputs; `refresh` gives every input the time `now`.
struct World {
  Config config{};
  StaticVector<BatteryInputs, kMaxBatteries> batteries{};
  StaticVector<InverterInputs, kMaxInverters> inverters{};
  bool estop = false;
  State state{};
  Output out{};
  Instant now{1000_s};

  World() {
    config.batteries.push_back(battery_config());
    config.inverters.push_back(inverter_config());
    batteries.push_back(healthy(now));
    inverters.push_back({inverter(1), std::nullopt});
  }
  [[nodiscard]] Inputs inputs() const { return {batteries.view(), inverters.view(), estop}; }

  void refresh() {
    for (BatteryInputs& in : batteries) {
      const auto fresh = [this](auto& input) {
        if (input) input->sample.taken_at = now;
      };
      fresh(in.pack_voltage), fresh(in.pack_current), fresh(in.soc);
      fresh(in.cell_voltage_max), fresh(in.cell_voltage_min);
      fresh(in.temp_max), fresh(in.temp_min);
      fresh(in.charge_voltage_limit), fresh(in.discharge_voltage_limit);
      fresh(in.charge_current_limit), fresh(in.discharge_current_limit);
      fresh(in.charge_fet_on), fresh(in.discharge_fet_on);
      fresh(in.charge_enable), fresh(in.discharge_enable), fresh(in.alarms);
      fresh(in.pack_power), fresh(in.insulation_resistance), fresh(in.smoke_detected);
      fresh(in.gas_detected), fresh(in.contactor_closed), fresh(in.contactor_commanded);
      if (in.cell_sum) {
        in.cell_sum->sum.sample.taken_at = now;
        in.cell_sum->terminals.sample.taken_at = now;
      }
    }
    for (InverterInputs& in : inverters) {
      if (in.dc_pv_power) in.dc_pv_power->sample.taken_at = now;
      if (in.active_power) in.active_power->sample.taken_at = now;
    }
  }
  /// One cycle at `now`, without moving the time.
  const Output& judge() {
    const Step next = step(state, config, inputs(), now);
    state = next.state;
    out = next.output;
    return out;
  }
  /// `count` cycles of one tick period with fresh inputs.
  const Output& run(int count = 1) {
    for (int i = 0; i < count; ++i) {
      now = now + config.tick_period;
      refresh();
      judge();
    }
    return out;
  }
  /// Long enough for every rule with default limits to clear.
  World& settle() {
    run(61);
    return *this;
  }
  [[nodiscard]] const BatteryVerdict& verdict(std::size_t i = 0) const { return out.batteries[i]; }
  [[nodiscard]] bool charges(std::size_t i = 0) const {
    return verdict(i).charge_current_max > MilliAmp::zero();
  }
  [[nodiscard]] bool discharges(std::size_t i = 0) const {
    return verdict(i).discharge_current_max > MilliAmp::zero();
  }
  [[nodiscard]] const Reason* reason(Rule rule, std::size_t i = 0) const {
    for (const Reason& r : verdict(i).reasons) {
      if (r.rule == rule) return &r;
    }
    return nullptr;
  }
  [[nodiscard]] int events(std::string_view name, bool active) const {
    int count = 0;
    for (const Event& event : out.events) count += event.name == name && event.active == active;
    return count;
  }
};

}  // namespace ems::safety::test
