// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <utility>

#include "ems/io/store/row_source.hpp"

namespace ems::io {

using namespace telemetry;

namespace {

class ColumnSink final : public RowSink {
 public:
  ColumnSink(std::span<const Point> points, std::size_t rows_max)
      : all_(points.empty()), rows_max_(rows_max) {
    for (const Point& point : points) (void)column(point);
  }

  /// A block's rows go straight into the columns, as many places at once as it has rows.
  bool block(const BlockReader& block, const UtcRange& range) override {
    const BlockHeader& header = block.header();
    if (header.kind() != BlockKind::points) return true;
    aim(block.points());
    std::size_t at = table_.utc_us.size();
    if (at >= rows_max_) return false;
    resize(at + header.rows());
    const bool all_rows = range.contains(block.utc_min()) && range.contains(block.utc_max());
    for (RowCursor cursor(block); at < rows_max_ && cursor.next();) {
      const Row row = cursor.row();
      if (!all_rows && !range.contains(row.at)) continue;
      put(at++, {header.stream, header.epoch, cursor.sequence()}, row);
    }
    resize(at);
    return true;
  }
  bool row(const RowId& id, const Row& row) override {
    const std::size_t at = table_.utc_us.size();
    if (at >= rows_max_) return false;
    aim(row.points);
    resize(at + 1);
    put(at, id, row);
    return true;
  }
  bool record(const RowId&, const Record&) override { return true; }
  bool gap(const RowId&, const Gap& gap) override {
    table_.gaps.push_back(gap);
    return true;
  }

  Columns finish() {
    if (all_) {
      std::sort(table_.columns.begin(), table_.columns.end(),
                [](const Column& a, const Column& b) { return a.point < b.point; });
    }
    return std::move(table_);
  }

 private:
  static constexpr std::size_t kNowhere = SIZE_MAX;

  std::size_t column(const Point& point) {
    const auto [at, added] = index_.try_emplace(point, table_.columns.size());
    if (added) {
      const std::size_t rows = table_.utc_us.size();
      table_.columns.push_back({point, std::vector<std::int64_t>(rows),
                                std::vector<std::uint8_t>(rows), std::vector<std::uint8_t>(rows)});
    }
    return at->second;
  }
  /// Finds the columns of a point table; it is mostly that of the row before.
  void aim(std::span<const Point> points) {
    if (std::equal(points.begin(), points.end(), known_.begin(), known_.end())) return;
    known_.assign(points.begin(), points.end());
    place_.clear();
    for (const Point& point : points) {
      const auto found = index_.find(point);
      place_.push_back(all_ ? column(point) : found != index_.end() ? found->second : kNowhere);
    }
  }
  void resize(std::size_t rows) {
    table_.utc_us.resize(rows);
    table_.sequences.resize(rows);
    table_.epochs.resize(rows);
    for (Column& column : table_.columns) {
      column.values.resize(rows);
      column.valid.resize(rows);
      column.qualities.resize(rows);
    }
  }
  void put(std::size_t at, const RowId& id, const Row& row) {
    table_.utc_us[at] = row.at.since_epoch().count();
    table_.sequences[at] = id.sequence;
    table_.epochs[at] = id.epoch.counter;
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      const RowValue& value = row.values[i];
      if (!value.valid || place_[i] == kNowhere) continue;
      Column& column = table_.columns[place_[i]];
      column.values[at] = value.value;
      column.valid[at] = 1;
      column.qualities[at] = static_cast<std::uint8_t>(value.quality);
    }
  }

  bool all_;
  std::size_t rows_max_;
  Columns table_;
  std::map<Point, std::size_t> index_;
  std::vector<Point> known_;        ///< Point table of the row before.
  std::vector<std::size_t> place_;  ///< Its points' columns.
};

}  // namespace

Result<Columns> read_columns(RowSource& source, std::span<const Point> points,
                             const UtcRange& range, std::size_t rows_max) {
  std::vector<Point> sorted{points.begin(), points.end()};
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    return fail(Errc::invalid_argument, 0, "columns: a point is given twice");
  }
  ColumnSink sink(points, rows_max);
  const Result<void> done = source.read(Stream::telemetry, range, sink);
  if (!done) return fail(done.error());
  return sink.finish();
}

}  // namespace ems::io
