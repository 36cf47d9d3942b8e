// SPDX-License-Identifier: Apache-2.0
/// @file What an asset took and gave in a period: figures, and what feeds them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ems/aggregate/wide.hpp"
#include "ems/core/result.hpp"
#include "ems/core/sample.hpp"
#include "ems/core/time.hpp"
#include "ems/model/point.hpp"

namespace ems::aggregate {

/// Which way the energy went. Numbers are append-only: wire.
enum class EnergyFlow : std::uint8_t {
  imported = 1,    ///< Taken from the grid; for an inverter, taken by it at ac.
  exported = 2,    ///< Given to the grid; for an inverter, given by it at ac.
  charged = 3,     ///< Into the battery: at dc for a battery, at ac for the site.
  discharged = 4,  ///< Out of the battery, likewise.
};
inline constexpr std::array<EnergyFlow, 4> kEnergyFlows{
    EnergyFlow::imported, EnergyFlow::exported, EnergyFlow::charged, EnergyFlow::discharged};
/// @thread_safety Pure functions.
[[nodiscard]] std::string_view to_string(EnergyFlow flow) noexcept;

/// Where a figure comes from. Numbers are append-only: wire.
enum class EnergySource : std::uint8_t {
  none = 0,     ///< Nothing is known of this period.
  counter = 1,  ///< The device's own energy counter.
  power = 2,    ///< Measured power, added up.
  mixed = 3,    ///< Counter for a part of the time, power for another.
};
[[nodiscard]] std::string_view to_string(EnergySource source) noexcept;

/// One flow of one asset in one period.
struct EnergyFigure {
  std::int64_t counter_mwh = 0;  ///< By the counter, milliwatt-hours.
  Wide power{};                  ///< By power, microwatts x microseconds.
  Duration known_counter{};      ///< For so much of the period the counter answers.
  Duration known_power{};        ///< For so much of the rest power does.
  /// So much of known_counter lies in an outage that reaches beyond the period: the energy of the
  /// outage is measured, how it divides over the periods is in proportion to time.
  Duration spread{};
  std::uint32_t resets = 0;  ///< Times the counter began anew: reset, replaced, or implausible.
  std::uint32_t wraps = 0;   ///< Times it passed its end.

  /// Milliwatt-hours, rounded to nearest, never negative, of the time that is known; nullopt when
  /// none is.
  [[nodiscard]] std::optional<std::int64_t> energy_mwh() const noexcept;
  [[nodiscard]] EnergySource source() const noexcept;
  [[nodiscard]] Duration known() const noexcept { return known_counter + known_power; }
  /// Takes in a period beside it: hours become days. Exact.
  void merge(const EnergyFigure& other) noexcept;
  friend bool operator==(const EnergyFigure&, const EnergyFigure&) noexcept = default;
};

/// A gigawatt: no asset has so much.
inline constexpr std::int64_t kPowerNonsenseW = 1'000'000'000;

struct EnergyOptions {
  /// A power speaks from its moment to the next row, if that comes within so much time; else for
  /// nothing. Take three times the period of the rows. 1 us .. 1 h.
  Duration gap_max = seconds(10);
  /// The longest outage that a counter's difference is believed over. At least gap_max, up to 31 d.
  Duration bridge_max = seconds(86'400);
  /// Values of a lower quality count as unknown.
  Quality quality_min = Quality::substituted;
  /// More than any asset can: a counter that rises faster was replaced, or lies. 0: not known, then
  /// only what no asset can, kPowerNonsenseW, is refused.
  std::int64_t power_max_w = 0;
  /// The counters count modulo this (999,999.99 kWh and then 0: 1,000,000,000); 0: not known, then
  /// a counter that falls was reset or replaced. Takes a power_max_w, which tells a counter that
  /// passed its end from one that was replaced.
  std::int64_t counter_modulus_wh = 0;
  /// Whose counters are the site's import and export; nullopt: the site's are taken from power.
  std::optional<AssetId> grid_meter{};
  /// Most figures (grid x accounts) of a ledger that takes its memory from the heap.
  std::size_t figures_max = 2'000'000;
  /// Most powers that wait for silent counters in such a ledger, of all accounts together.
  std::size_t waiting_max = 2'000'000;
};
/// @errors        invalid_argument  an option outside its range; a modulus without power_max_w.
/// @thread_safety Pure function.
[[nodiscard]] Result<void> check(const EnergyOptions& options);

/// One line of the ledger.
struct EnergyAccount {
  AssetId asset{};
  EnergyFlow flow = EnergyFlow::imported;
  friend constexpr auto operator<=>(const EnergyAccount&, const EnergyAccount&) noexcept = default;
};

/// Where an account finds its readings in a row of a point table.
struct EnergyPlaces {
  std::optional<std::size_t> counter;
  std::optional<std::size_t> power;
  std::optional<std::size_t> voltage;  ///< Both: power without a point of its own.
  std::optional<std::size_t> current;
};

/// An account that rows feed.
struct EnergyFeed {
  EnergyAccount account;
  std::int64_t sign = 1;  ///< Of the powers that count.
  EnergyPlaces places;
};

/// The accounts that rows of one point table feed, one after another:
///
/// | asset     | flows                  | counter                          | power               |
/// |-----------|------------------------|----------------------------------|---------------------|
/// | site      | imported, exported     | those of `grid_meter`            | site_grid_power     |
/// | site      | charged, discharged    | none                             | site_battery_power  |
/// | meter/N   | imported, exported     | energy_imported, energy_exported | active_power        |
/// | inverter/N | imported, exported    | energy_imported, energy_exported | active_power        |
/// | battery/N | charged, discharged    | energy_charged, energy_discharged | pack_power, else
/// pack_voltage x pack_current |
///
/// @thread_safety Like a value.
class EnergyFeeds {
 public:
  /// @param points  Strictly ascending; borrowed.
  EnergyFeeds(std::span<const Point> points, std::optional<AssetId> grid_meter) noexcept
      : points_(points), grid_meter_(grid_meter) {}
  /// The next account; nullopt after the last.
  [[nodiscard]] std::optional<EnergyFeed> next() noexcept;

 private:
  [[nodiscard]] std::optional<std::size_t> place_of(AssetId asset, Signal signal) const noexcept;
  [[nodiscard]] bool next_asset() noexcept;

  std::span<const Point> points_;
  std::optional<AssetId> grid_meter_;
  AssetId asset_ = kSite;
  std::size_t feed_ = 0;   ///< Next of the kinds of account for this asset.
  std::size_t point_ = 0;  ///< Next of the points to look for an asset at.
};

}  // namespace ems::aggregate
