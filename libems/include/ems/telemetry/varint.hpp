// SPDX-License-Identifier: Apache-2.0
/// @file LEB128 variable-length integers and the zigzag map, in the one canonical (shortest) form.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"

namespace ems::telemetry {

/// Most bytes one varint takes.
inline constexpr std::size_t kVarintSizeMax = 10;

/// Small magnitudes of either sign become small numbers: 0, -1, 1, -2 -> 0, 1, 2, 3.
[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t value) noexcept {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
[[nodiscard]] constexpr std::int64_t unzigzag(std::uint64_t value) noexcept {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

/// Bytes that `value` takes: 1 .. 10.
[[nodiscard]] constexpr std::size_t varint_size(std::uint64_t value) noexcept {
  std::size_t size = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++size;
  }
  return size;
}

/// Writes `value` at `at`. @return the offset after it. @pre it fits (varint_size).
constexpr std::size_t store_varint(MutableBytes data, std::size_t at,
                                   std::uint64_t value) noexcept {
  while (value >= 0x80) {
    store_u8(data, at++, static_cast<std::uint8_t>((value & 0x7F) | 0x80));
    value >>= 7;
  }
  store_u8(data, at++, static_cast<std::uint8_t>(value));
  return at;
}

/// Reads the varint at `at` and moves `at` behind it.
///
/// @errors        truncated     the data ends inside it; offset = the end.
///                out_of_range  longer than 64 bits, or not the shortest form; offset = its last
///                              byte.
/// @thread_safety Pure function.
[[nodiscard]] Result<std::uint64_t> load_varint(Bytes data, std::size_t& at) noexcept;

}  // namespace ems::telemetry
