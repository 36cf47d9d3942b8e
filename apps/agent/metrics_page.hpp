// SPDX-License-Identifier: Apache-2.0
// The agent's metrics: what its parts say, on one page.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ems/io/log.hpp"
#include "ems/io/store/store_reader.hpp"
#include "ems/model/clock.hpp"
#include "ems/rpc/metrics.hpp"
#include "ems/rpc/uplink_group.hpp"
#include "ems/runtime/site.hpp"

namespace ems::app {

struct AgentParts {
  runtime::Site& site;
  const runtime::StoreWorker& worker;
  const rpc::UplinkGroup* uplink;  // nullptr: no server.
  const std::filesystem::path& store;
  const Clock& clock;
  UtcInstant started;
  const io::Log& log;
};

/// Asks the control strand as `emsctl status` does: one short job between two ticks, and nothing at
/// all while the last page is fresh (io::MetricsListenerOptions::page_age_max).
inline std::string agent_metrics(const AgentParts& parts) {
  using io::Metric;
  io::MetricPage page;
  io::write_process_metrics("ems-agent", parts.started, parts.clock.quality(), page);
  const Result<runtime::SiteMetrics> site = parts.site.metrics();
  page.set_count(Metric::log_lines_dropped_total, parts.log.dropped());
  page.set(Metric::site_responding, site ? 1 : 0);
  if (site) runtime::write_metrics(*site, page);
  runtime::write_metrics(parts.worker.view(), page);
  if (const auto bytes = io::store_file_bytes(parts.store)) {
    page.set_count(Metric::store_file_bytes, *bytes);
  }
  // Read from the file, on this thread: neither the strand nor the store's thread waits for it.
  auto reader = io::StoreReader::open(parts.store.string());
  if (const auto backlog = reader ? reader->backlog_bytes() : fail(reader.error())) {
    for (const telemetry::Stream stream : telemetry::kStreams) {
      page.set_count(Metric::store_backlog_bytes, {telemetry::to_string(stream)},
                     (*backlog)[telemetry::index_of(stream)]);
    }
  }
  if (parts.uplink != nullptr) {
    const std::vector<runtime::UplinkView> views = parts.uplink->views();
    const std::vector<rpc::UplinkCounters> counters = parts.uplink->counters();
    for (std::size_t i = 0; i < views.size(); ++i) rpc::write_metrics(views[i], counters[i], page);
  }
  return page.text();
}

}  // namespace ems::app
