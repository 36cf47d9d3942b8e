// SPDX-License-Identifier: Apache-2.0
#include "ems/core/decimal.hpp"

#include "ems/core/assert.hpp"

namespace ems {
namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr int kExponentMax = 99;

}  // namespace

Result<std::int64_t> parse_decimal(std::string_view text, int digits) noexcept {
  EMS_ASSERT(digits >= 0 && digits <= 9);
  std::size_t at = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) ++at;

  // The mantissa is walked twice: to find its shape, then to accumulate with the exponent known.
  const std::size_t mantissa_at = at;
  std::size_t digit_count = 0;
  std::size_t point_at = std::string_view::npos;
  for (; at < text.size(); ++at) {
    if (is_digit(text[at])) {
      ++digit_count;
    } else if (text[at] == '.' && point_at == std::string_view::npos) {
      point_at = at;
    } else {
      break;
    }
  }
  const std::size_t mantissa_end = at;
  if (digit_count == 0) return fail(Errc::syntax, at, "not a decimal number");

  int exponent = 0;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    const bool exponent_negative = at < text.size() && text[at] == '-';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (at == text.size()) return fail(Errc::syntax, at, "not a decimal number");
    for (; at < text.size() && is_digit(text[at]); ++at) {
      exponent = exponent * 10 + (text[at] - '0');
      if (exponent > kExponentMax) return fail(Errc::out_of_range, at, "exponent too large");
    }
    if (exponent_negative) exponent = -exponent;
  }
  if (at != text.size()) return fail(Errc::syntax, at, "not a decimal number");

  int places_left =
      digits + exponent;  // Decimals that still lie on the grid, counted from the point.
  std::int64_t value = 0;
  bool past_point = false;
  for (std::size_t i = mantissa_at; i < mantissa_end; ++i) {
    if (text[i] == '.') {
      past_point = true;
      continue;
    }
    if (past_point && places_left <= 0) {
      if (text[i] != '0') return fail(Errc::off_grid, i, "more decimal places than the unit holds");
      continue;
    }
    if (past_point) --places_left;
    const int digit = text[i] - '0';
    if (__builtin_mul_overflow(value, std::int64_t{10}, &value) ||
        __builtin_add_overflow(value, negative ? -digit : digit, &value)) {
      return fail(Errc::out_of_range, i, "number does not fit 64 bits");
    }
  }
  for (; places_left < 0; ++places_left) {  // "150e-1": only zeros may fall below the grid.
    if (value % 10 != 0)
      return fail(Errc::off_grid, mantissa_end - 1, "more decimal places than the unit holds");
    value /= 10;
  }
  for (; places_left > 0 && value != 0; --places_left) {
    if (__builtin_mul_overflow(value, std::int64_t{10}, &value)) {
      return fail(Errc::out_of_range, 0, "number does not fit 64 bits");
    }
  }
  return value;
}

std::string_view format_decimal(std::int64_t count, int digits, std::span<char> out) noexcept {
  EMS_ASSERT(digits >= 0 && digits <= 9);
  EMS_ASSERT(out.size() >= kDecimalTextSize);
  const bool negative = count < 0;
  std::uint64_t rest =
      negative ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  int places = digits;
  for (; places > 1 && rest % 10 == 0; --places)
    rest /= 10;  // Keep one decimal: 3.0 is a decimal, 3 an integer.

  std::size_t at = kDecimalTextSize;
  int written = 0;
  do {
    if (places > 0 && written == places) out[--at] = '.';
    out[--at] = static_cast<char>('0' + rest % 10);
    rest /= 10;
    ++written;
  } while (rest != 0 || written <= places);
  if (negative) out[--at] = '-';
  return {out.data() + at, kDecimalTextSize - at};
}

}  // namespace ems
