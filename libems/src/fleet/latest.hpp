// SPDX-License-Identifier: Apache-2.0
/// @file Newest values of one agent, in bounded memory. Not installed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "ems/fleet/fleet_store.hpp"
#include "ems/telemetry/block.hpp"

namespace ems::fleet {

/// The rule is at FleetStore::latest(). Not thread-safe.
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

}  // namespace ems::fleet
