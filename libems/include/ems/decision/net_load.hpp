// SPDX-License-Identifier: Apache-2.0
/// @file Net load: what the site would import if the battery did nothing. The one measurement that
/// every policy at the PCC works from.
///
/// net load = pcc power + battery power, both of one moment. Because the battery's own power is
/// added back, acting on the same sample twice asks for the same again: nothing winds up, whatever
/// the inverters' dead time is.
///
/// The two are never sampled at one moment. A battery sample taken after the battery answered must
/// not be added to a meter sample taken before. So a meter sample waits for a battery sample taken
/// at or after it. At the meter's moment the battery was then between what it was before and what
/// it is now; the estimate moves the least that explains both, so it never passes the truth, and
/// once the battery rests it is exact.
#pragma once

#include <optional>

#include "ems/core/sample.hpp"
#include "ems/core/units.hpp"
#include "ems/decision/measured.hpp"

namespace ems::decision {

struct NetLoadConfig {
  /// Longest that a battery sample may be taken after the meter sample it is added to. At least
  /// the longest poll period of a controlled inverter, with room for one that comes late; >= 0.
  Duration pair_skew_max = milliseconds(1'200);
};

/// A pair of samples, added.
struct NetLoad {
  Watt power{};  ///< pcc + battery, saturated; + would be imported without the battery.
  Instant pcc_at{};
  Instant battery_at{};
  Watt battery{};      ///< The battery's sample.
  Watt uncertainty{};  ///< What it moved around the meter's moment; 0 for simultaneous samples.
  friend constexpr bool operator==(const NetLoad&, const NetLoad&) noexcept = default;

  /// Time between the two samples; >= 0.
  [[nodiscard]] constexpr Duration skew() const noexcept {
    return pcc_at < battery_at ? battery_at - pcc_at : pcc_at - battery_at;
  }
};

/// A meter sample that waits for its battery sample, and the battery since just before it.
struct WaitingSample {
  Watt pcc{};
  Instant pcc_at{};
  Watt lo{};  ///< Least and most of the battery's power seen since.
  Watt hi{};
  friend constexpr bool operator==(const WaitingSample&, const WaitingSample&) noexcept = default;
};

struct NetLoadState {
  std::optional<NetLoad> pair{};          ///< The newest.
  std::optional<Watt> battery{};          ///< As the last step saw it.
  std::optional<WaitingSample> first{};   ///< Waits longest.
  std::optional<WaitingSample> latest{};  ///< The newest that waits, when that is another.
  friend constexpr bool operator==(const NetLoadState&, const NetLoadState&) noexcept = default;
};

struct NetLoadStep {
  NetLoadState state;
  std::optional<NetLoad> net_load;
};

/// Pairs the newest samples, or keeps the pair it has while that is young enough.
///
/// @param pcc       Site's meter, + imports.
/// @param battery   All controlled inverters at ac, + discharges; taken_at is that of the oldest.
/// @return          Net load in W; nullopt when a newest sample is missing, stale, bad, uncertain
///                  or from the future, or no pair was near enough for the longer stale_after.
/// @thread_safety   Pure function.
[[nodiscard]] NetLoadStep net_load(const NetLoadState& state, const NetLoadConfig& config,
                                   const MeasuredPower& pcc, const MeasuredPower& battery,
                                   Instant now) noexcept;

}  // namespace ems::decision
