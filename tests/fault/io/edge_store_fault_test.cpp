// SPDX-License-Identifier: Apache-2.0
// The edge store against kill -9, a full disk, damaged pages and a rolled-back file.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "ems/io/store/edge_store.hpp"
#include "ems/io/store/store_reader.hpp"
#include "support/seed.hpp"
#include "support/telemetry_rows.hpp"
#include "support/temp_dir.hpp"

namespace {

using namespace ems;
using namespace ems::io;
using namespace ems::telemetry;
using namespace ems::test;

EdgeStore must_open(const std::string& path, const EdgeStoreOptions& options = {}) {
  Result<EdgeStore> store = EdgeStore::open(path, options);
  EXPECT_TRUE(store.has_value()) << store.error().what;
  return std::move(store).value();
}

/// Changes a store's file behind its back.
void run_sql(const std::string& path, const char* sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
}

void add_rows(EdgeStore& store, std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t n = first; n <= last; ++n) {
    ASSERT_TRUE(store.append(numbered_row(n).view()));
  }
}

struct Found {
  std::uint64_t rows = 0;
  std::uint64_t gap_rows = 0;
};

/// Checks that items join from `after` to the mark and that every row is the one of its number.
Found check_items(EdgeStore& store, Sequence after = 0) {
  Found found;
  const Sequence last = store.mark(Stream::telemetry).last;
  while (after < last) {
    const auto items = store.peek(Stream::telemetry, after, 64 * 1024);
    EXPECT_TRUE(items.has_value()) << items.error().what;
    if (!items || items->empty()) return found;
    for (const StoredItem& item : *items) {
      EXPECT_EQ(item.first, after + 1);
      after = item.last;
      if (item.gap) {
        found.gap_rows += item.last - item.first + 1;
        continue;
      }
      const std::vector<OwnedRow> rows = rows_of(item.block);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(rows[i], numbered_row(item.first + i));
      }
      found.rows += rows.size();
    }
  }
  EXPECT_EQ(after, last);
  return found;
}

/// Appends and commits until killed; tells each committed sequence.
[[noreturn]] void child(const std::string& path, int report) {
  Result<EdgeStore> store = EdgeStore::open(path);
  if (!store) ::_exit(2);
  std::uint64_t n = store->mark(Stream::telemetry).last;
  for (std::uint64_t round = 1;; ++round) {
    for (std::uint64_t i = 0; i <= round % 5; ++i) {
      ++n;
      const Result<Sequence> sequence = store->append(numbered_row(n).view());
      if (!sequence || *sequence != n) ::_exit(3);
    }
    if (round % 7 == 0 && !store->acknowledge(Stream::telemetry, store->epoch(),
                                              store->mark(Stream::telemetry).last)) {
      ::_exit(4);
    }
    if (!store->commit()) ::_exit(5);
    if (::write(report, &n, sizeof n) != sizeof n) ::_exit(6);
  }
}

TEST(EdgeStoreFault, KillAtAnyMomentLosesNoCommittedRowAndDoublesNone) {
  const Seed seed(20261121);
  auto random = seed.engine<std::mt19937>();
  const TempDir dir;
  constexpr int kCycles = 30;
  Sequence committed = 0;
  std::uint64_t uncommitted_kept = 0;
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe2(pipe_ends, O_CLOEXEC), 0);
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) child(dir / "s.db", pipe_ends[1]);
    ::close(pipe_ends[1]);
    // Some cycles are killed while the store opens, the others after some commits.
    const auto commits = static_cast<unsigned>(random() % 12);
    std::uint64_t reported = 0;
    for (unsigned i = 0; i < commits; ++i) {
      ASSERT_EQ(::read(pipe_ends[0], &reported, sizeof reported), ssize_t{sizeof reported});
      committed = reported;
    }
    ::usleep(static_cast<useconds_t>(random() % 3000));
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFSIGNALED(status)) << "child ended by itself: " << WEXITSTATUS(status);
    while (::read(pipe_ends[0], &reported, sizeof reported) == ssize_t{sizeof reported}) {
      committed = reported;
    }
    ::close(pipe_ends[0]);

    EdgeStore store = must_open(dir / "s.db");
    const Mark mark = store.mark(Stream::telemetry);
    ASSERT_GE(mark.last, committed) << "a committed row is missing, cycle " << cycle;
    ASSERT_LE(mark.last, committed + 5) << "a row nobody made, cycle " << cycle;
    uncommitted_kept += mark.last - committed;
    committed = mark.last;
    EXPECT_EQ(store.open_report().corrupt_rows, 0U);
    const Found found = check_items(store);
    ASSERT_EQ(found.rows, committed);
    ASSERT_EQ(found.gap_rows, 0U);
    ASSERT_EQ(mark.epoch.counter, 1U) << "a restart opens no epoch";
  }
  std::cout << "cycles " << kCycles << ", rows " << committed
            << ", committed but not reported before the kill " << uncommitted_kept << '\n';
  EXPECT_GT(committed, 100U);
}

