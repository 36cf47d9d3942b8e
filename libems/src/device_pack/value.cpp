// SPDX-License-Identifier: Apache-2.0
#include "ems/device_pack/value.hpp"

#include <array>
#include <limits>
#include <numeric>

#include "ems/core/assert.hpp"
#include "ems/core/bytes.hpp"

namespace ems::device_pack {
namespace {

constexpr std::uint16_t kScaleNotImplemented = 0x8000;
constexpr std::uint64_t kInt64Max = std::numeric_limits<std::int64_t>::max();

constexpr std::array<std::uint64_t, kScaleExponentMax + 1> kPowersOfTen = {
    1ULL,         10ULL,         100ULL,         1'000ULL,         10'000ULL,        100'000ULL,
    1'000'000ULL, 10'000'000ULL, 100'000'000ULL, 1'000'000'000ULL, 10'000'000'000ULL};

// A sign and an unsigned magnitude: no overflow at either end of int64 or uint64.
struct Signed {
  bool negative = false;
  std::uint64_t magnitude = 0;
};

constexpr Signed split(std::int64_t value) noexcept {
  const auto bits = static_cast<std::uint64_t>(value);
  return value < 0 ? Signed{true, 0 - bits} : Signed{false, bits};
}

constexpr std::optional<std::int64_t> join(const Signed& value) noexcept {
  if (!value.negative) {
    if (value.magnitude > kInt64Max) return std::nullopt;
    return static_cast<std::int64_t>(value.magnitude);
  }
  if (value.magnitude > kInt64Max + 1) return std::nullopt;
  return static_cast<std::int64_t>(0 - value.magnitude);
}

struct Fraction {
  std::uint64_t numerator = 1;
  std::uint64_t denominator = 1;
};

// factor * 10^exponent in lowest terms; nullopt when it does not fit.
std::optional<Fraction> with_exponent(Fraction factor, int exponent) noexcept {
  const auto reduce = [](std::uint64_t& a, std::uint64_t& b) {
    const std::uint64_t common = std::gcd(a, b);
    if (common > 1) {
      a /= common;
      b /= common;
    }
  };
  reduce(factor.numerator, factor.denominator);
  std::uint64_t power = kPowersOfTen[static_cast<std::size_t>(exponent < 0 ? -exponent : exponent)];
  std::uint64_t& other = exponent < 0 ? factor.numerator : factor.denominator;
  std::uint64_t& target = exponent < 0 ? factor.denominator : factor.numerator;
  reduce(other, power);
  if (__builtin_mul_overflow(target, power, &target)) return std::nullopt;
  return factor;
}

enum class Round : std::uint8_t { nearest, towards_zero };

std::optional<std::uint64_t> multiply(std::uint64_t magnitude, const Fraction& factor,
                                      Round round) noexcept {
  const std::uint64_t whole = magnitude / factor.denominator;
  const std::uint64_t rest = magnitude % factor.denominator;
  std::uint64_t result = 0;
  std::uint64_t scaled_rest = 0;
  if (__builtin_mul_overflow(whole, factor.numerator, &result)) return std::nullopt;
  if (__builtin_mul_overflow(rest, factor.numerator, &scaled_rest)) return std::nullopt;
  std::uint64_t part = scaled_rest / factor.denominator;
  const std::uint64_t left = scaled_rest % factor.denominator;
  if (round == Round::nearest && left >= factor.denominator - left) ++part;
  if (__builtin_add_overflow(result, part, &result)) return std::nullopt;
  return result;
}

constexpr bool is_signed(WireType type) noexcept {
  return type == WireType::s16 || type == WireType::s32 || type == WireType::s64;
}

Signed raw_number(WireType type, std::uint64_t raw) noexcept {
  if (!is_signed(type)) return {false, raw};
  switch (registers_of(type)) {
    case 1:
      return split(static_cast<std::int16_t>(static_cast<std::uint16_t>(raw)));
    case 2:
      return split(static_cast<std::int32_t>(static_cast<std::uint32_t>(raw)));
    default:
      return split(static_cast<std::int64_t>(raw));
  }
}

std::optional<std::int64_t> number(const RegisterPoint& point, std::uint64_t raw,
                                   int exponent) noexcept {
  const Signed factor = split(point.multiplier);
  if (point.type == WireType::f32) {
    const auto scaled = float32_to_scaled(static_cast<std::uint32_t>(raw), point.float_digits);
    if (!scaled) return std::nullopt;
    const Signed value = split(*scaled);
    return join({value.negative != factor.negative, value.magnitude});
  }
  const Signed value = raw_number(point.type, raw);
  const auto fraction =
      with_exponent({factor.magnitude, static_cast<std::uint64_t>(point.divisor)}, exponent);
  if (!fraction) return std::nullopt;
  const auto magnitude = multiply(value.magnitude, *fraction, Round::nearest);
  if (!magnitude) return std::nullopt;
  return join({value.negative != factor.negative, *magnitude});
}

std::optional<std::int64_t> boolean(std::uint64_t mask, std::uint64_t raw) noexcept {
  if (mask != 0) return (raw & mask) != 0 ? 1 : 0;
  if (raw > 1) return std::nullopt;
  return static_cast<std::int64_t>(raw);
}

// Bytes of the UTF-8 character at `at`; 0 when there is none.
std::size_t utf8_length(std::span<const char> text, std::size_t at) noexcept {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return first >= 0x20 && first != 0x7F ? 1 : 0;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() - at < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) return 0;
  }
  const unsigned char second = byte(at + 1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second > 0x9F;
  const bool too_large = first == 0xF4 && second > 0x8F;
  return overlong || surrogate || too_large ? 0 : length;
}

}  // namespace

