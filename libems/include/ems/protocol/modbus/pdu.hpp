// SPDX-License-Identifier: Apache-2.0
/// @file Modbus PDU (function code and data, no addressing): FC 03, 04, 06, 16, both directions.
///
/// The client side encodes requests and decodes responses; the server side (simulator, firmware)
/// does the opposite. Pure, heapless, strict: a PDU is exactly as long as its function says.
/// Errors are found in the order header, truncated, length, exception, out_of_range.
///
/// @source docs/protocols/modbus.md#pdu; Modbus Application Protocol V1.1b3, sections 6.3, 6.4,
/// 6.6, 6.12 and 7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"

namespace ems::protocol::modbus {

inline constexpr std::size_t kPduSize = 253;              ///< Largest PDU.
inline constexpr std::uint16_t kReadRegistersMax = 125;   ///< Most registers in one read.
inline constexpr std::uint16_t kWriteRegistersMax = 123;  ///< Most registers in one write.
inline constexpr std::uint8_t kExceptionFlag = 0x80;  ///< Set in the function code of a refusal.

enum class Function : std::uint8_t {
  read_holding_registers = 3,
  read_input_registers = 4,
  write_single_register = 6,
  write_multiple_registers = 16,
};

/// Reasons a server gives; the number is what `Error::offset` carries with Errc::exception.
enum class ExceptionCode : std::uint8_t {
  illegal_function = 1,
  illegal_data_address = 2,
  illegal_data_value = 3,
  server_device_failure = 4,
  acknowledge = 5,
  server_device_busy = 6,
  memory_parity_error = 8,
  gateway_path_unavailable = 10,
  gateway_target_failed_to_respond = 11,
};

/// snake_case name of an exception code as it stands on the wire; "unknown" outside the table.
/// @thread_safety Pure function.
[[nodiscard]] std::string_view exception_name(std::uint16_t code) noexcept;

// ---- client side -------------------------------------------------------------------------------

/// Writes a request that reads `count` registers from `address` (0-based PDU address).
///
/// @param function  read_holding_registers or read_input_registers.
/// @param count     1 .. 125, and address + count <= 65536.
/// @param out       At least 5 bytes.
/// @return          Bytes written: 5.
/// @errors          invalid_argument    not a read function.
///                  out_of_range        count or last address.
///                  resource_exhausted  out is too small.
/// @thread_safety   Pure function, like all of this file.
[[nodiscard]] Result<std::size_t> encode_read_request(Function function, std::uint16_t address,
                                                      std::uint16_t count,
                                                      MutableBytes out) noexcept;

/// Writes an FC 06 request.
/// @param out  At least 5 bytes.
/// @errors     resource_exhausted  out is too small.
[[nodiscard]] Result<std::size_t> encode_write_single_request(std::uint16_t address,
                                                              std::uint16_t value,
                                                              MutableBytes out) noexcept;

/// Writes an FC 16 request.
/// @param values  1 .. 123 registers, address + size <= 65536.
/// @param out     At least 6 + 2 * values.size() bytes.
/// @errors        out_of_range  number of values or last address; resource_exhausted  out is small.
[[nodiscard]] Result<std::size_t> encode_write_multiple_request(
    std::uint16_t address, std::span<const std::uint16_t> values, MutableBytes out) noexcept;

/// Decodes the answer to a read request.
///
/// @param request    The request PDU it answers, as made by encode_read_request().
/// @param response   Exactly one response PDU.
/// @param registers  Receives the values in host order; at least as many as were asked for.
/// @return           Registers written: always the number asked for.
/// @errors           header      another function code; offset 0.
///                   truncated   fewer bytes than the function needs; offset = response size.
///                   length      byte count or size disagrees with the request; offset = the byte.
///                   exception   a refusal; offset = the exception code.
///                   invalid_argument  `request` is no read request, or `registers` is too small.
[[nodiscard]] Result<std::size_t> decode_read_response(Bytes request, Bytes response,
                                                       std::span<std::uint16_t> registers) noexcept;

/// Decodes the answer to an FC 06 or FC 16 request.
/// @errors header truncated length exception as above; out_of_range  the echoed address, value or
///         count is not the one sent, offset = the byte; invalid_argument  not a write request.
[[nodiscard]] Result<void> decode_write_response(Bytes request, Bytes response) noexcept;

// ---- server side -------------------------------------------------------------------------------

/// One request as a server sees it.
struct Request {
  Function function{};
  std::uint16_t address = 0;  ///< First register, 0-based.
  std::uint16_t count = 0;    ///< Registers read or written.
  Bytes values;  ///< Writes: count big-endian registers, borrowed from the PDU; reads: empty.

  /// Register `index` of a write. @pre index < count and function is a write.
  [[nodiscard]] std::uint16_t value(std::size_t index) const noexcept {
    return load_be16(values, 2 * index);
  }
};

/// Decodes a request PDU.
/// @errors header        empty, or a function this module does not have (answer exception 1).
///         truncated length  (drop the frame, or answer exception 3).
///         out_of_range  count not allowed (answer exception 3), or the last address is beyond
///                       65535 (answer exception 2); offset = 3 and 1 respectively.
[[nodiscard]] Result<Request> decode_request(Bytes pdu) noexcept;

/// Writes the response to a read. @param registers  1 .. 125. @param out  >= 2 + 2 * size bytes.
/// @errors invalid_argument  not a read function; out_of_range; resource_exhausted.
[[nodiscard]] Result<std::size_t> encode_read_response(Function function,
                                                       std::span<const std::uint16_t> registers,
                                                       MutableBytes out) noexcept;
/// Writes the response to a write request. @param out  At least 5 bytes.
/// @errors invalid_argument  not a write; resource_exhausted.
[[nodiscard]] Result<std::size_t> encode_write_response(const Request& request,
                                                        MutableBytes out) noexcept;
/// Writes a refusal. @param function  Function code byte of the request. @param out  >= 2 bytes.
/// @errors resource_exhausted  out is too small.
[[nodiscard]] Result<std::size_t> encode_exception(std::uint8_t function, ExceptionCode code,
                                                   MutableBytes out) noexcept;

}  // namespace ems::protocol::modbus
