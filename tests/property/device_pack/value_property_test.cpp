// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>

#include "ems/device_pack/value.hpp"
#include "support/seed.hpp"

namespace ems::device_pack {
namespace {

constexpr std::uint32_t kSeed = 20240602;
constexpr int kCases = 100'000;

TEST(ValueProperty, WrittenPowerReadsBackNeverLargerThanAsked) {
  const test::Seed seed(kSeed);
  auto random = seed.engine<std::mt19937>();
  for (int i = 0; i < kCases; ++i) {
    const auto watts = static_cast<std::int32_t>(random()) / 64;
    const int exponent = static_cast<int>(random() % 7) - 3;
    const std::int64_t sign = random() % 2 == 0 ? 1 : -1;
    WriteField field;
    field.type = WireType::s64;
    field.multiplier = sign;
    const auto raw = field_raw(field, watts, exponent);
    ASSERT_TRUE(raw);
    RegisterPoint point;
    point.type = WireType::s64;
    point.multiplier = sign;
    const auto back = point_value(point, static_cast<std::uint64_t>(*raw), exponent);
    ASSERT_TRUE(back);
    ASSERT_LE(std::abs(*back), std::abs(std::int64_t{watts})) << watts << " e" << exponent;
    ASSERT_TRUE(*back == 0 || (*back < 0) == (watts < 0)) << watts << " e" << exponent;
    const std::int64_t step = exponent > 0 ? static_cast<std::int64_t>(std::pow(10, exponent)) : 1;
    ASSERT_LT(std::abs(*back - watts), step) << watts << " e" << exponent;
  }
}

TEST(ValueProperty, ScalingAgreesWithLongDoubleWhereThatIsExact) {
  const test::Seed seed(kSeed);
  auto random = seed.engine<std::mt19937>();
  for (int i = 0; i < kCases; ++i) {
    RegisterPoint point;
    point.type = WireType::s32;
    point.multiplier = static_cast<std::int64_t>(1 + random() % 1000);
    point.divisor = static_cast<std::int64_t>(1 + random() % 1000);
    const auto raw = static_cast<std::uint32_t>(random());
    const int exponent = static_cast<int>(random() % 9) - 4;
    const long double exact = static_cast<long double>(static_cast<std::int32_t>(raw)) *
                              static_cast<long double>(point.multiplier) /
                              static_cast<long double>(point.divisor) * std::pow(10.0L, exponent);
    const auto value = point_value(point, raw, exponent);
    ASSERT_TRUE(value);
    ASSERT_LE(std::fabs(static_cast<long double>(*value) - exact), 0.5L + 1e-4L);
  }
}

TEST(ValueProperty, AnyRegistersMakeATextThatFits) {
  const test::Seed seed(kSeed);
  auto random = seed.engine<std::mt19937>();
  for (int i = 0; i < kCases; ++i) {
    std::array<std::uint16_t, 8> words{};
    for (std::uint16_t& w : words) w = static_cast<std::uint16_t>(random());
    std::array<char, 16> room{};
    const std::string_view text = register_text(words, room);
    ASSERT_LE(text.size(), room.size());
    for (const char c : text) ASSERT_FALSE(c >= 0 && c < 0x20);
  }
}

}  // namespace
}  // namespace ems::device_pack
