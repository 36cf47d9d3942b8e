// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>
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

OwnedRow random_row(Random& random, const std::vector<Point>& points, std::int64_t& time) {
  time = random.below(20) == 0 ? random.value()
                               : time + static_cast<std::int64_t>(random.below(2'000'000));
  OwnedRow row{time, points, {}};
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool valid = random.below(8) != 0;
    row.values.push_back({random.value(), static_cast<Quality>(random.below(4)), valid});
  }
  return row;
}

TEST(BlockProperty, RandomRowsRoundTripExactly) {
  const Seed seed(kSeed);
  Random random{seed.engine()};
  std::vector<std::byte> buffer(kBlockSizeMax);
  for (int round = 0; round < 300; ++round) {
    const std::vector<Point> points = cell_points(1 + random.below(kPointsMax));
    BlockBuilder builder(buffer);
    const Sequence first = 1 + random.below(1'000'000);
    ASSERT_TRUE(builder.start(Stream::telemetry, epoch(static_cast<std::uint8_t>(round)), first));
    const BlockContext context{random.engine(), random.engine(),
                               static_cast<ClockQuality>(random.below(3))};
    std::int64_t time = 1'700'000'000'000'000;
    std::vector<OwnedRow> rows;
    const std::size_t count = 1 + random.below(kBlockRowsMax);
    for (std::size_t i = 0; i < count; ++i) {
      rows.push_back(random_row(random, points, time));
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

/// With the CRC made right again the strict reader is alone: what it accepts, the encoder writes
/// back byte for byte.
TEST(BlockProperty, WhatIsAcceptedIsCanonical) {
  const Seed seed(kSeed);
  Random random{seed.engine()};
  const std::vector<std::byte> sound = numbered_block(epoch(9), 100, 119);
  std::vector<std::byte> buffer(kBlockSizeMax);
  std::size_t accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> block = sound;
    for (std::uint64_t i = 0; i <= random.below(3); ++i) {
      block[random.below(block.size() - kBlockCrcSize)] = static_cast<std::byte>(random.below(256));
    }
    const std::size_t crc_at = block.size() - kBlockCrcSize;
    store_le32(block, crc_at, crc32(Bytes{block}.first(crc_at)));
    const auto reader = BlockReader::open(block);
    if (!reader) continue;
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
    const std::vector<Point> points = cell_points(1 + random.below(40));
    BlockBuilder straight(one);
    BlockBuilder broken(two);
    ASSERT_TRUE(straight.start(Stream::telemetry, epoch(1), 1));
    ASSERT_TRUE(broken.start(Stream::telemetry, epoch(1), 1));
    std::int64_t time = 0;
    for (std::size_t i = 0; i < kBlockRowsMax; ++i) {
      const OwnedRow row = random_row(random, points, time);
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
