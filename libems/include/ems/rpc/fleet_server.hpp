// SPDX-License-Identifier: Apache-2.0
/// @file The server: UplinkService for agents and FleetService for people on one mTLS port, with
/// health and reflection.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/fleet/fleet_store.hpp"
#include "ems/fleet/live_hub.hpp"
#include "ems/io/metrics.hpp"
#include "ems/model/clock.hpp"
#include "ems/rpc/backoff.hpp"
#include "ems/rpc/tls.hpp"

namespace spdlog {
class logger;
}

namespace ems::rpc {

/// A tenant, the agents that may write under its name and the users that may see it. Who is not
/// listed may not.
struct Tenant {
  std::string name;
  std::vector<std::string> agents;   ///< Patterns over SITE/NAME; `*`: any run without `/`.
  std::vector<std::string> users{};  ///< Patterns over the name in urn:ems:user:NAME:ROLE.
};

/// What a server listens on and how much it takes; io::ServerConfig has the same.
struct FleetServerOptions {
  std::string name;     ///< Its certificate must say urn:ems:server:<name>.
  std::string address;  ///< `HOST:PORT`; port 0: any free one, see FleetServer::port().
  TlsFiles tls;
  std::vector<Tenant> tenants;
  std::uint32_t sessions_max = 1000;
  Duration session_idle_max = seconds(60);
  std::int64_t message_bytes_max = std::int64_t{4} * 1024 * 1024;
  std::uint32_t watchers_max = 100;
  std::uint32_t watch_queue_max = 256;    ///< Then the oldest go and are counted.
  std::uint32_t ranges_max = 8;           ///< Range queries at one time.
  Duration range_time_max = seconds(60);  ///< Of one range query, its caller's reading included.
  std::uint64_t memory_bytes_max = std::uint64_t{512} * 1024 * 1024;  ///< Of gRPC's buffers.
  std::uint32_t commands_per_agent_max = 64;  ///< Not answered yet; then SendCommand refuses.
  Duration keepalive_interval = seconds(5);
  Duration keepalive_timeout = seconds(4);
};

/// Rows of one stream that agents sent.
struct IngestedRows {
  std::uint64_t stored = 0;
  std::uint64_t duplicate = 0;  ///< Came again; acknowledged, not stored twice.
  std::uint64_t gap = 0;        ///< Will never come.
};

/// Counts since start.
struct FleetServerCounters {
  std::uint64_t sessions = 0;  ///< Now.
  std::uint64_t sessions_total = 0;
  std::map<Errc, std::uint64_t> refused;  ///< Connections ended: identity, tenant, protocol, ...
  std::array<IngestedRows, telemetry::kStreamCount> rows{};
  io::DurationHistogram ingest_times;  ///< Of FleetStore::ingest(), its fsync included.
  std::uint64_t live_messages = 0;
};

/// Turns off Abseil's search for deadlocks among gRPC's own locks, for the whole process. Debian
/// ships it turned on: with a thread for each agent it is a tenth of what a row costs. For a
/// program that is a server, before its first FleetServer; a library's user decides for himself.
///
/// @thread_safety Any thread.
void leave_locks_unchecked() noexcept;

/// A listening server. Acknowledges only what FleetStore::ingest() returned for, so after its
/// fsync.
///
/// @thread_safety Any thread, except stop() and the destructor: one.
class FleetServer {
 public:
  /// Reads the certificate files and listens.
  ///
  /// @param store, hub, clock, logger  Outlive the server.
  /// @errors not_found, io       a TLS file cannot be read.
  ///         invalid_argument    a TLS file is not what it should be, or no tenant is given.
  ///         permission_denied   the certificate is not urn:ems:server:<name>.
  ///         unavailable         the address cannot be listened on.
  [[nodiscard]] static Result<std::unique_ptr<FleetServer>> start(
      FleetServerOptions options, fleet::FleetStore& store, fleet::LiveHub& hub, const Clock& clock,
      RandomSource random, spdlog::logger& logger);
  ~FleetServer();  ///< stop(1 s).
  FleetServer(const FleetServer&) = delete;
  FleetServer& operator=(const FleetServer&) = delete;

  /// Port in use.
  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] FleetServerCounters counters() const;
  /// Whether calls are answered: asks its own health service as a client would, and looks whether
  /// its own housekeeping went on. A store on a disk that hangs is not looked at: a restart would
  /// not mend it.
  ///
  /// @errors timeout      no answer within `deadline`, or no housekeeping for five periods.
  ///         unavailable  it is stopping.
  [[nodiscard]] Result<void> check(Duration deadline) const;
  /// Health turns NOT_SERVING, streams end with UNAVAILABLE, calls under way may take up to
  /// `grace`.
  void stop(Duration grace);

 private:
  class Impl;
  explicit FleetServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ems::rpc
