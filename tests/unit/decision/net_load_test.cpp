// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/net_load.hpp"

#include <gtest/gtest.h>

namespace ems::decision {
namespace {

constexpr Watt w(std::int32_t count) { return Watt{count}; }
constexpr Instant at(std::int64_t ms) { return Instant{milliseconds(ms)}; }

MeasuredPower measured(std::int32_t watts, std::int64_t ms, Quality quality = Quality::good) {
  return {Sample<Watt>{w(watts), at(ms), quality}, 2_s};
}

// ---- net load ----------------------------------------------------------------------------------

TEST(NetLoad, IsTheSumOfMeterAndBattery) {
  const auto pair = net_load({}, {}, measured(6'000, 1'000), measured(3'400, 900), at(1'100));
  ASSERT_TRUE(pair);
  EXPECT_EQ(*pair, (NetLoad{w(9'400), at(1'000), at(900), w(3'400), w(0)}));
  EXPECT_EQ(pair->skew(), 100_ms);
}

TEST(NetLoad, IsUnknownWhenAnInputIs) {
  const MeasuredPower good = measured(1'000, 10'000);
  const struct {
    const char* why;
    MeasuredPower other;
  } cases[] = {
      {"missing", {std::nullopt, 2_s}},
      {"exactly stale", measured(1, 8'000)},
      {"from the future", measured(1, 10'001)},
      {"bad", measured(1, 10'000, Quality::bad)},
      {"uncertain", measured(1, 10'000, Quality::uncertain)},
  };
  const NetLoad previous{w(5), at(9'900), at(9'900)};  // Young, but a sick input voids it.
  for (const auto& c : cases) {
    EXPECT_FALSE(net_load(previous, {}, c.other, good, at(10'000))) << c.why << ", meter";
    EXPECT_FALSE(net_load(previous, {}, good, c.other, at(10'000))) << c.why << ", battery";
  }
  EXPECT_TRUE(net_load(previous, {}, measured(1, 10'000, Quality::substituted), good, at(10'000)));
}

TEST(NetLoad, AMeterSampleKeepsItsNearestBatterySample) {
  // 9.4 kW of load. The meter saw it at 1.0 s, before the battery answered.
  auto pair = net_load({}, {}, measured(9'400, 1'000), measured(0, 950), at(1'000));
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->power, w(9'400));
  // At 1.3 s the battery delivers 1.4 kW: added to the old meter sample it would ask for more.
  pair = net_load(pair, {}, measured(9'400, 1'000), measured(1'400, 1'300), at(1'300));
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->power, w(9'400));
  // A nearer one is better, before or after the meter's.
  pair = net_load(pair, {}, measured(9'400, 1'000), measured(10, 1'020), at(1'320));
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->power, w(9'400));  // It moved 10 W meanwhile: 9.4 kW explains both samples.
  EXPECT_EQ(pair->battery_at, at(1'020));
  // The next meter sample sees the battery's answer.
  pair = net_load(pair, {}, measured(8'000, 2'000), measured(1'400, 2'050), at(2'050));
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->power, w(9'400));
}

TEST(NetLoad, ABatteryOnTheMoveBlursItByWhatItMoved) {
  const NetLoad previous{w(9'400), at(0), at(-50), w(0), w(0)};
  const struct {
    std::int32_t pcc;
    std::int32_t battery;
    std::int64_t battery_at;
    std::int32_t power;
  } cases[] = {
      {9'400, 1'400, 1'050, 9'400},    // The sum says 10.8; the battery's move explains it.
      {9'400, 1'400, 1'000, 10'800},   // Simultaneous: no blur.
      {12'000, 1'400, 1'050, 12'000},  // 13.4 -+ 1.4: moves the least that explains it.
      {3'000, 1'400, 1'050, 5'800},    // 4.4 -+ 1.4.
      {6'000, 0, 1'050, 6'000},        // At rest: exact.
  };
  for (const auto& c : cases) {
    const auto pair = net_load(previous, {}, measured(c.pcc, 1'000),
                               measured(c.battery, c.battery_at), at(1'100));
    ASSERT_TRUE(pair);
    EXPECT_EQ(pair->power, w(c.power));
  }
  // The battery's sample, too, keeps its nearest partner.
  const NetLoad kept{w(9'400), at(1'000), at(950), w(0), w(0)};
  EXPECT_EQ(net_load(kept, {}, measured(8'000, 1'200), measured(0, 950), at(1'200)), kept);
}

TEST(NetLoad, DoesNotAddSamplesThatAreFarApart) {
  const NetLoadConfig config{.pair_skew_max = 300_ms};
  EXPECT_TRUE(net_load({}, config, measured(1, 1'000), measured(1, 700), at(1'000)));
  EXPECT_FALSE(net_load({}, config, measured(1, 1'000), measured(1, 699), at(1'000)));
  EXPECT_FALSE(net_load({}, config, measured(1, 699), measured(1, 1'000), at(1'000)));
  // A pair in hand serves until the slower input's stale_after.
  const NetLoad previous{w(77), at(0), at(100)};
  const auto kept = [&](std::int64_t now) {
    return net_load(previous, config, measured(1, now), measured(1, now - 400), at(now));
  };
  EXPECT_EQ(kept(1'999), previous);
  EXPECT_EQ(kept(2'000), std::nullopt);
}

TEST(NetLoad, ASlowMeterDoesNotFlap) {
  // Meter every 5 s (stale after 15 s), battery every second (stale after 3 s).
  const MeasuredPower meter{Sample<Watt>{w(5'000), at(0)}, 15_s};
  std::optional<NetLoad> pair;
  for (std::int64_t ms = 0; ms < 5'000; ms += 100) {
    const MeasuredPower battery{
        Sample<Watt>{w(static_cast<std::int32_t>(ms)), at(ms / 1'000 * 1'000)}, 3_s};
    pair = net_load(pair, {}, meter, battery, at(ms));
    ASSERT_TRUE(pair) << ms;
    EXPECT_LT(pair->power, w(5'100)) << ms;
  }
}

TEST(NetLoad, Saturates) {
  const auto pair =
      net_load({}, {}, measured(Watt::max().count(), 0), measured(Watt::max().count(), 0), at(0));
  EXPECT_EQ(pair->power, Watt::max());
}

}  // namespace
}  // namespace ems::decision
