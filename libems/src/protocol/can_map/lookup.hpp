// SPDX-License-Identifier: Apache-2.0
/// @file Private: what reading and speaking a Map have in common.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>

#include "ems/protocol/can_map/map.hpp"

namespace ems::protocol::can_map {

constexpr bool is_extended(const Map& map, std::uint32_t id) noexcept {
  return map.extended || id > kCanIdMax;
}

constexpr std::uint32_t address_in(std::uint32_t id, std::uint32_t mask) noexcept {
  return mask == 0 ? 0 : (id & mask) >> std::countr_zero(mask);
}

constexpr const Selector* find_selector(const Map& map, std::uint32_t id) noexcept {
  for (const Selector& selector : map.selectors) {
    if (selector.id == id) return &selector;
  }
  return nullptr;
}

constexpr bool is_absent(std::int64_t raw, Bits where, std::uint8_t absent) noexcept {
  const std::uint64_t ones = ~std::uint64_t{0} >> (64U - where.size);
  const std::uint64_t bits = static_cast<std::uint64_t>(raw) & ones;
  return ((absent & kZero) != 0 && bits == 0) || ((absent & kAllOnes) != 0 && bits == ones) ||
         ((absent & kLowest) != 0 && bits == std::uint64_t{1} << (where.size - 1U));
}

/// nullopt: no 64 bits can hold it.
constexpr std::optional<std::int64_t> scaled(std::int64_t raw, const Linear& linear) noexcept {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(raw, std::int64_t{linear.scale}, &product)) return std::nullopt;
  std::int64_t sum = 0;
  if (__builtin_add_overflow(product / linear.divide, std::int64_t{linear.offset}, &sum)) {
    return std::nullopt;
  }
  return sum;
}

/// More than the row can be: at_most().
constexpr bool is_too_large(const Row& row, std::int64_t value) noexcept {
  const bool sized = row.use == Use::value || row.use == Use::magnitude;
  return sized && row.operand != 0 && (value > row.operand || value < -row.operand);
}

}  // namespace ems::protocol::can_map
