// SPDX-License-Identifier: Apache-2.0
/// @file Modbus RTU framing: unit, PDU, CRC-16. Streams are delimited by content, not by silence,
/// so the same code runs on a tty, on a pty and behind a TCP serial server.
///
/// @source docs/protocols/modbus.md#rtu; MODBUS over Serial Line V1.02, sections 2.5.1 and 6.2.2.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/protocol/modbus/pdu.hpp"
#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::modbus {

inline constexpr std::size_t kRtuFrameSize = 256;  ///< Largest RTU frame: unit, 253, CRC.
inline constexpr std::size_t kRtuOverhead = 3;     ///< Unit and CRC.
inline constexpr std::uint8_t kBroadcastUnit = 0;  ///< Everybody acts, nobody answers.

/// CRC-16/MODBUS: polynomial 0xA001 (reflected), initial 0xFFFF; goes low byte first on the wire.
/// @thread_safety Pure function, like all of this file.
[[nodiscard]] std::uint16_t crc16(Bytes data) noexcept;

/// One frame taken apart; `pdu` is borrowed from it.
struct RtuFrame {
  std::uint8_t unit = 0;
  Bytes pdu;
};

/// Puts unit and CRC around a PDU. @param out  At least pdu.size() + 3 bytes.
/// @return Bytes written. @errors length  PDU empty or longer than 253; resource_exhausted.
[[nodiscard]] Result<std::size_t> encode_rtu(std::uint8_t unit, Bytes pdu,
                                             MutableBytes out) noexcept;

/// Takes exactly one frame apart and checks its CRC.
/// @errors truncated  fewer than 4 bytes, offset = size; length  more than 256, offset 256;
///         checksum   offset = first CRC byte.
[[nodiscard]] Result<RtuFrame> decode_rtu(Bytes frame) noexcept;

/// Finds the next *request* frame in what a server received. A candidate counts only with a known
/// function, a plausible size and a good CRC; bytes that can begin no frame are noise.
[[nodiscard]] FrameScan scan_rtu_request(Bytes received) noexcept;

/// Finds the response to `request` (unit and PDU) in what a client received. The frame may still
/// have a bad CRC when it lies at the very start: decode_rtu() then names the error.
/// @param request  Unit and PDU that were sent, without CRC, at least 2 bytes.
[[nodiscard]] FrameScan scan_rtu_response(Bytes request, Bytes received) noexcept;

}  // namespace ems::protocol::modbus
