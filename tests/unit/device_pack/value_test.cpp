// SPDX-License-Identifier: Apache-2.0
#include "ems/device_pack/value.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

namespace ems::device_pack {
namespace {

RegisterPoint number(WireType type, std::int64_t multiplier, std::int64_t divisor = 1) {
  RegisterPoint point;
  point.type = type;
  point.registers = static_cast<std::uint8_t>(registers_of(type));
  point.multiplier = multiplier;
  point.divisor = divisor;
  return point;
}

TEST(Value, WordsHaveBothOrders) {
  const std::array<std::uint16_t, 4> words = {0x1122, 0x3344, 0x5566, 0x7788};
  EXPECT_EQ(load_words(std::span{words}.first(1), WordOrder::high_low), 0x1122U);
  EXPECT_EQ(load_words(std::span{words}.first(2), WordOrder::high_low), 0x11223344U);
  EXPECT_EQ(load_words(std::span{words}.first(2), WordOrder::low_high), 0x33441122U);
  EXPECT_EQ(load_words(words, WordOrder::high_low), 0x1122334455667788U);
  EXPECT_EQ(load_words(words, WordOrder::low_high), 0x7788556633441122U);
  for (const WordOrder order : {WordOrder::high_low, WordOrder::low_high}) {
    std::array<std::uint16_t, 4> back{};
    store_words(load_words(words, order), order, back);
    EXPECT_EQ(back, words);
  }
}

TEST(Value, ScalesExactlyAndRoundsToNearest) {
  const struct {
    const char* why;
    RegisterPoint point;
    std::uint64_t raw;
    int exponent;
    std::optional<std::int64_t> value;
  } cases[] = {
      {"s16 positive", number(WireType::s16, 1), 1234, 0, 1234},
      {"s16 negative", number(WireType::s16, 1), 0xFFFF, 0, -1},
      {"s32 negative", number(WireType::s32, 1), 0xFFFFFFFE, 0, -2},
      {"u32 large", number(WireType::u32, 1), 0xFFFFFFFE, 0, 0xFFFFFFFE},
      {"exponent up", number(WireType::s16, 1), 0xFFF6, 2, -1000},
      {"V with -1 to mV", number(WireType::u16, 1000), 2301, -1, 230'100},
      {"Hz with -3 to mHz", number(WireType::u32, 1000), 49'987, -3, 49'987},
      {"a half up", number(WireType::u16, 1), 15, -1, 2},
      {"a half away from zero", number(WireType::s16, 1), 0xFFF1, -1, -2},
      {"below a half", number(WireType::u16, 1), 14, -1, 1},
      {"sign flipped", number(WireType::s16, -1), 5, 0, -5},
      {"a third", number(WireType::u16, 1, 3), 5, 0, 2},
      {"smallest s64", number(WireType::s64, 1), 0x8000000000000000, 0,
       std::numeric_limits<std::int64_t>::min()},
      {"u64 beyond int64", number(WireType::u64, 1), 0x8000000000000000, 0, std::nullopt},
      {"u64 beyond int64 scaled back", number(WireType::u64, 1), 0x8000000000000000, -1,
       922'337'203'685'477'581},
      {"overflow by exponent", number(WireType::u64, 1), 0x7FFFFFFFFFFFFFFF, 1, std::nullopt},
      {"exponent cancels the unit", number(WireType::u64, 1'000'000), 0x7FFFFFFFFFFFFFFF, -6,
       0x7FFFFFFFFFFFFFFF},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(point_value(c.point, c.raw, c.exponent), c.value) << c.why;
  }
}

TEST(Value, NotImplementedIsAbsent) {
  RegisterPoint point = number(WireType::s16, 1);
  EXPECT_EQ(point_value(point, 0x8000, 0), -32768);
  point.has_absent = true;
  point.absent = 0x8000;
  EXPECT_EQ(point_value(point, 0x8000, 0), std::nullopt);
  EXPECT_EQ(point_value(point, 0x8001, 0), -32767);
}

TEST(Value, FloatsComeThroughTheOneL0Function) {
  RegisterPoint point = number(WireType::f32, 1);
  point.float_digits = 3;
  EXPECT_EQ(point_value(point, 0x43660000, 0), 230'000);       // 230.0
  EXPECT_EQ(point_value(point, 0xBF000000, 0), -500);          // -0.5
  EXPECT_EQ(point_value(point, 0x7FC00000, 0), std::nullopt);  // NaN
  EXPECT_EQ(point_value(point, 0x7F800000, 0), std::nullopt);  // infinity
  point.multiplier = -1;
  EXPECT_EQ(point_value(point, 0x43660000, 0), -230'000);
}

TEST(Value, BooleansAreStrictUnlessMasked) {
  RegisterPoint point;
  point.use = PointUse::boolean;
  EXPECT_EQ(point_value(point, 0, 0), 0);
  EXPECT_EQ(point_value(point, 1, 0), 1);
  EXPECT_EQ(point_value(point, 2, 0), std::nullopt);
  point.mask = 0x10;
  EXPECT_EQ(point_value(point, 0x2F, 0), 0);
  EXPECT_EQ(point_value(point, 0x30, 0), 1);
}

TEST(Value, ScaleFactorsOutsideTheirRangeAreUnknown) {
  EXPECT_EQ(scale_exponent(0), 0);
  EXPECT_EQ(scale_exponent(0xFFFF), -1);
  EXPECT_EQ(scale_exponent(10), 10);
  EXPECT_EQ(scale_exponent(0xFFF6), -10);
  EXPECT_EQ(scale_exponent(11), std::nullopt);
  EXPECT_EQ(scale_exponent(0xFFF5), std::nullopt);
  EXPECT_EQ(scale_exponent(0x8000), std::nullopt);
}

TEST(Value, WrittenValuesRoundTowardsZero) {
  WriteField field;
  field.type = WireType::s32;
  EXPECT_EQ(field_raw(field, 1999, 1), 199);
  EXPECT_EQ(field_raw(field, -1999, 1), -199);
  EXPECT_EQ(field_raw(field, -1999, -1), -19'990);
  field.multiplier = 1000;  // The register counts kW.
  EXPECT_EQ(field_raw(field, 2999, 0), 2);
  field.multiplier = -1000;
  EXPECT_EQ(field_raw(field, 2999, 0), -2);
}

TEST(Value, TheReservedValueOfATypeIsNeverWritten) {
  EXPECT_TRUE(fits_wire(WireType::s16, -32767));
  EXPECT_FALSE(fits_wire(WireType::s16, -32768));
  EXPECT_FALSE(fits_wire(WireType::s16, 32768));
  EXPECT_TRUE(fits_wire(WireType::u16, 65534));
  EXPECT_FALSE(fits_wire(WireType::u16, 65535));
  EXPECT_FALSE(fits_wire(WireType::u32, -1));
  EXPECT_FALSE(fits_wire(WireType::s32, 0x80000000LL));
}

TEST(Value, TextsEndAtNulAndAreCleaned) {
  const struct {
    const char* why;
    std::array<std::uint16_t, 3> words;
    std::string text;
  } cases[] = {
      {"padded with NUL", {0x4142, 0x4300, 0x5858}, "ABC"},
      {"padded with blanks", {0x4142, 0x2020, 0x2020}, "AB"},
      {"full", {0x4142, 0x4344, 0x4546}, "ABCDEF"},
      {"not implemented", {0, 0, 0}, ""},
      {"SunSpec's empty string", {0x0080, 0, 0}, ""},
      {"UTF-8", {0xC3A4, 0xE282, 0xAC00}, "\xC3\xA4\xE2\x82\xAC"},
      {"control character", {0x410A, 0x4200, 0}, "A?B"},
      {"broken UTF-8", {0x41C3, 0x4200, 0}, "A?B"},
  };
  for (const auto& c : cases) {
    std::array<char, 6> room{};
    EXPECT_EQ(register_text(c.words, room), c.text) << c.why;
  }
}

}  // namespace
}  // namespace ems::device_pack
