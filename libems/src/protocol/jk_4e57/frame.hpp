// SPDX-License-Identifier: Apache-2.0
/// @file Private: the frame of either direction.
/// @source docs/protocols/jk_4e57.md#frame.
#pragma once

#include <optional>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"

namespace ems::protocol::jk_4e57 {

// 4E 57 | length 2 | terminal 4 | command | source | type | data | record 4 | 68 | 00 00 | sum 2
inline constexpr std::uint8_t kStart[] = {0x4E, 0x57};
inline constexpr std::size_t kLengthAt = 2;  // Of every byte from here.
inline constexpr std::size_t kCommandAt = 8;
inline constexpr std::size_t kSourceAt = 9;
inline constexpr std::size_t kTypeAt = 10;
inline constexpr std::size_t kDataAt = 11;
inline constexpr std::size_t kEndFromBack = 5;
inline constexpr std::size_t kSumFromBack = 2;
inline constexpr std::size_t kUnsummed = 4;
inline constexpr std::size_t kBehindData = 9;  // Record and all that follows.
inline constexpr std::size_t kOverhead = kDataAt + kBehindData;
inline constexpr std::uint8_t kEnd = 0x68;

inline constexpr std::uint8_t kWrite = 0x02;
inline constexpr std::uint8_t kReadOne = 0x03;
inline constexpr std::uint8_t kReadAll = 0x06;
inline constexpr std::uint8_t kFromBoard = 0;
inline constexpr std::uint8_t kFromComputer = 3;
inline constexpr std::uint8_t kRequest = 0;
inline constexpr std::uint8_t kReply = 1;
inline constexpr std::uint8_t kPushed = 2;

/// Whether a byte is there.
[[nodiscard]] constexpr bool has(Bytes frame, std::size_t at) noexcept { return frame.size() > at; }

/// @errors truncated header  not a start, as far as its bytes go.
[[nodiscard]] Result<void> check_start(Bytes frame) noexcept;
/// Everything behind the header. Gives the data.
/// @errors truncated length tail checksum; offset = first wrong byte.
[[nodiscard]] Result<Bytes> check_body(Bytes frame) noexcept;

struct Header {
  std::uint8_t command = 0;
  std::uint8_t source = 0;
  std::uint8_t type = 0;
};
/// Writes a frame around `data`.
/// @errors resource_exhausted  out is too small.
[[nodiscard]] Result<std::size_t> encode(const Header& header, Bytes data,
                                         MutableBytes out) noexcept;

struct Request {
  std::uint8_t command = 0;
  Bytes data{};
  /// The one tag asked for; nullopt: everything, or not a read.
  [[nodiscard]] std::optional<std::uint8_t> tag() const noexcept {
    if (command != kReadOne || data.empty() || load_u8(data, 0) == 0) return std::nullopt;
    return load_u8(data, 0);
  }
};
/// @errors those of check_start() and check_body(); header: a reply.
[[nodiscard]] Result<Request> parse_request(Bytes request) noexcept;

}  // namespace ems::protocol::jk_4e57
