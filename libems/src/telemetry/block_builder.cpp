// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "ems/telemetry/block.hpp"
#include "ems/telemetry/crc32.hpp"
#include "row_code.hpp"

namespace ems::telemetry {
namespace {

using namespace detail;

Result<void> check_points(const Row& row) noexcept {
  if (row.points.empty()) return fail(Errc::invalid_argument, 0, "row: no points");
  if (row.points.size() > kPointsMax) {
    return fail(Errc::invalid_argument, kPointsMax, "row: more points than a row may have");
  }
  for (std::size_t i = 1; i < row.points.size(); ++i) {
    if (!(row.points[i - 1] < row.points[i])) {
      return fail(Errc::invalid_argument, i, "row: points are not strictly ascending");
    }
  }
  return {};
}

Result<void> check_values(const Row& row) noexcept {
  if (row.points.size() != row.values.size()) {
    return fail(Errc::invalid_argument, std::min(row.points.size(), row.values.size()),
                "row: one value per point expected");
  }
  const auto unsound = [](const RowValue& value) {
    return value.valid && value.quality > Quality::good;
  };
  bool any = false;  // Without a branch on each.
  for (const RowValue& value : row.values) any |= unsound(value);
  if (!any) return {};
  const auto at = std::find_if(row.values.begin(), row.values.end(), unsound);
  return fail(Errc::invalid_argument, static_cast<std::size_t>(at - row.values.begin()),
              "row: not a quality");
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

static_assert(kBlockHeaderSize + kPointsMax * kRunSizeMax + row_size_max(kPointsMax) +
                      kBlockCrcSize <=
                  kBlockBufferMin &&
              kBlockHeaderSize + 2 * kVarintSizeMax + kVarintSizeMax + kRecordSizeMax +
                      kBlockCrcSize <=
                  kBlockBufferMin);
static_assert(kBlockHeaderSize + kPointsMax * kRunSizeMax +
                  kBlockRowsMax * row_size_max(kPointsMax) + kBlockCrcSize <=
              kBlockSizeMax);

// 2.3 KiB for 64 signals; 8 KiB were asked for.
static_assert(sizeof(BlockBuilder) <= kPointsMax * 40 + 512);

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
  points_.clear();
  end_bit_ = 8 * kBlockHeaderSize;
  state_.columns[0].last = 0;  // The time of records; rows of points begin() anew.
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
  points_ = reader->points_;
  if (header_.kind() == BlockKind::points) {
    RowCursor cursor(*reader);
    while (cursor.next()) {
    }
    state_ = cursor.state_;
    end_bit_ = cursor.bit_;
  } else {
    RecordCursor cursor(*reader);
    while (cursor.next()) {
    }
    state_.columns[0].last = cursor.time_;
    end_bit_ = 8 * cursor.at_;
  }
  std::copy_n(block.begin(), body_end(), buffer_.begin());
  started_ = true;
  return {};
}

bool BlockBuilder::same_points(std::span<const Point> points) const noexcept {
  static_assert(std::has_unique_object_representations_v<Point>);
  return points.size() == points_.size() &&
         std::memcmp(points.data(), points_.begin(), points.size_bytes()) == 0;
}

bool BlockBuilder::fits(std::size_t more) const noexcept {
  return rows() < kBlockRowsMax && buffer_.size() - kBlockCrcSize - body_end() >= more;
}

Result<Append> BlockBuilder::append(const BlockContext& context, const Row& row) noexcept {
  if (!started_ || header_.kind() != BlockKind::points) {
    return fail(Errc::failed_precondition, 0, "block: not started, or not one of points");
  }
  const bool first = rows() == 0;
  const bool same = !first && same_points(row.points);
  if (!same) {
    const Result<void> points = check_points(row);
    if (!points) return fail(points.error());
  }
  const Result<void> values = check_values(row);
  if (!values) return fail(values.error());
  if (first) {  // kBlockBufferMin leaves room for any first row.
    points_.clear();
    for (const Point& point : row.points) points_.push_back(point);
    begin(state_, row.points);
    end_bit_ = 8 * store_points(buffer_, kBlockHeaderSize, row.points);
    header_.context = context;
  } else if (context != header_.context || !same) {
    return Append::closed;
  }
  if (!fits(row_size_max(points_.size()))) return Append::full;
  end_bit_ = pack_row(buffer_, end_bit_, state_, row);
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
  const std::uint64_t step = zigzag(difference(time, state_.columns[0].last));
  const std::size_t size = record.payload.size();
  if (!fits(varint_size(step) + varint_size(type) + varint_size(size) + size)) return Append::full;
  std::size_t end = store_varint(buffer_, body_end(), step);
  end = store_varint(buffer_, end, type);
  end = store_varint(buffer_, end, size);
  std::copy(record.payload.begin(), record.payload.end(),
            buffer_.begin() + static_cast<std::ptrdiff_t>(end));
  end_bit_ = 8 * (end + size);
  state_.columns[0].last = time;
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
  store_le16(buffer_, kPointCountAt, static_cast<std::uint16_t>(points_.size()));
  store_le16(buffer_, kReservedAt, 0);
  store_identity(buffer_, header_.epoch, header_.first, header_.last);
  store_le64(buffer_, kLimitsAt, header_.context.limits_hash);
  store_le64(buffer_, kCatalogueAt, header_.context.catalogue_hash);
  const std::size_t body = body_end() - kBlockHeaderSize;
  store_le32(buffer_, kBodySizeAt, static_cast<std::uint32_t>(body));
  const MutableBytes block = buffer_.first(body_end() + kBlockCrcSize);
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
