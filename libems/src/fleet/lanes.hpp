// SPDX-License-Identifier: Apache-2.0
/// @file Where each stream of each agent stands, remembered between groups. Not installed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ems/fleet/fleet_store.hpp"

namespace ems::fleet {

/// A stream of an epoch of an agent, as the newest group left it.
struct Lane {
  std::int64_t id = 0;  ///< 0: not in the file yet.
  StreamMark mark{};
  std::int64_t tail_id = 0;  ///< Newest block; 0: none is known.
  telemetry::Sequence tail_first = 0;
  telemetry::Sequence tail_last = 0;
  std::int64_t tail_min_us = 0;
  std::int64_t tail_max_us = 0;
};

/// Tenant, agent, stream, counter, random part of the epoch.
using LaneKey = std::tuple<std::string, std::string, telemetry::Stream, std::uint32_t, Id128>;

/// The lanes that were used last. Each is in the file as well, so to forget one costs two reads and
/// nothing else. When it is full, the half that was idle longest is forgotten. Not thread-safe.
///
/// @memory About 270 bytes a lane.
class Lanes {
 public:
  /// @param most  At least 1.
  explicit Lanes(std::size_t most) : most_(std::max<std::size_t>(most, 1)) {}

  /// @return nullptr: not remembered. A lane stays where it is until it is forgotten.
  [[nodiscard]] Lane* find(const LaneKey& key) {
    const auto found = lanes_.find(key);
    if (found == lanes_.end()) return nullptr;
    found->second.used = ++uses_;
    return &found->second.lane;
  }
  /// @pre find(key) gave nothing.
  Lane& add(const LaneKey& key, const Lane& lane) {
    if (lanes_.size() >= most_) forget_idle();
    return lanes_.emplace(key, Used{lane, ++uses_}).first->second.lane;
  }
  void forget(const LaneKey& key) { lanes_.erase(key); }
  void clear() { lanes_.clear(); }
  [[nodiscard]] std::size_t size() const noexcept { return lanes_.size(); }

 private:
  struct Used {
    Lane lane;
    std::uint64_t used = 0;
  };
  void forget_idle() {
    std::vector<std::uint64_t> used;
    used.reserve(lanes_.size());
    for (const auto& [key, lane] : lanes_) used.push_back(lane.used);
    const auto last = used.begin() + static_cast<std::ptrdiff_t>((used.size() - 1) / 2);
    std::nth_element(used.begin(), last, used.end());
    std::erase_if(lanes_, [last = *last](const auto& entry) { return entry.second.used <= last; });
  }

  std::size_t most_;
  std::map<LaneKey, Used> lanes_;
  std::uint64_t uses_ = 0;
};

}  // namespace ems::fleet
