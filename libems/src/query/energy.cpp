// SPDX-License-Identifier: Apache-2.0
#include "ems/query/energy.hpp"

#include <algorithm>

#include "ems/aggregate/energy_ledger.hpp"
#include "ems/query/heap_room.hpp"

namespace ems::query {

static_assert(sizeof(EnergyFigure) == 56);  // Its documents say so.

/// A line and its memory, which grows.
struct EnergyLedger::Account {
  Account(const Grid& grid, std::int64_t sign)
      : figures(grid.size()), line(sign, {figures, {}, {}}) {}

  /// Room for all that one more row can bring.
  void reserve() {
    waiting.reserve(line.waiting(), 1);
    moments.reserve(line.claimed().spans(), line.waiting().size() + line.kSpansPerRow);
  }

  std::vector<EnergyFigure> figures;
  HeapRoom<aggregate::EnergyLine::Segment> waiting;
  HeapRoom<aggregate::Claimed::Span> moments;
  aggregate::EnergyLine line;
};

EnergyLedger::EnergyLedger(Grid grid, const EnergyOptions& options)
    : grid_(std::move(grid)), options_(options) {}
EnergyLedger::EnergyLedger(EnergyLedger&&) noexcept = default;
EnergyLedger& EnergyLedger::operator=(EnergyLedger&&) noexcept = default;
EnergyLedger::~EnergyLedger() = default;

Result<EnergyLedger> EnergyLedger::create(Grid grid, const EnergyOptions& options) {
  if (const Result<void> sound = aggregate::check(options); !sound) return fail(sound.error());
  return EnergyLedger(std::move(grid), options);
}

/// Finds where each account's readings are in rows of these points; new ones appear.
Result<void> EnergyLedger::learn(std::span<const Point> points) {
  table_.clear();
  for (auto& [key, account] : accounts_) account.line.places = {};
  aggregate::EnergyFeeds feeds(points, options_.grid_meter);
  while (const std::optional<aggregate::EnergyFeed> feed = feeds.next()) {
    if (!accounts_.contains(feed->account) &&
        grid_.size() > options_.figures_max / (accounts_.size() + 1)) {
      for (auto& [key, account] : accounts_) account.line.places = {};  // Of a row that is refused.
      return fail(Errc::resource_exhausted, 0,
                  "energy: too many figures; ask for longer periods or a shorter range");
    }
    accounts_.try_emplace(feed->account, grid_, feed->sign).first->second.line.places =
        feed->places;
  }
  table_.assign(points.begin(), points.end());
  return {};
}

Result<void> EnergyLedger::row(const telemetry::Row& row) {
  if (!std::equal(row.points.begin(), row.points.end(), table_.begin(), table_.end())) {
    if (const Result<void> learnt = learn(row.points); !learnt) return learnt;
  }
  std::size_t waiting = 0;
  for (auto& [key, account] : accounts_) {
    account.reserve();
    account.line.row(grid_.view(), options_, before_, row);
    waiting += account.line.waiting().size();
  }
  if (waiting > options_.waiting_max) {
    return fail(Errc::resource_exhausted, 0,
                "energy: counters are silent for too long; ask for a shorter bridge_max or range");
  }
  before_ = row.at;
  return {};
}

void EnergyLedger::gap() noexcept {
  before_.reset();
  for (auto& [key, account] : accounts_) account.line.silence();
}

void EnergyLedger::finish() {
  for (auto& [key, account] : accounts_) account.line.settle(grid_.view());
}

bool EnergyLedger::counters_began() const noexcept {
  return std::all_of(accounts_.begin(), accounts_.end(),
                     [](const auto& entry) { return entry.second.line.began(); });
}

bool EnergyLedger::settled(UtcInstant at) const noexcept {
  return before_ && *before_ >= at &&
         std::all_of(accounts_.begin(), accounts_.end(),
                     [at](const auto& entry) { return entry.second.line.settled(at); });
}

std::vector<EnergyAccount> EnergyLedger::accounts() const {
  std::vector<EnergyAccount> keys;
  for (const auto& [key, account] : accounts_) keys.push_back(key);
  return keys;
}

std::span<const EnergyFigure> EnergyLedger::figures(const EnergyAccount& account) const noexcept {
  const auto found = accounts_.find(account);
  return found == accounts_.end() ? std::span<const EnergyFigure>{} : found->second.line.figures();
}

}  // namespace ems::query
