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

  /// A block's rows go straight into the columns; of its values only those wanted are looked at.
  Result<bool> block(BlockScan& block, const UtcRange& range) override {
    if (rows_ >= rows_max_) return false;
    const BlockHeader& header = block.header();
    aim(block.points());
    make_room(header.rows());
    const std::size_t first = rows_;
    while (true) {
      const Result<bool> more = block.next();
      if (!more) {
        forget(first);
        return more;
      }
      if (!*more) return true;
      if (rows_ == rows_max_ || !range.contains(block.at())) continue;
      put({header.stream, header.epoch, block.sequence()}, block.at(),
          [&block](std::size_t place) { return block.value(place); });
    }
  }
  bool row(const RowId& id, const Row& row) override {
    if (rows_ >= rows_max_) return false;
    aim(row.points);
    make_room(1);
    put(id, row.at, [&row](std::size_t place) { return row.values[place]; });
    return true;
  }
  bool record(const RowId&, const Record&) override { return true; }
  bool gap(const RowId&, const Gap& gap) override {
    table_.gaps.push_back(gap);
    return true;
  }

  Columns finish() {
    resize(rows_);
    if (all_) {
      std::sort(table_.columns.begin(), table_.columns.end(),
                [](const Column& a, const Column& b) { return a.point < b.point; });
    }
    return std::move(table_);
  }

 private:
  /// A place in rows, and the column it goes to.
  struct Wanted {
    std::size_t place;
    std::size_t column;
  };

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
    wanted_.clear();
    for (std::size_t place = 0; place < points.size(); ++place) {
      const auto found = index_.find(points[place]);
      if (all_) {
        wanted_.push_back({place, column(points[place])});
      } else if (found != index_.end()) {
        wanted_.push_back({place, found->second});
      }
    }
  }
  /// Places for so many rows more; what nobody writes to stays unknown.
  void make_room(std::size_t more) {
    const std::size_t room = table_.utc_us.size();
    if (rows_ + more > room) resize(std::max(rows_ + more, 2 * room));
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
  template <class ValueAt>
  void put(const RowId& id, UtcInstant at, ValueAt&& value_at) {
    table_.utc_us[rows_] = at.since_epoch().count();
    table_.sequences[rows_] = id.sequence;
    table_.epochs[rows_] = id.epoch.counter;
    for (const Wanted& wanted : wanted_) {
      const RowValue value = value_at(wanted.place);
      if (!value.valid) continue;
      Column& column = table_.columns[wanted.column];
      column.values[rows_] = value.value;
      column.valid[rows_] = 1;
      column.qualities[rows_] = static_cast<std::uint8_t>(value.quality);
    }
    ++rows_;
  }
  /// Takes back the rows from `first`.
  void forget(std::size_t first) {
    const std::size_t room = table_.utc_us.size();
    resize(first);  // So that what comes instead begins unknown.
    resize(room);
    rows_ = first;
  }

  bool all_;
  std::size_t rows_max_;
  Columns table_;  ///< With room beyond rows_ until finish().
  std::size_t rows_ = 0;
  std::map<Point, std::size_t> index_;
  std::vector<Point> known_;    ///< Point table of the row before.
  std::vector<Wanted> wanted_;  ///< Its points that have a column.
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
