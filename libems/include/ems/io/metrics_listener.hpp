// SPDX-License-Identifier: Apache-2.0
/// @file Answers HTTP GET /metrics on the loopback interface.
///
/// Our own HTTP/1.1 of some 200 lines, because cpp-httplib gives each connection a thread and a
/// deadline per read, so a few slow clients stop it, and Boost.Beast needs a second Asio.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/io/config/site_config.hpp"

namespace ems::io {

/// What a listener takes. The defaults are the product's; tests shorten the times.
struct MetricsListenerOptions {
  /// Loopback only: the page has no authentication. Port 0: any free one.
  TcpEndpoint address{};
  std::size_t connections_max = 16;      ///< Then the one that has been open longest is closed.
  std::size_t request_bytes_max = 8192;  ///< Request line and headers.
  Duration connection_time_max = seconds(5);  ///< From accept to close, whatever the client does.
  /// A page is used again for so long: scrapes cannot load the program more than this often.
  Duration page_age_max = seconds(1);
};

/// True for 127.0.0.0/8, ::1 and `localhost`. @thread_safety Pure function; never asks DNS.
[[nodiscard]] bool is_loopback(const std::string& host) noexcept;

/// A listening socket with a thread of its own. Answers GET and HEAD of /metrics with the page,
/// anything else with the status HTTP has for it (400, 404, 405, 421, 431, 505), and closes.
class MetricsListener {
 public:
  /// @param page  Makes the page; called on the listener's thread, one call at a time. May wait.
  /// @errors permission_denied  the address is not loopback.
  ///         unavailable        it cannot be listened on.
  [[nodiscard]] static Result<std::unique_ptr<MetricsListener>> start(
      MetricsListenerOptions options, std::function<std::string()> page);
  /// Closes every connection and ends the thread.
  ~MetricsListener();
  MetricsListener(const MetricsListener&) = delete;
  MetricsListener& operator=(const MetricsListener&) = delete;

  /// Port in use. @thread_safety Any thread.
  [[nodiscard]] std::uint16_t port() const noexcept;

 private:
  class Impl;
  explicit MetricsListener(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ems::io
