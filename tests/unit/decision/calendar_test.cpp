// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/calendar.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string_view>

namespace ems::decision {
namespace {

constexpr Duration kHour = seconds(3'600);

/// Seconds since 1970, as `date -u +%s` prints them.
WallTime wall(std::int64_t unix_s, Duration offset = {}) {
  return {
      .utc = UtcInstant{seconds(unix_s)}, .utc_offset = offset, .quality = ClockQuality::synced};
}

constexpr std::uint16_t hm(int hours, int minutes) {
  return static_cast<std::uint16_t>(hours * 60 + minutes);
}

TEST(LocalTime, IsTheWeekdayAndMinuteOfTheSite) {
  const struct {
    const char* why;
    WallTime wall;
    LocalTime local;
  } cases[] = {
      {"1970 began on a Thursday", wall(0), {Weekday::thursday, 0}},
      {"a second before", wall(-1), {Weekday::wednesday, 1'439}},
      {"a whole minute before", wall(-60), {Weekday::wednesday, 1'439}},
      {"1969-12-29, a Monday", wall(-3 * 86'400), {Weekday::monday, 0}},
      {"a second before that", wall(-3 * 86'400 - 1), {Weekday::sunday, 1'439}},
      {"2024-02-29 12:34:56, a Thursday", wall(1'709'210'096), {Weekday::thursday, hm(12, 34)}},
      {"the last second of a Sunday", wall(1'709'510'399), {Weekday::sunday, 1'439}},
      {"the first of a Monday", wall(1'709'510'400), {Weekday::monday, 0}},
      {"Sao Paulo", wall(1'709'510'400, kHour * -3), {Weekday::sunday, hm(21, 0)}},
      {"Kathmandu", wall(1'709'510'400, seconds(20'700)), {Weekday::monday, hm(5, 45)}},
  };
  for (const auto& c : cases) EXPECT_EQ(local_time(c.wall), c.local) << c.why;
}

TEST(LocalTime, IsUnknownWhileTheClockIsUnset) {
  WallTime unset = wall(1'709'210'096);
  unset.quality = ClockQuality::unset;
  EXPECT_EQ(local_time(unset), std::nullopt);
  EXPECT_EQ(local_time(WallTime{}), std::nullopt);
  unset.quality = ClockQuality::holdover;
  EXPECT_EQ(local_time(unset), (LocalTime{Weekday::thursday, hm(12, 34)}));
}

TEST(LocalTime, ExtremesAreSomeMinuteOfSomeDay) {
  for (const std::int64_t us :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    for (const Duration offset : {kHour * -24, kHour * 24}) {
      const auto local = local_time({.utc = UtcInstant{microseconds(us)},
                                     .utc_offset = offset,
                                     .quality = ClockQuality::synced});
      ASSERT_TRUE(local);
      EXPECT_LT(local->minute, kMinutesPerDay);
      EXPECT_LE(local->day, Weekday::sunday);
    }
  }
}

TEST(DailyWindow, OpensAtFromAndClosesAtTo) {
  const DailyWindow day{.from = hm(18, 0), .to = hm(21, 0)};
  EXPECT_FALSE(is_open(day, {Weekday::monday, hm(17, 59)}));
  EXPECT_TRUE(is_open(day, {Weekday::monday, hm(18, 0)}));
  EXPECT_TRUE(is_open(day, {Weekday::sunday, hm(20, 59)}));
  EXPECT_FALSE(is_open(day, {Weekday::monday, hm(21, 0)}));
  for (const int minute : {0, 1'439}) {
    EXPECT_TRUE(is_open({}, {Weekday::friday, static_cast<std::uint16_t>(minute)}));
  }
}

TEST(DailyWindow, IsOpenOnItsDaysOnly) {
  const DailyWindow peak{
      .days = kMondayToFriday | day_bit(Weekday::saturday), .from = hm(18, 0), .to = hm(21, 0)};
  EXPECT_TRUE(is_open(peak, {Weekday::saturday, hm(19, 0)}));
  EXPECT_FALSE(is_open(peak, {Weekday::sunday, hm(19, 0)}));
}

TEST(DailyWindow, MayCrossMidnightAndBelongsToTheDayItOpens) {
  const DailyWindow friday_night{
      .days = day_bit(Weekday::friday), .from = hm(22, 0), .to = hm(6, 0)};
  EXPECT_FALSE(is_open(friday_night, {Weekday::friday, hm(5, 59)}));  // Thursday's night.
  EXPECT_FALSE(is_open(friday_night, {Weekday::friday, hm(21, 59)}));
  EXPECT_TRUE(is_open(friday_night, {Weekday::friday, hm(22, 0)}));
  EXPECT_TRUE(is_open(friday_night, {Weekday::saturday, 0}));
  EXPECT_TRUE(is_open(friday_night, {Weekday::saturday, hm(5, 59)}));
  EXPECT_FALSE(is_open(friday_night, {Weekday::saturday, hm(6, 0)}));
  EXPECT_FALSE(is_open(friday_night, {Weekday::saturday, hm(22, 0)}));
  const DailyWindow sunday_night{
      .days = day_bit(Weekday::sunday), .from = hm(22, 0), .to = hm(6, 0)};
  EXPECT_TRUE(is_open(sunday_night, {Weekday::monday, hm(3, 0)}));
}

TEST(DailyWindow, FollowsTheClockOnTheWallWhenSummerTimeBeginsAndEnds) {
  const DailyWindow two_to_three{.from = hm(2, 0), .to = hm(3, 0)};
  const DailyWindow half_past{.from = hm(2, 30), .to = hm(4, 0)};
  const auto open_minutes = [](const DailyWindow& window, std::int64_t from_s,
                               std::int64_t change_s, Duration before, Duration after) {
    int minutes = 0;
    for (std::int64_t s = from_s; s < from_s + 6 * 3'600; s += 60) {
      minutes += is_open(window, *local_time(wall(s, s < change_s ? before : after)));
    }
    return minutes;
  };
  // Berlin, 2024-03-31: at 01:00 UTC 02:00 becomes 03:00. 23:00 UTC is midnight.
  EXPECT_EQ(open_minutes(two_to_three, 1'711'839'600, 1'711'846'800, kHour, kHour * 2), 0);
  EXPECT_EQ(open_minutes(half_past, 1'711'839'600, 1'711'846'800, kHour, kHour * 2), 60);
  // 2024-10-27: at 01:00 UTC 03:00 becomes 02:00 again.
  EXPECT_EQ(open_minutes(two_to_three, 1'729'980'000, 1'729'990'800, kHour * 2, kHour), 120);
  EXPECT_EQ(open_minutes(half_past, 1'729'980'000, 1'729'990'800, kHour * 2, kHour), 120);
}

TEST(DailyWindow, IsChecked) {
  EXPECT_TRUE(validate(DailyWindow{}));
  EXPECT_TRUE(validate(DailyWindow{.from = 1'439, .to = 1}));
  const struct {
    DailyWindow window;
    std::string_view what;
  } cases[] = {
      {{.days = 0}, "window: no day of the week, or one too many"},
      {{.days = 0x80}, "window: no day of the week, or one too many"},
      {{.from = kMinutesPerDay, .to = 1}, "window: a time outside the day"},
      {{.from = 0, .to = 0}, "window: a time outside the day"},
      {{.from = 0, .to = kMinutesPerDay + 1}, "window: a time outside the day"},
      {{.from = 7, .to = 7}, "window: it ends when it begins"},
  };
  for (const auto& c : cases) {
    const Result<void> checked = validate(c.window);
    ASSERT_FALSE(checked) << c.what;
    EXPECT_EQ(checked.error().what, c.what);
    EXPECT_EQ(checked.error().code, Errc::out_of_range);
  }
}

TEST(Weekday, HasANameAndABit) {
  const std::string_view names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                    "friday", "saturday", "sunday"};
  unsigned all = 0;
  for (unsigned day = 0; day < 7; ++day) {
    EXPECT_EQ(to_string(static_cast<Weekday>(day)), names[day]);
    all |= day_bit(static_cast<Weekday>(day));
  }
  EXPECT_EQ(all, kEveryDay);
  EXPECT_EQ(to_string(static_cast<Weekday>(7)), "unknown");
}

}  // namespace
}  // namespace ems::decision
