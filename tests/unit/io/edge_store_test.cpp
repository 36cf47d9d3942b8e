// SPDX-License-Identifier: Apache-2.0
#include "ems/io/store/edge_store.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "ems/io/store/store_reader.hpp"
#include "support/telemetry_rows.hpp"
#include "support/temp_dir.hpp"

namespace {

using namespace ems;
using namespace ems::io;
using namespace ems::telemetry;
using namespace ems::test;

constexpr std::size_t kAll = SIZE_MAX;

EdgeStore must_open(const std::string& path, const EdgeStoreOptions& options = {}) {
  Result<EdgeStore> store = EdgeStore::open(path, options);
  EXPECT_TRUE(store.has_value()) << store.error().what;
  return std::move(store).value();
}

void add_rows(EdgeStore& store, std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t n = first; n <= last; ++n) {
    const Result<Sequence> sequence = store.append(numbered_row(n).view());
    ASSERT_TRUE(sequence) << sequence.error().what;
    ASSERT_EQ(*sequence, n);
  }
}

std::vector<StoredItem> must_peek(EdgeStore& store, Stream stream, Sequence after,
                                  std::size_t bytes = kAll) {
  Result<std::vector<StoredItem>> items = store.peek(stream, after, bytes);
  EXPECT_TRUE(items.has_value()) << items.error().what;
  return items ? *items : std::vector<StoredItem>{};
}

/// Sequences in items that are rows, after checking that the items join without a hole.
std::vector<Sequence> held(const std::vector<StoredItem>& items, Sequence after) {
  std::vector<Sequence> rows;
  for (const StoredItem& item : items) {
    EXPECT_EQ(item.first, after + 1);
    after = item.last;
    if (item.gap) {
      EXPECT_EQ(item.gap->first, item.first);
      EXPECT_EQ(item.gap->last, item.last);
      continue;
    }
    const std::vector<OwnedRow> content = rows_of(item.block);
    EXPECT_EQ(content.size(), item.last - item.first + 1);
    for (std::size_t i = 0; i < content.size(); ++i) {
      EXPECT_EQ(content[i], numbered_row(item.first + i));
      rows.push_back(item.first + i);
    }
  }
  return rows;
}

void sql(const std::string& path, const std::string& text) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(db);
  sqlite3_close(db);
}

TEST(EdgeStore, KeepsCommittedRowsAndTheirIdentity) {
  const TempDir dir;
  Epoch first_epoch;
  {
    EdgeStore store = must_open(dir / "s.db");
    EXPECT_TRUE(store.open_report().created);
    EXPECT_EQ(store.epoch().counter, 1U);
    first_epoch = store.epoch();
    add_rows(store, 1, 100);
    EXPECT_EQ(store.mark(Stream::telemetry).last, 0U);
    ASSERT_TRUE(store.commit());
    EXPECT_EQ(store.mark(Stream::telemetry).last, 100U);
    add_rows(store, 101, 105);  // The loss window: never committed.
  }
  EdgeStore store = must_open(dir / "s.db");
  EXPECT_FALSE(store.open_report().created);
  EXPECT_EQ(store.open_report().corrupt_rows, 0U);
  EXPECT_EQ(store.epoch(), first_epoch);
  EXPECT_EQ(store.mark(Stream::telemetry).last, 100U);
  add_rows(store, 101, 130);
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(held(must_peek(store, Stream::telemetry, 0), 0).size(), 130U);
}

TEST(EdgeStore, TheOpenBlockGrowsInPlace) {
  const TempDir dir;
  EdgeStore store = must_open(dir / "s.db");
  for (std::uint64_t n = 1; n <= 150; ++n) {
    add_rows(store, n, n);
    ASSERT_TRUE(store.commit());
    // The new row is sent at once, alone.
    const auto items = must_peek(store, Stream::telemetry, n - 1);
    ASSERT_EQ(items.size(), 1U);
    ASSERT_EQ(held(items, n - 1), std::vector<Sequence>{n});
  }
  EXPECT_EQ(store.counters().blocks_held, 3U);  // 60 + 60 + 30.
  EXPECT_EQ(store.counters().commits, 150U);
  std::size_t bytes = 0;
  for (const StoredItem& item : must_peek(store, Stream::telemetry, 0)) bytes += item.block.size();
  EXPECT_EQ(store.counters().bytes_held, bytes);
}

