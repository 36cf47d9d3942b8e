// SPDX-License-Identifier: Apache-2.0
// ems-server: takes the rows of a fleet's agents exactly once and answers for them.
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "common/daemon.hpp"
#include "common/metrics.hpp"
#include "ems/fleet/live_hub.hpp"
#include "ems/fleet/sqlite_fleet_store.hpp"
#include "ems/io/clock.hpp"
#include "ems/io/config/server_config.hpp"
#include "ems/rpc/fleet_server.hpp"
#include "server/metrics_page.hpp"

namespace {

using namespace ems;

constexpr app::Entry kFiles[] = {
    {"/etc/ems/server.yaml",
     "The server, in the Debian package. No other place is looked at by itself."},
    {"/var/lib/ems-server", "The fleet's store, in the Debian package."},
};
constexpr app::Entry kExits[] = {
    {"0", "Asked to end."},
    {"1", "It could not start."},
    {"2", "Wrong words, or a configuration that is refused; trying again does not help."},
};
constexpr app::Manual kManual{
    8,
    "Takes each row of its agents exactly once and answers for them, over gRPC with mutual TLS. It "
    "stays in the foreground and logs to standard error. SIGTERM and SIGINT end it.\n\n"
    "Under a service manager (NOTIFY_SOCKET) it says when it listens and that it is alive, "
    "the last only while it answers its own health check.",
    kFiles, kExits, "emsctl(1), ems-agent(8)"};

int refuse(const std::string& what, const Error& error) {
  return app::refuse("ems-server", what, error);
}

rpc::FleetServerOptions options_of(const io::ServerConfig& config) {
  rpc::FleetServerOptions options;
  options.name = config.name;
  options.address = io::to_address(config.listen);
  options.tls = {config.tls.ca, config.tls.certificate, config.tls.key};
  for (const io::TenantConfig& tenant : config.tenants) {
    options.tenants.push_back({tenant.name, tenant.agents, tenant.users});
  }
  options.sessions_max = config.limits.sessions_max;
  options.session_idle_max = config.limits.session_idle_max;
  options.message_bytes_max = config.limits.message_bytes_max;
  options.watchers_max = config.limits.watchers_max;
  options.watch_queue_max = config.limits.watch_queue_max;
  return options;
}

/// A connection is a file: as many as the configuration allows, where the system does.
void allow_files(const io::ServerConfig& config, spdlog::logger& log) {
  constexpr rlim_t kOwn = 256;  // The store, its readers, sockets that listen.
  const rlim_t wanted = kOwn + config.limits.sessions_max + config.limits.watchers_max;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
    log.warn("event=files_limited allowed={} wanted={}", limit.rlim_cur, wanted);
  }
}

int run(const io::ServerConfig& config) {
  const app::EndSignals signals;  // Before any thread is made.
  const Result<io::ServiceNotifier> manager = io::ServiceNotifier::from_environment();
  if (!manager) return refuse("service manager", manager.error());
  const auto log = app::make_logger("ems-server", config.log_level);
  allow_files(config, *log);
  const io::SystemClock clock;

  Result<std::unique_ptr<fleet::FleetStore>> store =
      fleet::open_sqlite_fleet_store(config.store.string());
  if (!store) return refuse("store " + config.store.string(), store.error());
  fleet::LiveHub hub;
  Result<std::unique_ptr<rpc::FleetServer>> server =
      rpc::FleetServer::start(options_of(config), **store, hub, clock, rpc::system_random(), *log);
  if (!server) return refuse("listen " + config.listen.host, server.error());
  auto metrics =
      app::serve_metrics(config.metrics_listen, *log,
                         [&server = **server, &store = **store, &config, &clock, at = clock.utc()] {
                           return app::server_metrics(server, store, config.store, clock, at);
                         });
  log->info("event=ready address={}:{}", config.listen.host, (*server)->port());

  bool ready = false;
  const int signal = app::live(signals, *manager, *log, [&] {
    if (const Result<void> alive = (*server)->check(seconds(1)); !alive) {
      return "STATUS=" + std::string(alive.error().what);
    }
    return std::string(std::exchange(ready, true) ? "" : "READY=1\n") +
           "WATCHDOG=1\nSTATUS=" + std::to_string((*server)->counters().sessions) +
           " agents connected";
  });
  log->info("event=stopping signal={}", signal);
  metrics.reset();
  (*server)->stop(seconds(2));
  log->info("event=stopped");
  return app::kExitOk;
}

}  // namespace

int main(int argc, char** argv) {
  ems::rpc::leave_locks_unchecked();
  int exit_code = ems::app::kExitOk;
  const auto file =
      ems::app::config_argument(argc, argv, "ems-server", "Take and serve the telemetry of a fleet",
                                "The server file (server.yaml)", kManual, exit_code);
  if (!file) return exit_code;
  const auto loaded = ems::io::load_server_config(*file);
  if (!loaded) return ems::app::refuse(loaded.errors);
  return run(*loaded.value);
}
