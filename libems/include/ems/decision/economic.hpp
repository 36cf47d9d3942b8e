// SPDX-License-Identifier: Apache-2.0
/// @file ECONOMIC policies without a plan: zero export, time of use, prices, self-consumption.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/decision/calendar.hpp"
#include "ems/decision/measured.hpp"
#include "ems/decision/net_load.hpp"
#include "ems/decision/policies.hpp"

namespace ems::decision {

// ---- zero_export: constraint -------------------------------------------------------------------

struct ZeroExportConfig {
  Watt tolerance{50};  ///< An export this small is none; >= 0.
};

/// Asks for at most `net load + tolerance`: what would be exported charges the battery instead, as
/// far as the levels above leave room. Stale: abstains.
///
/// @param net_load  From net_load(); nullopt means stale.
/// @thread_safety   Pure function.
[[nodiscard]] PolicyOutput zero_export(const ZeroExportConfig& config,
                                       const std::optional<NetLoad>& net_load) noexcept;

// ---- time_of_use: preference -------------------------------------------------------------------

enum class WindowAction : std::uint8_t { charge = 1, discharge = 2, hold = 3 };
[[nodiscard]] std::string_view to_string(WindowAction action) noexcept;

/// What to do in one window of the day.
struct TimeOfUseWindow {
  DailyWindow when{};
  WindowAction action = WindowAction::hold;
  Watt power{};  ///< Of charging or discharging; > 0; 0 for hold.
  /// Charging stops at or above it, discharging at or below it; absent: safety alone stops it.
  std::optional<BasisPoints> soc_stop{};
  friend constexpr bool operator==(const TimeOfUseWindow&,
                                   const TimeOfUseWindow&) noexcept = default;
};

inline constexpr std::size_t kTimeOfUseWindowsMax = 16;

struct TimeOfUseConfig {
  StaticVector<TimeOfUseWindow, kTimeOfUseWindowsMax> windows{};  ///< The first open one counts.
  BasisPoints soc_hysteresis{100};   ///< How far SoC must go back before a stopped one goes on.
  bool only_without_prices = false;  ///< Acts only while policy price has no price for now.
};

struct TimeOfUseState {
  std::optional<std::uint8_t> window{};  ///< The open one, by its place in the list.
  bool stopped = false;                  ///< At its soc_stop.
  friend constexpr bool operator==(const TimeOfUseState&, const TimeOfUseState&) noexcept = default;
};

struct TimeOfUseStep {
  TimeOfUseState state{};
  PolicyOutput output{};
};

/// Prefers exactly the window's power; with hold, and at a window's soc_stop (satisfied), it
/// prefers no discharging, so that what a policy below wants to store is welcome.
///
/// It abstains with watching (no window is open), not_applicable (prices are there), clock_unset,
/// or stale: the window has a soc_stop and the state of charge is unknown.
///
/// @param priced  Policy price has a price for now.
/// @thread_safety Pure function.
[[nodiscard]] TimeOfUseStep time_of_use(const TimeOfUseState& state, const TimeOfUseConfig& config,
                                        const WallTime& wall, const BatterySummary& batteries,
                                        bool priced, Instant now) noexcept;

// ---- price: preference -------------------------------------------------------------------------

/// Money per energy: micro-units of a currency per kWh. May be negative.
using Price = Quantity<struct PriceTag, std::int64_t>;

/// No price is farther from 0: a million units of the currency per kWh.
inline constexpr Price kPriceMax{1'000'000'000'000};

/// ISO 4217, "BRL".
using Currency = FixedString<3>;

/// What energy costs from `start` until the next slot.
struct PriceSlot {
  UtcInstant start{};
  Price buy{};   ///< Paid for import.
  Price sell{};  ///< Got for export.
  friend constexpr bool operator==(const PriceSlot&, const PriceSlot&) noexcept = default;
};

/// A table of prices. Its slots are borrowed for the call.
struct PriceTable {
  std::span<const PriceSlot> slots{};  ///< By start, each later than the one before.
  UtcInstant end{};                    ///< Of the last slot.
  UtcInstant made_at{};
  Currency currency{};
};

struct PriceConfig {
  Currency currency{};
  Price buy_below{};   ///< Charges while energy costs less. buy_below <= sell_above.
  Price sell_above{};  ///< Discharges while export earns more.
  Watt power{};        ///< At the best price; > 0.
  /// Share of `power` at the threshold, 0 .. 10000; it rises with the distance from it.
  BasisPoints share_at_threshold{5'000};
  BasisPoints soc_buy_max{9'000};   ///< Does not buy at or above. soc_sell_min < soc_buy_max.
  BasisPoints soc_sell_min{3'000};  ///< Does not sell at or below.
  BasisPoints soc_hysteresis{100};  ///< How far SoC must go back before it buys or sells again.
  Duration age_max = seconds(48 * 3600);  ///< An older table counts for nothing; > 0.
};

struct PriceState {
  bool full = false;   ///< At soc_buy_max.
  bool empty = false;  ///< At soc_sell_min.
  friend constexpr bool operator==(const PriceState&, const PriceState&) noexcept = default;
};

struct PriceStep {
  PriceState state{};
  PolicyOutput output{};
  std::optional<PriceSlot> slot{};  ///< The price of now, when the table can be used.
};

/// Prefers charging with `power * max(share, 1 - buy / buy_below)` while buy < buy_below (all of it
/// at prices below 0), else discharging with `power * min(1, share + (sell - sell_above) /
/// sell_above)` while sell > sell_above (all of it where sell_above <= 0); rounded down. Buying
/// comes first. At soc_buy_max it prefers no discharging (satisfied): cheap energy is not for the
/// battery to replace; at soc_sell_min it asks for nothing (satisfied).
///
/// It abstains with no_demand (no table), watching (a price between the thresholds), clock_unset,
/// too_old, not_covered (the table does not reach now, or counts in another currency), or stale:
/// the state of charge is unknown, or the table comes from the future.
///
/// @param prices  validate() accepted it.
/// @thread_safety Pure function, O(log n) of the slots.
/// @source        REQUIREMENTS A2 "Arbitrage (edge)".
[[nodiscard]] PriceStep price(const PriceState& state, const PriceConfig& config,
                              const std::optional<PriceTable>& prices, const WallTime& wall,
                              const BatterySummary& batteries, Instant now) noexcept;

// ---- self_consumption: preference --------------------------------------------------------------

struct SelfConsumptionConfig {
  Watt pcc_target{};  ///< Power wanted at the PCC, + imports.
  Watt deadband{};    ///< Any PCC power this near to the target is as good; >= 0.
  /// Storing begins when this much or more is left over at the PCC, and ends when less than
  /// surplus_stop is. 0 <= surplus_stop <= surplus_start; 0 and 0: any surplus is stored.
  Watt surplus_start{};
  Watt surplus_stop{};
  BasisPoints soc_store_max{10'000};  ///< At or above, surplus is not stored; 10000: it is.
  BasisPoints soc_feed_min{};         ///< At or below, the load is not fed; 0: it is.
  BasisPoints soc_hysteresis{100};    ///< How far SoC must go back before that ends.
};

/// True when it has a SoC bound, and so must know the state of charge.
[[nodiscard]] constexpr bool needs_soc(const SelfConsumptionConfig& config) noexcept {
  return config.soc_store_max < BasisPoints{10'000} || config.soc_feed_min > BasisPoints{};
}

struct SelfConsumptionState {
  bool storing = false;  ///< The surplus was enough to begin.
  bool full = false;     ///< At soc_store_max.
  bool empty = false;    ///< At soc_feed_min.
  friend constexpr bool operator==(const SelfConsumptionState&,
                                   const SelfConsumptionState&) noexcept = default;
};

struct SelfConsumptionStep {
  SelfConsumptionState state{};
  PolicyOutput output{};
};

/// Prefers a battery power that leaves the PCC within `deadband` of `pcc_target`: the band
/// net load - pcc_target +- deadband. Inside it the engine takes what moves the battery least.
/// At soc_store_max the band's charging side is cut to 0, at soc_feed_min its discharging side
/// (satisfied, where that takes something away).
///
/// It abstains with watching (the surplus is too small to store), or stale: the net load is
/// unknown, or it has a SoC bound and the state of charge is unknown.
///
/// @param net_load  From net_load(); nullopt means stale.
/// @thread_safety   Pure function.
[[nodiscard]] SelfConsumptionStep self_consumption(const SelfConsumptionState& state,
                                                   const SelfConsumptionConfig& config,
                                                   const std::optional<NetLoad>& net_load,
                                                   const BatterySummary& batteries,
                                                   Instant now) noexcept;

/// Checks configurations and tables. @errors out_of_range  the text names the field; offset is the
/// place of a window or slot in its list, 65535 at most.
/// @thread_safety Pure functions.
[[nodiscard]] Result<void> validate(const ZeroExportConfig& config) noexcept;
[[nodiscard]] Result<void> validate(const TimeOfUseConfig& config) noexcept;
[[nodiscard]] Result<void> validate(const PriceConfig& config) noexcept;
[[nodiscard]] Result<void> validate(const PriceTable& table) noexcept;
[[nodiscard]] Result<void> validate(const SelfConsumptionConfig& config) noexcept;

}  // namespace ems::decision
