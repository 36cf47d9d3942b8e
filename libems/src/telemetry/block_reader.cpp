// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ems/telemetry/block.hpp"
#include "ems/telemetry/crc32.hpp"
#include "row_code.hpp"

namespace ems::telemetry {

using namespace detail;

namespace {

/// What is behind the last row of points: nothing but the bits that fill its byte.
Result<void> check_end(Bytes data, std::size_t bit) noexcept {
  const std::size_t end = (bit + 7) / 8;
  if (end != data.size()) return fail(Errc::length, end, "block: bytes after the last row");
  if (bit % 8 != 0 && load_u8(data, end - 1) >> (bit % 8) != 0) {
    return fail(Errc::out_of_range, end - 1, "block: padding is not zero");
  }
  return {};
}

}  // namespace

Result<BlockReader> BlockReader::open(Bytes block) noexcept {
  Result<BlockReader> reader = open_frame(block);
  if (!reader) return reader;
  const Result<void> body = reader->check_body();
  if (!body) return fail(body.error());
  return reader;
}

Result<BlockReader> BlockReader::open_frame(Bytes block) noexcept {
  BlockReader reader;
  reader.block_ = block;
  Result<void> step = reader.read_header();
  if (!step) return fail(step.error());
  const std::size_t crc_at = reader.body_end();
  if (load_le32(block, crc_at) != crc32(block.first(crc_at))) {
    return fail(Errc::checksum, crc_at, "block: CRC mismatch");
  }
  step = reader.read_table();
  if (!step) return fail(step.error());
  return reader;
}

Result<void> BlockReader::read_header() noexcept {
  const Bytes data = block_;
  if (data.size() < kBlockHeaderSize + kBlockCrcSize) {
    return fail(Errc::truncated, data.size(), "block: shorter than a header");
  }
  if (load_le32(data, kMagicAt) != kMagic) return fail(Errc::header, kMagicAt, "block: magic");
  if (load_u8(data, kVersionAt) != kBlockFormatVersion) {
    return fail(Errc::schema, kVersionAt, "block: unknown format version");
  }
  const std::uint8_t stream = load_u8(data, kStreamAt);
  if (stream >= kStreamCount) return fail(Errc::header, kStreamAt, "block: unknown stream");
  header_.stream = static_cast<Stream>(stream);
  if (load_u8(data, kKindAt) != static_cast<std::uint8_t>(header_.kind())) {
    return fail(Errc::header, kKindAt, "block: kind does not fit the stream");
  }
  const std::uint8_t clock = load_u8(data, kClockAt);
  if (clock > static_cast<std::uint8_t>(ClockQuality::synced)) {
    return fail(Errc::header, kClockAt, "block: unknown clock quality");
  }
  const std::uint16_t points = load_le16(data, kPointCountAt);
  const bool has_table = header_.kind() == BlockKind::points;
  if (points > kPointsMax || (points != 0) != has_table) {
    return fail(Errc::header, kPointCountAt, "block: number of points");
  }
  if (load_le16(data, kReservedAt) != 0) return fail(Errc::header, kReservedAt, "block: reserved");
  std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(kEpochRandomAt),
              header_.epoch.random.size(), header_.epoch.random.begin());
  header_.epoch.counter = load_le32(data, kEpochCounterAt);
  header_.first = load_le64(data, kFirstAt);
  header_.last = load_le64(data, kLastAt);
  if (header_.first == 0) return fail(Errc::header, kFirstAt, "block: sequences count from 1");
  if (header_.last < header_.first || header_.last - header_.first >= kBlockRowsMax) {
    return fail(Errc::header, kLastAt, "block: last sequence");
  }
  header_.context = {.limits_hash = load_le64(data, kLimitsAt),
                     .catalogue_hash = load_le64(data, kCatalogueAt),
                     .clock_quality = static_cast<ClockQuality>(clock)};
  const std::uint64_t size =
      std::uint64_t{kBlockHeaderSize} + load_le32(data, kBodySizeAt) + kBlockCrcSize;
  if (data.size() < size) return fail(Errc::truncated, data.size(), "block: shorter than it says");
  if (size > kBlockSizeMax) return fail(Errc::length, kBodySizeAt, "block: larger than allowed");
  if (data.size() > size) {
    return fail(Errc::length, static_cast<std::size_t>(size), "block: longer than it says");
  }
  return {};
}

