// SPDX-License-Identifier: Apache-2.0
/// @file Modbus TCP framing: the MBAP header (transaction, protocol 0, length, unit) and a PDU.
///
/// @source docs/protocols/modbus.md#tcp; MODBUS Messaging on TCP/IP Implementation Guide V1.0b,
/// section 3.1.3.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/protocol/modbus/pdu.hpp"
#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::modbus {

inline constexpr std::size_t kMbapSize = 7;
inline constexpr std::size_t kTcpFrameSize = kMbapSize + kPduSize;
inline constexpr std::uint16_t kTcpPort = 502;

/// One frame taken apart; `pdu` is borrowed from it.
struct TcpFrame {
  std::uint16_t transaction = 0;
  std::uint8_t unit = 0;
  Bytes pdu;
};

/// Puts an MBAP header before a PDU. @param out  At least pdu.size() + 7 bytes.
/// @return Bytes written. @errors length  PDU empty or longer than 253; resource_exhausted.
/// @thread_safety Pure function, like all of this file.
[[nodiscard]] Result<std::size_t> encode_tcp(std::uint16_t transaction, std::uint8_t unit,
                                             Bytes pdu, MutableBytes out) noexcept;

/// Takes exactly one frame apart.
/// @errors header     protocol id is not 0, offset 2; truncated  offset = size;
///         length     the length field is not 2 .. 254 or disagrees with the size, offset 4.
[[nodiscard]] Result<TcpFrame> decode_tcp(Bytes frame) noexcept;

/// Finds the next frame. Bytes at which no header with protocol id 0 and length 2 .. 254 can start
/// are noise.
[[nodiscard]] FrameScan scan_tcp(Bytes received) noexcept;

}  // namespace ems::protocol::modbus
