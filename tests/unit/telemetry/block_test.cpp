// SPDX-License-Identifier: Apache-2.0
#include "ems/telemetry/block.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <vector>

#include "ems/telemetry/crc32.hpp"
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
  EXPECT_EQ(reader->column({battery(1), Signal::cell_voltage, 1}), 2U);
  EXPECT_EQ(reader->column({battery(1), Signal::cell_voltage, 2}), std::nullopt);
}

TEST(Block, EqualsTheGoldenFile) {
  const std::string path = std::string(EMS_TEST_VECTORS) + "/telemetry_block_v1.bin";
  const std::vector<std::byte> block = golden_block();
  if (std::getenv("EMS_WRITE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(block.data()),
               static_cast<std::streamsize>(block.size()));
  }
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> golden{std::istreambuf_iterator<char>(file), {}};
  ASSERT_EQ(golden.size(), block.size());
  for (std::size_t i = 0; i < golden.size(); ++i) {
    ASSERT_EQ(static_cast<std::byte>(golden[i]), block[i]) << "byte " << i;
  }
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

  // The widest rows there are: 256 points whose deltas all take ten bytes.
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

TEST(Block, AStraddlingBlockIsCut) {
  const std::vector<std::byte> block = numbered_block(epoch(1), 11, 30);
  const auto reader = BlockReader::open(block);
  ASSERT_TRUE(reader);
  Buffered b;
  ASSERT_TRUE(b.builder.start(Stream::telemetry, epoch(1), 26));
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
  const std::size_t body_at = kBlockHeaderSize + 3 * kBlockPointSize;
  const struct {
    const char* why;
    std::size_t at;
    std::uint8_t value;
    Error expect;
  } cases[] = {
      {"magic", 0, 0, {Errc::header, 0, ""}},
      {"a newer version", 4, 2, {Errc::schema, 4, ""}},
      {"kind of another stream", 5, 1, {Errc::header, 5, ""}},
      {"unknown stream", 6, 3, {Errc::header, 6, ""}},
      {"clock quality", 7, 3, {Errc::header, 7, ""}},
      {"no points", 28, 0, {Errc::header, 28, ""}},
      {"reserved", 30, 1, {Errc::header, 30, ""}},
      {"first is 0", 32, 0, {Errc::header, 32, ""}},
      {"last before first", 40, 40, {Errc::header, 40, ""}},
      {"too many rows", 40, 41 + 60, {Errc::header, 40, ""}},
      {"one row more than there is", 40, 44, {Errc::truncated, 0, ""}},
      {"one row less than there is", 40, 42, {Errc::length, 0, ""}},
      {"points not ascending", kBlockHeaderSize + 4, 99, {Errc::out_of_range, 76, ""}},
      {"unknown row flag", body_at + 8, 2, {Errc::out_of_range, body_at + 8, ""}},
      {"unknown state", body_at + 9, 0x45, {Errc::out_of_range, body_at + 9, ""}},
      {"padding", body_at + 10, 0x14, {Errc::out_of_range, body_at + 10, ""}},
  };
  for (const auto& c : cases) {
    std::vector<std::byte> block = sound;
    // The first row starts with an eight-byte time; the flag follows.
    ASSERT_EQ(block[body_at + 8], std::byte{1});
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

TEST(Block, OnlyTheFormAnEncoderWritesIsAccepted) {
  // States that repeat the row before, and a varint that is longer than needed.
  Buffered b;
  ASSERT_TRUE(b.builder.start(Stream::telemetry, epoch(1), 1));
  OwnedRow row{0, {{battery(1), Signal::soc, 0}}, {{5, Quality::good, true}}};
  ASSERT_EQ(must(b.builder.append(kContext, row.view())), Append::stored);
  const std::vector<std::byte> sound = to_vector(b.builder.bytes());
  const std::size_t body_at = kBlockHeaderSize + kBlockPointSize;
  ASSERT_EQ(sound.size(), body_at + 4 + kBlockCrcSize);  // time 0, flag, states, value 10

  std::vector<std::byte> block = sound;
  block[body_at + 2] = std::byte{0};  // "States follow", but they are those before: absent.
  reseal(block);
  EXPECT_EQ(BlockReader::open(block).error().code, Errc::out_of_range);

  block = sound;
  block.insert(block.begin() + static_cast<std::ptrdiff_t>(body_at), std::byte{0x80});  // 0 in two.
  store_le32(block, 64, 5);
  reseal(block);
  EXPECT_EQ(BlockReader::open(block).error(),
            (Error{Errc::out_of_range, static_cast<std::uint16_t>(body_at + 1), ""}));
}

}  // namespace
