// SPDX-License-Identifier: Apache-2.0
// What is SQLite's own: files, what is done behind the store's back, earlier schemas. The rest is
// tests/conformance/fleet.
#include "ems/fleet/sqlite_fleet_store.hpp"

#include <sqlite3.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "support/fleet_store_calls.hpp"
#include "support/temp_dir.hpp"

namespace {

using namespace ems;
using namespace ems::test;

std::unique_ptr<FleetStore> must_open(const std::string& path,
                                      const SqliteFleetOptions& options = {}) {
  auto store = open_sqlite_fleet_store(path, options);
  EXPECT_TRUE(store.has_value()) << store.error().what;
  return store ? std::move(store).value() : nullptr;
}

/// Changes a store's file behind its back.
void run_sql(const std::string& path, const char* sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
}

TEST(SqliteFleetStore, TotalsBeyondTheirRangeStayAtItsEndAndTheStoreOpens) {
  const TempDir dir;
  {
    const auto store = must_open(dir / "f.db");
    ASSERT_TRUE(send(*store, begin(*store), 1, 5));
    ASSERT_TRUE(send(*store, begin(*store, kOther), 1, 5));
    ASSERT_TRUE(send(*store, begin(*store, {"third", "a"}), 1, 5));
  }
  run_sql(dir / "f.db", "UPDATE lane SET gap_rows=9223372036854775807, duplicates=7");
  const auto store = must_open(dir / "f.db");
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->counters().gap_rows, UINT64_MAX);
  EXPECT_EQ(store->counters().duplicates, 21U);
  EXPECT_EQ(store->counters().stored, 15U);
  const Gap gap{6, 9, GapReason::evicted};
  ASSERT_TRUE(send_gap(*store, begin(*store, kOther), gap));
  EXPECT_EQ(store->counters().gap_rows, UINT64_MAX);
}

TEST(SqliteFleetStore, AConflictThatCouldNotBeWrittenIsTriedAgain) {
  const TempDir dir;
  {
    const auto store = must_open(dir / "f.db");
    begin(*store, kKey, epoch(1), 1);
    run_sql(dir / "f.db",
            "CREATE TRIGGER refuse BEFORE INSERT ON conflict BEGIN SELECT RAISE(ABORT,'no'); END");
    EXPECT_EQ(store->session_begin({kKey, epoch(2), id(2)}).error().code, Errc::identity_conflict);
    EXPECT_EQ(store->conflicts()->size(), 1U);
    run_sql(dir / "f.db", "DROP TRIGGER refuse");
    EXPECT_EQ(store->session_begin({kKey, epoch(1), id(1)}).error().code, Errc::identity_conflict);
  }
  const auto store = must_open(dir / "f.db");
  EXPECT_EQ(store->conflicts()->size(), 1U);
  EXPECT_EQ(store->session_begin({kKey, epoch(1), id(1)}).error().code, Errc::identity_conflict);
}

TEST(SqliteFleetStore, NothingOfATakenOverSessionIsStoredAfterTheMarksWereAskedFor) {
  const TempDir dir;
  const auto store = must_open(dir / "f.db");
  for (int round = 0; round < 50; ++round) {
    const SessionToken before = begin(*store, kKey, epoch(1), 1);
    const Sequence from = *store->mark(kKey, Stream::telemetry, epoch(1));
    std::atomic<bool> sending{false};
    std::thread agent([&] {
      for (Sequence n = from + 1; send(*store, before, n, n); ++n) sending = true;
    });
    while (!sending) std::this_thread::yield();
    begin(*store, kKey, epoch(1), 1);
    const Sequence told = *store->mark(kKey, Stream::telemetry, epoch(1));
    agent.join();
    ASSERT_EQ(*store->mark(kKey, Stream::telemetry, epoch(1)), told) << "round " << round;
  }
}

void backup(const TempDir& dir, const char* from, const char* to) {
  for (const char* part : {"", "-wal"}) {
    const std::string source = (dir / from) + part;
    std::filesystem::remove((dir / to) + part);
    if (std::filesystem::exists(source)) std::filesystem::copy_file(source, (dir / to) + part);
  }
}

