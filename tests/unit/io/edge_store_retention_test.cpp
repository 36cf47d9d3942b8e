// SPDX-License-Identifier: Apache-2.0
// What an edge store keeps and for how long: budgets of streams, age, blocks of 60 s, clocks that
// jump.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ems/io/store/edge_store.hpp"
#include "ems/io/store/store_reader.hpp"
#include "support/edge_store_calls.hpp"
#include "support/temp_dir.hpp"

namespace ems::test {
namespace {

using namespace ems::io;
using namespace ems::telemetry;

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kDayUs = 86'400 * kSecondUs;
constexpr std::int64_t kStart = 20'000 * kDayUs;  ///< In 2024: the clock was set.

UtcInstant utc(std::int64_t us) { return UtcInstant{microseconds(us)}; }

/// Appends the next row with a time of its own.
void add_at(EdgeStore& store, std::int64_t at_us) {
  OwnedRow row = numbered_row(1);
  row.utc_us = at_us;
  ASSERT_TRUE(store.append(row.view()));
}

std::vector<std::size_t> rows_per_block(EdgeStore& store, Stream stream = Stream::telemetry) {
  std::vector<std::size_t> rows;
  const std::vector<StoredItem> items = store.peek(stream, 0, SIZE_MAX).value();
  for (const StoredItem& item : items) {
    EXPECT_FALSE(item.gap);
    rows.push_back(item.last - item.first + 1);
  }
  return rows;
}

using Rows = std::vector<std::size_t>;

TEST(EdgeStoreRetention, ABlockClosesAtSixtyRowsOrSixtySeconds) {
  const TempDir dir;
  EdgeStore store = must_open(dir / "s.db");
  for (int i = 0; i < 61; ++i) add_at(store, i * kSecondUs);  // 60 rows in 59 s, and one.
  for (int i = 0; i < 7; ++i) add_at(store, kDayUs + i * 10 * kSecondUs);  // The 7th is at 60 s.
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(rows_per_block(store), (Rows{60, 1, 6, 1}));
}

TEST(EdgeStoreRetention, TheSpanOfABlockIsChosen) {
  const TempDir dir;
  EdgeStoreOptions options;
  options.block_span = seconds(10);
  EdgeStore store = must_open(dir / "s.db", options);
  for (int i = 0; i < 25; ++i) {
    add_at(store, i * kSecondUs);
    ASSERT_TRUE(store.commit());
  }
  EXPECT_EQ(rows_per_block(store), (Rows{10, 10, 5}));
  for (int i = 0; i < 8; ++i) {  // Records come once a minute: an hour of them is a block.
    ASSERT_TRUE(store.append(Stream::decisions, text_record(i * 600 * kSecondUs, "why").view()));
  }
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(rows_per_block(store, Stream::decisions), (Rows{6, 2}));
}

TEST(EdgeStoreRetention, AClockThatJumpsBackADayCostsNoRow) {
  const TempDir dir;
  constexpr std::int64_t kNoon = 20'000 * kDayUs;
  EdgeStore store = must_open(dir / "s.db");
  for (int i = 0; i < 10; ++i) add_at(store, kNoon + i * kSecondUs);
  ASSERT_TRUE(store.commit());
  for (int i = 0; i < 10; ++i) add_at(store, kNoon - kDayUs + i * kSecondUs);
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(store.counters().clock_steps, 1U);
  EXPECT_EQ(rows_per_block(store), (Rows{10, 10})) << "no block spans the jump";
  EXPECT_EQ(store.mark(Stream::telemetry).last, 20U);
  StoreReader reader = std::move(StoreReader::open(dir / "s.db")).value();
  const UtcRange yesterday{utc(kNoon - kDayUs), utc(kNoon - kDayUs / 2)};
  const auto old = read_columns(reader, {}, yesterday);
  ASSERT_TRUE(old);
  EXPECT_EQ(old->sequences.front(), 11U);
  EXPECT_EQ(old->sequences.size(), 10U);
  const auto all = read_columns(reader, {}, {});
  ASSERT_TRUE(all);
  EXPECT_EQ(all->sequences.size(), 20U);
  // The farthest apart that times can be: no block, and no sum, holds both.
  add_at(store, INT64_MAX);
  add_at(store, INT64_MIN);
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(store.counters().clock_steps, 2U);
  EXPECT_EQ(rows_per_block(store), (Rows{10, 10, 1, 1}));
}

TEST(EdgeStoreRetention, AStreamBeyondItsBudgetLosesItsOwnOldest) {
  const TempDir dir;
  EdgeStoreOptions options;
  options.retention[2].bytes = 3'000;
  EdgeStore store = must_open(dir / "s.db", options);
  add_rows(store, 1, 600);
  ASSERT_TRUE(store.commit());
  const std::uint64_t telemetry_bytes = store.counters().stream_bytes[1];
  for (int i = 0; i < 600; ++i) {
    ASSERT_TRUE(store.append(Stream::decisions, text_record(i, std::string(20, 'd')).view()));
    ASSERT_TRUE(store.append(Stream::audit, text_record(i, std::string(20, 'a')).view()));
    if (i % 50 == 49) {
      ASSERT_TRUE(store.commit());
    }
  }
  EXPECT_GT(store.counters().rows_lost[2], 300U);
  EXPECT_EQ(store.counters().rows_lost[1], 0U);
  EXPECT_EQ(store.counters().rows_lost[0], 0U);
  EXPECT_EQ(store.counters().stream_bytes[1], telemetry_bytes);
  EXPECT_LE(store.counters().stream_bytes[2], 3'000U + 1'600U) << "the open block stays";
  EXPECT_EQ(store.counters().stream_bytes[0] + telemetry_bytes + store.counters().stream_bytes[2],
            store.counters().bytes_held);
  const auto items = store.peek(Stream::decisions, 0, SIZE_MAX).value();
  ASSERT_TRUE(items.front().gap);
  EXPECT_EQ(items.front().last, store.counters().rows_lost[2]) << "one gap row, not one a block";
}

TEST(EdgeStoreRetention, AgeTakesAcknowledgedRowsOnly) {
  const TempDir dir;
  EdgeStoreOptions options;
  options.retention[1].age = seconds(86'400);
  EdgeStore store = must_open(dir / "s.db", options);
  for (int i = 0; i < 300; ++i) add_at(store, kStart + i * kSecondUs);
  ASSERT_TRUE(store.append(Stream::audit, text_record(kStart, "trip").view()));
  ASSERT_TRUE(store.commit());
  ASSERT_TRUE(store.acknowledge(Stream::telemetry, store.epoch(), 150));
  EXPECT_EQ(store.expire(utc(kStart + kDayUs)).value(), 0U) << "not old enough";
  EXPECT_EQ(store.expire(utc(kStart + kDayUs + 70 * kSecondUs)).value(), 1U);
  EXPECT_EQ(store.mark(Stream::telemetry).first_held, 61U);
  EXPECT_EQ(store.expire(utc(kStart + 9 * kDayUs)).value(), 1U) << "121 .. 180 is not delivered";
  EXPECT_EQ(store.mark(Stream::telemetry).first_held, 121U);
  EXPECT_EQ(store.counters().rows_evicted[1], 120U);
  EXPECT_EQ(store.counters().rows_lost[1], 0U);
  EXPECT_EQ(store.mark(Stream::audit).first_held, 1U) << "no age was given";
  { const EdgeStore closed = std::move(store); }
  EdgeStore again = must_open(dir / "s.db", options);
  EXPECT_EQ(again.open_report().corrupt_rows, 0U) << "the mark went along";
  EXPECT_EQ(again.mark(Stream::telemetry).first_held, 121U);
}

TEST(EdgeStoreRetention, WithoutAServerAgeTakesTheRestAsAGap) {
  const TempDir dir;
  EdgeStoreOptions options;
  options.retention[1].age = seconds(86'400);
  options.expire_undelivered = true;
  EdgeStore store = must_open(dir / "s.db", options);
  for (int i = 0; i < 130; ++i) add_at(store, kStart + i * kSecondUs);
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(store.expire(utc(kStart + 9 * kDayUs)).value(), 2U) << "the open block stays";
  EXPECT_EQ(store.counters().rows_lost[1], 120U);
  const auto items = store.peek(Stream::telemetry, 0, SIZE_MAX).value();
  ASSERT_EQ(items.size(), 2U);
  ASSERT_TRUE(items[0].gap);
  EXPECT_EQ(items[0].last, 120U);
  EXPECT_EQ(items[0].gap->reason, GapReason::evicted);
}

TEST(EdgeStoreRetention, RowsMadeBeforeTheClockWasSetHaveNoAge) {
  const TempDir dir;
  EdgeStoreOptions options;
  options.retention[1] = {.bytes = 3'000, .age = seconds(86'400)};
  options.expire_undelivered = true;
  EdgeStore store = must_open(dir / "s.db", options);
  constexpr std::uint64_t kUnset = 300;  // More blocks than a call removes: a day without a clock.
  for (std::uint64_t i = 0; i < kUnset; ++i) {
    add_at(store, static_cast<std::int64_t>(i) * 100 * kSecondUs);
  }
  for (int i = 0; i < 130; ++i) add_at(store, kStart + i * kSecondUs);
  ASSERT_TRUE(store.commit());
  ASSERT_EQ(store.counters().rows_lost[1], 0U) << "there is room";
  EXPECT_EQ(store.expire(utc(kStart + 60 * kSecondUs)).value(), 0U) << "a minute after the sync";
  EXPECT_EQ(store.expire(utc(kStart + 9 * kDayUs)).value(), 2U) << "they hold nobody up";
  EXPECT_EQ(store.counters().rows_lost[1], 120U);
  EXPECT_EQ(store.mark(Stream::telemetry).first_held, 1U);
  ASSERT_TRUE(store.acknowledge(Stream::telemetry, store.epoch(), kUnset));
  EXPECT_EQ(store.expire(utc(kStart + 9 * kDayUs)).value(), 0U);
  for (int i = 0; i < 3'000; ++i) add_at(store, kStart + 9 * kDayUs + i * kSecondUs);
  ASSERT_TRUE(store.commit());
  EXPECT_GT(store.mark(Stream::telemetry).first_held, kUnset)
      << "room takes them, the oldest first";
}

TEST(EdgeStoreRetention, RowsDatedAheadStayAndHoldNobodyUp) {
  const TempDir dir;
  EdgeStoreOptions options;
  options.retention[1].age = seconds(86'400);
  EdgeStore store = must_open(dir / "s.db", options);
  for (int i = 0; i < 60; ++i)
    add_at(store, kStart + 400 * kDayUs + i * kSecondUs);  // A year ahead.
  for (int i = 0; i < 60; ++i) add_at(store, kStart + i * kSecondUs);
  add_at(store, kStart + 70 * kSecondUs);
  ASSERT_TRUE(store.commit());
  ASSERT_TRUE(store.acknowledge(Stream::telemetry, store.epoch(), 121));
  EXPECT_EQ(store.expire(utc(kStart + 2 * kDayUs)).value(), 1U);
  EXPECT_EQ(store.mark(Stream::telemetry).first_held, 1U);
  EXPECT_EQ(store.counters().rows_evicted[1], 60U);
}

TEST(EdgeStoreRetention, HoweverManyRowsAreDatedAheadNobodyIsHeldUp) {
  const TempDir dir;
  EdgeStoreOptions options;
  options.retention[1].age = seconds(86'400);
  EdgeStore store = must_open(dir / "s.db", options);
  for (int i = 0; i < 300; ++i)
    add_at(store, kStart + 400 * kDayUs + i * 100 * kSecondUs);  // A block each.
  for (int i = 0; i < 20; ++i) add_at(store, kStart + i * 100 * kSecondUs);
  ASSERT_TRUE(store.commit());
  ASSERT_TRUE(store.acknowledge(Stream::telemetry, store.epoch(), 320));
  EXPECT_EQ(store.expire(utc(kStart + 2 * kDayUs)).value(), 19U) << "the open block stays";
  EXPECT_EQ(store.counters().rows_evicted[1], 19U);
  EXPECT_EQ(store.mark(Stream::telemetry).first_held, 1U);
}

TEST(EdgeStoreRetention, AgeIsWorkedOffInParts) {
  const TempDir dir;
  EdgeStoreOptions options;
  options.retention[1].age = seconds(86'400);
  EdgeStore store = must_open(dir / "s.db", options);
  for (int i = 0; i < 400; ++i) add_at(store, kStart + i * 100 * kSecondUs);  // A block each.
  ASSERT_TRUE(store.commit());
  ASSERT_TRUE(store.acknowledge(Stream::telemetry, store.epoch(), 400));
  EXPECT_EQ(store.expire(utc(kStart + 30 * kDayUs)).value(), 256U);
  EXPECT_EQ(store.expire(utc(kStart + 30 * kDayUs)).value(), 143U) << "the open block stays";
  EXPECT_EQ(store.expire(utc(kStart + 30 * kDayUs)).value(), 0U);
  EXPECT_EQ(store.counters().blocks_held, 1U);
}

TEST(EdgeStoreRetention, WhatWasEverLostIsRemembered) {
  const TempDir dir;
  EdgeStoreOptions options;
  options.budget_bytes = 500;  // A few blocks.
  std::uint64_t lost = 0;
  for (int life = 0; life < 3; ++life) {
    EdgeStore store = must_open(dir / "s.db", options);
    EXPECT_EQ(store.counters().rows_lost[1], 0U);
    EXPECT_EQ(store.counters().rows_lost_ever[1], lost);
    const Sequence last = store.mark(Stream::telemetry).last;
    add_rows(store, last + 1, last + 400);
    ASSERT_TRUE(store.commit());
    add_rows(store, last + 401, last + 402);  // What closed in a commit may go with the next.
    ASSERT_TRUE(store.commit());
    EXPECT_GT(store.counters().rows_lost_ever[1], lost);
    lost = store.counters().rows_lost_ever[1];
    if (life == 1) {
      ASSERT_TRUE(store.open_new_epoch());
    }
  }
}

}  // namespace
}  // namespace ems::test
