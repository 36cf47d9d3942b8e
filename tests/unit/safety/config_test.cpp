// SPDX-License-Identifier: Apache-2.0
/// @file What a configuration may say: each number at its bound and one step beyond.
#include <gtest/gtest.h>

#include "unit/safety/fixture.hpp"

namespace ems::safety::test {
namespace {

/// Three batteries and three inverters, one each.
Config three() {
  World w;
  for (std::uint16_t i = 2; i <= 3; ++i) {
    w.config.batteries.push_back(battery_config(battery(i)));
    w.config.inverters.push_back(
        inverter_config(static_cast<std::uint8_t>(1U << (i - 1U)), inverter(i)));
  }
  return w.config;
}

/// The error that `change` makes of a good configuration; none: nullopt.
template <class Change>
std::optional<Error> refused(const Change& change) {
  Config config = three();
  change(config);
  const Result<void> checked = validate(config);
  return checked ? std::nullopt : std::optional(checked.error());
}

template <class Change>
void expect_refused(Errc code, std::size_t at, const Change& change) {
  const std::optional<Error> error = refused(change);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, code);
  EXPECT_EQ(error->offset, at);
}

TEST(SafetyConfig, NoAssetIsListedTwice) {  // SAF-034
  EXPECT_FALSE(refused([](Config&) {}));
  for (const auto& [first, second] : {std::pair{0U, 1U}, {0U, 2U}, {1U, 2U}}) {
    expect_refused(Errc::already_exists, second, [first, second](Config& c) {
      c.batteries[second].asset = c.batteries[first].asset;
    });
    expect_refused(Errc::already_exists, second, [first, second](Config& c) {
      c.inverters[second].asset = c.inverters[first].asset;
    });
  }
}

TEST(SafetyConfig, ABatteryIsAWholeOneWithCells) {  // SAF-034
  for (std::size_t i = 0; i < 3; ++i) {
    expect_refused(Errc::out_of_range, i, [i](Config& c) { c.batteries[i].asset.module = 1; });
    expect_refused(Errc::out_of_range, i, [i](Config& c) { c.batteries[i].asset = meter(9); });
    expect_refused(Errc::out_of_range, i, [i](Config& c) { c.batteries[i].cells_in_series = 0; });
  }
  EXPECT_FALSE(refused([](Config& c) { c.batteries[0].cells_in_series = 1; }));
}

TEST(SafetyConfig, RatingsOfABatteryMayBeUnknownAndNotNegative) {  // SAF-034 SAF-055
  EXPECT_FALSE(refused([](Config& c) {
    c.batteries[0].breaking_current_max = 0_ma;
    c.batteries[0].fuse_current = 0_ma;
    c.batteries[0].capacity = MicroAmpHour{0};
  }));
  expect_refused(Errc::out_of_range, 2,
                 [](Config& c) { c.batteries[2].breaking_current_max = -(1_ma); });
  expect_refused(Errc::out_of_range, 2, [](Config& c) { c.batteries[2].fuse_current = -(1_ma); });
  expect_refused(Errc::out_of_range, 2,
                 [](Config& c) { c.batteries[2].capacity = MicroAmpHour{-1}; });
  expect_refused(Errc::out_of_range, 1, [](Config& c) { c.batteries[1].fuse_current = 1_ma; });
}

TEST(SafetyConfig, InsulationIs100OhmForEachVoltToTheMillivolt) {  // SAF-049
  const auto with = [](std::uint16_t cells, std::int32_t trip_mv) {
    return [cells, trip_mv](Config& c) {
      BatteryConfig& b = c.batteries[0];
      b.hazards_wired = hazard_bit(HazardInput::insulation);
      b.cells_in_series = cells;
      b.limits.cell_voltage_max.trip = MilliVolt{trip_mv};
      b.limits.insulation_latch_min = KiloOhm{146};  // Of 1460 V.
    };
  };
  EXPECT_FALSE(refused(with(400, 3'650)));
  expect_refused(Errc::out_of_range, 0, with(401, 3'641));  // 1460.041 V.
  EXPECT_FALSE(refused([&with](Config& c) {
    with(401, 3'641)(c);
    c.batteries[0].hazards_wired = hazard_bit(HazardInput::smoke);
  }));
}

TEST(SafetyConfig, AnInverterNamesBatteriesThatAreThere) {  // SAF-034
  expect_refused(Errc::not_found, 0, [](Config& c) { c.inverters[0].batteries = 0; });
  for (const std::uint8_t beyond :
       std::initializer_list<std::uint8_t>{0b0000'1000, 0b0001'0000, 0b1000'0000, 0b0000'1001}) {
    expect_refused(Errc::not_found, 1, [beyond](Config& c) { c.inverters[1].batteries = beyond; });
  }
  EXPECT_FALSE(refused([](Config& c) { c.inverters[1].batteries = 0b111; }));
}

TEST(SafetyConfig, AnInvertersRatingIsAboveZeroAndUpToItsNameplate) {  // SAF-034
  for (Watt InverterConfig::*field :
       {&InverterConfig::charge_max, &InverterConfig::discharge_max}) {
    const auto with = [field](Watt power) {
      return [field, power](Config& c) { c.inverters[2].*field = power; };
    };
    EXPECT_FALSE(refused(with(1_w)));
    EXPECT_FALSE(refused(with(10'000_w)));
    expect_refused(Errc::out_of_range, 2, with(0_w));
    expect_refused(Errc::out_of_range, 2, with(10'001_w));
  }
  expect_refused(Errc::out_of_range, 2, [](Config& c) { c.inverters[2].asset = battery(9); });
}

TEST(SafetyConfig, AnEfficiencyIsAboveZeroAndUpToOne) {  // SAF-034
  const auto with = [](std::int32_t bp) {
    return [bp](Config& c) { c.inverters[1].efficiency = BasisPoints{bp}; };
  };
  EXPECT_FALSE(refused(with(1)));
  EXPECT_FALSE(refused(with(10'000)));
  expect_refused(Errc::out_of_range, 1, with(0));
  expect_refused(Errc::out_of_range, 1, with(10'001));
}

TEST(SafetyConfig, WithoutAnyAssetThereIsNothingToKeepSafe) {  // SAF-034
  expect_refused(Errc::not_found, 0, [](Config& c) {
    c.batteries.clear();
    c.inverters.clear();
  });
  EXPECT_FALSE(refused([](Config& c) { c.inverters.clear(); }));
}

TEST(SafetyConfig, TimesAreInTheirBounds) {  // SAF-034
  EXPECT_FALSE(refused([](Config& c) { c.tick_period = 1_us; }));
  EXPECT_FALSE(refused([](Config& c) { c.tick_period = 1_s; }));
  EXPECT_FALSE(refused([](Config& c) { c.start_grace = 0_s; }));
  expect_refused(Errc::out_of_range, 0, [](Config& c) { c.tick_period = 0_s; });
  expect_refused(Errc::out_of_range, 0, [](Config& c) { c.tick_period = 1_s + 1_us; });
  expect_refused(Errc::out_of_range, 0, [](Config& c) { c.start_grace = -(1_us); });
}

TEST(SafetyConfig, LimitsOfEachBatteryAreChecked) {  // SAF-001 SAF-034
  for (std::size_t i = 0; i < 3; ++i) {
    expect_refused(Errc::too_wide, i,
                   [i](Config& c) { c.batteries[i].limits.cell_voltage_max.trip += 1_mv; });
    expect_refused(Errc::invalid_argument, i,
                   [i](Config& c) { c.batteries[i].chemistry = static_cast<Chemistry>(7); });
  }
}

}  // namespace
}  // namespace ems::safety::test
