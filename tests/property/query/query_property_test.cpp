// SPDX-License-Identifier: Apache-2.0
// What must hold of any rows: parts add up to the whole, nothing is known twice or out of nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "ems/query/downsample.hpp"
#include "ems/query/energy.hpp"
#include "support/query_story.hpp"
#include "support/seed.hpp"

namespace ems::query {
namespace {

using test::grid_of;
using test::kCounter;
using test::kPower;
using test::kSpan;
using test::Story;
using test::story_of;
using test::tell;

constexpr int kRuns = 200;

TEST(QueryProperty, DownsamplingAWholeIsMergingItsParts) {
  const test::Seed seed(20261121);
  auto random = seed.engine();
  std::uint64_t samples = 0;
  for (int run = 0; run < kRuns; ++run) {
    const Story story = story_of(random);
    auto whole = Downsampler::create(*Grid::of({test::at_s(0), test::at_s(kSpan)}),
                                     std::vector{kPower, kCounter});
    auto parts = Downsampler::create(grid_of(random), std::vector{kPower, kCounter});
    tell(story, *whole);
    tell(story, *parts);
    for (std::size_t point = 0; point < 2; ++point) {
      Bucket merged;
      for (std::size_t i = 0; i < parts->grid().size(); ++i) {
        const Bucket& part = parts->buckets(point)[i];
        ASSERT_LE(part.known, parts->grid().width_of(i));
        if (part.mean()) {
          ASSERT_GE(part.known, microseconds(1));
        }
        merged.merge(part);
      }
      ASSERT_EQ(merged, whole->buckets(point)[0]) << "run " << run;
      samples += merged.count;
    }
  }
  EXPECT_GT(samples, 10'000U) << "the stories say nothing";
}

TEST(QueryProperty, TheLedgerAddsUpOverAnySplit) {
  const test::Seed seed(20261121);
  auto random = seed.engine();
  std::int64_t energy = 0;
  std::uint32_t resets = 0;
  const EnergyOptions options{.bridge_max = seconds(700), .power_max_w = 20'000'000};
  for (int run = 0; run < kRuns; ++run) {
    const Story story = story_of(random);
    auto whole = EnergyLedger::create(*Grid::of({test::at_s(0), test::at_s(kSpan)}), options);
    auto parts = EnergyLedger::create(grid_of(random), options);
    tell(story, *whole);
    tell(story, *parts);
    whole->finish();
    parts->finish();
    ASSERT_EQ(whole->accounts(), parts->accounts());
    for (const EnergyAccount& account : whole->accounts()) {
      EnergyFigure merged;
      for (std::size_t i = 0; i < parts->grid().size(); ++i) {
        const EnergyFigure& part = parts->figures(account)[i];
        ASSERT_LE(part.known(), parts->grid().width_of(i)) << "run " << run;
        ASSERT_LE(part.spread, part.known_counter);
        ASSERT_GE(part.energy_mwh().value_or(0), 0);
        ASSERT_EQ(part.energy_mwh().has_value(), part.known() > Duration::zero());
        merged.merge(part);
      }
      const EnergyFigure& all = whole->figures(account)[0];
      merged.spread = all.spread;  // What reaches beyond a part need not reach beyond the whole.
      ASSERT_EQ(merged, all) << "run " << run;
      energy += all.energy_mwh().value_or(0);
      resets += all.resets;
    }
  }
  EXPECT_GT(energy, 1'000'000);
  EXPECT_GT(resets, 100U);
}

TEST(QueryProperty, AConstantPowerIsExactWhereItIsKnown) {
  const test::Seed seed(20261121);
  auto random = seed.engine();
  for (int run = 0; run < kRuns; ++run) {
    Story story = story_of(random);
    const std::int64_t watts = std::uniform_int_distribution<std::int64_t>(1, 50'000)(random);
    for (test::OwnedRow& row : story.rows) {
      row.values[0].value = watts;
      row.values[1].valid = false;  // No counter.
    }
    auto ledger = EnergyLedger::create(grid_of(random));
    tell(story, *ledger);
    ledger->finish();
    for (const EnergyFigure& figure : ledger->figures({meter(1), EnergyFlow::imported})) {
      ASSERT_EQ(figure.power, Wide::product(watts * 1'000'000, figure.known_power.count()));
    }
    for (const EnergyFigure& figure : ledger->figures({meter(1), EnergyFlow::exported})) {
      ASSERT_EQ(figure.energy_mwh().value_or(0), 0);
    }
  }
}

/// Whatever the rows: no time between rows further apart than gap_max is known to a downsampler.
TEST(QueryProperty, NoTimeIsKnownAcrossAPause) {
  const test::Seed seed(20261121);
  auto random = seed.engine();
  for (int run = 0; run < kRuns; ++run) {
    const Story story = story_of(random);
    auto down = Downsampler::create(*Grid::uniform(test::at_s(0), test::at_s(kSpan), seconds(1)),
                                    std::vector{kPower});
    tell(story, *down);
    std::vector<std::int64_t> moments;
    for (const test::OwnedRow& row : story.rows) moments.push_back(row.utc_us);
    std::ranges::sort(moments);
    for (std::size_t i = 0; i < down->grid().size(); ++i) {
      if (down->buckets(0)[i].known == Duration::zero()) continue;
      const std::int64_t begin = down->grid().begin_of(i).since_epoch().count();
      const auto after = std::ranges::upper_bound(moments, begin + 1'000'000);
      ASSERT_TRUE(after != moments.begin());
      ASSERT_GE(*std::prev(after), begin - 10'000'000) << "a bucket no row is near to is known";
    }
  }
}

}  // namespace
}  // namespace ems::query
