// SPDX-License-Identifier: Apache-2.0
// The edge store against kill -9, a full disk and a rolled-back file. Damage: edge_store_repair.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ems/io/store/edge_store.hpp"
#include "ems/io/store/store_reader.hpp"
#include "support/edge_store_calls.hpp"
#include "support/seed.hpp"
#include "support/temp_dir.hpp"

namespace ems::test {
namespace {

using namespace ems::io;
using namespace ems::telemetry;

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
  // Somebody makes room.
  run_sql(dir / "s.db", "DELETE FROM block WHERE stream=0");
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

TEST(EdgeStoreFault, AnErrorAtTheStartSaysWhatSqliteSaid) {
  const TempDir dir;
  std::filesystem::create_directory(dir / "s.db");
  const Result<EdgeStore> store = EdgeStore::open(dir / "s.db");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Errc::io);
  EXPECT_STREQ(store.error().what, "unable to open database file");
}

TEST(EdgeStoreFault, AReadOnlyFileHasAName) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everything";
  const TempDir dir;
  { (void)must_open(dir / "s.db"); }
  std::filesystem::permissions(dir / "s.db", std::filesystem::perms::owner_read);
  EXPECT_EQ(EdgeStore::open(dir / "s.db").error().code, Errc::read_only);
}

}  // namespace
}  // namespace ems::test
