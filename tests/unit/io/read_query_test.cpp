// SPDX-License-Identifier: Apache-2.0
// Queries on a store's file: a bucket is the same in whatever range it is asked.
#include "ems/io/store/read_query.hpp"

#include <gtest/gtest.h>

#include "ems/io/store/store_reader.hpp"
#include "support/query_rows.hpp"
#include "support/temp_dir.hpp"

namespace ems::io {
namespace {

using query::EnergyAccount;
using query::EnergyFlow;
using query::Grid;
using test::at_s;
using test::kGridPower;
using test::row_at;

constexpr Point kCounter{meter(1), Signal::energy_imported, 0};
constexpr EnergyAccount kImport{meter(1), EnergyFlow::imported};
constexpr EnergyAccount kSiteImport{kSite, EnergyFlow::imported};

/// A store with rows each second but for an outage, 500 W, and a counter on some.
class ReadQuery : public testing::Test {
 protected:
  void SetUp() override {
    auto store = EdgeStore::open(path_);
    ASSERT_TRUE(store);
    for (int s = -7'200; s <= 7'200; ++s) {
      if (s > 1'000 && s < 4'000) continue;  // Nobody was there.
      const bool read = s < -3'000 || s >= 4'000 || s % 60 == 0;
      const test::OwnedRow row = row_at(
          s, {{kGridPower, 500}, {kCounter, read ? std::optional(100'000 + s) : std::nullopt}});
      ASSERT_TRUE(store->append(row.view()));
    }
    ASSERT_TRUE(store->commit());
    Result<StoreReader> opened = StoreReader::open(path_);
    ASSERT_TRUE(opened);
    reader_.emplace(std::move(*opened));
  }
  test::TempDir folder_;
  const std::string path_ = folder_ / "store.db";
  std::optional<StoreReader> reader_;
};

TEST_F(ReadQuery, ABucketIsTheSameInWhateverRange) {
  const Grid grid = *Grid::uniform(at_s(-600), at_s(6'000), seconds(300));
  const std::vector<Point> points{kGridPower, kCounter};
  const auto whole = read_buckets(*reader_, grid, points);
  ASSERT_TRUE(whole);
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const auto one = read_buckets(*reader_, *Grid::of({grid.begin_of(i), grid.end_of(i)}), points);
    for (std::size_t point = 0; point < 2; ++point) {
      ASSERT_EQ(one->buckets(point)[0], whole->buckets(point)[i]) << i;
    }
  }
  EXPECT_EQ(whole->buckets(0)[0].known, seconds(300));
  EXPECT_DOUBLE_EQ(*whole->buckets(0)[0].mean(), 500);
  EXPECT_EQ(whole->buckets(0)[10].known, Duration::zero());  // The outage.
}

TEST_F(ReadQuery, APeriodHasTheSameEnergyInWhateverRange) {
  const Grid grid = *Grid::uniform(at_s(-600), at_s(6'000), seconds(300));
  const auto whole = read_energy(*reader_, grid);
  ASSERT_TRUE(whole);
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const auto one = read_energy(*reader_, *Grid::of({grid.begin_of(i), grid.end_of(i)}));
    ASSERT_TRUE(one);
    for (const EnergyAccount& account : {kImport, kSiteImport}) {
      const auto figures = one->figures(account);
      if (figures.empty()) {  // No row of the range has the point.
        ASSERT_EQ(whole->figures(account)[i].known(), Duration::zero()) << i;
        continue;
      }
      ASSERT_EQ(figures[0], whole->figures(account)[i]) << i;
    }
  }
}

TEST_F(ReadQuery, TheCounterMeasuresTheOutageAcrossTheRange) {
  const auto inside = read_energy(*reader_, *Grid::of({at_s(2'000), at_s(3'000)}));
  ASSERT_TRUE(inside);
  ASSERT_EQ(inside->figures(kImport).size(), 1U);
  const query::EnergyFigure& figure = inside->figures(kImport)[0];
  EXPECT_EQ(figure.energy_mwh(), 1'000'000);  // A Wh each second.
  EXPECT_EQ(figure.spread, seconds(1'000));
  EXPECT_EQ(inside->figures(kSiteImport)[0].known(), Duration::zero());
}

TEST_F(ReadQuery, RowsThatAreKnownToBeLostBreakTheTime) {
  class TwoRowsAndAGap final : public RowSource {
   public:
    Result<void> read(telemetry::Stream, const UtcRange&, RowSink& sink) override {
      const auto first = row_at(0, {{kGridPower, 3'600}});
      const auto second = row_at(2, {{kGridPower, 3'600}});
      (void)sink.row({}, first.view());
      if (lost) (void)sink.gap({}, {2, 9, telemetry::GapReason::evicted});
      (void)sink.row({}, second.view());
      return {};
    }
    bool lost = false;
  } rows;
  const Grid grid = *Grid::of({at_s(0), at_s(2)});
  EXPECT_EQ(read_buckets(rows, grid)->buckets(0)[0].known, seconds(2));
  rows.lost = true;
  EXPECT_EQ(read_buckets(rows, grid)->buckets(0)[0].known, Duration::zero());
}

TEST_F(ReadQuery, ALossIsToldFromOneOfAnotherStoreWithTheSameCounter) {
  class TwoStores final : public RowSource {
   public:
    Result<void> read(telemetry::Stream, const UtcRange& range, RowSink& sink) override {
      for (int s = -50; s <= 50; ++s) {
        const auto seed = static_cast<std::uint8_t>(s < 10 ? 1 : 2);
        const RowId lost{telemetry::Stream::telemetry, test::epoch(seed), 2};
        if (s == -10 || s == 10) (void)sink.gap(lost, {2, 9, telemetry::GapReason::corrupt});
        const auto row = row_at(s, {{kGridPower, 3'600}});
        if (range.contains(at_s(s))) (void)sink.row({}, row.view());
      }
      return {};
    }
  } rows;
  const auto ledger = read_energy(rows, *Grid::of({at_s(0), at_s(20)}));
  EXPECT_EQ(ledger->figures(kSiteImport)[0].known(), seconds(19));
}

TEST_F(ReadQuery, ALossOfUnknownTimeBreaksTheTimeOnceNotInEveryRange) {
  class RowsAfterALoss final : public RowSource {
   public:
    Result<void> read(telemetry::Stream, const UtcRange& range, RowSink& sink) override {
      for (int s = -50; s <= 50; ++s) {
        if (s == lost_at) (void)sink.gap({}, {2, 9, telemetry::GapReason::corrupt});
        const auto row = row_at(s, {{kGridPower, 3'600}});
        if (range.contains(at_s(s))) (void)sink.row({}, row.view());
      }
      return {};
    }
    int lost_at = -10;
  } rows;
  const Duration half = milliseconds(500);
  const Grid grid = *Grid::of({at_s(0) + half, at_s(20) + half});
  const auto known = [&] { return read_energy(rows, grid)->figures(kSiteImport)[0].known(); };
  EXPECT_EQ(known(), seconds(20));
  rows.lost_at = 1;  // Between the rows beside the range's begin.
  EXPECT_EQ(known(), seconds(20) - half);
  rows.lost_at = 10;
  EXPECT_EQ(known(), seconds(19));
}

TEST_F(ReadQuery, AShortBridgeNeedsNoRowsBeforeTheRange) {
  const Grid grid = *Grid::of({at_s(-7'200), at_s(-7'100)});
  const auto short_bridge = read_energy(*reader_, grid, {.bridge_max = seconds(60)});
  ASSERT_TRUE(short_bridge);
  EXPECT_EQ(short_bridge->figures(kImport)[0].energy_mwh(), 100'000);
}

TEST_F(ReadQuery, ExportsWhatIsThereInPieces) {
  std::string csv;
  std::size_t pieces = 0;
  const auto write = [&](std::string_view piece) {
    csv += piece;
    ++pieces;
    return true;
  };
  ASSERT_TRUE(export_rows(*reader_, {}, {at_s(999), at_s(4'002)}, {}, write));
  EXPECT_EQ(csv,
            "time,site site_grid_power_w,meter/1 energy_imported_wh\r\n"
            "2026-09-21T14:29:59.000000Z,500,\r\n"
            "2026-09-21T14:30:00.000000Z,500,\r\n"
            "2026-09-21T15:20:00.000000Z,500,104000\r\n"
            "2026-09-21T15:20:01.000000Z,500,104001\r\n");
  csv.clear();
  ASSERT_TRUE(export_rows(*reader_, {}, {}, {}, write));
  EXPECT_GT(pieces, 3U);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 14'401 - 2'999);
  std::string lines;
  ASSERT_TRUE(export_rows(*reader_, std::vector{kCounter}, {at_s(4'000), at_s(4'001)},
                          {.form = ExportOptions::Form::line_protocol, .tags = {{"agent", "a"}}},
                          [&](std::string_view piece) {
                            lines += piece;
                            return true;
                          }));
  EXPECT_EQ(lines, "meter,asset=meter/1,agent=a energy_imported_wh=104000i 1790004000000000000\n");
  const auto tagged = [&](std::vector<std::pair<std::string, std::string>> tags) {
    const auto form = ExportOptions::Form::line_protocol;
    const auto done = export_rows(*reader_, {}, {}, {.form = form, .tags = std::move(tags)},
                                  [](std::string_view) { return false; });
    return std::pair(done.error().code, int{done.error().offset});
  };
  EXPECT_EQ(tagged({{"agent", "a"}}).first, Errc::cancelled);
  EXPECT_EQ(tagged({{"agent", "a"}, {"asset", "b"}}), std::pair(Errc::invalid_argument, 1));
  EXPECT_EQ(tagged({{"time", "b"}}), std::pair(Errc::invalid_argument, 0));
  EXPECT_EQ(tagged({{"", "b"}}), std::pair(Errc::invalid_argument, 0));
  EXPECT_EQ(tagged({{"b", "1"}, {"b", "2"}}), std::pair(Errc::invalid_argument, 1));
  EXPECT_EQ(export_rows(*reader_, std::vector{kCounter, kCounter}, {}, {}, write).error().code,
            Errc::invalid_argument);
}

TEST_F(ReadQuery, PointsAreThoseOfTheRange) {
  EXPECT_EQ(*read_points(*reader_), (std::vector{kGridPower, kCounter}));
  EXPECT_EQ(*read_points(*reader_, {at_s(10), at_s(11)}), (std::vector{kGridPower, kCounter}));
  EXPECT_TRUE(read_points(*reader_, {at_s(2'000), at_s(3'000)})->empty());
}

TEST_F(ReadQuery, RefusalsComeThrough) {
  const Grid grid = *Grid::uniform(at_s(0), at_s(60), seconds(1));
  EXPECT_EQ(read_buckets(*reader_, grid, std::vector{kGridPower, kGridPower}).error().code,
            Errc::invalid_argument);
  EXPECT_EQ(read_energy(*reader_, grid, {.power_max_w = -1}).error().code, Errc::invalid_argument);
  class Broken final : public RowSource {
    Result<void> read(telemetry::Stream, const UtcRange&, RowSink&) override {
      return fail(Errc::corrupt, 0, "broken");
    }
  } broken;
  EXPECT_EQ(read_buckets(broken, grid).error().code, Errc::corrupt);
  EXPECT_EQ(read_energy(broken, grid).error().code, Errc::corrupt);
}

}  // namespace
}  // namespace ems::io
