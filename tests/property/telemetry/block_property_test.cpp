// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "ems/telemetry/block.hpp"
#include "ems/telemetry/crc32.hpp"
#include "support/seed.hpp"
#include "support/telemetry_rows.hpp"

namespace {

using namespace ems;
using namespace ems::telemetry;
using namespace ems::test;

constexpr std::uint64_t kSeed = 20261121;

struct Random {
  std::mt19937_64 engine;
  std::uint64_t below(std::uint64_t n) { return engine() % n; }
  std::int64_t value() {
    const auto raw = static_cast<std::int64_t>(engine());
    return raw >> below(64);  // Every magnitude, both signs.
  }
};

/// A column as the world makes them, and as it should not.
class Column {
 public:
  explicit Column(Random& random) : random_(random) { change(); }
  RowValue next() {
    if (random_.below(40) == 0) change();
    if (random_.below(100) < silent_pct_) present_ = !present_;
    if (random_.below(60) == 0) quality_ = static_cast<Quality>(random_.below(4));
    switch (shape_) {
      case 0:  // Holds, and jumps now and then.
        if (random_.below(25) == 0) value_ = random_.value();
        break;
      case 1:  // A counter that misses a beat.
        add(slope_ - (random_.below(30) == 0 ? 1 : 0));
        break;
      case 2:  // A measurement with noise, on a grid.
        add(grid_ * (static_cast<std::int64_t>(random_.below(7)) - 3));
        break;
      case 3:  // On a grid, but for one value in twenty.
        add(grid_ * (static_cast<std::int64_t>(random_.below(2'000)) - 1'000) +
            (random_.below(20) == 0 ? 1 : 0));
        break;
      case 4:  // The ends of the range.
        value_ = random_.below(2) == 0 ? std::numeric_limits<std::int64_t>::min()
                                       : std::numeric_limits<std::int64_t>::max();
        break;
      default:
        value_ = random_.value();
    }
    return {value_, quality_, present_};
  }

 private:
  void change() {
    constexpr std::int64_t kGrids[] = {1, 3, 10, 100, 1'000, 10'000};
    shape_ = random_.below(6);
    grid_ = kGrids[random_.below(6)];
    slope_ = random_.value() >> random_.below(64);
    silent_pct_ = random_.below(3) == 0 ? random_.below(50) : 0;
    quality_ = random_.below(3) == 0 ? static_cast<Quality>(random_.below(4)) : Quality::good;
  }
  void add(std::int64_t step) {
    value_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(value_) +
                                       static_cast<std::uint64_t>(step));
  }

  Random& random_;
  std::uint64_t shape_ = 0;
  std::uint64_t silent_pct_ = 0;
  std::int64_t value_ = 0;
  std::int64_t grid_ = 1;
  std::int64_t slope_ = 0;
  Quality quality_ = Quality::good;
  bool present_ = true;
};

/// Rows of one table: every shape of column, and a clock that jitters, stands, jumps and goes back.
class Rows {
 public:
  Rows(Random& random, std::vector<Point> points) : random_(random), points_(std::move(points)) {
    for (std::size_t i = 0; i < points_.size(); ++i) columns_.emplace_back(random);
  }
  OwnedRow next() {
    const std::uint64_t how = random_.below(30);
    if (how == 0) {
      time_ = random_.value();
    } else {
      const std::uint64_t step = 1'000'000 + (how < 10 ? random_.below(5'000) : 0);
      time_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(time_) +
                                        (how == 1 ? 0 - 3 * step : step));
    }
    OwnedRow row{time_, points_, {}};
    for (Column& column : columns_) row.values.push_back(column.next());
    return row;
  }

 private:
  Random& random_;
  std::vector<Point> points_;
  std::vector<Column> columns_;
  std::int64_t time_ = 1'700'000'000'000'000;
};

/// Tables of every form: runs, holes in runs, scalars, many assets, the ends of the numbers.
std::vector<Point> random_points(Random& random) {
  if (random.below(8) == 0) return cell_points(1 + random.below(kPointsMax));
  std::set<Point> points;
  const std::size_t count = 1 + random.below(random.below(4) == 0 ? kPointsMax : 60);
  Point point{battery(1), Signal::pack_voltage, 0};
  while (points.size() < count) {
    const std::uint64_t how = random.below(12);
    if (how == 0) {
      point.asset = {static_cast<AssetKind>(random.below(256)),
                     static_cast<std::uint8_t>(random.below(256)),
                     static_cast<std::uint16_t>(random.below(65'536))};
    }
    if (how < 4) point.signal = static_cast<Signal>(random.below(how == 1 ? 65'536 : 100));
    if (how < 5) point.element = static_cast<std::uint16_t>(how == 2 ? random.below(65'536) : how);
    if (how > 7) point.element = static_cast<std::uint16_t>(point.element + 1);
    points.insert(point);
    if (how == 5) point.element = static_cast<std::uint16_t>(point.element + 2);
    if (how == 6) point.signal = static_cast<Signal>(static_cast<std::uint16_t>(point.signal) + 1);
  }
  return {points.begin(), points.end()};
}

TEST(BlockProperty, RandomRowsRoundTripExactly) {
  const Seed seed(kSeed);
  Random random{seed.engine()};
  std::vector<std::byte> buffer(kBlockSizeMax);
  for (int round = 0, rounds = Seed::cases(400); round < rounds; ++round) {
    Rows source(random, random_points(random));
    BlockBuilder builder(buffer);
    const Sequence first = 1 + random.below(1'000'000);
    ASSERT_TRUE(builder.start(Stream::telemetry, epoch(static_cast<std::uint8_t>(round)), first));
    const BlockContext context{random.engine(), random.engine(),
                               static_cast<ClockQuality>(random.below(3))};
    std::vector<OwnedRow> rows;
    const std::size_t count = 1 + random.below(kBlockRowsMax);
    for (std::size_t i = 0; i < count; ++i) {
      rows.push_back(source.next());
      const auto appended = builder.append(context, rows.back().view());
      ASSERT_TRUE(appended && *appended == Append::stored);
    }
    const auto reader = BlockReader::open(builder.bytes());
    ASSERT_TRUE(reader) << reader.error().what << " at " << reader.error().offset;
    EXPECT_EQ(reader->header().context, context);
    EXPECT_EQ(reader->header().last, first + count - 1);
    ASSERT_EQ(rows_of(builder.bytes()), rows) << "round " << round;
  }
}

/// The edge stores the open block each second; a reader of any of these sees the rows so far, and
/// what it reads stays as it is in the blocks that follow.
TEST(BlockProperty, EveryBlockIsAPrefixOfTheNext) {
  const Seed seed(kSeed);
  Random random{seed.engine()};
  std::vector<std::byte> buffer(kBlockSizeMax);
  for (int round = 0, rounds = Seed::cases(40); round < rounds; ++round) {
    Rows source(random, random_points(random));
    BlockBuilder builder(buffer);
    ASSERT_TRUE(builder.start(Stream::telemetry, epoch(1), 1));
    std::vector<OwnedRow> rows;
    std::vector<std::byte> before;
    for (std::size_t i = 0; i < kBlockRowsMax; ++i) {
      rows.push_back(source.next());
      ASSERT_TRUE(builder.append({}, rows.back().view()));
      const std::vector<std::byte> block = to_vector(builder.bytes());
      if (!before.empty()) {  // All bytes but the last one of the body, whose padding fills up.
        const std::size_t same = before.size() - kBlockCrcSize - 1;
        ASSERT_TRUE(std::equal(before.begin() + kBlockHeaderSize,
                               before.begin() + static_cast<std::ptrdiff_t>(same),
                               block.begin() + kBlockHeaderSize));
      }
      ASSERT_EQ(rows_of(block), rows);
      before = block;
    }
  }
}

TEST(BlockProperty, TheWorstRowsFitTheLeastBuffer) {
  const Seed seed(kSeed);
  Random random{seed.engine()};
  std::vector<Point> points;  // Each its own asset, with an element: the longest table.
  for (std::size_t i = 0; i < kPointsMax; ++i) {
    points.push_back({{static_cast<AssetKind>(255), static_cast<std::uint8_t>(i), 65'535},
                      static_cast<Signal>(65'535),
                      65'535});
  }
  for (std::size_t more = 0; more < 3'000; more += 11) {  // Wherever the last row ends.
    std::vector<std::byte> buffer(kBlockBufferMin + more);
    BlockBuilder builder(buffer);
    ASSERT_TRUE(builder.start(Stream::telemetry, epoch(1), 1));
    std::vector<OwnedRow> rows;
    for (;;) {
      OwnedRow row{static_cast<std::int64_t>(random.engine()), points, {}};
      for (std::size_t i = 0; i < kPointsMax; ++i) {
        row.values.push_back({static_cast<std::int64_t>(random.engine()),
                              static_cast<Quality>(random.below(4)), true});
      }
      const auto appended = builder.append({}, row.view());
      ASSERT_TRUE(appended);
      if (*appended == Append::full) break;
      rows.push_back(row);
    }
    ASSERT_GE(rows.size(), 1U);
    ASSERT_EQ(rows_of(builder.bytes()), rows);
  }
}

TEST(BlockProperty, EveryTruncationAndEveryBitFlipIsRefused) {
  const std::vector<std::byte> sound = numbered_block(epoch(9), 100, 159);
  for (std::size_t size = 0; size < sound.size(); ++size) {
    ASSERT_FALSE(BlockReader::open(Bytes{sound}.first(size))) << size;
  }
  std::vector<std::byte> block = sound;
  for (std::size_t bit = 0; bit < 8 * block.size(); ++bit) {
    const auto mask = static_cast<std::byte>(1U << (bit % 8));
    block[bit / 8] ^= mask;
    ASSERT_FALSE(BlockReader::open(block)) << bit;
    block[bit / 8] ^= mask;
  }
  EXPECT_TRUE(BlockReader::open(block));
}

std::vector<std::byte> random_block(Random& random, std::vector<std::byte>& buffer) {
  std::vector<Point> points = random_points(random);
  points.resize(std::min<std::size_t>(points.size(), 12));
  Rows source(random, std::move(points));
  BlockBuilder builder(buffer);
  EXPECT_TRUE(builder.start(Stream::telemetry, epoch(9), 100));
  for (std::uint64_t i = 0, rows = 1 + random.below(kBlockRowsMax); i < rows; ++i) {
    EXPECT_TRUE(builder.append({}, source.next().view()));
  }
  return to_vector(builder.bytes());
}

/// Rows that a scan gives, each as a cursor gives it; what a scan says of a block that is not
/// sound.
Result<std::size_t> rows_scanned(Bytes block) {
  auto scan = BlockScan::open(block);
  if (!scan) return fail(scan.error());
  const auto reader = BlockReader::open(block);
  std::optional<RowCursor> cursor;
  if (reader) cursor.emplace(*reader);
  for (std::size_t rows = 0;; ++rows) {
    const Result<bool> more = scan->next();
    if (!more) {
      EXPECT_EQ(scan->next().error(), more.error());
      return fail(more.error());
    }
    if (!*more) return rows;
    if (!cursor) continue;
    EXPECT_TRUE(cursor->next());
    const Row row = cursor->row();
    EXPECT_EQ(scan->sequence(), cursor->sequence());
    EXPECT_EQ(scan->at(), row.at);
    for (std::size_t i = 0; i < row.values.size(); ++i) EXPECT_EQ(scan->value(i), row.values[i]);
  }
}

/// With the CRC made right again the strict reader is alone: what it accepts, the encoder writes
/// back byte for byte.
TEST(BlockProperty, WhatIsAcceptedIsCanonical) {
  const Seed seed(kSeed);
  Random random{seed.engine()};
  std::vector<std::byte> buffer(kBlockSizeMax);
  std::vector<std::byte> sound = numbered_block(epoch(9), 100, 119);
  std::size_t accepted = 0;
  for (int round = 0, rounds = Seed::cases(20'000); round < rounds; ++round) {
    if (round % 100 == 50) sound = random_block(random, buffer);
    std::vector<std::byte> block = sound;
    for (std::uint64_t i = 0; i <= random.below(3); ++i) {
      const std::size_t at = random.below(block.size() - kBlockCrcSize);
      block[at] = random.below(2) == 0 ? static_cast<std::byte>(random.below(256))
                                       : block[at] ^ static_cast<std::byte>(1 << random.below(8));
    }
    const std::size_t crc_at = block.size() - kBlockCrcSize;
    store_le32(block, crc_at, crc32(Bytes{block}.first(crc_at)));
    const auto reader = BlockReader::open(block);
    const Result<std::size_t> scanned = rows_scanned(block);
    ASSERT_EQ(scanned.has_value(), reader.has_value()) << "round " << round;
    if (!reader) {
      ASSERT_EQ(scanned.error(), reader.error()) << "round " << round;
      continue;
    }
    ASSERT_EQ(*scanned, reader->header().rows());
    ++accepted;
    BlockBuilder builder(buffer);
    ASSERT_TRUE(
        builder.start(reader->header().stream, reader->header().epoch, reader->header().first));
    ASSERT_EQ(append_rows(builder, *reader, reader->header().first - 1), reader->header().last);
    ASSERT_EQ(to_vector(builder.bytes()), block) << "round " << round;
  }
  EXPECT_GT(accepted, 1'000U);  // Else the test proves nothing.
}

TEST(BlockProperty, ResumingAnywhereChangesNothing) {
  const Seed seed(kSeed);
  Random random{seed.engine()};
  std::vector<std::byte> one(kBlockSizeMax);
  std::vector<std::byte> two(kBlockSizeMax);
  for (int round = 0; round < 100; ++round) {
    Rows source(random, random_points(random));
    BlockBuilder straight(one);
    BlockBuilder broken(two);
    ASSERT_TRUE(straight.start(Stream::telemetry, epoch(1), 1));
    ASSERT_TRUE(broken.start(Stream::telemetry, epoch(1), 1));
    for (std::size_t i = 0; i < kBlockRowsMax; ++i) {
      const OwnedRow row = source.next();
      ASSERT_TRUE(straight.append({}, row.view()));
      ASSERT_TRUE(broken.append({}, row.view()));
      if (random.below(4) == 0) {
        const std::vector<std::byte> copy = to_vector(broken.bytes());
        ASSERT_TRUE(broken.resume(copy));
      }
    }
    ASSERT_EQ(to_vector(straight.bytes()), to_vector(broken.bytes()));
  }
}

}  // namespace
