// SPDX-License-Identifier: Apache-2.0
/// @file One store, several servers: each has its own marks, connection and live lane.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ems/rpc/uplink_client.hpp"

namespace ems::rpc {

/// Shows one store to each of several uplinks as if it were alone. The store counts a row as
/// acknowledged when *every* server has it: only then may retention take it without a gap.
///
/// What a server has is not kept over a restart: its Welcome says it. A server that is new here is
/// one that has nothing yet: it gets what the store still holds of the current epoch, and the rest
/// of it as a gap.
///
/// @thread_safety at(i) as UplinkSource, each from its own thread.
class SharedSource {
 public:
  /// @param source   Outlives this; called from every uplink's thread, one at a time.
  /// @param servers  At least 1.
  SharedSource(runtime::UplinkSource& source, std::size_t servers);
  ~SharedSource();
  SharedSource(const SharedSource&) = delete;
  SharedSource& operator=(const SharedSource&) = delete;

  /// The source of one server. @param server  Below the number of servers.
  [[nodiscard]] runtime::UplinkSource& at(std::size_t server) noexcept;

 private:
  class Share;
  std::mutex mutex_;
  runtime::UplinkSource& source_;
  std::vector<std::unique_ptr<Share>> shares_;
};

/// The uplinks of a site. A server that is away holds up no other; what it misses waits for it.
///
/// @thread_safety As UplinkClient.
class UplinkGroup {
 public:
  /// @param servers  One of each server, at least 1. `source`, clock and logger outlive the group.
  UplinkGroup(const std::vector<UplinkOptions>& servers, runtime::UplinkSource& source,
              const CommandHandler& handler, const Clock& clock, const RandomSource& random,
              spdlog::logger& logger);
  ~UplinkGroup();  ///< stop().
  UplinkGroup(const UplinkGroup&) = delete;
  UplinkGroup& operator=(const UplinkGroup&) = delete;

  void start();
  void stop();
  void notify();                           ///< Rows were committed: every server is sent them.
  void publish(const LiveValues& values);  ///< To every server's live lane.
  /// To the server that gave the command, if it is one of the newest 256 it gave.
  void report(const CommandStep& step);

  /// Of one server as its client says; of several: the best state, and the server that is worst
  /// off with its error. The age is of the server that has waited longest for an acknowledgement;
  /// absent while one has none.
  [[nodiscard]] runtime::UplinkView view() const;
  [[nodiscard]] std::vector<runtime::UplinkView> views() const;  ///< In the order given.
  [[nodiscard]] std::vector<UplinkCounters> counters() const;    ///< As views().

 private:
  struct Lane;
  SharedSource shared_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace ems::rpc
