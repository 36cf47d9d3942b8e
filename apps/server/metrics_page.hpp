// SPDX-License-Identifier: Apache-2.0
// The server's metrics: what its parts say, on one page.
#pragma once

#include <filesystem>
#include <string>

#include "ems/model/clock.hpp"
#include "ems/rpc/metrics.hpp"

namespace ems::app {

inline std::string server_metrics(const rpc::FleetServer& server, fleet::FleetStore& store,
                                  const std::filesystem::path& file, const Clock& clock,
                                  UtcInstant started) {
  io::MetricPage page;
  io::write_process_metrics("ems-server", started, clock.quality(), page);
  rpc::write_metrics(server.counters(), store, page);
  if (const auto bytes = io::store_file_bytes(file)) {
    page.set_count(io::Metric::store_file_bytes, *bytes);
  }
  return page.text();
}

}  // namespace ems::app
