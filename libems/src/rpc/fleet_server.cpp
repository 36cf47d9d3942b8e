// SPDX-License-Identifier: Apache-2.0
#include "ems/rpc/fleet_server.hpp"

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "rpc/channel.hpp"
#include "rpc/fleet_service.hpp"
#include "rpc/uplink_service.hpp"

namespace ems::rpc {

class FleetServer::Impl {
 public:
  Impl(FleetServerOptions options, fleet::FleetStore& store, fleet::LiveHub& hub,
       const Clock& clock, RandomSource random, spdlog::logger& logger)
      : core_(std::move(options), store, hub, clock, std::move(random), logger),
        uplink_(core_),
        fleet_(core_) {}
  ~Impl() { stop(seconds(1)); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> listen() {
    const FleetServerOptions& options = core_.options;
    if (options.tenants.empty()) return fail(Errc::invalid_argument, 0, "no tenant is given");
    const Result<Identity> own = own_identity(options.tls);
    if (!own) return fail(own.error());
    if (own->kind != PeerKind::server || own->name != options.name) {
      return fail(Errc::permission_denied, 0,
                  "the certificate is not urn:ems:server:<name of this server>");
    }
    const auto credentials = server_credentials(options.tls);
    if (!credentials) return fail(credentials.error());
    grpc::ServerBuilder builder;
    prepare(builder, options.keepalive_interval, options.keepalive_timeout);
    builder.SetMaxReceiveMessageSize(static_cast<int>(options.message_bytes_max));
    // Every call holds a thread; some more for health, reflection and calls that answer once.
    constexpr std::uint32_t kThreadsSpare = 64;
    grpc::ResourceQuota quota{"ems-server"};
    quota.Resize(options.memory_bytes_max);
    quota.SetMaxThreads(static_cast<int>(options.sessions_max + options.watchers_max +
                                         options.ranges_max + kThreadsSpare));
    builder.SetResourceQuota(quota);
    builder.AddListeningPort(options.address, *credentials, &port_);
    builder.RegisterService(&uplink_);
    builder.RegisterService(&fleet_);
    server_ = builder.BuildAndStart();
    if (!server_ || port_ == 0) {
      return fail(Errc::unavailable, 0,
                  "cannot listen: address in use, or certificate and key "
                  "do not belong together");
    }
    if (auto* health = server_->GetHealthCheckService()) health->SetServingStatus(true);
    core_.logger.info("server listening name={} address={} port={}", options.name, options.address,
                      port_);
    sweeper_ = std::thread{[this] { sweep(); }};
    return {};
  }

  void stop(Duration grace) {
    if (!server_) return;
    if (auto* health = server_->GetHealthCheckService()) health->SetServingStatus(false);
    {
      const std::scoped_lock lock{mutex_};
      core_.stopping = true;
      wake_.notify_all();
    }
    core_.cancel_all();
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::microseconds{grace.count()});
    server_->Wait();
    sweeper_.join();
    server_.reset();
    core_.logger.info("server stopped name={}", core_.options.name);
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return static_cast<std::uint16_t>(port_); }
  [[nodiscard]] FleetServerCounters counters() { return core_.counters(); }

 private:
  void sweep() {
    std::unique_lock lock{mutex_};
    while (
        !wake_.wait_for(lock, std::chrono::seconds{1}, [this] { return core_.stopping.load(); })) {
      core_.sweep();
    }
  }

  FleetCore core_;
  UplinkServiceImpl uplink_;
  FleetServiceImpl fleet_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::thread sweeper_;
};

Result<std::unique_ptr<FleetServer>> FleetServer::start(FleetServerOptions options,
                                                        fleet::FleetStore& store,
                                                        fleet::LiveHub& hub, const Clock& clock,
                                                        RandomSource random,
                                                        spdlog::logger& logger) {
  auto impl =
      std::make_unique<Impl>(std::move(options), store, hub, clock, std::move(random), logger);
  if (const Result<void> listening = impl->listen(); !listening) return fail(listening.error());
  return std::unique_ptr<FleetServer>{new FleetServer{std::move(impl)}};
}

FleetServer::FleetServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FleetServer::~FleetServer() = default;
std::uint16_t FleetServer::port() const noexcept { return impl_->port(); }
FleetServerCounters FleetServer::counters() const { return impl_->counters(); }
void FleetServer::stop(Duration grace) { impl_->stop(grace); }

}  // namespace ems::rpc
