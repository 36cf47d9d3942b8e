// SPDX-License-Identifier: Apache-2.0
#include "ems/fleet/fleet_store.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "ems/fleet/sqlite_fleet_store.hpp"
#include "support/telemetry_rows.hpp"
#include "support/temp_dir.hpp"

namespace {

using namespace ems;
using namespace ems::fleet;
using namespace ems::telemetry;
using namespace ems::test;

const AgentKey kKey{"acme", "site-1"};
const AgentKey kOther{"other", "site-1"};

Id128 id(std::uint8_t seed) {
  Id128 out{};
  out.fill(static_cast<std::byte>(seed));
  return out;
}

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

SessionToken begin(FleetStore& store, const AgentKey& key = kKey, const Epoch& of = epoch(1),
                   std::uint8_t instance = 1) {
  const auto token = store.session_begin({key, of, id(instance)});
  EXPECT_TRUE(token.has_value()) << token.error().what;
  return token.value_or(0);
}

Result<Ack> send(FleetStore& store, SessionToken session, Sequence first, Sequence last,
                 const Epoch& of = epoch(1), const BlockContext& context = {}) {
  const std::vector<std::byte> block = numbered_block(of, first, last, context);
  const IngestItem item{block, {}};
  return store.ingest(session, Stream::telemetry, of, {&item, 1});
}

Result<Ack> send_gap(FleetStore& store, SessionToken session, const Gap& gap,
                     const Epoch& of = epoch(1)) {
  const IngestItem item{{}, gap};
  return store.ingest(session, Stream::telemetry, of, {&item, 1});
}

/// Everything stored of an agent, with how many blocks it would take is not asked.
struct Collected final : io::RowSink {
  bool row(const io::RowId& id, const Row& row) override {
    sequences.push_back(id.sequence);
    rows.push_back({row.at.since_epoch().count(),
                    {row.points.begin(), row.points.end()},
                    {row.values.begin(), row.values.end()}});
    return true;
  }
  bool record(const io::RowId& id, const Record&) override {
    sequences.push_back(id.sequence);
    return true;
  }
  bool gap(const io::RowId&, const Gap& gap) override {
    gaps.push_back(gap);
    return true;
  }
  std::vector<Sequence> sequences;
  std::vector<OwnedRow> rows;
  std::vector<Gap> gaps;
};

Collected all(FleetStore& store, const AgentKey& key = kKey) {
  Collected collected;
  const auto done = store.rows(key)->read(Stream::telemetry, {}, collected);
  EXPECT_TRUE(done.has_value()) << done.error().what;
  return collected;
}

void expect_numbered(const Collected& collected, Sequence first, Sequence last) {
  ASSERT_EQ(collected.rows.size(), last - first + 1);
  for (std::size_t i = 0; i < collected.rows.size(); ++i) {
    ASSERT_EQ(collected.sequences[i], first + i);
    ASSERT_EQ(collected.rows[i], numbered_row(first + i));
  }
}

TEST(FleetStore, StoresEachRowOnce) {
  const TempDir dir;
  const auto store = must_open(dir / "f.db");
  const SessionToken session = begin(*store);
  auto ack = send(*store, session, 1, 60);
  ASSERT_TRUE(ack) << ack.error().what;
  EXPECT_EQ(ack->mark, 60U);
  EXPECT_EQ(ack->stored, 60U);
  ack = send(*store, session, 1, 60);  // The acknowledgement was lost.
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->mark, 60U);
  EXPECT_EQ(ack->stored, 0U);
  EXPECT_EQ(ack->duplicates, 60U);
  ack = send(*store, session, 31, 80);  // Straddling: cut.
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->mark, 80U);
  EXPECT_EQ(ack->stored, 20U);
  EXPECT_EQ(ack->duplicates, 30U);
  ack = send(*store, session, 1, 30);  // Long past: the mark never goes back.
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->mark, 80U);
  EXPECT_EQ(ack->duplicates, 30U);
  expect_numbered(all(*store), 1, 80);
  EXPECT_EQ(store->counters().stored, 80U);
  EXPECT_EQ(store->counters().duplicates, 120U);
  EXPECT_EQ(*store->mark(kKey, Stream::telemetry, epoch(1)), 80U);
}

