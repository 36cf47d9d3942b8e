// SPDX-License-Identifier: Apache-2.0
#include "rpc/range_writer.hpp"

#include <utility>

namespace ems::rpc {

namespace {

constexpr std::size_t kItemsPerSlice = 20'000;  // Values: about 300 kB of message.
constexpr std::size_t kItemsPerGap = 5;         // A gap takes the room of so many values.

}  // namespace

v1::QueryRangeResponse& RangeGatherer::slice() {
  if (std::exchange(full_, false)) {
    slices_.emplace_back();
    series_.clear();
    items_ = 0;
  }
  return slices_.back();
}

void RangeGatherer::count(std::size_t items) {
  items_ += items;
  full_ = items_ >= kItemsPerSlice;
}

bool RangeGatherer::row(const io::RowId&, const telemetry::Row& row) {
  v1::QueryRangeResponse* to = nullptr;
  std::size_t values = 0;
  for (std::size_t i = 0; i < row.points.size(); ++i) {
    const telemetry::RowValue& value = row.values[i];
    if (!value.valid || !filters_.matches(row.points[i])) continue;
    if (to == nullptr) to = &slice();
    v1::Series*& series = series_[row.points[i]];
    if (series == nullptr) {
      series = to->add_series();
      set(*series->mutable_point(), row.points[i]);
    }
    using S = v1::Series;
    if (mask_.has(S::kTakenAtUsFieldNumber)) {
      series->add_taken_at_us(row.at.since_epoch().count());
    }
    if (mask_.has(S::kValuesFieldNumber)) series->add_values(value.value);
    if (mask_.has(S::kQualitiesFieldNumber)) series->add_qualities(to_proto(value.quality));
    ++values;
  }
  if (values > 0) count(values);
  return true;
}

bool RangeGatherer::record(const io::RowId&, const telemetry::Record&) { return true; }

bool RangeGatherer::gap(const io::RowId& id, const telemetry::Gap& gap) {
  set(*slice().add_gaps(), id.stream, id.epoch, gap);
  count(kItemsPerGap);
  return true;
}

std::deque<v1::QueryRangeResponse> RangeGatherer::take() {
  full_ = true;
  return std::exchange(slices_, {});
}

}  // namespace ems::rpc
