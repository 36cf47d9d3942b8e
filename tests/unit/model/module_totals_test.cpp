// SPDX-License-Identifier: Apache-2.0
#include "ems/model/module_totals.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "ems/core/units.hpp"

namespace ems {
namespace {

constexpr AssetId kBattery = battery(1);

AssetId module(std::uint8_t number) { return {AssetKind::battery, number, 1}; }

/// Two modules in an image at 100 s.
struct Rig {
  void set(std::uint8_t number, Signal signal, std::int64_t value, std::uint16_t element = 0,
           Quality quality = Quality::good, std::optional<Instant> at = std::nullopt) {
    EXPECT_TRUE(
        image.set({{module(number), signal, element}, value, at.value_or(now), quality}, 2_s));
  }
  std::optional<PointSample> total(Signal signal, std::uint8_t modules = 2) const {
    for (const PointSample& sample : module_totals(image, kBattery, modules, now)) {
      if (sample.point == Point{kBattery, signal, 0}) return sample;
    }
    return std::nullopt;
  }
  std::optional<std::int64_t> value(Signal signal, std::uint8_t modules = 2) const {
    const std::optional<PointSample> sample = total(signal, modules);
    return sample ? std::optional(sample->value) : std::nullopt;
  }

  std::array<ImageEntry, 64> storage{};
  ProcessImage image{storage};
  Instant now{seconds(100)};
};

TEST(ModuleTotals, CurrentsAddAndTheVoltageIsTheMean) {
  Rig rig;
  rig.set(1, Signal::pack_current, -10'000);
  rig.set(2, Signal::pack_current, -2'500);
  rig.set(1, Signal::pack_voltage, 52'000);
  rig.set(2, Signal::pack_voltage, 52'005);
  EXPECT_EQ(rig.value(Signal::pack_current), -12'500);
  EXPECT_EQ(rig.value(Signal::pack_voltage), 52'003);
}

TEST(ModuleTotals, TheWeakestModuleDecidesTheLimits) {
  Rig rig;
  rig.set(1, Signal::charge_current_limit, 37'000);
  rig.set(2, Signal::charge_current_limit, 10'000);
  rig.set(1, Signal::charge_voltage_limit, 53'200);
  rig.set(2, Signal::charge_voltage_limit, 53'000);
  rig.set(1, Signal::discharge_voltage_limit, 45'000);
  rig.set(2, Signal::discharge_voltage_limit, 46'000);
  EXPECT_EQ(rig.value(Signal::charge_current_limit), 20'000);
  EXPECT_EQ(rig.value(Signal::charge_voltage_limit), 53'000);
  EXPECT_EQ(rig.value(Signal::discharge_voltage_limit), 46'000);
}

TEST(ModuleTotals, PermissionsNeedAllAndAlarmsOne) {
  Rig rig;
  rig.set(1, Signal::charge_enable, 1);
  rig.set(2, Signal::charge_enable, 0);
  rig.set(1, Signal::alarms, 1);
  rig.set(2, Signal::alarms, 4);
  rig.set(1, Signal::force_charge, 0);
  rig.set(2, Signal::force_charge, 1);
  EXPECT_EQ(rig.value(Signal::charge_enable), 0);
  EXPECT_EQ(rig.value(Signal::alarms), 5);
  EXPECT_EQ(rig.value(Signal::force_charge), 1);
}

TEST(ModuleTotals, ExtremesComeFromTheCellsWhereModulesGiveNone) {
  Rig rig;
  rig.set(1, Signal::cell_voltage, 3'300, 1);
  rig.set(1, Signal::cell_voltage, 3'410, 2);
  rig.set(2, Signal::cell_voltage_max, 3'350);
  rig.set(2, Signal::cell_voltage_min, 3'200);
  EXPECT_EQ(rig.value(Signal::cell_voltage_max), 3'410);
  EXPECT_EQ(rig.value(Signal::cell_voltage_min), 3'200);
  rig.set(1, Signal::cell_voltage, 0, 3, Quality::bad);  // The cell that cannot be read may be the
                                                         // highest.
  EXPECT_EQ(rig.value(Signal::cell_voltage_max), std::nullopt);
}

TEST(ModuleTotals, StateOfChargeIsByCapacityElseTheMean) {
  Rig rig;
  rig.set(1, Signal::soc, 2'000);
  rig.set(2, Signal::soc, 6'000);
  EXPECT_EQ(rig.value(Signal::soc), 4'000);
  rig.set(1, Signal::remaining_capacity, 20'000'000);
  rig.set(1, Signal::full_capacity, 100'000'000);
  rig.set(2, Signal::remaining_capacity, 30'000'000);
  EXPECT_EQ(rig.value(Signal::soc), 4'000);  // One full capacity is not known.
  rig.set(2, Signal::full_capacity, 50'000'000);
  EXPECT_EQ(rig.value(Signal::soc), 3'333);
  rig.set(2, Signal::remaining_capacity, 500'000'000);  // More than full: not believed.
  EXPECT_EQ(rig.value(Signal::soc), 4'000);
}

TEST(ModuleTotals, AMissingModuleMakesTheTotalUnknown) {
  Rig rig;
  rig.set(1, Signal::pack_current, 1'000);
  EXPECT_EQ(rig.value(Signal::pack_current), std::nullopt);
  rig.set(2, Signal::pack_current, 1'000, 0, Quality::uncertain);
  EXPECT_EQ(rig.value(Signal::pack_current), std::nullopt);
  rig.set(2, Signal::pack_current, 1'000, 0, Quality::good, rig.now - 2_s);
  EXPECT_EQ(rig.value(Signal::pack_current), std::nullopt);
  rig.set(2, Signal::pack_current, 1'000, 0, Quality::good, rig.now - 1_s);
  EXPECT_EQ(rig.value(Signal::pack_current), 2'000);
  EXPECT_EQ(rig.value(Signal::pack_current, 3), std::nullopt);
}

TEST(ModuleTotals, AreSubstitutedAndAsOldAsTheirOldestPart) {
  Rig rig;
  rig.set(1, Signal::pack_current, 1'000, 0, Quality::good, rig.now - 1_s);
  rig.set(2, Signal::pack_current, 1'000);
  const std::optional<PointSample> total = rig.total(Signal::pack_current);
  ASSERT_TRUE(total);
  EXPECT_EQ(total->quality, Quality::substituted);
  EXPECT_EQ(total->taken_at, rig.now - 1_s);
  EXPECT_EQ(rig.value(Signal::module_count), 2);
}

TEST(ModuleTotals, ValuesThatCannotBeDoNotOverflow) {
  Rig rig;
  for (const std::uint8_t number : {std::uint8_t{1}, std::uint8_t{2}}) {
    rig.set(number, Signal::pack_current, INT64_MAX);
    rig.set(number, Signal::charge_current_limit, INT64_MAX);
    rig.set(number, Signal::remaining_capacity, INT64_MAX / 2);
    rig.set(number, Signal::full_capacity, INT64_MAX / 2);
  }
  EXPECT_EQ(rig.value(Signal::pack_current), std::nullopt);
  EXPECT_EQ(rig.value(Signal::charge_current_limit), std::nullopt);
  EXPECT_EQ(rig.value(Signal::soc), std::nullopt);
}

}  // namespace
}  // namespace ems
