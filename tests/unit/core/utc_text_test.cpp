// SPDX-License-Identifier: Apache-2.0
#include "ems/core/utc_text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>

namespace ems {
namespace {

std::string text_of(std::int64_t micros, int digits) {
  UtcText room;
  return std::string(format_utc(UtcInstant{microseconds(micros)}, digits, room));
}

TEST(UtcText, WritesAsManyDigitsOfASecondAsAskedForRoundedDown) {
  EXPECT_EQ(text_of(0, 0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(text_of(1'763'712'930'250'999, 3), "2025-11-21T08:15:30.250Z");
  EXPECT_EQ(text_of(1'763'712'930'250'999, 6), "2025-11-21T08:15:30.250999Z");
  EXPECT_EQ(text_of(1'763'712'930'999'999, 0), "2025-11-21T08:15:30Z");
  EXPECT_EQ(text_of(-1, 0), "1969-12-31T23:59:59Z");
  EXPECT_EQ(text_of(-1, 6), "1969-12-31T23:59:59.999999Z");
}

TEST(UtcText, WritesTheFirstAndTheLastMomentThereIs) {
  EXPECT_EQ(text_of(std::numeric_limits<std::int64_t>::max(), 6), "294247-01-10T04:00:54.775807Z");
  EXPECT_EQ(text_of(std::numeric_limits<std::int64_t>::min(), 6), "-290308-12-21T19:59:05.224192Z");
}

TEST(UtcText, EveryDayOfFourCenturiesIsTheOneThatTheStandardLibraryNames) {
  using namespace std::chrono;
  constexpr std::int64_t kDay = 86'400'000'000;
  for (sys_days day = year{1800} / 1 / 1; day < sys_days(year{2201} / 1 / 1); day += days{1}) {
    const year_month_day date{day};
    std::array<char, 32> expected{};
    std::snprintf(expected.data(), expected.size(), "%04d-%02u-%02uT00:00:00Z",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()));
    const std::int64_t micros = day.time_since_epoch().count() * kDay;
    ASSERT_EQ(text_of(micros, 0), expected.data());
    ASSERT_EQ(parse_utc(expected.data())->since_epoch().count(), micros);
  }
}

TEST(UtcText, ParsesAFractionOfOneToSixDigits) {
  EXPECT_EQ(parse_utc("1970-01-01T00:00:00.5Z")->since_epoch().count(), 500'000);
  EXPECT_EQ(parse_utc("1970-01-01T00:00:00.000001Z")->since_epoch().count(), 1);
  EXPECT_EQ(parse_utc("1969-12-31T23:59:59.999999Z")->since_epoch().count(), -1);
}

TEST(UtcText, SaysWhereTextIsNotOfTheForm) {
  const auto at = [](std::string_view text) {
    const Result<UtcInstant> parsed = parse_utc(text);
    EXPECT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Errc::syntax) << text;
    return parsed.error().offset;
  };
  EXPECT_EQ(at(""), 0U);
  EXPECT_EQ(at("2026-11-21 08:15:30Z"), 10U);
  EXPECT_EQ(at("2026-11-21T08:15:30"), 19U);
  EXPECT_EQ(at("2026-11-21T08:15:30.Z"), 20U);
  EXPECT_EQ(at("2026-11-21T08:15:30.1234567Z"), 26U);
  EXPECT_EQ(at("2026-11-21T08:15:30+01:00"), 19U);
  EXPECT_EQ(at("2026-11-21T08:15:30Z "), 19U);
}

TEST(UtcText, RefusesDaysAndTimesThatThereAreNot) {
  for (const std::string_view text :
       {"2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
        "2026-00-10T00:00:00Z", "2026-13-10T00:00:00Z", "2026-01-00T00:00:00Z",
        "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z"}) {
    const Result<UtcInstant> parsed = parse_utc(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Errc::out_of_range) << text;
  }
  EXPECT_TRUE(parse_utc("2000-02-29T00:00:00Z"));
}

}  // namespace
}  // namespace ems
