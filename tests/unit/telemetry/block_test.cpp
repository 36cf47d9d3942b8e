// SPDX-License-Identifier: Apache-2.0
#include "ems/telemetry/block.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "ems/telemetry/crc32.hpp"
#include "support/telemetry_dataset.hpp"
#include "support/telemetry_rows.hpp"

namespace {

using namespace ems;
using namespace ems::telemetry;
using namespace ems::test;

constexpr BlockContext kContext{.limits_hash = 0x1122334455667788,
                                .catalogue_hash = 0xAABBCCDDEEFF0011,
                                .clock_quality = ClockQuality::synced};

struct Buffered {
  std::vector<std::byte> buffer = std::vector<std::byte>(kBlockBufferMin);
  BlockBuilder builder{buffer};
};

Append must(const Result<Append>& result) {
  EXPECT_TRUE(result.has_value()) << result.error().what;
  return result.value_or(Append::closed);
}

/// Makes the CRC right again after a test has changed a byte.
void reseal(std::vector<std::byte>& block) {
  const std::size_t at = block.size() - kBlockCrcSize;
  store_le32(block, at, crc32(Bytes{block}.first(at)));
}

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

std::string repeat(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

/// Bytes of zeros and ones, the lowest bit of each byte first; blanks are for the reader.
std::vector<std::byte> bits(std::string_view text) {
  std::vector<std::byte> out;
  std::size_t n = 0;
  for (const char c : text) {
    if (c == ' ') continue;
    if (n % 8 == 0) out.push_back(std::byte{0});
    if (c == '1') out.back() |= static_cast<std::byte>(1U << (n % 8));
    ++n;
  }
  return out;
}

/// A block of that table and those packed rows, sequences from 1.
std::vector<std::byte> block_of(std::initializer_list<int> table,
                                const std::vector<std::byte>& rows, std::size_t count,
                                std::uint16_t points) {
  const std::vector<std::byte> header = numbered_block(epoch(1), 1, 1);
  std::vector<std::byte> block(header.begin(), header.begin() + kBlockHeaderSize);
  const std::vector<std::byte> runs = bytes(table);
  block.insert(block.end(), runs.begin(), runs.end());
  block.insert(block.end(), rows.begin(), rows.end());
  store_le16(block, 28, points);
  store_le64(block, 40, count);
  store_le32(block, 64, static_cast<std::uint32_t>(block.size() - kBlockHeaderSize));
  block.resize(block.size() + kBlockCrcSize);
  reseal(block);
  return block;
}

/// The golden block: three rows of three points, one gap, one quality change, a step back in time.
std::vector<OwnedRow> golden_rows() {
  const std::vector<Point> points{{battery(1), Signal::pack_voltage, 0},
                                  {battery(1), Signal::pack_current, 0},
                                  {battery(1), Signal::cell_voltage, 1}};
  return {
      {1'700'000'000'000'000,
       points,
       {{53'200, Quality::good, true},
        {-12'500, Quality::good, true},
        {3'325, Quality::good, true}}},
      {1'700'000'001'000'000,
       points,
       {{53'190, Quality::good, true},
        {0, Quality::bad, false},
        {3'324, Quality::uncertain, true}}},
      {1'699'999'999'000'000,
       points,
       {{53'190, Quality::good, true},
        {-12'400, Quality::substituted, true},
        {std::numeric_limits<std::int64_t>::min(), Quality::good, true}}},
  };
}

std::vector<std::byte> golden_block() {
  Buffered b;
  EXPECT_TRUE(b.builder.start(Stream::telemetry, epoch(0x5A, 3), 41));
  for (const OwnedRow& row : golden_rows()) {
    EXPECT_EQ(must(b.builder.append(kContext, row.view())), Append::stored);
  }
  return to_vector(b.builder.bytes());
}

TEST(Block, RoundTripsRowsWithGapsAndQualities) {
  const std::vector<std::byte> block = golden_block();
  const auto reader = BlockReader::open(block);
  ASSERT_TRUE(reader) << reader.error().what;
  EXPECT_EQ(reader->header().stream, Stream::telemetry);
  EXPECT_EQ(reader->header().epoch, epoch(0x5A, 3));
  EXPECT_EQ(reader->header().first, 41U);
  EXPECT_EQ(reader->header().last, 43U);
  EXPECT_EQ(reader->header().context, kContext);
  EXPECT_EQ(rows_of(block), golden_rows());
  EXPECT_EQ(reader->utc_min(), UtcInstant{microseconds(1'699'999'999'000'000)});
  EXPECT_EQ(reader->utc_max(), UtcInstant{microseconds(1'700'000'001'000'000)});
  EXPECT_EQ(reader->column({battery(1), Signal::cell_voltage, 1}), 2U);
  EXPECT_EQ(reader->column({battery(1), Signal::cell_voltage, 2}), std::nullopt);
}

/// The next minute of the data set that telemetry is measured on.
std::vector<std::byte> minute_block(Dataset& dataset) {
  Buffered b;
  EXPECT_TRUE(b.builder.start(Stream::telemetry, epoch(0x5A, 3), 1));
  const auto points = dataset_points();
  for (std::size_t r = 0; r < kBlockRowsMax; ++r) {
    const DatasetRow& from = dataset.next();
    OwnedRow row{from.utc_us, {points.begin(), points.end()}, {}};
    for (const std::int64_t value : from.values) row.values.push_back({value, Quality::good, true});
    EXPECT_EQ(must(b.builder.append(kContext, row.view())), Append::stored);
  }
  return to_vector(b.builder.bytes());
}

/// A block of what a code can get wrong: slopes at their ends, surprises that do not fit, grids
/// that break, columns that are quiet, restless, missing, doubtful; a clock that jumps and goes
/// back.
std::vector<std::byte> hard_block() {
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  Buffered b;
  EXPECT_TRUE(b.builder.start(Stream::telemetry, epoch(0x5A, 3), 1));
  OwnedRow row = numbered_row(1, 12);
  row.points[6].signal = Signal::temperature;  // 6 .. 11 are neighbours of another signal.
  for (std::size_t i = 7; i < 12; ++i) row.points[i].signal = Signal::temperature;
  std::int64_t faster = 0;
  for (std::int64_t r = 0; r < static_cast<std::int64_t>(kBlockRowsMax); ++r) {
    row.utc_us += r == 30 ? -86'400'000'000 : r == 40 ? 5'000'000'000 : 1'000'000 + r * r % 7;
    faster += (std::int64_t{1} << 30) * (1 + r / 4);
    const std::int64_t values[] = {
        faster,
        (std::int64_t{1} << 40) * r,
        r % 2 == 0 ? kMin : kMax,
        r % 16,
        r / 7,
        r < 20   ? 5'000
        : r < 40 ? 6'000
                 : 6'001,
        10 * (r * r % 11) + (r % 20 == 19 ? 1 : 0),
        r < 12 ? 0 : 10 * (r * r % 5),
        100 * r,
        r < 25 ? (std::int64_t{1} << 35) * (r % 2) : r % 2,
        r % 9 == 0 ? 77 : 78,
        -r * 86'400,
    };
    for (std::size_t i = 0; i < 12; ++i) row.values[i] = {values[i], Quality::good, true};
    if (r > 9 && r < 21) row.values[4].valid = row.values[8].valid = false;
    if (r == 0) row.values[7].valid = false;
    if (r % 13 == 0) row.values[5].quality = Quality::uncertain;
    if (r > 50) row.values[3].quality = Quality::bad;
    EXPECT_EQ(must(b.builder.append(kContext, row.view())), Append::stored);
  }
  return to_vector(b.builder.bytes());
}

std::vector<std::byte> records_block() {
  Buffered b;
  EXPECT_TRUE(b.builder.start(Stream::audit, epoch(0x5A, 3), 5));
  for (const OwnedRecord& record :
       {text_record(10, "operator closed the breaker"), text_record(9, "", RecordType::command)}) {
    EXPECT_EQ(must(b.builder.append(kContext, record.view())), Append::stored);
  }
  return to_vector(b.builder.bytes());
}

/// Also in tests/conformance/telemetry/test_block_format.py, which reads the file by the page
/// alone.
constexpr std::uint32_t kMinuteCrc = 0x586FFDC8;
constexpr std::uint32_t kHardCrc = 0x645FA16D;

/// CRC-32 of times, and of states (0 absent, else 1 + quality) and values (absent: 0), each an
/// int64.
std::uint32_t crc_of_rows(Bytes block) {
  std::uint32_t crc = 0;
  std::array<std::byte, sizeof(std::int64_t)> word{};
  const auto add = [&](std::int64_t number) {
    store_le64(word, 0, static_cast<std::uint64_t>(number));
    crc = crc32(word, crc);
  };
  for (const OwnedRow& row : rows_of(block)) {
    add(row.utc_us);
    for (const RowValue& value : row.values) {
      add(value.valid ? 1 + static_cast<std::int64_t>(value.quality) : 0);
      add(value.valid ? value.value : 0);
    }
  }
  return crc;
}

void expect_golden(const std::string& name, const std::vector<std::byte>& block) {
  const std::string path = std::string(EMS_TEST_VECTORS) + "/" + name;
  if (std::getenv("EMS_WRITE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(block.data()),
               static_cast<std::streamsize>(block.size()));
  }
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> golden{std::istreambuf_iterator<char>(file), {}};
  ASSERT_EQ(golden.size(), block.size()) << name;
  for (std::size_t i = 0; i < golden.size(); ++i) {
    ASSERT_EQ(static_cast<std::byte>(golden[i]), block[i]) << name << " byte " << i;
  }
}

TEST(Block, EqualsTheGoldenFiles) {
  expect_golden("telemetry_block_v2.bin", golden_block());
  Dataset dataset(1);
  const std::vector<std::byte> minute = minute_block(dataset);
  expect_golden("telemetry_block_v2_minute.bin", minute);
  EXPECT_EQ(crc_of_rows(minute), kMinuteCrc);
  expect_golden("telemetry_block_v2_hard.bin", hard_block());
  EXPECT_EQ(crc_of_rows(hard_block()), kHardCrc);
  expect_golden("telemetry_block_v2_records.bin", records_block());
}

TEST(Block, AMinuteOfFiftySignalsTakesLessThanAThirdOfAByteAPoint) {
  constexpr std::size_t kMinutes = 60;
  Dataset dataset(1);
  std::size_t bytes = 0;
  for (std::size_t minute = 0; minute < kMinutes; ++minute) bytes += minute_block(dataset).size();
  EXPECT_LT(3 * bytes, kMinutes * kBlockRowsMax * kDatasetSignals);
}

TEST(Block, WhatDoesNotChangeAndWhatCountsOnTakesAlmostNothing) {
  Buffered b;
  ASSERT_TRUE(b.builder.start(Stream::telemetry, epoch(1), 1));
  OwnedRow row = numbered_row(1, 64);
  for (RowValue& value : row.values) value = {1'234'567, Quality::good, true};
  std::size_t before = 0;
  for (std::size_t r = 0; r < kBlockRowsMax; ++r) {
    if (r == 10) before = b.builder.bytes().size();
    row.utc_us += 1'000'000;
    for (std::size_t i = 0; i < 32; ++i) row.values[i].value += static_cast<std::int64_t>(i);
    ASSERT_EQ(must(b.builder.append(kContext, row.view())), Append::stored);
  }
  EXPECT_LE(b.builder.bytes().size() - before, 2 * 50 / 8 + 1U);  // Two bits a row.
}

TEST(Block, AChangeOfContextOrPointsClosesIt) {
  Buffered b;
  ASSERT_TRUE(b.builder.start(Stream::telemetry, epoch(1), 1));
  ASSERT_EQ(must(b.builder.append(kContext, numbered_row(1).view())), Append::stored);
  BlockContext other = kContext;
  other.limits_hash ^= 1;
  EXPECT_EQ(must(b.builder.append(other, numbered_row(2).view())), Append::closed);
  other = kContext;
  other.catalogue_hash ^= 1;
  EXPECT_EQ(must(b.builder.append(other, numbered_row(2).view())), Append::closed);
  other = kContext;
  other.clock_quality = ClockQuality::holdover;
  EXPECT_EQ(must(b.builder.append(other, numbered_row(2).view())), Append::closed);
  EXPECT_EQ(must(b.builder.append(kContext, numbered_row(2, 5).view())), Append::closed);
  EXPECT_EQ(must(b.builder.append(kContext, numbered_row(2).view())), Append::stored);
  EXPECT_EQ(b.builder.rows(), 2U);
}

TEST(Block, IsFullAfterSixtyRowsAndWhenTheBufferIs) {
  Buffered b;
  ASSERT_TRUE(b.builder.start(Stream::telemetry, epoch(1), 1));
  for (std::uint64_t n = 1; n <= kBlockRowsMax; ++n) {
    ASSERT_EQ(must(b.builder.append(kContext, numbered_row(n).view())), Append::stored) << n;
  }
  EXPECT_EQ(must(b.builder.append(kContext, numbered_row(61).view())), Append::full);
  EXPECT_EQ(rows_of(b.builder.bytes()).size(), kBlockRowsMax);

  // The widest rows there are: 256 points whose values are as far apart as can be.
  Buffered wide;
  ASSERT_TRUE(wide.builder.start(Stream::telemetry, epoch(1), 1));
  std::vector<OwnedRow> kept;
  for (std::uint64_t n = 1; n < 10; ++n) {
    OwnedRow row = numbered_row(n, kPointsMax);
    for (RowValue& value : row.values) {
      value = {n % 2 == 0 ? 0 : std::numeric_limits<std::int64_t>::min(), Quality::good, true};
    }
    if (must(wide.builder.append(kContext, row.view())) == Append::full) break;
    kept.push_back(row);
  }
  EXPECT_GE(kept.size(), 1U);
  EXPECT_LT(kept.size(), 9U);
  EXPECT_EQ(rows_of(wide.builder.bytes()), kept);
}

TEST(Block, EveryWrongRowIsRefused) {
  const auto refuse = [](OwnedRow row) {
    Buffered b;
    EXPECT_TRUE(b.builder.start(Stream::telemetry, epoch(1), 1));
    const Result<Append> result = b.builder.append(kContext, row.view());
    EXPECT_FALSE(result.has_value());
    EXPECT_EQ(b.builder.rows(), 0U);
    return result.has_value() ? Error{} : result.error();
  };
  OwnedRow row = numbered_row(1);
  std::swap(row.points[1], row.points[2]);
  EXPECT_EQ(refuse(row), (Error{Errc::invalid_argument, 2, ""}));
  row = numbered_row(1);
  row.points[3] = row.points[2];
  EXPECT_EQ(refuse(row), (Error{Errc::invalid_argument, 3, ""}));
  row = numbered_row(1);
  row.values.pop_back();
  EXPECT_EQ(refuse(row), (Error{Errc::invalid_argument, 3, ""}));
  row = numbered_row(1);
  row.values[2].quality = static_cast<Quality>(4);
  EXPECT_EQ(refuse(row), (Error{Errc::invalid_argument, 2, ""}));
  EXPECT_EQ(refuse({}), (Error{Errc::invalid_argument, 0, ""}));
  EXPECT_EQ(refuse(numbered_row(1, kPointsMax + 1)).code, Errc::invalid_argument);
}

TEST(Block, RecordsRoundTrip) {
  Buffered b;
  ASSERT_TRUE(b.builder.start(Stream::audit, epoch(7), 5));
  const std::vector<OwnedRecord> records{text_record(10, "operator closed the breaker"),
                                         text_record(9, "", RecordType::command),
                                         text_record(11, "x", static_cast<RecordType>(60'000))};
  for (const OwnedRecord& record : records) {
    ASSERT_EQ(must(b.builder.append(kContext, record.view())), Append::stored);
  }
  EXPECT_EQ(b.builder.append(kContext, numbered_row(1).view()).error().code,
            Errc::failed_precondition);
  const auto reader = BlockReader::open(b.builder.bytes());
  ASSERT_TRUE(reader) << reader.error().what;
  RecordCursor cursor(*reader);
  for (std::size_t i = 0; i < records.size(); ++i) {
    ASSERT_TRUE(cursor.next());
    EXPECT_EQ(cursor.sequence(), 5 + i);
    EXPECT_EQ((OwnedRecord{cursor.record().at.since_epoch().count(), cursor.record().type,
                           to_vector(cursor.record().payload)}),
              records[i]);
  }
  EXPECT_FALSE(cursor.next());

  std::vector<std::byte> longer = to_vector(b.builder.bytes());
  longer.push_back(std::byte{0});
  store_le32(longer, 64, load_le32(longer, 64) + 1);
  reseal(longer);
  EXPECT_EQ(BlockReader::open(longer).error().code, Errc::length);
}

TEST(Block, ARecordThatDoesNotFitStartsTheNextBlock) {
  Buffered b;
  const std::string large(kRecordSizeMax, 'x');
  ASSERT_TRUE(b.builder.start(Stream::decisions, epoch(7), 1));
  EXPECT_EQ(must(b.builder.append(kContext, text_record(1, large).view())), Append::stored);
  EXPECT_EQ(must(b.builder.append(kContext, text_record(2, large).view())), Append::full);
  EXPECT_EQ(b.builder.append(kContext, text_record(3, large + "x").view()).error().code,
            Errc::invalid_argument);
  EXPECT_TRUE(BlockReader::open(b.builder.bytes()));
}

TEST(Block, ResumedBlockGrowsLikeOneThatWasNeverClosed) {
  Buffered whole;
  Buffered resumed;
  ASSERT_TRUE(whole.builder.start(Stream::telemetry, epoch(1), 1));
  for (std::uint64_t n = 1; n <= 30; ++n) {
    ASSERT_EQ(must(whole.builder.append(kContext, numbered_row(n).view())), Append::stored);
    if (n == 15) {
      ASSERT_TRUE(resumed.builder.resume(whole.builder.bytes()));
    }
    if (n > 15) {
      ASSERT_EQ(must(resumed.builder.append(kContext, numbered_row(n).view())), Append::stored);
    }
  }
  EXPECT_EQ(to_vector(whole.builder.bytes()), to_vector(resumed.builder.bytes()));
}

TEST(Block, ABlockOfRecordsResumesAndABuilderForgets) {
  const auto fill = [](BlockBuilder& builder, int from, int upto) {
    for (int n = from; n < upto; ++n) {
      ASSERT_EQ(must(builder.append(kContext, text_record(1'000 * n, "x").view())), Append::stored);
    }
  };
  Buffered whole;
  ASSERT_TRUE(whole.builder.start(Stream::audit, epoch(1), 1));
  fill(whole.builder, 5, 9);
  Buffered resumed;
  ASSERT_TRUE(resumed.builder.start(Stream::audit, epoch(1), 1));
  fill(resumed.builder, 5, 7);
  const std::vector<std::byte> part = to_vector(resumed.builder.bytes());
  ASSERT_TRUE(resumed.builder.start(Stream::audit, epoch(1), 1));
  fill(resumed.builder, 5, 7);
  EXPECT_EQ(to_vector(resumed.builder.bytes()), part);
  Buffered other;
  ASSERT_TRUE(other.builder.resume(part));
  fill(other.builder, 7, 9);
  EXPECT_EQ(to_vector(other.builder.bytes()), to_vector(whole.builder.bytes()));
}

TEST(Block, AStraddlingBlockIsCut) {
  const std::vector<std::byte> block = numbered_block(epoch(1), 11, 30);
  const auto reader = BlockReader::open(block);
  ASSERT_TRUE(reader);
  Buffered b;
  ASSERT_TRUE(b.builder.start(Stream::telemetry, epoch(1), 26));
  EXPECT_EQ(reader->utc_min().since_epoch().count(), numbered_row(11).utc_us);
  EXPECT_EQ(append_rows(b.builder, *reader, 25), 30U);
  EXPECT_EQ(to_vector(b.builder.bytes()), numbered_block(epoch(1), 26, 30));
}

TEST(Block, RelabelChangesOnlyTheIdentity) {
  std::vector<std::byte> block = numbered_block(epoch(1), 11, 30);
  relabel(block, epoch(2, 2), 1);
  const auto reader = BlockReader::open(block);
  ASSERT_TRUE(reader) << reader.error().what;
  EXPECT_EQ(reader->header().epoch, epoch(2, 2));
  EXPECT_EQ(reader->header().first, 1U);
  EXPECT_EQ(reader->header().last, 20U);
  EXPECT_EQ(rows_of(block), rows_of(numbered_block(epoch(1), 11, 30)));
}

TEST(Block, MalformedBlocksHaveANameAndAnOffset) {
  const std::vector<std::byte> sound = golden_block();
  // The table: head, kind, module and index of pack_voltage; pack_current; cell_voltage 1.
  const std::size_t table = kBlockHeaderSize;
  ASSERT_EQ(to_vector(Bytes{sound}.subspan(table, 8)), bytes({5, 1, 0, 1, 4, 0x22, 1, 0}));
  const struct {
    const char* why;
    std::size_t at;
    std::uint8_t value;
    Error expect;
  } cases[] = {
      {"magic", 0, 0, {Errc::header, 0, ""}},
      {"the version that never was released", 4, 1, {Errc::schema, 4, ""}},
      {"a newer version", 4, 3, {Errc::schema, 4, ""}},
      {"kind of another stream", 5, 1, {Errc::header, 5, ""}},
      {"the kind that is kept for segments", 5, 2, {Errc::header, 5, ""}},
      {"unknown stream", 6, 3, {Errc::header, 6, ""}},
      {"clock quality", 7, 3, {Errc::header, 7, ""}},
      {"no points", 28, 0, {Errc::header, 28, ""}},
      {"reserved", 30, 1, {Errc::header, 30, ""}},
      {"first is 0", 32, 0, {Errc::header, 32, ""}},
      {"last before first", 40, 40, {Errc::header, 40, ""}},
      {"too many rows", 40, 41 + 60, {Errc::header, 40, ""}},
      {"many rows more than there are", 40, 41 + 59, {Errc::truncated, 0, ""}},
      {"one row less than there is", 40, 42, {Errc::length, 0, ""}},
      {"the first point has no asset", table, 4, {Errc::out_of_range, table, ""}},
      {"a signal twice", table + 4, 0, {Errc::out_of_range, table + 4, ""}},
      {"a varint without end", table + 6, 0x80, {Errc::out_of_range, table + 7, ""}},
      {"a scalar told as a run", table + 6, 0, {Errc::out_of_range, table + 5, ""}},
      {"more points than are counted", table + 7, 1, {Errc::out_of_range, table + 5, ""}},
  };
  for (const auto& c : cases) {
    std::vector<std::byte> block = sound;
    if (c.at == 32) store_le64(block, 32, 0);
    block[c.at] = static_cast<std::byte>(c.value);
    reseal(block);
    const auto reader = BlockReader::open(block);
    ASSERT_FALSE(reader) << c.why;
    EXPECT_EQ(reader.error().code, c.expect.code) << c.why;
    if (c.expect.offset != 0) {
      EXPECT_EQ(reader.error().offset, c.expect.offset) << c.why;
    }
  }
  std::vector<std::byte> block = sound;
  block.back() ^= std::byte{1};
  EXPECT_EQ(BlockReader::open(block).error(),
            (Error{Errc::checksum, static_cast<std::uint16_t>(sound.size() - 4), ""}));
  block = sound;
  block.push_back(std::byte{0});
  EXPECT_EQ(BlockReader::open(block).error().code, Errc::length);
}

TEST(Block, ARunOfThePointTableIsNeverBroken) {
  // Cells 1 and 2 as two runs: head of a new signal, elements; then the same signal, element 2.
  const std::vector<std::byte> rows = bits("0 0000000 0000000 0000000");
  std::vector<std::byte> whole = block_of({0x2B, 1, 0, 1, 1, 1}, rows, 1, 2);
  EXPECT_TRUE(BlockReader::open(whole)) << BlockReader::open(whole).error().what;
  std::vector<std::byte> broken = block_of({0x2B, 1, 0, 1, 1, 0, 0x02, 2, 0}, rows, 1, 2);
  EXPECT_EQ(BlockReader::open(broken).error(),
            (Error{Errc::out_of_range, kBlockHeaderSize + 6, ""}));
  std::vector<std::byte> hole = block_of({0x2B, 1, 0, 1, 1, 0, 0x02, 3, 0}, rows, 1, 2);
  EXPECT_TRUE(BlockReader::open(hole)) << BlockReader::open(hole).error().what;
  std::vector<std::byte> twice = block_of({0x05, 1, 0, 1, 0x09, 1, 0, 1}, rows, 1, 2);
  EXPECT_EQ(BlockReader::open(twice).error(),
            (Error{Errc::out_of_range, kBlockHeaderSize + 4, ""}));
  std::vector<std::byte> around = block_of({0x2B, 1, 0, 1, 0xFF, 0xFF, 3, 1}, rows, 1, 2);
  EXPECT_EQ(BlockReader::open(around).error(), (Error{Errc::out_of_range, kBlockHeaderSize, ""}));
  std::vector<std::byte> torn = block_of({0x05, 1}, {}, 1, 1);
  EXPECT_EQ(BlockReader::open(torn).error(), (Error{Errc::truncated, kBlockHeaderSize + 2, ""}));
  std::vector<std::byte> back = block_of({0x2B, 1, 0, 1, 9, 0, 0x02, 3, 0}, rows, 1, 2);
  EXPECT_EQ(BlockReader::open(back).error(), (Error{Errc::out_of_range, kBlockHeaderSize + 6, ""}));
}

/// Bits as the format page writes them, lowest first; what no encoder writes is refused.
TEST(Block, OnlyTheFormAnEncoderWritesIsAccepted) {
  // State of charge 5 at time 0: states as expected; time of width 0; 10 (zigzag) of width 4.
  const std::string first = "0 0000000 0010000 010";
  // It becomes 6: no news of the time; 2 (zigzag) of width 2. From here on its parameter is 1.
  const std::string second = first + "0 0 1 100000 0";
  const struct {
    const char* why;
    std::string bits;
    std::size_t rows;
    Errc expect;  ///< internal: sound.
  } cases[] = {
      {"sound", first, 1, Errc::internal},
      {"rows without news are three bits", first, 3, Errc::internal},
      {"a row more than there are bits", first, 4, Errc::truncated},
      {"padding", first + "0 1", 1, Errc::out_of_range},
      {"a byte too many", first + "000000 00000000", 1, Errc::length},
      {"states told again", "1 0 0000000 0010000 010", 1, Errc::out_of_range},
      {"another state", "1 1 11 0000000 0010000 010", 1, Errc::internal},
      {"a width above 64", "0 0000000 1000001", 1, Errc::out_of_range},
      {"the widest", "0 0000000 0000001" + std::string(63, '1'), 1, Errc::internal},
      {"sound", second, 2, Errc::internal},
      {"three steps on, by the code", second + "0 0 1110 0", 3, Errc::internal},
      {"one step on, by an escape", second + "0 0 11111111 100000 0", 3, Errc::out_of_range},
      {"a hundred steps on, by an escape", second + "0 0 11111111 111000 0001001", 3,
       Errc::internal},
  };
  for (const auto& c : cases) {
    const std::vector<std::byte> block = block_of({0x0D, 1, 0, 1}, bits(c.bits), c.rows, 1);
    const auto reader = BlockReader::open(block);
    EXPECT_EQ(reader ? Errc::internal : reader.error().code, c.expect) << c.why;
    if (!reader) continue;
    Buffered b;
    ASSERT_TRUE(b.builder.start(Stream::telemetry, reader->header().epoch, 1));
    ASSERT_EQ(append_rows(b.builder, *reader, 0), c.rows) << c.why;
    EXPECT_EQ(to_vector(b.builder.bytes()), block) << c.why;
  }
}

TEST(Block, AQuietColumnIsNamedByItsPlaceAndHasNews) {
  // Time, soc and soh; five rows without news make all three quiet.
  const std::string still = "0 0000000 0000000 0000000" + repeat("0 000", 4);
  const struct {
    const char* why;
    std::string bits;
    Errc expect;
  } cases[] = {
      {"no news", "0 0", Errc::internal},
      {"soc by 1", "0 1 10 100000 0 0", Errc::internal},
      {"soc by 1, then soh by -1", "0 1 10 100000 0 1 000000", Errc::internal},
      {"a fourth column", "0 1 11 100000 0 0", Errc::out_of_range},
  };
  for (const auto& c : cases) {
    const std::vector<std::byte> block =
        block_of({0x0D, 1, 0, 1, 0x04}, bits(still + c.bits), 6, 2);
    const auto reader = BlockReader::open(block);
    EXPECT_EQ(reader ? Errc::internal : reader.error().code, c.expect) << c.why;
  }
}

}  // namespace
