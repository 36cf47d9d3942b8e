// SPDX-License-Identifier: Apache-2.0
/// @file From batteries to one site interval (bounds, bottom-up) and from one site target to the
/// inverters (shares, top-down).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ems/core/static_vector.hpp"
#include "ems/model/power.hpp"

namespace ems::distribute {

/// Most inverters of a site.
inline constexpr std::size_t kInvertersMax = 8;

/// No inverter counts for more than this, so that a site's sum never leaves 32 bit: 2^27 W.
inline constexpr Watt kRatingMax{std::int32_t{1} << 27};

/// Most phases that an inverter feeds.
inline constexpr std::size_t kPhasesMax = 3;

/// One battery as seen from its inverter's ac terminals. A battery behind several inverters is
/// listed with each of them, with its part there of the bounds and of the capacity.
struct Battery {
  Interval bounds{};               ///< What safety allows, W at ac; lo <= hi.
  std::optional<BasisPoints> soc;  ///< 0 .. 10000; absent when unknown or not to be trusted.
  WattHour capacity{};             ///< Energy between empty and full; >= 0.
  BasisPoints soc_min{};           ///< Operating band; 0 <= soc_min <= soc_max <= 10000.
  BasisPoints soc_max{10'000};
};

/// One inverter and the batteries behind it, which share one dc bus.
struct Inverter {
  bool available = false;  ///< It can be commanded now; if not, its bounds are [0, 0].
  Interval rating{};       ///< What it can do at ac, W; contains 0; cut to +-kRatingMax.
  std::span<const Battery> batteries{};  ///< Borrowed for the call.
  /// What each phase it feeds may carry of it, W at ac; each contains 0; empty: no such limit. It
  /// loads its phases evenly, so the worst of them bounds it.
  StaticVector<Interval, kPhasesMax> phases{};
};

/// What one inverter can do: its batteries' bounds summed (saturating), cut to its rating and to
/// the worst of its phases; [0, 0] when it is unavailable or has no battery.
///
/// @return        The sum clamped into the rating, so a sum wholly outside gives the nearest point.
/// @pre           As documented at Battery and Inverter; asserted.
/// @thread_safety Pure function.
[[nodiscard]] Interval inverter_bounds(const Inverter& inverter) noexcept;

/// What the site can do: inverter bounds summed; always finite.
///
/// @param inverters  At most kInvertersMax; asserted.
/// @thread_safety    Pure function.
[[nodiscard]] Interval site_bounds(std::span<const Inverter> inverters) noexcept;

/// Share of all capacity, in basis points, below which energies are evened out; see split().
inline constexpr BasisPoints kEnergyFloor{200};

/// Why a share is what it is.
enum class Reason : std::uint8_t {
  unavailable = 0,  ///< Cannot be commanded, or has no battery: 0 W.
  idle = 1,         ///< There was nothing for it to do, or it has no energy to do it with.
  by_energy = 2,    ///< In proportion to its energy (discharging) or room for energy (charging).
  equally = 3,      ///< In equal parts, because somebody's energy is unknown or nobody has any.
  at_limit = 4,     ///< At its bound in the direction of the target.
  takes_rest = 5,   ///< More than its part, because others are at their limits.
  forced = 6,       ///< Its bounds exclude 0, and it stays at the one nearest to 0.
};
[[nodiscard]] std::string_view to_string(Reason reason) noexcept;

/// What one inverter is to do.
struct Share {
  Watt power{};
  Interval bounds{};
  /// Above soc_min, or below soc_max: the part that the battery with the least of it leaves to all
  /// that share its dc bus. Absent when unknown.
  std::optional<WattHour> energy{};
  Reason reason = Reason::unavailable;
  friend constexpr bool operator==(const Share&, const Share&) noexcept = default;
};

/// A target split.
struct Distribution {
  Watt asked{};                 ///< What split() was called with.
  Watt target{};                ///< asked, clamped to bounds; exactly the shares' sum.
  Interval bounds{};            ///< site_bounds().
  bool cross_charging = false;  ///< One inverter charges while another discharges.
  StaticVector<Share, kInvertersMax> shares;  ///< In the order of the inverters.
  friend constexpr bool operator==(const Distribution&, const Distribution&) noexcept = default;
};

/// Splits a site target over the inverters.
///
/// Every inverter starts at the power of its bounds nearest to 0. The rest goes out watt by watt in
/// proportion to energy: in effect, each goes to the inverter within its bounds with the most
/// energy per watt it then carries, on a tie to the first. So a watt more on the target moves
/// exactly one share, by one watt; moving a bound by e moves no share by more than e, up to one
/// watt per inverter; and their order decides no more than the odd watt. While the energy of one
/// that can move is unknown, all parts are equal. Those without energy take what the others cannot,
/// in proportion to their room. While every bound contains 0, all shares have the target's sign or
/// are 0, so no battery charges another.
///
/// Energies count as nearer to equal, the less there is below kEnergyFloor of all capacity, so that
/// the last percent of a sensor does not throw power to and fro between batteries that are all
/// nearly empty, or all nearly full.
///
/// Computed in at most n rounds over the n <= kInvertersMax inverters, one where none is at a
/// limit.
///
/// @param target     W at ac for all inverters together.
/// @param inverters  At most kInvertersMax.
/// @return           Shares inside their bounds whose sum is the target clamped to the site's
/// bounds.
/// @pre              As documented at Battery and Inverter; asserted.
/// @thread_safety    Pure function.
[[nodiscard]] Distribution split(Watt target, std::span<const Inverter> inverters) noexcept;

/// Room that explain() needs for any distribution.
inline constexpr std::size_t kExplanationSize = 1024;

/// Says in one line what each inverter does and why.
///
/// @param out     At least kExplanationSize characters; asserted.
/// @return        The text, in `out`.
/// @thread_safety Pure function.
[[nodiscard]] std::string_view explain(const Distribution& distribution,
                                       std::span<char> out) noexcept;

}  // namespace ems::distribute
