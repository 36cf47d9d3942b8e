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

/// One battery as seen from its inverter's ac terminals.
struct Battery {
  Interval bounds{};               ///< What safety allows, W at ac; lo <= hi.
  std::optional<BasisPoints> soc;  ///< 0 .. 10000; absent when unknown or not to be trusted.
  WattHour capacity{};             ///< Energy between empty and full; >= 0.
  BasisPoints soc_min{};           ///< Operating band; 0 <= soc_min <= soc_max <= 10000.
  BasisPoints soc_max{10'000};
};

/// One inverter and the batteries behind it.
struct Inverter {
  bool available = false;  ///< It can be commanded now; if not, its bounds are [0, 0].
  Interval rating{};       ///< What it can do at ac, W; contains 0; cut to +-kRatingMax.
  std::span<const Battery> batteries;  ///< Borrowed for the call.
};

/// What one inverter can do: its batteries' bounds summed (saturating), cut to its rating; [0, 0]
/// when it is unavailable or has no battery.
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
  std::optional<WattHour> energy;  ///< Above soc_min, or below soc_max; absent when unknown.
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

/// Splits a site target over the inverters in O(n).
///
/// Every inverter starts at the power of its bounds nearest to 0. The rest goes out in proportion
/// to energy, what does not fit in proportion to the room left, and the last watts of integer
/// division in the order of the inverters. While every bound contains 0, all shares have the
/// target's sign or are 0, so no battery charges another.
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
