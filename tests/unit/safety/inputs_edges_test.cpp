// SPDX-License-Identifier: Apache-2.0
// What is read at the edges: another asset's readings, sums that no battery has, ages and
// staleness of a group, equal extremes.
#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "ems/safety/inputs.hpp"
#include "unit/safety/fixture.hpp"

namespace ems::safety::test {
namespace {

constexpr Instant kNow{100_s};

class Image {
 public:
  void set(AssetId asset, Signal signal, std::int64_t value, std::uint16_t element = 0,
           Duration stale_after = kStaleAfter, Instant at = kNow) {
    ASSERT_TRUE(image.set({{asset, signal, element}, value, at, Quality::good}, stale_after));
  }
  [[nodiscard]] BatteryInputs read(std::uint16_t expected) const {
    return read_inputs(image, battery(1), expected, kNow);
  }

 private:
  std::array<ImageEntry, 64> storage_{};

 public:
  ProcessImage image{storage_};
};

TEST(SafetyInputsEdges, ReadingsOfOtherAssetsAreNotThisBatterys) {  // SAF-020
  Image image;
  for (const AssetId other : {battery(2), inverter(1), meter(1), kSite}) {
    image.set(other, Signal::cell_voltage, 3'300, 1);
    image.set(other, Signal::temperature, 25'000, 1);
    image.set(other, Signal::pack_voltage, 52'800);
  }
  BatteryInputs nothing;
  nothing.asset = battery(1);
  EXPECT_EQ(image.read(1), nothing);
  image.set(battery(1), Signal::cell_voltage, 3'200, 1);
  const BatteryInputs in = image.read(1);
  ASSERT_TRUE(in.cell_voltage_max && in.cell_voltage_min);
  EXPECT_EQ(in.cell_voltage_max->sample.value, 3'200_mv);
  EXPECT_EQ(in.cell_voltage_min->sample.value, 3'200_mv);
}

TEST(SafetyInputsEdges, EachScalarComesFromItsOwnSignal) {  // SAF-020
  const auto value = [](const auto& input) {
    return input ? std::optional<std::int64_t>(input->sample.value.count()) : std::nullopt;
  };
  using Read = std::array<std::optional<std::int64_t>, 18>;
  constexpr std::array<Signal, 18> kSignals = {Signal::pack_voltage,
                                               Signal::pack_current,
                                               Signal::soc,
                                               Signal::charge_voltage_limit,
                                               Signal::discharge_voltage_limit,
                                               Signal::charge_current_limit,
                                               Signal::discharge_current_limit,
                                               Signal::charge_fet_on,
                                               Signal::discharge_fet_on,
                                               Signal::charge_enable,
                                               Signal::discharge_enable,
                                               Signal::alarms,
                                               Signal::pack_power,
                                               Signal::insulation_resistance,
                                               Signal::smoke_detected,
                                               Signal::gas_detected,
                                               Signal::contactor_closed,
                                               Signal::contactor_commanded};
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    Image image;
    image.set(battery(1), kSignals[i], 7);
    const BatteryInputs in = image.read(1);
    const Read read = {value(in.pack_voltage),
                       value(in.pack_current),
                       value(in.soc),
                       value(in.charge_voltage_limit),
                       value(in.discharge_voltage_limit),
                       value(in.charge_current_limit),
                       value(in.discharge_current_limit),
                       value(in.charge_fet_on),
                       value(in.discharge_fet_on),
                       value(in.charge_enable),
                       value(in.discharge_enable),
                       value(in.alarms),
                       value(in.pack_power),
                       value(in.insulation_resistance),
                       value(in.smoke_detected),
                       value(in.gas_detected),
                       value(in.contactor_closed),
                       value(in.contactor_commanded)};
    Read expected{};
    expected[i] = 7;
    EXPECT_EQ(read, expected) << i;
  }
  Image image;
  image.set(inverter(1), Signal::dc_pv_power, 3);
  image.set(inverter(1), Signal::active_power, 4);
  const InverterInputs in = read_inverter_inputs(image.image, inverter(1));
  EXPECT_EQ(in.asset, inverter(1));
  EXPECT_EQ(value(in.dc_pv_power), 3);
  EXPECT_EQ(value(in.active_power), 4);
}

TEST(SafetyInputsEdges, TheShortestStalenessIsTheGroups) {  // SAF-020
  for (const auto& [first, second] : {std::pair{2_s, 1_s}, std::pair{1_s, 2_s}}) {
    Image image;
    image.set(battery(1), Signal::cell_voltage, 3'300, 1, first);
    image.set(battery(1), Signal::cell_voltage, 3'301, 2, second);
    const BatteryInputs in = image.read(2);
    EXPECT_EQ(in.cell_voltage_max->stale_after, 1_s);
    EXPECT_EQ(in.cell_voltage_min->stale_after, 1_s);
  }
}

TEST(SafetyInputsEdges, AReadingExactlyAsOldAsItMayNotBeSpoilsTheGroup) {  // SAF-020
  for (const auto& [age, quality] :
       {std::pair{kStaleAfter - 1_us, Quality::good}, std::pair{kStaleAfter, Quality::bad}}) {
    Image image;
    image.set(battery(1), Signal::cell_voltage, 3'300, 1, kStaleAfter, kNow - age);
    EXPECT_EQ(image.read(1).cell_voltage_max->sample.quality, quality);
  }
}

TEST(SafetyInputsEdges, ACellBelowZeroMakesTheSumImpossibleAndOneOfZeroCounts) {  // SAF-018
  constexpr MilliVolt kImpossible{std::numeric_limits<std::int32_t>::max()};
  const struct {
    std::int64_t cell;
    MilliVolt sum;
  } cases[] = {{-1, kImpossible},
               {0, 3'300_mv},
               {1, 3'301_mv},
               {kImpossible.count(), kImpossible},
               {std::int64_t{1} << 40, kImpossible}};
  for (const auto& c : cases) {
    Image image;
    image.set(battery(1), Signal::cell_voltage, 3'300, 1);
    image.set(battery(1), Signal::cell_voltage, c.cell, 2);
    const BatteryInputs in = image.read(2);
    ASSERT_TRUE(in.cell_sum) << c.cell;
    EXPECT_EQ(in.cell_sum->sum.sample.value, c.sum) << c.cell;
    EXPECT_EQ(in.cell_sum->cells, 2);
  }
}

TEST(SafetyInputsEdges, OfModulesEquallyFarOffTheFirstIsReported) {  // SAF-018
  Image image;
  for (const std::uint8_t module : {std::uint8_t{1}, std::uint8_t{2}}) {
    const AssetId asset{AssetKind::battery, module, 1};
    image.set(asset, Signal::cell_voltage, 3'300 + module, 1);
    image.set(asset, Signal::pack_voltage, 3'290 + module);
  }
  const BatteryInputs in = image.read(2);
  ASSERT_TRUE(in.cell_sum);
  EXPECT_EQ(in.cell_sum->sum.sample.value, 3'301_mv);
  EXPECT_EQ(in.cell_sum->terminals.sample.value, 3'291_mv);
}

TEST(SafetyInputsEdges, TheElementOfAnExtremeIsTheFirstThatHasItAndAScalarNamesNone) {  // SAF-020
  Image image;
  image.set(battery(1), Signal::cell_voltage_max, 3'310);
  image.set(battery(1), Signal::cell_voltage_min, 3'290);
  EXPECT_EQ(image.read(3).cell_max_element, 0);
  image.set(battery(1), Signal::cell_voltage, 3'300, 1);
  image.set(battery(1), Signal::cell_voltage, 3'310, 2);
  image.set(battery(1), Signal::cell_voltage, 3'310, 3);
  const BatteryInputs in = image.read(3);
  EXPECT_EQ(in.cell_max_element, 2);
  EXPECT_EQ(in.cell_min_element, 0);  // The scalar is lower than every cell.
}

TEST(SafetyInputsEdges, AnEstopInputHoldsUntilItIsSeenReleasedNow) {  // SAF-059
  const struct {
    std::int64_t value;
    Quality quality;
    Duration age;
    bool pressed;
  } cases[] = {{0, Quality::good, {}, false},         {0, Quality::good, kStaleAfter - 1_us, false},
               {0, Quality::good, kStaleAfter, true}, {0, Quality::good, -1_us, true},
               {0, Quality::uncertain, {}, true},     {0, Quality::bad, {}, true},
               {1, Quality::good, {}, true},          {2, Quality::good, {}, true},
               {-1, Quality::good, {}, true}};
  for (const auto& c : cases) {
    Image image;
    ASSERT_TRUE(image.image.set(
        {{inverter(1), Signal::estop_pressed, 0}, c.value, kNow - c.age, c.quality}, kStaleAfter));
    EXPECT_EQ(read_estop(image.image, 1, kNow), c.pressed) << c.value;
    EXPECT_EQ(read_estop(image.image, 0, kNow), c.pressed) << c.value;  // Declared or not.
    EXPECT_TRUE(read_estop(image.image, 2, kNow));                      // The other is silent.
  }
  EXPECT_FALSE(read_estop(Image().image, 0, kNow));
  EXPECT_TRUE(read_estop(Image().image, 1, kNow));
}

}  // namespace
}  // namespace ems::safety::test
