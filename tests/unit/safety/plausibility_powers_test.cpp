// SPDX-License-Identifier: Apache-2.0
/// @file Rule 44: two ways to the same power.
#include <gtest/gtest.h>

#include "unit/safety/plausibility_bench.hpp"

namespace ems::safety::test {
namespace {

/// Cycles of a second until the window is finished.
void window(Bench& b) {
  b.tick = 1_s;
  b.run(10);
}

TEST(SafetyPlausibility, ThePowerOfTheBmsMustBeVoltageTimesCurrent) {  // SAF-082
  struct Case {
    std::int32_t pack_w;
    Finding finding;
  };
  // 52.8 V * 100 A = 5280 W; a tenth of the larger of the two is the tolerance.
  const Case cases[] = {
      {5'280, Finding::good},     {4'752, Finding::exceeded},  {4'753, Finding::band},
      {4'884, Finding::band},     {4'885, Finding::good},      {5'865, Finding::band},
      {5'866, Finding::exceeded}, {-5'280, Finding::exceeded}, {0, Finding::exceeded}};
  for (const Case& c : cases) {
    Bench b;
    b.in().pack_current->sample.value = 100'000_ma;
    b.in().pack_power = taken(Watt{c.pack_w}, b.now);
    b.tick = 1_s;
    b.run(9);
    EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good) << "not before the window is over";
    b.cycle();
    EXPECT_EQ(b.finding(Rule::power_mismatch), c.finding) << c.pack_w;
    if (c.finding == Finding::exceeded) {
      EXPECT_EQ(b.judge(Rule::power_mismatch).signal, Signal::pack_power);
      EXPECT_EQ(b.judge(Rule::power_mismatch).value, std::abs(5'280 - c.pack_w));
    }
    b.in().pack_power->sample.value = 5'280_w;
    window(b);
    EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good) << "agrees again";
  }
}

TEST(SafetyPlausibility, SmallPowersMayDifferByTheFloor) {  // SAF-082
  for (const std::int32_t pack_w : {-199, -200, 199, 200}) {
    Bench b;
    b.in().pack_power = taken(Watt{pack_w}, b.now);
    window(b);
    EXPECT_EQ(b.finding(Rule::power_mismatch),
              std::abs(pack_w) == 200 ? Finding::exceeded : Finding::band);
    EXPECT_EQ(b.judge(Rule::power_mismatch).limit, 200);
  }
}

TEST(SafetyPlausibility, WhatAgreesAtAnyMomentOfTheWindowAgrees) {  // SAF-082
  Bench b;  // A load step whose two samples are seconds apart.
  b.in().pack_power = taken(0_w, b.now);
  b.tick = 1_s;
  b.run(5);
  b.in().pack_power->sample.value = 5'280_w;
  b.run(3);
  b.in().pack_current->sample.value = 100'000_ma;
  b.run(2);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good);
  // And the next window starts from nothing.
  b.in().pack_current->sample.value = 0_ma;
  b.run(10);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::exceeded);
}

TEST(SafetyPlausibility, TheInverterMustDeliverWhatItsBatteryGives) {  // SAF-082
  struct Case {
    std::int32_t current_ma;
    std::int32_t ac_w;
    Finding finding;
  };
  // 52.8 V; efficiency 95 %, 10 kVA: 250 W at idle, or a tenth of the larger power.
  const Case cases[] = {
      {100'000, 5'280, Finding::good},      // Lossless.
      {100'000, 5'016, Finding::good},      // Exactly the declared efficiency.
      {100'000, 4'600, Finding::band},      // 416 W under it.
      {100'000, 4'489, Finding::band},      // 527 W.
      {100'000, 4'488, Finding::exceeded},  // 528 W.
      {100'000, 5'865, Finding::band},
      {100'000, 5'866, Finding::exceeded},
      {100'000, -5'280, Finding::exceeded},  // The sign of one is turned.
      {-95'000, -5'280, Finding::good},      // 5016 W dc: 95 %.
      {-95'000, -5'865, Finding::band},
      {-95'000, -5'866, Finding::exceeded},
      {-95'000, -4'489, Finding::band},
      {-95'000, -4'488, Finding::exceeded},
      {0, 186, Finding::good},
      {0, 187, Finding::band},
      {0, 249, Finding::band},
      {0, 250, Finding::exceeded},
      {0, -250, Finding::exceeded},
  };
  for (const Case& c : cases) {
    Bench b;
    b.in().pack_current->sample.value = MilliAmp{c.current_ma};
    b.inverters[0].active_power = taken(Watt{c.ac_w}, b.now);
    window(b);
    EXPECT_EQ(b.finding(Rule::power_mismatch), c.finding) << c.current_ma << " " << c.ac_w;
    if (c.finding == Finding::exceeded) {
      EXPECT_EQ(b.judge(Rule::power_mismatch).signal, Signal::active_power);
    }
  }
}

TEST(SafetyPlausibility, LostSamplesOnlyLeaveLessThatCouldAgree) {  // SAF-082 SAF-040
  for (const bool ac : {true, false}) {
    Bench b;
    b.inverters[0].active_power = taken(0_w, b.now);
    b.tick = 1_s;
    b.run(1);  // Agrees here,
    b.in().pack_current->sample.value = 100'000_ma;
    b.run(9);  // and not any more here.
    EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good);
    if (ac) {
      b.inverters[0].active_power->sample.quality = Quality::bad;
    } else {
      b.in().pack_voltage->sample.quality = Quality::bad;
    }
    b.run(9);
    b.inverters[0].active_power = taken(0_w, b.now);
    b.in().pack_voltage = taken(52'800_mv, b.now);
    b.run(1);
    EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::exceeded);
  }
}

TEST(SafetyPlausibility, TheWorseOfTheTwoComparisonsIsKept) {  // SAF-082
  for (const bool pack_lies : {true, false}) {
    Bench b;
    b.in().pack_power = taken(pack_lies ? 5'000_w : 0_w, b.now);
    b.inverters[0].active_power = taken(pack_lies ? 0_w : 5'000_w, b.now);
    window(b);
    EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::exceeded);
    EXPECT_EQ(b.judge(Rule::power_mismatch).signal,
              pack_lies ? Signal::pack_power : Signal::active_power);
    EXPECT_EQ(b.judge(Rule::power_mismatch).value, 5'000);
  }
}

TEST(SafetyPlausibility, APowerThatWasGivenOnceIsNeverGoodWithoutIt) {  // SAF-082
  for (const bool pack : {true, false}) {
    for (const bool gone : {true, false}) {
      Bench b;
      window(b);
      EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good) << "never given";
      auto& power = pack ? b.in().pack_power : b.inverters[0].active_power;
      power = taken(0_w, b.now);
      window(b);
      EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good);
      if (gone) {
        power.reset();
      } else {
        power->sample.quality = Quality::bad;
      }
      window(b);
      EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::band);
      window(b);
      EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::band);
      power = taken(0_w, b.now);
      window(b);
      EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good);
    }
  }
}

