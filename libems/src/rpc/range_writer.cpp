// SPDX-License-Identifier: Apache-2.0
#include "rpc/range_writer.hpp"

namespace ems::rpc {

namespace {

constexpr std::size_t kValuesPerSlice = 20'000;  // About 300 kB of message.

}  // namespace

bool RangeWriter::row(const io::RowId&, const telemetry::Row& row) {
  for (std::size_t i = 0; i < row.points.size(); ++i) {
    const telemetry::RowValue& value = row.values[i];
    if (!value.valid || !filters_.matches(row.points[i])) continue;
    v1::Series*& series = series_[row.points[i]];
    if (series == nullptr) {
      series = slice_.add_series();
      set(*series->mutable_point(), row.points[i]);
    }
    series->add_taken_at_us(row.at.since_epoch().count());
    series->add_values(value.value);
    series->add_qualities(to_proto(value.quality));
    ++values_;
  }
  return values_ < kValuesPerSlice ? !stopping_ : flush();
}

bool RangeWriter::record(const io::RowId&, const telemetry::Record&) { return true; }

bool RangeWriter::gap(const io::RowId& id, const telemetry::Gap& gap) {
  set(*slice_.add_gaps(), id.stream, id.epoch, gap);
  return !stopping_;
}

bool RangeWriter::finish() { return ok_ && ((values_ == 0 && slice_.gaps_size() == 0) || flush()); }

bool RangeWriter::flush() {
  ok_ = writer_.Write(slice_);
  slice_.Clear();
  series_.clear();
  values_ = 0;
  return ok_ && !stopping_;
}

}  // namespace ems::rpc
