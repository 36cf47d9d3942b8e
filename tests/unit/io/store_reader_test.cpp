// SPDX-License-Identifier: Apache-2.0
// Finding one record of the past without reading what is between.
#include "ems/io/store/store_reader.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>

#include "support/temp_dir.hpp"

namespace {

using namespace ems;
using namespace ems::io;
using namespace ems::telemetry;

constexpr std::int64_t kFirst = 1'790'000'000;

UtcInstant at_s(std::int64_t second) { return UtcInstant{seconds(kFirst + second)}; }

void add_decision(EdgeStore& store, UtcInstant at, const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  const Record record{at, RecordType::decision, bytes};
  ASSERT_TRUE(store.append(Stream::decisions, record));
}

std::string text_of(const std::optional<FoundRecord>& found) {
  if (!found) return "none";
  if (found->gap) return "gap";
  return {reinterpret_cast<const char*>(found->payload.data()), found->payload.size()};
}

std::string newest(StoreReader& reader, UtcInstant at) {
  const auto found = reader.newest(Stream::decisions, at);
  EXPECT_TRUE(found) << found.error().what;
  return found ? text_of(*found) : "error";
}

class Newest : public testing::Test {
 protected:
  void SetUp() override {
    auto store = EdgeStore::open(path_);
    ASSERT_TRUE(store);
    store_.emplace(std::move(*store));
  }
  StoreReader reader() {
    EXPECT_TRUE(store_->commit());
    return std::move(*StoreReader::open(path_));
  }
  test::TempDir folder_;
  const std::string path_ = folder_ / "store.db";
  std::optional<EdgeStore> store_;
};

TEST_F(Newest, IsTheRecordInForceAtThatMoment) {
  for (int i = 0; i < 5; ++i) add_decision(*store_, at_s(10 * i), std::to_string(i));
  StoreReader stored = reader();
  EXPECT_EQ(newest(stored, at_s(-1)), "none");
  EXPECT_EQ(newest(stored, at_s(0)), "0");
  EXPECT_EQ(newest(stored, at_s(19)), "1");
  EXPECT_EQ(newest(stored, at_s(20)), "2");
  EXPECT_EQ(newest(stored, at_s(9'999)), "4");
  EXPECT_EQ(*stored.earliest(Stream::decisions), at_s(0));
  EXPECT_EQ(*stored.earliest(Stream::audit), std::nullopt);
  EXPECT_EQ(text_of(*stored.newest(Stream::audit, at_s(9'999))), "none");
}

// A clock that was set back: what was written last counts, as far as its own time is not later.
TEST_F(Newest, FollowsTheOrderOfWritingWhenTheClockWasSetBack) {
  add_decision(*store_, at_s(100), "before");
  add_decision(*store_, at_s(50), "after");
  StoreReader stored = reader();
  EXPECT_EQ(newest(stored, at_s(60)), "after");
  EXPECT_EQ(newest(stored, at_s(100)), "after");
  EXPECT_EQ(newest(stored, at_s(49)), "none");
  EXPECT_EQ(*stored.earliest(Stream::decisions), at_s(50));
}

TEST_F(Newest, LooksIntoOlderEpochsToo) {
  add_decision(*store_, at_s(0), "old");
  ASSERT_TRUE(store_->commit());
  ASSERT_TRUE(store_->acknowledge(Stream::decisions, store_->epoch(), 1));
  ASSERT_TRUE(store_->open_new_epoch());
  add_decision(*store_, at_s(10), "new");
  StoreReader stored = reader();
  EXPECT_EQ(newest(stored, at_s(5)), "old");
  EXPECT_EQ(newest(stored, at_s(15)), "new");
}

TEST_F(Newest, OpensOneBlockOfAHundredThousandDecisions) {
  constexpr int kDecisions = 100'000;
  const std::string filling(200, '.');
  for (int i = 0; i < kDecisions; ++i) {
    add_decision(*store_, at_s(i), std::to_string(i) + filling);
    if (i % 5'000 == 0) {
      ASSERT_TRUE(store_->commit());
    }
  }
  StoreReader stored = reader();
  ASSERT_GT(store_->counters().blocks_held, 100U) << "the test needs many blocks";
  std::uint64_t asked = 0;
  for (const int second : {0, 1, 777, 50'000, 99'998, 99'999, 123'456}) {
    const int expected = std::min(second, kDecisions - 1);
    EXPECT_EQ(newest(stored, at_s(second)), std::to_string(expected) + filling);
    EXPECT_EQ(stored.blocks_opened(), ++asked);
  }
}

TEST_F(Newest, ADamagedBlockIsNeverAnsweredByAnOlderRecord) {
  const std::string filling(3'000, '.');  // Some twenty to a block.
  for (int i = 0; i < 100; ++i) add_decision(*store_, at_s(i), std::to_string(i) + filling);
  StoreReader stored = reader();
  ASSERT_GT(store_->counters().blocks_held, 3U);
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db,
                         "UPDATE block SET bytes=zeroblob(length(bytes)) WHERE stream=2 AND "
                         "first<=50 AND last>=50",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  ASSERT_EQ(sqlite3_changes(db), 1);
  sqlite3_close(db);
  EXPECT_EQ(newest(stored, at_s(49)), "gap");
  EXPECT_EQ(newest(stored, at_s(5)), "5" + filling);
  EXPECT_EQ(newest(stored, at_s(95)), "95" + filling);
}

}  // namespace
