// SPDX-License-Identifier: Apache-2.0
#include "ems/core/decimal.hpp"
#include "support/seed.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <random>

namespace ems {
namespace {

TEST(Decimal, ConvertsExactlyToTheGrid) {
  const struct {
    const char* text;
    int digits;
    std::int64_t count;
  } cases[] = {
      {"3.65", 3, 3650},
      {"3.650", 3, 3650},
      {"3.6500000", 3, 3650},
      {"-0.001", 3, -1},
      {"+7", 0, 7},
      {"0.1", 6, 100'000},
      {"1.5e3", 3, 1'500'000},
      {"150e-1", 0, 15},
      {"12.5e-1", 3, 1250},
      {".5", 1, 5},
      {"5.", 1, 50},
      {"0e99", 9, 0},
      {"-0", 3, 0},
      {"0.000", 0, 0},
      {"9223372036854775807", 0, std::numeric_limits<std::int64_t>::max()},
      {"-9223372036854775808", 0, std::numeric_limits<std::int64_t>::min()},
  };
  for (const auto& c : cases) {
    const Result<std::int64_t> parsed = parse_decimal(c.text, c.digits);
    ASSERT_TRUE(parsed) << c.text;
    EXPECT_EQ(*parsed, c.count) << c.text;
  }
}

TEST(Decimal, RefusesWithTheCharacterThatIsWrong) {
  const struct {
    const char* text;
    int digits;
    Errc code;
    int offset;
  } cases[] = {
      {"", 3, Errc::syntax, 0},
      {"abc", 3, Errc::syntax, 0},
      {"1.2.3", 3, Errc::syntax, 3},
      {"3.6505", 3, Errc::off_grid, 5},
      {"15e-1", 0, Errc::off_grid, 1},
      {"1.5", 0, Errc::off_grid, 2},
      {"1 ", 0, Errc::syntax, 1},
      {"nan", 3, Errc::syntax, 0},
      {"0x10", 0, Errc::syntax, 1},
      {"1e", 0, Errc::syntax, 2},
      {"1e+", 0, Errc::syntax, 3},
      {"120.0e-2", 0, Errc::off_grid, 4},
      {"9223372036854775808", 0, Errc::out_of_range, 18},
      {"1e999", 0, Errc::out_of_range, 4},
  };
  for (const auto& c : cases) {
    const Result<std::int64_t> parsed = parse_decimal(c.text, c.digits);
    ASSERT_FALSE(parsed) << c.text;
    EXPECT_EQ(parsed.error().code, c.code) << c.text;
    EXPECT_EQ(parsed.error().offset, c.offset) << c.text;
  }
}

TEST(Decimal, FormatsTheShortestExactText) {
  std::array<char, kDecimalTextSize> buffer{};
  EXPECT_EQ(format_decimal(3650, 3, buffer), "3.65");
  EXPECT_EQ(format_decimal(3000, 3, buffer), "3.0");
  EXPECT_EQ(format_decimal(0, 3, buffer), "0.0");
  EXPECT_EQ(format_decimal(-1, 3, buffer), "-0.001");
  EXPECT_EQ(format_decimal(42, 0, buffer), "42");
  EXPECT_EQ(format_decimal(std::numeric_limits<std::int64_t>::min(), 0, buffer),
            "-9223372036854775808");
}

TEST(Decimal, ParsesBackWhatItFormats) {
  const test::Seed seed(20261121);
  auto random = seed.engine<std::mt19937_64>();
  std::array<char, kDecimalTextSize> buffer{};
  for (int i = 0; i < 20'000; ++i) {
    const auto count =
        static_cast<std::int64_t>(random() >> (random() % 64)) * (random() % 2 ? 1 : -1);
    const int digits = static_cast<int>(random() % 10);
    const Result<std::int64_t> back = parse_decimal(format_decimal(count, digits, buffer), digits);
    ASSERT_TRUE(back) << count << " digits " << digits;
    ASSERT_EQ(*back, count) << "digits " << digits;
  }
}

}  // namespace
}  // namespace ems
