// SPDX-License-Identifier: Apache-2.0
/// @file Wall-clock time as a policy sees it: UTC, the site's offset from it now, and how far both
/// can be trusted. There is no zone database here: whoever calls step() computes the offset.
///
/// Control never compares wall time with a sample's or a lease's: those are monotonic. A policy
/// that needs wall time abstains while the clock is unset.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"

namespace ems::decision {

/// What the clock on the wall says now.
struct WallTime {
  UtcInstant utc{};
  Duration utc_offset{};  ///< Local time - UTC at the site now, summer time included; +-24 h.
  ClockQuality quality = ClockQuality::unset;
  Duration unsynced{};  ///< Time since it was last synced; counts only in holdover; >= 0.
  friend constexpr bool operator==(const WallTime&, const WallTime&) noexcept = default;

  [[nodiscard]] constexpr bool set() const noexcept { return quality != ClockQuality::unset; }
};

/// ISO 8601 order, from 0.
enum class Weekday : std::uint8_t {
  monday = 0,
  tuesday = 1,
  wednesday = 2,
  thursday = 3,
  friday = 4,
  saturday = 5,
  sunday = 6,
};
[[nodiscard]] std::string_view to_string(Weekday day) noexcept;

inline constexpr std::uint16_t kMinutesPerDay = 24 * 60;

/// Place in the local week.
struct LocalTime {
  Weekday day{};
  std::uint16_t minute = 0;  ///< Of the day; 0 .. 1439.
  friend constexpr bool operator==(const LocalTime&, const LocalTime&) noexcept = default;
};

/// Local weekday and minute; nullopt while the clock is unset.
///
/// @thread_safety Pure function.
[[nodiscard]] std::optional<LocalTime> local_time(const WallTime& wall) noexcept;

/// Days of the week as bits: bit 0 is Monday.
inline constexpr std::uint8_t kEveryDay = 0x7F;
inline constexpr std::uint8_t kMondayToFriday = 0x1F;
[[nodiscard]] constexpr std::uint8_t day_bit(Weekday day) noexcept {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(day));
}

/// The same hours on some days of the week, in local time: from <= t < to.
///
/// `to` <= `from` crosses midnight; `days` names the day on which the window opens. What the clock
/// on the wall shows decides, also when summer time begins or ends: in the doubled hour a window is
/// open both times, and of the missing hour nothing is made up for (02:00-03:00 does not open,
/// 02:30-04:00 opens at 03:00).
struct DailyWindow {
  std::uint8_t days = kEveryDay;      ///< 1 .. 0x7F.
  std::uint16_t from = 0;             ///< Minute of the day; 0 .. 1439.
  std::uint16_t to = kMinutesPerDay;  ///< Minute of the day; 1 .. 1440; not `from`.
  friend constexpr bool operator==(const DailyWindow&, const DailyWindow&) noexcept = default;
};

/// Checks one window.
///
/// @errors out_of_range  no day, a minute outside the day, or a window without length.
/// @thread_safety Pure function.
[[nodiscard]] Result<void> validate(const DailyWindow& window) noexcept;

/// True when `window` is open at `local`.
///
/// @pre           validate(window) succeeded.
/// @thread_safety Pure function.
[[nodiscard]] bool is_open(const DailyWindow& window, const LocalTime& local) noexcept;

}  // namespace ems::decision
