// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/longevity.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace ems::decision {
namespace {

constexpr Watt w(std::int32_t count) { return Watt{count}; }
constexpr BasisPoints bp(std::int32_t count) { return BasisPoints{count}; }
constexpr MilliCelsius degc(std::int32_t degrees) { return MilliCelsius{degrees * 1'000}; }
constexpr Instant kNow{seconds(100)};

template <class Q>
Measured<Q> fresh(Q value) {
  return {Sample<Q>{value, kNow - 1_s}, 2_s};
}
template <class Q>
Measured<Q> old(Q value) {
  return {Sample<Q>{value, kNow - 2_s}, 2_s};
}

BatterySummary charged(std::int32_t soc_min, std::int32_t soc_max) {
  return {.soc_min = fresh(bp(soc_min)), .soc_max = fresh(bp(soc_max))};
}
BatterySummary warm(MilliCelsius coldest, MilliCelsius hottest) {
  return {.temperature_min = fresh(coldest), .temperature_max = fresh(hottest)};
}

void expect_abstains(const PolicyOutput& out, PolicyStatus status) {
  EXPECT_EQ(out.status, status);
  EXPECT_EQ(out.demand.preference, std::nullopt);
  EXPECT_EQ(out.demand.constraint, std::nullopt);
  EXPECT_EQ(out.demand.level, Level::longevity);
}

// ---- comfort_band ------------------------------------------------------------------------------

constexpr ComfortBandConfig kComfort{.power = Watt{10'000}};
constexpr ComfortBandConfig kRestoring{.power = Watt{10'000}, .restore = Watt{2'000}};
constexpr ComfortBandConfig kCliff{.taper = {}, .power = Watt{10'000}, .restore = Watt{2'000}};

TEST(ComfortBand, TapersToNothingAtItsEdges) {
  const struct {
    const char* why;
    ComfortBandConfig config;
    std::int32_t soc;
    Band asked;
  } cases[] = {
      {"the upper taper begins", kComfort, 7'501, Band::at_least(w(-9'980))},
      {"half way", kComfort, 7'750, Band::at_least(w(-5'000))},
      {"a hundredth of a percent left", kComfort, 7'999, Band::at_least(w(-20))},
      {"at the upper edge: no charging", kComfort, 8'000, Band::at_least(w(0))},
      {"above it", kComfort, 10'000, Band::at_least(w(0))},
      {"the lower taper begins", kComfort, 2'499, Band::at_most(w(9'980))},
      {"at the lower edge: no discharging", kComfort, 2'000, Band::at_most(w(0))},
      {"below it", kComfort, 0, Band::at_most(w(0))},
      {"restoring goes on beyond the edge", kRestoring, 8'250, Band::at_least(w(1'000))},
      {"as far again", kRestoring, 8'500, Band::at_least(w(2'000))},
      {"and no farther", kRestoring, 10'000, Band::at_least(w(2'000))},
      {"at the edge it rests", kRestoring, 8'000, Band::at_least(w(0))},
      {"below it charges", kRestoring, 1'750, Band::at_most(w(-1'000))},
      {"empty", kRestoring, 0, Band::at_most(w(-2'000))},
      {"without a taper, at the edge", kCliff, 8'000, Band::at_least(w(0))},
      {"without a taper, beyond it", kCliff, 8'001, Band::at_least(w(2'000))},
      {"without a taper, below", kCliff, 1'999, Band::at_most(w(-2'000))},
  };
  for (const auto& c : cases) {
    const PolicyOutput out = comfort_band(c.config, charged(c.soc, c.soc), kNow);
    EXPECT_EQ(out.status, PolicyStatus::acting) << c.why;
    EXPECT_EQ(out.demand.preference, c.asked) << c.why;
    EXPECT_EQ(out.demand.policy, PolicyId::comfort_band) << c.why;
  }
}

