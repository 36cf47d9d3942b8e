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
  Image image;
  image.set(battery(1), Signal::pack_voltage, 52'801);
  image.set(battery(1), Signal::pack_current, -12'345);
  image.set(battery(1), Signal::soc, 5'432);
  const BatteryInputs in = image.read(1);
  ASSERT_TRUE(in.pack_voltage && in.pack_current && in.soc);
  EXPECT_EQ(in.pack_voltage->sample.value, 52'801_mv);
  EXPECT_EQ(in.pack_current->sample.value, MilliAmp{-12'345});
  EXPECT_EQ(in.soc->sample.value, 5'432_bp);
  EXPECT_EQ(in.soc->stale_after, kStaleAfter);
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
