// SPDX-License-Identifier: Apache-2.0
/// @file What the plausibility rules (17, 42 .. 46) remember of a battery or an inverter from one
/// cycle to the next. Part of safety::State; of no use outside the kernel.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "ems/core/time.hpp"

namespace ems::safety {

/// Microseconds since something began; stays at its end (71 minutes).
using Stopwatch = std::uint32_t;

/// Lowest and highest of a run of values. Default: of none.
struct Extent {
  std::int32_t lo = std::numeric_limits<std::int32_t>::max();
  std::int32_t hi = std::numeric_limits<std::int32_t>::min();
  friend constexpr bool operator==(const Extent&, const Extent&) noexcept = default;
};

/// How a device keeps to what it is allowed: mA of a battery or W of an inverter, + discharges.
struct ObedienceState {
  /// What it must have reached by now: never narrower than anything allowed in the time that it
  /// has to obey. Default: nothing was asked yet.
  Extent due{std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
  Extent next{};             ///< While tightening: the widest allowed since it began.
  Stopwatch tightening = 0;  ///< Since it began.
  Stopwatch beyond = 0;      ///< Outside what is allowed now, and not counted yet.
  Stopwatch obeyed = 0;      ///< Since the newest count.
  std::uint8_t times = 0;    ///< How often it disobeyed; one less for an hour of obedience.
  bool is_tightening = false;
  friend constexpr bool operator==(const ObedienceState&, const ObedienceState&) noexcept = default;
};

/// One battery's memory. Default: nothing was seen yet.
struct PlausibilityState {
  static constexpr std::size_t kValues = 7;
  /// Newest usable measurements: SoC, temperature max and min, pack voltage, cell max and min, pack
  /// current; how long ago each was there.
  std::array<std::int32_t, kValues> values{};
  std::array<Stopwatch, kValues> ages{};
  std::uint8_t known = 0;   ///< Bit i: values[i] was seen.
  std::uint8_t jumped = 0;  ///< Bit i: values[i] jumped in this cycle.
  std::int32_t jump = 0;    ///< By how much the first of them did.
  Duration unchanged{};     ///< How long no measurement has changed.

  std::int32_t steady_current = 0;  ///< What the current stayed near,
  Stopwatch steady = 0;             ///< and for how long.
  Stopwatch uncompared = 0;         ///< Since cells and terminals were last compared.
  std::int64_t apart_sum = 0;       ///< Meanwhile: sum of their distances,
  std::uint32_t apart_count = 0;    ///< of so many cycles,
  Extent apart{};                   ///< and their extent.
  std::int32_t sum_value = 0;       ///< The newest comparison's distance and result.
  std::uint8_t sum_finding = 0;

  Stopwatch power_window = 0;  ///< Since the window began.
  Extent dc_power{};           ///< V * I; of the battery, and of its whole group with PV.
  Extent group_power{};
  Extent pack_power{};           ///< What the BMS says.
  Extent ac_power{};             ///< Of the group's inverters.
  std::int32_t power_value = 0;  ///< The newest finished window's distance and result.
  std::uint8_t power_finding = 0;

  bool contactor_disagrees = false;
  Stopwatch contactor = 0;  ///< For how long.
  ObedienceState obedience{};
  friend constexpr bool operator==(const PlausibilityState&,
                                   const PlausibilityState&) noexcept = default;
};

}  // namespace ems::safety
