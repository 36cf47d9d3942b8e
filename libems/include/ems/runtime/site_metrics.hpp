// SPDX-License-Identifier: Apache-2.0
/// @file What a site and its store say to Prometheus; the names are those of io/metrics.def.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ems/alarm/alarm.hpp"
#include "ems/io/metrics.hpp"
#include "ems/runtime/site_port.hpp"
#include "ems/runtime/store_worker.hpp"

namespace ems::runtime {

/// What safety says of one battery.
struct BatterySafety {
  AssetId asset{};
  SafetyState state = SafetyState::init;
};

/// A site as of its newest tick, and its counts since start.
struct SiteMetrics {
  SiteStatus status;
  std::vector<BatterySafety> batteries;  ///< Empty before the first tick.
  io::DurationHistogram tick_times;
  std::uint64_t ticks_late = 0;           ///< Periods without a tick.
  std::array<alarm::Counts, 4> alarms{};  ///< By Severity.
  std::uint64_t alarms_dropped = 0;
  io::DurationHistogram tick_lateness{};
  std::uint64_t hangs = 0;           ///< Of the control strand.
  std::uint64_t watchdog_stops = 0;  ///< Sent, on all links together.
};

/// Links, safety, powers, ticks. A stale or bad value has no series.
/// @thread_safety Pure function, as all of this file.
void write_metrics(const SiteMetrics& site, io::MetricPage& page);

/// Rows, backlog, commits.
void write_metrics(const StoreView& store, io::MetricPage& page);

}  // namespace ems::runtime
