// SPDX-License-Identifier: Apache-2.0
/// @file Private: the frame of either direction.
/// @source docs/protocols/seplos_v2_bin.md#frame.
#pragma once

#include "protocol/framed.hpp"

namespace ems::protocol::seplos_v2_bin {

// request  7E 10 address 46      command length(2) data crc(2) 0D
// reply    7E 14 address command code    length(2) data crc(2) 0D
inline constexpr std::uint8_t kStart = 0x7E;
inline constexpr std::uint8_t kAsks = 0x10;
inline constexpr std::uint8_t kReplies = 0x14;
inline constexpr std::uint8_t kDevice = 0x46;
inline constexpr std::size_t kAddressAt = 2;
inline constexpr std::size_t kCommandAt = 4;  // Of a request.
inline constexpr std::size_t kEchoAt = 3;     // Of a reply.
inline constexpr std::size_t kCodeAt = 4;     // Of a reply.
inline constexpr std::size_t kLengthAt = 5;
inline constexpr std::size_t kDataAt = 7;
inline constexpr std::uint8_t kAddressMax = 15;

/// CRC-16/XMODEM of all but the start.
void sum(Bytes before, MutableBytes checksum) noexcept;
[[nodiscard]] bool sound(Bytes before, Bytes checksum) noexcept;
inline constexpr framed::Shape kShape{
    .length_at = kLengthAt, .length_size = 2, .data_at = kDataAt, .sound = sound, .end = {0x0D}};

struct Asked {
  std::uint8_t address = 0;
  std::uint8_t command = 0;
};

/// @errors header truncated length tail checksum; offset = first wrong byte.
[[nodiscard]] Result<Asked> parse_request(Bytes request) noexcept;

}  // namespace ems::protocol::seplos_v2_bin
