// SPDX-License-Identifier: Apache-2.0
/// @file Private: requests and replies of Modbus RTU as batteries speak it: FC 01, 03, 04, 06, 16.
/// Battery boards read more registers, answer from other units and know other exceptions than the
/// standard says, so nothing but the frame itself is judged here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/model/point.hpp"
#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::register_map {

inline constexpr std::uint8_t kReadCoils = 1;
inline constexpr std::uint8_t kReadHolding = 3;
inline constexpr std::uint8_t kReadInput = 4;
inline constexpr std::uint8_t kWriteOne = 6;
inline constexpr std::uint8_t kWriteMany = 16;

inline constexpr std::size_t kUnitAt = 0;
inline constexpr std::size_t kFunctionAt = 1;
inline constexpr std::size_t kByteCountAt = 2;    // Of a reply to a read.
inline constexpr std::size_t kDataAt = 3;         // Of a reply to a read.
inline constexpr std::size_t kReadOverhead = 5;   // Unit, function, byte count, CRC.
inline constexpr std::size_t kExceptionSize = 5;  // Unit, function, code, CRC.
inline constexpr std::size_t kShortSize = 8;      // Reads, FC 06, the reply to a write.

[[nodiscard]] constexpr bool is_read(std::uint8_t function) noexcept {
  return function == kReadCoils || function == kReadHolding || function == kReadInput;
}
[[nodiscard]] constexpr bool is_write(std::uint8_t function) noexcept {
  return function == kWriteOne || function == kWriteMany;
}

struct Request {
  std::uint8_t unit = 0;
  std::uint8_t function = kReadHolding;
  std::uint16_t at = 0;
  std::uint16_t count = 0;  ///< Registers or coils; of FC 06: the value.
  Bytes values{};           ///< Of FC 16, borrowed.

  /// Data bytes of a sound reply; nullopt: of a write, or more than a reply can hold.
  [[nodiscard]] std::optional<std::size_t> reply_bytes() const noexcept;
};

/// Writes a request. @errors resource_exhausted  out is too small.
[[nodiscard]] Result<std::size_t> encode_request(const Request& request, MutableBytes out) noexcept;

/// @errors truncated header length checksum, in this order; offset = first wrong byte.
[[nodiscard]] Result<Request> parse_request(Bytes request) noexcept;

/// Says what a request asks for as vendor values.
void tell(const Request& request, ReadingSink& sink);

/// Checks a reply up to its CRC and gives the data of a read; empty for a write.
///
/// @param asked  nullptr: not known.
/// @param unit   Who has to answer; nullopt: anybody.
/// @errors truncated header length checksum exception; offset = first wrong byte.
[[nodiscard]] Result<Bytes> check_reply(const Request* asked, std::optional<std::uint8_t> unit,
                                        Bytes reply) noexcept;

/// Finds the reply in a stream: PollCodec::scan().
[[nodiscard]] FrameScan scan_reply(const Request* asked, std::optional<std::uint8_t> unit,
                                   Bytes received) noexcept;

}  // namespace ems::protocol::register_map
