// SPDX-License-Identifier: Apache-2.0
#include "ems/core/bytes.hpp"

#include <limits>

namespace ems {
namespace {

constexpr std::uint64_t kPowersOfTen[] = {
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

// mantissa * 10^digits < 2^24 * 2^30 = 2^54 fits 64 bit, and shifting left is bounded below.
constexpr std::uint64_t kMaxMagnitude =
    static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

}  // namespace

std::optional<std::int64_t> float32_to_scaled(std::uint32_t bits, int digits) noexcept {
  EMS_ASSERT(digits >= 0 && digits <= 9);
  const bool negative = (bits >> 31) != 0;
  const std::uint32_t biased = (bits >> 23) & 0xFF;
  const std::uint32_t fraction = bits & 0x7F'FFFF;
  if (biased == 0xFF) return std::nullopt;  // NaN or infinity.

  // value = mantissa * 2^exponent; a subnormal has no hidden bit.
  const std::uint64_t mantissa = biased == 0 ? fraction : (fraction | 0x80'0000);
  const int exponent = (biased == 0 ? 1 : static_cast<int>(biased)) - 150;
  const std::uint64_t scaled = mantissa * kPowersOfTen[digits];

  std::uint64_t magnitude = 0;
  if (exponent >= 0) {
    if (exponent >= 63 || scaled > (kMaxMagnitude >> exponent)) return std::nullopt;
    magnitude = scaled << exponent;
  } else if (-exponent < 64) {
    const int shift = -exponent;
    magnitude = (scaled >> shift) + ((scaled >> (shift - 1)) & 1);  // Nearest, ties away from zero.
  }
  const auto value = static_cast<std::int64_t>(magnitude);
  return negative ? -value : value;
}

}  // namespace ems
