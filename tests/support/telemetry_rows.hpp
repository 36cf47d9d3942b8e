// SPDX-License-Identifier: Apache-2.0
/// @file Rows for tests: a point table, values, and what was read back, owned.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ems/core/bytes.hpp"
#include "ems/telemetry/block.hpp"
#include "ems/telemetry/row.hpp"

namespace ems::test {

/// A row that owns what it shows.
struct OwnedRow {
  std::int64_t utc_us = 0;
  std::vector<Point> points;
  std::vector<telemetry::RowValue> values;
  [[nodiscard]] telemetry::Row view() const {
    return {UtcInstant{microseconds(utc_us)}, points, values};
  }
  friend bool operator==(const OwnedRow&, const OwnedRow&) = default;
};

struct OwnedRecord {
  std::int64_t utc_us = 0;
  telemetry::RecordType type = telemetry::RecordType::event;
  std::vector<std::byte> payload;
  [[nodiscard]] telemetry::Record view() const {
    return {UtcInstant{microseconds(utc_us)}, type, payload};
  }
  friend bool operator==(const OwnedRecord&, const OwnedRecord&) = default;
};

/// `count` cell voltages of battery/1, ascending.
inline std::vector<Point> cell_points(std::size_t count) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < count; ++i) {
    points.push_back({battery(1), Signal::cell_voltage, static_cast<std::uint16_t>(i + 1)});
  }
  return points;
}

/// Row number n of a small site: every value tells which row it is.
inline OwnedRow numbered_row(std::uint64_t n, std::size_t points = 4) {
  OwnedRow row;
  row.utc_us = 1'700'000'000'000'000 + static_cast<std::int64_t>(n) * 1'000'000;
  row.points = cell_points(points);
  for (std::size_t i = 0; i < points; ++i) {
    row.values.push_back(
        {static_cast<std::int64_t>(n * 1000 + i), Quality::good, (n + i) % 7 != 0});
  }
  return row;
}

inline OwnedRecord text_record(std::int64_t utc_us, std::string_view text,
                               telemetry::RecordType type = telemetry::RecordType::audit) {
  OwnedRecord record{utc_us, type, {}};
  for (const char c : text) record.payload.push_back(static_cast<std::byte>(c));
  return record;
}

inline std::vector<std::byte> to_vector(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

inline telemetry::Epoch epoch(std::uint8_t seed, std::uint32_t counter = 1) {
  telemetry::Epoch epoch;
  epoch.random.fill(static_cast<std::byte>(seed));
  epoch.counter = counter;
  return epoch;
}

/// A block of numbered rows first .. last.
inline std::vector<std::byte> numbered_block(const telemetry::Epoch& epoch, std::uint64_t first,
                                             std::uint64_t last,
                                             const telemetry::BlockContext& context = {}) {
  std::vector<std::byte> buffer(64 * 1024);
  telemetry::BlockBuilder builder(buffer);
  EMS_ASSERT(builder.start(telemetry::Stream::telemetry, epoch, first).has_value());
  for (std::uint64_t n = first; n <= last; ++n) {
    const auto appended = builder.append(context, numbered_row(n).view());
    EMS_ASSERT(appended.has_value() && *appended == telemetry::Append::stored);
  }
  return to_vector(builder.bytes());
}

/// Every row of a block, owned. @pre it is sound.
inline std::vector<OwnedRow> rows_of(Bytes block) {
  const auto reader = telemetry::BlockReader::open(block);
  EMS_ASSERT(reader.has_value());
  std::vector<OwnedRow> rows;
  telemetry::RowCursor cursor(*reader);
  while (cursor.next()) {
    const telemetry::Row row = cursor.row();
    rows.push_back({row.at.since_epoch().count(),
                    {row.points.begin(), row.points.end()},
                    {row.values.begin(), row.values.end()}});
  }
  return rows;
}

}  // namespace ems::test
