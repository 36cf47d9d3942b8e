// SPDX-License-Identifier: Apache-2.0
#include "ems/rpc/site_server.hpp"

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <spdlog/logger.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "rpc/channel.hpp"
#include "rpc/site_service.hpp"
#include "rpc/unix_socket.hpp"

namespace ems::rpc {

namespace {

constexpr Duration kKeepaliveInterval = seconds(60);  // A unix socket's peer cannot be cut off.
constexpr Duration kKeepaliveTimeout = seconds(20);

/// Files made while it lives are closed to others. The mask belongs to the process: a file that
/// another thread makes meanwhile is closed to others too, which harms nothing.
class Umask {
 public:
  Umask() : before_(::umask(0117)) {}
  ~Umask() { (void)::umask(before_); }  // Never fails.
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

}  // namespace

class SiteServer::Impl {
 public:
  Impl(const SiteServerOptions& options, runtime::SitePort& port, spdlog::logger& logger)
      : socket_(options.socket), service_(port, options.watchers_max), logger_(logger) {}
  ~Impl() { stop(seconds(1)); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> listen() {
    const auto address = socket_address(socket_);
    if (!address) return fail(address.error());
    if (const auto removed = remove_dead_socket(socket_); !removed) return removed;
    grpc::ServerBuilder builder;
    prepare(builder, kKeepaliveInterval, kKeepaliveTimeout);
    int bound = 0;
    builder.AddListeningPort(*address, grpc::InsecureServerCredentials(), &bound);
    builder.RegisterService(&service_);
    {
      const Umask mask;
      server_ = builder.BuildAndStart();
    }
    if (!server_ || bound == 0) {
      server_.reset();
      return fail(Errc::io, 0, "the socket cannot be made there");
    }
    if (const auto restricted = restrict_socket(socket_); !restricted) {
      stop(Duration::zero());
      return restricted;
    }
    if (auto* health = server_->GetHealthCheckService()) health->SetServingStatus(true);
    logger_.info("site listening socket={}", socket_.string());
    return {};
  }

  void stop(Duration grace) {
    if (!server_) return;
    if (auto* health = server_->GetHealthCheckService()) health->SetServingStatus(false);
    service_.stop();
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::microseconds{grace.count()});
    server_->Wait();
    server_.reset();
    (void)::unlink(socket_.c_str());  // gRPC may have removed it already.
  }

 private:
  const std::filesystem::path socket_;
  SiteServiceImpl service_;
  spdlog::logger& logger_;
  std::unique_ptr<grpc::Server> server_;
};

Result<std::unique_ptr<SiteServer>> SiteServer::start(const SiteServerOptions& options,
                                                      runtime::SitePort& port,
                                                      spdlog::logger& logger) {
  auto impl = std::make_unique<Impl>(options, port, logger);
  if (const auto listening = impl->listen(); !listening) return fail(listening.error());
  return std::unique_ptr<SiteServer>{new SiteServer{std::move(impl)}};
}

SiteServer::SiteServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SiteServer::~SiteServer() = default;
void SiteServer::stop(Duration grace) { impl_->stop(grace); }

}  // namespace ems::rpc
