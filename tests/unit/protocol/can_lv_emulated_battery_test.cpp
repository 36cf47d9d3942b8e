// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "ems/protocol/can_lv/emulator.hpp"

namespace ems::protocol::can_lv {
namespace {

constexpr Instant kThen{seconds(7)};

TEST(CanLvEmulatedBattery, EachSignalHasItsPlaceWithTimeAndQuality) {
  EmulatedBattery battery;
  const auto given = [&battery](Signal signal, std::int64_t value) {
    return set(battery, signal, value, kThen, Quality::substituted);
  };
  EXPECT_TRUE(given(Signal::soc, 1) && given(Signal::soh, 2));
  EXPECT_EQ(battery.soc, (Sample<BasisPoints>{BasisPoints{1}, kThen, Quality::substituted}));
  EXPECT_EQ(battery.soh->value, BasisPoints{2});
  EXPECT_TRUE(given(Signal::pack_voltage, 3) && given(Signal::pack_current, -4));
  EXPECT_EQ(battery.pack_voltage->value, MilliVolt{3});
  EXPECT_EQ(battery.pack_current->value, MilliAmp{-4});
  EXPECT_TRUE(given(Signal::temperature, 5));
  EXPECT_EQ(battery.temperature->value, MilliCelsius{5});
  EXPECT_TRUE(given(Signal::charge_voltage_limit, 6) && given(Signal::discharge_voltage_limit, 7));
  EXPECT_EQ(battery.charge_voltage_limit->value, MilliVolt{6});
  EXPECT_EQ(battery.discharge_voltage_limit->value, MilliVolt{7});
  EXPECT_TRUE(given(Signal::charge_current_limit, 8) && given(Signal::discharge_current_limit, 9));
  EXPECT_EQ(battery.charge_current_limit->value, MilliAmp{8});
  EXPECT_EQ(battery.discharge_current_limit->value, MilliAmp{9});
  EXPECT_TRUE(given(Signal::charge_enable, 1) && given(Signal::discharge_enable, 2));
  EXPECT_TRUE(battery.charge_enable->value);
  EXPECT_FALSE(battery.discharge_enable->value) << "only 1 is on";
  EXPECT_TRUE(given(Signal::alarms, 10) && given(Signal::warnings, 11));
  EXPECT_EQ(battery.alarms->value, 10U);
  EXPECT_EQ(battery.warnings->value, 11U);
  EXPECT_TRUE(given(Signal::cell_voltage_max, 12) && given(Signal::cell_voltage_min, 13));
  EXPECT_EQ(battery.cell_voltage_max->value, MilliVolt{12});
  EXPECT_EQ(battery.cell_voltage_min->value, MilliVolt{13});
  EXPECT_TRUE(given(Signal::cell_temp_max, 14) && given(Signal::cell_temp_min, 15));
  EXPECT_EQ(battery.cell_temp_max->value, MilliCelsius{14});
  EXPECT_EQ(battery.cell_temp_min->value, MilliCelsius{15});
}

TEST(CanLvEmulatedBattery, WhatAPlaceCannotHoldIsUnknownThere) {
  EmulatedBattery battery;
  EXPECT_TRUE(set(battery, Signal::pack_current, 1, kThen, Quality::good));
  EXPECT_TRUE(set(battery, Signal::pack_current, INT64_MAX, kThen, Quality::good));
  EXPECT_FALSE(battery.pack_current);
  EXPECT_TRUE(set(battery, Signal::module_count, 0, kThen, Quality::good));
  EXPECT_EQ(battery.module_count, 1);
  EXPECT_TRUE(set(battery, Signal::module_count, 999, kThen, Quality::good));
  EXPECT_EQ(battery.module_count, 255);
  EXPECT_TRUE(set(battery, Signal::design_capacity, 280'900'000, kThen, Quality::good));
  EXPECT_EQ(battery.capacity_ah, 280);
  EXPECT_TRUE(set(battery, Signal::design_capacity, -1, kThen, Quality::good));
  EXPECT_EQ(battery.capacity_ah, 0);
}

TEST(CanLvEmulatedBattery, WhatNoDialectCarriesIsRefused) {
  EmulatedBattery battery;
  EXPECT_FALSE(set(battery, Signal::cell_voltage, 3'300, kThen, Quality::good));
  EXPECT_FALSE(set(battery, Signal::cycle_count, 1, kThen, Quality::good));
}

}  // namespace
}  // namespace ems::protocol::can_lv
