// SPDX-License-Identifier: Apache-2.0
// A block may stay open for an hour; its rows do not wait for that, neither for the disk nor for
// the server. The edge store and the server's store, as the uplink joins them.
#include <optional>

#include "ems/fleet/sqlite_fleet_store.hpp"
#include "ems/io/store/edge_store.hpp"
#include "support/fleet_store_calls.hpp"
#include "support/temp_dir.hpp"

namespace {

using namespace ems;
using namespace ems::test;

constexpr Duration kPeriod = seconds(60);

/// Numbered rows, a period apart.
OwnedRow row_at(Sequence n) {
  OwnedRow row = numbered_row(n);
  row.utc_us = static_cast<std::int64_t>(n) * kPeriod.count();
  return row;
}

io::EdgeStore open_edge(const TempDir& dir) {
  io::EdgeStoreOptions options;
  options.block_span = io::default_block_span(kPeriod);
  auto store = io::EdgeStore::open(dir / "edge.db", options);
  EXPECT_TRUE(store.has_value()) << store.error().what;
  return std::move(store).value();
}

TEST(OpenBlockConformance, ARowAMinuteIsDurableAndDeliveredMinuteByMinute) {
  const TempDir dir;
  std::optional<io::EdgeStore> edge = open_edge(dir);
  const auto opened = open_sqlite_fleet_store(dir / "fleet.db");
  ASSERT_TRUE(opened) << opened.error().what;
  FleetStore& fleet = **opened;
  const Epoch epoch = edge->epoch();
  const SessionToken session = begin(fleet, kKey, epoch);
  constexpr Sequence kCut = 20;  // Power goes; the next start begins another block.
  constexpr Sequence kFull = kCut + kBlockRowsMax;
  Sequence mark = 0;
  for (Sequence n = 1; n <= kFull + 1; ++n) {
    ASSERT_EQ(*edge->append(row_at(n).view()), n);
    ASSERT_TRUE(edge->commit());
    const auto items = edge->peek(Stream::telemetry, mark, SIZE_MAX);
    ASSERT_TRUE(items);
    ASSERT_EQ(items->size(), 1U);
    const IngestItem item{items->front().block, items->front().gap};
    const auto ack = fleet.ingest(session, Stream::telemetry, epoch, {&item, 1});
    ASSERT_TRUE(ack) << ack.error().what;
    ASSERT_EQ(ack->mark, n);
    ASSERT_EQ(ack->duplicates, 0U) << "the open block is cut at the server's mark";
    ASSERT_TRUE(edge->acknowledge(Stream::telemetry, epoch, mark = ack->mark));
    ASSERT_EQ(edge->counters().blocks_held, n <= kCut ? 1U : n <= kFull ? 2U : 3U);
    if (n != kCut) continue;
    ASSERT_TRUE(edge->append(row_at(n + 1).view()));
    edge.reset();
    edge = open_edge(dir);
    ASSERT_EQ(edge->mark(Stream::telemetry).last, n) << "lost is what no commit had";
  }
  const Collected stored = all(fleet);
  ASSERT_EQ(stored.rows.size(), kFull + 1);
  for (std::size_t i = 0; i < stored.rows.size(); ++i) EXPECT_EQ(stored.rows[i], row_at(i + 1));
  EXPECT_TRUE(stored.gaps.empty());
}

}  // namespace
