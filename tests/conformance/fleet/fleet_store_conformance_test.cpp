// SPDX-License-Identifier: Apache-2.0
// What every back end of FleetStore does, whatever it stores in: one suite, run for each of them.
#include <algorithm>
#include <array>
#include <thread>

#include "ems/fleet/sqlite_fleet_store.hpp"
#include "support/fleet_store_calls.hpp"
#include "support/temp_dir.hpp"

namespace {

using namespace ems;
using namespace ems::test;

/// A back end: opens the store of a folder, made when it is not there. Another open after the first
/// store has ended is a restart.
struct BackEnd {
  const char* name;
  Result<std::unique_ptr<FleetStore>> (*open)(const TempDir& folder);
};

constexpr BackEnd kSqlite{"Sqlite",
                          [](const TempDir& dir) { return open_sqlite_fleet_store(dir / "f.db"); }};

/// Forgets each lane when it uses another: what is remembered is never more than what is stored.
constexpr BackEnd kForgetful{"SqliteForgetful", [](const TempDir& dir) {
                               return open_sqlite_fleet_store(dir / "f.db", {.lanes_max = 1});
                             }};

class FleetStoreConformance : public testing::TestWithParam<BackEnd> {
 protected:
  std::unique_ptr<FleetStore> open() {
    auto store = GetParam().open(dir_);
    EXPECT_TRUE(store.has_value()) << store.error().what;
    return store ? std::move(store).value() : nullptr;
  }

