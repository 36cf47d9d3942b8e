// SPDX-License-Identifier: Apache-2.0
// What must hold of any rows: parts add up to the whole, nothing is known twice or out of nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "ems/query/downsample.hpp"
#include "ems/query/energy.hpp"
#include "support/query_rows.hpp"
#include "support/seed.hpp"

namespace ems::query {
namespace {

constexpr Point kCounter{meter(1), Signal::energy_imported, 0};
constexpr Point kPower{meter(1), Signal::active_power, 0};
constexpr int kRuns = 200;
constexpr std::int64_t kSpan = 3'600;  // Seconds.

/// Rows of an hour with everything that happens: unknown values, doubted ones, pauses, lost rows, a
/// clock that is set, counters that slip, reset and jump.
struct Story {
  std::vector<test::OwnedRow> rows;
  std::vector<std::size_t> gaps;  ///< Rows are lost before these.
};

Story story_of(std::mt19937_64& random) {
  const auto any = [&](std::int64_t lo, std::int64_t hi) {
    return std::uniform_int_distribution<std::int64_t>(lo, hi)(random);
  };
  Story story;
  std::int64_t us = any(-600, 60) * 1'000'000;
  std::int64_t wh = any(0, 1'000'000);
  while (us < (kSpan + 60) * 1'000'000 && story.rows.size() < 2'000) {
    switch (any(0, 60)) {
      case 0:
        us += any(1, 900'000'000);  // An outage.
        break;
      case 1:
        us -= any(1, 300'000'000);  // The clock is set back.
        break;
      case 2:
        wh = any(0, 1) != 0 ? 0 : any(0, 2'000'000);
        break;
      default:
        us += any(1, 12'000'000);
    }
    wh += any(0, 30);
    if (any(0, 40) == 0) story.gaps.push_back(story.rows.size());
    const auto quality = static_cast<Quality>(any(0, 9) == 0 ? any(0, 3) : 3);
    test::OwnedRow row = test::row_at(0, {{kPower, any(-5'000, 5'000)}, {kCounter, wh}}, quality);
    row.utc_us += us;
    for (telemetry::RowValue& value : row.values) value.valid = any(0, 9) != 0;
    story.rows.push_back(std::move(row));
  }
  return story;
}

template <class Into>
void tell(const Story& story, Into& into) {
  for (std::size_t i = 0; i < story.rows.size(); ++i) {
    if (std::ranges::find(story.gaps, i) != story.gaps.end()) into.gap();
    ASSERT_TRUE(into.row(story.rows[i].view()));
  }
}

Grid grid_of(std::mt19937_64& random) {
  std::vector<UtcInstant> edges{test::at_s(0), test::at_s(kSpan)};
  const int inner = std::uniform_int_distribution<int>(0, 40)(random);
  for (int i = 0; i < inner; ++i) {
    const auto us = std::uniform_int_distribution<std::int64_t>(1, kSpan * 1'000'000 - 1)(random);
    edges.push_back(test::at_s(0) + microseconds(us));
  }
  std::ranges::sort(edges);
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return *Grid::of(std::move(edges));
}

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