TEST(SafetyPlausibility, WithoutVoltageOrCurrentNothingIsCompared) {  // SAF-082
  for (const bool voltage : {true, false}) {
    Bench b;
    b.in().pack_power = taken(5'000_w, b.now);
    b.inverters[0].active_power = taken(5'000_w, b.now);
    if (voltage) {
      b.in().pack_voltage.reset();
    } else {
      b.in().pack_current.reset();
    }
    window(b);
    EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::band);
  }
}

TEST(SafetyPlausibility, BatteriesThatShareInvertersAreComparedTogether) {  // SAF-082
  Wiring b;  // 3 * 52.8 V * 50 A = 7920 W.
  for (std::size_t i = 0; i < 3; ++i) b.batteries[i].pack_current->sample.value = 50'000_ma;
  b.inverters[0].active_power->sample.value = 1'000_w;
  b.inverters[1].active_power->sample.value = 6'700_w;
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good);
  b.inverters[1].active_power->sample.value = 4'000_w;
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::exceeded);
  EXPECT_EQ(b.judge(Rule::power_mismatch).value, 7'524 - 5'000);
  b.inverters[1].active_power->sample.value = 6'700_w;
  b.inverters[2].active_power->sample.value = 9'000_w;  // Another group's.
  b.batteries[3].pack_voltage.reset();
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good);
  b.batteries[2].pack_voltage.reset();
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::band) << "one of the group is missing";
}

TEST(SafetyPlausibility, TheOrderOfTheInvertersDoesNotMatter) {  // SAF-082
  Wiring b;  // Battery 1 is found through inverter 2 only, and battery 3 then through inverter 1.
  std::swap(b.config.inverters[0].batteries, b.config.inverters[1].batteries);
  b.batteries[2].pack_current->sample.value = 100'000_ma;
  b.inverters[0].active_power->sample.value = 5'100_w;
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good);
  b.inverters[0].active_power->sample.value = 0_w;
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::exceeded);
}

