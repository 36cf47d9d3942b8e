// SPDX-License-Identifier: Apache-2.0
// Rows of stored blocks: each is unpacked once, and of a block that is not sound none is given.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "ems/io/store/edge_store.hpp"
#include "ems/io/store/read_query.hpp"
#include "ems/io/store/store_reader.hpp"
#include "ems/telemetry/crc32.hpp"
#include "support/telemetry_rows.hpp"
#include "support/temp_dir.hpp"

namespace ems::io {
namespace {

using namespace telemetry;
using test::numbered_row;

constexpr Sequence kRows = 180;  // Three blocks.

/// The block with a late row that no encoder writes, its CRC right again.
std::vector<std::byte> with_a_bad_row(std::vector<std::byte> block) {
  const std::size_t crc_at = block.size() - kBlockCrcSize;
  for (std::size_t at = crc_at - 20; at < crc_at; ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::vector<std::byte> bad = block;
      bad[at] ^= static_cast<std::byte>(1U << bit);
      store_le32(bad, crc_at, crc32(Bytes{bad}.first(crc_at)));
      auto scan = BlockScan::open(bad);
      std::size_t rows = 0;
      Result<bool> more = scan->next();
      for (; more && *more; more = scan->next()) ++rows;
      if (!more && rows > 30) return bad;
    }
  }
  ADD_FAILURE() << "every flip of a bit made a sound block";
  return block;
}

/// What comes row by row.
struct Rows final : RowSink {
  bool row(const RowId& id, const Row& row) override {
    EXPECT_EQ(row.at, numbered_row(id.sequence).view().at);
    EXPECT_TRUE(std::ranges::equal(row.values, numbered_row(id.sequence).values));
    sequences.push_back(id.sequence);
    return sequences.size() < max;
  }
  bool record(const RowId&, const Record&) override { return true; }
  bool gap(const RowId&, const Gap& gap) override {
    gaps.push_back(gap);
    return true;
  }
  std::size_t max = SIZE_MAX;
  std::vector<Sequence> sequences;
  std::vector<Gap> gaps;
};

class BlockRows : public testing::Test {
 protected:
  void SetUp() override {
    auto store = EdgeStore::open(path_);
    ASSERT_TRUE(store);
    for (Sequence n = 1; n <= kRows; ++n) ASSERT_TRUE(store->append(numbered_row(n).view()));
    ASSERT_TRUE(store->commit());
    Result<StoreReader> opened = StoreReader::open(path_);
    ASSERT_TRUE(opened);
    reader_.emplace(std::move(*opened));
  }
  /// Puts a bad row into the second block.
  void spoil() {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &db), SQLITE_OK);
    sqlite3_stmt* s = nullptr;
    ASSERT_EQ(sqlite3_prepare_v2(db, "SELECT bytes FROM block WHERE first=61", -1, &s, nullptr),
              SQLITE_OK);
    ASSERT_EQ(sqlite3_step(s), SQLITE_ROW);
    const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(s, 0));
    const auto bad = with_a_bad_row({bytes, bytes + sqlite3_column_bytes(s, 0)});
    sqlite3_finalize(s);
    ASSERT_EQ(sqlite3_prepare_v2(db, "UPDATE block SET bytes=?1 WHERE first=61", -1, &s, nullptr),
              SQLITE_OK);
    sqlite3_bind_blob(s, 1, bad.data(), static_cast<int>(bad.size()), SQLITE_STATIC);
    ASSERT_EQ(sqlite3_step(s), SQLITE_DONE);
    sqlite3_finalize(s);
    sqlite3_close(db);
  }
  test::TempDir folder_;
  const std::string path_ = folder_ / "store.db";
  std::optional<StoreReader> reader_;
};

TEST_F(BlockRows, AreAllGivenInTheirOrder) {
  Rows rows;
  ASSERT_TRUE(reader_->read(Stream::telemetry, {}, rows));
  ASSERT_EQ(rows.sequences.size(), kRows);
  for (Sequence n = 1; n <= kRows; ++n) EXPECT_EQ(rows.sequences[n - 1], n);
  EXPECT_TRUE(rows.gaps.empty());
}

TEST_F(BlockRows, OfABlockWithABadRowNoneIsGivenAndTheGapSaysSo) {
  spoil();
  Rows rows;
  ASSERT_TRUE(reader_->read(Stream::telemetry, {}, rows));
  ASSERT_EQ(rows.sequences.size(), 120U);
  EXPECT_EQ(rows.sequences[59], 60U);
  EXPECT_EQ(rows.sequences[60], 121U);
  ASSERT_EQ(rows.gaps.size(), 1U);
  EXPECT_EQ(rows.gaps[0], (Gap{61, 120, GapReason::corrupt, true, numbered_row(61).view().at,
                               numbered_row(120).view().at}));
}

// Columns are filled while a block is unpacked: what it had filled is taken back.
TEST_F(BlockRows, ColumnsForgetABlockWithABadRow) {
  spoil();
  for (const auto& points : {std::vector<Point>{}, std::vector<Point>{test::cell_points(3)[2]}}) {
    const auto columns = read_columns(*reader_, points, {});
    ASSERT_TRUE(columns);
    ASSERT_EQ(columns->sequences.size(), 120U);
    ASSERT_EQ(columns->gaps.size(), 1U);
    for (const Column& column : columns->columns) {
      ASSERT_EQ(column.values.size(), 120U);
      for (std::size_t i = 0; i < 120; ++i) {
        const test::OwnedRow row = numbered_row(columns->sequences[i]);
        const RowValue& want = row.values[column.point.element - 1U];
        EXPECT_EQ(column.valid[i] != 0, want.valid) << i;
        EXPECT_EQ(column.values[i], want.valid ? want.value : 0) << i;
        EXPECT_EQ(column.qualities[i], want.valid ? static_cast<int>(want.quality) : 0) << i;
      }
    }
  }
}

TEST_F(BlockRows, ColumnsStopAtTheirBoundAndKeepToTheRange) {
  EXPECT_EQ(read_columns(*reader_, {}, {}, 70)->sequences.back(), 70U);
  EXPECT_EQ(read_columns(*reader_, {}, {}, 60)->sequences.size(), 60U);
  const UtcRange range{numbered_row(50).view().at, numbered_row(130).view().at};
  const auto columns = read_columns(*reader_, {}, range);
  EXPECT_EQ(columns->sequences.front(), 50U);
  EXPECT_EQ(columns->sequences.back(), 129U);
  EXPECT_EQ(columns->sequences.size(), 80U);
  Rows rows;
  rows.max = 10;
  ASSERT_TRUE(reader_->read(Stream::telemetry, range, rows));
  EXPECT_EQ(rows.sequences.size(), 10U);
  EXPECT_EQ(rows.sequences.front(), 50U);
}

TEST_F(BlockRows, TheirPointsAreThoseOfTheRange) {
  EXPECT_EQ(*read_points(*reader_), test::cell_points(4));
  EXPECT_EQ(*read_points(*reader_, {numbered_row(70).view().at, numbered_row(71).view().at}),
            test::cell_points(4));
  EXPECT_TRUE(read_points(*reader_, {numbered_row(181).view().at, {}})->empty());
}

}  // namespace
}  // namespace ems::io
