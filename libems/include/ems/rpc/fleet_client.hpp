// SPDX-License-Identifier: Apache-2.0
/// @file A person's or a program's end of FleetService, in plain values.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/fleet/fleet_store.hpp"
#include "ems/rpc/command.hpp"
#include "ems/rpc/tls.hpp"

namespace ems::rpc {

/// Which points; what is absent matches everything.
struct PointQuery {
  std::optional<AssetId> asset;
  std::optional<Signal> signal;
  std::optional<std::uint16_t> element;
};

/// An agent as the server knows it.
struct AgentView {
  fleet::AgentKey key;
  bool connected = false;
  bool identity_conflict = false;
  std::optional<UtcInstant> last_seen;  ///< nullopt: not since the server started.
  std::string software_version;
  bool catalogue_differs = false;
  std::vector<fleet::StreamMark> marks;
};

/// Values of one point over time; the vectors have the same length.
struct SeriesView {
  Point point{};
  std::vector<UtcInstant> at;
  std::vector<std::int64_t> values;
  std::vector<Quality> qualities;
};

/// Rows that will never come.
struct GapView {
  telemetry::Stream stream = telemetry::Stream::telemetry;
  telemetry::Epoch epoch{};
  telemetry::Gap gap;
};

/// One slice of a range.
struct RangeSlice {
  std::vector<SeriesView> series;
  std::vector<GapView> gaps;
};

/// Values as they arrived at the server.
struct LiveUpdate {
  std::string agent;
  UtcInstant at{};
  std::vector<fleet::LatestValue> values;
  std::uint64_t dropped = 0;  ///< Updates missed since the watch began.
};

/// How to reach a server.
struct FleetClientOptions {
  std::string address;  ///< `HOST:PORT`.
  TlsFiles tls;
  Duration timeout = seconds(5);  ///< Of calls that answer once.
};

/// Every function answers with the code the server gave; detail() has its words. Functions that
/// take a callback return when the stream ends or the callback returns false.
///
/// @errors unavailable       no connection, or the peer is not an urn:ems:server:*.
///         unauthenticated, permission_denied, not_found, invalid_argument, timeout, ...  as the
///         server says; see docs/reference/api.md.
/// @thread_safety One thread at a time, except cancel().
class FleetClient {
 public:
  /// @errors not_found, io, invalid_argument  a TLS file cannot be read or used.
  [[nodiscard]] static Result<std::unique_ptr<FleetClient>> connect(FleetClientOptions options);
  ~FleetClient();
  FleetClient(const FleetClient&) = delete;
  FleetClient& operator=(const FleetClient&) = delete;

  /// @param tenant  Here and below: empty for the only one the server has (agents(): all).
  [[nodiscard]] Result<std::vector<AgentView>> agents(const std::string& tenant = {});
  [[nodiscard]] Result<std::vector<fleet::LatestValue>> latest(
      const fleet::AgentKey& key, const std::vector<PointQuery>& points = {});
  [[nodiscard]] Result<void> range(const fleet::AgentKey& key, UtcInstant from, UtcInstant to,
                                   const std::vector<PointQuery>& points,
                                   const std::function<bool(RangeSlice)>& slice);
  /// @param key  An empty agent: all agents of the tenant.
  [[nodiscard]] Result<void> watch(const fleet::AgentKey& key,
                                   const std::vector<PointQuery>& points,
                                   const std::function<bool(LiveUpdate)>& update);
  [[nodiscard]] Result<std::vector<fleet::StreamMark>> counts(const fleet::AgentKey& key);
  /// @param id  Empty: the server makes one. A repeated id acts once.
  /// @return    The command's id.
  [[nodiscard]] Result<std::string> send_command(const fleet::AgentKey& key, Duration ttl,
                                                 const CommandAction& action,
                                                 const std::string& id = {});
  [[nodiscard]] Result<void> watch_command(const std::string& id,
                                           const std::function<bool(CommandStep)>& step);

  /// Alarms of an agent that are not normal, gravest first.
  [[nodiscard]] Result<std::vector<alarm::Alarm>> alarms(const fleet::AgentKey& key);
  /// @return The id of the command that says it to the agent.
  [[nodiscard]] Result<std::string> acknowledge_alarm(const fleet::AgentKey& key, alarm::Id alarm,
                                                      const std::string& comment);

  /// The person decided who the agent is. Role technician.
  [[nodiscard]] Result<void> clear_conflict(const fleet::AgentKey& key);

  /// Ends the call that is under way, from any thread (not a signal handler).
  void cancel();
  /// What the last failed call said, for people.
  [[nodiscard]] const std::string& detail() const noexcept;

 private:
  class Impl;
  explicit FleetClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ems::rpc