TEST(SafetyPlausibility, AnInputOfAnotherAssetIsNotTheGroups) {  // SAF-082
  for (const bool an_inverter : {true, false}) {
    Wiring b;
    window(b);
    if (an_inverter) {
      b.inverters[1].asset = inverter(9);
    } else {
      b.batteries[1].asset = battery(9);
    }
    window(b);
    EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::band);
  }
  for (const std::size_t silent : {0U, 1U}) {  // Without every inverter's power it is not judged.
    Wiring never;
    never.inverters[silent].active_power.reset();
    never.inverters[1 - silent].active_power->sample.value = 9'000_w;
    window(never);
    EXPECT_EQ(never.finding(Rule::power_mismatch), Finding::good);
  }
  Bench unwired;
  unwired.config.inverters.clear();
  unwired.inverters.clear();
  window(unwired);
  EXPECT_EQ(unwired.finding(Rule::power_mismatch), Finding::good);
}

TEST(SafetyPlausibility, DcPvCountsOnTheDcSide) {  // SAF-082
  Bench b;
  b.config.inverters[0].has_dc_pv = true;
  b.inverters[0].active_power = taken(4'800_w, b.now);
  b.inverters[0].dc_pv_power = taken(5'000_w, b.now);
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good);
  b.inverters[0].dc_pv_power->sample.value = 1'000_w;
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::exceeded);
  b.inverters[0].dc_pv_power.reset();
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::band);
}

TEST(SafetyPlausibility, OfTwoThatDisagreeAlikeTheBmssOwnIsNamed) {  // SAF-082
  Bench b;
  b.in().pack_power = taken(5'000_w, b.now);
  b.inverters[0].active_power = taken(6'000_w, b.now);
  window(b);
  const Evaluation e = b.judge(Rule::power_mismatch);
  EXPECT_EQ(e.finding, Finding::exceeded);
  EXPECT_EQ(e.signal, Signal::pack_power);
  EXPECT_EQ(e.value, 5'000);
  EXPECT_EQ(e.limit, 500);
}

TEST(SafetyPlausibility, EachBatteryIsComparedWithItsOwnGroup) {  // SAF-082
  for (const std::size_t liar : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
    Wiring b;
    b.tick = 1_s;
    b.inverters[liar].active_power->sample.value = 3'000_w;
    std::array<PlausibilityState, 4> states{};
    for (int i = 0; i < 10; ++i) {
      b.now = b.now + b.tick;
      b.refresh();
      b.with([&states](const Battery& c) {
        for (std::size_t at = 0; at < 4; ++at) detail::observe(states[at], Battery{c.site, at});
      });
    }
    for (std::size_t at = 0; at < 4; ++at) {
      const bool concerned = (liar == 2) == (at == 3);
      EXPECT_EQ(static_cast<Finding>(states[at].power_finding),
                concerned ? Finding::exceeded : Finding::good)
          << liar << at;
    }
  }
}

TEST(SafetyPlausibility, WhatAgreesIsNoMismatchHoweverSmallTheTolerance) {  // SAF-082
  Bench b;
  b.limits().plausibility.power_floor = 1_w;
  b.in().pack_power = taken(0_w, b.now);
  window(b);
  EXPECT_NE(b.finding(Rule::power_mismatch), Finding::exceeded);
  b.in().pack_power->sample.value = 1_w;
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::exceeded);
}

TEST(SafetyPlausibility, AWindowWithoutAReadingIsApartByNothing) {  // SAF-082
  Bench b;
  b.in().pack_power = taken(0_w, b.now, Quality::bad);
  window(b);
  const Evaluation e = b.judge(Rule::power_mismatch);
  EXPECT_EQ(e.finding, Finding::band);
  EXPECT_EQ(e.signal, Signal::pack_power);
  EXPECT_EQ(e.value, 0);
  EXPECT_EQ(e.limit, 200);
}

TEST(SafetyPlausibility, ABatteryWithoutAnInverterHasNoAcPower) {  // SAF-082
  Bench b;
  b.config.inverters.clear();
  b.inverters.clear();
  b.in().pack_current->sample.value = 100'000_ma;
  window(b);
  EXPECT_EQ(b.finding(Rule::power_mismatch), Finding::good);
}

}  // namespace
}  // namespace ems::safety::test
