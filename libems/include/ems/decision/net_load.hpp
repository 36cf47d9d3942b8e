// SPDX-License-Identifier: Apache-2.0
/// @file Net load: what the site would import if the battery did nothing. The one measurement that
/// every policy at the PCC works from.
///
/// net load = pcc power + battery power, both measured at about the same time. Because the
/// battery's own power is added back, acting on the same sample twice asks for the same again:
/// nothing winds up. A battery sample taken after the battery answered must not be added to a meter
/// sample taken before; so every meter sample keeps the battery sample nearest to it in time.
#pragma once

#include <optional>

#include "ems/core/sample.hpp"
#include "ems/core/units.hpp"
#include "ems/decision/measured.hpp"

namespace ems::decision {

struct NetLoadConfig {
  /// Farthest apart in time that a meter and a battery sample may be and still be added. At least
  /// half the slower of the two poll periods; at most the battery's dead time and ramp.
  Duration pair_skew_max = milliseconds(500);
};

/// A pair of samples, added.
struct NetLoad {
  Watt power{};  ///< pcc + battery, saturated; + would be imported without the battery.
  Instant pcc_at{};
  Instant battery_at{};
  Watt battery{};      ///< The battery's sample.
  Watt uncertainty{};  ///< What it moved since the pair before; 0 for simultaneous samples.
  friend constexpr bool operator==(const NetLoad&, const NetLoad&) noexcept = default;

  /// Time between the two samples; >= 0.
  [[nodiscard]] constexpr Duration skew() const noexcept {
    return pcc_at < battery_at ? battery_at - pcc_at : pcc_at - battery_at;
  }
};

/// Pairs the newest samples, or keeps the pair it has.
///
/// @param previous  Result of the cycle before; nullopt at the first.
/// @param pcc       Site's meter, + imports.
/// @param battery   All controlled inverters at ac, + discharges; taken_at is the oldest of them.
/// @return          Net load in W, exact once the battery rests; nullopt when a newest sample is
/// missing, stale, bad,
///                  uncertain or from the future, or no pair young enough was near enough.
/// @thread_safety   Pure function.
[[nodiscard]] std::optional<NetLoad> net_load(const std::optional<NetLoad>& previous,
                                              const NetLoadConfig& config, const MeasuredPower& pcc,
                                              const MeasuredPower& battery, Instant now) noexcept;

}  // namespace ems::decision