TEST(EdgeStore, TheDefaultSpanIsThatOfAFullBlockWithinBounds) {
  EXPECT_EQ(default_block_span(milliseconds(100)), seconds(60));
  EXPECT_EQ(default_block_span(seconds(1)), seconds(60));
  EXPECT_EQ(default_block_span(seconds(10)), seconds(600));
  EXPECT_EQ(default_block_span(seconds(60)), seconds(3600));
  for (const Duration odd : {Duration::max(), seconds(61)}) {
    EXPECT_EQ(default_block_span(odd), seconds(3600));
  }
  for (const Duration odd : {Duration::min(), Duration::zero()}) {
    EXPECT_EQ(default_block_span(odd), seconds(60));
  }
  EXPECT_EQ(EdgeStoreOptions{}.block_span, seconds(60));
}

TEST(EdgeStore, PeekStopsAtItsBudgetButGivesOneItem) {
  const TempDir dir;
  EdgeStore store = must_open(dir / "s.db");
  add_rows(store, 1, 600);
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(must_peek(store, Stream::telemetry, 0, 1).size(), 1U);
  const auto some = must_peek(store, Stream::telemetry, 0, store.counters().bytes_held / 2);
  EXPECT_GT(some.size(), 1U);
  EXPECT_LT(some.size(), 10U);
  EXPECT_EQ(held(must_peek(store, Stream::telemetry, 90), 90).front(), 91U);
  EXPECT_TRUE(must_peek(store, Stream::telemetry, 600).empty());
  EXPECT_TRUE(must_peek(store, Stream::telemetry, 9999).empty());
}

TEST(EdgeStore, AContextChangeClosesTheBlock) {
  const TempDir dir;
  EdgeStore store = must_open(dir / "s.db");
  store.set_context(7, ClockQuality::synced);
  add_rows(store, 1, 5);
  store.set_context(8, ClockQuality::synced);
  add_rows(store, 6, 9);
  ASSERT_TRUE(store.commit());
  const auto items = must_peek(store, Stream::telemetry, 0);
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(BlockReader::open(items[0].block)->header().context.limits_hash, 7U);
  EXPECT_EQ(BlockReader::open(items[1].block)->header().context.limits_hash, 8U);
  EXPECT_EQ(BlockReader::open(items[1].block)->header().context.catalogue_hash, catalogue_hash());
}

TEST(EdgeStore, StreamsCountApart) {
  const TempDir dir;
  EdgeStore store = must_open(dir / "s.db");
  add_rows(store, 1, 3);
  EXPECT_EQ(*store.append(Stream::audit, text_record(1, "trip").view()), 1U);
  EXPECT_EQ(*store.append(Stream::decisions, text_record(1, "why").view()), 1U);
  EXPECT_EQ(*store.append(Stream::audit, text_record(2, "reset").view()), 2U);
  EXPECT_EQ(store.append(Stream::telemetry, text_record(1, "x").view()).error().code,
            Errc::invalid_argument);
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(store.mark(Stream::audit).last, 2U);
  EXPECT_EQ(must_peek(store, Stream::audit, 0).size(), 1U);
}

TEST(EdgeStore, AcknowledgementsOnlyMoveForwardAndSurvive) {
  const TempDir dir;
  {
    EdgeStore store = must_open(dir / "s.db");
    add_rows(store, 1, 50);
    ASSERT_TRUE(store.commit());
    ASSERT_TRUE(store.acknowledge(Stream::telemetry, store.epoch(), 30));
    ASSERT_TRUE(store.acknowledge(Stream::telemetry, store.epoch(), 20));
    EXPECT_EQ(store.mark(Stream::telemetry).acknowledged, 30U);
    EXPECT_EQ(store.acknowledge(Stream::telemetry, epoch(1), 40).error().code, Errc::aborted);
    EXPECT_EQ(store.acknowledge(Stream::telemetry, store.epoch(), 51).error().code,
              Errc::failed_precondition);
    ASSERT_TRUE(store.commit());
  }
  EdgeStore store = must_open(dir / "s.db");
  EXPECT_EQ(store.mark(Stream::telemetry).acknowledged, 30U);
  ASSERT_TRUE(store.rewind(Stream::telemetry, store.epoch(), 10));
  EXPECT_EQ(store.mark(Stream::telemetry).acknowledged, 10U);
}

