// SPDX-License-Identifier: Apache-2.0
// Buckets against figures worked out by hand.
#include "ems/query/downsample.hpp"

#include <gtest/gtest.h>

#include "support/query_rows.hpp"

namespace ems::query {
namespace {

using test::at_s;
using test::kGridPower;
using test::row_at;

Downsampler tens(std::int64_t from, std::int64_t to, const DownsampleOptions& options = {}) {
  auto grid = Grid::uniform(at_s(from), at_s(to), seconds(10));
  EXPECT_TRUE(grid);
  auto made = Downsampler::create(std::move(*grid), std::vector{kGridPower}, options);
  EXPECT_TRUE(made);
  return std::move(*made);
}

void give(Downsampler& to, double second, std::optional<std::int64_t> value,
          Quality quality = Quality::good) {
  const test::OwnedRow row = row_at(second, {{kGridPower, value}}, quality);
  ASSERT_TRUE(to.row(row.view()));
}

TEST(Downsample, MeanIsOverTimeNotOverSamples) {
  Downsampler down = tens(0, 10);
  give(down, 0, 100);
  give(down, 1, 100);
  give(down, 2, 600);  // For eight seconds.
  give(down, 10, 7);
  const Bucket& bucket = down.buckets(0)[0];
  EXPECT_EQ(bucket.count, 3U);
  EXPECT_EQ(bucket.min, 100);
  EXPECT_EQ(bucket.max, 600);
  EXPECT_EQ(bucket.last, 600);
  EXPECT_EQ(bucket.last_at, at_s(2));
  EXPECT_EQ(bucket.known, seconds(10));
  EXPECT_DOUBLE_EQ(*bucket.mean(), (2 * 100 + 8 * 600) / 10.0);
}

TEST(Downsample, AValueSpeaksIntoTheNextBucketButIsASampleOfItsOwnOnly) {
  Downsampler down = tens(0, 20);
  give(down, 6, 50);
  give(down, 14, 90);
  give(down, 20, 0);
  EXPECT_EQ(down.buckets(0)[0].known, seconds(4));
  EXPECT_EQ(down.buckets(0)[0].count, 1U);
  EXPECT_EQ(down.buckets(0)[1].known, seconds(10));
  EXPECT_EQ(down.buckets(0)[1].count, 1U);
  EXPECT_EQ(down.buckets(0)[1].min, 90);
  EXPECT_DOUBLE_EQ(*down.buckets(0)[1].mean(), (4 * 50 + 6 * 90) / 10.0);
}

TEST(Downsample, TheRowBeforeTheGridSpeaksIntoIt) {
  Downsampler down = tens(0, 10);
  give(down, -3, 5);
  give(down, 2, 9);
  EXPECT_EQ(down.buckets(0)[0].known, seconds(2));
  EXPECT_EQ(down.buckets(0)[0].count, 1U);
  EXPECT_DOUBLE_EQ(*down.buckets(0)[0].mean(), 5);
}

TEST(Downsample, NothingIsInventedAcrossAGap) {
  Downsampler down = tens(0, 30);
  give(down, 0, 1'000);
  give(down, 1, 1'000);
  give(down, 11.000001, 1'000);  // 10.000001 s later: too long.
  give(down, 12, 1'000);
  give(down, 22, 1'000);  // Exactly gap_max: speaks.
  EXPECT_EQ(down.buckets(0)[0].known, seconds(1));
  EXPECT_EQ(down.buckets(0)[1].known, seconds(9) - microseconds(1));
  EXPECT_EQ(down.buckets(0)[2].known, seconds(2));
}

TEST(Downsample, RowsKnownToBeLostBreakEvenAShortPause) {
  Downsampler down = tens(0, 10);
  give(down, 0, 1);
  down.gap();
  give(down, 4, 3);
  give(down, 5, 3);
  EXPECT_EQ(down.buckets(0)[0].known, seconds(1));
  EXPECT_EQ(down.buckets(0)[0].count, 3U);
  EXPECT_DOUBLE_EQ(*down.buckets(0)[0].mean(), 3);
}

TEST(Downsample, UnknownAndDoubtedValuesSpeakForNothing) {
  Downsampler down = tens(0, 10);
  give(down, 0, 10);
  give(down, 1, std::nullopt);
  give(down, 3, 99, Quality::uncertain);
  give(down, 5, 99, Quality::bad);
  give(down, 6, 20, Quality::substituted);
  give(down, 7, std::nullopt);
  const Bucket& bucket = down.buckets(0)[0];
  EXPECT_EQ(bucket.count, 2U);
  EXPECT_EQ(bucket.doubted, 2U);
  EXPECT_EQ(bucket.max, 20);
  EXPECT_EQ(bucket.known, seconds(2));
  EXPECT_DOUBLE_EQ(*bucket.mean(), 15);
}

TEST(Downsample, TheLowestQualityIsTheCallersChoice) {
  Downsampler strict = tens(0, 10, {.quality_min = Quality::good});
  Downsampler all = tens(0, 10, {.quality_min = Quality::bad});
  for (Downsampler* down : {&strict, &all}) {
    give(*down, 0, 1, Quality::substituted);
    give(*down, 1, 2, Quality::bad);
    give(*down, 2, 3, Quality::good);
  }
  EXPECT_EQ(strict.buckets(0)[0].count, 1U);
  EXPECT_EQ(strict.buckets(0)[0].doubted, 2U);
  EXPECT_EQ(all.buckets(0)[0].count, 3U);
  EXPECT_EQ(all.buckets(0)[0].doubted, 0U);
}

TEST(Downsample, AnEmptyBucketHasNoMean) {
  Downsampler down = tens(0, 20);
  give(down, 5, 1);
  EXPECT_EQ(down.buckets(0)[0].count, 1U);
  EXPECT_EQ(down.buckets(0)[0].mean(), std::nullopt);
  EXPECT_EQ(down.buckets(0)[1].count, 0U);
  EXPECT_EQ(down.buckets(0)[1].known, Duration::zero());
  EXPECT_EQ(down.buckets(0)[1].mean(), std::nullopt);
}

TEST(Downsample, AMomentCountsOnceWhenTheClockIsSetBack) {
  Downsampler down = tens(0, 10);
  for (int s = 0; s <= 6; ++s) give(down, s, 100);
  for (int s = 3; s <= 8; ++s) give(down, s, 500);  // Three seconds are lived twice.
  const Bucket& bucket = down.buckets(0)[0];
  EXPECT_EQ(bucket.known, seconds(8));
  EXPECT_DOUBLE_EQ(*bucket.mean(), (6 * 100 + 2 * 500) / 8.0);
  EXPECT_EQ(bucket.count, 13U);
  EXPECT_EQ(bucket.last, 500);
}

TEST(Downsample, OfTwoRowsOfOneMomentTheLaterRowIsLast) {
  Downsampler down = tens(0, 10);
  give(down, 5, 1);
  give(down, 5, 2);
  give(down, 4, 3);
  EXPECT_EQ(down.buckets(0)[0].last, 2);
  EXPECT_EQ(down.buckets(0)[0].count, 3U);
}

TEST(Downsample, AClockThatWasAheadForAMomentHidesNothing) {
  Downsampler down = tens(0, 40);
  give(down, 0, 1);
  give(down, 35, 1);
  give(down, 36, 1);
  for (int s = 1; s <= 40; ++s) give(down, s, 1);
  Duration known{};
  for (const Bucket& bucket : down.buckets(0)) known += bucket.known;
  EXPECT_EQ(known, seconds(39));  // All but the second after 0, when the clock ran away.
}

TEST(Downsample, PointsThatComeAndGoKeepTheirPlaces) {
  auto grid = Grid::uniform(at_s(0), at_s(10), seconds(10));
  auto down = Downsampler::create(*grid);
  const Point soc{battery(1), Signal::soc, 0};
  ASSERT_TRUE(down);
  ASSERT_TRUE(down->row(row_at(0, {{kGridPower, 5}}).view()));
  ASSERT_TRUE(down->row(row_at(1, {{kGridPower, 6}, {soc, 70}}).view()));
  ASSERT_TRUE(down->row(row_at(3, {{soc, 71}}).view()));
  ASSERT_TRUE(down->row(row_at(4, {{soc, 72}}).view()));
  ASSERT_EQ(down->points().size(), 2U);
  EXPECT_EQ(down->points()[1], soc);
  EXPECT_EQ(down->buckets(0)[0].known, seconds(3));
  EXPECT_EQ(down->buckets(1)[0].known, seconds(3));
  EXPECT_EQ(down->buckets(1)[0].count, 3U);
}

TEST(Downsample, TakesOfThePointsThatOccurThoseThatAreWanted) {
  auto down = Downsampler::create(
      *Grid::uniform(at_s(0), at_s(10), seconds(10)), {},
      {.wanted = [](const Point& point) { return point.signal == Signal::soc; }});
  const Point soc{battery(1), Signal::soc, 0};
  ASSERT_TRUE(down->row(row_at(0, {{kGridPower, 5}, {soc, 70}}).view()));
  ASSERT_EQ(down->points().size(), 1U);
  EXPECT_EQ(down->points()[0], soc);
  EXPECT_EQ(down->buckets(0)[0].last, 70);
}

TEST(Downsample, ExtremeValuesNeitherWrapNorRound) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  Downsampler down = tens(0, 10);
  give(down, 0, kMax);
  give(down, 5, -kMax);
  give(down, 10, 0);
  const Bucket& bucket = down.buckets(0)[0];
  EXPECT_EQ(bucket.max, kMax);
  EXPECT_EQ(bucket.min, -kMax);
  EXPECT_DOUBLE_EQ(*bucket.mean(), 0);
  EXPECT_EQ(bucket.weighted, Wide{});
}

TEST(Downsample, RefusesWhatItCannotDo) {
  const auto grid = [] { return *Grid::uniform(at_s(0), at_s(10), seconds(1)); };
  EXPECT_EQ(Downsampler::create(grid(), std::vector{kGridPower, kGridPower}).error().code,
            Errc::invalid_argument);
  EXPECT_FALSE(Downsampler::create(grid(), {}, {.gap_max = Duration::zero()}));
  EXPECT_FALSE(Downsampler::create(grid(), {}, {.gap_max = seconds(3'601)}));
  EXPECT_FALSE(Downsampler::create(grid(), {}, {.quality_min = static_cast<Quality>(9)}));
  auto large = Downsampler::create(*Grid::uniform(at_s(0), at_s(1'000'000), seconds(1)));
  ASSERT_TRUE(large);
  const std::vector<Point> many = test::cell_points(5);
  const std::vector<telemetry::RowValue> values(5);
  const telemetry::Row row{at_s(0), many, values};
  EXPECT_EQ(large->row(row).error().code, Errc::resource_exhausted);
  EXPECT_EQ(large->row(row).error().code, Errc::resource_exhausted);
}

TEST(Grid, FindsEveryMomentItsBucket) {
  const auto grid = Grid::of({at_s(0), at_s(10), at_s(25)});
  ASSERT_TRUE(grid);
  EXPECT_EQ(grid->bucket_at(at_s(-1)), std::nullopt);
  EXPECT_EQ(grid->bucket_at(at_s(0)), 0U);
  EXPECT_EQ(grid->bucket_at(at_s(9)), 0U);
  EXPECT_EQ(grid->bucket_at(at_s(10)), 1U);
  EXPECT_EQ(grid->bucket_at(at_s(24)), 1U);
  EXPECT_EQ(grid->bucket_at(at_s(25)), std::nullopt);
  EXPECT_EQ(grid->width_of(1), seconds(15));
}

TEST(Grid, TheLastBucketMayBeShorter) {
  const auto grid = Grid::uniform(at_s(0), at_s(25), seconds(10));
  ASSERT_TRUE(grid);
  ASSERT_EQ(grid->size(), 3U);
  EXPECT_EQ(grid->width_of(2), seconds(5));
}

TEST(Grid, RefusesDisorderAndTooMuch) {
  EXPECT_EQ(Grid::of({at_s(0)}).error().code, Errc::invalid_argument);
  EXPECT_EQ(Grid::of({at_s(0), at_s(0)}).error().offset, 1U);
  EXPECT_FALSE(Grid::uniform(at_s(0), at_s(0), seconds(1)));
  EXPECT_FALSE(Grid::uniform(at_s(0), at_s(1), Duration::zero()));
  EXPECT_EQ(Grid::uniform(at_s(0), at_s(1'000'001), seconds(1)).error().code,
            Errc::resource_exhausted);
  EXPECT_TRUE(Grid::uniform(at_s(0), at_s(1'000'000), seconds(1)));
  EXPECT_TRUE(
      Grid::uniform(UtcInstant{Duration::min()}, UtcInstant{Duration::max()}, Duration::max()));
}

TEST(Claimed, GivesEachMomentOnce) {
  std::array<aggregate::Claimed::Span, aggregate::Claimed::kRoomMin> room;
  aggregate::Claimed claimed(room);
  std::vector<std::pair<std::int64_t, std::int64_t>> got;
  const auto claim = [&](std::int64_t begin, std::int64_t end) {
    got.clear();
    claimed.claim(at_s(begin), at_s(end), [&](UtcInstant from, UtcInstant to) {
      got.emplace_back((from - at_s(0)).count() / 1'000'000, (to - at_s(0)).count() / 1'000'000);
    });
    return got;
  };
  using Pieces = std::vector<std::pair<std::int64_t, std::int64_t>>;
  EXPECT_EQ(claim(10, 20), (Pieces{{10, 20}}));
  EXPECT_EQ(claim(30, 40), (Pieces{{30, 40}}));
  EXPECT_EQ(claim(15, 35), (Pieces{{20, 30}}));
  EXPECT_EQ(claim(0, 50), (Pieces{{0, 10}, {40, 50}}));
  EXPECT_EQ(claim(5, 45), Pieces{});
  EXPECT_EQ(claim(50, 50), Pieces{});
  EXPECT_EQ(claim(-5, 60), (Pieces{{-5, 0}, {50, 60}}));
}

TEST(Wide, MultipliesAddsAndDividesExactly) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(Wide::product(kMax, kMax).floor_div(kMax), kMax);
  EXPECT_EQ(Wide::product(kMin, kMax).floor_div(kMax), kMin);
  EXPECT_EQ(Wide::product(kMin, kMin).floor_div(1), kMax);  // Saturates.
  EXPECT_EQ(Wide::product(kMin, kMax).floor_div(2), kMin);
  EXPECT_EQ(Wide::product(-7, 1).floor_div(2), -4);
  EXPECT_EQ(Wide::product(7, 1).floor_div(2), 3);
  EXPECT_EQ(Wide::product(-7, 1).round_div(2), -3);
  EXPECT_EQ(Wide::product(5, 1).round_div(3), 2);
  EXPECT_EQ(Wide::product(4, 1).round_div(3), 1);
  Wide sum = Wide::product(kMax, 1'000'000);
  sum += Wide::product(-kMax, 999'999);
  EXPECT_EQ(sum.floor_div(1), kMax);
  EXPECT_DOUBLE_EQ(to_double(Wide::product(kMin, 4)), -36'893'488'147'419'103'232.0);
  EXPECT_DOUBLE_EQ(to_double(Wide::product(3, -5)), -15);
}

}  // namespace
}  // namespace ems::query
