// SPDX-License-Identifier: Apache-2.0
/// @file The agent's end of the uplink: sends what the store holds, keeps trying for ever.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "ems/core/time.hpp"
#include "ems/model/clock.hpp"
#include "ems/model/point.hpp"
#include "ems/rpc/backoff.hpp"
#include "ems/rpc/command.hpp"
#include "ems/rpc/tls.hpp"
#include "ems/runtime/site_port.hpp"
#include "ems/runtime/uplink_source.hpp"
#include "ems/telemetry/row.hpp"

namespace spdlog {
class logger;
}

namespace ems::rpc {

/// How to reach a server. The defaults are the product's; tests shorten the times.
struct UplinkOptions {
  std::string address;  ///< `HOST:PORT`. The host must be a DNS or IP SAN of the server.
  TlsFiles tls;
  std::string tenant;
  std::string software_version;
  Duration backoff_min = seconds(1);
  Duration backoff_max = seconds(60);
  Duration welcome_timeout = seconds(8);     ///< From the start of an attempt to Welcome.
  Duration keepalive_interval = seconds(5);  ///< Ping when the peer is silent so long ...
  Duration keepalive_timeout = seconds(4);   ///< ... and dead when the answer takes so long.
  /// Bytes of blocks sent and not acknowledged, at most; less where acknowledgements wait, so that
  /// live values are not behind them. Then the client waits for an acknowledgement.
  std::size_t window_bytes = std::size_t{4} * 1024 * 1024;
  std::size_t batch_bytes = std::size_t{256} * 1024;  ///< Of one message.
};

/// Copies of the newest values for watchers: never stored, never acknowledged.
struct LiveValues {
  UtcInstant at{};
  std::vector<Point> points;
  std::vector<telemetry::RowValue> values;  ///< One per point.
};

/// Counts since start().
struct UplinkCounters {
  std::uint64_t connects = 0;  ///< Welcomes received.
  std::uint64_t failures = 0;  ///< Attempts and connections that ended.
  std::uint64_t blocks_sent = 0;
  std::uint64_t blocks_resent = 0;  ///< Of these: with rows that had been sent before.
  std::uint64_t gaps_sent = 0;
  std::uint64_t live_sent = 0;
  std::uint64_t live_dropped = 0;  ///< Newer ones came before they could be sent.
  std::uint64_t commands = 0;      ///< Received, repeated ones too.
};

/// Sends the store's rows to a server, in order per stream, with a bounded window, and acknowledges
/// them in the store when the server has them. Connects again after every failure, for ever, with
/// full jitter. Commands of the server go to the handler, which knows repeated ids; emergency stops
/// go there from the thread that reads, before anything that waits.
///
/// @thread_safety start() and stop() from one thread; everything else from any. `source` and the
///                handler are called from the client's own threads, the handler from two.
class UplinkClient {
 public:
  /// @param source, clock, logger  Outlive the client.
  /// @param handler  Called for each command; its first answer goes out when it returns.
  UplinkClient(UplinkOptions options, runtime::UplinkSource& source, CommandHandler handler,
               const Clock& clock, RandomSource random, spdlog::logger& logger);
  ~UplinkClient();  ///< stop().
  UplinkClient(const UplinkClient&) = delete;
  UplinkClient& operator=(const UplinkClient&) = delete;

  /// Starts the thread. Never fails: files that cannot be read are tried again too.
  void start();
  /// Ends the connection and the thread; returns when both have ended.
  void stop();

  /// Rows were committed: look at the store. Without it the client looks once a second.
  void notify();
  /// Queue of one: a newer one replaces an older one that was not sent.
  void publish(LiveValues values);

  /// Tells the server a later step of one of its commands. While the connection is down it is
  /// dropped: the server asks again.
  void report(CommandStep step);

  /// Where the connection stands.
  [[nodiscard]] runtime::UplinkView view() const;
  [[nodiscard]] UplinkCounters counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ems::rpc
