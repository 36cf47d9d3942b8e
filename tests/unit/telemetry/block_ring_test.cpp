// SPDX-License-Identifier: Apache-2.0
#include "ems/telemetry/block_ring.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "support/telemetry_rows.hpp"

namespace ems::telemetry {
namespace {

using test::numbered_row;
using test::rows_of;
using test::text_record;

struct Ring {
  explicit Ring(std::size_t size = kBlockRingMin, Stream stream = Stream::telemetry,
                Sequence first = 1)
      : memory(size), ring(memory, stream, test::epoch(7), first) {}
  std::vector<std::byte> memory;
  BlockRing ring;
};

Sequence append_rows_to(BlockRing& ring, std::uint64_t count, std::size_t points = 4) {
  Sequence last = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Result<Sequence> appended =
        ring.append(numbered_row(ring.next_sequence(), points).view());
    EXPECT_TRUE(appended.has_value());
    last = *appended;
  }
  return last;
}

/// Reads everything back and checks that each row is the one its sequence says.
std::vector<Sequence> sequences_in(BlockRing& ring, std::size_t points = 4) {
  std::vector<Sequence> found;
  Sequence after = 0;
  while (const std::optional<HeldBlock> block = ring.peek(after)) {
    Sequence sequence = block->first;
    for (const test::OwnedRow& row : rows_of(block->bytes)) {
      EXPECT_EQ(row, numbered_row(sequence, points));
      found.push_back(sequence++);
    }
    EXPECT_EQ(sequence, block->last + 1);
    after = block->last;
  }
  return found;
}

TEST(BlockRing, GivesBackEveryRowIncludingTheBlockBeingFilled) {
  Ring r;
  EXPECT_FALSE(r.ring.peek(0).has_value());
  EXPECT_EQ(r.ring.first_held(), 0U);
  EXPECT_EQ(append_rows_to(r.ring, 150), 150U);
  const std::vector<Sequence> found = sequences_in(r.ring);
  ASSERT_EQ(found.size(), 150U);
  EXPECT_EQ(found.front(), 1U);
  EXPECT_EQ(found.back(), 150U);
  EXPECT_EQ(r.ring.blocks(), 2U);  // 60 rows each; 30 more are being filled.
  EXPECT_EQ(r.ring.rows_lost(), 0U);
}

TEST(BlockRing, AcknowledgedRowsStayUntilRoomIsNeededAndGoFirst) {
  Ring r;
  append_rows_to(r.ring, 120);
  ASSERT_TRUE(r.ring.acknowledge(90).has_value());
  EXPECT_EQ(r.ring.first_held(), 1U);
  const std::optional<HeldBlock> next = r.ring.peek(r.ring.acknowledged());
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->first, 61U);  // It straddles the mark; the receiver cuts it.
  ASSERT_TRUE(r.ring.acknowledge(120).has_value());
  while (r.ring.first_held() == 1) append_rows_to(r.ring, 60);
  EXPECT_GE(r.ring.first_held(), 61U);
  EXPECT_FALSE(r.ring.gap().has_value());
  EXPECT_EQ(r.ring.rows_lost(), 0U);
}

TEST(BlockRing, UnacknowledgedRowsThatGoAreOneGap) {
  Ring r;
  append_rows_to(r.ring, 10);
  ASSERT_TRUE(r.ring.acknowledge(4).has_value());
  append_rows_to(r.ring, 50);
  while (r.ring.first_held() == 1) append_rows_to(r.ring, 60);
  std::optional<Gap> gap = r.ring.gap();
  ASSERT_TRUE(gap.has_value());
  EXPECT_EQ(gap->first, 5U);
  EXPECT_EQ(gap->last, r.ring.first_held() - 1);
  EXPECT_EQ(gap->reason, GapReason::evicted);
  EXPECT_EQ(r.ring.rows_lost(), gap->last - gap->first + 1);

  ASSERT_TRUE(r.ring.acknowledge(gap->first).has_value());
  gap = r.ring.gap();
  ASSERT_TRUE(gap.has_value());
  EXPECT_EQ(gap->first, 6U);
  ASSERT_TRUE(r.ring.acknowledge(gap->last).has_value());
  EXPECT_FALSE(r.ring.gap().has_value());
}

TEST(BlockRing, AuditIsNeverLost) {
  Ring r(kBlockRingMin, Stream::audit);
  const test::OwnedRecord record = text_record(1, std::string(8000, 'x'));
  Result<Sequence> appended = r.ring.append(record.view());
  Sequence last = 0;
  while (appended) {
    last = *appended;
    ASSERT_LT(last, 100U);
    appended = r.ring.append(record.view());
  }
  EXPECT_EQ(appended.error().code, Errc::resource_exhausted);
  EXPECT_EQ(r.ring.next_sequence(), last + 1);
  EXPECT_EQ(r.ring.first_held(), 1U);
  EXPECT_EQ(r.ring.rows_lost(), 0U);
  ASSERT_TRUE(r.ring.acknowledge(1).has_value());
  EXPECT_TRUE(r.ring.append(record.view()).has_value());
}

