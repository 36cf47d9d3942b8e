// SPDX-License-Identifier: Apache-2.0
#include "ems/aggregate/wide.hpp"

#include <limits>

#include "ems/core/assert.hpp"

namespace ems::aggregate {

std::int64_t Wide::floor_div(std::int64_t divisor) const noexcept {
  EMS_ASSERT(divisor > 0);
  const bool below = negative();
  const Wide magnitude = below ? -*this : *this;
  const auto by = static_cast<std::uint64_t>(divisor);
  std::uint64_t rest = magnitude.high_ % by;  // The high word's quotient overflows int64.
  bool large = magnitude.high_ / by != 0;
  std::uint64_t quotient = 0;
  for (int bit = 63; bit >= 0; --bit) {
    const std::uint64_t carry = rest >> 63U;
    rest = (rest << 1U) | (magnitude.low_ >> static_cast<unsigned>(bit) & 1U);
    quotient <<= 1U;
    if (carry != 0 || rest >= by) {
      rest -= by;
      quotient |= 1U;
    }
  }
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
  large = large || quotient > static_cast<std::uint64_t>(kMax);
  if (large) return below ? kMin : kMax;
  const auto whole = static_cast<std::int64_t>(quotient);
  return below ? -whole - (rest != 0 ? 1 : 0) : whole;
}

std::int64_t Wide::round_div(std::int64_t divisor) const noexcept {
  Wide shifted = *this;
  shifted += product(divisor / 2, 1);
  return shifted.floor_div(divisor);
}

}  // namespace ems::aggregate
