// SPDX-License-Identifier: Apache-2.0
#include "block_rows.hpp"

#include <vector>

namespace ems::io {

using namespace telemetry;

namespace {

struct BlockItem {
  Stream stream{};
  Epoch epoch{};
  Bytes bytes;
  UtcInstant utc_min{};
  UtcInstant utc_max{};
};

Result<void> check_identity(const BlockHeader& header, const BlockItem& item) {
  if (header.epoch == item.epoch && header.stream == item.stream) return {};
  return fail(Errc::corrupt, 0, "store: a block of another stream or epoch");
}

Result<bool> give_records(const BlockItem& item, const UtcRange& range, RowSink& sink) {
  const Result<BlockReader> block = BlockReader::open(item.bytes);
  if (!block) return fail(block.error());
  const Result<void> own = check_identity(block->header(), item);
  if (!own) return fail(own.error());
  for (RecordCursor cursor(*block); cursor.next();) {
    const RowId id{item.stream, item.epoch, cursor.sequence()};
    if (range.contains(cursor.record().at) && !sink.record(id, cursor.record())) return false;
  }
  return true;
}

/// @errors  the block is not sound, and nothing of it was given.
Result<bool> give_block(const BlockItem& item, const UtcRange& range, RowSink& sink) {
  if (kind_of(item.stream) == BlockKind::records) return give_records(item, range, sink);
  Result<BlockScan> block = BlockScan::open(item.bytes);
  if (!block) return fail(block.error());
  const Result<void> own = check_identity(block->header(), item);
  if (!own) return fail(own.error());
  const bool whole = range.contains(item.utc_min) && range.contains(item.utc_max);
  return sink.block(*block, whole ? UtcRange{} : range);
}

}  // namespace

Result<bool> RowSink::block(BlockScan& block, const UtcRange& range) {
  // All rows before any is given: only the end tells that the block is sound.
  const std::size_t points = block.points().size();
  std::vector<UtcInstant> times;
  std::vector<RowValue> values;
  times.reserve(block.header().rows());
  values.reserve(block.header().rows() * points);
  while (true) {
    const Result<bool> more = block.next();
    if (!more) return more;
    if (!*more) break;
    times.push_back(block.at());
    for (std::size_t i = 0; i < points; ++i) values.push_back(block.value(i));
  }
  RowId id{block.header().stream, block.header().epoch, block.header().first};
  for (std::size_t i = 0; i < times.size(); ++i, ++id.sequence) {
    const Row row{times[i], block.points(), std::span(values).subspan(i * points, points)};
    if (range.contains(row.at) && !this->row(id, row)) return false;
  }
  return true;
}

Result<bool> give_items(sqlite::Statement& items, Stream stream, const Epoch& epoch,
                        const UtcRange& range, RowSink& sink) {
  while (true) {
    const Result<bool> row = items.next();
    if (!row) return fail(row.error());
    if (!*row) return true;
    Gap gap{.first = items.unsigned_integer(1),
            .last = items.unsigned_integer(2),
            .reason = static_cast<GapReason>(items.integer(3)),
            .time_known = !items.is_null(4)};
    if (gap.time_known) {
      gap.utc_first = UtcInstant{microseconds(items.integer(4))};
      gap.utc_last = UtcInstant{microseconds(items.integer(5))};
    }
    bool more = true;
    if (items.integer(0) == 1) {
      more = sink.gap({stream, epoch, gap.first}, gap);
    } else {
      const Result<bool> given =
          give_block({stream, epoch, items.blob(6), gap.utc_first, gap.utc_last}, range, sink);
      if (!given) gap.reason = GapReason::corrupt;
      more = given ? *given : sink.gap({stream, epoch, gap.first}, gap);
    }
    if (!more) {
      items.reset();
      return false;
    }
  }
}

}  // namespace ems::io
