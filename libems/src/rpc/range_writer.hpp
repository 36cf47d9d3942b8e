// SPDX-License-Identifier: Apache-2.0
/// @file Rows of a range query, gathered into slices of columns.
#pragma once

#include <grpcpp/support/sync_stream.h>

#include <atomic>
#include <map>

#include "ems/io/store/row_source.hpp"
#include "ems/v1/fleet.pb.h"
#include "rpc/convert.hpp"

namespace ems::rpc {

/// Writes a response whenever enough values have gathered.
class RangeWriter final : public io::RowSink {
 public:
  RangeWriter(grpc::ServerWriter<v1::QueryRangeResponse>& writer, const PointFilters& filters,
              const std::atomic<bool>& stopping)
      : writer_(writer), filters_(filters), stopping_(stopping) {}

  bool row(const io::RowId& id, const telemetry::Row& row) override;
  bool record(const io::RowId& id, const telemetry::Record& record) override;
  bool gap(const io::RowId& id, const telemetry::Gap& gap) override;
  /// Writes what is left; false: the caller is gone.
  [[nodiscard]] bool finish();

 private:
  [[nodiscard]] bool flush();

  grpc::ServerWriter<v1::QueryRangeResponse>& writer_;
  const PointFilters& filters_;
  const std::atomic<bool>& stopping_;
  v1::QueryRangeResponse slice_;
  std::map<Point, v1::Series*> series_;  ///< Into slice_.
  std::size_t values_ = 0;
  bool ok_ = true;
};

}  // namespace ems::rpc
