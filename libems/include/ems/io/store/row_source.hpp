// SPDX-License-Identifier: Apache-2.0
/// @file What reads rows back: the edge store's file and the fleet store, for Python and emsctl.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/telemetry/block.hpp"
#include "ems/telemetry/row.hpp"

namespace ems::io {

/// Which moments: from <= at < to.
struct UtcRange {
  UtcInstant from{Duration::min()};
  UtcInstant to{Duration::max()};
  [[nodiscard]] constexpr bool contains(UtcInstant at) const noexcept {
    return at >= from && at < to;
  }
  friend constexpr bool operator==(const UtcRange&, const UtcRange&) noexcept = default;
};

/// Identity of a row within one agent.
struct RowId {
  telemetry::Stream stream = telemetry::Stream::telemetry;
  telemetry::Epoch epoch{};
  telemetry::Sequence sequence = 0;
};

/// Where rows go. Every function returns false to stop. Spans live for the call.
class RowSink {
 public:
  virtual bool row(const RowId& id, const telemetry::Row& row) = 0;
  virtual bool record(const RowId& id, const telemetry::Record& record) = 0;
  /// `id.sequence` is the first row of the gap.
  virtual bool gap(const RowId& id, const telemetry::Gap& gap) = 0;
  /// The rows of a block whose time lies in `range`, in their order; unless overridden, row() gets
  /// each. A block that lies in the range as a whole comes with the range of all times.
  ///
  /// @errors  as BlockScan::next: the block is not sound, and nothing of it counts as given.
  virtual Result<bool> block(telemetry::BlockScan& block, const UtcRange& range);

 protected:
  RowSink() = default;
  RowSink(const RowSink&) = default;
  RowSink& operator=(const RowSink&) = default;
  ~RowSink() = default;
};

/// Rows of one agent.
class RowSource {
 public:
  virtual ~RowSource() = default;
  /// Gives the rows and gaps of a stream in the order they were made. A gap of unknown time is
  /// given for every range.
  ///
  /// @errors io, corrupt  the store cannot be read.
  [[nodiscard]] virtual Result<void> read(telemetry::Stream stream, const UtcRange& range,
                                          RowSink& sink) = 0;

 protected:
  RowSource() = default;
  RowSource(const RowSource&) = default;
  RowSource& operator=(const RowSource&) = default;
  RowSource(RowSource&&) = default;
  RowSource& operator=(RowSource&&) = default;
};

/// One point over time; the three vectors are as long as Columns::utc_us.
struct Column {
  Point point{};
  std::vector<std::int64_t> values;     ///< Catalogue unit; 0 where not valid.
  std::vector<std::uint8_t> valid;      ///< 1: known.
  std::vector<std::uint8_t> qualities;  ///< ems::Quality; 0 where not valid.
};

/// A table in columns, ready for numpy.
struct Columns {
  std::vector<std::int64_t> utc_us;            ///< Microseconds since 1970 of each row.
  std::vector<telemetry::Sequence> sequences;  ///< Of each row.
  std::vector<std::uint32_t> epochs;           ///< Epoch counter of each row.
  std::vector<Column> columns;                 ///< In the order asked for.
  std::vector<telemetry::Gap> gaps;            ///< In the range.
};

/// Reads telemetry of some points into columns. A row has a place in every column.
///
/// @param points    Points wanted, in any order; empty: every point that occurs, ascending.
/// @param rows_max  Stops there.
/// @errors          as RowSource::read; invalid_argument  a point given twice.
[[nodiscard]] Result<Columns> read_columns(RowSource& source, std::span<const Point> points,
                                           const UtcRange& range, std::size_t rows_max = SIZE_MAX);

}  // namespace ems::io
