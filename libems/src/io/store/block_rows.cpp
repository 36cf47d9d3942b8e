// SPDX-License-Identifier: Apache-2.0
#include "block_rows.hpp"

namespace ems::io {

using namespace telemetry;

bool RowSink::block(const BlockReader& block, const UtcRange& range) {
  const BlockHeader& header = block.header();
  RowId id{header.stream, header.epoch, 0};
  if (header.kind() == BlockKind::points) {
    for (RowCursor cursor(block); cursor.next();) {
      const Row row = cursor.row();
      id.sequence = cursor.sequence();
      if (range.contains(row.at) && !this->row(id, row)) return false;
    }
    return true;
  }
  for (RecordCursor cursor(block); cursor.next();) {
    id.sequence = cursor.sequence();
    if (range.contains(cursor.record().at) && !record(id, cursor.record())) return false;
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
      const Result<BlockReader> block = BlockReader::open(items.blob(6));
      const bool sound =
          block && block->header().epoch == epoch && block->header().stream == stream;
      if (!sound) gap.reason = GapReason::corrupt;
      more = sound ? sink.block(*block, range) : sink.gap({stream, epoch, gap.first}, gap);
    }
    if (!more) {
      items.reset();
      return false;
    }
  }
}

}  // namespace ems::io