TEST(SqliteFleetStore, ARestoredServerAnnouncesANewGenerationAndTakesWhatItLost) {
  const TempDir dir;
  Id128 before{};
  {
    const auto store = must_open(dir / "f.db");
    before = store->generation();
    const SessionToken session = begin(*store);
    ASSERT_TRUE(send(*store, session, 1, 60));
    backup(dir, "f.db", "backup.db");  // Of a running server.
    ASSERT_TRUE(send(*store, session, 61, 100));
  }
  { EXPECT_EQ(must_open(dir / "f.db")->generation(), before) << "a restart is no restore"; }
  std::filesystem::remove((dir / "f.db") + "-shm");
  backup(dir, "backup.db", "f.db");
  Id128 restored{};
  {
    const auto store = must_open(dir / "f.db");
    restored = store->generation();
    EXPECT_NE(restored, before);
    EXPECT_EQ(*store->mark(kKey, Stream::telemetry, epoch(1)), 60U);
    ASSERT_TRUE(send(*store, begin(*store), 41, 100));
    expect_numbered(all(*store), 1, 100);
    const auto renewed = store->renew_generation();
    ASSERT_TRUE(renewed);
    EXPECT_NE(*renewed, restored);
    restored = *renewed;
  }
  EXPECT_EQ(must_open(dir / "f.db")->generation(), restored);
}

TEST(SqliteFleetStore, AFileMovedToAnotherMachineIsANewGeneration) {
  const TempDir dir;
  Id128 before{};
  {
    const auto store = must_open(dir / "f.db");
    before = store->generation();
    ASSERT_TRUE(send(*store, begin(*store), 1, 5));
  }
  std::filesystem::remove((dir / "f.db") + ".generation");
  EXPECT_NE(must_open(dir / "f.db")->generation(), before);
}

TEST(SqliteFleetStore, RefusesWhatIsNotItsOwn) {
  const TempDir dir;
  EXPECT_EQ(open_sqlite_fleet_store(dir / "none.db", {.create = false}).error().code,
            Errc::not_found);
  std::ofstream(dir / "text") << std::string(5000, 'x');
  EXPECT_EQ(open_sqlite_fleet_store(dir / "text").error().code, Errc::header);
  const auto store = must_open(dir / "f.db");
  EXPECT_EQ(open_sqlite_fleet_store(dir / "f.db").error().code, Errc::unavailable);
}

TEST(SqliteFleetStore, AReaderBesideTheServerOnlyReads) {
  const TempDir dir;
  const auto store = must_open(dir / "f.db");
  ASSERT_TRUE(send(*store, begin(*store), 1, 5));
  SqliteFleetOptions reading;
  reading.create = false;
  reading.read_only = true;
  const auto beside = must_open(dir / "f.db", reading);
  EXPECT_EQ(beside->latest(kKey)->size(), 4U);
  expect_numbered(all(*beside), 1, 5);
  EXPECT_EQ(beside->session_begin({kKey, epoch(1), id(1)}).error().code, Errc::read_only);
}

/// Version 1 of the tables, as it was released.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE conflict(tenant TEXT NOT NULL, agent TEXT NOT NULL, PRIMARY KEY(tenant, agent))
  WITHOUT ROWID;
CREATE TABLE mark(tenant TEXT NOT NULL, agent TEXT NOT NULL, stream INTEGER NOT NULL,
  counter INTEGER NOT NULL, epoch BLOB NOT NULL, mark INTEGER NOT NULL, stored INTEGER NOT NULL,
  duplicates INTEGER NOT NULL, gap_rows INTEGER NOT NULL, opened INTEGER NOT NULL,
  updated INTEGER NOT NULL, PRIMARY KEY(tenant, agent, stream, counter, epoch)) WITHOUT ROWID;
CREATE TABLE block(id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, agent TEXT NOT NULL,
  stream INTEGER NOT NULL, counter INTEGER NOT NULL, epoch BLOB NOT NULL, first INTEGER NOT NULL,
  last INTEGER NOT NULL, utc_min_us INTEGER NOT NULL, utc_max_us INTEGER NOT NULL,
  bytes BLOB NOT NULL, UNIQUE(tenant, agent, stream, counter, epoch, first));