TEST(EdgeStoreFault, AFullDiskTakesTelemetryNotAudit) {
  const TempDir dir;
  EdgeStoreOptions options;
  options.pages_max = 60;
  EdgeStore store = must_open(dir / "s.db", options);
  std::uint64_t n = 0;
  std::uint64_t audit = 0;
  while (store.counters().rows_lost[1] < 1'000) {
    add_rows(store, n + 1, n + 37);  // Not a divisor of 60: blocks are committed in parts.
    n += 37;
    ASSERT_TRUE(store.append(Stream::audit, text_record(1, std::string(50, 'a')).view()));
    ++audit;
    const Result<void> done = store.commit();
    ASSERT_TRUE(done) << done.error().what;
    ASSERT_LT(n, 100'000U);
  }
  const Found found = check_items(store);
  EXPECT_EQ(found.rows + found.gap_rows, n);
  EXPECT_EQ(found.gap_rows, store.counters().rows_lost[1]);
  EXPECT_EQ(store.counters().rows_lost[0], 0U);
  std::uint64_t audit_rows = 0;
  const auto items = store.peek(Stream::audit, 0, SIZE_MAX);
  ASSERT_TRUE(items);
  for (const StoredItem& item : *items) audit_rows += item.last - item.first + 1;
  EXPECT_EQ(audit_rows, audit);
}

TEST(EdgeStoreFault, WhenNothingMayGoRowsWaitInMemoryAndAuditIsRefusedNotDropped) {
  const TempDir dir;
  EdgeStoreOptions options;
  options.pages_max = 40;
  options.pending_bytes = 128 * 1024;
  std::uint64_t audit_committed = 0;
  {
    EdgeStore store = must_open(dir / "s.db", options);
    const OwnedRecord record = text_record(1, std::string(1000, 'a'));
    Result<void> done;
    while (done) {
      ASSERT_TRUE(store.append(Stream::audit, record.view()));
      done = store.commit();
      if (done) ++audit_committed;
      ASSERT_LT(audit_committed, 10'000U);
    }
    EXPECT_EQ(done.error().code, Errc::disk_full);
    add_rows(store, 1, 1'000);  // Telemetry is taken, and its oldest rows become a gap in time.
    Result<Sequence> taken = store.append(Stream::audit, record.view());
    std::uint64_t appended = 1;
    while (taken && appended < 10'000) {
      taken = store.append(Stream::audit, record.view());
      ++appended;
    }
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, Errc::disk_full);
    EXPECT_EQ(store.counters().audit_refused, 1U);
    EXPECT_GT(store.counters().rows_lost[1], 0U);
    EXPECT_EQ(store.counters().rows_lost[0], 0U);
    EXPECT_EQ(store.commit().error().code, Errc::disk_full);
    EXPECT_GE(store.counters().commits_failed, 2U);
    EXPECT_LE(store.counters().bytes_pending, options.pending_bytes + 2 * 64 * 1024);
    EXPECT_EQ(store.put("latch", std::vector<std::byte>(60'000)).error().code, Errc::disk_full);
  }
  EdgeStore store = must_open(dir / "s.db");  // The quota is gone.
  EXPECT_EQ(store.mark(Stream::audit).last, audit_committed);
  EXPECT_EQ(store.open_report().corrupt_rows, 0U);
  ASSERT_TRUE(store.append(Stream::audit, text_record(1, "room again").view()));
  EXPECT_TRUE(store.commit());
}

TEST(EdgeStoreFault, ABlockThatIsPartlyInTheFileIsNeverBothAGapAndRows) {
  const TempDir dir;
  EdgeStoreOptions options;
  options.pages_max = 40;
  options.block_span = seconds(1'000'000);  // It closes when it is full.
  EdgeStore store = must_open(dir / "s.db", options);
  add_rows(store, 1, 30);
  ASSERT_TRUE(store.commit());
  const OwnedRecord record = text_record(1, std::string(500, 'a'));
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(store.append(Stream::audit, record.view()));
    if (i % 50 == 0) add_rows(store, 31 + i, 31 + i);
    if (!store.commit()) break;
  }
  add_rows(store, 2'000, 2'060);  // Closes the block whose first rows are in the file.
  EXPECT_EQ(store.commit().error().code, Errc::disk_full);
  sqlite3* db = nullptr;  // Somebody makes room.
  ASSERT_EQ(sqlite3_open((dir / "s.db").c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "DELETE FROM block WHERE stream=0", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(db);
  ASSERT_TRUE(store.commit());
  StoreReader reader = std::move(StoreReader::open(dir / "s.db")).value();
  const auto columns = read_columns(reader, {}, {});
  ASSERT_TRUE(columns);
  std::uint64_t gap_rows = 0;
  for (const Gap& gap : columns->gaps) gap_rows += gap.last - gap.first + 1;
  EXPECT_EQ(columns->utc_us.size() + gap_rows, store.mark(Stream::telemetry).last);
}

TEST(EdgeStoreFault, RowsThatWaitedAreWrittenWhenThereIsRoomAgain) {
  const TempDir dir;
  EdgeStore store = must_open(dir / "s.db");
  add_rows(store, 1, 10);
  ASSERT_TRUE(store.commit());
  sqlite3* other = nullptr;  // A process that holds the write lock: SQLITE_BUSY, not data loss.
  ASSERT_EQ(sqlite3_open((dir / "s.db").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  add_rows(store, 11, 200);
  EXPECT_EQ(store.commit().error().code, Errc::unavailable);
  ASSERT_EQ(sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(other);
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(check_items(store).rows, 200U);
}

TEST(EdgeStoreFault, ADamagedBlockBecomesAGapThatSaysSo) {
  const TempDir dir;
  {
    EdgeStore store = must_open(dir / "s.db");
    add_rows(store, 1, 300);
    ASSERT_TRUE(store.commit());
    ASSERT_TRUE(store.acknowledge(Stream::telemetry, store.epoch(), 70));
    ASSERT_TRUE(store.commit());
  }
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((dir / "s.db").c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db,
                         "UPDATE block SET bytes=CAST(substr(bytes,1,90)||x'00'||substr(bytes,92) "
                         "AS BLOB) WHERE first IN (61, 121); DELETE FROM block WHERE first=241",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(db);
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

TEST(EdgeStoreFault, ABlockThatRotsWhileOpenBecomesAGapAtPeek) {
  const TempDir dir;
  EdgeStore store = must_open(dir / "s.db");
  add_rows(store, 1, 120);
  ASSERT_TRUE(store.commit());
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((dir / "s.db").c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "UPDATE block SET bytes=zeroblob(50) WHERE first=1", nullptr, nullptr,
                         nullptr),
            SQLITE_OK);
  sqlite3_close(db);
  EXPECT_EQ(store.peek(Stream::telemetry, 0, SIZE_MAX).error().code, Errc::corrupt);
  EXPECT_EQ(store.open_report().corrupt_blocks, 1U);
  const Found found = check_items(store);
  EXPECT_EQ(found.rows, 60U);
  EXPECT_EQ(found.gap_rows, 60U);
}

TEST(EdgeStoreFault, ADamagedOpenBlockBecomesAGapAndKeepsItsRowsInMemory) {
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

TEST(EdgeStoreFault, ADamagedBlockThatClosedInMemoryKeepsItsRowsThere) {
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

TEST(EdgeStoreFault, AGapThatOverlapsABlockIsNoReasonToStop) {
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

TEST(EdgeStoreFault, ABlockThatRotsBeforeANewEpochGoesThereAsAGap) {
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

TEST(EdgeStoreFault, MarksBeyondAnyLifeAreDamageNotAnAssert) {
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

TEST(EdgeStoreFault, AMarkBelowRowsThatAreThereIsDamage) {
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

TEST(EdgeStoreFault, AStreamThatIsNoneIsRepaired) {
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

TEST(EdgeStoreFault, AKeyThatCannotBeLosesItsOwnRowsOnly) {
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

TEST(EdgeStoreFault, ARepairThatLostMarksOpensANewEpoch) {
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

TEST(EdgeStoreFault, ARepairWithWholeMarksKeepsItsEpoch) {
  const TempDir dir;
  Epoch before{};
  {
    EdgeStore store = must_open(dir / "s.db");
    before = store.epoch();
    add_rows(store, 1, 200);
    ASSERT_TRUE(store.commit());
  }
  // The kv table's page is rubbish: SQLite's check fails, and every mark can be read.
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((dir / "s.db").c_str(), &db), SQLITE_OK);
  sqlite3_stmt* s = nullptr;
  ASSERT_EQ(
      sqlite3_prepare_v2(db, "SELECT rootpage FROM sqlite_master WHERE name='kv'", -1, &s, nullptr),
      SQLITE_OK);
  ASSERT_EQ(sqlite3_step(s), SQLITE_ROW);
  const std::streamoff page = sqlite3_column_int64(s, 0) - 1;
  sqlite3_finalize(s);
  sqlite3_close(db);
  {
    std::fstream file(dir / "s.db", std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(page * 4096);
    const std::string rubbish(4096, 'x');
    file.write(rubbish.data(), 4096);
  }
  EdgeStore store = must_open(dir / "s.db");
  EXPECT_TRUE(store.open_report().repaired);
  EXPECT_EQ(store.epoch(), before);
  EXPECT_EQ(check_items(store).rows, 200U);
}

TEST(EdgeStoreFault, ARepairDoesNotCountThroughIdsThatAreNotThere) {
  const TempDir dir;
  {
    EdgeStore store = must_open(dir / "s.db");
    add_rows(store, 1, 130);
    ASSERT_TRUE(store.commit());
  }
  run_sql(dir / "s.db",
          "UPDATE block SET id=4611686018427387904 WHERE first=121; DELETE FROM stream");
  EXPECT_EQ(check_items(*std::make_unique<EdgeStore>(must_open(dir / "s.db"))).rows, 130U);
}

TEST(EdgeStoreFault, WhatIsEvictedForRoomTakesItsMarkAlong) {
  const TempDir dir;
  EdgeStoreOptions options;
  options.pages_max = 60;
  EdgeStore store = must_open(dir / "s.db", options);
  add_rows(store, 1, 1'200);
  ASSERT_TRUE(store.commit());
  ASSERT_TRUE(store.acknowledge(Stream::telemetry, store.epoch(), 1'200));
  // The room make_room() finds for a value is used; the mark is in memory only. Then it crashes.
  for (int i = 0; store.counters().rows_evicted[1] == 0; ++i) {
    ASSERT_TRUE(store.put("key" + std::to_string(i), std::vector<std::byte>(8'000)));
    ASSERT_LT(i, 100);
  }
  { const EdgeStore crashed = std::move(store); }
  const EdgeStore after = must_open(dir / "s.db");
  EXPECT_EQ(after.open_report().corrupt_rows, 0U);
  EXPECT_EQ(after.mark(Stream::telemetry).acknowledged, 1'200U);
}

TEST(EdgeStoreFault, OthersCannotReadAStore) {
  const TempDir dir;
  const mode_t before = ::umask(022);
  EdgeStore store = must_open(dir / "s.db");
  add_rows(store, 1, 10);
  ASSERT_TRUE(store.commit());
  ::umask(before);
  for (const auto& file : std::filesystem::directory_iterator(dir / "")) {
    const auto mode = static_cast<unsigned>(file.status().permissions());
    EXPECT_EQ(mode & 0777U, 0640U) << file.path();
  }
}

TEST(EdgeStoreFault, ADamagedFileIsMovedAsideAndWhatIsReadableIsSalvaged) {
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
    {
      std::fstream file(dir / "s.db", std::ios::binary | std::ios::in | std::ios::out);
      const std::uint64_t page = 1 + random() % (size / 4096 - 1);  // Never the first.
      file.seekp(static_cast<std::streamoff>(page * 4096));
      const std::string rubbish(4096, static_cast<char>(random() % 256));
      file.write(rubbish.data(), static_cast<std::streamsize>(rubbish.size()));
    }
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

TEST(EdgeStoreFault, ARolledBackStoreIsNoticedByTheServersMark) {
  const TempDir dir;
  Epoch before{};
  {
    EdgeStore store = must_open(dir / "s.db");
    before = store.epoch();
    add_rows(store, 1, 50);
    ASSERT_TRUE(store.commit());
  }
  std::filesystem::copy_file(dir / "s.db", dir / "old.db");
  {
    EdgeStore store = must_open(dir / "s.db");
    add_rows(store, 51, 90);
    ASSERT_TRUE(store.commit());
  }
  for (const char* part : {"-wal", "-shm"}) std::filesystem::remove((dir / "s.db") + part);
  std::filesystem::copy_file(dir / "old.db", dir / "s.db",
                             std::filesystem::copy_options::overwrite_existing);
  EdgeStore store = must_open(dir / "s.db");
  EXPECT_EQ(store.acknowledge(Stream::telemetry, before, 90).error().code,
            Errc::failed_precondition);
  const auto next = store.open_new_epoch();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->counter, before.counter + 1);
  EXPECT_EQ(check_items(store).rows, 50U);
}

TEST(EdgeStoreFault, AReadOnlyFileHasAName) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everything";
  const TempDir dir;
  { (void)must_open(dir / "s.db"); }
  std::filesystem::permissions(dir / "s.db", std::filesystem::perms::owner_read);
  EXPECT_EQ(EdgeStore::open(dir / "s.db").error().code, Errc::read_only);
}

}  // namespace
