// SPDX-License-Identifier: Apache-2.0
#include "ems/io/calendar.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

namespace ems::io {

namespace {

constexpr std::int64_t kSecond = 1'000'000;  // Microseconds.
constexpr std::int64_t kDay = 86'400 * kSecond;
constexpr std::int64_t kYear2200 = 7'258'118'400 * kSecond;

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

std::int64_t local_us(const TimeZone& zone, std::int64_t utc_us) {
  return utc_us + zone.offset_at(UtcInstant{microseconds(utc_us)}).count();
}

/// The first moment at which the local clock shows `local` or later. A clock moves by a day at
/// most.
std::int64_t first_moment_of(const TimeZone& zone, std::int64_t local) {
  std::int64_t before = local - 2 * kDay;  // Shows less than `local`, whatever the zone.
  std::int64_t after = local + 2 * kDay;   // Shows more.
  // Offsets change by hours and rarely: within four days the clock reaches `local` for the first
  // time at one place, which only a clock that is set back across it could hide.
  for (std::int64_t at = before; at < after; at += kDay / 48) {
    if (local_us(zone, at) >= local) {
      after = at;
      break;
    }
    before = at;
  }
  while (after - before > 1) {
    const std::int64_t middle = before + (after - before) / 2;
    (local_us(zone, middle) >= local ? after : before) = middle;
  }
  return after;
}

/// The first moment of the local day or month after the one of `utc_us`.
std::int64_t next_date(const TimeZone& zone, std::int64_t utc_us, Period period) {
  using namespace std::chrono;
  std::int64_t day = floor_div(local_us(zone, utc_us), kDay);
  while (true) {  // More than once where the clock was set back over midnight.
    ++day;
    if (period == Period::month) {
      const year_month_day date{sys_days{days{day - 1}}};
      const year_month_day next = (date.year() / date.month() + months{1}) / 1;
      day = sys_days{next}.time_since_epoch().count();
    }
    const std::int64_t moment = first_moment_of(zone, day * kDay);
    if (moment > utc_us) return moment;
  }
}

/// The next moment at which the local clock shows a whole hour or quarter.
std::int64_t next_hour(const TimeZone& zone, std::int64_t utc_us, std::int64_t length) {
  std::int64_t at = utc_us;
  do {
    const std::int64_t local = local_us(zone, at);
    at += length - (local - floor_div(local, length) * length);
  } while (local_us(zone, at) % length != 0);  // The zone moved on the way.
  return at;
}

}  // namespace

std::string_view to_string(Period period) noexcept {
  switch (period) {
    case Period::quarter_hour:
      return "quarter_hour";
    case Period::hour:
      return "hour";
    case Period::day:
      return "day";
    case Period::month:
      return "month";
  }
  return "unknown";
}

std::optional<Period> parse_period(std::string_view word) noexcept {
  for (const Period period : kPeriods) {
    if (word == to_string(period)) return period;
  }
  return std::nullopt;
}

Result<query::Grid> calendar_grid(const TimeZone& zone, UtcInstant from, UtcInstant to,
                                  Period period) {
  if (to <= from)
    return fail(Errc::invalid_argument, 0, "periods: the range ends before it begins");
  const std::int64_t end = to.since_epoch().count();
  std::int64_t at = from.since_epoch().count();
  if (at < 0 || end > kYear2200) return fail(Errc::out_of_range, 0, "periods: 1970 to 2199 only");
  std::vector<UtcInstant> edges;
  while (at < end) {
    edges.emplace_back(microseconds(at));
    if (edges.size() > query::kGridMax) {
      return fail(Errc::resource_exhausted, 0, "periods: more than a million");
    }
    switch (period) {
      case Period::quarter_hour:
        at = next_hour(zone, at, 900 * kSecond);
        break;
      case Period::hour:
        at = next_hour(zone, at, 3'600 * kSecond);
        break;
      case Period::day:
      case Period::month:
        at = next_date(zone, at, period);
        break;
    }
  }
  edges.push_back(to);
  return query::Grid::of(std::move(edges));
}

std::string format_local(UtcInstant at, const TimeZone& zone, int digits) {
  using namespace std::chrono;
  const std::int64_t offset_s = zone.offset_at(at).count() / kSecond;
  const std::int64_t local_s = floor_div(at.since_epoch().count(), kSecond) + offset_s;
  const std::int64_t day = floor_div(local_s, 86'400);
  const year_month_day date{sys_days{days{day}}};
  const auto second = static_cast<int>(local_s - day * 86'400);
  const auto shift = static_cast<int>(offset_s < 0 ? -offset_s : offset_s);
  const std::int64_t micros = at.since_epoch().count();
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%06d",
                static_cast<int>(micros - floor_div(micros, kSecond) * kSecond));
  const int shown = digits > 0 ? digits + 1 : 0;  // With its point.
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d%.*s%c%02d:%02d",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), second / 3'600, second / 60 % 60, second % 60,
                shown, fraction.data(), offset_s < 0 ? '-' : '+', shift / 3'600, shift / 60 % 60);
  return text.data();
}

}  // namespace ems::io
