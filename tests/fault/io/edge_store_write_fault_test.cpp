// SPDX-License-Identifier: Apache-2.0
// The edge store when any one of its writes fails: refused, torn, no room, or the last before the
// power goes.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "ems/io/store/edge_store.hpp"
#include "support/edge_store_calls.hpp"
#include "support/faulty_files.hpp"
#include "support/temp_dir.hpp"

namespace ems::test {
namespace {

using io::EdgeStore;
using telemetry::Sequence;
using telemetry::Stream;

constexpr std::uint64_t kWritesMax = 45;  ///< More than the rounds below make.
constexpr int kRounds = 4;

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
  const Sequence kept = store->mark(Stream::telemetry).last;
  EXPECT_EQ(check_items(*store).rows, kept) << "and no gap";
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
  const Found found = check_items(*store);
  EXPECT_EQ(found.gap_rows, lost);
  EXPECT_EQ(found.rows + found.gap_rows, n);
}

}  // namespace
}  // namespace ems::test
