// SPDX-License-Identifier: Apache-2.0
/// @file Loads and stores of fixed-width integers at an offset. Bounds are asserted: check lengths
/// first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ems/core/assert.hpp"

namespace ems {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

[[nodiscard]] constexpr std::uint8_t load_u8(Bytes data, std::size_t at) noexcept {
  EMS_ASSERT(at < data.size());
  return std::to_integer<std::uint8_t>(data[at]);
}

namespace detail {
template <class U, bool kBigEndian>
[[nodiscard]] constexpr U load(Bytes data, std::size_t at) noexcept {
  EMS_ASSERT(data.size() >= sizeof(U) && at <= data.size() - sizeof(U));
  U value = 0;
  for (std::size_t i = 0; i < sizeof(U); ++i) {
    const std::size_t shift = 8 * (kBigEndian ? sizeof(U) - 1 - i : i);
    value = static_cast<U>(value | static_cast<U>(std::to_integer<U>(data[at + i]) << shift));
  }
  return value;
}
template <class U, bool kBigEndian>
constexpr void store(MutableBytes data, std::size_t at, U value) noexcept {
  EMS_ASSERT(data.size() >= sizeof(U) && at <= data.size() - sizeof(U));
  for (std::size_t i = 0; i < sizeof(U); ++i) {
    const std::size_t shift = 8 * (kBigEndian ? sizeof(U) - 1 - i : i);
    data[at + i] = static_cast<std::byte>((value >> shift) & 0xFF);
  }
}
}  // namespace detail

[[nodiscard]] constexpr std::uint16_t load_be16(Bytes d, std::size_t at) noexcept {
  return detail::load<std::uint16_t, true>(d, at);
}
[[nodiscard]] constexpr std::uint32_t load_be32(Bytes d, std::size_t at) noexcept {
  return detail::load<std::uint32_t, true>(d, at);
}
[[nodiscard]] constexpr std::uint64_t load_be64(Bytes d, std::size_t at) noexcept {
  return detail::load<std::uint64_t, true>(d, at);
}
[[nodiscard]] constexpr std::uint16_t load_le16(Bytes d, std::size_t at) noexcept {
  return detail::load<std::uint16_t, false>(d, at);
}
[[nodiscard]] constexpr std::uint32_t load_le32(Bytes d, std::size_t at) noexcept {
  return detail::load<std::uint32_t, false>(d, at);
}
[[nodiscard]] constexpr std::uint64_t load_le64(Bytes d, std::size_t at) noexcept {
  return detail::load<std::uint64_t, false>(d, at);
}
constexpr void store_u8(MutableBytes d, std::size_t at, std::uint8_t v) noexcept {
  detail::store<std::uint8_t, true>(d, at, v);
}
constexpr void store_be16(MutableBytes d, std::size_t at, std::uint16_t v) noexcept {
  detail::store<std::uint16_t, true>(d, at, v);
}
constexpr void store_be32(MutableBytes d, std::size_t at, std::uint32_t v) noexcept {
  detail::store<std::uint32_t, true>(d, at, v);
}
constexpr void store_be64(MutableBytes d, std::size_t at, std::uint64_t v) noexcept {
  detail::store<std::uint64_t, true>(d, at, v);
}
constexpr void store_le16(MutableBytes d, std::size_t at, std::uint16_t v) noexcept {
  detail::store<std::uint16_t, false>(d, at, v);
}
constexpr void store_le32(MutableBytes d, std::size_t at, std::uint32_t v) noexcept {
  detail::store<std::uint32_t, false>(d, at, v);
}
constexpr void store_le64(MutableBytes d, std::size_t at, std::uint64_t v) noexcept {
  detail::store<std::uint64_t, false>(d, at, v);
}

/// Value of an IEEE 754 binary32, given as its bits, times 10^`digits`, rounded to the nearest
/// integer (ties away from zero).
///
/// The only place in L0 and L1 where a floating-point format is understood; done in integers, so
/// every machine agrees.
///
/// @param bits    The 32 bits as they stood on the wire, in host order.
/// @param digits  Decimal digits of the target unit, 0 .. 9: 3 turns volts into millivolts.
/// @return        The scaled integer; nullopt for NaN, infinity, or a result outside int64.
/// @thread_safety Pure function.
[[nodiscard]] std::optional<std::int64_t> float32_to_scaled(std::uint32_t bits,
                                                            int digits) noexcept;

}  // namespace ems
