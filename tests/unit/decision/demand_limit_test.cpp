// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "ems/decision/contractual.hpp"

namespace ems::decision {
namespace {

constexpr Watt w(std::int32_t count) { return Watt{count}; }
constexpr Instant at(std::int64_t ms) { return Instant{milliseconds(ms)}; }

constexpr DemandLimitConfig kConfig{.limit = w(6'000),
                                    .import_max = w(20'000),
                                    .window = 900_s,
                                    .offset = {},
                                    .hold = 30_s,
                                    .glide = 60_s};
constexpr std::int64_t kEpochMs = 1'700'000'100'000;  ///< A quarter of an hour begins.
static_assert(kEpochMs % 900'000 == 0);

/// A site whose monotonic clock began with a window; the load is what the meter shows.
struct Site {
  DemandLimitConfig config = kConfig;
  DemandLimitState state{};
  std::int64_t ms = 0;
  ClockQuality clock = ClockQuality::synced;
  std::int64_t clock_off_ms = 0;
  std::optional<WattHour> counter{};
  std::optional<Sample<Watt>> gated{};
  DemandLimitStep last{};

  /// One tick with a fresh meter sample, or a blind one.
  DemandLimitStep tick(std::int64_t advance_ms, std::optional<std::int32_t> import) {
    ms += advance_ms;
    MeasuredPower pcc;
    std::optional<NetLoad> net;
    if (import) {
      pcc = {Sample<Watt>{w(*import), at(ms)}, 3_s};
      net = NetLoad{w(*import), at(ms), at(ms)};
    }
    Measured<WattHour> count;
    if (counter) count = {Sample<WattHour>{*counter, at(ms)}, 3_s};
    const WallTime wall{.utc = UtcInstant{milliseconds(kEpochMs + ms + clock_off_ms)},
                        .quality = clock};
    last = demand_limit(state, config, net, pcc, count, wall, gated, at(ms));
    state = last.state;
    return last;
  }
  void run(std::int64_t until_ms, std::optional<std::int32_t> import) {
    while (ms < until_ms) (void)tick(100, import);
  }
  [[nodiscard]] Watt allowed() const { return last.window->allowed; }
};

TEST(DemandLimit, AtTheStartOfAWindowItIsTheLimit) {
  Site site;
  const DemandLimitStep step = site.tick(0, 9'000);
  EXPECT_EQ(step.output.status, PolicyStatus::acting);
  EXPECT_EQ(step.output.demand.level, Level::contractual);
  EXPECT_EQ(step.output.demand.constraint, Band::at_least(w(3'000)));
  EXPECT_EQ(step.window->start, UtcInstant{milliseconds(kEpochMs)});
  EXPECT_EQ(step.window->left, 900_s);
  EXPECT_EQ(step.window->energy, WattHour{0});
  EXPECT_EQ(step.window->allowed, w(6'000));
}

TEST(DemandLimit, WhatWasSavedMayBeDrawnLaterAndWhatWasOverdrawnIsPaidBack) {
  Site saving;
  (void)saving.tick(0, 0);
  saving.run(450'000, 3'000);  // Half the window at half the limit: 375 Wh of 1500.
  EXPECT_EQ(saving.last.window->energy, WattHour{375});
  EXPECT_EQ(saving.allowed(), w(9'000));  // (1500 - 375) Wh in 450 s.
  EXPECT_EQ(saving.last.output.demand.constraint, Band::at_least(w(3'000 - 9'000)));

  Site overdrawing;
  (void)overdrawing.tick(0, 0);
  overdrawing.run(450'000, 9'000);
  EXPECT_EQ(overdrawing.last.window->energy, WattHour{1'125});
  EXPECT_EQ(overdrawing.allowed(), w(3'000));
  overdrawing.run(700'000, 9'000);  // 1750 Wh: the window is lost; no import at all.
  EXPECT_EQ(overdrawing.allowed(), w(0));
  EXPECT_EQ(overdrawing.last.output.demand.constraint, Band::at_least(w(9'000)));
}

TEST(DemandLimit, ExportEarnsNothing) {
  Site site;
  (void)site.tick(0, 0);
  site.run(300'000, -50'000);
  EXPECT_EQ(site.last.window->energy, WattHour{0});
  EXPECT_EQ(site.allowed(), w(9'000));  // 1500 Wh in 600 s, as if the site had drawn nothing.
}

TEST(DemandLimit, BlindTimeCountsAsAtTheLimit) {
  Site site;
  (void)site.tick(0, 0);
  site.run(300'000, 0);
  const Watt before = site.allowed();
  EXPECT_EQ(before, w(9'000));
  site.run(600'000, std::nullopt);  // 300 s unseen: 500 Wh.
  (void)site.tick(0, 0);
  EXPECT_EQ(site.last.window->energy, WattHour{500});
  EXPECT_EQ(site.allowed(), w(12'000));  // 1000 Wh in 300 s.
  // A sample after a pause does not speak for the pause.
  (void)site.tick(60'000, 0);
  EXPECT_EQ(site.last.window->energy, WattHour{600});
  (void)site.tick(3'000, 0);  // Exactly stale_after: 5 Wh.
  EXPECT_EQ(site.last.window->energy, WattHour{605});
  (void)site.tick(2'999, 0);
  EXPECT_EQ(site.last.window->energy, WattHour{605});
}

TEST(DemandLimit, BlindItHoldsLikeTheImportLimit) {
  Site site;
  (void)site.tick(0, 9'000);
  site.gated = Sample<Watt>{w(3'000), at(0)};
  const DemandLimitStep held = site.tick(29'999, std::nullopt);
  EXPECT_EQ(held.output.status, PolicyStatus::holding);
  EXPECT_EQ(held.output.demand.constraint, Band::point(w(3'000)));
  const DemandLimitStep over = site.tick(1, std::nullopt);
  EXPECT_EQ(over.output.status, PolicyStatus::fallback);
  EXPECT_EQ(over.output.demand.constraint, Band::point(w(0)));
}

TEST(DemandLimit, ContinuousOverTheChangeOfWindows) {
  // A saved, an overdrawn and a varying window; no tick moves `allowed` up by more than the glide,
  // nor down by more unless the site overdraws at that moment.
  for (const std::int32_t import : {0, 3'000, 6'000, 9'000, 30'000}) {
    Site site;
    (void)site.tick(0, import);
    Watt last = site.allowed();
    while (site.ms < 2'000'000) {
      (void)site.tick(100, import);
      ASSERT_LE(site.allowed() - last, w(11)) << import << " at " << site.ms;  // 6 kW in 60 s.
      if (import <= 6'000) {
        ASSERT_GE(site.allowed() - last, w(-11)) << import << " at " << site.ms;
      }
      ASSERT_LE(site.allowed(), w(20'000));
      last = site.allowed();
    }
  }
}

TEST(DemandLimit, NoWindowBeginsAboveItsLimitAndSavingsAreCapped) {
  Site site;
  (void)site.tick(0, 0);
  site.run(700'000, 0);
  EXPECT_EQ(site.allowed(), w(20'000));  // 1500 Wh in 200 s would be 27 kW: the connection's.
  site.run(890'000, 0);
  EXPECT_EQ(site.allowed(), w(7'000));  // 10 s before the next: 6 kW + 10 / 60 of it.
  site.run(900'000, 0);
  EXPECT_EQ(site.allowed(), w(6'000));
  EXPECT_EQ(site.last.window->left, 900_s);
}

TEST(DemandLimit, TheMetersCounterWinsWhenItSaysMore) {
  const auto half_a_window = [](std::int64_t counted_wh) {
    Site site;
    site.counter = WattHour{100'000};
    (void)site.tick(0, 0);
    while (site.ms < 450'000) {
      site.counter = WattHour{100'000 + counted_wh * (site.ms + 100) / 450'000};
      (void)site.tick(100, 3'000);  // The samples say 375 Wh.
    }
    return site;
  };
  const Site more = half_a_window(600);
  EXPECT_TRUE(more.last.window->by_counter);
  EXPECT_EQ(more.last.window->energy, WattHour{600});
  EXPECT_EQ(more.allowed(), w(7'200));  // 900 Wh in 450 s.
  const Site less = half_a_window(300);
  EXPECT_FALSE(less.last.window->by_counter);
  EXPECT_EQ(less.last.window->energy, WattHour{375});
  const Site stuck = half_a_window(0);
  EXPECT_EQ(stuck.allowed(), w(9'000));
}

TEST(DemandLimit, ACounterThatFellWasReplacedAndAStaleOneSaysNothing) {
  Site site;
  site.counter = WattHour{100'000};
  (void)site.tick(0, 3'000);
  site.counter = WattHour{7};  // A new meter.
  site.run(450'000, 3'000);
  EXPECT_FALSE(site.last.window->by_counter);
  EXPECT_EQ(site.allowed(), w(9'000));
  // Every window begins a new count.
  site.counter = WattHour{50'000};
  (void)site.tick(100, 3'000);
  EXPECT_EQ(site.allowed(), w(0));
  site.run(900'100, 3'000);
  EXPECT_EQ(site.last.window->energy, WattHour{1});
  EXPECT_FALSE(site.last.window->by_counter);
}

TEST(DemandLimit, ACounterThatComesLateOrFallsSilentMovesNothing) {
  Site site;
  (void)site.tick(0, 3'000);
  site.run(300'000, 3'000);  // 250 Wh by the samples alone.
  site.counter = WattHour{100'000};
  (void)site.tick(100, 3'000);
  EXPECT_EQ(site.last.window->energy, WattHour{251});
  EXPECT_FALSE(site.last.window->by_counter);
  // It says 100 Wh more than the samples at once, and is never heard again.
  site.counter = WattHour{100'100};
  (void)site.tick(100, 3'000);
  EXPECT_EQ(site.last.window->energy, WattHour{351});
  EXPECT_TRUE(site.last.window->by_counter);
  const Watt allowed = site.allowed();
  site.counter.reset();
  (void)site.tick(100, 3'000);
  EXPECT_NEAR(site.allowed().count(), allowed.count(), 2);
}

TEST(DemandLimit, ACounterReadBeforeTheWindowCountsFromItsBeginning) {
  Site site;
  const WallTime wall{.utc = UtcInstant{milliseconds(kEpochMs)}, .quality = ClockQuality::synced};
  const Measured<WattHour> before{Sample<WattHour>{WattHour{10}, at(-2'000)}, 3_s};
  const DemandLimitStep step = demand_limit({}, kConfig, {}, {}, before, wall, {}, at(0));
  EXPECT_EQ(step.state.counter, WattHour{10});
  EXPECT_EQ(step.state.counter_offset, WattMicrosecond{});
  EXPECT_EQ(step.window->energy, WattHour{0});
}

TEST(DemandLimit, WithTheClockUnsetItIsAnInstantaneousLimit) {
  Site site;
  site.clock = ClockQuality::unset;
  site.run(450'000, 0);
  EXPECT_EQ(site.last.window, std::nullopt);
  EXPECT_EQ(site.last.output.demand.constraint, Band::at_least(w(-6'000)));
  // Once it is set, the part of the window that nobody counted is at the limit.
  site.clock = ClockQuality::holdover;
  (void)site.tick(100, 0);
  EXPECT_EQ(site.allowed(), w(6'001));  // The last 100 ms were seen, and drew nothing.
  EXPECT_EQ(site.last.window->energy, WattHour{750});
}

TEST(DemandLimit, AClockThatJumpsNeverInventsCredit) {
  Site site;
  (void)site.tick(0, 0);
  site.run(300'000, 0);
  EXPECT_EQ(site.allowed(), w(9'000));
  site.clock_off_ms = -290'000;  // Set back into the same window: at most what it can have saved.
  (void)site.tick(100, 0);
  EXPECT_LE(site.allowed(), w(6'100));
  site.clock_off_ms = 900'000;  // Forward into the next: a fresh one.
  (void)site.tick(100, 6'000);
  EXPECT_EQ(site.allowed(), w(6'000));
}

TEST(DemandLimit, WindowsBeginAtTheMetersOffset) {
  Site site;
  site.config.offset = 300_s;
  (void)site.tick(0, 0);
  EXPECT_EQ(site.last.window->left, 300_s);
  EXPECT_EQ(site.last.window->start, UtcInstant{milliseconds(kEpochMs - 600'000)});
  EXPECT_EQ(site.allowed(), w(6'000));  // The unseen part counts as at the limit.
}

TEST(DemandLimit, TheNewDemandIsThereWithTheFirstSampleThatShowsIt) {
  Site site;
  (void)site.tick(0, 2'000);
  site.run(10'000, 2'000);
  const Watt before = site.allowed();
  const DemandLimitStep step = site.tick(100, 30'000);
  EXPECT_NEAR(step.output.demand.constraint->lo->count(), 30'000 - before.count(), 30);
}

TEST(DemandLimit, ValidateNamesTheMistake) {
  const auto what = [](auto change) {
    DemandLimitConfig config = kConfig;
    change(config);
    const Result<void> result = validate(config);
    return std::string(result ? "" : result.error().what);
  };
  EXPECT_EQ(what([](auto&) {}), "");
  const std::string limit = "demand_limit.limit is not 0 .. 134 MW";
  EXPECT_EQ(what([](auto& c) { c.limit = w(-1); }), limit);
  EXPECT_EQ(what([](auto& c) { c.limit = Watt::max(); }), limit);
  const std::string import_max = "demand_limit.import_max is not limit .. 134 MW";
  EXPECT_EQ(what([](auto& c) { c.import_max = w(5'999); }), import_max);
  EXPECT_EQ(what([](auto& c) { c.import_max = Watt::max(); }), import_max);
  const std::string window = "demand_limit.window is not 1 min .. 1 h, or no whole part of a day";
  EXPECT_EQ(what([](auto& c) { c.window = 30_s; }), window);
  EXPECT_EQ(what([](auto& c) { c.window = 7'200_s; }), window);
  EXPECT_EQ(what([](auto& c) { c.window = 59_s; }), window);
  EXPECT_EQ(what([](auto& c) { c.limit = w(0); }), "");
  EXPECT_EQ(what([](auto& c) { c.window = 3'601_s; }), window);
  EXPECT_EQ(what([](auto& c) { c.window = 420_s; }), window);
  EXPECT_EQ(what([](auto& c) { c.window = 3'600_s; }), "");
  EXPECT_EQ(what([](auto& c) { c.window = 60_s, c.glide = 1_s; }), "");
  EXPECT_EQ(what([](auto& c) { c.glide = 450_s; }), "");
  EXPECT_EQ(what([](auto& c) { c.import_max = c.limit; }), "");
  EXPECT_EQ(what([](auto& c) { c.import_max = c.limit = kDemandMax; }), "");
  const std::string offset = "demand_limit.offset is not 0 .. below the window";
  EXPECT_EQ(what([](auto& c) { c.offset = microseconds(-1); }), offset);
  EXPECT_EQ(what([](auto& c) { c.offset = 900_s; }), offset);
  EXPECT_EQ(what([](auto& c) { c.hold = {}; }), "demand_limit.hold is not above 0");
  const std::string glide = "demand_limit.glide is not 1 s .. half the window";
  EXPECT_EQ(what([](auto& c) { c.glide = 999_ms; }), glide);
  EXPECT_EQ(what([](auto& c) { c.glide = 451_s; }), glide);
}

}  // namespace
}  // namespace ems::decision
