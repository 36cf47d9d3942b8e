// SPDX-License-Identifier: Apache-2.0
// ems-agent: reads a site's devices, keeps them safe, controls them, buffers and uploads telemetry.
// It only wires modules together; the order of the parts below is the order of their lives.
#include <algorithm>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/metrics_page.hpp"
#include "common/daemon.hpp"
#include "common/metrics.hpp"
#include "ems/io/clock.hpp"
#include "ems/io/config/limits_config.hpp"
#include "ems/io/config/site_check.hpp"
#include "ems/io/config/site_config.hpp"
#include "ems/io/known_names.hpp"
#include "ems/io/log.hpp"
#include "ems/io/realtime.hpp"
#include "ems/rpc/edge_store_source.hpp"
#include "ems/rpc/site_server.hpp"
#include "ems/rpc/uplink_group.hpp"
#include "ems/runtime/control_config.hpp"
#include "ems/runtime/service_report.hpp"
#include "ems/runtime/site.hpp"
#include "ems/runtime/store_worker.hpp"

namespace {

using namespace ems;

constexpr Duration kStopDeadline = seconds(2);
constexpr std::chrono::seconds kDrainTime{2};
constexpr Duration kLogDeadline = milliseconds(500);
constexpr std::chrono::seconds kStrandDeadline{4};  // kStopDeadline, and time to say so.

constexpr app::Entry kFiles[] = {
    {"/etc/ems/site.yaml",
     "The site, in the Debian package. No other place is looked at by itself."},
    {"/var/lib/ems-agent", "The telemetry store, in the Debian package."},
    {"/run/ems/agent.sock", "The socket for emsctl(1): mode 0660, group ems."},
};
constexpr app::Entry kExits[] = {
    {"0", "Asked to end, and every inverter confirmed its safe command."},
    {"1", "It could not start, or it ended and an inverter did not confirm."},
    {"2", "Wrong words, or a configuration that is refused; trying again does not help."},
};
constexpr app::Manual kManual{
    8,
    "Reads the batteries, inverters and meters of one site, keeps them inside the accepted limits, "
    "controls them, and keeps telemetry until a server has it. It stays in the foreground and logs "
    "to standard error.\n\n"
    "SIGTERM and SIGINT end it: every inverter is told to follow 0 W, and stored rows are given to "
    "the server while there is time.\n\n"
    "Under a service manager (NOTIFY_SOCKET) it says when it is ready, what state it is in, and "
    "that it is alive, the last only while its control loop ticks.",
    kFiles, kExits, "emsctl(1), ems-server(8)"};

int refuse(const std::string& what, const Error& error) {
  return app::refuse("ems-agent", what, error);
}

rpc::UplinkOptions uplink_options(const io::SiteConfig& site, const io::UplinkConfig& server) {
  rpc::UplinkOptions options;
  options.address = io::to_address(server.address);
  options.tls = {server.ca, server.certificate, server.key};
  options.tenant = site.tenant;
  options.software_version = kVersion;
  return options;
}

io::EdgeStoreOptions store_options(const io::SiteConfig& site) {
  const auto keep = [](const io::StreamKeep& stream) {
    return io::Retention{static_cast<std::uint64_t>(stream.budget_bytes), stream.age};
  };
  io::EdgeStoreOptions options;
  options.budget_bytes = static_cast<std::uint64_t>(site.store.budget_bytes);
  options.retention = {keep(site.store.audit), keep(site.store.telemetry),
                       keep(site.store.decisions)};
  options.expire_undelivered = site.servers.empty();
  options.block_span = site.store.block_span;
  return options;
}

/// Commits the last rows and gives the uplink a moment to deliver them. What it cannot deliver now
/// stays in the store.
void drain(runtime::StoreWorker& worker, rpc::UplinkGroup* uplink) {
  (void)worker.call([](io::EdgeStore& store) { return store.commit(); });  // Its own log says why.
  if (uplink == nullptr || uplink->view().state != runtime::UplinkState::online) return;
  uplink->notify();
  const auto until = std::chrono::steady_clock::now() + kDrainTime;
  while (std::chrono::steady_clock::now() < until) {
    const runtime::StoreView view = worker.view();
    const bool done = std::all_of(view.marks.begin(), view.marks.end(), [](const io::Mark& mark) {
      return mark.acknowledged >= mark.last;
    });
    if (done) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

/// Makes the calling thread, the control thread, a real-time one. Where that is not permitted it
/// says so and goes on: a site without its agent is worse than one whose ticks jitter.
void go_realtime(spdlog::logger& log) {
  Result<void> done = io::enter_realtime(io::kControlPriority);
  if (done) done = io::lock_memory();
  if (done) {
    log.info("event=realtime priority={}", io::kControlPriority);
  } else {
    log.error("event=realtime_refused code={} error=\"{}\"", to_string(done.error().code),
              done.error().what);
  }
}

int run(const io::SiteConfig& config) {
  const app::EndSignals signals;  // Before any thread is made.
  const Result<io::ServiceNotifier> manager = io::ServiceNotifier::from_environment();
  if (!manager) return refuse("service manager", manager.error());
  const auto lines = std::make_shared<io::Log>("ems-agent", config.log_level);
  const auto log = io::Log::logger(lines);
  const io::SystemClock clock;

  const io::ControlPermission permission = io::control_permission(config);
  if (!permission.errors.empty()) (void)app::refuse(permission.errors);  // Said; monitor only.
  if (!permission.control) {
    log->warn("event=monitor_only reason=\"{}\"", permission.reason);
  }
  const Result<runtime::ControlConfig> control = runtime::make_control_config(config, permission);
  if (!control) return refuse("control configuration", control.error());

  Result<io::EdgeStore> store =
      io::EdgeStore::open(config.store.path.string(), store_options(config));
  if (!store) return refuse("store " + config.store.path.string(), store.error());
  const io::OpenReport& report = store->open_report();
  log->info(
      "event=store_open created={} repaired={} reindexed={} corrupt_blocks={} corrupt_rows={}",
      report.created, report.repaired, report.reindexed, report.corrupt_blocks,
      report.corrupt_rows);

  std::unique_ptr<rpc::UplinkGroup> uplink;
  std::atomic<rpc::UplinkGroup*> uplink_now{nullptr};  // Other threads look here.
  const std::vector<Event> store_alarms = io::alarms_of(report);
  runtime::StoreWorker worker(std::move(*store), clock, log, [&uplink_now] {
    if (rpc::UplinkGroup* servers = uplink_now.load()) servers->notify();
  });

  asio::io_context io;
  runtime::SiteParts parts{io,
                           clock,
                           log,
                           config,
                           permission,
                           *control,
                           worker,
                           runtime::load_safety_state(worker, clock, *log),
                           std::string(kVersion),
                           runtime::load_memory(worker),
                           store_alarms,
                           {},
                           {},
                           {}};
  if (!config.servers.empty()) {
    parts.uplink = [&uplink_now] {
      const rpc::UplinkGroup* servers = uplink_now.load();
      return servers != nullptr ? servers->view() : runtime::UplinkView{};
    };
    parts.command_step = [&uplink_now](const runtime::CommandStep& step,
                                       runtime::CommandOrigin origin) {
      rpc::UplinkGroup* servers = uplink_now.load();
      if (servers != nullptr && origin == runtime::CommandOrigin::remote) servers->report(step);
    };
    parts.live = [&uplink_now](UtcInstant at, std::vector<Point> points,
                               std::vector<telemetry::RowValue> values) {
      rpc::UplinkGroup* servers = uplink_now.load();
      if (servers != nullptr) servers->publish({at, std::move(points), std::move(values)});
    };
  }
  Result<std::unique_ptr<runtime::Site>> site = runtime::Site::create(std::move(parts));
  if (!site) return refuse("site", site.error());

  rpc::EdgeStoreSource source(
      [&worker](const rpc::StoreWork& work) { return worker.run_and_wait(work); },
      [&site, &log](io::EdgeStore& rolled_back) {
        log->critical("event={} epoch={}", io::kAlarmStoreRolledBack, rolled_back.epoch().counter);
        // It happened once: in sight until a person has seen it.
        (*site)->raise({Severity::alarm, kSite, io::kAlarmStoreRolledBack});
        (*site)->raise({Severity::alarm, kSite, io::kAlarmStoreRolledBack, false});
      });
  if (!config.servers.empty()) {
    std::vector<rpc::UplinkOptions> servers;
    for (const io::UplinkConfig& server : config.servers) {
      servers.push_back(uplink_options(config, server));
    }
    uplink = std::make_unique<rpc::UplinkGroup>(servers, source, rpc::site_command_handler(**site),
                                                clock, rpc::system_random(), *log);
    uplink_now = uplink.get();
  }

  const Result<std::unique_ptr<rpc::SiteServer>> api =
      rpc::SiteServer::start({config.api_socket, 16}, **site, *log);
  if (!api) return refuse("api socket " + config.api_socket.string(), api.error());

  auto work = asio::make_work_guard(io);
  (*site)->start();
  std::thread strand([&] {
    if (config.realtime) go_realtime(*log);
    io.run();
  });
  (void)pthread_setname_np(strand.native_handle(), "control");  // For people and tests who look.
  if (uplink) uplink->start();
  auto metrics = app::serve_metrics(
      config.metrics_listen, *log,
      [parts = app::AgentParts{**site, worker, uplink.get(), config.store.path, clock, clock.utc(),
                               *lines}] { return app::agent_metrics(parts); });
  log->info("event=ready socket={}", config.api_socket.string());

  runtime::ServiceReport report_service;
  const int signal =
      app::live(signals, *manager, *log, [&] { return report_service.look((*site)->status()); });
  log->info("event=stopping signal={}", signal);
  auto safe = std::make_shared<std::promise<bool>>();  // Outlives a strand that answers late.
  std::future<bool> confirmed = safe->get_future();
  (*site)->stop(kStopDeadline, [safe](bool all) { safe->set_value(all); });
  const bool answered = confirmed.wait_for(kStrandDeadline) == std::future_status::ready;
  const bool in_safe_state = answered && confirmed.get();
  if (in_safe_state) {
    log->info("event=safe_state");
  } else {
    log->critical("event=safe_state_unconfirmed strand_answered={}", answered);
  }
  drain(worker, uplink.get());
  if (!answered) {  // The strand hangs: nothing can be joined.
    (void)lines->drain(kLogDeadline);
    std::_Exit(app::kExitFailure);
  }
  metrics.reset();  // Not before the inverters are safe: a page under way is waited for.
  (*api)->stop(milliseconds(500));
  if (uplink) uplink->stop();
  work.reset();
  io.stop();
  strand.join();
  log->info("event=stopped");
  return in_safe_state ? app::kExitOk : app::kExitFailure;  // ~StoreWorker commits what is left.
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = ems::app::kExitOk;
  const auto file = ems::app::config_argument(argc, argv, "ems-agent",
                                              "Run the devices of one energy storage site",
                                              "The site file (site.yaml)", kManual, exit_code);
  if (!file) return exit_code;
  const auto loaded = ems::io::load_site_config(*file, ems::io::known_names());
  if (!loaded) return ems::app::refuse(loaded.errors);
  // A line on which a stop would wait too long must not carry a controlled device.
  const ems::io::SiteReport report = ems::io::report_site(*loaded.value);
  if (loaded.value->control == ems::io::ControlMode::armed && !report.errors.empty()) {
    return ems::app::refuse(report.errors);
  }
  return run(*loaded.value);
}
