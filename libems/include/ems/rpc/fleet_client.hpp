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
#include "ems/io/calendar.hpp"
#include "ems/query/energy.hpp"
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

/// One point in one bucket; see query::Bucket.
struct BucketView {
  UtcInstant begin{};
  Duration known{};
  std::uint64_t count = 0;
  std::uint64_t doubted = 0;
  std::optional<std::int64_t> min{}, max{}, last{};  ///< nullopt: no trusted sample.
  std::optional<UtcInstant> last_at{};
  std::optional<double> mean{};  ///< Catalogue unit; nullopt: nothing is known.
};

/// Buckets of one point, ascending; those in which nothing is are left out.
struct BucketSeriesView {
  Point point{};
  std::vector<BucketView> buckets;
};

/// One slice of buckets.
struct BucketSlice {
  std::vector<BucketSeriesView> series;
  std::vector<GapView> gaps;
};

/// How to downsample: Grid::uniform(from, to, step), and see query::DownsampleOptions.
struct BucketRequest {
  UtcInstant from{};
  UtcInstant to{};
  Duration step{};
  std::vector<PointQuery> points{};
  Duration gap_max = seconds(10);
  Quality quality_min = Quality::substituted;
};

/// Which energy; see io::calendar_grid() and query::EnergyOptions.
struct EnergyRequest {
  UtcInstant from{};
  UtcInstant to{};
  io::Period period = io::Period::day;
  std::string time_zone{};         ///< IANA name, as the server has it; empty: UTC.
  query::EnergyOptions options{};  ///< quality_min and the ..._max of memory are the server's.
};

/// One flow of one asset in one period; see query::EnergyFigure.
struct EnergyView {
  query::EnergyAccount account;
  UtcInstant begin{};
  UtcInstant end{};
  std::optional<std::int64_t> energy_mwh{};  ///< nullopt: nothing is known.
  query::EnergySource source = query::EnergySource::none;
  Duration known{};
  Duration spread{};
  std::uint32_t resets = 0;
  std::uint32_t wraps = 0;
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
  [[nodiscard]] Result<void> buckets(const fleet::AgentKey& key, const BucketRequest& request,
                                     const std::function<bool(BucketSlice)>& slice);
  /// By asset and flow, then in ascending time.
  [[nodiscard]] Result<std::vector<EnergyView>> energy(const fleet::AgentKey& key,
                                                       const EnergyRequest& request);
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
