// SPDX-License-Identifier: Apache-2.0
/// @file Certificates, a fleet store and a server on loopback, for tests of rpc.
#pragma once

#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "ems/core/assert.hpp"
#include "ems/fleet/live_hub.hpp"
#include "ems/fleet/sqlite_fleet_store.hpp"
#include "ems/io/clock.hpp"
#include "ems/io/pki.hpp"
#include "ems/io/store/edge_store.hpp"
#include "ems/rpc/edge_store_source.hpp"
#include "ems/rpc/fleet_client.hpp"
#include "ems/rpc/fleet_server.hpp"
#include "ems/rpc/uplink_client.hpp"
#include "support/telemetry_rows.hpp"
#include "support/temp_dir.hpp"

namespace ems::test {

/// Waits on a condition, not on time: true as soon as it holds, false after the deadline.
inline bool eventually(const std::function<bool()>& condition,
                       std::chrono::seconds deadline = std::chrono::seconds{20}) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});  // Looks again; proves nothing.
  }
  return true;
}

/// An authority with one certificate of each kind.
class RpcPki {
 public:
  explicit RpcPki(const std::string& folder) : folder_(folder) {
    EMS_ASSERT(io::make_authority(folder, "test", io::SystemClock{}.utc(), kLife).has_value());
    issue("urn:ems:server:s1", "server");
    issue("urn:ems:agent:home/gw1", "agent");
    issue("urn:ems:user:vera:viewer", "viewer");
    issue("urn:ems:user:otto:operator", "operator");
  }
  void issue(const std::string& uri, const std::string& stem) {
    io::CertificateRequest request{uri, {}, {}, stem, kLife};
    if (uri.starts_with("urn:ems:server:")) request.addresses = {"127.0.0.1"};
    EMS_ASSERT(io::issue_certificate(folder_, request, io::SystemClock{}.utc()).has_value());
  }
  [[nodiscard]] rpc::TlsFiles files(const std::string& stem) const {
    return {folder_ + "/ca.crt", folder_ + "/" + stem + ".crt", folder_ + "/" + stem + ".key"};
  }

 private:
  static constexpr Duration kLife = seconds(86'400);
  std::string folder_;
};

/// A server that can be stopped and started again on its port; the store stays.
class RpcWorld {
 public:
  RpcWorld() : pki(dir / "pki") {
    auto opened = fleet::open_sqlite_fleet_store(dir / "fleet.db");
    EMS_ASSERT(opened.has_value());
    store = std::move(*opened);
  }
  void start_server() {
    auto started =
        rpc::FleetServer::start(options(), *store, hub, clock, rpc::system_random(), log);
    EMS_ASSERT(started.has_value());
    server = std::move(*started);
    port = server->port();
  }
  void stop_server() { server.reset(); }

  [[nodiscard]] rpc::FleetServerOptions options() const {
    rpc::FleetServerOptions options;
    options.name = "s1";
    options.address = "127.0.0.1:" + std::to_string(port);
    options.tls = pki.files("server");
    options.tenants = {{"acme", {"home/*"}, {"vera", "otto", "tess"}}};
    return options;
  }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port); }
  [[nodiscard]] rpc::UplinkOptions uplink_options(const std::string& stem = "agent") const {
    rpc::UplinkOptions options;
    options.address = address();
    options.tls = pki.files(stem);
    options.tenant = "acme";
    options.software_version = "test";
    options.backoff_min = milliseconds(5);
    options.backoff_max = milliseconds(50);
    return options;
  }
  [[nodiscard]] std::unique_ptr<rpc::FleetClient> client(const std::string& stem) const {
    auto made = rpc::FleetClient::connect({address(), pki.files(stem), seconds(10)});
    EMS_ASSERT(made.has_value());
    return std::move(*made);
  }

  TempDir dir;
  RpcPki pki;
  io::SystemClock clock;
  spdlog::logger log{"test", std::make_shared<spdlog::sinks::null_sink_mt>()};
  fleet::LiveHub hub;
  std::unique_ptr<fleet::FleetStore> store;
  std::unique_ptr<rpc::FleetServer> server;
  std::uint16_t port = 0;
};

/// An edge store behind a lock, as the uplink sees it.
class LockedEdgeStore {
 public:
  explicit LockedEdgeStore(const std::string& path)
      : store_(open(path)), source([this](const rpc::StoreWork& work) {
          const std::scoped_lock lock{mutex_};
          work(store_);
          return true;
        }) {}
  /// Commits numbered rows first .. last.
  void commit_rows(std::uint64_t first, std::uint64_t last) {
    const std::scoped_lock lock{mutex_};
    for (std::uint64_t n = first; n <= last; ++n) {
      EMS_ASSERT(store_.append(numbered_row(n).view()).has_value());
    }
    EMS_ASSERT(store_.commit().has_value());
  }
  /// Commits text records first .. last of a stream.
  void commit_records(telemetry::Stream stream, std::uint64_t first, std::uint64_t last) {
    const std::scoped_lock lock{mutex_};
    for (std::uint64_t n = first; n <= last; ++n) {
      const auto record = text_record(static_cast<std::int64_t>(n), "record " + std::to_string(n));
      EMS_ASSERT(store_.append(stream, record.view()).has_value());
    }
    EMS_ASSERT(store_.commit().has_value());
  }
  /// Makes acknowledgements durable.
  void commit() {
    const std::scoped_lock lock{mutex_};
    EMS_ASSERT(store_.commit().has_value());
  }
  [[nodiscard]] io::Mark mark() {
    const std::scoped_lock lock{mutex_};
    return store_.mark(telemetry::Stream::telemetry);
  }

 private:
  static io::EdgeStore open(const std::string& path) {
    auto opened = io::EdgeStore::open(path);
    EMS_ASSERT(opened.has_value());
    return std::move(*opened);
  }
  std::mutex mutex_;
  io::EdgeStore store_;

 public:
  rpc::EdgeStoreSource source;
};

inline const fleet::AgentKey kHomeAgent{"acme", "home/gw1"};

}  // namespace ems::test