TEST(EdgeStore, WhatWasDeliveredEvictedAndAskedForAgainIsNotCorrupt) {
  const TempDir dir;
  EdgeStoreOptions options;
  options.budget_bytes = 8'000;
  std::uint64_t evicted = 0;
  {
    EdgeStore store = must_open(dir / "s.db", options);
    for (std::uint64_t n = 0; evicted == 0 && n < 100; ++n) {
      add_rows(store, n * 60 + 1, n * 60 + 60);
      ASSERT_TRUE(store.commit());
      ASSERT_TRUE(store.acknowledge(Stream::telemetry, store.epoch(), n * 60 + 60));
      evicted = store.mark(Stream::telemetry).first_held - 1;
    }
    ASSERT_GT(evicted, 0U);
    ASSERT_TRUE(store.rewind(Stream::telemetry, store.epoch(), 10));  // A new or restored server.
    ASSERT_TRUE(store.commit());
  }
  EdgeStore store = must_open(dir / "s.db", options);
  EXPECT_EQ(store.open_report().corrupt_rows, 0U);
  EXPECT_TRUE(alarms_of(store.open_report()).empty());
  EXPECT_EQ(store.counters().rows_lost_ever[1], 0U);
  EXPECT_EQ(store.mark(Stream::telemetry).acknowledged, 10U);
  const auto items = must_peek(store, Stream::telemetry, 10);
  ASSERT_TRUE(items.front().gap);
  EXPECT_EQ(items.front().gap->reason, GapReason::not_held);
  EXPECT_EQ(items.front().first, 11U);
  EXPECT_EQ(items.front().last, evicted);
}

TEST(EdgeStore, RetentionTakesAcknowledgedThenTelemetryThenDecisionsNeverAudit) {
  const TempDir dir;
  EdgeStoreOptions options;
  options.budget_bytes = 26'000;
  EdgeStore store = must_open(dir / "s.db", options);
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(store.append(Stream::audit, text_record(i, std::string(100, 'a')).view()));
    ASSERT_TRUE(store.append(Stream::decisions, text_record(i, std::string(100, 'd')).view()));
  }
  add_rows(store, 1, 600);
  ASSERT_TRUE(store.commit());
  ASSERT_TRUE(store.acknowledge(Stream::telemetry, store.epoch(), 300));
  std::uint64_t n = 600;
  while (store.counters().rows_evicted[1] < 300) {
    add_rows(store, n + 1, n + 60);
    n += 60;
    ASSERT_TRUE(store.commit());
    ASSERT_EQ(store.counters().rows_lost[1], 0U) << "acknowledged rows go first";
    ASSERT_LT(n, 10'000U);
  }
  EXPECT_EQ(store.mark(Stream::telemetry).first_held, 301U);
  // What the server asks for again, and is gone, comes as a gap that says so.
  auto items = must_peek(store, Stream::telemetry, 0);
  ASSERT_TRUE(items.front().gap);
  EXPECT_EQ(items.front().gap->reason, GapReason::not_held);
  EXPECT_EQ(items.front().last, 300U);

  while (store.counters().rows_lost[2] == 0) {
    ASSERT_TRUE(store.append(Stream::audit, text_record(1, std::string(4000, 'a')).view()));
    ASSERT_TRUE(store.commit());
    if (store.counters().rows_lost[2] == 0 && store.counters().bytes_held > options.budget_bytes) {
      break;
    }
  }
  EXPECT_GT(store.counters().rows_lost[1], 0U);
  EXPECT_EQ(store.counters().rows_lost[0], 0U);
  items = must_peek(store, Stream::telemetry, 300);
  ASSERT_FALSE(items.empty());
  ASSERT_TRUE(items.front().gap);
  EXPECT_EQ(items.front().gap->reason, GapReason::evicted);
  EXPECT_EQ(items.front().first, 301U);
  EXPECT_TRUE(items.front().gap->time_known);
  const auto rows = held(items, 300);  // Gaps and rows join up to the mark.
  EXPECT_EQ(items.back().last, n);
  EXPECT_EQ(rows.size() + store.counters().rows_lost[1], n - 300);
  for (const StoredItem& item : must_peek(store, Stream::audit, 0)) EXPECT_FALSE(item.gap);
}

