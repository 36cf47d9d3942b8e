// SPDX-License-Identifier: Apache-2.0
/// @file Private: what frames of either direction have in common.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"

namespace ems::protocol::jk_55aa {

using Start = std::array<std::uint8_t, 4>;
inline constexpr Start kStart{0x55, 0xAA, 0xEB, 0x90};         ///< Of a frame.
inline constexpr Start kCommandStart{0xAA, 0x55, 0x90, 0xEB};  ///< Of a command, or its echo.

inline constexpr std::string_view kVariants[] = {"32S", "24S"};  // As in Layout.

// Command: AA 55 90 EB command size value(size) 00... sum.
inline constexpr std::size_t kCommandAt = 4;
inline constexpr std::size_t kValueSizeAt = 5;
inline constexpr std::size_t kCommandSize = 20;
inline constexpr std::size_t kCommandSumAt = kCommandSize - 1;
inline constexpr std::uint8_t kAskStatus = 0x96;
inline constexpr std::uint8_t kAskAbout = 0x97;

/// The checksum of both.
[[nodiscard]] constexpr std::uint8_t sum_of(Bytes bytes) noexcept {
  unsigned sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += load_u8(bytes, i);
  return static_cast<std::uint8_t>(sum & 0xFFU);
}

/// Checks a command. @return Its number.
/// @errors truncated header length checksum; offset = first wrong byte.
[[nodiscard]] Result<std::uint8_t> parse_command(Bytes command) noexcept;

}  // namespace ems::protocol::jk_55aa