Result<void> BlockReader::read_table() noexcept {
  return load_points(block_.first(body_end()), body_begin_, load_le16(block_, kPointCountAt),
                     points_);
}

Result<void> BlockReader::check_body() noexcept {
  return header_.kind() == BlockKind::points ? check_rows() : check_records();
}

void BlockReader::saw(std::int64_t time_us) noexcept {
  utc_min_ = std::min(utc_min_, utc(time_us));
  utc_max_ = std::max(utc_max_, utc(time_us));
}

Result<void> BlockReader::check_rows() noexcept {
  const Bytes data = block_.first(body_end());
  std::size_t bit = 8 * body_begin_;
  PackState state;
  begin(state, points_.view());
  for (std::size_t i = 0; i < header_.rows(); ++i) {
    const Result<void> row = unpack_row(data, bit, state);
    if (!row) return row;
    saw(state.columns[0].last);
  }
  return check_end(data, bit);
}

Result<void> BlockReader::check_records() noexcept {
  const Bytes data = block_.first(body_end());
  std::size_t at = body_begin_;
  std::int64_t time = 0;
  for (std::size_t i = 0; i < header_.rows(); ++i) {
    const Result<Record> record = unpack_record(data, at, time);
    if (!record) return fail(record.error());
    saw(time);
  }
  if (at != data.size()) return fail(Errc::length, at, "block: bytes after the last row");
  return {};
}

std::optional<std::size_t> BlockReader::column(const Point& point) const noexcept {
  const Point* found = std::lower_bound(points_.begin(), points_.end(), point);
  if (found == points_.end() || *found != point) return std::nullopt;
  return static_cast<std::size_t>(found - points_.begin());
}

Result<BlockScan> BlockScan::open(Bytes block) noexcept {
  const Result<BlockReader> frame = BlockReader::open_frame(block);
  if (!frame) return fail(frame.error());
  if (frame->header().kind() != BlockKind::points) {
    return fail(Errc::header, kKindAt, "block: records have no points");
  }
  return BlockScan(*frame);
}

BlockScan::BlockScan(const BlockReader& frame) noexcept
    : frame_(frame), bit_(8 * frame.body_begin_), sequence_(frame.header().first - 1) {
  begin(state_, frame_.points());
}

Result<bool> BlockScan::give_up(const Error& error) noexcept {
  wrong_ = error;
  return fail(error);
}

Result<bool> BlockScan::next() noexcept {
  if (wrong_) return fail(*wrong_);
  const Bytes data = frame_.bytes().first(frame_.body_end());
  if (sequence_ == header().last) {
    const Result<void> end = check_end(data, bit_);
    if (!end) return give_up(end.error());
    return false;
  }
  const Result<void> row = unpack_row(data, bit_, state_);
  if (!row) return give_up(row.error());
  ++sequence_;
  return true;
}

RowCursor::RowCursor(const BlockReader& reader) noexcept
    : reader_(&reader), bit_(8 * reader.body_begin_), sequence_(reader.header().first - 1) {
  EMS_ASSERT(reader.header().kind() == BlockKind::points);
  begin(state_, reader.points());
}

bool RowCursor::next() noexcept {
  if (sequence_ == reader_->header().last) return false;
  const Bytes data = reader_->bytes().first(reader_->body_end());
  const Result<void> unpacked =
      unpack_row(data, bit_, state_, std::span<RowValue>{values_}.first(reader_->points().size()));
  EMS_ASSERT(unpacked.has_value());  // BlockReader::open checked every row.
  ++sequence_;
  return true;
}

Row RowCursor::row() const noexcept {
  return {utc(state_.columns[0].last), reader_->points(),
          std::span<const RowValue>{values_}.first(reader_->points().size())};
}

RecordCursor::RecordCursor(const BlockReader& reader) noexcept
    : reader_(&reader), at_(reader.body_begin_), sequence_(reader.header().first - 1) {
  EMS_ASSERT(reader.header().kind() == BlockKind::records);
}

bool RecordCursor::next() noexcept {
  if (sequence_ == reader_->header().last) return false;
  const Bytes data = reader_->bytes().first(reader_->body_end());
  const Result<Record> record = unpack_record(data, at_, time_);
  EMS_ASSERT(record.has_value());  // BlockReader::open checked every record.
  record_ = *record;
  ++sequence_;
  return true;
}

}  // namespace ems::telemetry
