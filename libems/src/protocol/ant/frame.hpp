// SPDX-License-Identifier: Apache-2.0
/// @file Private: the frame of either direction.
/// @source docs/protocols/ant.md#frame.
#pragma once

#include <array>

#include "protocol/framed.hpp"

namespace ems::protocol::ant {

// Bit 0: + charges; bit 1: the discharge transistor comes first.
inline constexpr std::string_view kVariants[] = {
    "plus_discharges", "plus_charges", "plus_discharges_swapped_fets", "plus_charges_swapped_fets"};

// Frame: 7E A1 function register(2) length data crc(2) AA 55; little-endian.
inline constexpr std::uint8_t kStart = 0x7E;
inline constexpr std::uint8_t kSecond = 0xA1;
inline constexpr std::size_t kFunctionAt = 2;
inline constexpr std::size_t kRegisterAt = 3;
inline constexpr std::size_t kLengthAt = 5;
inline constexpr std::size_t kDataAt = 6;
inline constexpr std::array<std::uint8_t, 2> kEnd{0xAA, 0x55};

enum Function : std::uint8_t {
  kAskStatus = 0x01,
  kAskRegisters = 0x02,
  kAuthenticate = 0x23,
  kWrite = 0x51,
  kStatus = 0x11,
  kRegisters = 0x12,
  kAuthenticated = 0x43,
  kWritten = 0x61,
};

inline constexpr std::uint16_t kAboutRegister = 0x026C;
inline constexpr std::size_t kTextSize = 16;
inline constexpr std::uint8_t kAboutSize = 2 * kTextSize;
inline constexpr std::uint8_t kStatusSize = 0xBE;

/// Boards put bytes that nothing counts or checks behind the checksum of what they are.
inline constexpr std::size_t kSpare = 6;
[[nodiscard]] std::size_t spare_of(Bytes frame) noexcept;

/// The Modbus CRC of all but the start, low byte first.
void sum(Bytes before, MutableBytes checksum) noexcept;
[[nodiscard]] bool sound(Bytes before, Bytes checksum) noexcept;
inline constexpr framed::Shape kReply{.length_at = kLengthAt,
                                      .data_at = kDataAt,
                                      .sound = sound,
                                      .end = kEnd,
                                      .end_size = kEnd.size(),
                                      .spare = spare_of};

struct Asked {
  std::uint8_t function = 0;
  std::uint16_t number = 0;  ///< Of the register.
  std::uint8_t length = 0;
};

[[nodiscard]] constexpr bool is_request(std::uint8_t function) noexcept {
  return function == kAskStatus || function == kAskRegisters || function == kAuthenticate ||
         function == kWrite;
}

/// @errors header truncated length tail checksum; offset = first wrong byte.
[[nodiscard]] Result<Asked> parse_request(Bytes request) noexcept;

[[nodiscard]] constexpr std::uint8_t answer_to(std::uint8_t function) noexcept {
  switch (function) {
    case kAskStatus:
      return kStatus;
    case kAskRegisters:
      return kRegisters;
    case kAuthenticate:
      return kAuthenticated;
    default:
      return kWritten;
  }
}

}  // namespace ems::protocol::ant
