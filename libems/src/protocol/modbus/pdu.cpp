// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/modbus/pdu.hpp"

namespace ems::protocol::modbus {
namespace {

// Layouts: docs/protocols/modbus.md#pdu.
constexpr std::size_t kFunctionAt = 0;
constexpr std::size_t kAddressAt = 1;
constexpr std::size_t kCountAt = 3;      // Requests, and the response to FC 16.
constexpr std::size_t kByteCountAt = 5;  // FC 16 request.
constexpr std::size_t kValuesAt = 6;     // FC 16 request.
constexpr std::size_t kShortSize = 5;    // Reads, FC 06 both ways, FC 16 response.
constexpr std::size_t kReadByteCountAt = 1;
constexpr std::size_t kReadValuesAt = 2;
constexpr std::size_t kExceptionSize = 2;
constexpr std::uint32_t kAddressSpace = 0x10000;
static_assert(kReadValuesAt + std::size_t{2} * kReadRegistersMax <= kPduSize);
static_assert(kValuesAt + std::size_t{2} * kWriteRegistersMax <= kPduSize);

constexpr bool is_read(std::uint8_t function) noexcept {
  return function == static_cast<std::uint8_t>(Function::read_holding_registers) ||
         function == static_cast<std::uint8_t>(Function::read_input_registers);
}
constexpr bool is_write(std::uint8_t function) noexcept {
  return function == static_cast<std::uint8_t>(Function::write_single_register) ||
         function == static_cast<std::uint8_t>(Function::write_multiple_registers);
}
constexpr bool fits(std::uint16_t address, std::size_t count) noexcept {
  return address + count <= kAddressSpace;
}

void store_head(MutableBytes out, Function function, std::uint16_t a, std::uint16_t b) noexcept {
  store_u8(out, kFunctionAt, static_cast<std::uint8_t>(function));
  store_be16(out, kAddressAt, a);
  store_be16(out, kCountAt, b);
}

// What every response begins with: the function of the request, or an exception to it.
Result<void> check_head(Bytes request, Bytes response) noexcept {
  if (response.empty()) return fail(Errc::truncated, 0, "modbus response: empty");
  const std::uint8_t asked = load_u8(request, kFunctionAt);
  const std::uint8_t answered = load_u8(response, kFunctionAt);
  if (answered == (asked | kExceptionFlag)) {
    if (response.size() < kExceptionSize) {
      return fail(Errc::truncated, response.size(), "modbus exception: no code");
    }
    if (response.size() > kExceptionSize) {
      return fail(Errc::length, kExceptionSize, "modbus exception: expected 2 bytes");
    }
    return fail(Errc::exception, load_u8(response, 1), "modbus exception response");
  }
  if (answered != asked) return fail(Errc::header, 0, "modbus response: another function code");
  return {};
}

}  // namespace

std::string_view exception_name(std::uint16_t code) noexcept {
  switch (code) {
    case 1:
      return "illegal_function";
    case 2:
      return "illegal_data_address";
    case 3:
      return "illegal_data_value";
    case 4:
      return "server_device_failure";
    case 5:
      return "acknowledge";
    case 6:
      return "server_device_busy";
    case 8:
      return "memory_parity_error";
    case 10:
      return "gateway_path_unavailable";
    case 11:
      return "gateway_target_failed_to_respond";
    default:
      return "unknown";
  }
}

Result<std::size_t> encode_read_request(Function function, std::uint16_t address,
                                        std::uint16_t count, MutableBytes out) noexcept {
  if (!is_read(static_cast<std::uint8_t>(function))) {
    return fail(Errc::invalid_argument, 0, "modbus read: not a read function");
  }
  if (count < 1 || count > kReadRegistersMax) {
    return fail(Errc::out_of_range, kCountAt, "modbus read: 1 to 125 registers");
  }
  if (!fits(address, count)) {
    return fail(Errc::out_of_range, kAddressAt, "modbus read: beyond register 65535");
  }
  if (out.size() < kShortSize) return fail(Errc::resource_exhausted, 0, "modbus read: no room");
  store_head(out, function, address, count);
  return kShortSize;
}

Result<std::size_t> encode_write_single_request(std::uint16_t address, std::uint16_t value,
                                                MutableBytes out) noexcept {
  if (out.size() < kShortSize) return fail(Errc::resource_exhausted, 0, "modbus write: no room");
  store_head(out, Function::write_single_register, address, value);
  return kShortSize;
}

Result<std::size_t> encode_write_multiple_request(std::uint16_t address,
                                                  std::span<const std::uint16_t> values,
                                                  MutableBytes out) noexcept {
  if (values.empty() || values.size() > kWriteRegistersMax) {
    return fail(Errc::out_of_range, kCountAt, "modbus write: 1 to 123 registers");
  }
  if (!fits(address, values.size())) {
    return fail(Errc::out_of_range, kAddressAt, "modbus write: beyond register 65535");
  }
  const std::size_t size = kValuesAt + 2 * values.size();
  if (out.size() < size) return fail(Errc::resource_exhausted, 0, "modbus write: no room");
  store_head(out, Function::write_multiple_registers, address,
             static_cast<std::uint16_t>(values.size()));
  store_u8(out, kByteCountAt, static_cast<std::uint8_t>(2 * values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) store_be16(out, kValuesAt + 2 * i, values[i]);
  return size;
}

Result<std::size_t> decode_read_response(Bytes request, Bytes response,
                                         std::span<std::uint16_t> registers) noexcept {
  if (request.size() != kShortSize || !is_read(load_u8(request, kFunctionAt))) {
    return fail(Errc::invalid_argument, 0, "modbus read response: the request is no read");
  }
  const std::size_t count = load_be16(request, kCountAt);
  if (registers.size() < count) {
    return fail(Errc::invalid_argument, 0, "modbus read response: no room for the registers");
  }
  if (const Result<void> head = check_head(request, response); !head) return fail(head.error());
  if (response.size() < kReadValuesAt) {
    return fail(Errc::truncated, response.size(), "modbus read response: no byte count");
  }
  if (load_u8(response, kReadByteCountAt) != 2 * count) {
    return fail(Errc::length, kReadByteCountAt, "modbus read response: not the count asked for");
  }
  const std::size_t size = kReadValuesAt + 2 * count;
  if (response.size() < size) {
    return fail(Errc::truncated, response.size(), "modbus read response: registers missing");
  }
  if (response.size() > size) return fail(Errc::length, size, "modbus read response: too long");
  for (std::size_t i = 0; i < count; ++i) registers[i] = load_be16(response, kReadValuesAt + 2 * i);
  return count;
}

Result<void> decode_write_response(Bytes request, Bytes response) noexcept {
  if (request.size() < kShortSize || !is_write(load_u8(request, kFunctionAt))) {
    return fail(Errc::invalid_argument, 0, "modbus write response: the request is no write");
  }
  if (const Result<void> head = check_head(request, response); !head) return fail(head.error());
  if (response.size() < kShortSize) {
    return fail(Errc::truncated, response.size(), "modbus write response: expected 5 bytes");
  }
  if (response.size() > kShortSize) {
    return fail(Errc::length, kShortSize, "modbus write response: expected 5 bytes");
  }
  for (const std::size_t at : {kAddressAt, kCountAt}) {  // FC 06: the value stands at kCountAt.
    if (load_be16(response, at) != load_be16(request, at)) {
      return fail(Errc::out_of_range, at, "modbus write response: echo differs from the request");
    }
  }
  return {};
}

Result<Request> decode_request(Bytes pdu) noexcept {
  if (pdu.empty()) return fail(Errc::header, 0, "modbus request: empty");
  const std::uint8_t code = load_u8(pdu, kFunctionAt);
  if (!is_read(code) && !is_write(code)) {
    return fail(Errc::header, 0, "modbus request: unknown function");
  }
  if (pdu.size() < kShortSize) {
    return fail(Errc::truncated, pdu.size(), "modbus request: expected 5 bytes");
  }
  Request request{.function = static_cast<Function>(code),
                  .address = load_be16(pdu, kAddressAt),
                  .count = load_be16(pdu, kCountAt),
                  .values = {}};
  std::size_t size = kShortSize;
  std::uint16_t count_max = kReadRegistersMax;
  if (request.function == Function::write_single_register) {
    request.count = 1;
    request.values = pdu.subspan(kCountAt, 2);
  } else if (request.function == Function::write_multiple_registers) {
    count_max = kWriteRegistersMax;
    if (pdu.size() < kValuesAt) {
      return fail(Errc::truncated, pdu.size(), "modbus request: no byte count");
    }
    const std::size_t bytes = load_u8(pdu, kByteCountAt);
    size = kValuesAt + bytes;
    if (bytes != std::size_t{2} * request.count) {
      return fail(Errc::length, kByteCountAt, "modbus request: byte count disagrees");
    }
    if (pdu.size() < size)
      return fail(Errc::truncated, pdu.size(), "modbus request: values missing");
    request.values = pdu.subspan(kValuesAt, bytes);
  }
  if (pdu.size() > size) return fail(Errc::length, size, "modbus request: too long");
  if (request.count < 1 || request.count > count_max) {
    return fail(Errc::out_of_range, kCountAt, "modbus request: number of registers");
  }
  if (!fits(request.address, request.count)) {
    return fail(Errc::out_of_range, kAddressAt, "modbus request: beyond register 65535");
  }
  return request;
}

Result<std::size_t> encode_read_response(Function function,
                                         std::span<const std::uint16_t> registers,
                                         MutableBytes out) noexcept {
  if (!is_read(static_cast<std::uint8_t>(function))) {
    return fail(Errc::invalid_argument, 0, "modbus read response: not a read function");
  }
  if (registers.empty() || registers.size() > kReadRegistersMax) {
    return fail(Errc::out_of_range, 0, "modbus read response: 1 to 125 registers");
  }
  const std::size_t size = kReadValuesAt + 2 * registers.size();
  if (out.size() < size) return fail(Errc::resource_exhausted, 0, "modbus read response: no room");
  store_u8(out, kFunctionAt, static_cast<std::uint8_t>(function));
  store_u8(out, kReadByteCountAt, static_cast<std::uint8_t>(2 * registers.size()));
  for (std::size_t i = 0; i < registers.size(); ++i) {
    store_be16(out, kReadValuesAt + 2 * i, registers[i]);
  }
  return size;
}

Result<std::size_t> encode_write_response(const Request& request, MutableBytes out) noexcept {
  if (!is_write(static_cast<std::uint8_t>(request.function)) || request.values.size() < 2) {
    return fail(Errc::invalid_argument, 0, "modbus write response: not a write");
  }
  if (out.size() < kShortSize) {
    return fail(Errc::resource_exhausted, 0, "modbus write response: no room");
  }
  const bool single = request.function == Function::write_single_register;
  store_head(out, request.function, request.address, single ? request.value(0) : request.count);
  return kShortSize;
}

Result<std::size_t> encode_exception(std::uint8_t function, ExceptionCode code,
                                     MutableBytes out) noexcept {
  if (out.size() < kExceptionSize) {
    return fail(Errc::resource_exhausted, 0, "modbus exception: no room");
  }
  store_u8(out, kFunctionAt, static_cast<std::uint8_t>(function | kExceptionFlag));
  store_u8(out, 1, static_cast<std::uint8_t>(code));
  return kExceptionSize;
}

}  // namespace ems::protocol::modbus
