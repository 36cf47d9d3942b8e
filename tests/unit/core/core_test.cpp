// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <set>
#include <string>

#include "ems/core/bytes.hpp"
#include "ems/core/errc.hpp"
#include "ems/core/result.hpp"
#include "ems/core/sample.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/core/time.hpp"
#include "ems/core/units.hpp"
#include "support/seed.hpp"

namespace ems {
namespace {

TEST(Units, SaturateInsteadOfWrapping) {
  EXPECT_EQ(Watt::max() + 1_w, Watt::max());
  EXPECT_EQ(Watt::min() - 1_w, Watt::min());
  EXPECT_EQ(-Watt::min(), Watt::max());
  EXPECT_EQ(Watt{1'000'000'000} * 3, Watt::max());
  EXPECT_EQ(Watt{1'000'000'000} * -3, Watt::min());
  EXPECT_EQ(MilliVolt{3650} - 50_mv, 3600_mv);
}

TEST(Units, PowerOfVoltageAndCurrentIsInWatts) {
  EXPECT_EQ(power_of(53'200_mv, MilliAmp{-48'000}), Watt{-2553});
  EXPECT_EQ(power_of(MilliVolt::max(), MilliAmp::max()), Watt::max());
}

TEST(Time, DifferencesAreDurations) {
  const Instant t{10_s};
  EXPECT_EQ(t - Instant{8_s}, 2_s);
  EXPECT_EQ((t + 500_ms).since_zero(), 10'500_ms);
  EXPECT_EQ(1_min, 60_s);
}

TEST(Sample, IsUsableOnlyWhenTrustedAndYoung) {
  const Sample<MilliVolt> good{3400_mv, Instant{8_s}, Quality::good};
  EXPECT_TRUE(good.usable(Instant{9_s}, 2_s));
  EXPECT_FALSE(good.usable(Instant{10_s}, 2_s)) << "exactly stale";
  EXPECT_FALSE(good.usable(Instant{7_s}, 2_s)) << "from the future";
  EXPECT_TRUE(
      (Sample<MilliVolt>{3400_mv, Instant{8_s}, Quality::substituted}).usable(Instant{8_s}, 2_s));
  EXPECT_FALSE(
      (Sample<MilliVolt>{3400_mv, Instant{8_s}, Quality::uncertain}).usable(Instant{8_s}, 2_s));
  EXPECT_FALSE((Sample<MilliVolt>{3400_mv, Instant{8_s}, Quality::bad}).usable(Instant{8_s}, 2_s));
}

TEST(Result, CarriesEitherSide) {
  const Result<int> good = 7;
  const Result<int> bad = fail(Errc::checksum, 4, "sum");
  EXPECT_EQ(*good, 7);
  EXPECT_EQ(bad.error().code, Errc::checksum);
  EXPECT_EQ(bad.value_or(3), 3);
  EXPECT_EQ(good.transform([](int v) { return v * 2; }).value(), 14);
  EXPECT_EQ(bad.and_then([](int) -> Result<int> { return 1; }).error().offset, 4);
  EXPECT_EQ(Result<void>(fail(Errc::io, 100'000, "far")).error().offset, 0xFFFF);
}

TEST(ResultDeathTest, MisuseTrapsInEveryBuild) {
  const Result<int> bad = fail(Errc::io, 0, "x");
  EXPECT_DEATH((void)*bad, "assertion failed");
  const Result<int> good = 1;
  EXPECT_DEATH((void)good.error(), "assertion failed");
}

TEST(Errc, TableNamesAreUniqueAndKnown) {
  std::set<std::string> names;
  for (const ErrcInfo& info : errc_table()) {
    EXPECT_TRUE(names.insert(std::string(info.name)).second);
    EXPECT_EQ(to_string(info.code), info.name);
    EXPECT_FALSE(info.meaning.empty());
  }
  EXPECT_EQ(to_string(static_cast<Errc>(9999)), "unknown");
}

TEST(Bytes, LoadAndStoreBothOrders) {
  std::byte data[8]{};
  store_be32(data, 1, 0x12345678);
  EXPECT_EQ(load_be16(data, 1), 0x1234);
  EXPECT_EQ(load_le16(data, 1), 0x3412);
  store_le64(data, 0, 0x0102030405060708);
  EXPECT_EQ(load_be64(data, 0), 0x0807060504030201U);
  EXPECT_EQ(load_u8(data, 7), 1);
}

TEST(BytesDeathTest, ReadingPastTheEndTraps) {
  const std::byte data[2]{};
  EXPECT_DEATH((void)load_be32(data, 0), "assertion failed");
  EXPECT_DEATH((void)load_be16(data, 1), "assertion failed");
}

TEST(Float32, UnknownsAreAbsent) {
  EXPECT_EQ(float32_to_scaled(0x7FC00000, 3), std::nullopt) << "NaN";
  EXPECT_EQ(float32_to_scaled(0xFF800000, 3), std::nullopt) << "-infinity";
  EXPECT_EQ(float32_to_scaled(std::bit_cast<std::uint32_t>(1e30F), 3), std::nullopt) << "overflow";
  EXPECT_EQ(float32_to_scaled(0x80000000, 3), 0) << "-0";
  EXPECT_EQ(float32_to_scaled(std::bit_cast<std::uint32_t>(230.15F), 3), 230'150);
  EXPECT_EQ(float32_to_scaled(std::bit_cast<std::uint32_t>(-0.5F), 0), -1) << "ties away from zero";
  EXPECT_EQ(float32_to_scaled(0x00000001, 9), 0) << "smallest subnormal";
}

TEST(Float32, AgreesWithLongDoubleOnRandomBits) {
  const test::Seed seed(701);
  auto random = seed.engine<std::mt19937>();
  for (int i = 0; i < 100'000; ++i) {
    const auto bits = static_cast<std::uint32_t>(random());
    const int digits = static_cast<int>(random() % 10);
    const float value = std::bit_cast<float>(bits);
    const auto scaled = float32_to_scaled(bits, digits);
    if (!std::isfinite(value)) {
      ASSERT_FALSE(scaled);
      continue;
    }
    const long double exact = static_cast<long double>(value) * std::pow(10.0L, digits);
    if (std::fabs(exact) >= 9.2233720368547758e18L) {
      ASSERT_FALSE(scaled) << value;
      continue;
    }
    ASSERT_TRUE(scaled) << value;
    ASSERT_EQ(*scaled, static_cast<std::int64_t>(std::round(exact)))
        << value << " digits " << digits;
  }
}

TEST(StaticVector, RefusesWhatDoesNotFit) {
  StaticVector<int, 2> v;
  EXPECT_TRUE(v.try_push_back(1));
  EXPECT_TRUE(v.try_push_back(2));
  EXPECT_FALSE(v.try_push_back(3));
  v.erase_at(0);
  ASSERT_EQ(v.size(), 1U);
  EXPECT_EQ(v[0], 2);
}

TEST(FixedString, CutsAtItsCapacity) {
  FixedString<4> text("abcdef");
  EXPECT_EQ(text.view(), "abcd");
  EXPECT_FALSE(text.append("x"));
}

TEST(FixedString, IsCutBetweenTwoCharacters) {
  EXPECT_EQ(FixedString<4>("abc\u00E9").view(), "abc") << "2 bytes, 1 fits";
  EXPECT_EQ(FixedString<5>("abc\u00E9").view(), "abc\u00E9");
  EXPECT_EQ(FixedString<5>("abc\u00E9\u00E9").view(), "abc\u00E9") << "the last one is whole";
  EXPECT_EQ(FixedString<4>("ab\u20AC").view(), "ab") << "3 bytes, 2 fit";
  EXPECT_EQ(FixedString<4>("a\U0001F50B").view(), "a") << "4 bytes, 3 fit";
  EXPECT_EQ(FixedString<4>("\U0001F50Bx").view(), "\U0001F50B");
  EXPECT_EQ(FixedString<1>("\u20AC").view(), "");
}

TEST(FixedString, IsCutBetweenTwoCharactersThatCameByteByByte) {
  FixedString<4> text("ab");
  EXPECT_TRUE(text.append("\xE2"));
  EXPECT_TRUE(text.append("\x82"));
  EXPECT_FALSE(text.append("\xAC"));
  EXPECT_EQ(text.view(), "ab");
}

TEST(FixedString, TakesNothingBehindACutUntilItIsCleared) {
  FixedString<4> text("abc\u00E9");
  EXPECT_FALSE(text.append("x"));
  EXPECT_EQ(text.view(), "abc") << "one byte is free, but x does not follow c";
  EXPECT_TRUE(text.append(""));
  text.clear();
  EXPECT_TRUE(text.append("wxyz"));
  EXPECT_EQ(text.view(), "wxyz");
}

TEST(FixedString, KeepsWhatIsNoUtf8AsItIs) {
  EXPECT_EQ(FixedString<4>("\x80\x80\x80\x80\x80").view(), "\x80\x80\x80\x80");
  EXPECT_EQ(FixedString<2>("\x80\x80\x80").view(), "\x80\x80");
  EXPECT_EQ(FixedString<4>("\xC3\xA9\xA9\xA9\xA9").view(), "\xC3\xA9\xA9\xA9")
      << "more than its two";
}

}  // namespace
}  // namespace ems
