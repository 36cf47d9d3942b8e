// SPDX-License-Identifier: Apache-2.0
/// @file What every battery driver does for its link, whatever kind it is: open it, again and
/// again, and tell the log once per change.
#pragma once

#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ems/io/link/byte_link.hpp"
#include "ems/protocol/link_health.hpp"
#include "ems/runtime/driver_wiring.hpp"

namespace ems::runtime {

/// Calls `open` at once, and 1, 5, 15, then every 60 s after a failure.
///
/// @thread_safety The site's strand only.
class LinkKeeper {
 public:
  /// @param open  Opens the link; its handler gives the result to opened().
  LinkKeeper(const DriverWiring& wiring, AssetId asset, std::function<void()> open);

  void start(std::string_view link_name);
  /// No callback afterwards.
  void stop();
  [[nodiscard]] bool running() const noexcept { return running_; }

  /// How an open ended. @return true: the link is up, and still wanted.
  [[nodiscard]] bool opened(const io::LinkError* error);
  /// The link was lost; it is opened again later.
  void lost(const io::LinkError& error);
  /// Logs the device's health when it has changed.
  void report(protocol::LinkHealth health, const std::optional<Error>& last_error);

  /// Why the link is down; empty while it is up.
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

 private:
  void open_later();

  DriverWiring wiring_;
  AssetId asset_;
  std::function<void()> open_;
  asio::steady_timer reopen_;
  std::string link_name_;
  std::size_t failures_ = 0;
  std::string error_;
  protocol::LinkHealth reported_ = protocol::LinkHealth::offline;
  bool running_ = false;
};

/// Time of a wake-up, never negative, as asio takes it. @thread_safety Pure function.
[[nodiscard]] std::chrono::microseconds wait_of(Duration duration) noexcept;

}  // namespace ems::runtime
