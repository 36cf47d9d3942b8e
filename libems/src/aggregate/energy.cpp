// SPDX-License-Identifier: Apache-2.0
#include "ems/aggregate/energy.hpp"

#include <algorithm>

namespace ems::aggregate {

namespace {

constexpr std::int64_t kMicrowattMicrosPerMwh = 3'600'000'000'000;
constexpr Duration kBridgeLimit = seconds(31 * 86'400);

/// What feeds one flow of one asset.
struct Source {
  AssetKind kind;
  EnergyFlow flow;
  std::int64_t sign;  ///< Of the powers that count.
  std::optional<Signal> counter;
  Signal power;
  bool dc;  ///< Voltage x current stands in for a power that is not there.
};
constexpr std::array kSources{
    Source{AssetKind::site, EnergyFlow::imported, 1, Signal::energy_imported,
           Signal::site_grid_power, false},
    Source{AssetKind::site, EnergyFlow::exported, -1, Signal::energy_exported,
           Signal::site_grid_power, false},
    Source{AssetKind::site, EnergyFlow::charged, -1, std::nullopt, Signal::site_battery_power,
           false},
    Source{AssetKind::site, EnergyFlow::discharged, 1, std::nullopt, Signal::site_battery_power,
           false},
    Source{AssetKind::meter, EnergyFlow::imported, 1, Signal::energy_imported, Signal::active_power,
           false},
    Source{AssetKind::meter, EnergyFlow::exported, -1, Signal::energy_exported,
           Signal::active_power, false},
    Source{AssetKind::inverter, EnergyFlow::imported, -1, Signal::energy_imported,
           Signal::active_power, false},
    Source{AssetKind::inverter, EnergyFlow::exported, 1, Signal::energy_exported,
           Signal::active_power, false},
    Source{AssetKind::battery, EnergyFlow::charged, -1, Signal::energy_charged, Signal::pack_power,
           true},
    Source{AssetKind::battery, EnergyFlow::discharged, 1, Signal::energy_discharged,
           Signal::pack_power, true},
};

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

Result<void> check(const EnergyOptions& options) {
  if (options.gap_max <= Duration::zero() || options.gap_max > seconds(3'600)) {
    return fail(Errc::invalid_argument, 0, "energy: gap_max is above 0, at most 1 h");
  }
  if (options.bridge_max < options.gap_max || options.bridge_max > kBridgeLimit) {
    return fail(Errc::invalid_argument, 0, "energy: bridge_max is gap_max to 31 d");
  }
  if (options.power_max_w < 0 || options.counter_modulus_wh < 0) {
    return fail(Errc::invalid_argument, 0, "energy: neither power_max nor a modulus is below 0");
  }
  if (options.counter_modulus_wh > 0 && options.power_max_w == 0) {
    return fail(Errc::invalid_argument, 0,
                "energy: a counter's modulus takes a power_max: without it a counter that was "
                "replaced looks like one that passed its end");
  }
  if (options.quality_min > Quality::good) {
    return fail(Errc::invalid_argument, 0, "energy: no such quality");
  }
  return {};
}

std::optional<std::size_t> EnergyFeeds::place_of(AssetId asset, Signal signal) const noexcept {
  const Point point{asset, signal, 0};
  const auto at = std::lower_bound(points_.begin(), points_.end(), point);
  if (at == points_.end() || *at != point) return std::nullopt;
  return static_cast<std::size_t>(at - points_.begin());
}

bool EnergyFeeds::next_asset() noexcept {
  for (; point_ < points_.size(); ++point_) {  // Ascending: the points of an asset are neighbours.
    const AssetId asset = points_[point_].asset;
    if (asset == asset_ || asset == kSite || asset.module != 0) continue;
    asset_ = asset;
    feed_ = 0;
    return true;
  }
  return false;
}

std::optional<EnergyFeed> EnergyFeeds::next() noexcept {
  do {
    while (feed_ < kSources.size()) {
      const Source& source = kSources[feed_++];
      if (source.kind != asset_.kind) continue;
      const std::optional<AssetId> counted = source.kind == AssetKind::site ? grid_meter_ : asset_;
      EnergyPlaces places;
      if (source.counter && counted) places.counter = place_of(*counted, *source.counter);
      places.power = place_of(asset_, source.power);
      if (source.dc) {
        places.voltage = place_of(asset_, Signal::pack_voltage);
        places.current = place_of(asset_, Signal::pack_current);
      }
      if (places.counter || places.power || (places.voltage && places.current)) {
        return EnergyFeed{{asset_, source.flow}, source.sign, places};
      }
    }
  } while (next_asset());
  return std::nullopt;
}

}  // namespace ems::aggregate
