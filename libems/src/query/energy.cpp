// SPDX-License-Identifier: Apache-2.0
#include "ems/query/energy.hpp"

#include <algorithm>

#include "energy_account.hpp"

namespace ems::query {

namespace {

constexpr std::int64_t kMicrowattMicrosPerMwh = 3'600'000'000'000;
constexpr Duration kBridgeLimit = seconds(31 * 86'400);

/// What feeds one flow of one asset.
struct Feed {
  AssetKind kind;
  EnergyFlow flow;
  std::int64_t sign;  ///< Of the powers that count.
  std::optional<Signal> counter;
  Signal power;
  bool dc;  ///< Voltage x current stands in for a power that is not there.
};
constexpr std::array kFeeds{
    Feed{AssetKind::site, EnergyFlow::imported, 1, Signal::energy_imported, Signal::site_grid_power,
         false},
    Feed{AssetKind::site, EnergyFlow::exported, -1, Signal::energy_exported,
         Signal::site_grid_power, false},
    Feed{AssetKind::site, EnergyFlow::charged, -1, std::nullopt, Signal::site_battery_power, false},
    Feed{AssetKind::site, EnergyFlow::discharged, 1, std::nullopt, Signal::site_battery_power,
         false},
    Feed{AssetKind::meter, EnergyFlow::imported, 1, Signal::energy_imported, Signal::active_power,
         false},
    Feed{AssetKind::meter, EnergyFlow::exported, -1, Signal::energy_exported, Signal::active_power,
         false},
    Feed{AssetKind::inverter, EnergyFlow::imported, -1, Signal::energy_imported,
         Signal::active_power, false},
    Feed{AssetKind::inverter, EnergyFlow::exported, 1, Signal::energy_exported,
         Signal::active_power, false},
    Feed{AssetKind::battery, EnergyFlow::charged, -1, Signal::energy_charged, Signal::pack_power,
         true},
    Feed{AssetKind::battery, EnergyFlow::discharged, 1, Signal::energy_discharged,
         Signal::pack_power, true},
};

std::optional<std::size_t> place_of(std::span<const Point> points, AssetId asset, Signal signal) {
  const Point point{asset, signal, 0};
  const auto at = std::lower_bound(points.begin(), points.end(), point);
  if (at == points.end() || *at != point) return std::nullopt;
  return static_cast<std::size_t>(at - points.begin());
}

}  // namespace

std::string_view to_string(EnergyFlow flow) noexcept {
  switch (flow) {
    case EnergyFlow::imported:
      return "imported";
    case EnergyFlow::exported:
      return "exported";
    case EnergyFlow::charged:
      return "charged";
    case EnergyFlow::discharged:
      return "discharged";
  }
  return "unknown";
}

std::string_view to_string(EnergySource source) noexcept {
  switch (source) {
    case EnergySource::none:
      return "none";
    case EnergySource::counter:
      return "counter";
    case EnergySource::power:
      return "power";
    case EnergySource::mixed:
      return "mixed";
  }
  return "unknown";
}

std::optional<std::int64_t> EnergyFigure::energy_mwh() const noexcept {
  if (known() <= Duration::zero()) return std::nullopt;
  return ems::detail::saturating_add(counter_mwh, power.round_div(kMicrowattMicrosPerMwh));
}

EnergySource EnergyFigure::source() const noexcept {
  const bool by_counter = known_counter > Duration::zero();
  const bool by_power = known_power > Duration::zero();
  if (by_counter && by_power) return EnergySource::mixed;
  if (by_counter) return EnergySource::counter;
  return by_power ? EnergySource::power : EnergySource::none;
}

void EnergyFigure::merge(const EnergyFigure& other) noexcept {
  counter_mwh = ems::detail::saturating_add(counter_mwh, other.counter_mwh);
  power += other.power;
  known_counter += other.known_counter;
  known_power += other.known_power;
  spread += other.spread;
  resets += other.resets;
  wraps += other.wraps;
}

EnergyLedger::EnergyLedger(Grid grid, const EnergyOptions& options)
    : grid_(std::move(grid)), options_(options) {}
EnergyLedger::EnergyLedger(EnergyLedger&&) noexcept = default;
EnergyLedger& EnergyLedger::operator=(EnergyLedger&&) noexcept = default;
EnergyLedger::~EnergyLedger() = default;

Result<EnergyLedger> EnergyLedger::create(Grid grid, const EnergyOptions& options) {
  if (options.gap_max <= Duration::zero() || options.gap_max > seconds(3'600)) {
    return fail(Errc::invalid_argument, 0, "energy: gap_max is above 0, at most 1 h");
  }
  if (options.bridge_max < options.gap_max || options.bridge_max > kBridgeLimit) {
    return fail(Errc::invalid_argument, 0, "energy: bridge_max is gap_max to 31 d");
  }
  if (options.power_max_w <= 0 || options.counter_modulus_wh < 0) {
    return fail(Errc::invalid_argument, 0, "energy: power_max is above 0, a modulus not below");
  }
  if (options.quality_min > Quality::good) {
    return fail(Errc::invalid_argument, 0, "energy: no such quality");
  }
  return EnergyLedger(std::move(grid), options);
}

/// Finds where each account's readings are in rows of these points; new ones appear.
Result<void> EnergyLedger::learn(std::span<const Point> points) {
  table_.clear();
  for (auto& [key, account] : accounts_) account.places = {};
  const auto look = [&](AssetId asset, const Feed& feed) -> Result<void> {
    Account::Places places;
    const bool whole_site = feed.kind == AssetKind::site;
    const std::optional<AssetId> counted = whole_site ? options_.grid_meter : asset;
    if (feed.counter && counted) places.counter = place_of(points, *counted, *feed.counter);
    places.power = place_of(points, asset, feed.power);
    if (feed.dc) {
      places.voltage = place_of(points, asset, Signal::pack_voltage);
      places.current = place_of(points, asset, Signal::pack_current);
    }
    if (!places.counter && !places.power && !(places.voltage && places.current)) return {};
    const EnergyAccount key{asset, feed.flow};
    if (!accounts_.contains(key) && grid_.size() > options_.figures_max / (accounts_.size() + 1)) {
      return fail(Errc::resource_exhausted, 0,
                  "energy: too many figures; ask for longer periods or a shorter range");
    }
    accounts_.try_emplace(key, grid_, feed.sign).first->second.places = places;
    return {};
  };
  const auto all = [&](AssetId asset) -> Result<void> {
    for (const Feed& feed : kFeeds) {
      if (feed.kind != asset.kind) continue;
      if (const Result<void> looked = look(asset, feed); !looked) return looked;
    }
    return {};
  };
  if (const Result<void> looked = all(kSite); !looked) return looked;
  std::optional<AssetId> last;
  for (const Point& point : points) {  // Ascending: the points of an asset are neighbours.
    if (point.asset == last || point.asset.module != 0 || point.asset == kSite) continue;
    last = point.asset;
    if (const Result<void> looked = all(point.asset); !looked) return looked;
  }
  table_.assign(points.begin(), points.end());
  return {};
}

Result<void> EnergyLedger::row(const telemetry::Row& row) {
  if (!std::equal(row.points.begin(), row.points.end(), table_.begin(), table_.end())) {
    if (const Result<void> learnt = learn(row.points); !learnt) return learnt;
  }
  for (auto& [key, account] : accounts_) account.row(grid_, options_, before_, row);
  before_ = row.at;
  return {};
}

void EnergyLedger::gap() noexcept {
  before_.reset();
  for (auto& [key, account] : accounts_) account.silence();
}

void EnergyLedger::finish() {
  for (auto& [key, account] : accounts_) account.settle(grid_);
}

bool EnergyLedger::counters_began() const noexcept {
  return std::all_of(accounts_.begin(), accounts_.end(),
                     [](const auto& entry) { return entry.second.began(); });
}

bool EnergyLedger::settled(UtcInstant at) const noexcept {
  return before_ && *before_ >= at &&
         std::all_of(accounts_.begin(), accounts_.end(),
                     [at](const auto& entry) { return entry.second.settled(at); });
}

std::vector<EnergyAccount> EnergyLedger::accounts() const {
  std::vector<EnergyAccount> keys;
  for (const auto& [key, account] : accounts_) keys.push_back(key);
  return keys;
}

std::span<const EnergyFigure> EnergyLedger::figures(const EnergyAccount& account) const noexcept {
  const auto found = accounts_.find(account);
  return found == accounts_.end() ? std::span<const EnergyFigure>{} : found->second.figures();
}

}  // namespace ems::query
