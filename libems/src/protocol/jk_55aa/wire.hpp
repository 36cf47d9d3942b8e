// SPDX-License-Identifier: Apache-2.0
/// @file Private: what frames of either direction have in common.
#pragma once

#include <array>
#include <cstdint>

#include "ems/core/bytes.hpp"

namespace ems::protocol::jk_55aa {

using Start = std::array<std::uint8_t, 4>;
inline constexpr Start kStart{0x55, 0xAA, 0xEB, 0x90};         ///< Of a frame.
inline constexpr Start kCommandStart{0xAA, 0x55, 0x90, 0xEB};  ///< Of a command, or its echo.

/// The checksum of both.
[[nodiscard]] constexpr std::uint8_t sum_of(Bytes bytes) noexcept {
  unsigned sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += load_u8(bytes, i);
  return static_cast<std::uint8_t>(sum & 0xFFU);
}

}  // namespace ems::protocol::jk_55aa