TEST(ComfortBand, SaysNothingWellInside) {
  for (const std::int32_t soc : {2'500, 5'000, 7'500}) {
    expect_abstains(comfort_band(kComfort, charged(soc, soc), kNow), PolicyStatus::watching);
  }
  expect_abstains(comfort_band(kCliff, charged(2'001, 7'999), kNow), PolicyStatus::watching);
}

TEST(ComfortBand, LooksAtTheEmptiestAndTheFullest) {
  EXPECT_EQ(comfort_band(kComfort, charged(2'250, 7'750), kNow).demand.preference,
            (Band{w(-5'000), w(5'000)}));
  // One is full, the other empty: it cannot restore both, and the engine records that.
  const auto both = comfort_band(kRestoring, charged(0, 10'000), kNow).demand.preference;
  ASSERT_TRUE(both);
  EXPECT_TRUE(both->contradicts_itself());
  EXPECT_EQ(both->effective(), Band::point(w(0)));
}

TEST(ComfortBand, AbstainsWhileTheStateOfChargeIsUnknown) {
  expect_abstains(comfort_band(kComfort, {}, kNow), PolicyStatus::stale);
  BatterySummary half = charged(9'000, 9'000);
  half.soc_min = old(bp(9'000));
  expect_abstains(comfort_band(kComfort, half, kNow), PolicyStatus::stale);
  half = charged(9'000, 9'000);
  half.soc_max.sample->quality = Quality::uncertain;
  expect_abstains(comfort_band(kComfort, half, kNow), PolicyStatus::stale);
}

// ---- gentle_current ----------------------------------------------------------------------------

TEST(GentleCurrent, IsAShareOfTheCapacityPerHour) {
  const BatterySummary batteries{.capacity = 10'001_wh};
  EXPECT_EQ(gentle_current({}, batteries).demand.preference, (Band{w(-5'000), w(5'000)}));
  EXPECT_EQ(gentle_current({}, batteries).status, PolicyStatus::acting);
  const GentleCurrentConfig own{.charge_rate = Ratio{200'000}, .discharge_rate = Ratio{2'000'000}};
  EXPECT_EQ(gentle_current(own, batteries).demand.preference, (Band{w(-2'000), w(20'002)}));
  EXPECT_EQ(gentle_current({}, {.capacity = WattHour::max()}).demand.preference,
            (Band{-Watt::max(), Watt::max()}));
  expect_abstains(gentle_current({}, {}), PolicyStatus::stale);
}

// ---- gentle_temperature ------------------------------------------------------------------------

constexpr GentleTemperatureConfig kGentle{.power = Watt{10'000}};

TEST(GentleTemperature, ShrinksLinearlyOutsideTheComfortableRange) {
  const struct {
    const char* why;
    MilliCelsius coldest;
    MilliCelsius hottest;
    std::int32_t power;
  } cases[] = {
      {"warm", degc(25), MilliCelsius{36'000}, 9'000},
      {"half way to hot", degc(25), degc(40), 5'000},
      {"hot", degc(25), degc(45), 0},
      {"hotter", degc(25), degc(80), 0},
      {"cool", degc(4), degc(20), 4'000},
      {"cold", degc(0), degc(20), 0},
      {"colder", degc(-30), degc(20), 0},
      {"whichever leaves less", degc(4), degc(40), 4'000},
      {"a millikelvin beyond: rounded towards 0", degc(25), MilliCelsius{35'001}, 9'999},
  };
  for (const auto& c : cases) {
    const PolicyOutput out = gentle_temperature(kGentle, warm(c.coldest, c.hottest), kNow);
    EXPECT_EQ(out.status, PolicyStatus::acting) << c.why;
    EXPECT_EQ(out.demand.preference, (Band{w(-c.power), w(c.power)})) << c.why;
  }
}

TEST(GentleTemperature, AbstainsWhileComfortableOrUnknown) {
  expect_abstains(gentle_temperature(kGentle, warm(degc(10), degc(35)), kNow),
                  PolicyStatus::watching);
  expect_abstains(gentle_temperature(kGentle, {}, kNow), PolicyStatus::stale);
  BatterySummary half = warm(degc(50), degc(50));
  half.temperature_max = old(degc(50));
  expect_abstains(gentle_temperature(kGentle, half, kNow), PolicyStatus::stale);
  half = warm(degc(50), degc(50));
  half.temperature_min.sample.reset();
  expect_abstains(gentle_temperature(kGentle, half, kNow), PolicyStatus::stale);
}

// ---- configuration -----------------------------------------------------------------------------

template <class Config>
void refuses(const Config& config, std::string_view what) {
  const Result<void> checked = validate(config);
  ASSERT_FALSE(checked) << what;
  EXPECT_EQ(checked.error().code, Errc::out_of_range);
  EXPECT_EQ(checked.error().what, what);
}

TEST(LongevityConfig, IsChecked) {
  EXPECT_TRUE(validate(kComfort));
  EXPECT_TRUE(validate(ComfortBandConfig{bp(0), bp(10'000), bp(5'000), w(1), w(0)}));
  EXPECT_TRUE(validate(GentleCurrentConfig{}));
  EXPECT_TRUE(validate(kGentle));
  EXPECT_TRUE(validate(GentleTemperatureConfig{degc(0), degc(20), degc(20), degc(40), w(1)}));
  const std::string_view band = "comfort_band: soc_min and soc_max are no band";
  refuses(ComfortBandConfig{bp(-1), bp(8'000), {}, w(1)}, band);
  refuses(ComfortBandConfig{bp(2'000), bp(10'001), {}, w(1)}, band);
  refuses(ComfortBandConfig{bp(5'000), bp(5'000), {}, w(1)}, band);
  const std::string_view taper = "comfort_band.taper is below 0 or above half the band";
  refuses(ComfortBandConfig{.taper = bp(-1), .power = w(1)}, taper);
  refuses(ComfortBandConfig{.taper = bp(3'001), .power = w(1)}, taper);
  refuses(ComfortBandConfig{}, "comfort_band.power is not above 0");
  refuses(ComfortBandConfig{.power = w(1), .restore = w(-1)}, "comfort_band.restore is below 0");
  refuses(GentleCurrentConfig{.charge_rate = {}}, "gentle_current: a rate is not above 0");
  refuses(GentleCurrentConfig{.discharge_rate = {}}, "gentle_current: a rate is not above 0");
  const std::string_view ascend = "gentle_temperature: the four temperatures do not ascend";
  refuses(GentleTemperatureConfig{.cold_full = degc(0), .power = w(1)}, ascend);
  refuses(GentleTemperatureConfig{.hot_full = degc(9), .power = w(1)}, ascend);
  refuses(GentleTemperatureConfig{.hot_zero = degc(35), .power = w(1)}, ascend);
  refuses(GentleTemperatureConfig{}, "gentle_temperature.power is not above 0");
}

}  // namespace
}  // namespace ems::decision
