// SPDX-License-Identifier: Apache-2.0
// The edge store when its file is damaged: blocks, marks, keys, pages.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ems/io/store/edge_store.hpp"
#include "support/edge_store_calls.hpp"
#include "support/temp_dir.hpp"

namespace ems::test {
namespace {

using namespace ems::io;
using namespace ems::telemetry;

/// The first page of a table or index.
std::int64_t root_page(const std::string& path, const std::string& name) {
  sqlite3* db = nullptr;
  sqlite3_stmt* s = nullptr;
  const std::string sql = "SELECT rootpage FROM sqlite_master WHERE name='" + name + "'";
  EXPECT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_prepare_v2(db, sql.c_str(), -1, &s, nullptr), SQLITE_OK);
  EXPECT_EQ(sqlite3_step(s), SQLITE_ROW);
  const std::int64_t page = sqlite3_column_int64(s, 0);
  sqlite3_finalize(s);
  sqlite3_close(db);
  return page;
}

void spoil_page(const std::string& path, std::int64_t page, char rubbish = 'x') {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp((page - 1) * 4096);
  file << std::string(4096, rubbish);
}

TEST(EdgeStoreRepairFault, ADamagedBlockBecomesAGapThatSaysSo) {
  const TempDir dir;
  {
    EdgeStore store = must_open(dir / "s.db");
    add_rows(store, 1, 300);
    ASSERT_TRUE(store.commit());
    ASSERT_TRUE(store.acknowledge(Stream::telemetry, store.epoch(), 70));
    ASSERT_TRUE(store.commit());
  }
  run_sql(dir / "s.db",
          "UPDATE block SET bytes=CAST(substr(bytes,1,90)||x'00'||substr(bytes,92) "
          "AS BLOB) WHERE first IN (61, 121); DELETE FROM block WHERE first=241");
  EdgeStore store = must_open(dir / "s.db");
  EXPECT_FALSE(store.open_report().repaired);
  EXPECT_EQ(store.open_report().corrupt_blocks, 2U);
  EXPECT_EQ(store.open_report().corrupt_rows, 180U);
  const std::vector<Event> alarms = alarms_of(store.open_report());
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_STREQ(alarms[0].name, kAlarmStoreCorrupt);
  EXPECT_EQ(alarms[0].value, 180);
  const auto items = store.peek(Stream::telemetry, 70, SIZE_MAX);
  ASSERT_TRUE(items);
  ASSERT_EQ(items->size(), 3U);
  ASSERT_TRUE((*items)[0].gap);
  EXPECT_EQ((*items)[0].first, 71U);  // 61 .. 70 are with the server.
  EXPECT_EQ((*items)[0].last, 180U);
  EXPECT_EQ((*items)[0].gap->reason, GapReason::corrupt);
  EXPECT_FALSE((*items)[1].gap);
  ASSERT_TRUE((*items)[2].gap);
  EXPECT_EQ((*items)[2].first, 241U);
  EXPECT_EQ(check_items(store, 70).rows, 60U);
  // The gap is there once: opening again finds nothing new.
  add_rows(store, 301, 310);
  ASSERT_TRUE(store.commit());
  { const EdgeStore moved = std::move(store); }
  EXPECT_EQ(must_open(dir / "s.db").open_report().corrupt_rows, 0U);
}

TEST(EdgeStoreRepairFault, ABlockThatRotsWhileOpenBecomesAGapAtPeek) {
  const TempDir dir;
  EdgeStore store = must_open(dir / "s.db");
  add_rows(store, 1, 120);
  ASSERT_TRUE(store.commit());
  run_sql(dir / "s.db", "UPDATE block SET bytes=zeroblob(50) WHERE first=1");
  EXPECT_EQ(store.peek(Stream::telemetry, 0, SIZE_MAX).error().code, Errc::corrupt);
  EXPECT_EQ(store.open_report().corrupt_blocks, 1U);
  const Found found = check_items(store);
  EXPECT_EQ(found.rows, 60U);
  EXPECT_EQ(found.gap_rows, 60U);
}

TEST(EdgeStoreRepairFault, ADamagedOpenBlockBecomesAGapAndKeepsItsRowsInMemory) {
  const TempDir dir;
  {
    EdgeStore store = must_open(dir / "s.db");
    add_rows(store, 1, 90);
    ASSERT_TRUE(store.commit());
    add_rows(store, 91, 93);  // In the open block, not in the file yet.
    run_sql(dir / "s.db", "UPDATE block SET bytes=zeroblob(length(bytes))");
    EXPECT_EQ(store.peek(Stream::telemetry, 0, SIZE_MAX).error().code, Errc::corrupt);
    EXPECT_EQ(store.peek(Stream::telemetry, 0, SIZE_MAX).error().code, Errc::corrupt);
    add_rows(store, 94, 95);
    ASSERT_TRUE(store.commit());
    const Found found = check_items(store);
    EXPECT_EQ(found.gap_rows, 90U);
    EXPECT_EQ(found.rows, 5U);
  }
  EdgeStore store = must_open(dir / "s.db");
  EXPECT_EQ(store.open_report().corrupt_rows, 0U);
  const Found found = check_items(store);
  EXPECT_EQ(found.gap_rows, 90U);
  EXPECT_EQ(found.rows, 5U);
}

TEST(EdgeStoreRepairFault, ADamagedBlockThatClosedInMemoryKeepsItsRowsThere) {
  const TempDir dir;
  EdgeStore store = must_open(dir / "s.db");
  add_rows(store, 1, 30);
  ASSERT_TRUE(store.commit());
  add_rows(store, 31, 130);  // Closes the block of 1 .. 30 at 60 and the one after it.
  run_sql(dir / "s.db", "UPDATE block SET bytes=zeroblob(length(bytes))");
  EXPECT_EQ(store.peek(Stream::telemetry, 0, SIZE_MAX).error().code, Errc::corrupt);
  ASSERT_TRUE(store.commit());
  const Found found = check_items(store);
  EXPECT_EQ(found.gap_rows, 30U);
  EXPECT_EQ(found.rows, 100U);
}

TEST(EdgeStoreRepairFault, AGapThatOverlapsABlockIsNoReasonToStop) {
  for (const Sequence gap_last : {70U, 90U, 120U, 130U}) {
    const TempDir dir;
    {
      EdgeStore store = must_open(dir / "s.db");
      add_rows(store, 1, 200);
      ASSERT_TRUE(store.commit());
    }
    const std::string sql = "DELETE FROM block WHERE first=1; INSERT INTO gap VALUES(1,1,1," +
                            std::to_string(gap_last) + ",2,NULL,NULL)";
    run_sql(dir / "s.db", sql.c_str());
    EdgeStore store = must_open(dir / "s.db");
    Found found = check_items(store);
    EXPECT_EQ(found.gap_rows, gap_last);
    EXPECT_EQ(found.rows, 200U - gap_last);
    ASSERT_TRUE(store.open_new_epoch());
    EXPECT_EQ(store.mark(Stream::telemetry).last, 200U);
    found = check_items(store);
    EXPECT_EQ(found.gap_rows, gap_last);
    EXPECT_EQ(found.rows, 200U - gap_last);
  }
}

TEST(EdgeStoreRepairFault, ABlockThatRotsBeforeANewEpochGoesThereAsAGap) {
  const TempDir dir;
  EdgeStore store = must_open(dir / "s.db");
  add_rows(store, 1, 150);
  ASSERT_TRUE(store.commit());
  run_sql(dir / "s.db", "UPDATE block SET bytes=x'00' WHERE first=61");
  ASSERT_TRUE(store.open_new_epoch());
  EXPECT_EQ(store.open_report().corrupt_rows, 60U);
  EXPECT_EQ(store.mark(Stream::telemetry).last, 150U);
  const Found found = check_items(store);
  EXPECT_EQ(found.gap_rows, 60U);
  EXPECT_EQ(found.rows, 90U);
}

TEST(EdgeStoreRepairFault, AGapThatCannotBeIsAHole) {
  for (const char* damage :
       {"last=9223372036854775807", "last=201", "last=-1", "first=0", "last=3", "reason=9"}) {
    SCOPED_TRACE(damage);
    const TempDir dir;
    {
      EdgeStore store = must_open(dir / "s.db");
      add_rows(store, 1, 200);
      ASSERT_TRUE(store.commit());
    }
    run_sql(dir / "s.db", std::string("DELETE FROM block WHERE first=61; INSERT INTO gap "
                                      "VALUES(1,1,61,120,1,NULL,NULL); UPDATE gap SET ") +
                              damage);
    for (int life = 0; life < 2; ++life) {
      EdgeStore store = must_open(dir / "s.db");
      EXPECT_EQ(store.open_report().corrupt_rows, life == 0 ? 60U : 0U);
      const Found found = check_items(store);
      EXPECT_EQ(found.rows, 140U);
      EXPECT_EQ(found.gap_rows, 60U);
    }
  }
}

TEST(EdgeStoreRepairFault, MarksBeyondAnyLifeAreDamageNotAnAssert) {
  const TempDir dir;
  {
    EdgeStore store = must_open(dir / "s.db");
    add_rows(store, 1, 100);
    ASSERT_TRUE(store.commit());
  }
  run_sql(dir / "s.db", "UPDATE stream SET last=-1");
  EdgeStore store = must_open(dir / "s.db");
  EXPECT_TRUE(store.open_report().repaired);
  EXPECT_EQ(check_items(store).rows, 100U);
}

TEST(EdgeStoreRepairFault, AMarkBelowRowsThatAreThereIsDamage) {
  const TempDir dir;
  Epoch before;
  {
    EdgeStore store = must_open(dir / "s.db");
    add_rows(store, 1, 100);
    ASSERT_TRUE(store.commit());
    before = store.epoch();
  }
  run_sql(dir / "s.db", "UPDATE stream SET last=30 WHERE stream=1");
  EdgeStore store = must_open(dir / "s.db");
  EXPECT_TRUE(store.open_report().repaired);
  EXPECT_FALSE(store.epoch() == before) << "31 may have been used for another row";
  EXPECT_EQ(store.mark(Stream::telemetry).last, 100U);
  EXPECT_EQ(check_items(store).rows, 100U);
}

TEST(EdgeStoreRepairFault, AStreamThatIsNoneIsRepaired) {
  const TempDir dir;
  {
    EdgeStore store = must_open(dir / "s.db");
    add_rows(store, 1, 100);
    ASSERT_TRUE(store.commit());
  }
  run_sql(dir / "s.db", "UPDATE block SET stream=7 WHERE first=61");
  EdgeStoreOptions careful;
  careful.repair = false;
  EXPECT_EQ(EdgeStore::open(dir / "s.db", careful).error().code, Errc::corrupt);
  EdgeStore store = must_open(dir / "s.db");
  EXPECT_TRUE(store.open_report().repaired);
  EXPECT_EQ(store.open_report().corrupt_rows, 0U);
  EXPECT_EQ(store.counters().blocks_held, 2U);
  EXPECT_EQ(check_items(store).rows, 100U) << "the block says what it is";
}

TEST(EdgeStoreRepairFault, AKeyThatCannotBeLosesItsOwnRowsOnly) {
  for (const char* damage :
       {"UPDATE block SET last=1000000 WHERE first=61", "UPDATE block SET last=5 WHERE first=61",
        "UPDATE block SET first=-3 WHERE first=61", "UPDATE block SET first=5000 WHERE first=61"}) {
    const TempDir dir;
    {
      EdgeStore store = must_open(dir / "s.db");
      add_rows(store, 1, 150);
      ASSERT_TRUE(store.commit());
    }
    run_sql(dir / "s.db", damage);
    EdgeStore store = must_open(dir / "s.db");
    EXPECT_EQ(store.open_report().corrupt_blocks, 1U) << damage;
    EXPECT_EQ(store.open_report().corrupt_rows, 60U) << damage;
    EXPECT_EQ(store.counters().rows_lost[1], 60U) << damage;
    add_rows(store, 151, 160);
    ASSERT_TRUE(store.commit());
    const Found found = check_items(store);
    EXPECT_EQ(found.gap_rows, 60U) << damage;
    EXPECT_EQ(found.rows, 100U) << damage;
  }
}

TEST(EdgeStoreRepairFault, ARepairThatLostMarksOpensANewEpoch) {
  const TempDir dir;
  const char* const losses[] = {
      "DELETE FROM stream; DELETE FROM block WHERE last>120",
      "DELETE FROM stream WHERE stream=1; DELETE FROM block WHERE last>120",
      "UPDATE stream SET last=60, acknowledged=61; DELETE FROM block WHERE last>120",
  };
  for (const char* loss : losses) {
    SCOPED_TRACE(loss);
    const std::string path = (dir / "s.db") + std::to_string(&loss - losses);
    std::filesystem::remove(path);
    Epoch before{};
    {
      EdgeStore store = must_open(path);
      before = store.epoch();
      add_rows(store, 1, 200);
      ASSERT_TRUE(store.commit());
    }
    run_sql(path, loss);
    Epoch after{};
    {
      EdgeStore store = must_open(path);
      EXPECT_TRUE(store.open_report().repaired);
      after = store.epoch();
      EXPECT_NE(after, before) << "121 .. 200 were used in the old one";
      EXPECT_EQ(check_items(store).rows, 120U);
      const Result<Sequence> next = store.append(numbered_row(121).view());
      ASSERT_TRUE(next);
      EXPECT_EQ(*next, 121U);
      ASSERT_TRUE(store.commit());
    }
    EdgeStore store = must_open(path);
    EXPECT_EQ(store.epoch(), after) << "once";
    EXPECT_FALSE(store.open_report().repaired);
    std::filesystem::remove(path);
  }
}

TEST(EdgeStoreRepairFault, ARepairWithWholeMarksKeepsItsEpoch) {
  const TempDir dir;
  Epoch before{};
  {
    EdgeStore store = must_open(dir / "s.db");
    before = store.epoch();
    add_rows(store, 1, 200);
    ASSERT_TRUE(store.commit());
  }
  // SQLite's check fails, and every mark can be read.
  spoil_page(dir / "s.db", root_page(dir / "s.db", "kv"));
  EdgeStore store = must_open(dir / "s.db");
  EXPECT_TRUE(store.open_report().repaired);
  EXPECT_EQ(store.epoch(), before);
  EXPECT_EQ(check_items(store).rows, 200U);
}

TEST(EdgeStoreRepairFault, WhatWasEverLostDoesNotShrinkAndGapsKeepTheirTimes) {
  const TempDir dir;
  std::uint64_t lost = 0;
  {
    EdgeStoreOptions options;
    options.budget_bytes = 500;  // A few blocks.
    EdgeStore store = must_open(dir / "s.db", options);
    for (std::uint64_t n = 1; n <= 1'000; n += 10) {
      add_rows(store, n, n + 9);
      ASSERT_TRUE(store.commit());
    }
    lost = store.counters().rows_lost_ever[1];
    ASSERT_GT(lost, 600U);
  }
  spoil_page(dir / "s.db", root_page(dir / "s.db", "kv"));
  {
    EdgeStore store = must_open(dir / "s.db");
    ASSERT_TRUE(store.open_report().repaired);
    EXPECT_EQ(store.counters().rows_lost_ever[1], lost);
    const std::vector<StoredItem> items = store.peek(Stream::telemetry, 0, 1).value();
    ASSERT_TRUE(items.at(0).gap);
    EXPECT_EQ(items[0].gap->last, lost);
    EXPECT_TRUE(items[0].gap->time_known);
    EXPECT_EQ(items[0].gap->utc_last.since_epoch().count(), numbered_row(lost).utc_us);
    ASSERT_TRUE(store.acknowledge(Stream::telemetry, store.epoch(), lost));
    ASSERT_TRUE(store.commit());
  }
  run_sql(dir / "s.db", "DELETE FROM gap");  // As age does, once the server has it.
  spoil_page(dir / "s.db", root_page(dir / "s.db", "kv"));
  {
    const EdgeStore store = must_open(dir / "s.db");
    ASSERT_TRUE(store.open_report().repaired);
    EXPECT_EQ(store.counters().rows_lost_ever[1], lost);
  }
  run_sql(dir / "s.db", "UPDATE stream SET lost=-1");
  const EdgeStore store = must_open(dir / "s.db");
  EXPECT_TRUE(store.open_report().repaired);
  EXPECT_EQ(store.counters().rows_lost_ever[1], 0U) << "no gap tells more";
}

TEST(EdgeStoreRepairFault, ARepairDoesNotCountThroughIdsThatAreNotThere) {
  const TempDir dir;
  {
    EdgeStore store = must_open(dir / "s.db");
    add_rows(store, 1, 130);
    ASSERT_TRUE(store.commit());
  }
  run_sql(dir / "s.db",
          "UPDATE block SET id=4611686018427387904 WHERE first=121; DELETE FROM stream");
  EdgeStore store = must_open(dir / "s.db");
  EXPECT_EQ(check_items(store).rows, 130U);
}

constexpr const char* kBlockIndex = "sqlite_autoindex_block_1";

/// Runs SQL on the entries (stream, epoch, first, id) of the index of blocks: they are what a table
/// "entry" holds. The blocks stay.
void change_index(const std::string& path, const std::string& sql) {
  const auto root = static_cast<int>(root_page(path, kBlockIndex));
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  const std::string all =
      "CREATE TABLE entry(stream,epoch,first,id, PRIMARY KEY(stream,epoch,first,id)) "
      "WITHOUT ROWID; " +
      sql;
  ASSERT_EQ(sqlite3_test_control(SQLITE_TESTCTRL_IMPOSTER, db, "main", 1, root), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, all.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(db);
  sqlite3_test_control(SQLITE_TESTCTRL_IMPOSTER, db, "main", 0, 0);
  sqlite3_close(db);
}

TEST(EdgeStoreRepairFault, ADamagedIndexCostsNoRow) {
  for (const char* damage :
       {"DELETE FROM entry WHERE first IN (61, 121)", "DELETE FROM entry",
        "UPDATE entry SET first=first+1000 WHERE first=121", "UPDATE entry SET id=3 WHERE id=2",
        "INSERT INTO entry VALUES(1,1,500,77)"}) {
    SCOPED_TRACE(damage);
    const TempDir dir;
    Epoch before{};
    {
      EdgeStore store = must_open(dir / "s.db");
      before = store.epoch();
      add_rows(store, 1, 200);
      ASSERT_TRUE(store.commit());
    }
    change_index(dir / "s.db", damage);
    EdgeStoreOptions careful;
    careful.repair = false;
    EXPECT_EQ(EdgeStore::open(dir / "s.db", careful).error().code, Errc::corrupt);
    {
      EdgeStore store = must_open(dir / "s.db");
      const OpenReport& report = store.open_report();
      EXPECT_TRUE(report.reindexed);
      EXPECT_FALSE(report.repaired);
      EXPECT_EQ(report.corrupt_rows, 0U);
      const std::vector<Event> alarms = alarms_of(report);
      ASSERT_EQ(alarms.size(), 1U) << "the disk is going";
      EXPECT_STREQ(alarms[0].name, kAlarmStoreRepaired);
      EXPECT_EQ(alarms[0].value, 0);
      EXPECT_EQ(store.epoch(), before);
      const Found found = check_items(store);
      EXPECT_EQ(found.rows, 200U);
      EXPECT_EQ(found.gap_rows, 0U);
      EXPECT_EQ(store.counters().rows_lost_ever[1], 0U);
    }
    EXPECT_FALSE(must_open(dir / "s.db").open_report().reindexed) << "once";
  }
}

TEST(EdgeStoreRepairFault, AnIndexThatIsRubbishCostsNoRow) {
  const TempDir dir;
  {
    EdgeStore store = must_open(dir / "s.db");
    add_rows(store, 1, 200);
    ASSERT_TRUE(store.commit());
  }
  spoil_page(dir / "s.db", root_page(dir / "s.db", kBlockIndex));
  EdgeStore store = must_open(dir / "s.db");
  EXPECT_TRUE(store.open_report().repaired || store.open_report().reindexed);
  EXPECT_EQ(store.open_report().corrupt_rows, 0U);
  EXPECT_EQ(check_items(store).rows, 200U);
}

TEST(EdgeStoreRepairFault, AnIndexThatRotsWhileOpenHidesNoRow) {
  const TempDir dir;
  EdgeStore store = must_open(dir / "s.db");
  add_rows(store, 1, 200);
  ASSERT_TRUE(store.commit());
  change_index(dir / "s.db", "DELETE FROM entry WHERE first IN (61, 181)");
  EXPECT_EQ(store.peek(Stream::telemetry, 0, SIZE_MAX).error().code, Errc::corrupt);
  EXPECT_TRUE(store.open_report().reindexed);
  const Found found = check_items(store);
  EXPECT_EQ(found.rows, 200U);
  EXPECT_EQ(found.gap_rows, 0U);
}

TEST(EdgeStoreRepairFault, OfTwoBlocksOfOneKeyTheLongerStays) {
  for (const bool longer_first : {false, true}) {
    SCOPED_TRACE(longer_first);
    const TempDir dir;
    {
      EdgeStore store = must_open(dir / "s.db");
      add_rows(store, 1, 70);
      ASSERT_TRUE(store.commit());
      if (longer_first) run_sql(dir / "s.db", "CREATE TABLE old AS SELECT * FROM block");
      // An index that does not know of 61 lets another block of that key in.
      if (!longer_first) change_index(dir / "s.db", "DELETE FROM entry WHERE first=61");
      add_rows(store, 71, 90);
      ASSERT_TRUE(store.commit());
    }
    if (longer_first) {
      change_index(dir / "s.db", "DELETE FROM entry WHERE first=61");
      run_sql(dir / "s.db",
              "INSERT INTO block SELECT 900, stream, epoch, first, last, utc_min_us, utc_max_us, "
              "bytes FROM old WHERE first=61; DROP TABLE old");
    }
    EdgeStore store = must_open(dir / "s.db");
    EXPECT_TRUE(store.open_report().repaired);
    EXPECT_EQ(store.open_report().corrupt_rows, 0U);
    EXPECT_EQ(check_items(store).rows, 90U);
  }
}

TEST(EdgeStoreRepairFault, ADamagedFileIsMovedAsideAndWhatIsReadableIsSalvaged) {
  std::mt19937 random(7);
  std::uint64_t salvaged = 0;
  int repaired = 0;
  for (int round = 0; round < 12; ++round) {
    const TempDir dir;
    Epoch before{};
    {
      EdgeStore store = must_open(dir / "s.db");
      before = store.epoch();
      ASSERT_TRUE(store.put("latch", std::vector<std::byte>(3)));
      add_rows(store, 1, 1'200);
      ASSERT_TRUE(store.commit());
    }
    const auto size = std::filesystem::file_size(dir / "s.db");
    ASSERT_GT(size, 8 * 4096U);
    const auto page = 2 + static_cast<std::int64_t>(random() % (size / 4096 - 1));
    spoil_page(dir / "s.db", page, static_cast<char>(random() % 256));  // Never the first.
    EdgeStoreOptions refuse;
    refuse.repair = false;
    const bool damaged = !EdgeStore::open(dir / "s.db", refuse).has_value();
    EdgeStore store = must_open(dir / "s.db");
    const OpenReport& report = store.open_report();
    EXPECT_EQ(report.repaired, damaged);
    if (report.repaired) {
      ++repaired;
      EXPECT_STREQ(alarms_of(report).front().name, kAlarmStoreRepaired);
      EXPECT_TRUE(std::filesystem::exists(report.damaged_copy));
    }
    const Mark mark = store.mark(Stream::telemetry);
    const Found found = check_items(store);
    EXPECT_EQ(found.rows + found.gap_rows, mark.last);
    salvaged += found.rows;
    if (mark.epoch == before) {
      EXPECT_LE(mark.last, 1'200U);
    }
    // A value that may be lost never looks like one that was never written.
    const auto latch = store.get("latch");
    EXPECT_TRUE(!latch || latch->has_value()) << "round " << round;
    ASSERT_TRUE(store.append(numbered_row(mark.last + 1).view()));
    ASSERT_TRUE(store.commit());
    EXPECT_EQ(store.mark(Stream::telemetry).last, mark.last + 1);
  }
  EXPECT_GT(repaired, 0);
  EXPECT_GT(salvaged, 6'000U);
  std::cout << "repaired " << repaired << " of 12, rows salvaged " << salvaged << '\n';
}

}  // namespace
}  // namespace ems::test