CREATE TABLE gap(tenant TEXT NOT NULL, agent TEXT NOT NULL, stream INTEGER NOT NULL,
  counter INTEGER NOT NULL, epoch BLOB NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  reason INTEGER NOT NULL, utc_min_us INTEGER, utc_max_us INTEGER,
  PRIMARY KEY(tenant, agent, stream, counter, epoch, first)) WITHOUT ROWID;
PRAGMA application_id=1162695494;
PRAGMA user_version=1;
INSERT INTO meta VALUES('generation', x'000102030405060708090A0B0C0D0E0F'),('groups', 7);
INSERT INTO conflict VALUES('acme', 'site-9');
)sql";

std::string hex(Bytes bytes) {
  std::string text;
  char digits[3];
  for (const std::byte byte : bytes) {
    std::snprintf(digits, sizeof digits, "%02x", std::to_integer<unsigned>(byte));
    text += digits;
  }
  return "x'" + text + "'";
}

/// Rows 1-10 and 16-20 of one agent, a gap between them, and rows 1-5 of another tenant's.
std::string version_1_rows() {
  const std::string of = ",1,1," + hex(epoch(1).random) + ",";
  const auto block = [&](const char* agent, Sequence first, Sequence last) {
    return std::string(
               "INSERT INTO block(tenant,agent,stream,counter,epoch,first,last,utc_min_us,"
               "utc_max_us,bytes) VALUES(") +
           agent + of + std::to_string(first) + "," + std::to_string(last) + "," +
           std::to_string(numbered_row(first).utc_us) + "," +
           std::to_string(numbered_row(last).utc_us) + "," +
           hex(numbered_block(epoch(1), first, last)) + ");";
  };
  return block("'acme','site-1'", 1, 10) + block("'other','site-1'", 1, 5) +
         block("'acme','site-1'", 16, 20) + "INSERT INTO mark VALUES('acme','site-1'" + of +
         "20,15,2,5,1,6),('other','site-1'" + of + "5,5,0,0,2,2);INSERT INTO gap VALUES('acme'," +
         "'site-1'" + of + "11,15,1,NULL,NULL);";
}

TEST(SqliteFleetStore, AFileOfVersion1IsMigratedWithAllItHas) {
  const TempDir dir;
  run_sql(dir / "f.db", (kVersion1 + version_1_rows()).c_str());
  {
    SqliteFleetOptions reading;
    reading.create = false;
    reading.read_only = true;
    EXPECT_EQ(open_sqlite_fleet_store(dir / "f.db", reading).error().code, Errc::schema)
        << "a reader does not migrate";
  }
  for (int start = 0; start < 2; ++start) {
    const auto store = must_open(dir / "f.db");
    ASSERT_NE(store, nullptr);
    const Collected collected = all(*store);
    ASSERT_EQ(collected.rows.size(), 15U);
    for (std::size_t i = 0; i < 15; ++i) {
      const Sequence n = i < 10 ? i + 1 : i + 6;
      EXPECT_EQ(collected.sequences[i], n);
      EXPECT_EQ(collected.rows[i], numbered_row(n));
    }
    ASSERT_EQ(collected.gaps.size(), 1U);
    EXPECT_EQ(collected.gaps[0].first, 11U);
    EXPECT_EQ(collected.gaps[0].last, 15U);
    expect_numbered(all(*store, kOther), 1, 5);
    const auto marks = store->marks(kKey);
    ASSERT_EQ(marks->size(), 1U);
    EXPECT_EQ((*marks)[0].mark, 20U);
    EXPECT_EQ((*marks)[0].stored, 15U);
    EXPECT_EQ((*marks)[0].duplicates, 2U);
    EXPECT_EQ((*marks)[0].gap_rows, 5U);
    EXPECT_EQ(store->conflicts()->size(), 1U);
  }
  const auto store = must_open(dir / "f.db");
  ASSERT_TRUE(send(*store, begin(*store), 21, 23));  // It goes on where version 1 ended.
  EXPECT_EQ(all(*store).rows.size(), 18U);
}