std::uint64_t load_words(std::span<const std::uint16_t> registers, WordOrder order) noexcept {
  EMS_ASSERT(registers.size() == 1 || registers.size() == 2 || registers.size() == 4);
  std::uint64_t raw = 0;
  for (std::size_t i = 0; i < registers.size(); ++i) {
    raw = (raw << 16U) | registers[order == WordOrder::high_low ? i : registers.size() - 1 - i];
  }
  return raw;
}

void store_words(std::uint64_t raw, WordOrder order, std::span<std::uint16_t> registers) noexcept {
  EMS_ASSERT(registers.size() == 1 || registers.size() == 2 || registers.size() == 4);
  for (std::size_t i = 0; i < registers.size(); ++i) {
    const std::size_t at = order == WordOrder::low_high ? i : registers.size() - 1 - i;
    registers[at] = static_cast<std::uint16_t>(raw & 0xFFFFU);
    raw >>= 16U;
  }
}

std::optional<int> scale_exponent(std::uint16_t raw) noexcept {
  if (raw == kScaleNotImplemented) return std::nullopt;
  const int exponent = static_cast<std::int16_t>(raw);
  if (exponent < -kScaleExponentMax || exponent > kScaleExponentMax) return std::nullopt;
  return exponent;
}

std::optional<std::int64_t> point_value(const RegisterPoint& point, std::uint64_t raw,
                                        int exponent) noexcept {
  EMS_ASSERT(point.divisor > 0);
  EMS_ASSERT(exponent >= -kScaleExponentMax && exponent <= kScaleExponentMax);
  if (point.has_absent && raw == point.absent) return std::nullopt;
  switch (point.use) {
    case PointUse::number:
      return number(point, raw, exponent);
    case PointUse::bits:
      return join({false, raw});
    case PointUse::boolean:
      return boolean(point.mask, raw);
    case PointUse::text:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::int64_t> field_raw(const WriteField& field, std::int64_t value,
                                      int exponent) noexcept {
  EMS_ASSERT(field.multiplier != 0 && field.divisor > 0);
  EMS_ASSERT(exponent >= -kScaleExponentMax && exponent <= kScaleExponentMax);
  const Signed factor = split(field.multiplier);
  const Signed number = split(value);
  const auto fraction =
      with_exponent({static_cast<std::uint64_t>(field.divisor), factor.magnitude}, -exponent);
  if (!fraction) return std::nullopt;
  const auto magnitude = multiply(number.magnitude, *fraction, Round::towards_zero);
  if (!magnitude) return std::nullopt;
  return join({number.negative != factor.negative, *magnitude});
}

bool fits_wire(WireType type, std::int64_t raw) noexcept {
  using S16 = std::numeric_limits<std::int16_t>;
  using S32 = std::numeric_limits<std::int32_t>;
  switch (type) {  // The reserved value of each type (all ones, or the most negative) is left out.
    case WireType::s16:
      return raw > S16::min() && raw <= S16::max();
    case WireType::u16:
      return raw >= 0 && raw < std::numeric_limits<std::uint16_t>::max();
    case WireType::s32:
      return raw > S32::min() && raw <= S32::max();
    case WireType::u32:
      return raw >= 0 && raw < std::numeric_limits<std::uint32_t>::max();
    case WireType::s64:
      return raw > std::numeric_limits<std::int64_t>::min();
    case WireType::u64:
      return raw >= 0;
    case WireType::f32:
    case WireType::text:
      return false;
  }
  return false;
}

std::string_view register_text(std::span<const std::uint16_t> registers,
                               std::span<char> out) noexcept {
  EMS_ASSERT(out.size() >= 2 * registers.size());
  std::size_t size = 0;
  for (const std::uint16_t word : registers) {
    const auto high = static_cast<char>(word >> 8U);
    const auto low = static_cast<char>(word & 0xFFU);
    if (high == '\0') break;
    out[size++] = high;
    if (low == '\0') break;
    out[size++] = low;
  }
  while (size > 0 && out[size - 1] == ' ') --size;
  const std::span<char> text = out.first(size);
  for (std::size_t i = 0; i < size;) {
    const std::size_t length = utf8_length(text, i);
    if (length == 0) text[i] = '?';
    i += length == 0 ? 1 : length;
  }
  return {text.data(), size};
}

}  // namespace ems::device_pack
