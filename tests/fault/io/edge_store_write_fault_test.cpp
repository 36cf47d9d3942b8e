// SPDX-License-Identifier: Apache-2.0
// The edge store when any one of its writes fails: refused, torn, no room, or the last before the
// power goes.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "ems/io/store/edge_store.hpp"
#include "support/faulty_files.hpp"
#include "support/telemetry_rows.hpp"
#include "support/temp_dir.hpp"

namespace ems::test {
namespace {

using io::EdgeStore;
using telemetry::Sequence;
using telemetry::Stream;

constexpr std::uint64_t kWritesMax = 45;  ///< More than the rounds below make.
constexpr int kRounds = 4;

/// Every row from 1 to the mark is the one of its number; returns the mark.
Sequence check_rows(EdgeStore& store) {
  Sequence at = 0;
  const Sequence last = store.mark(Stream::telemetry).last;
  while (at < last) {
    const auto items = store.peek(Stream::telemetry, at, 64 * 1024);
    if (!items || items->empty()) {
      ADD_FAILURE() << "rows end at " << at << " of " << last;
      break;
    }
    for (const io::StoredItem& item : *items) {
      EXPECT_EQ(item.first, at + 1);
      EXPECT_FALSE(item.gap);
      for (const OwnedRow& row : rows_of(item.block)) EXPECT_EQ(row, numbered_row(++at));
    }
  }
  return last;
}

/// Whether the fault was met.
bool survive(std::uint64_t write, FileFault fault) {
  const TempDir dir;
  FaultyFiles files;
  Sequence committed = 0;
  Sequence offered = 0;
  {
    Result<EdgeStore> store = EdgeStore::open(dir / "s.db");
    EXPECT_TRUE(store.has_value());
    files.fail_at(write, fault);
    for (int round = 0; round < kRounds; ++round) {
      for (int i = 0; i < 3; ++i) {
        const Result<Sequence> sequence = store->append(numbered_row(offered + 1).view());
        if (sequence) offered = *sequence;
      }
      if (store->commit()) committed = offered;
    }
  }
  const bool struck = files.struck();
  files.repair();
  Result<EdgeStore> store = EdgeStore::open(dir / "s.db");
  EXPECT_TRUE(store.has_value()) << store.error().what;
  if (!store) return struck;
  const Sequence kept = check_rows(*store);
  EXPECT_GE(kept, committed) << "a committed row is lost";
  EXPECT_LE(kept, offered) << "a row that was never offered";
  EXPECT_TRUE(store->append(numbered_row(kept + 1).view()).has_value());
  EXPECT_TRUE(store->commit().has_value()) << "it goes on";
  return struck;
}

class EdgeStoreWriteFault : public ::testing::TestWithParam<FileFault> {};

TEST_P(EdgeStoreWriteFault, AtAnyWriteLosesNoCommittedRowAndGoesOn) {
  std::uint64_t met = 0;
  for (std::uint64_t write = 1; write <= kWritesMax && !HasFailure(); ++write) {
    SCOPED_TRACE(testing::Message() << "write " << write);
    met += survive(write, GetParam()) ? 1U : 0U;
  }
  EXPECT_GT(met, 15U);         // The faults were met ...
  EXPECT_LT(met, kWritesMax);  // ... at every write there is.
}

INSTANTIATE_TEST_SUITE_P(EveryFault, EdgeStoreWriteFault,
                         ::testing::Values(FileFault::refused, FileFault::torn, FileFault::full,
                                           FileFault::read_only, FileFault::power_cut));

TEST(EdgeStoreReadOnlyFault, HasItsNameLosesNothingAndIsCounted) {
  const TempDir dir;
  FaultyFiles files;
  io::EdgeStoreOptions options;
  options.pending_bytes = std::size_t{16} * 1024;
  Result<EdgeStore> store = EdgeStore::open(dir / "s.db", options);
  ASSERT_TRUE(store);
  Sequence n = 0;
  const auto add = [&](Sequence count) {
    for (Sequence i = 0; i < count; ++i) {
      ASSERT_EQ(store->append(numbered_row(++n).view()).value(), n);
    }
  };
  add(10);
  ASSERT_TRUE(store->commit());
  files.fail_at(1, FileFault::read_only);
  add(100);
  ASSERT_FALSE(store->commit());
  EXPECT_EQ(store->commit().error().code, Errc::read_only);
  EXPECT_EQ(store->put("latch", {}).error().code, Errc::read_only);
  EXPECT_EQ(store->mark(Stream::telemetry).last, 10U);
  EXPECT_EQ(store->counters().commits_failed, 2U);
  EXPECT_GT(store->counters().bytes_pending, 0U);
  while (store->counters().rows_lost[1] == 0 && n < 100'000) add(60);  // Memory is bounded.
  const std::uint64_t lost = store->counters().rows_lost[1];
  EXPECT_GT(lost, 0U);
  files.repair();  // Somebody mounts it read-write.
  ASSERT_TRUE(store->commit());
  EXPECT_EQ(store->mark(Stream::telemetry).last, n);
  std::uint64_t rows = 0;
  std::uint64_t gap_rows = 0;
  const std::vector<io::StoredItem> items = store->peek(Stream::telemetry, 0, SIZE_MAX).value();
  for (const io::StoredItem& item : items) {
    (item.gap ? gap_rows : rows) += item.last - item.first + 1;
  }
  EXPECT_EQ(gap_rows, lost);
  EXPECT_EQ(rows + gap_rows, n);
}

}  // namespace
}  // namespace ems::test
