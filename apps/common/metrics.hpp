// SPDX-License-Identifier: Apache-2.0
// Starts the metrics page of a daemon where its file asks for one.
#pragma once

#include <spdlog/spdlog.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "ems/io/metrics_listener.hpp"

namespace ems::app {

/// @return The listener; nullptr when none is asked for, or when its address is taken: that is said
///         in the log, and a site goes on without being watched rather than not at all.
inline std::unique_ptr<io::MetricsListener> serve_metrics(
    const std::optional<io::TcpEndpoint>& listen, spdlog::logger& log,
    std::function<std::string()> page) {
  if (!listen) return nullptr;
  io::MetricsListenerOptions options;
  options.address = *listen;
  auto started = io::MetricsListener::start(options, std::move(page));
  if (!started) {
    log.error("event=metrics_unavailable address={} code={} error=\"{}\"", io::to_address(*listen),
              to_string(started.error().code), started.error().what);
    return nullptr;
  }
  log.info("event=metrics_ready address={}", io::to_address(*listen));
  return std::move(*started);
}

}  // namespace ems::app
