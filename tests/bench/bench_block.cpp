// SPDX-License-Identifier: Apache-2.0
// The block codec on the telemetry data set: bytes and CPU time per point. JSON, one object a line.
#include <array>
#include <cstdio>
#include <vector>

#include "bench/measure.hpp"
#include "ems/telemetry/block.hpp"
#include "support/telemetry_dataset.hpp"

using namespace ems;
using namespace ems::telemetry;
using namespace ems::test;

namespace {

constexpr std::size_t kDevices = 20;
constexpr std::size_t kBlocksPerDevice = 30;
constexpr int kPasses = 15;

struct Block {
  std::array<std::int64_t, kBlockRowsMax> utc_us{};
  std::array<std::array<RowValue, kDatasetSignals>, kBlockRowsMax> values{};
};

std::vector<Block> make_blocks() {
  std::vector<Block> blocks;
  for (std::uint64_t device = 1; device <= kDevices; ++device) {
    Dataset dataset(device);
    for (std::size_t b = 0; b < kBlocksPerDevice; ++b) {
      Block& block = blocks.emplace_back();
      for (std::size_t r = 0; r < kBlockRowsMax; ++r) {
        const DatasetRow& row = dataset.next();
        block.utc_us[r] = row.utc_us;
        for (std::size_t i = 0; i < kDatasetSignals; ++i) {
          block.values[r][i] = {row.values[i], Quality::good, true};
        }
      }
    }
  }
  return blocks;
}

/// Fills the builder with the first `rows` rows; `seal` takes the block as it stands after each.
template <class Seal>
void fill(BlockBuilder& builder, const Block& block, std::size_t rows, Seal&& seal) {
  static const std::array<Point, kDatasetSignals> points = dataset_points();
  EMS_ASSERT(builder.start(Stream::telemetry, Epoch{.counter = 1}, 1).has_value());
  const BlockContext context{1, 2, ClockQuality::synced};
  for (std::size_t r = 0; r < rows; ++r) {
    const Row row{UtcInstant{microseconds(block.utc_us[r])}, points, block.values[r]};
    const Result<Append> appended = builder.append(context, row);
    EMS_ASSERT(appended.has_value() && *appended == Append::stored);
    seal();
  }
}

struct Case {
  const char* name;
  std::size_t rows;
};

void run(const std::vector<Block>& blocks, const Case& c) {
  std::vector<std::byte> buffer(kBlockBufferMin);
  BlockBuilder builder(buffer);
  std::vector<std::vector<std::byte>> packed;
  std::size_t bytes = 0;
  for (const Block& block : blocks) {
    fill(builder, block, c.rows, [] {});
    const Bytes all = builder.bytes();
    packed.emplace_back(all.begin(), all.end());
    bytes += all.size();
  }
  const auto points = static_cast<double>(blocks.size() * c.rows * kDatasetSignals);
  const auto each = [&](auto&& work) {
    return bench::measure(kPasses, static_cast<int>(blocks.size()),
                          [&](std::uint64_t i) { work(i % blocks.size()); });
  };
  const auto encode = each([&](std::size_t i) {
    fill(builder, blocks[i], c.rows, [] {});
    bench::keep(builder.bytes().size());
  });
  const auto commit = each([&](std::size_t i) {
    fill(builder, blocks[i], c.rows, [&] { bench::keep(builder.bytes().size()); });
  });
  const auto validate = each([&](std::size_t i) {
    const auto reader = BlockReader::open(packed[i]);
    EMS_ASSERT(reader.has_value());
    bench::keep(reader->utc_max());
  });
  const auto decode = each([&](std::size_t i) {
    const auto reader = BlockReader::open(packed[i]);
    EMS_ASSERT(reader.has_value());
    std::int64_t sum = 0;
    for (RowCursor cursor(*reader); cursor.next();) sum += cursor.row().values.back().value;
    bench::keep(sum);
  });
  const auto scan = [&](std::size_t i, std::size_t columns) {
    auto rows = BlockScan::open(packed[i]);
    EMS_ASSERT(rows.has_value());
    std::int64_t sum = 0;
    while (*rows->next()) {
      for (std::size_t c = 0; c < columns; ++c) sum += rows->value(c).value;
    }
    bench::keep(sum);
  };
  const auto scan_all = each([&](std::size_t i) { scan(i, kDatasetSignals); });
  const auto scan_one = each([&](std::size_t i) { scan(i, 1); });
  const double per_block = static_cast<double>(c.rows * kDatasetSignals);
  const auto rate = [&](const bench::Figures& f) { return per_block / f.p50_ns * 1e3; };
  std::printf(
      "{\"case\": \"%s\", \"rows\": %zu, \"signals\": %zu, \"blocks\": %zu, "
      "\"bytes_per_point\": %.4f, \"encode_mpt_s\": %.1f, \"encode_sealed_each_row_mpt_s\": %.1f, "
      "\"validate_mpt_s\": %.1f, \"validate_and_read_rows_mpt_s\": %.1f, "
      "\"scan_mpt_s\": %.1f, \"scan_for_one_point_mpt_s\": %.1f, \"allocations\": %llu, "
      "\"builder_bytes\": %zu, \"flags\": \"%s\"}\n",
      c.name, c.rows, kDatasetSignals, blocks.size(), static_cast<double>(bytes) / points,
      rate(encode), rate(commit), rate(validate), rate(decode), rate(scan_all), rate(scan_one),
      static_cast<unsigned long long>(encode.allocations + commit.allocations +
                                      validate.allocations + decode.allocations +
                                      scan_all.allocations + scan_one.allocations),
      sizeof(BlockBuilder), EMS_BENCH_FLAGS);
}

}  // namespace

int main() {
  const std::vector<Block> blocks = make_blocks();
  for (const Case& c : {Case{"60_rows", 60}, Case{"10_rows", 10}, Case{"1_row", 1}}) run(blocks, c);
}