TEST(BlockRing, AnAcknowledgementOfTheFutureIsRefused) {
  Ring r(kBlockRingMin, Stream::telemetry, 100);
  EXPECT_EQ(r.ring.acknowledged(), 99U);
  EXPECT_EQ(r.ring.acknowledge(100).error().code, Errc::out_of_range);
  append_rows_to(r.ring, 1);
  EXPECT_TRUE(r.ring.acknowledge(100).has_value());
  EXPECT_TRUE(r.ring.acknowledge(3).has_value());  // Late: changes nothing.
  EXPECT_EQ(r.ring.acknowledged(), 100U);
}

TEST(BlockRing, AnotherContextClosesTheBlock) {
  Ring r;
  append_rows_to(r.ring, 3);
  r.ring.set_context({.limits_hash = 5, .catalogue_hash = 6});
  append_rows_to(r.ring, 2);
  EXPECT_EQ(r.ring.blocks(), 1U);
  const auto reader = BlockReader::open(r.ring.peek(3)->bytes);
  ASSERT_TRUE(reader.has_value());
  EXPECT_EQ(reader->header().context.limits_hash, 5U);
  EXPECT_EQ(reader->header().first, 4U);
}

TEST(BlockRing, ARefusedRowTakesNoSequence) {
  Ring r;
  test::OwnedRow bad = numbered_row(1);
  bad.points[1] = bad.points[0];
  EXPECT_EQ(r.ring.append(bad.view()).error().code, Errc::invalid_argument);
  EXPECT_EQ(r.ring.next_sequence(), 1U);
  EXPECT_TRUE(r.ring.seal().has_value());
  EXPECT_EQ(r.ring.blocks(), 0U);
}

/// Small blocks of all lengths meet every way of fitting at the end, at the wrap and before the
/// oldest.
TEST(BlockRing, KeepsSmallBlocksWholeWhereverTheyFit) {
  std::mt19937 random(1);
  Ring r(kBlockRingMin, Stream::decisions);
  const auto payload = [](Sequence sequence) {
    return std::string(sequence * 7919 % 61, static_cast<char>('a' + sequence % 26));
  };
  for (int step = 0; step < 2000; ++step) {
    const Sequence sequence = r.ring.next_sequence();
    const test::OwnedRecord record =
        text_record(static_cast<std::int64_t>(sequence), payload(sequence), RecordType::decision);
    ASSERT_TRUE(r.ring.append(record.view()).has_value());
    if (random() % 4 != 0) {
      ASSERT_TRUE(r.ring.seal().has_value());
    }
    if (step % 10 != 0) continue;
    Sequence expected = r.ring.first_held();
    while (const std::optional<HeldBlock> block = r.ring.peek(expected - 1)) {
      ASSERT_EQ(block->first, expected);
      const auto reader = BlockReader::open(block->bytes);
      ASSERT_TRUE(reader.has_value()) << "sequence " << expected;
      RecordCursor cursor(*reader);
      while (cursor.next()) {
        const Bytes bytes = cursor.record().payload;
        const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        ASSERT_EQ(text, payload(expected));
        ++expected;
      }
      ASSERT_EQ(expected, block->last + 1);
    }
    ASSERT_EQ(expected, r.ring.next_sequence());
  }
  EXPECT_GT(r.ring.rows_lost(), 1000U);
}

/// Against a model: whatever happens, the rows held are the newest ones, in one run, and what is
/// missing above the mark is exactly the gap.
TEST(BlockRing, KeepsItsPromisesUnderRandomUse) {
  for (std::uint32_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&random](std::uint32_t n) { return random() % n; };
    Ring r(kBlockRingMin + below(30'000));
    std::uint64_t lost_before = 0;
    for (int step = 0; step < 400; ++step) {
      switch (below(8)) {
        case 0:
          ASSERT_TRUE(r.ring.seal().has_value());
          break;
        case 1:
          if (r.ring.next_sequence() > 1) {
            const Sequence upto = 1 + random() % (r.ring.next_sequence() - 1);
            ASSERT_TRUE(r.ring.acknowledge(upto).has_value());
          }
          break;
        default:
          append_rows_to(r.ring, below(40), 200);
      }
      const Sequence newest = r.ring.next_sequence() - 1;
      const Sequence oldest = r.ring.first_held();
      EXPECT_LE(r.ring.bytes_used(), r.ring.bytes_capacity());
      EXPECT_GE(r.ring.rows_lost(), lost_before);
      lost_before = r.ring.rows_lost();
      const std::optional<Gap> gap = r.ring.gap();
      if (oldest == 0) continue;
      if (gap) {
        EXPECT_EQ(gap->first, r.ring.acknowledged() + 1);
        EXPECT_EQ(gap->last, oldest - 1);
      } else {
        EXPECT_LE(oldest, r.ring.acknowledged() + 1);
      }
      if (step % 16 != 0) continue;
      const std::vector<Sequence> found = sequences_in(r.ring, 200);
      ASSERT_EQ(found.size(), newest - oldest + 1);
      for (std::size_t i = 0; i < found.size(); ++i) ASSERT_EQ(found[i], oldest + i);
    }
  }
}

}  // namespace
}  // namespace ems::telemetry
