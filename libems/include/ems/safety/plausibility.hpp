// SPDX-License-Identifier: Apache-2.0
/// @file What the plausibility rules (17, 42 .. 46) remember of a battery or an inverter from one
/// cycle to the next. Part of safety::State; of no use outside the kernel.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "ems/core/time.hpp"
#include "ems/model/catalogue.hpp"

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
  /// What it must have reached by now: never narrower than anything allowed within the time that
  /// it has to obey. Default: nothing was asked yet.
  Extent due{std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
  Extent next{};             ///< While tightening: the widest allowed since it began.
  Stopwatch tightening = 0;  ///< Since it began.
  Stopwatch beyond = 0;      ///< Outside what is allowed now, and not counted yet.
  Stopwatch obeyed = 0;      ///< Since the newest count, or the newest one that was forgiven.
  std::uint8_t times = 0;    ///< How often it disobeyed.
  bool is_tightening = false;
  bool is_beyond = false;
  friend constexpr bool operator==(const ObedienceState&, const ObedienceState&) noexcept = default;
};

/// One battery's memory. Default: nothing was seen yet.
struct PlausibilityState {
  /// Newest usable SoC, highest and lowest temperature, pack voltage, highest and lowest cell
  /// voltage and pack current, and how long ago each was there.
  static constexpr std::size_t kValues = 7;
  std::array<std::int32_t, kValues> values{};
  std::array<Stopwatch, kValues> ages{};
  Duration unchanged{};     ///< How long none of them has changed.
  std::int32_t jump = 0;    ///< By how much one of them jumped in this cycle,
  std::uint8_t jumped = 0;  ///< and its number, from 1; 0: none did.
  std::uint8_t known = 0;   ///< Bit i: values[i] was seen.
  std::uint8_t seen = 0;    ///< Which of the optional inputs were ever given.

  std::uint8_t sum_finding = 0;   ///< Of the newest comparison of cells and terminals,
  std::int32_t sum_value = 0;     ///< and their distance.
  Stopwatch uncompared = 0;       ///< Since that comparison.
  std::uint32_t apart_count = 0;  ///< Cycles since then that could not compare; of those,
  std::int64_t apart_sum = 0;     ///< the distances' sum
  Extent apart{};                 ///< and extent.

  Stopwatch power_window = 0;      ///< Since the window began.
  Extent dc_power{};               ///< V * I of the battery in this window,
  Extent pack_power{};             ///< what the BMS says it is,
  Extent group_power{};            ///< V * I of the group, dc PV included,
  Extent ac_power{};               ///< and of the group's inverters.
  std::uint8_t power_finding = 3;  ///< Of the newest finished window (good before the first),
  Signal power_signal{};           ///< what contradicted V * I in it,
  std::int32_t power_apart_w = 0;  ///< by how much,
  std::int32_t power_limit_w = 0;  ///< and what may be.

  Stopwatch contactor = 0;  ///< For how long it has disagreed.
  bool contactor_disagrees = false;
  bool open_ordered = false;  ///< The newest verdict of one of its inverters was `open`.
  ObedienceState obedience{};
  friend constexpr bool operator==(const PlausibilityState&,
                                   const PlausibilityState&) noexcept = default;
};

}  // namespace ems::safety
