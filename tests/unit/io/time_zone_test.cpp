// SPDX-License-Identifier: Apache-2.0
#include "ems/io/time_zone.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <vector>

namespace ems::io {
namespace {

UtcInstant at_s(std::int64_t seconds_since_1970) { return UtcInstant{seconds(seconds_since_1970)}; }

/// What the C library says; it has one zone for the whole process.
std::int64_t library_offset(std::int64_t utc_s) {
  const std::time_t time = utc_s;
  std::tm local{};
  EXPECT_NE(localtime_r(&time, &local), nullptr);
  return local.tm_gmtoff;
}

constexpr std::array kZones{"Europe/Berlin",
                            "America/New_York",
                            "Australia/Sydney",
                            "Asia/Kolkata",
                            "America/Sao_Paulo",
                            "Europe/Dublin",
                            "Africa/Casablanca",
                            "Pacific/Apia",
                            "Asia/Tehran",
                            "America/Nuuk",
                            "UTC"};

// Every five hours of a century, each side of every change of every year, by the zone's own rules.
TEST(TimeZone, AgreesWithTheCLibraryForACentury) {
  const char* before = std::getenv("TZ");
  const std::string kept = before == nullptr ? "" : before;
  std::size_t compared = 0;
  for (const char* name : kZones) {
    const Result<TimeZone> zone = TimeZone::load(name);
    ASSERT_TRUE(zone) << name << ": " << zone.error().what;
    ASSERT_EQ(setenv("TZ", (std::string(":") + name).c_str(), 1), 0);
    tzset();
    std::int64_t last = 0;
    for (std::int64_t utc = 0; utc < 4'102'444'800; utc += 5 * 3'600) {
      const std::int64_t offset = zone->offset_at(at_s(utc)).count() / 1'000'000;
      ASSERT_EQ(offset, library_offset(utc)) << name << " at " << utc;
      ++compared;
      if (offset != last) {  // Find the second of the change.
        std::int64_t low = utc - 5 * 3'600;
        std::int64_t high = utc;
        while (high - low > 1) {
          const std::int64_t middle = (low + high) / 2;
          (zone->offset_at(at_s(middle)).count() / 1'000'000 == offset ? high : low) = middle;
        }
        ASSERT_EQ(zone->offset_at(at_s(low)).count() / 1'000'000, library_offset(low)) << name;
        ASSERT_EQ(zone->offset_at(at_s(high)).count() / 1'000'000, library_offset(high)) << name;
        last = offset;
      }
    }
  }
  EXPECT_GT(compared, 1'000'000U);
  (void)(before == nullptr ? unsetenv("TZ") : setenv("TZ", kept.c_str(), 1));
  tzset();
}

TEST(TimeZone, KnowsTheSummerOfBerlin) {
  const Result<TimeZone> berlin = TimeZone::load("Europe/Berlin");
  ASSERT_TRUE(berlin);
  EXPECT_EQ(berlin->offset_at(at_s(1'774'745'999)), seconds(3'600));  // 2026-03-29T00:59:59Z
  EXPECT_EQ(berlin->offset_at(at_s(1'774'746'000)), seconds(7'200));
  EXPECT_EQ(berlin->offset_at(at_s(1'792'889'999)), seconds(7'200));  // 2026-10-25T00:59:59Z
  EXPECT_EQ(berlin->offset_at(at_s(1'792'890'000)), seconds(3'600));
  EXPECT_EQ(TimeZone{}.offset_at(at_s(0)), Duration::zero());
  EXPECT_EQ(TimeZone{}.offset_at(at_s(-1)), Duration::zero());
}

TEST(TimeZone, RefusesNamesThatAreNone) {
  for (const char* name :
       {"", "/etc/passwd", "../../etc/passwd", "Europe/Berlin/", "a b", "Eur;pe"}) {
    EXPECT_EQ(TimeZone::load(name).error().code, Errc::invalid_argument) << name;
  }
  for (const char* name : {"Europe/Berlinn", "Europe", "europe/berlin"}) {
    EXPECT_EQ(TimeZone::load(name).error().code, Errc::not_found) << name;
  }
}

TEST(TimeZone, RefusesEveryTruncationAndForeignFile) {
  std::ifstream file("/usr/share/zoneinfo/Europe/Berlin", std::ios::binary);
  std::vector<std::byte> data;
  for (std::istreambuf_iterator<char> at(file), end; at != end; ++at) {
    data.push_back(static_cast<std::byte>(*at));
  }
  ASSERT_GT(data.size(), 500U);
  ASSERT_TRUE(TimeZone::parse(data));
  for (std::size_t size = 0; size < data.size(); ++size) {
    EXPECT_FALSE(TimeZone::parse(Bytes(data).first(size))) << size;
  }
  // A damaged byte never makes it read outside the file (ASan), nor an offset beyond 26 h.
  for (std::size_t i = 0; i < data.size(); ++i) {
    for (const unsigned flip : {0x01U, 0x80U, 0xFFU}) {
      std::vector<std::byte> broken = data;
      broken[i] ^= static_cast<std::byte>(flip);
      const Result<TimeZone> zone = TimeZone::parse(broken);
      if (!zone) continue;
      const Duration offset = zone->offset_at(at_s(1'790'000'000));
      EXPECT_LE(max_of(offset, -offset), seconds(167 * 3'600 + 3'600)) << i;
    }
  }
}

}  // namespace
}  // namespace ems::io
