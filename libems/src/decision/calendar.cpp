// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/calendar.hpp"

namespace ems::decision {

namespace {

constexpr std::int64_t kMicrosPerMinute = 60'000'000;
constexpr std::int64_t kDaysPerWeek = 7;
constexpr std::int64_t kEpochDay = 3;  ///< 1970-01-01 was a Thursday.

struct Division {
  std::int64_t quotient;
  std::int64_t rest;  ///< 0 .. divisor - 1.
};

/// A division that rounds down. @pre divisor > 0.
constexpr Division divide(std::int64_t value, std::int64_t divisor) noexcept {
  const std::int64_t rest = value % divisor;
  if (rest >= 0) return {value / divisor, rest};
  return {value / divisor - 1, rest + divisor};
}

constexpr Weekday day_before(Weekday day) noexcept {
  return static_cast<Weekday>((static_cast<unsigned>(day) + 6U) % 7U);
}

constexpr bool on(std::uint8_t days, Weekday day) noexcept { return (days & day_bit(day)) != 0; }

}  // namespace

std::string_view to_string(Weekday day) noexcept {
  switch (day) {
    case Weekday::monday:
      return "monday";
    case Weekday::tuesday:
      return "tuesday";
    case Weekday::wednesday:
      return "wednesday";
    case Weekday::thursday:
      return "thursday";
    case Weekday::friday:
      return "friday";
    case Weekday::saturday:
      return "saturday";
    case Weekday::sunday:
      return "sunday";
  }
  return "unknown";
}

std::optional<LocalTime> local_time(const WallTime& wall) noexcept {
  if (!wall.set()) return std::nullopt;
  const Duration local = wall.utc.since_epoch() + wall.utc_offset;
  const Division day =
      divide(divide(local.count(), kMicrosPerMinute).quotient, std::int64_t{kMinutesPerDay});
  const std::int64_t weekday = divide(day.quotient + kEpochDay, kDaysPerWeek).rest;
  return LocalTime{static_cast<Weekday>(weekday), static_cast<std::uint16_t>(day.rest)};
}

Result<void> validate(const DailyWindow& window) noexcept {
  if (window.days == 0 || window.days > kEveryDay) {
    return fail(Errc::out_of_range, 0, "window: no day of the week, or one too many");
  }
  if (window.from >= kMinutesPerDay || window.to == 0 || window.to > kMinutesPerDay) {
    return fail(Errc::out_of_range, 0, "window: a time outside the day");
  }
  if (window.from == window.to) {
    return fail(Errc::out_of_range, 0, "window: it ends when it begins");
  }
  return {};
}

bool is_open(const DailyWindow& window, const LocalTime& local) noexcept {
  if (window.from < window.to) {
    return on(window.days, local.day) && window.from <= local.minute && local.minute < window.to;
  }
  const bool opened_today = on(window.days, local.day) && window.from <= local.minute;
  const bool opened_yesterday = on(window.days, day_before(local.day)) && local.minute < window.to;
  return opened_today || opened_yesterday;
}

}  // namespace ems::decision
