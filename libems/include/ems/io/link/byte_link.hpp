// SPDX-License-Identifier: Apache-2.0
/// @file A two-way byte stream to a device: a serial line (tty or pty), or one behind TCP.
#pragma once

#include <asio/any_io_executor.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/time.hpp"

namespace ems::io {

/// Bytes accepted by ByteLink::write() and not yet given to the system. Overflow: the new write is
/// refused whole (resource_exhausted); nothing queued is dropped.
inline constexpr std::size_t kLinkWriteQueueSize = 4096;

/// Why a link is down: the code for programs, the text for people.
struct LinkError {
  Error error;
  std::string message;  ///< `/dev/ttyUSB0: No such file or directory`.
};

struct LinkCounters {
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t opens = 0;     ///< Successful opens.
  std::uint64_t failures = 0;  ///< Failed opens and lost links.
};

/// One link. It does not reconnect: whoever owns it opens it again, at its own pace.
///
/// @thread_safety Call from the executor it was made with (a strand); every callback arrives there.
///                After the destructor, or close(), no callback is made.
class ByteLink {
 public:
  /// success, or why not. Called once per open().
  using OpenHandler = std::function<void(const LinkError* error)>;
  /// The bytes are borrowed for the call.
  using ReceiveHandler = std::function<void(Bytes)>;
  /// The link was lost after a successful open; it is closed now. Called once per open.
  using DownHandler = std::function<void(const LinkError&)>;

  virtual ~ByteLink() = default;

  /// Set before open().
  virtual void on_receive(ReceiveHandler handler) = 0;
  virtual void on_down(DownHandler handler) = 0;

  /// Opens; the handler is called later, never from within. While open or opening:
  /// failed_precondition through the handler.
  /// @errors io           the system refused (no such device, permission, connection refused).
  ///         unavailable  the line is in use by another process (a tty is opened exclusively).
  ///         timeout      TCP: no connection within 5 s.
  virtual void open(OpenHandler handler) = 0;
  /// Closes at once; queued bytes are dropped. May be opened again.
  virtual void close() = 0;
  [[nodiscard]] virtual bool is_open() const = 0;

  /// Queues a copy of `data`; written in order.
  /// @errors unavailable         not open.
  ///         resource_exhausted  more than kLinkWriteQueueSize bytes would wait.
  [[nodiscard]] virtual Result<void> write(Bytes data) = 0;

  /// `/dev/ttyUSB0` or `tcp://10.0.0.5:8899`.
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual LinkCounters counters() const = 0;
};

struct SerialOptions {
  std::string device;  ///< `/dev/ttyUSB0`, or a pty.
  int baud = 9600;     ///< A standard rate, 1200 .. 921600. 8 data bits, no parity, 1 stop bit.
};

/// A tty or pty: raw, 8N1, opened exclusively. A bad baud rate shows at open(): invalid_argument.
[[nodiscard]] std::unique_ptr<ByteLink> make_serial_link(asio::any_io_executor executor,
                                                         SerialOptions options);

/// A serial line behind a TCP server (raw TCP, not RFC 2217). Names are resolved asynchronously.
[[nodiscard]] std::unique_ptr<ByteLink> make_tcp_link(asio::any_io_executor executor,
                                                      std::string host, std::uint16_t port);

}  // namespace ems::io
