// SPDX-License-Identifier: Apache-2.0
#include "latest.hpp"

#include <algorithm>
#include <utility>

namespace ems::fleet {

using namespace telemetry;

bool Latest::current(const LatestValue& value) const noexcept {
  // Both times are the agent's own and can be anything: no subtraction that could overflow.
  const std::int64_t newest = newest_.since_epoch().count();
  const std::int64_t age_max = kAgeMax.count();
  return newest < INT64_MIN + age_max || value.at.since_epoch().count() >= newest - age_max;
}

std::size_t Latest::note(const BlockReader& block, Sequence after) {
  for (RowCursor cursor(block); cursor.next();) {
    if (cursor.sequence() <= after) continue;
    const Row row = cursor.row();
    ++rows_;
    newest_ = row.at;
    for (std::size_t i = 0; i < row.points.size(); ++i) {
      if (!row.values[i].valid) continue;
      points_[row.points[i]] = {{row.points[i], row.values[i].value, row.values[i].quality, row.at},
                                rows_};
    }
  }
  std::erase_if(points_, [this](const auto& point) { return !current(point.second.value); });
  return shrink();
}

std::size_t Latest::shrink() {
  if (points_.size() <= kPointsKept) return 0;
  const std::size_t drop = points_.size() - kPointsKept;
  std::vector<std::uint64_t> seen;
  seen.reserve(points_.size());
  for (const auto& [point, entry] : points_) seen.push_back(entry.seen);
  const auto last = seen.begin() + static_cast<std::ptrdiff_t>(drop) - 1;
  std::nth_element(seen.begin(), last, seen.end());
  const std::uint64_t oldest = *last;
  std::size_t dropped =
      std::erase_if(points_, [oldest](const auto& point) { return point.second.seen < oldest; });
  for (auto at = points_.begin(); at != points_.end() && dropped < drop;) {
    if (at->second.seen != oldest) {
      ++at;
      continue;
    }
    at = points_.erase(at);
    ++dropped;
  }
  return dropped;
}

std::vector<LatestValue> Latest::values(std::optional<AssetId> asset) const {
  std::vector<LatestValue> values;
  for (const auto& [point, entry] : points_) {
    const bool wanted =
        !asset || (point.asset.kind == asset->kind && point.asset.index == asset->index &&
                   (asset->module == 0 || point.asset.module == asset->module));
    if (wanted) values.push_back(entry.value);
  }
  return values;
}

std::optional<std::vector<LatestValue>> LatestCache::values(const AgentKey& key,
                                                            std::optional<AssetId> asset) {
  const auto agent = agents_.find(key);
  if (agent == agents_.end()) return std::nullopt;
  order_.splice(order_.begin(), order_, agent->second.place);
  return agent->second.latest.values(asset);
}

void LatestCache::keep(const AgentKey& key, Latest latest) {
  if (const auto before = agents_.find(key); before != agents_.end()) forget(before);
  const auto [agent, added] = agents_.try_emplace(key, Agent{std::move(latest), {}});
  agent->second.place = order_.insert(order_.begin(), &agent->first);
  points_ += agent->second.latest.size() + kAgentPoints;
  shrink();
}

std::size_t LatestCache::note(const AgentKey& key, const BlockReader& block, Sequence after) {
  const auto agent = agents_.find(key);
  if (agent == agents_.end()) return 0;
  points_ -= agent->second.latest.size();
  const std::size_t dropped = agent->second.latest.note(block, after);
  points_ += agent->second.latest.size();
  shrink();
  return dropped;
}

void LatestCache::forget(std::map<AgentKey, Agent>::iterator agent) {
  points_ -= agent->second.latest.size() + kAgentPoints;
  order_.erase(agent->second.place);
  agents_.erase(agent);
}

void LatestCache::shrink() {
  while (points_ > points_max_) forget(agents_.find(*order_.back()));
}

}  // namespace ems::fleet