 private:
  TempDir dir_;
};

INSTANTIATE_TEST_SUITE_P(BackEnds, FleetStoreConformance, testing::Values(kSqlite, kForgetful),
                         [](const auto& of) { return std::string(of.param.name); });

TEST_P(FleetStoreConformance, StoresEachRowOnce) {
  const auto store = open();
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

TEST_P(FleetStoreConformance, AHoleIsRefusedAndTheMarkSaysWhatIsExpected) {
  const auto store = open();
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

TEST_P(FleetStoreConformance, GapsAreAcknowledgedCountedAndVisible) {
  const auto store = open();
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

TEST_P(FleetStoreConformance, SingleRowsBecomeFullBlocks) {
  const auto store = open();
  const SessionToken session = begin(*store);
  for (Sequence n = 1; n <= 130; ++n) {
    const BlockContext context{n <= 100 ? 1U : 2U, 0, ClockQuality::synced};
    ASSERT_TRUE(send(*store, session, n, n, epoch(1), context));
  }
  expect_numbered(all(*store), 1, 130);
  std::vector<std::size_t> blocks;  // A page of one item is a block.
  for (PageCursor cursor; !cursor.done;) {
    Collected page;
    ASSERT_TRUE(store->read_page(kKey, Stream::telemetry, {}, 1, cursor, page));
    if (!page.rows.empty()) blocks.push_back(page.rows.size());
  }
  EXPECT_EQ(blocks, (std::vector<std::size_t>{60, 40, 30}));
}

TEST_P(FleetStoreConformance, ARangeGivesTheRowsOfItsTimeAndNoOthers) {
  const auto store = open();
  const SessionToken session = begin(*store);
  for (Sequence first = 1; first <= 541; first += 60) {
    ASSERT_TRUE(send(*store, session, first, first + 59));
  }
  const auto at = [](Sequence n) { return UtcInstant{microseconds(numbered_row(n).utc_us)}; };
  const struct {
    io::UtcRange range;
    Sequence first, last;
  } cases[] = {{{at(70), at(71)}, 70, 70},
               {{at(60), at(122)}, 60, 121},
               {{at(590), {}}, 590, 600},
               {{UtcInstant{Duration::min()}, at(3)}, 1, 2}};
  for (auto wanted : cases) {
    if (wanted.range.to == UtcInstant{}) wanted.range.to = UtcInstant{Duration::max()};
    Collected whole;
    ASSERT_TRUE(store->rows(kKey)->read(Stream::telemetry, wanted.range, whole));
    Collected paged;
    for (PageCursor cursor; !cursor.done;) {
      ASSERT_TRUE(store->read_page(kKey, Stream::telemetry, wanted.range, 2, cursor, paged));
    }
    expect_numbered(whole, wanted.first, wanted.last);
    expect_numbered(paged, wanted.first, wanted.last);
  }
  Collected none;
  ASSERT_TRUE(store->rows(kKey)->read(Stream::telemetry, {at(601), at(700)}, none));
  EXPECT_TRUE(none.rows.empty());
}

TEST_P(FleetStoreConformance, RowsThatComeBetweenPagesLeaveNoHoleInWhatIsGiven) {
  const auto store = open();
  const SessionToken session = begin(*store);
  ASSERT_TRUE(send(*store, session, 1, 30));
  Collected paged;
  PageCursor cursor;
  ASSERT_TRUE(store->read_page(kKey, Stream::telemetry, {}, 1, cursor, paged));
  ASSERT_TRUE(send(*store, session, 31, 60));  // Into the block that was given.
  ASSERT_TRUE(send(*store, session, 61, 70));
  while (!cursor.done) {
    ASSERT_TRUE(store->read_page(kKey, Stream::telemetry, {}, 1, cursor, paged));
  }
  for (std::size_t i = 0; i < paged.sequences.size(); ++i) ASSERT_EQ(paged.sequences[i], i + 1);
  EXPECT_GE(paged.sequences.size(), 30U);
  // A gap at the end is given, too, and a block before it.
  ASSERT_TRUE(send_gap(*store, session, {71, 80, GapReason::evicted}));
  Collected whole;
  for (PageCursor next; !next.done;) {
    ASSERT_TRUE(store->read_page(kKey, Stream::telemetry, {}, 1, next, whole));
  }
  expect_numbered(whole, 1, 70);
  ASSERT_EQ(whole.gaps.size(), 1U);
  EXPECT_EQ(whole.gaps[0].last, 80U);
}

TEST_P(FleetStoreConformance, RubbishIsRefusedBeforeAnythingIsStored) {
  const auto store = open();
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

TEST_P(FleetStoreConformance, SequencesBeyondAnyStoresLifeAreRefusedNotWrapped) {
  constexpr Sequence kMax = UINT64_MAX;
  constexpr Sequence kGapRowsMax = Sequence{1} << 40;
  const auto store = open();
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

TEST_P(FleetStoreConformance, TenantsAndEpochsDoNotMix) {
  const auto store = open();
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

TEST_P(FleetStoreConformance, LatestFollowsIngestAndSurvivesARestart) {
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
    const auto store = open();
    EXPECT_TRUE(store->latest(kKey)->empty());
    const SessionToken session = begin(*store);
    ASSERT_TRUE(send(*store, session, 1, 20));
    expect(*store, 20);
    ASSERT_TRUE(send(*store, session, 15, 34));
    expect(*store, 34);
    EXPECT_EQ(store->latest(kKey, battery(1))->size(), 4U);
    EXPECT_TRUE(store->latest(kKey, battery(2))->empty());
  }
  const auto store = open();
  expect(*store, 34);
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

TEST_P(FleetStoreConformance, LatestKeepsABoundedNumberOfPointsAndDropsThoseLongestAway) {
  const auto store = open();
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

TEST_P(FleetStoreConformance, LatestForgetsWhatIsAnHourOlderThanTheNewestRow) {
  constexpr std::int64_t kHour = 3'600'000'000;
  const auto expect_only = [](FleetStore& store, std::size_t gone, std::size_t here) {
    EXPECT_EQ(store.latest(kKey, battery(1))->size(), gone);
    EXPECT_EQ(store.latest(kKey, battery(2))->size(), here);
  };
  {
    const auto store = open();
    const SessionToken session = begin(*store);
    ASSERT_TRUE(send_row(*store, session, 1, battery(1), 3, 5 * kHour));
    EXPECT_EQ(store->latest(kKey)->size(), 3U);
    ASSERT_TRUE(send_row(*store, session, 2, battery(2), 2, 6 * kHour));
    expect_only(*store, 3, 2);
    ASSERT_TRUE(send_row(*store, session, 3, battery(2), 2, 6 * kHour + 1));
    expect_only(*store, 0, 2);
  }
  const auto store = open();
  expect_only(*store, 0, 2);
  // A clock that was set back hides nothing; times at the ends of their range overflow nothing.
  const SessionToken session = begin(*store);
  ASSERT_TRUE(send_row(*store, session, 4, battery(1), 3, kHour));
  expect_only(*store, 3, 2);
  ASSERT_TRUE(send_row(*store, session, 5, battery(1), 3, INT64_MIN));
  ASSERT_TRUE(send_row(*store, session, 6, battery(2), 2, INT64_MAX));
  expect_only(*store, 0, 2);
}

TEST_P(FleetStoreConformance, TwoAgentsWithOneIdentityAreBothRefusedUntilAPersonDecides) {
  {
    const auto store = open();
    const SessionToken one = begin(*store, kKey, epoch(1), 1);
    EXPECT_EQ(store->session_begin({kKey, epoch(2), id(2)}).error().code, Errc::identity_conflict);
    EXPECT_EQ(send(*store, one, 1, 5).error().code, Errc::identity_conflict);
    EXPECT_EQ(store->session_begin({kKey, epoch(1), id(1)}).error().code, Errc::identity_conflict);
    EXPECT_EQ(store->counters().conflicts, 1U);
    begin(*store, kOther);  // Nobody else is touched.
  }
  const auto store = open();  // Durable.
  EXPECT_EQ(store->session_begin({kKey, epoch(1), id(1)}).error().code, Errc::identity_conflict);
  ASSERT_EQ(store->conflicts()->size(), 1U);
  ASSERT_TRUE(store->clear_conflict(kKey));
  EXPECT_EQ(store->clear_conflict(kKey).error().code, Errc::not_found);
  ASSERT_TRUE(send(*store, begin(*store), 1, 5));
}

TEST_P(FleetStoreConformance, ARestartedAgentTakesOverAndACloneIsNoticed) {
  const auto store = open();
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

TEST_P(FleetStoreConformance, AfterASessionEndsAnotherStoreMayConnect) {
  const auto store = open();
  store->session_end(begin(*store, kKey, epoch(1), 1));
  ASSERT_TRUE(send(*store, begin(*store, kKey, epoch(2), 2), 1, 5, epoch(2)));
  EXPECT_EQ(store->session_begin({{"", "x"}, epoch(1), id(1)}).error().code,
            Errc::invalid_argument);
}

TEST_P(FleetStoreConformance, ManyThreadsShareTransactionsAndLoseNothing) {
  const auto store = open();
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

}  // namespace
