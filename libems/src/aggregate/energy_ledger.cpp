// SPDX-License-Identifier: Apache-2.0
#include "ems/aggregate/energy_ledger.hpp"

#include <algorithm>

namespace ems::aggregate {

namespace {

/// The share of one account.
template <class T>
std::span<T> share(std::span<T> whole, std::size_t index, std::size_t shares) {
  const std::size_t size = whole.size() / shares;
  return whole.subspan(index * size, size);
}

}  // namespace

Result<EnergyLedger> EnergyLedger::create(const GridView& grid, const EnergyOptions& options,
                                          const Room& room) {
  if (const Result<void> sound = check(options); !sound) return fail(sound.error());
  const std::size_t accounts = room.entries.size();
  if (accounts == 0 || room.figures.size() / accounts < grid.size() ||
      room.waiting.size() < accounts || room.moments.size() / accounts < Claimed::kRoomMin) {
    return fail(Errc::invalid_argument, 0, "energy: the room does not fit the grid");
  }
  std::fill(room.figures.begin(), room.figures.end(), EnergyFigure{});
  return EnergyLedger(grid, options, room);
}

EnergyLedger::Entry* EnergyLedger::find(const EnergyAccount& account) noexcept {
  return std::partition_point(entries_.begin(), entries_.end(),
                              [&](const Entry& entry) { return entry.account < account; });
}

Result<void> EnergyLedger::add(const EnergyFeed& feed) {
  Entry* const at = find(feed.account);
  if (at != entries_.end() && at->account == feed.account) {
    at->line.places = feed.places;
    return {};
  }
  if (entries_.full()) {
    return fail(Errc::resource_exhausted, 0, "energy: more accounts than there is room for");
  }
  const std::size_t own = entries_.size();
  const std::size_t shares = entries_.capacity();
  Entry entry{feed.account,
              EnergyLine(feed.sign,
                         {share(room_.figures, own, shares).first(grid_.size()),
                          share(room_.waiting, own, shares), share(room_.moments, own, shares)})};
  entry.line.places = feed.places;
  entries_.insert(static_cast<std::size_t>(at - entries_.begin()), entry);
  return {};
}

/// Finds where each account's readings are in rows of these points; new ones appear.
Result<void> EnergyLedger::learn(std::span<const Point> points) {
  table_size_ = 0;  // Whatever fails below, the next row is looked at anew.
  if (points.size() > table_.size()) {
    return fail(Errc::resource_exhausted, 0, "energy: a row of more points than rows have");
  }
  for (Entry& entry : entries_) entry.line.places = {};
  EnergyFeeds feeds(points, options_.grid_meter);
  while (const std::optional<EnergyFeed> feed = feeds.next()) {
    if (const Result<void> added = add(*feed); !added) {
      for (Entry& entry : entries_) entry.line.places = {};  // They are of a row that is refused.
      return added;
    }
  }
  std::copy(points.begin(), points.end(), table_.begin());
  table_size_ = points.size();
  return {};
}

Result<void> EnergyLedger::row(const telemetry::Row& row) {
  if (!std::equal(row.points.begin(), row.points.end(), table_.begin(),
                  table_.begin() + table_size_)) {
    if (const Result<void> learnt = learn(row.points); !learnt) return learnt;
  }
  for (Entry& entry : entries_) entry.line.row(grid_, options_, before_, row);
  before_ = row.at;
  return {};
}

void EnergyLedger::gap() noexcept {
  before_.reset();
  for (Entry& entry : entries_) entry.line.silence();
}

void EnergyLedger::finish() {
  for (Entry& entry : entries_) entry.line.settle(grid_);
}

bool EnergyLedger::counters_began() const noexcept {
  return std::all_of(entries_.begin(), entries_.end(),
                     [](const Entry& entry) { return entry.line.began(); });
}

std::optional<UtcInstant> EnergyLedger::settled_until() const noexcept {
  std::optional<UtcInstant> until = before_;
  for (const Entry& entry : entries_) {
    const std::optional<UtcInstant> since = entry.line.waits_since();
    if (until && since) until = std::min(*until, *since);
  }
  return until;
}

}  // namespace ems::aggregate
