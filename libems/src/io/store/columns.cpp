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

  bool row(const RowId& id, const Row& row) override {
    if (table_.utc_us.size() >= rows_max_) return false;
    if (!std::equal(row.points.begin(), row.points.end(), known_.begin(), known_.end())) {
      learn(row.points);
    }
    table_.utc_us.push_back(row.at.since_epoch().count());
    table_.sequences.push_back(id.sequence);
    table_.epochs.push_back(id.epoch.counter);
    for (Column& column : table_.columns) {
      column.values.push_back(0);
      column.valid.push_back(0);
      column.qualities.push_back(0);
    }
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      if (!row.values[i].valid || place_[i] == kNowhere) continue;
      Column& column = table_.columns[place_[i]];
      column.values.back() = row.values[i].value;
      column.valid.back() = 1;
      column.qualities.back() = static_cast<std::uint8_t>(row.values[i].quality);
    }
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
  void learn(std::span<const Point> points) {
    known_.assign(points.begin(), points.end());
    place_.clear();
    for (const Point& point : points) {
      const auto found = index_.find(point);
      place_.push_back(all_ ? column(point) : found != index_.end() ? found->second : kNowhere);
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
