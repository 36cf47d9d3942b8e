// SPDX-License-Identifier: Apache-2.0
#include "ems/safety/inputs.hpp"

#include <gtest/gtest.h>

#include <array>

#include "unit/safety/fixture.hpp"

namespace ems::safety::test {
namespace {

constexpr Instant kNow{100_s};

/// An image of its own with short ways to write into it.
class Image {
 public:
  void set(Signal signal, std::int64_t value, std::uint16_t element = 0, std::uint8_t module = 0,
           Instant at = kNow, Quality quality = Quality::good) {
    const AssetId asset{AssetKind::battery, module, 1};
    ASSERT_TRUE(image_.set({{asset, signal, element}, value, at, quality}, kStaleAfter));
  }
  void cells(std::uint16_t count, std::int64_t mv, std::uint8_t module = 0) {
    for (std::uint16_t i = 1; i <= count; ++i) set(Signal::cell_voltage, mv + i, i, module);
  }
  [[nodiscard]] BatteryInputs read(std::uint16_t expected) const {
    return read_inputs(image_, battery(1), expected, kNow);
  }
  [[nodiscard]] ProcessImage& image() { return image_; }

 private:
  std::array<ImageEntry, 128> storage_{};
  ProcessImage image_{storage_};
};

bool usable(const OptionalInput<MilliVolt>& input) { return input && input->usable(kNow, 10_s); }

TEST(SafetyInputs, AnEmptyImageIsEverythingMissing) {  // SAF-020
  BatteryInputs nothing;
  nothing.asset = battery(1);
  EXPECT_EQ(Image().read(16), nothing);
}

TEST(SafetyInputs, TakesExtremesAndSumOverAllCells) {  // SAF-020
  Image image;
  image.cells(16, 3300);
  image.set(Signal::pack_voltage, 52'936);
  image.set(Signal::temperature, 21'000, 1);
  image.set(Signal::temperature, 24'000, 2);
  const BatteryInputs in = image.read(16);
  EXPECT_EQ(in.cell_voltage_max->sample.value, 3316_mv);
  EXPECT_EQ(in.cell_voltage_min->sample.value, 3301_mv);
  EXPECT_EQ(in.cell_sum->sum.sample.value, 52'936_mv);
  EXPECT_EQ(in.cell_sum->terminals.sample.value, 52'936_mv);
  EXPECT_EQ(in.cell_sum->cells, 16);
  EXPECT_EQ(in.temp_max->sample.value, 24'000_mdegc);
  EXPECT_EQ(in.temp_min->sample.value, 21'000_mdegc);
}

TEST(SafetyInputs, ACellTooFewOrTooManyMakesTheCellsMissing) {  // SAF-021
  for (const std::uint16_t expected : std::to_array<std::uint16_t>({15, 17, 0})) {
    Image image;
    image.cells(16, 3300);
    const BatteryInputs in = image.read(expected);
    EXPECT_FALSE(in.cell_voltage_max || in.cell_voltage_min || in.cell_sum) << expected;
  }
}

TEST(SafetyInputs, OneVoltageForAllCellsMakesTheCellsMissing) {  // SAF-021
  for (const bool beside : {false, true}) {
    Image image;
    if (beside) image.cells(16, 3300);
    image.set(Signal::cell_voltage, 3300, 0);
    for (const std::uint16_t expected : std::to_array<std::uint16_t>({1, 16, 17})) {
      const BatteryInputs in = image.read(expected);
      EXPECT_FALSE(in.cell_voltage_max || in.cell_voltage_min || in.cell_sum) << expected;
    }
  }
}

TEST(SafetyInputs, OneUnusableCellMakesTheGroupUnusable) {  // SAF-020
  const struct {
    const char* why;
    Instant at;
    Quality quality;
  } cases[] = {
      {"stale", kNow - 2_s, Quality::good},
      {"from the future", kNow + 1_us, Quality::good},
      {"bad", kNow, Quality::bad},
      {"uncertain", kNow, Quality::uncertain},
  };
  for (const auto& c : cases) {
    for (const std::uint16_t which : std::to_array<std::uint16_t>({1, 7, 16})) {
      Image image;
      image.cells(16, 3300);
      image.set(Signal::pack_voltage, 52'936);
      image.set(Signal::cell_voltage, 3300, which, 0, c.at, c.quality);
      const BatteryInputs in = image.read(16);
      EXPECT_FALSE(usable(in.cell_voltage_max)) << c.why << which;
      EXPECT_FALSE(usable(in.cell_voltage_min)) << c.why << which;
      EXPECT_FALSE(in.cell_sum->sum.usable(kNow, 10_s)) << c.why << which;
    }
  }
}

TEST(SafetyInputs, TheOldestCellIsTheAgeOfAll) {  // SAF-020
  Image image;
  image.cells(16, 3300);
  image.set(Signal::cell_voltage, 3300, 9, 0, kNow - 1_s);
  const BatteryInputs in = image.read(16);
  EXPECT_EQ(in.cell_voltage_max->sample.taken_at, kNow - 1_s);
  EXPECT_EQ(in.cell_voltage_min->sample.taken_at, kNow - 1_s);
}

TEST(SafetyInputs, ScalarExtremesServeWithoutCellsAndWidenThemOtherwise) {  // SAF-020
  Image scalars;
  scalars.set(Signal::cell_voltage_max, 3400);
  scalars.set(Signal::cell_voltage_min, 3200);
  scalars.set(Signal::cell_temp_max, 30'000);
  scalars.set(Signal::cell_temp_min, 10'000);
  BatteryInputs in = scalars.read(16);
  EXPECT_EQ(in.cell_voltage_max->sample.value, 3400_mv);
  EXPECT_EQ(in.cell_voltage_min->sample.value, 3200_mv);
  EXPECT_EQ(in.temp_max->sample.value, 30'000_mdegc);
  EXPECT_EQ(in.temp_min->sample.value, 10'000_mdegc);
  EXPECT_FALSE(in.cell_sum.has_value());
  scalars.cells(16, 3300);
  in = scalars.read(16);
  EXPECT_EQ(in.cell_voltage_max->sample.value, 3400_mv);
  EXPECT_EQ(in.cell_voltage_min->sample.value, 3200_mv);
  scalars.set(Signal::cell_voltage_max, 3400, 0, 0, kNow - 2_s);
  EXPECT_FALSE(usable(scalars.read(16).cell_voltage_max));
}

TEST(SafetyInputs, ModulesCountTogetherAndTheWorstSumIsReported) {  // SAF-020 SAF-021
  Image image;
  for (const std::uint8_t module : std::to_array<std::uint8_t>({1, 2, 3})) {
    image.cells(4, 3300, module);
    image.set(Signal::pack_voltage, module == 2 ? 13'000 : 13'210, 0, module);
  }
  BatteryInputs in = image.read(12);
  ASSERT_TRUE(in.cell_sum);
  EXPECT_EQ(in.cell_sum->sum.sample.value, 13'210_mv);
  EXPECT_EQ(in.cell_sum->terminals.sample.value, 13'000_mv);
  EXPECT_EQ(in.cell_sum->cells, 4);
  EXPECT_FALSE(image.read(4).cell_voltage_max);
  image.set(Signal::pack_voltage, 13'210, 0, 3, kNow, Quality::bad);  // Cannot be judged: worst.
  in = image.read(12);
  EXPECT_EQ(in.cell_sum->terminals.sample.quality, Quality::bad);
}

TEST(SafetyInputs, WithoutATerminalVoltageTheSumCannotBeJudged) {  // SAF-020
  Image image;
  image.cells(16, 3300);
  const BatteryInputs in = image.read(16);
  ASSERT_TRUE(in.cell_sum);
  EXPECT_EQ(in.cell_sum->terminals.sample.quality, Quality::bad);
}

TEST(SafetyInputs, AValueThatDoesNotFitIsBadNotAbsent) {  // SAF-020
  Image image;
  image.set(Signal::charge_current_limit, std::int64_t{1} << 40);
  image.cells(16, 3300);
  image.set(Signal::cell_voltage, std::int64_t{1} << 40, 3);
  const BatteryInputs in = image.read(16);
  ASSERT_TRUE(in.charge_current_limit);
  EXPECT_FALSE(in.charge_current_limit->usable(kNow, 10_s));
  EXPECT_FALSE(usable(in.cell_voltage_max));
  EXPECT_FALSE(in.cell_sum->sum.usable(kNow, 10_s));
}

TEST(SafetyInputs, ReadsBmsLimitsFlagsAndDcPv) {  // SAF-013 SAF-014
  Image image;
  image.set(Signal::charge_voltage_limit, 56'000);
  image.set(Signal::discharge_voltage_limit, 44'000);
  image.set(Signal::charge_current_limit, 40'000);
  image.set(Signal::discharge_current_limit, 60'000);
  image.set(Signal::charge_fet_on, 1);
  image.set(Signal::discharge_fet_on, 0);
  image.set(Signal::charge_enable, 1);
  image.set(Signal::discharge_enable, 0);
  const BatteryInputs in = image.read(16);
  EXPECT_EQ(in.charge_voltage_limit->sample.value, 56'000_mv);
  EXPECT_EQ(in.discharge_voltage_limit->sample.value, 44'000_mv);
  EXPECT_EQ(in.charge_current_limit->sample.value, 40'000_ma);
  EXPECT_EQ(in.discharge_current_limit->sample.value, 60'000_ma);
  EXPECT_EQ(in.charge_fet_on->sample.value, Flag{1});
  EXPECT_EQ(in.discharge_fet_on->sample.value, Flag{0});
  EXPECT_EQ(in.charge_enable->sample.value, Flag{1});
  EXPECT_EQ(in.discharge_enable->sample.value, Flag{0});
  EXPECT_FALSE(read_inverter_inputs(image.image(), inverter(1)).dc_pv_power);
  ASSERT_TRUE(image.image().set({{inverter(1), Signal::dc_pv_power, 0}, 1234, kNow, Quality::good},
                                kStaleAfter));
  EXPECT_EQ(read_inverter_inputs(image.image(), inverter(1)).dc_pv_power->sample.value, 1234_w);
}

TEST(SafetyInputs, SaysWhichCellAndSensorIsTheExtreme) {  // SAF-056
  Image image;
  const std::int32_t mv[] = {3300, 3310, 3310, 3290, 3290, 3300};
  for (std::uint16_t i = 0; i < 6; ++i) image.set(Signal::cell_voltage, mv[i], i + 1);
  for (std::uint16_t i = 1; i <= 3; ++i) image.set(Signal::temperature, 20'000 + 1'000 * i, i);
  BatteryInputs in = image.read(6);
  EXPECT_EQ(in.cell_max_element, 2);  // The first of two that are alike.
  EXPECT_EQ(in.cell_min_element, 4);
  EXPECT_EQ(in.temp_max_element, 3);
  EXPECT_EQ(in.temp_min_element, 1);
  image.set(Signal::cell_voltage_max, 3310);  // The scalar extremes agree, and name none.
  image.set(Signal::cell_voltage_min, 3290);
  in = image.read(6);
  EXPECT_EQ(in.cell_max_element, 2);
  EXPECT_EQ(in.cell_min_element, 4);
  image.set(Signal::cell_voltage_max, 3311);  // It knows a cell that we do not.
  EXPECT_EQ(image.read(6).cell_max_element, 0);
  Image scalars;
  scalars.set(Signal::cell_voltage_max, 3310);
  scalars.set(Signal::cell_temp_max, 30'000);
  EXPECT_EQ(scalars.read(6).cell_max_element, 0);
  EXPECT_EQ(scalars.read(6).temp_max_element, 0);
  scalars.set(Signal::temperature, 30'000, 5);  // The same, with a name.
  EXPECT_EQ(scalars.read(6).temp_max_element, 5);
}

TEST(SafetyInputs, ASumThatCannotBeJudgedStandsBeforeOneThatCan) {  // SAF-018 SAF-020
  // Per module: the cells' voltage, the terminals' and their quality; then who must be shown.
  const struct {
    std::int32_t off[2];
    Quality cells[2], terminals[2];
    std::int32_t shown;  ///< Sum of the cells.
  } cases[] = {
      {{0, 0}, {Quality::good, Quality::bad}, {Quality::good, Quality::good}, 2 * 3'400},
      {{0, 0}, {Quality::good, Quality::good}, {Quality::good, Quality::bad}, 2 * 3'400},
      {{0, 0}, {Quality::bad, Quality::good}, {Quality::good, Quality::good}, 2 * 3'300},
      {{0, 0}, {Quality::good, Quality::good}, {Quality::bad, Quality::good}, 2 * 3'300},
      {{0, 90}, {Quality::bad, Quality::good}, {Quality::good, Quality::good}, 2 * 3'300},
      {{0, 90}, {Quality::bad, Quality::bad}, {Quality::good, Quality::good}, 2 * 3'400},
      {{90, 0}, {Quality::bad, Quality::bad}, {Quality::good, Quality::good}, 2 * 3'300},
      {{0, 90}, {Quality::good, Quality::good}, {Quality::good, Quality::good}, 2 * 3'400},
      {{90, 0}, {Quality::good, Quality::good}, {Quality::good, Quality::good}, 2 * 3'300},
  };
  for (const auto& c : cases) {
    Image image;
    for (std::uint8_t module = 1; module <= 2; ++module) {
      const std::size_t m = module - 1U;
      const std::int32_t mv = module == 1 ? 3'300 : 3'400;
      image.set(Signal::cell_voltage, mv, 1, module, kNow, c.cells[m]);
      image.set(Signal::cell_voltage, mv, 2, module, kNow, c.cells[m]);
      image.set(Signal::pack_voltage, 2 * mv + c.off[m], 0, module, kNow, c.terminals[m]);
    }
    const BatteryInputs in = image.read(4);
    EXPECT_EQ(in.cell_sum->sum.sample.value.count(), c.shown) << (&c - cases);
  }
}

TEST(SafetyInputs, ReadsHazardsAlarmsContactorAndPower) {  // SAF-049 SAF-050 SAF-051 SAF-052
  Image image;
  image.set(Signal::insulation_resistance, 750);
  image.set(Signal::smoke_detected, 0);
  image.set(Signal::gas_detected, 1);
  image.set(Signal::contactor_closed, 1);
  image.set(Signal::contactor_commanded, 0);
  image.set(Signal::alarms, std::int64_t{1} << 40);
  image.set(Signal::pack_power, -1'500);
  const BatteryInputs in = image.read(0);
  EXPECT_EQ(in.insulation_resistance->sample.value, KiloOhm{750});
  EXPECT_EQ(in.smoke_detected->sample.value, Flag{0});
  EXPECT_EQ(in.gas_detected->sample.value, Flag{1});
  EXPECT_EQ(in.contactor_closed->sample.value, Flag{1});
  EXPECT_EQ(in.contactor_commanded->sample.value, Flag{0});
  EXPECT_EQ(in.alarms->sample.value, AlarmBits{std::int64_t{1} << 40});
  EXPECT_EQ(in.pack_power->sample.value, -(1'500_w));
  EXPECT_TRUE(image.image().set(
      {{inverter(1), Signal::active_power, 0}, 2'500, kNow, Quality::good}, kStaleAfter));
  EXPECT_EQ(read_inverter_inputs(image.image(), inverter(1)).active_power->sample.value, 2'500_w);
}

}  // namespace
}  // namespace ems::safety::test
