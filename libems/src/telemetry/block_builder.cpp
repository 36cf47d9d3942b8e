// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "block_layout.hpp"
#include "ems/telemetry/block.hpp"
#include "ems/telemetry/crc32.hpp"

namespace ems::telemetry {
namespace {

using namespace detail;

void store_point(MutableBytes data, std::size_t at, const Point& point) noexcept {
  store_u8(data, at + kPointKindAt, static_cast<std::uint8_t>(point.asset.kind));
  store_u8(data, at + kPointModuleAt, point.asset.module);
  store_le16(data, at + kPointIndexAt, point.asset.index);
  store_le16(data, at + kPointSignalAt, static_cast<std::uint16_t>(point.signal));
  store_le16(data, at + kPointElementAt, point.element);
}

Result<void> check_row(const Row& row) noexcept {
  if (row.points.empty()) return fail(Errc::invalid_argument, 0, "row: no points");
  if (row.points.size() > kPointsMax) {
    return fail(Errc::invalid_argument, kPointsMax, "row: more points than a row may have");
  }
  if (row.points.size() != row.values.size()) {
    return fail(Errc::invalid_argument, std::min(row.points.size(), row.values.size()),
                "row: one value per point expected");
  }
  for (std::size_t i = 0; i < row.points.size(); ++i) {
    if (i > 0 && !(row.points[i - 1] < row.points[i])) {
      return fail(Errc::invalid_argument, i, "row: points are not strictly ascending");
    }
    if (row.values[i].valid && row.values[i].quality > Quality::good) {
      return fail(Errc::invalid_argument, i, "row: not a quality");
    }
  }
  return {};
}

void seal(MutableBytes block) noexcept {
  const std::size_t crc_at = block.size() - kBlockCrcSize;
  store_le32(block, crc_at, crc32(block.first(crc_at)));
}

void store_identity(MutableBytes data, const Epoch& epoch, Sequence first, Sequence last) noexcept {
  std::copy(epoch.random.begin(), epoch.random.end(),
            data.begin() + static_cast<std::ptrdiff_t>(kEpochRandomAt));
  store_le32(data, kEpochCounterAt, epoch.counter);
  store_le64(data, kFirstAt, first);
  store_le64(data, kLastAt, last);
}

}  // namespace

BlockBuilder::BlockBuilder(MutableBytes buffer) noexcept
    : buffer_(buffer.first(std::min(buffer.size(), kBlockSizeMax))) {
  EMS_ASSERT(buffer.size() >= kBlockBufferMin);
}

Result<void> BlockBuilder::start(Stream stream, const Epoch& epoch, Sequence first) noexcept {
  if (index_of(stream) >= kStreamCount) {
    return fail(Errc::invalid_argument, 0, "block: unknown stream");
  }
  if (first == 0) return fail(Errc::invalid_argument, 0, "block: sequences count from 1");
  header_ = BlockHeader{.stream = stream, .epoch = epoch, .first = first, .last = first - 1};
  point_count_ = 0;
  end_ = kBlockHeaderSize;
  state_ = PackState{};
  started_ = true;
  return {};
}

Result<void> BlockBuilder::resume(Bytes block) noexcept {
  const Result<BlockReader> reader = BlockReader::open(block);
  if (!reader) return fail(reader.error());
  if (block.size() > buffer_.size()) {
    return fail(Errc::resource_exhausted, buffer_.size(), "block: larger than the buffer");
  }
  header_ = reader->header();
  point_count_ = reader->points().size();
  if (header_.kind() == BlockKind::points) {
    RowCursor cursor(*reader);
    while (cursor.next()) {
    }
    state_ = cursor.state_;
  } else {
    RecordCursor cursor(*reader);
    while (cursor.next()) {
    }
    state_ = PackState{};
    state_.time = cursor.time_;
  }
  end_ = block.size() - kBlockCrcSize;
  std::copy_n(block.begin(), end_, buffer_.begin());
  started_ = true;
  return {};
}

bool BlockBuilder::same_points(std::span<const Point> points) const noexcept {
  if (points.size() != point_count_) return false;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (load_point(buffer_, kBlockHeaderSize + i * kBlockPointSize) != points[i]) return false;
  }
  return true;
}

void BlockBuilder::write_table(std::span<const Point> points) noexcept {
  for (std::size_t i = 0; i < points.size(); ++i) {
    store_point(buffer_, kBlockHeaderSize + i * kBlockPointSize, points[i]);
  }
  point_count_ = points.size();
  end_ = kBlockHeaderSize + points.size() * kBlockPointSize;
}

bool BlockBuilder::fits(std::size_t more) const noexcept {
  return rows() < kBlockRowsMax && buffer_.size() - kBlockCrcSize - end_ >= more;
}

