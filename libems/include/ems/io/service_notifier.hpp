// SPDX-License-Identifier: Apache-2.0
/// @file What a daemon tells its service manager: the datagrams of sd_notify(3), without
/// libsystemd.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"

namespace ems::io {

/// What a service manager leaves in the environment; empty is absent.
struct ServiceEnvironment {
  std::string notify_socket;  ///< NOTIFY_SOCKET: an absolute path, or `@` and an abstract name.
  std::string watchdog_usec;  ///< WATCHDOG_USEC
  std::string watchdog_pid;   ///< WATCHDOG_PID: whom WATCHDOG_USEC is for.
};

/// Sends state to the service manager, if there is one.
///
/// @thread_safety Immutable; any thread.
/// @source sd_notify(3), sd_watchdog_enabled(3), systemd 252
class ServiceNotifier {
 public:
  /// @errors invalid_argument  NOTIFY_SOCKET is neither a path nor an abstract name that fits
  ///                           sun_path.
  ///         syntax            WATCHDOG_USEC or WATCHDOG_PID is no positive number.
  [[nodiscard]] static Result<ServiceNotifier> make(ServiceEnvironment environment);
  /// make() with this process's environment.
  [[nodiscard]] static Result<ServiceNotifier> from_environment();

  /// Whether somebody listens.
  [[nodiscard]] bool supervised() const noexcept { return !socket_.empty(); }
  /// After so long without `WATCHDOG=1` the manager ends this process; nullopt: it never does.
  [[nodiscard]] std::optional<Duration> watchdog() const noexcept { return watchdog_; }
  /// From one look at oneself to the next: a third of watchdog(), so that one may come late; 5 s
  /// without a watchdog.
  [[nodiscard]] Duration interval() const noexcept;

  /// Sends assignments, one per line (`READY=1`, `WATCHDOG=1`, `STATUS=text`, `STOPPING=1`), as one
  /// datagram. Never blocks. Success when nobody listens.
  ///
  /// @errors io  the datagram could not be sent; offset = errno.
  [[nodiscard]] Result<void> send(std::string_view state) const;

 private:
  ServiceNotifier(std::string socket, std::optional<Duration> watchdog)
      : socket_(std::move(socket)), watchdog_(watchdog) {}

  std::string socket_;
  std::optional<Duration> watchdog_;
};

}  // namespace ems::io
