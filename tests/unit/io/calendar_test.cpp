// SPDX-License-Identifier: Apache-2.0
// Days of 23 and 25 hours, midnights that are not there, and other calendars.
#include "ems/io/calendar.hpp"

#include <gtest/gtest.h>

#include "ems/io/utc_text.hpp"

namespace ems::io {
namespace {

TimeZone zone(const char* name) {
  Result<TimeZone> loaded = TimeZone::load(name);
  EXPECT_TRUE(loaded) << name;
  return *loaded;
}
UtcInstant utc(const char* text) { return *parse_utc(text); }

std::vector<std::string> begins(const query::Grid& grid, const TimeZone& in) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < grid.size(); ++i) texts.push_back(format_local(grid.begin_of(i), in));
  return texts;
}
std::int64_t hours_of(const query::Grid& grid, std::size_t i) {
  return grid.width_of(i).count() / 3'600'000'000;
}

TEST(Calendar, DaysHave23And25HoursWhenSummerTimeChanges) {
  const TimeZone berlin = zone("Europe/Berlin");
  const auto spring =
      calendar_grid(berlin, utc("2026-03-27T23:00:00Z"), utc("2026-03-30T22:00:00Z"), Period::day);
  ASSERT_TRUE(spring);
  EXPECT_EQ(begins(*spring, berlin),
            (std::vector<std::string>{"2026-03-28T00:00:00+01:00", "2026-03-29T00:00:00+01:00",
                                      "2026-03-30T00:00:00+02:00"}));
  EXPECT_EQ(hours_of(*spring, 0), 24);
  EXPECT_EQ(hours_of(*spring, 1), 23);
  EXPECT_EQ(hours_of(*spring, 2), 24);
  const auto autumn =
      calendar_grid(berlin, utc("2026-10-24T22:00:00Z"), utc("2026-10-25T23:00:00Z"), Period::day);
  ASSERT_EQ(autumn->size(), 1U);
  EXPECT_EQ(hours_of(*autumn, 0), 25);
}

TEST(Calendar, TheHourThatComesTwiceIsTwoPeriods) {
  const TimeZone berlin = zone("Europe/Berlin");
  const auto autumn =
      calendar_grid(berlin, utc("2026-10-24T22:00:00Z"), utc("2026-10-25T23:00:00Z"), Period::hour);
  ASSERT_EQ(autumn->size(), 25U);
  const std::vector<std::string> texts = begins(*autumn, berlin);
  EXPECT_EQ(texts[2], "2026-10-25T02:00:00+02:00");
  EXPECT_EQ(texts[3], "2026-10-25T02:00:00+01:00");
  const auto spring =
      calendar_grid(berlin, utc("2026-03-28T23:00:00Z"), utc("2026-03-29T22:00:00Z"), Period::hour);
  ASSERT_EQ(spring->size(), 23U);
  EXPECT_EQ(begins(*spring, berlin)[2], "2026-03-29T03:00:00+02:00");
  const auto quarters = calendar_grid(berlin, utc("2026-03-28T23:00:00Z"),
                                      utc("2026-03-29T22:00:00Z"), Period::quarter_hour);
  EXPECT_EQ(quarters->size(), 92U);
}

TEST(Calendar, MonthsAreOfTheLocalCalendar) {
  const TimeZone berlin = zone("Europe/Berlin");
  const auto year = calendar_grid(berlin, utc("2025-12-31T23:00:00Z"), utc("2026-12-31T23:00:00Z"),
                                  Period::month);
  ASSERT_EQ(year->size(), 12U);
  EXPECT_EQ(begins(*year, berlin)[1], "2026-02-01T00:00:00+01:00");
  EXPECT_EQ(begins(*year, berlin)[6], "2026-07-01T00:00:00+02:00");
  EXPECT_EQ(hours_of(*year, 1), 28 * 24);
  EXPECT_EQ(hours_of(*year, 2), 31 * 24 - 1);
  EXPECT_EQ(hours_of(*year, 9), 31 * 24 + 1);
}

