// SPDX-License-Identifier: Apache-2.0
/// @file Newest values of agents, in bounded memory. Not installed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include "ems/fleet/fleet_store.hpp"
#include "ems/telemetry/block.hpp"

namespace ems::fleet {

/// Of one agent. The rule is at FleetStore::latest(). Not thread-safe.
///
/// @memory About 96 bytes a point.
class Latest {
 public:
  static constexpr std::size_t kPointsKept = 4096;  ///< 16 rows of all different points.
  static constexpr Duration kAgeMax = microseconds(3'600'000'000);

  /// Takes the rows of a block after `after`.
  /// @return points dropped because there were too many.
  std::size_t note(const telemetry::BlockReader& block, telemetry::Sequence after);
  [[nodiscard]] std::vector<LatestValue> values(std::optional<AssetId> asset) const;
  [[nodiscard]] std::size_t size() const noexcept { return points_.size(); }

 private:
  struct Entry {
    LatestValue value;
    std::uint64_t seen =
        0;  ///< Rows taken then: order of arrival, whatever the agent's clock says.
  };
  [[nodiscard]] bool current(const LatestValue& value) const noexcept;
  std::size_t shrink();

  std::map<Point, Entry> points_;
  UtcInstant newest_{};  ///< Of the row taken last.
  std::uint64_t rows_ = 0;
};

/// Of the agents somebody asked for last. Who falls out is read from the store when somebody asks
/// again, as after a restart. Not thread-safe.
class LatestCache {
 public:
  /// What an agent counts beside its points: its name and its place in the order.
  static constexpr std::size_t kAgentPoints = 4;

  /// @param points_max  Of all agents together, each with kAgentPoints more.
  explicit LatestCache(std::size_t points_max) : points_max_(points_max) {}

  /// From now on the agent is the one asked for last. nullopt: it is not kept.
  [[nodiscard]] std::optional<std::vector<LatestValue>> values(const AgentKey& key,
                                                               std::optional<AssetId> asset);
  /// Keeps what the store said of the agent, in the place of others if need be.
  void keep(const AgentKey& key, Latest latest);
  [[nodiscard]] bool keeps(const AgentKey& key) const { return agents_.contains(key); }
  /// Latest::note() of an agent that is kept; of others nothing.
  std::size_t note(const AgentKey& key, const telemetry::BlockReader& block,
                   telemetry::Sequence after);
  /// Points in memory, never more than points_max.
  [[nodiscard]] std::size_t points() const noexcept { return points_; }

 private:
  using Order = std::list<const AgentKey*>;  ///< Keys of agents_.
  struct Agent {
    Latest latest;
    Order::iterator place;
  };
  void forget(std::map<AgentKey, Agent>::iterator agent);
  void shrink();

  std::size_t points_max_;
  std::size_t points_ = 0;
  std::map<AgentKey, Agent> agents_;
  Order order_;  ///< Asked for last: in front.
};

}  // namespace ems::fleet