Result<Append> BlockBuilder::append(const BlockContext& context, const Row& row) noexcept {
  if (!started_ || header_.kind() != BlockKind::points) {
    return fail(Errc::failed_precondition, 0, "block: not started, or not one of points");
  }
  const Result<void> sound = check_row(row);
  if (!sound) return fail(sound.error());
  if (rows() == 0) {
    write_table(row.points);  // kBlockBufferMin leaves room for any first row.
    header_.context = context;
  } else if (context != header_.context || !same_points(row.points)) {
    return Append::closed;
  }
  if (!fits(packed_size(state_, row))) return Append::full;
  end_ = pack_row(buffer_, end_, state_, row);
  ++header_.last;
  return Append::stored;
}

Result<Append> BlockBuilder::append(const BlockContext& context, const Record& record) noexcept {
  if (!started_ || header_.kind() != BlockKind::records) {
    return fail(Errc::failed_precondition, 0, "block: not started, or not one of records");
  }
  if (record.payload.size() > kRecordSizeMax) {
    return fail(Errc::invalid_argument, kRecordSizeMax, "record: payload too large");
  }
  const auto type = static_cast<std::uint16_t>(record.type);
  if (type == 0) return fail(Errc::invalid_argument, 0, "record: no type");
  if (rows() == 0) {
    header_.context = context;
  } else if (context != header_.context) {
    return Append::closed;
  }
  const std::int64_t time = record.at.since_epoch().count();
  const std::uint64_t step = delta(time, state_.time);
  const std::size_t size = record.payload.size();
  if (!fits(varint_size(step) + varint_size(type) + varint_size(size) + size)) return Append::full;
  end_ = store_varint(buffer_, end_, step);
  end_ = store_varint(buffer_, end_, type);
  end_ = store_varint(buffer_, end_, size);
  std::copy(record.payload.begin(), record.payload.end(),
            buffer_.begin() + static_cast<std::ptrdiff_t>(end_));
  end_ += size;
  state_.time = time;
  ++header_.last;
  return Append::stored;
}

Bytes BlockBuilder::bytes() noexcept {
  if (rows() == 0) return {};
  store_le32(buffer_, kMagicAt, kMagic);
  store_u8(buffer_, kVersionAt, kBlockFormatVersion);
  store_u8(buffer_, kKindAt, static_cast<std::uint8_t>(header_.kind()));
  store_u8(buffer_, kStreamAt, static_cast<std::uint8_t>(header_.stream));
  store_u8(buffer_, kClockAt, static_cast<std::uint8_t>(header_.context.clock_quality));
  store_le16(buffer_, kPointCountAt, static_cast<std::uint16_t>(point_count_));
  store_le16(buffer_, kReservedAt, 0);
  store_identity(buffer_, header_.epoch, header_.first, header_.last);
  store_le64(buffer_, kLimitsAt, header_.context.limits_hash);
  store_le64(buffer_, kCatalogueAt, header_.context.catalogue_hash);
  const std::size_t body = end_ - kBlockHeaderSize - point_count_ * kBlockPointSize;
  store_le32(buffer_, kBodySizeAt, static_cast<std::uint32_t>(body));
  const MutableBytes block = buffer_.first(end_ + kBlockCrcSize);
  seal(block);
  return block;
}

Sequence append_rows(BlockBuilder& builder, const BlockReader& reader, Sequence after,
                     Sequence upto) noexcept {
  const BlockContext& context = reader.header().context;
  const auto offer = [&](Sequence sequence, const auto& row) {
    if (sequence <= after) return true;
    if (sequence > upto) return false;
    EMS_ASSERT(sequence == builder.next_sequence());
    const Result<Append> appended = builder.append(context, row);
    EMS_ASSERT(appended.has_value());  // A sound block holds sound rows.
    return *appended == Append::stored;
  };
  if (reader.header().kind() == BlockKind::points) {
    RowCursor cursor(reader);
    while (cursor.next() && offer(cursor.sequence(), cursor.row())) {
    }
  } else {
    RecordCursor cursor(reader);
    while (cursor.next() && offer(cursor.sequence(), cursor.record())) {
    }
  }
  return std::max(after, builder.next_sequence() - 1);
}

void relabel(MutableBytes block, const Epoch& epoch, Sequence first) noexcept {
  EMS_ASSERT(block.size() >= kBlockHeaderSize + kBlockCrcSize && first > 0);
  const Sequence rows_less_one = load_le64(block, kLastAt) - load_le64(block, kFirstAt);
  store_identity(block, epoch, first, first + rows_less_one);
  seal(block);
}

}  // namespace ems::telemetry