TEST(SqliteFleetStore, AMigrationThatFailsLeavesTheFileAsItWas) {
  const TempDir dir;
  run_sql(dir / "f.db", (kVersion1 + version_1_rows()).c_str());
  run_sql(dir / "f.db", "CREATE TABLE gap_1(stranger)");  // In the way of the last step.
  const auto refused = open_sqlite_fleet_store(dir / "f.db");
  ASSERT_FALSE(refused);
  run_sql(dir / "f.db", "DROP TABLE gap_1; SELECT mark FROM mark; SELECT tenant FROM block");
  EXPECT_EQ(all(*must_open(dir / "f.db")).rows.size(), 15U);
}

/// Refuses blocks of tenant "other" with a header of their own (send_poison), as a damaged page of
/// its lane would.
void refuse_other(const TempDir& dir) {
  run_sql(dir / "f.db",
          "CREATE TRIGGER refuse BEFORE INSERT ON block WHEN NEW.lane IN (SELECT id FROM lane "
          "WHERE tenant='other') BEGIN SELECT RAISE(ABORT,'no'); END");
}
Result<Ack> send_poison(FleetStore& store, SessionToken session) {
  const BlockContext other{9, 0, ClockQuality::synced};  // Not into the block that is there.
  return send(store, session, 2, 2, epoch(1), other);
}

