// SPDX-License-Identifier: Apache-2.0
/// @file What the tests of the C ABI share: sized structs, memory, and a small site.
#pragma once

#include <ems/ems.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ems::test {

template <class T>
T sized() {
  T value{};
  value.struct_size = sizeof value;
  return value;
}

/// Memory for one object; freed at the end of the test, never by the library.
class Memory {
 public:
  explicit Memory(std::size_t size) : words_((size + 7) / 8), size_(size) {}
  void* data() { return words_.data(); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::vector<std::uint64_t> words_;
  std::size_t size_;
};

inline constexpr ems_asset_t kBattery{EMS_ASSET_BATTERY, 0, 1};
inline constexpr ems_asset_t kInverter{EMS_ASSET_INVERTER, 0, 1};
inline constexpr ems_asset_t kMeter{EMS_ASSET_METER, 0, 1};

inline ems_sample_t sample(ems_asset_t asset, std::uint16_t signal, std::int64_t value,
                           std::int64_t now, std::uint16_t element = 0,
                           std::uint8_t quality = EMS_QUALITY_GOOD) {
  ems_sample_t out{};
  out.value = value;
  out.taken_at_ms = now;
  out.stale_after_ms = 2000;
  out.asset = asset;
  out.signal = signal;
  out.element = element;
  out.quality = quality;
  return out;
}

/// A site of one battery, one inverter and a meter.
class Site {
 public:
  Site() : image_memory_(ems_image_size(64)), control_memory_(ems_control_size()) {
    EXPECT_EQ(ems_safety_limits_default(EMS_CHEMISTRY_LFP, &limits), EMS_OK);
    EXPECT_EQ(ems_safety_limits_set_currents(&limits, 50'000, 40'000), EMS_OK);
    battery.asset = kBattery;
    battery.cells_in_series = 4;
    battery.limits = &limits;
    inverter.asset = kInverter;
    inverter.batteries = 1;
    inverter.no_dc_pv = 1;
    inverter.apparent_max_va = inverter.charge_max_w = inverter.discharge_max_w = 3000;
    inverter.efficiency_bp = 10'000;
    EXPECT_EQ(ems_safety_config_default(&safety), EMS_OK);
    safety.battery_count = 1;
    safety.batteries = &battery;
    safety.inverter_count = 1;
    safety.inverters = &inverter;
    EXPECT_EQ(ems_decision_config_default(&decision), EMS_OK);
    decision.policies = EMS_DECISION_SELF_CONSUMPTION | EMS_DECISION_SETPOINT;
    config.armed = 1;
    config.safety = &safety;
    config.decision = &decision;
    config.battery_capacity_wh = &capacity_wh;
    config.has_pcc_meter = 1;
    config.pcc_meter = kMeter;
    EXPECT_EQ(ems_image_init(image_memory_.data(), image_memory_.size(), 64, &image), EMS_OK);
  }
  ems_status_t start() {
    return ems_control_init(control_memory_.data(), control_memory_.size(), &config, &control);
  }
  void measure(std::int64_t now, std::int64_t grid_w, std::int64_t cell_mv = 3300) {
    set(sample(kBattery, EMS_SIGNAL_PACK_VOLTAGE, 4 * cell_mv, now));
    set(sample(kBattery, EMS_SIGNAL_PACK_CURRENT, 0, now));
    set(sample(kBattery, EMS_SIGNAL_SOC, 5000, now));
    for (std::uint16_t cell = 1; cell <= 4; ++cell) {
      set(sample(kBattery, EMS_SIGNAL_CELL_VOLTAGE, cell_mv, now, cell));
    }
    set(sample(kBattery, EMS_SIGNAL_TEMPERATURE, 25'000, now, 1));
    set(sample(kInverter, EMS_SIGNAL_ACTIVE_POWER, 0, now));
    set(sample(kMeter, EMS_SIGNAL_ACTIVE_POWER, grid_w, now));
  }
  void set(const ems_sample_t& one) { EXPECT_EQ(ems_image_set(image, &one), EMS_OK); }
  /// Steps every 100 ms with healthy values until `until`.
  void run(std::int64_t until, std::int64_t grid_w) {
    for (; now <= until; now += 100) {
      measure(now, grid_w);
      ASSERT_EQ(ems_control_step(control, image, &inputs, now, &result), EMS_OK);
    }
  }
  ems_order_t order() {
    auto out = sized<ems_order_t>();
    EXPECT_EQ(ems_control_order_at(control, 0, &out), EMS_OK);
    return out;
  }

  ems_safety_limits_t limits = sized<ems_safety_limits_t>();
  ems_safety_battery_t battery = sized<ems_safety_battery_t>();
  ems_safety_inverter_t inverter = sized<ems_safety_inverter_t>();
  ems_safety_config_t safety = sized<ems_safety_config_t>();
  ems_decision_config_t decision = sized<ems_decision_config_t>();
  ems_control_config_t config = sized<ems_control_config_t>();
  ems_control_inputs_t inputs = [] {
    auto out = sized<ems_control_inputs_t>();
    out.inverters_ready = 1;
    return out;
  }();
  ems_control_result_t result = sized<ems_control_result_t>();
  std::int64_t capacity_wh = 10'000;
  std::int64_t now = 0;
  ems_image_t* image = nullptr;
  ems_control_t* control = nullptr;

 private:
  Memory image_memory_;
  Memory control_memory_;
};

}  // namespace ems::test