TEST(FleetStore, AHoleIsRefusedAndTheMarkSaysWhatIsExpected) {
  const TempDir dir;
  const auto store = must_open(dir / "f.db");
  const SessionToken session = begin(*store);
  EXPECT_EQ(send(*store, session, 2, 10).error().code, Errc::not_next);
  ASSERT_TRUE(send(*store, session, 1, 10));
  EXPECT_EQ(send(*store, session, 12, 20).error().code, Errc::not_next);
  EXPECT_EQ(*store->mark(kKey, Stream::telemetry, epoch(1)), 10U);
  EXPECT_EQ(store->counters().holes_refused, 2U);
  // All items of a call or none.
  const auto good = numbered_block(epoch(1), 11, 12);
  const auto hole = numbered_block(epoch(1), 14, 15);
  const std::vector<IngestItem> items{{good, {}}, {hole, {}}};
  const auto ack = store->ingest(session, Stream::telemetry, epoch(1), items);
  EXPECT_EQ(ack.error(), (Error{Errc::not_next, 1, ""}));
  expect_numbered(all(*store), 1, 10);
}

TEST(FleetStore, GapsAreAcknowledgedCountedAndVisible) {
  const TempDir dir;
  const auto store = must_open(dir / "f.db");
  const SessionToken session = begin(*store);
  ASSERT_TRUE(send(*store, session, 1, 10));
  Gap gap{5,
          40,
          GapReason::evicted,
          true,
          UtcInstant{microseconds(numbered_row(5).utc_us)},
          UtcInstant{microseconds(numbered_row(40).utc_us)}};
  auto ack = send_gap(*store, session, gap);
  ASSERT_TRUE(ack) << ack.error().what;
  EXPECT_EQ(ack->mark, 40U);
  EXPECT_EQ(ack->gap_rows, 30U);
  ack = send_gap(*store, session, gap);  // Again: known already.
  EXPECT_EQ(ack->gap_rows, 0U);
  ASSERT_TRUE(send(*store, session, 41, 50));
  EXPECT_EQ(send_gap(*store, session, {52, 60, GapReason::corrupt}).error().code, Errc::not_next);
  EXPECT_EQ(send_gap(*store, session, {60, 52, GapReason::corrupt}).error().code,
            Errc::invalid_argument);
  ASSERT_TRUE(send_gap(*store, session, {51, 51, GapReason::corrupt}));  // Of unknown time.
  const Collected collected = all(*store);
  EXPECT_EQ(collected.rows.size(), 20U);
  ASSERT_EQ(collected.gaps.size(), 2U);
  EXPECT_EQ(collected.gaps[0].first, 11U);
  EXPECT_EQ(collected.gaps[0].last, 40U);
  const auto source = store->rows(kKey);
  const io::UtcRange inside{UtcInstant{microseconds(numbered_row(20).utc_us)},
                            UtcInstant{microseconds(numbered_row(30).utc_us)}};
  const auto columns = io::read_columns(*source, {}, inside);
  ASSERT_TRUE(columns);
  EXPECT_TRUE(columns->utc_us.empty());
  EXPECT_EQ(columns->gaps.size(), 2U);
  EXPECT_EQ(store->counters().gap_rows, 31U);
}