TEST(SqliteFleetStore, WhatOneAgentHitsIsNotTheOthersFault) {
  const TempDir dir;
  const auto store = must_open(dir / "f.db");
  constexpr Sequence kRows = 60;
  std::vector<AgentKey> good;
  std::vector<SessionToken> bad;
  for (int n = 0; n < 8; ++n) good.push_back({"acme", "site-" + std::to_string(n)});
  for (int n = 0; n < 4; ++n) {  // Several, so that nearly every group has a poisoned delivery.
    bad.push_back(begin(*store, {"other", "site-" + std::to_string(n)}));
    ASSERT_TRUE(send(*store, bad.back(), 1, 1));
  }
  refuse_other(dir);
  const std::uint64_t groups_before = store->counters().groups;
  std::atomic<Sequence> stored{0};
  std::atomic<Sequence> refused{0};
  std::vector<std::thread> threads;
  for (const AgentKey& key : good) {
    threads.emplace_back([&store, &stored, session = begin(*store, key)] {
      for (Sequence n = 1; n <= kRows; ++n) stored += send(*store, session, n, n) ? 1 : 0;
    });
  }
  for (const SessionToken session : bad) {
    threads.emplace_back([&, session] {
      while (stored < kRows * good.size() && refused < 100'000) {
        refused += send_poison(*store, session) ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stored, kRows * good.size());
  EXPECT_GT(refused, kRows);
  EXPECT_LT(store->counters().groups - groups_before, stored / 2 + refused / 2)
      << "the others still share a transaction and its fsync";
  for (const AgentKey& key : good) expect_numbered(all(*store, key), 1, kRows);
  EXPECT_EQ(store->counters().stored, kRows * good.size() + bad.size());
  run_sql(dir / "f.db", "DROP TRIGGER refuse");
  EXPECT_TRUE(send(*store, begin(*store, kOther), 2, 41));
  for (int n = 2; n < 4; ++n) {
    const AgentKey key{"other", "site-" + std::to_string(n)};
    expect_numbered(all(*store, key), 1, 1);
  }
}

TEST(SqliteFleetStore, WhatFailsHalfWayLeavesNothingBehindInASharedTransaction) {
  const TempDir dir;
  const auto store = must_open(dir / "f.db");
  ASSERT_TRUE(send(*store, begin(*store, kOther), 1, 1));
  refuse_other(dir);
  std::atomic<bool> done{false};
  constexpr Sequence kRows = 100;
  std::thread good([&, session = begin(*store)] {
    for (Sequence n = 1; n <= kRows; ++n) EXPECT_TRUE(send(*store, session, n, n));
    done = true;
  });
  // A gap that would do, then the block that does not.
  const std::vector<std::byte> block = numbered_block(epoch(1), 5, 5, {9, 0, ClockQuality::synced});
  const std::array<IngestItem, 2> items{IngestItem{{}, Gap{2, 4, GapReason::evicted}},
                                        IngestItem{block, {}}};
  const SessionToken session = begin(*store, kOther);
  const AgentKey fresh{"other", "site-2"};  // Its lane is made, and must be gone with the rest.
  const SessionToken first = begin(*store, fresh);
  while (!done) {
    EXPECT_FALSE(store->ingest(session, Stream::telemetry, epoch(1), items));
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(send(*store, first, 1, 2));
  }
  good.join();
  EXPECT_EQ(*store->mark(kOther, Stream::telemetry, epoch(1)), 1U);
  EXPECT_TRUE(all(*store, kOther).gaps.empty());
  EXPECT_EQ(store->agents("other")->size(), 1U);
  run_sql(dir / "f.db", "DROP TRIGGER refuse");
  const auto ack = store->ingest(session, Stream::telemetry, epoch(1), items);
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->mark, 5U);
  EXPECT_EQ(all(*store, kOther).gaps.size(), 1U);
  ASSERT_TRUE(send(*store, first, 1, 2));
  expect_numbered(all(*store, fresh), 1, 2);
  expect_numbered(all(*store), 1, kRows);
}

TEST(SqliteFleetStore, ADeliveryThatTakesTheTransactionWithItIsLeftOutOfTheNext) {
  const TempDir dir;
  const auto store = must_open(dir / "f.db");
  ASSERT_TRUE(send(*store, begin(*store, kOther), 1, 1));
  run_sql(dir / "f.db",
          "CREATE TRIGGER refuse BEFORE INSERT ON block WHEN NEW.lane IN (SELECT id FROM lane "
          "WHERE tenant='other') BEGIN SELECT RAISE(ROLLBACK,'no'); END");
  std::vector<std::thread> threads;
  std::atomic<int> running{4};
  for (int n = 0; n < 4; ++n) {
    const AgentKey key{"acme", "site-" + std::to_string(n)};
    threads.emplace_back([&, session = begin(*store, key)] {
      for (Sequence row = 1; row <= 60; ++row) EXPECT_TRUE(send(*store, session, row, row));
      --running;
    });
  }
  const SessionToken session = begin(*store, kOther);
  while (running > 0) EXPECT_FALSE(send_poison(*store, session));
  for (std::thread& thread : threads) thread.join();
  for (int n = 0; n < 4; ++n) {
    expect_numbered(all(*store, {"acme", "site-" + std::to_string(n)}), 1, 60);
  }
  expect_numbered(all(*store, kOther), 1, 1);
}

TEST(SqliteFleetStore, LatestIsTheSameWhetherItIsRememberedOrRead) {
  const TempDir dir;
  SqliteFleetOptions tight;
  tight.latest_points_max = 10;  // An agent of 4 points, not two.
  const auto store = must_open(dir / "f.db", tight);
  const std::array<AgentKey, 3> keys{kKey, kOther, AgentKey{"acme", "site-2"}};
  std::array<SessionToken, 3> sessions{};
  for (std::size_t i = 0; i < keys.size(); ++i) sessions[i] = begin(*store, keys[i]);
  for (Sequence n = 1; n <= 30; ++n) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      ASSERT_TRUE(send(*store, sessions[i], n, n));
      const auto latest = store->latest(keys[(n + i) % keys.size()]);
      ASSERT_TRUE(latest);
      const Sequence newest = (n + i) % keys.size() <= i ? n : n - 1;
      if (newest == 0) continue;
      for (const LatestValue& value : *latest) {
        Sequence at = newest;
        const auto point = static_cast<std::size_t>(value.point.element - 1);
        while (!numbered_row(at).values[point].valid) --at;
        ASSERT_EQ(value.value, numbered_row(at).values[point].value) << n << " " << i;
      }
    }
  }
}

}  // namespace