TEST(EdgeStore, AnAcknowledgedPartOfAnEvictedBlockIsNotAGap) {
  const TempDir dir;
  EdgeStoreOptions options;
  options.budget_bytes = 500;  // Less than these blocks.
  EdgeStore store = must_open(dir / "s.db", options);
  add_rows(store, 1, 60);
  ASSERT_TRUE(store.commit());
  ASSERT_TRUE(store.acknowledge(Stream::telemetry, store.epoch(), 25));
  add_rows(store, 61, 240);
  ASSERT_TRUE(store.commit());
  const auto items = must_peek(store, Stream::telemetry, 25);
  ASSERT_TRUE(items.front().gap);
  EXPECT_EQ(items.front().first, 26U);
  EXPECT_EQ(items.front().gap->reason, GapReason::evicted);
  EXPECT_EQ(store.counters().rows_lost[1], items.front().last - 25);
}

TEST(EdgeStore, ANewEpochTakesUndeliveredRowsWithIt) {
  const TempDir dir;
  EdgeStore store = must_open(dir / "s.db");
  add_rows(store, 1, 150);
  ASSERT_TRUE(store.append(Stream::audit, text_record(1, "trip").view()));
  ASSERT_TRUE(store.commit());
  ASSERT_TRUE(store.acknowledge(Stream::telemetry, store.epoch(), 70));
  const Epoch before = store.epoch();
  const auto next = store.open_new_epoch();
  ASSERT_TRUE(next) << next.error().what;
  EXPECT_EQ(next->counter, before.counter + 1);
  EXPECT_NE(next->random, before.random);
  EXPECT_EQ(store.mark(Stream::telemetry).last, 80U);
  EXPECT_EQ(store.mark(Stream::telemetry).acknowledged, 0U);
  EXPECT_EQ(store.mark(Stream::audit).last, 1U);
  ASSERT_TRUE(store.append(numbered_row(151).view()));
  ASSERT_TRUE(store.commit());
  std::vector<OwnedRow> rows;
  Sequence expected = 1;
  for (const StoredItem& item : must_peek(store, Stream::telemetry, 0)) {
    EXPECT_EQ(item.epoch, *next);
    EXPECT_EQ(item.first, expected);
    expected = item.last + 1;
    for (const OwnedRow& row : rows_of(item.block)) rows.push_back(row);
  }
  ASSERT_EQ(rows.size(), 81U);
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i], numbered_row(71 + i));
  // Locally every row is still there once.
  StoreReader reader = std::move(StoreReader::open(dir / "s.db")).value();
  const auto columns = read_columns(reader, {}, {});
  ASSERT_TRUE(columns);
  EXPECT_EQ(columns->utc_us.size(), 151U);
}

TEST(EdgeStore, KeyValuesAreDurableAtOnce) {
  const TempDir dir;
  const std::vector<std::byte> value{std::byte{1}, std::byte{0}, std::byte{255}};
  {
    EdgeStore store = must_open(dir / "s.db");
    EXPECT_EQ(store.get("latch")->has_value(), false);
    ASSERT_TRUE(store.put("latch", value));
    ASSERT_TRUE(store.put("mode", {}));
    EXPECT_EQ(store.put("", value).error().code, Errc::invalid_argument);
    EXPECT_EQ(store.put("big", std::vector<std::byte>(64 * 1024 + 1)).error().code,
              Errc::invalid_argument);
  }
  EdgeStore store = must_open(dir / "s.db");
  EXPECT_EQ(**store.get("latch"), value);
  EXPECT_TRUE((*store.get("mode"))->empty());
  ASSERT_TRUE(store.erase("latch"));
  EXPECT_FALSE(store.get("latch")->has_value());
}

TEST(EdgeStore, RefusesWhatIsNotItsOwn) {
  const TempDir dir;
  std::ofstream(dir / "text") << std::string(5000, 'x');
  EXPECT_EQ(EdgeStore::open(dir / "text").error().code, Errc::header);
  sql(dir / "other.db", "CREATE TABLE t(x); PRAGMA application_id=1");
  EXPECT_EQ(EdgeStore::open(dir / "other.db").error().code, Errc::header);
  { (void)must_open(dir / "newer.db"); }
  sql(dir / "newer.db", "PRAGMA user_version=4");
  EXPECT_EQ(EdgeStore::open(dir / "newer.db").error().code, Errc::schema);
  EXPECT_EQ(StoreReader::open(dir / "newer.db").error().code, Errc::schema);
  EdgeStoreOptions no_create;
  no_create.create = false;
  EXPECT_EQ(EdgeStore::open(dir / "none.db", no_create).error().code, Errc::not_found);
  EXPECT_FALSE(std::filesystem::exists(dir / "none.db"));
  EXPECT_EQ(StoreReader::open(dir / "none.db").error().code, Errc::not_found);
  EXPECT_EQ(EdgeStore::open(dir / "no/such/folder.db").error().code, Errc::io);
}

