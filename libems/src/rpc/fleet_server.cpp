// SPDX-License-Identifier: Apache-2.0
#include "ems/rpc/fleet_server.hpp"

#include <absl/synchronization/mutex.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include "rpc/channel.hpp"
#include "rpc/fleet_service.hpp"
#include "rpc/uplink_service.hpp"

namespace ems::rpc {

void leave_locks_unchecked() noexcept {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

namespace {

constexpr std::chrono::seconds kSweepPeriod{1};
constexpr Duration kSweepOverdue = seconds(5);

/// grpc.health.v1.Health/Check with an empty request: how the whole server does.
Result<void> ask_health(grpc::Server& server, Duration deadline) {
  struct Call {
    grpc::ClientContext context;
    grpc::ByteBuffer request{nullptr, 0};
    grpc::ByteBuffer response;
    std::promise<grpc::Status> answer;
  };
  const auto call = std::make_shared<Call>();
  call->context.set_deadline(std::chrono::system_clock::now() +
                             std::chrono::microseconds{deadline.count()});
  grpc::GenericStub stub{server.InProcessChannel({})};
  stub.UnaryCall(&call->context, "/grpc.health.v1.Health/Check", {}, &call->request,
                 &call->response,
                 [call](grpc::Status status) { call->answer.set_value(std::move(status)); });
  if (!call->answer.get_future().get().ok()) {  // The deadline is gRPC's own.
    return fail(Errc::timeout, 0, "the server does not answer its own health check");
  }
  constexpr std::string_view kServing{"\x08\x01", 2};  // HealthCheckResponse{status: SERVING}
  grpc::Slice body;
  if (!call->response.DumpToSingleSlice(&body).ok() || body.size() != kServing.size() ||
      !std::equal(kServing.begin(), kServing.end(), body.begin())) {
    return fail(Errc::unavailable, 0, "the server is not serving");
  }
  return {};
}

}  // namespace

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
    swept_ = core_.clock.now().since_zero().count();
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
  [[nodiscard]] Result<void> check(Duration deadline) {
    if (!server_) return fail(Errc::unavailable, 0, "the server is stopping");
    if (core_.clock.now().since_zero() - microseconds(swept_.load()) > kSweepOverdue) {
      return fail(Errc::timeout, 0, "the server's housekeeping hangs");
    }
    return ask_health(*server_, deadline);
  }

 private:
  void sweep() {
    std::unique_lock lock{mutex_};
    while (!wake_.wait_for(lock, kSweepPeriod, [this] { return core_.stopping.load(); })) {
      core_.sweep();
      swept_ = core_.clock.now().since_zero().count();
    }
  }

  FleetCore core_;
  UplinkServiceImpl uplink_;
  FleetServiceImpl fleet_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<std::int64_t> swept_{0};  ///< Microseconds of the clock at the last sweep.
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
Result<void> FleetServer::check(Duration deadline) const { return impl_->check(deadline); }
void FleetServer::stop(Duration grace) { impl_->stop(grace); }

}  // namespace ems::rpc
