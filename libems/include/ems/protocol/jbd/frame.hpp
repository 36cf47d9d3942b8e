// SPDX-License-Identifier: Apache-2.0
/// @file The frame of JBD (Xiaoxiang, Overkill Solar, LLT) battery management systems: requests and
/// replies between DD and 77. Pure, heapless, MCU-safe.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/protocol/poll_codec.hpp"

namespace ems::protocol::jbd {

/// Registers that libems uses.
enum class Register : std::uint8_t {
  basic_info = 0x03,
  cell_voltages = 0x04,
  device_model = 0x05,
  error_counts = 0xAA,
  fet_control = 0xE1,  ///< Write only.
};

inline constexpr std::size_t kFrameOverhead = 7;  ///< Bytes around the payload, both directions.
inline constexpr std::size_t kPayloadSizeMax = 255;
inline constexpr std::size_t kFrameSizeMax = kFrameOverhead + kPayloadSizeMax;
inline constexpr std::size_t kPayloadAt = 4;  ///< Offset of the payload in either direction.
inline constexpr std::uint8_t kStatusOk = 0x00;
inline constexpr std::uint8_t kStatusError = 0x80;

/// A request taken apart.
struct Request {
  bool write = false;
  std::uint8_t number = 0;  ///< Register, of Register or any other.
  Bytes data{};             ///< Borrowed from the request.
};

/// Writes the request that reads one register.
///
/// @param out     At least kFrameOverhead bytes.
/// @return        Bytes written: 7.
/// @errors        invalid_argument    fet_control cannot be read.
///                resource_exhausted  out is too small.
/// @thread_safety Pure function.
/// @source        docs/protocols/jbd.md#frame; vectors tests/vectors/bms_serial_jbd.json.
[[nodiscard]] Result<std::size_t> encode_read(Register which, MutableBytes out) noexcept;

/// Writes the request that switches the charge and discharge transistors (register E1).
///
/// On the wire a set bit switches *off*: bit 0 the charge transistor, bit 1 the discharge
/// transistor.
///
/// @param out     At least 9 bytes.
/// @return        Bytes written: 9.
/// @errors        resource_exhausted  out is too small.
/// @thread_safety Pure function.
/// @source        docs/protocols/jbd.md#fet-control; vectors jbd-mos-*.
[[nodiscard]] Result<std::size_t> encode_fet_control(const SwitchCommand& command,
                                                     MutableBytes out) noexcept;

/// Writes a reply as a device does; for simulators and tests.
///
/// @param number  Register it answers.
/// @param payload At most kPayloadSizeMax bytes.
/// @param out     At least payload + kFrameOverhead bytes.
/// @return        Bytes written.
/// @errors        out_of_range        the payload is too long.
///                resource_exhausted  out is too small.
/// @thread_safety Pure function.
[[nodiscard]] Result<std::size_t> encode_reply(std::uint8_t number, std::uint8_t status,
                                               Bytes payload, MutableBytes out) noexcept;

/// Checks a request and takes it apart.
///
/// @param request Exactly one frame.
/// @errors        header truncated length tail checksum, in this order; offset = first wrong byte.
/// @thread_safety Pure function.
[[nodiscard]] Result<Request> parse_request(Bytes request) noexcept;

/// Checks a reply and gives its payload.
///
/// @param number  Register that was asked for: the echo, which the checksum does not cover.
/// @param reply   Exactly one frame.
/// @return        The payload, borrowed from `reply`.
/// @errors        header truncated length tail checksum device_error, in this order; offset = first
///                wrong byte. device_error is a status other than 0.
/// @thread_safety Pure function.
[[nodiscard]] Result<Bytes> parse_reply(std::uint8_t number, Bytes reply) noexcept;

}  // namespace ems::protocol::jbd
