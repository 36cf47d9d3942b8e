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

/// Remembers from cycle to cycle.
struct Pairing {
  NetLoadConfig config{};
  NetLoadState state{};
  std::optional<NetLoad> operator()(const MeasuredPower& pcc, const MeasuredPower& battery,
                                    std::int64_t ms) {
    const NetLoadStep step = net_load(state, config, pcc, battery, at(ms));
    state = step.state;
    return step.net_load;
  }
};

TEST(NetLoad, IsTheSumOfMeterAndBattery) {
  Pairing pairing;
  const auto pair = pairing(measured(6'000, 1'000), measured(3'400, 1'050), 1'100);
  EXPECT_EQ(pair, (NetLoad{w(9'400), at(1'000), at(1'050), w(3'400), w(0)}));
  EXPECT_EQ(pair->skew(), 50_ms);
  // To begin with, a battery sample just before will do.
  Pairing early;
  EXPECT_EQ(early(measured(6'000, 1'000), measured(3'400, 900), 1'100)->power, w(9'400));
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
  for (const auto& c : cases) {
    for (const bool meter : {false, true}) {
      Pairing pairing;
      ASSERT_TRUE(pairing(good, good, 10'000));  // Young, but a sick input voids it.
      EXPECT_FALSE(meter ? pairing(c.other, good, 10'000) : pairing(good, c.other, 10'000))
          << c.why << (meter ? ", meter" : ", battery");
      EXPECT_EQ(pairing.state, NetLoadState{}) << c.why;
    }
  }
  EXPECT_TRUE(Pairing{}(measured(1, 10'000, Quality::substituted), good, 10'000));
}

TEST(NetLoad, AMeterSampleIsUsedOnceAndNeverWithALaterAnswer) {
  Pairing pairing;  // 9.4 kW of load. The meter saw it at 1.0 s, before the battery answered.
  EXPECT_EQ(pairing(measured(9'400, 1'000), measured(0, 1'000), 1'000)->power, w(9'400));
  // At 1.3 s the battery delivers 1.4 kW: added to the old meter sample it would ask for more.
  EXPECT_EQ(pairing(measured(9'400, 1'000), measured(1'400, 1'300), 1'300)->battery_at, at(1'000));
  // The next meter sample sees the battery's answer; it waits for the battery's.
  EXPECT_EQ(pairing(measured(8'000, 2'000), measured(1'400, 1'300), 2'000)->pcc_at, at(1'000));
  EXPECT_EQ(pairing(measured(8'000, 2'000), measured(1'400, 2'050), 2'050),
            (NetLoad{w(9'400), at(2'000), at(2'050), w(1'400), w(0)}));
}

TEST(NetLoad, ABatteryOnTheMoveBlursItByWhatItMovedAroundTheMetersMoment) {
  const struct {
    std::int32_t pcc;
    std::int32_t battery;
    std::int64_t battery_at;
    std::int32_t power;
    std::int32_t uncertainty;
  } cases[] = {
      {9'400, 1'400, 1'050, 9'400, 1'400},    // 9.4 .. 10.8: stays.
      {9'400, 1'400, 1'000, 10'800, 0},       // Simultaneous: exact.
      {12'000, 1'400, 1'050, 12'000, 1'400},  // 12 .. 13.4: the least that explains it.
      {3'000, 1'400, 1'050, 4'400, 1'400},    // 3 .. 4.4.
      {6'000, 0, 1'050, 6'000, 0},            // At rest: exact.
      {6'000, -800, 1'050, 6'000, 800},       // 5.2 .. 6.0.
  };
  for (const auto& c : cases) {
    Pairing pairing;
    (void)pairing(measured(9'400, 0), measured(0, 0), 0);
    const auto pair = pairing(measured(c.pcc, 1'000), measured(c.battery, c.battery_at), 1'100);
    EXPECT_EQ(pair,
              (NetLoad{w(c.power), at(1'000), at(c.battery_at), w(c.battery), w(c.uncertainty)}))
        << c.pcc;
  }
}

TEST(NetLoad, WhatTheBatteryDidWhileTheSampleWaitedCounts) {
  Pairing pairing;
  (void)pairing(measured(9'400, 0), measured(0, 0), 0);
  (void)pairing(measured(9'000, 1'000), measured(2'000, 900), 1'000);
  (void)pairing(measured(9'000, 1'000), measured(-300, 950), 1'050);
  const auto pair = pairing(measured(9'000, 1'000), measured(1'000, 1'200), 1'200);
  EXPECT_EQ(pair->uncertainty, w(2'300));
  EXPECT_EQ(pair->power, w(9'400));  // 8.7 .. 11.0.
  // Also what it did before the sample came.
  Pairing away;
  (void)away(measured(9'400, 0), measured(0, 0), 0);
  (void)away(measured(9'000, 1'000), measured(2'000, 900), 1'000);
  (void)away(measured(9'000, 1'000), measured(2'500, 950), 1'050);
  EXPECT_EQ(away(measured(9'000, 1'000), measured(3'000, 1'200), 1'200)->uncertainty, w(3'000));
}

TEST(NetLoad, AFastMeterNeitherStarvesNorIsHeldUp) {
  // A meter that is always newer than the battery's newest sample.
  Pairing pairing;
  std::optional<NetLoad> pair;
  for (std::int64_t ms = 0; ms <= 10'000; ms += 100) {
    const std::int64_t battery_ms = (ms - 50) / 1'000 * 1'000;
    pair = pairing(measured(static_cast<std::int32_t>(ms), ms), measured(0, battery_ms), ms);
    ASSERT_TRUE(pair) << ms;
    ASSERT_LE(at(ms) - pair->pcc_at, 2'000_ms) << ms;
  }
  // Two wait: the newest that the battery's sample covers is taken, not the first.
  Pairing two;
  (void)two(measured(0, 0), measured(0, 0), 0);
  (void)two(measured(100, 100), measured(0, 0), 100);
  (void)two(measured(200, 200), measured(0, 0), 200);
  (void)two(measured(300, 300), measured(0, 0), 300);
  EXPECT_EQ(two(measured(400, 400), measured(0, 350), 400)->pcc_at, at(100));
  EXPECT_EQ(two(measured(400, 400), measured(0, 450), 450)->pcc_at, at(400));
  EXPECT_EQ(two.state.first, std::nullopt);
  EXPECT_EQ(two.state.latest, std::nullopt);
}

TEST(NetLoad, PollsOfOnePeriodStayFreshAtAnyPhase) {
  for (std::int64_t phase = 0; phase < 1'000; phase += 100) {
    Pairing pairing;
    for (std::int64_t ms = 1'000; ms < 20'000; ms += 100) {
      const auto pair = pairing(measured(5'000, ms / 1'000 * 1'000),
                                measured(100, (ms - phase) / 1'000 * 1'000 + phase), ms);
      ASSERT_TRUE(pair) << phase << " " << ms;
      ASSERT_LT(at(ms) - pair->pcc_at, 2'000_ms) << phase << " " << ms;
    }
  }
}

TEST(NetLoad, DoesNotAddSamplesThatAreFarApart) {
  const NetLoadConfig config{.pair_skew_max = 300_ms};
  const auto pair = [&config](std::int64_t pcc_ms, std::int64_t battery_ms) {
    return Pairing{.config = config}(measured(1, pcc_ms), measured(1, battery_ms), 1'000);
  };
  EXPECT_TRUE(pair(1'000, 700));
  EXPECT_FALSE(pair(1'000, 699));
  EXPECT_TRUE(pair(700, 1'000));
  EXPECT_FALSE(pair(699, 1'000));
  // Exactly as far as allowed, once there is a pair to clamp to.
  Pairing exact{.config = config};
  (void)exact(measured(1, 0), measured(1, 0), 0);
  EXPECT_EQ(exact(measured(1, 100), measured(1, 400), 400)->pcc_at, at(100));
  EXPECT_EQ(exact(measured(1, 500), measured(1, 801), 801)->pcc_at, at(100));
  // A sample that waited too long is dropped, and the next one has its turn.
  Pairing pairing{.config = config};
  (void)pairing(measured(1, 0), measured(1, 0), 0);
  (void)pairing(measured(1, 100), measured(1, 0), 100);
  (void)pairing(measured(1, 500), measured(1, 0), 500);
  EXPECT_EQ(pairing(measured(1, 500), measured(1, 450), 510)->pcc_at, at(0));
  EXPECT_EQ(pairing(measured(1, 500), measured(1, 550), 600)->pcc_at, at(500));
}

TEST(NetLoad, APairServesUntilTheSlowerInputsStaleAfter) {
  const NetLoadConfig config{.pair_skew_max = 300_ms};
  for (const bool meter_older : {false, true}) {
    Pairing pairing{.config = config};
    const std::int64_t later = meter_older ? 100 : 0;
    ASSERT_TRUE(pairing(measured(77, 100 - later), measured(0, later), 100));
    // Nothing new fits: the battery's samples are always too late.
    EXPECT_TRUE(pairing(measured(1, 1'100), measured(1, 1'900), 1'999));
    EXPECT_FALSE(pairing(measured(1, 1'100), measured(1, 1'900), 2'000));
  }
}

TEST(NetLoad, ASlowMeterDoesNotFlap) {
  // Meter every 5 s (stale after 15 s), battery every second (stale after 3 s).
  const MeasuredPower meter{Sample<Watt>{w(5'000), at(0)}, 15_s};
  Pairing pairing;
  for (std::int64_t ms = 0; ms < 5'000; ms += 100) {
    const MeasuredPower battery{
        Sample<Watt>{w(static_cast<std::int32_t>(ms)), at(ms / 1'000 * 1'000)}, 3_s};
    const auto pair = pairing(meter, battery, ms);
    ASSERT_TRUE(pair) << ms;
    EXPECT_EQ(pair->power, w(5'000)) << ms;
  }
}

TEST(NetLoad, Saturates) {
  EXPECT_EQ(Pairing{}(measured(Watt::max().count(), 0), measured(Watt::max().count(), 0), 0)->power,
            Watt::max());
}

TEST(MeasuredPower, ASumIsAsOldAndAsBadAsItsWorstPartAndSimultaneousWithNothing) {
  const MeasuredPower a{Sample<Watt>{w(1'000), at(500), Quality::good}, 2_s};
  const MeasuredPower b{Sample<Watt>{w(-300), at(700), Quality::uncertain}, 1_s};
  const Sample<Watt> sum{w(700), at(500) - microseconds(1), Quality::uncertain};
  EXPECT_EQ(a + b, (MeasuredPower{sum, 1_s}));
  EXPECT_EQ(b + a, (MeasuredPower{sum, 1_s}));
  EXPECT_EQ((a + a).sample->taken_at, at(500));
  EXPECT_EQ((a + a).sample->quality, Quality::good);
  EXPECT_EQ(a + MeasuredPower{}, MeasuredPower{});
  EXPECT_EQ(MeasuredPower{} + a, MeasuredPower{});
}

}  // namespace
}  // namespace ems::decision
