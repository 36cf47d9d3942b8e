// SPDX-License-Identifier: Apache-2.0
#include "ems/rpc/site_server.hpp"

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <spdlog/logger.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <utility>

#include "rpc/channel.hpp"
#include "rpc/site_service.hpp"
#include "rpc/unix_socket.hpp"

namespace ems::rpc {

namespace {

constexpr Duration kKeepaliveInterval = seconds(60);  // A unix socket's peer cannot be cut off.
constexpr Duration kKeepaliveTimeout = seconds(20);

}  // namespace

class SiteServer::Impl {
 public:
  Impl(const SiteServerOptions& options, runtime::SitePort& port, spdlog::logger& logger)
      : socket_(options.socket), service_(port, options.watchers_max), logger_(logger) {}
  ~Impl() { stop(seconds(1)); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> listen() {
    if (const auto address = socket_address(socket_); !address) return fail(address.error());
    if (const auto removed = remove_dead_socket(socket_); !removed) return removed;
    // gRPC binds where nobody else can look, so the socket is never open to more than in the end.
    const PrivateFolder folder{socket_.parent_path()};
    if (!folder.made()) return fail(Errc::io, 0, "no folder can be made beside the socket");
    const std::filesystem::path hidden = folder.path() / "s";
    const auto address = socket_address(hidden);
    if (!address) return fail(address.error());
    grpc::ServerBuilder builder;
    prepare(builder, kKeepaliveInterval, kKeepaliveTimeout);
    int bound = 0;
    builder.AddListeningPort(*address, grpc::InsecureServerCredentials(), &bound);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    if (!server_ || bound == 0) {
      server_.reset();
      return fail(Errc::io, 0, "the socket cannot be made there");
    }
    Result<void> placed = restrict_socket(hidden);
    if (placed && ::rename(hidden.c_str(), socket_.c_str()) != 0) {
      placed = fail(Errc::io, 0, "the socket cannot be given its name");
    }
    if (!placed) {
      (void)::unlink(hidden.c_str());
      stop(Duration::zero());
      return placed;
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
    (void)::unlink(socket_.c_str());  // gRPC knows it by its first name only.
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
