// SPDX-License-Identifier: Apache-2.0
/// @file Fan-out of live rows to watchers. Copies only: never stored, never acknowledged.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ems/telemetry/row.hpp"

namespace ems::fleet {

/// One row on its way to watchers; it owns what it carries.
struct LiveRow {
  std::string tenant;
  std::string agent;
  telemetry::Stream stream = telemetry::Stream::telemetry;
  telemetry::Epoch epoch{};
  telemetry::Sequence sequence = 0;
  UtcInstant at{};
  std::vector<Point> points;                ///< Telemetry.
  std::vector<telemetry::RowValue> values;  ///< Telemetry: one per point.
  telemetry::RecordType type{};             ///< Audit and decisions.
  std::vector<std::byte> payload;           ///< Audit and decisions.
};

/// What a watcher wants. Which tenant it may name is decided before subscribe(), by the caller:
/// a user's certificate carries none, and each user of a server reads all its tenants.
struct LiveFilter {
  std::string tenant;
  std::optional<std::string> agent;         ///< nullopt: all agents of the tenant.
  std::optional<telemetry::Stream> stream;  ///< nullopt: all streams.
};

/// A watcher's bounded queue. Slow-consumer rule: when it is full the *oldest* row is dropped and
/// counted, so a slow watcher sees the newest rows and how many it missed; it never slows a writer.
///
/// @thread_safety pop() from one thread, everything else from any.
class LiveSubscription {
 public:
  LiveSubscription(LiveSubscription&&) noexcept;
  LiveSubscription& operator=(LiveSubscription&&) noexcept;
  ~LiveSubscription();  ///< Unsubscribes.

  /// Next row, oldest first; waits up to `timeout`. nullopt: none came, or close() was called.
  [[nodiscard]] std::optional<LiveRow> pop(std::chrono::milliseconds timeout);
  /// Rows this watcher missed since it subscribed.
  [[nodiscard]] std::uint64_t dropped() const noexcept;
  /// Wakes pop() for good.
  void close() noexcept;
  [[nodiscard]] bool closed() const noexcept;

 private:
  friend class LiveHub;
  struct Queue;
  explicit LiveSubscription(std::shared_ptr<Queue> queue) noexcept;
  std::shared_ptr<Queue> queue_;
};

/// Gives every row published to every subscription whose filter matches.
///
/// @thread_safety Any thread.
class LiveHub {
 public:
  LiveHub();
  ~LiveHub();  ///< Closes every subscription.
  LiveHub(const LiveHub&) = delete;
  LiveHub& operator=(const LiveHub&) = delete;

  /// @param capacity  Rows the queue holds, at least 1.
  [[nodiscard]] LiveSubscription subscribe(LiveFilter filter, std::size_t capacity = 256);
  /// Never blocks on a watcher.
  void publish(LiveRow row);
  [[nodiscard]] std::size_t subscribers() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ems::fleet
