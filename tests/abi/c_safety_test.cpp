// SPDX-License-Identifier: Apache-2.0
// The safety kernel through the C ABI: every limit reaches its rule, what is wired counts, and
// programs of older headers keep working.
#include <ems/ems.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>

#include "c_site.hpp"

namespace ems::test {
namespace {

/// A struct as a program of older headers has it: its first `size` bytes, nothing behind them.
template <class T>
class Older {
 public:
  Older(const T& value, std::size_t size)
      : words_(std::make_unique<std::uint64_t[]>(size / 8 + 1)) {
    std::memcpy(words_.get(), &value, size);
    get()->struct_size = static_cast<std::uint32_t>(size);
    reinterpret_cast<unsigned char*>(words_.get())[size] = kMark;
    mark_ = reinterpret_cast<unsigned char*>(words_.get()) + size;
  }
  T* get() { return reinterpret_cast<T*>(words_.get()); }
  [[nodiscard]] bool untouched() const { return *mark_ == kMark; }

 private:
  static constexpr unsigned char kMark = 0xEE;
  std::unique_ptr<std::uint64_t[]> words_;
  unsigned char* mark_ = nullptr;
};

constexpr std::size_t kOldLimits = offsetof(ems_safety_limits_t, cell_voltage_max_trip_after_ms);
constexpr std::size_t kOldBattery = offsetof(ems_safety_battery_t, capacity_uah);
constexpr std::size_t kOldSafety = offsetof(ems_safety_config_t, estop_inputs);
constexpr std::size_t kOldDecision =
    offsetof(ems_decision_config_t, active_power_limit_lease_max_ms);
constexpr std::size_t kOldControl = offsetof(ems_control_config_t, phase_limits);
constexpr std::size_t kOldInputs = offsetof(ems_control_inputs_t, valid);
constexpr std::size_t kOldVerdict = offsetof(ems_battery_verdict_t, reasons_dropped);

TEST(CSafety, AProgramOfOlderHeadersWorksAsBefore) {
  Site site;
  Older<ems_safety_limits_t> limits(site.limits, kOldLimits);
  ASSERT_EQ(ems_safety_limits_default(EMS_CHEMISTRY_LFP, limits.get()), EMS_OK);
  ASSERT_EQ(ems_safety_limits_set_currents(limits.get(), 50'000, 40'000), EMS_OK);
  EXPECT_TRUE(limits.untouched());
  EXPECT_EQ(limits.get()->struct_size, kOldLimits);
  EXPECT_EQ(ems_safety_limits_validate(limits.get()), EMS_OK) << ems_last_error_message();
  site.battery.limits = limits.get();
  Older<ems_safety_battery_t> battery(site.battery, kOldBattery);
  site.safety.batteries = battery.get();
  Older<ems_safety_config_t> safety(site.safety, kOldSafety);
  site.config.safety = safety.get();
  Older<ems_decision_config_t> decision(site.decision, kOldDecision);
  site.config.decision = decision.get();
  Older<ems_control_config_t> config(site.config, kOldControl);
  Memory memory(ems_control_size());
  ems_control_t* control = nullptr;
  ASSERT_EQ(ems_control_init(memory.data(), memory.size(), config.get(), &control), EMS_OK)
      << ems_last_error_message();
  Older<ems_control_inputs_t> inputs(site.inputs, kOldInputs);
  auto result = sized<ems_control_result_t>();
  for (std::int64_t now = 0; now <= 8000; now += 100) {
    site.measure(now, 400);
    ASSERT_EQ(ems_control_step(control, site.image, inputs.get(), now, &result), EMS_OK);
  }
  EXPECT_EQ(result.target_w, 400);
  const ems_safety_t* view = nullptr;
  ASSERT_EQ(ems_control_safety(control, &view), EMS_OK);
  Older<ems_battery_verdict_t> verdict(sized<ems_battery_verdict_t>(), kOldVerdict);
  ASSERT_EQ(ems_safety_battery_at(view, 0, verdict.get()), EMS_OK);
  EXPECT_EQ(verdict.get()->discharge_current_max_ma, 40'000);
  EXPECT_EQ(verdict.get()->struct_size, kOldVerdict);
  EXPECT_TRUE(verdict.untouched());

  limits.get()->struct_size -= 8;
  EXPECT_EQ(ems_safety_limits_validate(limits.get()), EMS_E_INVALID_ARGUMENT);
}

TEST(CSafety, EveryLimitReachesTheFieldOfItsName) {
  using Limits = ems_safety_limits_t;
  struct Row {
    const char* field;
    void (*spoil)(Limits&);
  };
  const Row rows[] = {
      {"cell_voltage_max.trip_after", [](Limits& l) { l.cell_voltage_max_trip_after_ms = 6000; }},
      {"cell_voltage_min.trip_after", [](Limits& l) { l.cell_voltage_min_trip_after_ms = 6000; }},
      {"charge_temp_max.trip_after", [](Limits& l) { l.charge_temp_max_trip_after_ms = 6000; }},
      {"charge_temp_min.trip_after", [](Limits& l) { l.charge_temp_min_trip_after_ms = 6000; }},
      {"discharge_temp_max.trip_after",
       [](Limits& l) { l.discharge_temp_max_trip_after_ms = 6000; }},
      {"discharge_temp_min.trip_after",
       [](Limits& l) { l.discharge_temp_min_trip_after_ms = 6000; }},
      {"charge_overcurrent.trip_after",
       [](Limits& l) { l.charge_overcurrent_trip_after_ms = 6000; }},
      {"discharge_overcurrent.trip_after",
       [](Limits& l) { l.discharge_overcurrent_trip_after_ms = 6000; }},
      {"soc_max.trip_after", [](Limits& l) { l.soc_max_trip_after_ms = 6000; }},
      {"soc_min.trip_after", [](Limits& l) { l.soc_min_trip_after_ms = 6000; }},
      {"latch_after", [](Limits& l) { l.latch_after_ms = 1001; }},
      {"cell_voltage_high", [](Limits& l) { l.cell_voltage_high_mv.trip = 9000; }},
      {"cell_voltage_low", [](Limits& l) { l.cell_voltage_low_mv.trip = 1; }},
      {"temperature_high", [](Limits& l) { l.temperature_high_mdegc.trip = 99'000; }},
      {"temperature_low", [](Limits& l) { l.temperature_low_mdegc.trip = -99'000; }},
      {"soc_high_warning", [](Limits& l) { l.soc_high_warning_bp.trip = 9999; }},
      {"soc_low_warning", [](Limits& l) { l.soc_low_warning_bp.trip = 1; }},
      {"temperature_spread", [](Limits& l) { l.temperature_spread_mdegc.trip = 99'000; }},
      {"cell_imbalance_warning", [](Limits& l) { l.cell_imbalance_warning_mv.trip = 9000; }},
      {"cell_imbalance.", [](Limits& l) { l.cell_imbalance_mv.trip = 9000; }},
      {"insulation_low", [](Limits& l) { l.insulation_low_kohm.trip_after_ms = 6000; }},
      {"insulation_latch_min", [](Limits& l) { l.insulation_latch_min_kohm = 0; }},
      {"charge_overload.factor", [](Limits& l) { l.charge_overload.factor_bp = 10'000; }},
      {"discharge_overload.time", [](Limits& l) { l.discharge_overload.time_ms = 0; }},
      {"charge_overload.clear_after", [](Limits& l) { l.charge_overload.clear_after_ms = 0; }},
      {"charge_temp_derate", [](Limits& l) { l.charge_temp_curve_mdegc.count = 0; }},
      {"charge_voltage_derate", [](Limits& l) { l.charge_voltage_curve_mv.count = 0; }},
      {"discharge_voltage_derate", [](Limits& l) { l.discharge_voltage_curve_mv.count = 0; }},
      {"cell_imbalance_derate", [](Limits& l) { l.cell_imbalance_curve_mv.count = 0; }},
      {"discharge_temp_derate",
       [](Limits& l) {
         l.discharge_temp_curve_mdegc = {1, {{0, 10'000}}};
       }},
      {"plausibility.soc_jump", [](Limits& l) { l.plausibility.soc_jump_bp = 0; }},
      {"plausibility.temperature_jump",
       [](Limits& l) { l.plausibility.temperature_jump_mdegc = 0; }},
      {"plausibility.cell_voltage_jump",
       [](Limits& l) { l.plausibility.cell_voltage_jump_mv = 0; }},
      {"plausibility.frozen_charge", [](Limits& l) { l.plausibility.frozen_charge_bp = 0; }},
      {"plausibility.frozen_after", [](Limits& l) { l.plausibility.frozen_after_ms = 0; }},
      {"plausibility.power_tolerance", [](Limits& l) { l.plausibility.power_tolerance_bp = 0; }},
      {"plausibility.power_floor", [](Limits& l) { l.plausibility.power_floor_w = 0; }},
      {"plausibility.power_after", [](Limits& l) { l.plausibility.power_after_ms = 0; }},
      {"plausibility.obey_tolerance", [](Limits& l) { l.plausibility.obey_tolerance_bp = 0; }},
      {"plausibility.obey_floor", [](Limits& l) { l.plausibility.obey_floor_ma = 0; }},
      {"plausibility.obey_after", [](Limits& l) { l.plausibility.obey_after_ms = 0; }},
      {"plausibility.contactor_current",
       [](Limits& l) { l.plausibility.contactor_current_ma = 0; }},
      {"plausibility.contactor_after", [](Limits& l) { l.plausibility.contactor_after_ms = 0; }},
      {"plausibility.skew_max", [](Limits& l) { l.plausibility.skew_max_ms = 0; }},
      {"plausibility.clear_after", [](Limits& l) { l.plausibility.clear_after_ms = 0; }},
  };
  for (const Row& row : rows) {
    auto limits = sized<Limits>();
    ASSERT_EQ(ems_safety_limits_default(EMS_CHEMISTRY_LFP, &limits), EMS_OK);
    ASSERT_EQ(ems_safety_limits_validate(&limits), EMS_OK) << ems_last_error_message();
    row.spoil(limits);
    EXPECT_NE(ems_safety_limits_validate(&limits), EMS_OK) << row.field;
    EXPECT_EQ(std::string(ems_last_error_message()).rfind(row.field, 0), 0U)
        << row.field << ": " << ems_last_error_message();
  }
  auto limits = sized<Limits>();
  ASSERT_EQ(ems_safety_limits_default(EMS_CHEMISTRY_LFP, &limits), EMS_OK);
  limits.cell_imbalance_curve_mv.count = EMS_CURVE_POINTS_MAX + 1;
  EXPECT_EQ(ems_safety_limits_validate(&limits), EMS_E_OUT_OF_RANGE);
}

std::int32_t discharge_max(Site& site) {
  EXPECT_EQ(site.start(), EMS_OK) << ems_last_error_message();
  site.run(8000, 400);
  const ems_safety_t* safety = nullptr;
  EXPECT_EQ(ems_control_safety(site.control, &safety), EMS_OK);
  auto verdict = sized<ems_battery_verdict_t>();
  EXPECT_EQ(ems_safety_battery_at(safety, 0, &verdict), EMS_OK);
  EXPECT_EQ(verdict.reasons_dropped, 0U);
  return verdict.discharge_current_max_ma;
}

TEST(CSafety, DischargingFallsAlongTheLineOrTheCurve) {  // 25 degC, 40 A.
  Site line;
  line.limits.discharge_temp_derate_mdegc.trip = 15'000;  // To 0 at 55 degC.
  EXPECT_EQ(discharge_max(line), 30'000);
  Site curve;
  curve.limits.discharge_temp_derate_mdegc.trip = 15'000;  // Not read.
  curve.limits.discharge_temp_curve_mdegc = {3, {{24'000, 10'000}, {26'000, 5'000}, {55'000, 0}}};
  EXPECT_EQ(discharge_max(curve), 30'000);
  Site steeper;
  steeper.limits.discharge_temp_curve_mdegc = {2, {{24'000, 10'000}, {26'000, 0}}};
  EXPECT_EQ(discharge_max(steeper), 20'000);
}

bool has_reason(Site& site, const char* rule, ems_reason_t* found = nullptr) {
  const ems_safety_t* safety = nullptr;
  EXPECT_EQ(ems_control_safety(site.control, &safety), EMS_OK);
  ems_reason_t reason{};
  for (std::size_t i = 0; ems_safety_reason_at(safety, 0, i, &reason) == EMS_OK; ++i) {
    if (std::string(reason.rule) != rule) continue;
    if (found != nullptr) *found = reason;
    return true;
  }
  return false;
}

TEST(CSafety, AReasonNamesTheCell) {
  Site site;
  ASSERT_EQ(site.start(), EMS_OK);
  site.run(8000, 0);
  site.measure(site.now, 0);
  site.set(sample(kBattery, EMS_SIGNAL_CELL_VOLTAGE, 3340, site.now, 3));
  ASSERT_EQ(ems_control_step(site.control, site.image, &site.inputs, site.now, &site.result),
            EMS_OK);
  ems_reason_t reason{};
  ASSERT_TRUE(has_reason(site, "cell_imbalance_warning", &reason));
  EXPECT_EQ(reason.element, 3);
  EXPECT_EQ(reason.value, 40);
}

TEST(CSafety, WhatIsWiredMustSpeak) {
  Site site;
  site.battery.hazards_wired = EMS_HAZARD_SMOKE;
  site.battery.bms_required_more = EMS_BMS_ALARMS;
  ASSERT_EQ(site.start(), EMS_OK) << ems_last_error_message();
  site.run(8000, 400);
  EXPECT_EQ(site.result.safety_state, EMS_SAFETY_SAFE);
  EXPECT_TRUE(has_reason(site, "hazard_input_missing"));
  EXPECT_TRUE(has_reason(site, "bms_alarm_unknown"));
  site.set(sample(kBattery, EMS_SIGNAL_SMOKE_DETECTED, 1, site.now));
  site.run(site.now, 400);
  EXPECT_EQ(site.result.safety_state, EMS_SAFETY_TRIPPED);
  const ems_safety_t* safety = nullptr;
  ASSERT_EQ(ems_control_safety(site.control, &safety), EMS_OK);
  ems_trip_t trip{};
  ASSERT_EQ(ems_safety_trip_at(safety, 0, &trip), EMS_OK);
  EXPECT_EQ(trip.cause, EMS_TRIP_SMOKE);

  site.battery.hazards_wired = 1 << 4;
  EXPECT_EQ(site.start(), EMS_E_UNIMPLEMENTED);
  site.battery.hazards_wired = 0;
  site.battery.bms_required_more = 1;
  EXPECT_EQ(site.start(), EMS_E_UNIMPLEMENTED);
}

TEST(CSafety, AStopInputThatIsDeclaredAndSilentIsPressed) {
  Site site;
  site.safety.estop_inputs = 1;
  ASSERT_EQ(site.start(), EMS_OK);
  site.run(0, 400);
  EXPECT_EQ(site.result.safety_state, EMS_SAFETY_TRIPPED);
  Site heard;
  heard.safety.estop_inputs = 1;
  ASSERT_EQ(heard.start(), EMS_OK);
  for (; heard.now <= 8000;) {
    heard.set(sample(kInverter, EMS_SIGNAL_ESTOP_PRESSED, 0, heard.now));
    heard.run(heard.now, 400);
  }
  EXPECT_EQ(heard.result.safety_state, EMS_SAFETY_NORMAL);
  heard.safety.estop_inputs = 256;
  EXPECT_EQ(heard.start(), EMS_E_OUT_OF_RANGE);

  Memory memory(ems_safety_size());
  ems_safety_t* alone = nullptr;
  ASSERT_EQ(ems_safety_init(memory.data(), memory.size(), &site.safety, &alone), EMS_OK);
  auto result = sized<ems_safety_result_t>();
  ASSERT_EQ(ems_safety_step(alone, site.image, false, 0, &result), EMS_OK);
  EXPECT_EQ(result.state, EMS_SAFETY_TRIPPED);
}

TEST(CSafety, OnlyWhoIsToldCanDisobey) {
  for (const bool monitor_only : {false, true}) {
    Site site;
    site.limits.discharge_current_max_ma = 0;
    site.safety.monitor_only = monitor_only ? 1 : 0;
    Memory memory(ems_safety_size());
    ems_safety_t* safety = nullptr;
    ASSERT_EQ(ems_safety_init(memory.data(), memory.size(), &site.safety, &safety), EMS_OK);
    auto result = sized<ems_safety_result_t>();
    std::uint32_t trips = 0;
    for (std::int64_t now = 0; now < 60'000 && trips == 0; now += 100) {
      site.measure(now, 0);
      site.set(sample(kBattery, EMS_SIGNAL_PACK_CURRENT, 10'000, now));
      ASSERT_EQ(ems_safety_step(safety, site.image, false, now, &result), EMS_OK);
      trips = result.trip_count;
    }
    EXPECT_EQ(trips, monitor_only ? 0U : 1U);
  }
}

TEST(CSafety, TheFuseBoundsTheCurrents) {
  Site site;
  site.battery.fuse_current_ma = 49'999;
  EXPECT_EQ(site.start(), EMS_E_OUT_OF_RANGE);
  EXPECT_NE(std::string(ems_last_error_message()).find("fuse"), std::string::npos);
  site.battery.fuse_current_ma = 50'000;
  EXPECT_EQ(site.start(), EMS_OK);
  site.battery.capacity_uah = -1;
  EXPECT_EQ(site.start(), EMS_E_OUT_OF_RANGE);
}

}  // namespace
}  // namespace ems::test