TEST(FleetStore, SingleRowsBecomeFullBlocks) {
  const TempDir dir;
  {
    const auto store = must_open(dir / "f.db");
    const SessionToken session = begin(*store);
    for (Sequence n = 1; n <= 130; ++n) {
      const BlockContext context{n <= 100 ? 1U : 2U, 0, ClockQuality::synced};
      ASSERT_TRUE(send(*store, session, n, n, epoch(1), context));
    }
    expect_numbered(all(*store), 1, 130);
  }
  // 60 + 40 of one context, 30 of the next; counted in the file itself.
  std::ifstream file(dir / "f.db", std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::size_t blocks = 0;
  for (std::size_t at = bytes.find("EMSB"); at != std::string::npos;
       at = bytes.find("EMSB", at + 1)) {
    ++blocks;
  }
  EXPECT_GE(blocks, 3U);
  EXPECT_LE(blocks, 9U);  // Stale copies in free space may remain.
}

TEST(FleetStore, RubbishIsRefusedBeforeAnythingIsStored) {
  const TempDir dir;
  const auto store = must_open(dir / "f.db");
  const SessionToken session = begin(*store);
  std::vector<std::byte> block = numbered_block(epoch(1), 1, 10);
  block[100] ^= std::byte{1};
  IngestItem item{block, {}};
  EXPECT_EQ(store->ingest(session, Stream::telemetry, epoch(1), {&item, 1}).error().code,
            Errc::checksum);
  item = {{}, {}};
  EXPECT_EQ(store->ingest(session, Stream::telemetry, epoch(1), {&item, 1}).error().code,
            Errc::truncated);
  const auto sound = numbered_block(epoch(1), 1, 10);
  item = {sound, {}};
  EXPECT_EQ(store->ingest(session, Stream::telemetry, epoch(2), {&item, 1}).error().code,
            Errc::invalid_argument);
  EXPECT_EQ(store->ingest(session, Stream::audit, epoch(1), {&item, 1}).error().code,
            Errc::invalid_argument);
  EXPECT_EQ(store->ingest(session + 1, Stream::telemetry, epoch(1), {&item, 1}).error().code,
            Errc::unauthenticated);
  EXPECT_EQ(store->counters().blocks_refused, 4U);
  EXPECT_TRUE(all(*store).rows.empty());
  EXPECT_EQ(*store->mark(kKey, Stream::telemetry, epoch(1)), 0U);
}

TEST(FleetStore, SequencesBeyondAnyStoresLifeAreRefusedNotWrapped) {
  constexpr Sequence kMax = UINT64_MAX;
  constexpr Sequence kGapRowsMax = Sequence{1} << 40;
  const TempDir dir;
  const auto store = must_open(dir / "f.db");
  const SessionToken session = begin(*store);
  const Gap refused[] = {{1, kMax - 2, GapReason::evicted},
                         {1, INT64_MAX, GapReason::evicted},
                         {1, kGapRowsMax + 1, GapReason::evicted},
                         {Sequence{INT64_MAX}, Sequence{INT64_MAX} + 1, GapReason::evicted}};
  for (const Gap& gap : refused) {
    const auto ack = send_gap(*store, session, gap);
    ASSERT_FALSE(ack) << gap.first << ".." << gap.last;
    EXPECT_EQ(ack.error().code, Errc::out_of_range) << gap.first << ".." << gap.last;
  }
  // A block across the mark whose last sequence is the last there is.
  std::vector<std::byte> block = numbered_block(epoch(1), 100, 103);
  relabel(block, epoch(1), kMax - 3);
  const IngestItem item{block, {}};
  const auto ack = store->ingest(session, Stream::telemetry, epoch(1), {&item, 1});
  ASSERT_FALSE(ack);
  EXPECT_EQ(ack.error().code, Errc::out_of_range);
  EXPECT_EQ(*store->mark(kKey, Stream::telemetry, epoch(1)), 0U);
  EXPECT_EQ(send_gap(*store, session, {1, kGapRowsMax, GapReason::evicted})->mark, kGapRowsMax);
}

TEST(FleetStore, TotalsBeyondTheirRangeStayAtItsEndAndTheStoreOpens) {
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

TEST(FleetStore, TenantsAndEpochsDoNotMix) {
  const TempDir dir;
  const auto store = must_open(dir / "f.db");
  ASSERT_TRUE(send(*store, begin(*store), 1, 5));
  ASSERT_TRUE(send(*store, begin(*store, kOther), 1, 7));
  const SessionToken second = begin(*store, kKey, epoch(2, 2), 1);  // The same process.
  ASSERT_TRUE(send(*store, second, 1, 9, epoch(2, 2)));
  EXPECT_EQ(*store->mark(kKey, Stream::telemetry, epoch(1)), 5U);
  EXPECT_EQ(*store->mark(kKey, Stream::telemetry, epoch(2, 2)), 9U);
  EXPECT_EQ(all(*store).rows.size(), 14U);
  EXPECT_EQ(all(*store, kOther).rows.size(), 7U);
  const auto marks = store->marks(kKey);
  ASSERT_TRUE(marks);
  ASSERT_EQ(marks->size(), 2U);
  EXPECT_EQ((*marks)[0].epoch, epoch(1));
  EXPECT_EQ((*marks)[1].stored, 9U);
  EXPECT_EQ(store->agents("acme")->size(), 1U);
  EXPECT_TRUE(store->agents("nobody")->empty());
}

TEST(FleetStore, LatestFollowsIngestAndSurvivesARestart) {
  const TempDir dir;
  const auto expect = [](FleetStore& store, std::uint64_t newest) {
    const auto latest = store.latest(kKey);
    ASSERT_TRUE(latest);
    ASSERT_EQ(latest->size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
      std::uint64_t n = newest;
      while (!numbered_row(n).values[i].valid) --n;  // A gap does not hide the value before it.
      EXPECT_EQ((*latest)[i].value, numbered_row(n).values[i].value);
      EXPECT_EQ((*latest)[i].at.since_epoch().count(), numbered_row(n).utc_us);
    }
  };
  {
    const auto store = must_open(dir / "f.db");
    EXPECT_TRUE(store->latest(kKey)->empty());
    const SessionToken session = begin(*store);
    ASSERT_TRUE(send(*store, session, 1, 20));
    expect(*store, 20);
    ASSERT_TRUE(send(*store, session, 15, 34));
    expect(*store, 34);
    EXPECT_EQ(store->latest(kKey, battery(1))->size(), 4U);
    EXPECT_TRUE(store->latest(kKey, battery(2))->empty());
  }
  const auto store = must_open(dir / "f.db");
  expect(*store, 34);
  const auto beside = must_open(dir / "f.db", {.create = false, .read_only = true});
  expect(*beside, 34);
  EXPECT_EQ(beside->session_begin({kKey, epoch(1), id(1)}).error().code, Errc::read_only);
}

/// One row: `points` cell voltages of a battery at a time.
Result<Ack> send_row(FleetStore& store, SessionToken session, Sequence sequence, AssetId asset,
                     std::size_t points, std::int64_t utc_us) {
  OwnedRow row;
  row.utc_us = utc_us;
  for (std::size_t i = 0; i < points; ++i) {
    row.points.push_back({asset, Signal::cell_voltage, static_cast<std::uint16_t>(i + 1)});
    row.values.push_back({static_cast<std::int64_t>(sequence), Quality::good, true});
  }
  std::vector<std::byte> buffer(64 * 1024);
  BlockBuilder builder(buffer);
  EXPECT_TRUE(builder.start(Stream::telemetry, epoch(1), sequence));
  EXPECT_TRUE(builder.append({}, row.view()));
  const IngestItem item{builder.bytes(), {}};
  return store.ingest(session, Stream::telemetry, epoch(1), {&item, 1});
}

TEST(FleetStore, LatestKeepsABoundedNumberOfPointsAndDropsThoseLongestAway) {
  const TempDir dir;
  const auto store = must_open(dir / "f.db");
  const SessionToken session = begin(*store);
  ASSERT_TRUE(send_row(*store, session, 1, battery(1), 256, 1));
  EXPECT_EQ(store->latest(kKey)->size(), 256U);  // From now on kept in memory.
  constexpr std::uint16_t kBatteries = 30;
  for (std::uint16_t n = 2; n <= kBatteries; ++n) {
    ASSERT_TRUE(send_row(*store, session, n, battery(n), 256, n));
  }
  EXPECT_EQ(store->latest(kKey)->size(), 4096U);
  EXPECT_TRUE(store->latest(kKey, battery(14))->empty());
  EXPECT_EQ(store->latest(kKey, battery(15))->size(), 256U);
  EXPECT_EQ(store->latest(kKey, battery(kBatteries))->size(), 256U);
  EXPECT_EQ(store->counters().latest_dropped, 256U * 30 - 4096);
  // Part of the oldest row.
  ASSERT_TRUE(send_row(*store, session, kBatteries + 1, battery(99), 100, 1));
  EXPECT_EQ(store->latest(kKey)->size(), 4096U);
  EXPECT_EQ(store->latest(kKey, battery(15))->size(), 156U);
  EXPECT_EQ(store->latest(kKey, battery(99))->size(), 100U);
}

TEST(FleetStore, LatestForgetsWhatIsAnHourOlderThanTheNewestRow) {
  constexpr std::int64_t kHour = 3'600'000'000;
  const TempDir dir;
  const auto expect_only = [](FleetStore& store, std::size_t gone, std::size_t here) {
    EXPECT_EQ(store.latest(kKey, battery(1))->size(), gone);
    EXPECT_EQ(store.latest(kKey, battery(2))->size(), here);
  };
  {
    const auto store = must_open(dir / "f.db");
    const SessionToken session = begin(*store);
    ASSERT_TRUE(send_row(*store, session, 1, battery(1), 3, 5 * kHour));
    EXPECT_EQ(store->latest(kKey)->size(), 3U);
    ASSERT_TRUE(send_row(*store, session, 2, battery(2), 2, 6 * kHour));
    expect_only(*store, 3, 2);
    ASSERT_TRUE(send_row(*store, session, 3, battery(2), 2, 6 * kHour + 1));
    expect_only(*store, 0, 2);
  }
  const auto store = must_open(dir / "f.db");
  expect_only(*store, 0, 2);
  // A clock that was set back hides nothing; times at the ends of their range overflow nothing.
  const SessionToken session = begin(*store);
  ASSERT_TRUE(send_row(*store, session, 4, battery(1), 3, kHour));
  expect_only(*store, 3, 2);
  ASSERT_TRUE(send_row(*store, session, 5, battery(1), 3, INT64_MIN));
  ASSERT_TRUE(send_row(*store, session, 6, battery(2), 2, INT64_MAX));
  expect_only(*store, 0, 2);
}

TEST(FleetStore, AConflictThatCouldNotBeWrittenIsTriedAgain) {
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

TEST(FleetStore, TwoAgentsWithOneIdentityAreBothRefusedUntilAPersonDecides) {
  const TempDir dir;
  {
    const auto store = must_open(dir / "f.db");
    const SessionToken one = begin(*store, kKey, epoch(1), 1);
    EXPECT_EQ(store->session_begin({kKey, epoch(2), id(2)}).error().code, Errc::identity_conflict);
    EXPECT_EQ(send(*store, one, 1, 5).error().code, Errc::identity_conflict);
    EXPECT_EQ(store->session_begin({kKey, epoch(1), id(1)}).error().code, Errc::identity_conflict);
    EXPECT_EQ(store->counters().conflicts, 1U);
    begin(*store, kOther);  // Nobody else is touched.
  }
  const auto store = must_open(dir / "f.db");  // Durable.
  EXPECT_EQ(store->session_begin({kKey, epoch(1), id(1)}).error().code, Errc::identity_conflict);
  ASSERT_EQ(store->conflicts()->size(), 1U);
  ASSERT_TRUE(store->clear_conflict(kKey));
  EXPECT_EQ(store->clear_conflict(kKey).error().code, Errc::not_found);
  ASSERT_TRUE(send(*store, begin(*store), 1, 5));
}

TEST(FleetStore, ARestartedAgentTakesOverAndACloneIsNoticed) {
  const TempDir dir;
  const auto store = must_open(dir / "f.db");
  const SessionToken half_open = begin(*store, kKey, epoch(1), 1);
  const SessionToken reconnected = begin(*store, kKey, epoch(1), 1);
  EXPECT_EQ(send(*store, half_open, 1, 5).error().code, Errc::unauthenticated);
  ASSERT_TRUE(send(*store, reconnected, 1, 5));
  const SessionToken restarted = begin(*store, kKey, epoch(1), 2);
  store->session_end(half_open);  // Late news of an old session changes nothing.
  ASSERT_TRUE(send(*store, restarted, 6, 7));
  // The process that was taken over is still alive: a cloned disk.
  EXPECT_EQ(store->session_begin({kKey, epoch(1), id(1)}).error().code, Errc::identity_conflict);
  EXPECT_EQ(send(*store, restarted, 8, 9).error().code, Errc::identity_conflict);
}

TEST(FleetStore, AfterASessionEndsAnotherStoreMayConnect) {
  const TempDir dir;
  const auto store = must_open(dir / "f.db");
  store->session_end(begin(*store, kKey, epoch(1), 1));
  ASSERT_TRUE(send(*store, begin(*store, kKey, epoch(2), 2), 1, 5, epoch(2)));
  EXPECT_EQ(store->session_begin({{"", "x"}, epoch(1), id(1)}).error().code,
            Errc::invalid_argument);
}

void backup(const TempDir& dir, const char* from, const char* to) {
  for (const char* part : {"", "-wal"}) {
    const std::string source = (dir / from) + part;
    std::filesystem::remove((dir / to) + part);
    if (std::filesystem::exists(source)) std::filesystem::copy_file(source, (dir / to) + part);
  }
}

TEST(FleetStore, ARestoredServerAnnouncesANewGenerationAndTakesWhatItLost) {
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

TEST(FleetStore, AFileMovedToAnotherMachineIsANewGeneration) {
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

TEST(FleetStore, ManyThreadsShareTransactionsAndLoseNothing) {
  const TempDir dir;
  const auto store = must_open(dir / "f.db");
  constexpr int kAgents = 8;
  constexpr Sequence kRows = 50;
  std::vector<std::thread> threads;
  std::array<bool, kAgents> sound{};
  for (int agent = 0; agent < kAgents; ++agent) {
    threads.emplace_back([&store, &sound, agent] {
      const AgentKey key{"acme", "site-" + std::to_string(agent)};
      const auto session = store->session_begin({key, epoch(1), id(1)});
      bool good = session.has_value();
      for (Sequence n = 1; good && n <= kRows; ++n) {
        const auto ack = send(*store, *session, n, n);
        good = ack && ack->mark == n;
      }
      sound[static_cast<std::size_t>(agent)] = good;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(std::all_of(sound.begin(), sound.end(), [](bool good) { return good; }));
  EXPECT_EQ(store->counters().stored, kAgents * kRows);
  EXPECT_LT(store->counters().groups, kAgents * kRows) << "no transaction was ever shared";
  for (int agent = 0; agent < kAgents; ++agent) {
    expect_numbered(all(*store, {"acme", "site-" + std::to_string(agent)}), 1, kRows);
  }
}

TEST(FleetStore, RefusesWhatIsNotItsOwn) {
  const TempDir dir;
  EXPECT_EQ(open_sqlite_fleet_store(dir / "none.db", {.create = false}).error().code,
            Errc::not_found);
  std::ofstream(dir / "text") << std::string(5000, 'x');
  EXPECT_EQ(open_sqlite_fleet_store(dir / "text").error().code, Errc::header);
  const auto store = must_open(dir / "f.db");
  EXPECT_EQ(open_sqlite_fleet_store(dir / "f.db").error().code, Errc::unavailable);
}

}  // namespace
