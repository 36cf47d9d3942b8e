// SPDX-License-Identifier: Apache-2.0
/// @file A Modbus master: requests for any unit of one line or gateway, answers through callbacks.
#pragma once

#include <asio/any_io_executor.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/io/link/stop_path.hpp"

namespace ems::io {

/// Requests that may wait in one master. Overflow: the new request is refused
/// (resource_exhausted); nothing queued is dropped. Urgent ones have kModbusUrgentQueueSize more.
inline constexpr std::size_t kModbusQueueSize = 64;
inline constexpr std::size_t kModbusUrgentQueueSize = 16;
/// Time a device gets to answer when the request names none.
inline constexpr Duration kModbusReplyTimeout = milliseconds(300);

struct ModbusRequest {
  std::uint8_t unit = 1;  ///< TCP: 0 .. 255; RTU: 1 .. 247.
  Bytes pdu;              ///< 1 .. 253 bytes; copied by transact().
  Duration timeout{};     ///< From sending to the whole answer; zero: kModbusReplyTimeout.
  /// A stop: before every waiting request, through an open circuit, and instead of the unit's
  /// waiting writes that are not urgent.
  bool urgent = false;
};

/// Response PDU of a request: never an exception response, those are errors.
using ModbusResponse = std::vector<std::byte>;
/// @errors of the Result:
///   exception           the unit refused; offset = the exception code.
///   timeout             no answer in time.
///   checksum            RTU: an answer with a bad CRC.
///   header truncated length  an answer that is none to this request.
///   unavailable         not connected (TCP), line cannot be opened (RTU), or the unit's circuit
///                       is open.
///   resource_exhausted  the queue is full.
///   invalid_argument    unit or PDU size.
///   cancelled           close(), the watchdog stopped the line's devices (StopPath), or an urgent
///                       request took its place.
using ModbusCallback = std::function<void(Result<ModbusResponse>)>;

/// Since the master was made. A request counts in exactly one of the fields after `requests`.
struct ModbusCounters {
  std::uint64_t requests = 0;  ///< Calls of transact().
  std::uint64_t answers = 0;
  std::uint64_t exceptions = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t checksum_errors = 0;
  std::uint64_t frame_errors = 0;  ///< header, truncated, length.
  std::uint64_t unavailable = 0;   ///< Not connected, or lost while waiting.
  std::uint64_t circuit_open = 0;  ///< Refused without being sent.
  std::uint64_t queue_full = 0;    ///< Refused without being sent.
  std::uint64_t rejected = 0;      ///< invalid_argument.
  std::uint64_t cancelled = 0;
  /// Besides: answers nobody waited for any more, or to a stop of the watchdog; dropped.
  std::uint64_t late_answers = 0;
  std::uint64_t connects = 0;     ///< Besides: successful connects or opens.
  std::uint64_t disconnects = 0;  ///< Besides: lost connections and failed attempts.
};

/// One line or gateway with its units. A unit that stays silent three times is left alone for 5,
/// 15, then 60 s (ems::protocol::modbus::CircuitBreaker); the others go on.
///
/// @thread_safety Call from the executor it was made with (a strand); every callback arrives
///                there, never from within transact(). After the destructor no callback is made.
///                The functions of StopPath say their own; whoever calls them from another thread
///                ends before the destructor.
class ModbusMaster : public StopPath {
 public:
  /// Sends one request. Requests of one unit keep their order and go out one at a time.
  /// @param callback  Called exactly once.
  virtual void transact(const ModbusRequest& request, ModbusCallback callback) = 0;
  /// Ends everything that waits with `cancelled`, and the connection. For good.
  virtual void close() = 0;

  [[nodiscard]] virtual bool connected() const = 0;
  /// Newest trouble with line or connection, for people; empty when there is none.
  [[nodiscard]] virtual std::string last_error() const = 0;
  [[nodiscard]] virtual ModbusCounters counters() const = 0;
  /// `modbus-tcp://10.0.0.5:502` or `modbus-rtu:///dev/ttyUSB0`.
  [[nodiscard]] virtual std::string_view name() const = 0;
};

struct ModbusTcpOptions {
  std::string host;  ///< Number or name; names are resolved asynchronously.
  std::uint16_t port = 502;
  /// Units that may have a request outstanding at once. 1 for gateways that lose the second.
  std::size_t outstanding_max = 8;
  Duration connect_timeout = seconds(3);
  Duration backoff_first = milliseconds(250);  ///< Doubles, with jitter, to backoff_max.
  Duration backoff_max = seconds(10);
};

/// Modbus TCP on Asio. Connects by itself at once and again after a loss; while not connected,
/// requests fail with `unavailable` after the first attempt has failed, and wait before.
[[nodiscard]] std::unique_ptr<ModbusMaster> make_modbus_tcp_master(asio::any_io_executor executor,
                                                                   ModbusTcpOptions options);

struct ModbusRtuOptions {
  std::string device;                  ///< `/dev/ttyUSB0`, or a pty.
  int baud = 9600;                     ///< 1200 .. 921600.
  char parity = 'N';                   ///< 'N', 'E' or 'O'.
  int stop_bits = 1;                   ///< 1 or 2.
  Duration reopen_every = seconds(1);  ///< While the line cannot be opened.
};

/// Modbus RTU through libmodbus on a thread of its own, one request on the line at a time. Longest
/// wait of an urgent request: the timeout of the one on the line.
[[nodiscard]] std::unique_ptr<ModbusMaster> make_modbus_rtu_master(asio::any_io_executor executor,
                                                                   ModbusRtuOptions options);

}  // namespace ems::io
