// SPDX-License-Identifier: Apache-2.0
/// @file SiteService on a unix socket: the agent's local interface, role technician.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/runtime/site_port.hpp"

namespace spdlog {
class logger;
}

namespace ems::rpc {

struct SiteServerOptions {
  std::filesystem::path socket;     ///< At most 107 bytes; its folder exists.
  std::uint32_t watchers_max = 16;  ///< WatchStatus calls at one time.
};

/// A listening socket: mode 0660, group `ems` when that group exists and we may give it away. It is
/// never open to more, not even for a moment.
///
/// @thread_safety Any thread, except stop() and the destructor: one.
class SiteServer {
 public:
  /// Removes a dead socket of the same name and listens.
  ///
  /// @param port, logger  Outlive the server.
  /// @errors invalid_argument  the path is empty or too long.
  ///         already_exists    another process answers at it, or it is not a socket.
  ///         io                it cannot be made there.
  [[nodiscard]] static Result<std::unique_ptr<SiteServer>> start(const SiteServerOptions& options,
                                                                 runtime::SitePort& port,
                                                                 spdlog::logger& logger);
  ~SiteServer();  ///< stop(1 s).
  SiteServer(const SiteServer&) = delete;
  SiteServer& operator=(const SiteServer&) = delete;

  /// Streams end with UNAVAILABLE, calls under way may take up to `grace`; removes the socket.
  void stop(Duration grace);

 private:
  class Impl;
  explicit SiteServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ems::rpc
