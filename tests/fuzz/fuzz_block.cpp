// SPDX-License-Identifier: Apache-2.0
// Telemetry blocks. Input: a block, or a block without its last four bytes, which are its CRC.
#include <vector>

#include "ems/telemetry/block.hpp"
#include "ems/telemetry/crc32.hpp"
#include "fuzz/fuzz.hpp"

using namespace ems;
using namespace ems::telemetry;
using fuzz::require;

namespace {

void check_rows(const BlockReader& reader) {
  std::size_t rows = 0;
  Sequence last = 0;
  if (reader.header().kind() == BlockKind::points) {
    RowCursor cursor(reader);
    for (; cursor.next(); ++rows) {
      last = cursor.sequence();
      require(cursor.row().values.size() == reader.points().size(), "a row has a value per point");
    }
  } else {
    RecordCursor cursor(reader);
    for (; cursor.next(); ++rows) {
      last = cursor.sequence();
      require(cursor.record().payload.size() <= kRecordSizeMax, "a record has its bound");
    }
  }
  require(rows == reader.header().rows() && last == reader.header().last,
          "the rows are those the header counts");
}

/// A scan says the same of a block as BlockReader::open.
void check_scan(Bytes block, const Result<BlockReader>& reader) {
  auto scan = BlockScan::open(block);
  if (!scan) {
    require(!reader || reader->header().kind() == BlockKind::records, "a scan opens what is sound");
    return;
  }
  std::size_t rows = 0;
  Result<bool> more = scan->next();
  for (; more && *more; more = scan->next()) ++rows;
  require(more.has_value() == reader.has_value(), "a scan finds what open finds");
  if (!reader) return require(more.error() == reader.error(), "and says the same of it");
  require(rows == reader->header().rows(), "a scan gives every row");
}

void check(Bytes block) {
  const auto reader = BlockReader::open(block);
  check_scan(block, reader);
  if (!reader) {
    require(reader.error().offset <= block.size(), "the offset lies within the block");
    return;
  }
  check_rows(*reader);

  static std::vector<std::byte> buffer(kBlockSizeMax);
  BlockBuilder builder(buffer);
  const BlockHeader& header = reader->header();
  require(builder.start(header.stream, header.epoch, header.first).has_value(),
          "its header is valid");
  require(append_rows(builder, *reader, header.first - 1) == header.last, "all its rows fit");
  require(fuzz::same(builder.bytes(), block), "a block encodes to itself");
  require(builder.resume(block) && fuzz::same(builder.bytes(), block), "a block resumes as itself");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input = fuzz::Feed(data, size).rest();
  check(input);
  std::vector<std::byte> sealed(input.begin(), input.end());
  if (sealed.size() >= kBlockCrcSize) {
    const std::size_t at = sealed.size() - kBlockCrcSize;
    store_le32(sealed, at, crc32(Bytes(sealed).first(at)));
    check(sealed);
  }
  return 0;
}