TEST(Calendar, TheFirstAndTheLastPeriodAreCut) {
  const auto grid = calendar_grid(TimeZone{}, utc("2026-05-01T22:30:00Z"),
                                  utc("2026-05-03T00:00:00.5Z"), Period::day);
  ASSERT_EQ(grid->size(), 3U);
  EXPECT_EQ(grid->width_of(0), seconds(5'400));
  EXPECT_EQ(grid->width_of(2), milliseconds(500));
  const auto hour = calendar_grid(TimeZone{}, utc("2026-05-01T22:30:00Z"),
                                  utc("2026-05-01T22:31:00Z"), Period::hour);
  EXPECT_EQ(hour->size(), 1U);
}

TEST(Calendar, HoursOfAZoneWithHalfAnHourBeginOnItsOwnClock) {
  const TimeZone kolkata = zone("Asia/Kolkata");
  const auto grid = calendar_grid(kolkata, utc("2026-05-01T00:00:00Z"), utc("2026-05-01T02:00:00Z"),
                                  Period::hour);
  EXPECT_EQ(begins(*grid, kolkata),
            (std::vector<std::string>{"2026-05-01T05:30:00+05:30", "2026-05-01T06:00:00+05:30",
                                      "2026-05-01T07:00:00+05:30"}));
}

TEST(Calendar, AZoneThatMovesByHalfAnHourHasHoursOfAnotherLength) {
  const TimeZone lord_howe = zone("Australia/Lord_Howe");  // 2026-04-05 02:00 +11 -> 01:30 +10:30.
  const auto autumn = calendar_grid(lord_howe, utc("2026-04-04T13:00:00Z"),
                                    utc("2026-04-05T13:30:00Z"), Period::hour);
  ASSERT_TRUE(autumn);
  EXPECT_EQ(autumn->width_of(0), seconds(3'600));
  EXPECT_EQ(autumn->width_of(1), seconds(5'400));
  EXPECT_EQ(begins(*autumn, lord_howe)[2], "2026-04-05T02:00:00+10:30");
}

TEST(Calendar, ADayWithoutMidnightBeginsWithItsFirstMoment) {
  const TimeZone beirut = zone("Asia/Beirut");  // 2026-03-29 00:00 +02 -> 01:00 +03.
  const auto grid =
      calendar_grid(beirut, utc("2026-03-27T22:00:00Z"), utc("2026-03-29T21:00:00Z"), Period::day);
  EXPECT_EQ(begins(*grid, beirut),
            (std::vector<std::string>{"2026-03-28T00:00:00+02:00", "2026-03-29T01:00:00+03:00"}));
  EXPECT_EQ(hours_of(*grid, 1), 23);
}

TEST(Calendar, ADayThatNeverWasIsNoPeriod) {
  const TimeZone apia = zone("Pacific/Apia");  // There was no 2011-12-30.
  const auto grid =
      calendar_grid(apia, utc("2011-12-29T10:00:00Z"), utc("2011-12-31T10:00:00Z"), Period::day);
  EXPECT_EQ(begins(*grid, apia),
            (std::vector<std::string>{"2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"}));
}

TEST(Calendar, AClockSetBackOverMidnightStillHasDays) {
  const TimeZone st_johns = zone("America/St_Johns");  // 2009-11-01 00:01 -> 2009-10-31 23:01.
  const auto grid = calendar_grid(st_johns, utc("2009-11-01T03:00:00Z"),
                                  utc("2009-11-03T03:30:00Z"), Period::day);
  ASSERT_TRUE(grid) << grid.error().what;
  EXPECT_EQ(begins(*grid, st_johns),
            (std::vector<std::string>{"2009-10-31T23:30:00-03:30", "2009-11-02T00:00:00-03:30"}));
}

/// Every zone of the list, every day of forty years: periods join and none is longer than a day and
/// an hour or shorter than an hour.
TEST(Calendar, DaysJoinInEveryZone) {
  for (const char* name : {"Europe/Berlin", "America/New_York", "America/Havana", "Asia/Tehran",
                           "Australia/Lord_Howe", "Africa/Casablanca", "America/Sao_Paulo"}) {
    const TimeZone in = zone(name);
    const auto grid =
        calendar_grid(in, utc("2000-01-01T12:00:00Z"), utc("2040-01-01T12:00:00Z"), Period::day);
    ASSERT_TRUE(grid);
    EXPECT_EQ(grid->size(), 14'611U) << name;
    for (std::size_t i = 1; i + 1 < grid->size(); ++i) {
      ASSERT_GE(grid->width_of(i), seconds(23 * 3'600)) << name << " " << i;
      ASSERT_LE(grid->width_of(i), seconds(25 * 3'600)) << name << " " << i;
    }
  }
}

TEST(Calendar, RefusesWhatIsNoRange) {
  const auto code = [](const char* from, const char* to, Period period) {
    const auto grid = calendar_grid(TimeZone{}, utc(from), utc(to), period);
    return grid ? std::optional<Errc>{} : grid.error().code;
  };
  EXPECT_EQ(code("2026-05-01T00:00:00Z", "2026-05-01T00:00:00Z", Period::day),
            Errc::invalid_argument);
  EXPECT_EQ(code("1969-12-31T00:00:00Z", "2026-05-01T00:00:00Z", Period::day), Errc::out_of_range);
  EXPECT_EQ(code("2026-05-01T00:00:00Z", "2200-01-01T00:00:01Z", Period::day), Errc::out_of_range);
  EXPECT_EQ(code("1970-01-01T00:00:00Z", "2200-01-01T00:00:00Z", Period::hour),
            Errc::resource_exhausted);
}

TEST(Calendar, PeriodsHaveWords) {
  for (const Period period : kPeriods) EXPECT_EQ(parse_period(to_string(period)), period);
  EXPECT_EQ(parse_period("week"), std::nullopt);
  EXPECT_EQ(format_local(utc("2026-01-01T00:00:00Z"), zone("America/St_Johns")),
            "2025-12-31T20:30:00-03:30");
}

TEST(Calendar, ALocalTimeHasAsManyDigitsAsAreAskedFor) {
  const UtcInstant at = utc("2026-01-01T00:00:00.250999Z");
  EXPECT_EQ(format_local(at, {}), "2026-01-01T00:00:00+00:00");
  EXPECT_EQ(format_local(at, {}, 3), "2026-01-01T00:00:00.250+00:00");
  EXPECT_EQ(format_local(at, {}, 6), "2026-01-01T00:00:00.250999+00:00");
  EXPECT_EQ(format_local(UtcInstant{microseconds(-1)}, {}, 6), "1969-12-31T23:59:59.999999+00:00");
}

}  // namespace
}  // namespace ems::io
