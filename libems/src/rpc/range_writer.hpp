// SPDX-License-Identifier: Apache-2.0
/// @file Rows of a range query, gathered into slices of columns.
#pragma once

#include <cstddef>
#include <deque>
#include <map>

#include "ems/io/store/row_source.hpp"
#include "ems/v1/fleet.pb.h"
#include "rpc/convert.hpp"
#include "rpc/query_writer.hpp"

namespace ems::rpc {

/// Gathers a page of rows into responses of bounded size. It never touches the network: the caller
/// sends the slices when the store's transaction is over.
class RangeGatherer final : public io::RowSink {
 public:
  /// @param mask  Fields of Series that are wanted.
  RangeGatherer(const PointFilters& filters, const FieldMask& mask)
      : filters_(filters), mask_(mask) {}

  bool row(const io::RowId& id, const telemetry::Row& row) override;
  bool record(const io::RowId& id, const telemetry::Record& record) override;
  bool gap(const io::RowId& id, const telemetry::Gap& gap) override;
  /// Takes what was gathered since the last time.
  [[nodiscard]] std::deque<v1::QueryRangeResponse> take();

 private:
  v1::QueryRangeResponse& slice();  ///< The one under way.
  void count(std::size_t items);

  const PointFilters& filters_;
  const FieldMask mask_;
  std::deque<v1::QueryRangeResponse> slices_;
  std::map<Point, v1::Series*> series_;  ///< Into the last slice.
  std::size_t items_ = 0;                ///< Values and gaps of the last slice.
  bool full_ = true;                     ///< The next item begins a slice.
};

}  // namespace ems::rpc