TEST(EdgeStore, ASecondWriterIsRefused) {
  const TempDir dir;
  EdgeStore store = must_open(dir / "s.db");
  EXPECT_EQ(EdgeStore::open(dir / "s.db").error().code, Errc::unavailable);
}

TEST(EdgeStore, WrongRowsAreRefusedAndTakeNoSequence) {
  const TempDir dir;
  EdgeStore store = must_open(dir / "s.db");
  OwnedRow wrong = numbered_row(1);
  wrong.values.pop_back();
  EXPECT_EQ(store.append(wrong.view()).error().code, Errc::invalid_argument);
  add_rows(store, 1, 1);
}

TEST(EdgeStore, ReaderWeighsWhatNobodyAcknowledged) {
  const TempDir dir;
  EdgeStore store = must_open(dir / "s.db");
  const auto backlog = [&dir] {
    return (*StoreReader::open(dir / "s.db")->backlog_bytes())[index_of(Stream::telemetry)];
  };
  EXPECT_EQ(backlog(), 0U);
  add_rows(store, 1, 3000);  // Several blocks.
  EXPECT_EQ(backlog(), 0U) << "not committed";
  ASSERT_TRUE(store.commit());
  const std::uint64_t all = backlog();
  EXPECT_EQ(all, store.counters().bytes_held);
  ASSERT_TRUE(store.acknowledge(Stream::telemetry, store.epoch(), 2000));
  ASSERT_TRUE(store.commit());
  EXPECT_LT(backlog(), all);
  EXPECT_GT(backlog(), 0U);
  ASSERT_TRUE(store.acknowledge(Stream::telemetry, store.epoch(), 3000));
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(backlog(), 0U);
  EXPECT_EQ(store.counters().bytes_held, all) << "acknowledged blocks stay";
}

TEST(EdgeStore, ReaderSeesCommittedRowsBesideTheWriter) {
  const TempDir dir;
  EdgeStore store = must_open(dir / "s.db");
  add_rows(store, 1, 70);
  ASSERT_TRUE(store.commit());
  StoreReader reader = std::move(StoreReader::open(dir / "s.db")).value();
  add_rows(store, 71, 80);
  const Point second{battery(1), Signal::cell_voltage, 2};
  const Point unknown{battery(9), Signal::soc, 0};
  const std::vector<Point> wanted{unknown, second};
  auto columns = read_columns(reader, wanted, {});
  ASSERT_TRUE(columns) << columns.error().what;
  ASSERT_EQ(columns->utc_us.size(), 70U);
  ASSERT_EQ(columns->columns.size(), 2U);
  for (std::size_t i = 0; i < 70; ++i) {
    const OwnedRow row = numbered_row(i + 1);
    EXPECT_EQ(columns->utc_us[i], row.utc_us);
    EXPECT_EQ(columns->sequences[i], i + 1);
    EXPECT_EQ(columns->columns[0].valid[i], 0);
    EXPECT_EQ(columns->columns[1].valid[i], row.values[1].valid ? 1 : 0);
    EXPECT_EQ(columns->columns[1].values[i], row.values[1].valid ? row.values[1].value : 0);
  }
  ASSERT_TRUE(store.commit());
  const UtcRange range{UtcInstant{microseconds(numbered_row(75).utc_us)},
                       UtcInstant{microseconds(numbered_row(78).utc_us)}};
  columns = read_columns(reader, {}, range);
  ASSERT_TRUE(columns);
  EXPECT_EQ(columns->sequences, (std::vector<Sequence>{75, 76, 77}));
  EXPECT_EQ(columns->columns.size(), 4U);
  EXPECT_EQ(reader.points()->size(), 4U);
  EXPECT_EQ((*reader.marks())[1].last, 80U);
  const std::vector<Point> twice{second, second};
  EXPECT_EQ(read_columns(reader, twice, {}).error().code, Errc::invalid_argument);
}

}  // namespace
