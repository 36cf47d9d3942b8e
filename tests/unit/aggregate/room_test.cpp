// SPDX-License-Identifier: Apache-2.0
// What happens when the memory of the caller is used up; the figures themselves: unit/query.
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

#include "ems/aggregate/downsample.hpp"
#include "ems/aggregate/energy_ledger.hpp"
#include "support/query_rows.hpp"

namespace ems::aggregate {
namespace {

using test::at_s;
using test::row_at;

constexpr Point kCounter{meter(1), Signal::energy_imported, 0};
constexpr Point kPower{meter(1), Signal::active_power, 0};

GridView hour() { return *GridView::uniform(at_s(0), at_s(3'600), seconds(3'600)); }

/// A downsampler and its memory.
struct Buckets {
  Buckets(std::size_t points, std::size_t moments_of)
      : tracks(points), buckets(points), moments(moments_of) {}
  Downsampler make(std::vector<Point> wanted) {
    auto made = Downsampler::create(hour(), wanted, {}, {tracks, buckets, moments});
    EXPECT_TRUE(made);
    return *made;
  }
  std::vector<Downsampler::Track> tracks;
  std::vector<Bucket> buckets;
  std::vector<Claimed::Span> moments;
};

/// A ledger and its memory.
struct Ledger {
  Ledger(std::size_t accounts, std::size_t waiting_of, std::size_t moments_of)
      : entries(accounts),
        figures(accounts),
        waiting(accounts * waiting_of),
        moments(accounts * moments_of) {}
  EnergyLedger make() {
    auto made = EnergyLedger::create(hour(), {}, {entries, figures, waiting, moments});
    EXPECT_TRUE(made);
    return *made;
  }
  std::vector<EnergyLedger::Entry> entries;
  std::vector<EnergyFigure> figures;
  std::vector<EnergyLine::Segment> waiting;
  std::vector<Claimed::Span> moments;
};

TEST(Claimed, ForgetsTheOldestHoleAndNeverGivesAMomentTwice) {
  std::array<Claimed::Span, 3> room;
  Claimed claimed(room);
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
  EXPECT_EQ(claim(50, 60), (Pieces{{50, 60}}));
  EXPECT_EQ(claim(60, 70), (Pieces{{60, 70}}));  // Goes on: needs no room.
  EXPECT_EQ(claimed.forgotten(), 0U);
  EXPECT_EQ(claim(80, 90), (Pieces{{80, 90}}));
  EXPECT_EQ(claimed.forgotten(), 1U);
  EXPECT_EQ(claim(20, 30), Pieces{});            // The hole that was forgotten.
  EXPECT_EQ(claim(35, 55), (Pieces{{40, 50}}));  // Those that were not.
  EXPECT_EQ(claim(65, 85), (Pieces{{70, 80}}));
  EXPECT_EQ(claim(0, 100), (Pieces{{0, 10}, {90, 100}}));
  EXPECT_EQ(claimed.forgotten(), 1U);
}

TEST(GridView, OfOneWidthAndByItsEdgesIsTheSame) {
  const auto uniform = GridView::uniform(at_s(-7), at_s(25), seconds(10));
  const std::array edges{at_s(-7), at_s(3), at_s(13), at_s(23), at_s(25)};
  const auto listed = GridView::of(edges);
  ASSERT_TRUE(uniform && listed);
  ASSERT_EQ(uniform->size(), 4U);
  ASSERT_EQ(listed->size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(uniform->begin_of(i), listed->begin_of(i));
    EXPECT_EQ(uniform->end_of(i), listed->end_of(i));
  }
  for (std::int64_t second = -9; second <= 26; ++second) {
    EXPECT_EQ(uniform->bucket_at(at_s(second)), listed->bucket_at(at_s(second))) << second;
  }
}

TEST(GridView, ReachesOverAllOfTime) {
  const UtcInstant first{Duration::min()};
  const UtcInstant last{Duration::max()};
  const auto grid = GridView::uniform(first, last, Duration::max());
  ASSERT_TRUE(grid);
  ASSERT_EQ(grid->size(), 3U);
  EXPECT_EQ(grid->begin_of(1), UtcInstant{microseconds(-1)});
  EXPECT_EQ(grid->end_of(2), last);
  EXPECT_EQ(grid->bucket_at(first), 0U);
  EXPECT_EQ(grid->bucket_at(UtcInstant{microseconds(-1)}), 1U);
  EXPECT_EQ(grid->bucket_at(UtcInstant{microseconds(std::numeric_limits<std::int64_t>::max() - 1)}),
            2U);
}

TEST(AggregateDownsampler, RefusesAPointTooManyAndTheRowCountsForNothing) {
  Buckets memory(1, 3);
  Downsampler down = memory.make({});
  const auto one = row_at(0, {{kPower, 5}});
  const auto two = row_at(1, {{kPower, 9}, {kCounter, 7}});
  EXPECT_TRUE(down.row(one.view()));
  EXPECT_EQ(down.row(two.view()).error().code, Errc::resource_exhausted);
  EXPECT_EQ(down.row(two.view()).error().code, Errc::resource_exhausted);
  EXPECT_EQ(down.size(), 1U);
  EXPECT_EQ(down.buckets(0)[0].count, 1U);
  EXPECT_EQ(down.buckets(0)[0].known, Duration::zero());
  const auto three = row_at(2, {{kPower, 1}});
  EXPECT_TRUE(down.row(three.view()));
  EXPECT_EQ(down.buckets(0)[0].known, seconds(2));
}

TEST(AggregateDownsampler, RefusesARoomThatDoesNotFit) {
  Buckets memory(2, 3);
  const auto code = [&](Downsampler::Room room) {
    const auto made = Downsampler::create(hour(), {}, {}, room);
    return made ? Errc::internal : made.error().code;
  };
  const std::span<Downsampler::Track> tracks(memory.tracks);
  const std::span<Bucket> buckets(memory.buckets);
  const std::span<Claimed::Span> moments(memory.moments);
  EXPECT_EQ(code({tracks, buckets.first(1), moments}), Errc::invalid_argument);
  EXPECT_EQ(code({tracks, buckets, moments.first(2)}), Errc::invalid_argument);
  EXPECT_EQ(code({{}, buckets, moments}), Errc::invalid_argument);
  EXPECT_EQ(code({tracks, buckets, moments}), Errc::internal);
  const std::array twice{kPower, kPower};
  EXPECT_EQ(Downsampler::create(hour(), twice, {}, {tracks, buckets, moments}).error().offset, 1U);
}

TEST(AggregateDownsampler, OldBucketsOfTheMemoryAreCleared) {
  Buckets memory(1, 3);
  memory.buckets[0].count = 7;
  EXPECT_EQ(memory.make({kPower}).buckets(0)[0], Bucket{});
}

TEST(Bucket, TheMeanInThousandthsIsExact) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  Bucket bucket;
  EXPECT_EQ(bucket.mean_milli(), std::nullopt);
  bucket.speak(1, microseconds(1));
  bucket.speak(0, microseconds(2));
  EXPECT_EQ(bucket.mean_milli(), 333);
  bucket.speak(-3, microseconds(3));
  EXPECT_EQ(bucket.mean_milli(), -1'333);
  Bucket half;
  half.speak(1, microseconds(1));
  half.speak(0, microseconds(1'999));
  EXPECT_EQ(half.mean_milli(), 1);  // 0.5 up.
  Bucket large;
  large.speak(kMax / 1'000, microseconds(kMax));
  EXPECT_EQ(large.mean_milli(), kMax / 1'000 * 1'000);
  large = {};
  large.speak(kMax, microseconds(7));
  EXPECT_EQ(large.mean_milli(), kMax);  // Saturates.
}

TEST(AggregateLedger, GivesUpTheCounterWhenNoMorePowersCanWait) {
  Ledger wide(8, 100, 8);
  Ledger tight(8, 3, 8);
  EnergyLedger all = wide.make();
  EnergyLedger few = tight.make();
  for (EnergyLedger* ledger : {&all, &few}) {
    const auto first = row_at(0, {{kPower, 3'600}, {kCounter, 1'000}});
    EXPECT_TRUE(ledger->row(first.view()));
    for (int second = 1; second <= 10; ++second) {  // The counter is silent, power changes.
      const auto row = row_at(second, {{kPower, 3'600 + second}, {kCounter, std::nullopt}});
      EXPECT_TRUE(ledger->row(row.view()));
    }
    const auto last = row_at(11, {{kPower, 0}, {kCounter, 1'020}});
    EXPECT_TRUE(ledger->row(last.view()));
    ledger->finish();
  }
  const EnergyLine& waited = all.entries()[0].line;
  EXPECT_EQ(waited.given_up(), 0U);
  EXPECT_EQ(waited.figures()[0].counter_mwh, 20'000);
  EXPECT_EQ(waited.figures()[0].known_power, Duration::zero());
  const EnergyLine& gave_up = few.entries()[0].line;
  EXPECT_EQ(gave_up.given_up(), 1U);
  EXPECT_EQ(gave_up.figures()[0].counter_mwh, 0);
  EXPECT_EQ(gave_up.figures()[0].known_power, seconds(11));  // Nothing is lost, power answers.
  EXPECT_EQ(gave_up.figures()[0].energy_mwh(), 11'015);      // 3600 W x 11 s + 55 Ws.
}

TEST(AggregateLedger, RefusesAnAccountTooManyAndTheRowCountsForNothing) {
  Ledger memory(1, 1, 3);
  EnergyLedger ledger = memory.make();
  const auto row = row_at(0, {{kPower, 3'600}});  // Two accounts.
  EXPECT_EQ(ledger.row(row.view()).error().code, Errc::resource_exhausted);
  EXPECT_EQ(ledger.settled_until(), std::nullopt);
  EXPECT_EQ(EnergyLedger::create(hour(), {}, {memory.entries, {}, memory.waiting, memory.moments})
                .error()
                .code,
            Errc::invalid_argument);
}

TEST(AggregateLedger, IsSettledUpToTheLastReadingOfEachCounter) {
  Ledger memory(2, 8, 3);
  EnergyLedger ledger = memory.make();
  const auto first = row_at(0, {{kPower, 1}, {kCounter, std::nullopt}});
  const auto second = row_at(1, {{kPower, 2}, {kCounter, 5}});
  const auto third = row_at(2, {{kPower, 3}, {kCounter, std::nullopt}});
  EXPECT_TRUE(ledger.row(first.view()));
  EXPECT_FALSE(ledger.counters_began());
  EXPECT_EQ(ledger.settled_until(), at_s(0));
  EXPECT_TRUE(ledger.row(second.view()));
  EXPECT_TRUE(ledger.counters_began());
  EXPECT_TRUE(ledger.row(third.view()));
  EXPECT_EQ(ledger.settled_until(), at_s(1));
  ledger.gap();
  EXPECT_EQ(ledger.settled_until(), std::nullopt);
}

}  // namespace
}  // namespace ems::aggregate
