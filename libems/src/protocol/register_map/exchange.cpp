// SPDX-License-Identifier: Apache-2.0
#include "protocol/register_map/exchange.hpp"

#include <algorithm>

#include "ems/protocol/modbus/pdu.hpp"
#include "ems/protocol/modbus/rtu.hpp"

namespace ems::protocol::register_map {
namespace {

constexpr std::size_t kAddressAt = 2;
constexpr std::size_t kCountAt = 4;
constexpr std::size_t kWriteBytesAt = 6;  // Of an FC 16 request.
constexpr std::size_t kWriteValuesAt = 7;
constexpr std::size_t kCrcSize = 2;
constexpr std::size_t kReadBytesMax = 0xFF;
constexpr std::size_t kBitsPerByte = 8;

bool crc_good(Bytes frame) noexcept {
  const std::size_t at = frame.size() - kCrcSize;
  return modbus::crc16(frame.first(at)) == load_le16(frame, at);
}

/// Exactly `size` bytes with a good CRC.
Result<void> check_size(Bytes frame, std::size_t size) noexcept {
  if (frame.size() < size) return fail(Errc::truncated, frame.size(), "Modbus frame cut short");
  if (frame.size() > size) return fail(Errc::length, size, "bytes behind the Modbus frame");
  if (!crc_good(frame)) return fail(Errc::checksum, size - kCrcSize, "Modbus CRC mismatch");
  return {};
}

constexpr bool known(std::uint8_t function) noexcept {
  return is_read(function) || is_write(function);
}

/// Size of the reply that begins `received`; 0: none can; nullopt: too short to tell.
std::optional<std::size_t> reply_size(const Request* asked, std::optional<std::uint8_t> unit,
                                      Bytes received) noexcept {
  if (unit && load_u8(received, kUnitAt) != *unit) return 0;
  if (received.size() <= kFunctionAt) return std::nullopt;
  const std::uint8_t function = load_u8(received, kFunctionAt);
  const auto plain = static_cast<std::uint8_t>(function & ~modbus::kExceptionFlag);
  if (asked != nullptr ? plain != asked->function : !known(plain)) return 0;
  if (function != plain) return kExceptionSize;
  if (is_write(plain)) return kShortSize;
  if (asked != nullptr && asked->reply_bytes()) return kReadOverhead + *asked->reply_bytes();
  if (received.size() <= kByteCountAt) return std::nullopt;
  return kReadOverhead + load_u8(received, kByteCountAt);
}

/// The reply begins like ours as far as it has arrived.
bool head_fits(const Request* asked, Bytes received) noexcept {
  if (asked == nullptr || received.size() <= kByteCountAt) return true;
  if (load_u8(received, kFunctionAt) != asked->function) return true;  // An exception.
  if (is_read(asked->function)) {
    const std::optional<std::size_t> bytes = asked->reply_bytes();
    return !bytes || load_u8(received, kByteCountAt) == *bytes;
  }
  return received.size() < kCountAt || load_be16(received, kAddressAt) == asked->at;
}

}  // namespace

std::optional<std::size_t> Request::reply_bytes() const noexcept {
  if (is_write(function)) return std::nullopt;
  const std::size_t bytes =
      function == kReadCoils ? (count + kBitsPerByte - 1U) / kBitsPerByte : std::size_t{2} * count;
  if (bytes == 0 || bytes > kReadBytesMax) return std::nullopt;
  return bytes;
}

Result<std::size_t> encode_request(const Request& request, MutableBytes out) noexcept {
  const bool many = request.function == kWriteMany;
  const std::size_t size =
      many ? kWriteValuesAt + request.values.size() + kCrcSize : std::size_t{kShortSize};
  if (out.size() < size) return fail(Errc::resource_exhausted, 0, "no room for the request");
  store_u8(out, kUnitAt, request.unit);
  store_u8(out, kFunctionAt, request.function);
  store_be16(out, kAddressAt, request.at);
  store_be16(out, kCountAt, request.count);
  if (many) {
    store_u8(out, kWriteBytesAt, static_cast<std::uint8_t>(request.values.size()));
    std::copy(request.values.begin(), request.values.end(), out.begin() + kWriteValuesAt);
  }
  const std::size_t crc_at = size - kCrcSize;
  store_le16(out, crc_at, modbus::crc16(out.first(crc_at)));
  return size;
}

Result<Request> parse_request(Bytes request) noexcept {
  if (request.size() <= kFunctionAt) {
    return fail(Errc::truncated, request.size(), "Modbus request cut short");
  }
  Request asked{.unit = load_u8(request, kUnitAt), .function = load_u8(request, kFunctionAt)};
  if (!known(asked.function)) {
    return fail(Errc::header, kFunctionAt, "no Modbus function that batteries use");
  }
  if (request.size() < kShortSize) {
    return fail(Errc::truncated, request.size(), "Modbus request cut short");
  }
  asked.at = load_be16(request, kAddressAt);
  asked.count = load_be16(request, kCountAt);
  std::size_t size = kShortSize;
  if (asked.function == kWriteMany) {
    const std::size_t bytes = load_u8(request, kWriteBytesAt);
    if (bytes == 0 || bytes != std::size_t{2} * asked.count) {
      return fail(Errc::length, kWriteBytesAt, "Modbus write: byte count disagrees");
    }
    size = kWriteValuesAt + bytes + kCrcSize;
    if (request.size() >= size) asked.values = request.subspan(kWriteValuesAt, bytes);
  }
  if (const Result<void> sound = check_size(request, size); !sound) return fail(sound.error());
  return asked;
}

void tell(const Request& request, ReadingSink& sink) {
  const bool one = request.function == kWriteOne;
  sink.vendor_value("request_address", request.unit);
  sink.vendor_value("request_command", request.function);
  sink.vendor_value("request_register", request.at);
  sink.vendor_value("request_count", one ? 1 : request.count);
  sink.vendor_value("request_write", is_write(request.function) ? 1 : 0);
  if (one) sink.vendor_value("request_value", request.count);
  if (request.values.size() == 2) {
    sink.vendor_value("request_value", load_be16(request.values, 0));
  }
}

Result<Bytes> check_reply(const Request* asked, std::optional<std::uint8_t> unit,
                          Bytes reply) noexcept {
  if (reply.size() < kExceptionSize) {  // Less than the shortest frame: nothing in it is sure.
    return fail(Errc::truncated, reply.size(), "shorter than any Modbus reply");
  }
  if (unit && load_u8(reply, kUnitAt) != *unit) {
    return fail(Errc::header, kUnitAt, "a reply from another address");
  }
  const std::uint8_t function = load_u8(reply, kFunctionAt);
  const auto plain = static_cast<std::uint8_t>(function & ~modbus::kExceptionFlag);
  if (asked != nullptr ? plain != asked->function : !known(plain)) {
    return fail(Errc::header, kFunctionAt, "a reply with another function");
  }
  if (function != plain) {
    if (const Result<void> sound = check_size(reply, kExceptionSize); !sound) {
      return fail(sound.error());
    }
    return fail(Errc::exception, kByteCountAt, "the battery refused the request");
  }
  if (is_write(plain)) {
    if (const Result<void> sound = check_size(reply, kShortSize); !sound) {
      return fail(sound.error());
    }
    for (const std::size_t at : {kAddressAt, kCountAt}) {
      if (asked == nullptr) break;
      if (load_be16(reply, at) != (at == kAddressAt ? asked->at : asked->count)) {
        return fail(Errc::header, at, "the acknowledgement of another write");
      }
    }
    return Bytes{};
  }
  const std::size_t bytes = load_u8(reply, kByteCountAt);
  if (bytes == 0 || (plain != kReadCoils && bytes % 2 != 0)) {
    return fail(Errc::length, kByteCountAt, "not a number of whole registers");
  }
  if (const Result<void> sound = check_size(reply, kReadOverhead + bytes); !sound) {
    return fail(sound.error());
  }
  if (asked != nullptr && asked->reply_bytes() != bytes) {
    return fail(Errc::length, kByteCountAt, "not as many registers as were asked for");
  }
  return reply.subspan(kDataAt, bytes);
}

// The first whole frame with a good CRC; else what may still become one, from its first byte. A
// whole one with a bad CRC counts only at the very start, so that check_reply() can name the error.
FrameScan scan_reply(const Request* asked, std::optional<std::uint8_t> unit,
                     Bytes received) noexcept {
  std::optional<std::size_t> partial;
  std::size_t bad = 0;
  for (std::size_t i = 0; i < received.size(); ++i) {
    const Bytes rest = received.subspan(i);
    if (!head_fits(asked, rest)) continue;
    const std::optional<std::size_t> size = reply_size(asked, unit, rest);
    if (size == 0) continue;
    if (!size || rest.size() < *size) {
      if (!partial) partial = i;
    } else if (crc_good(rest.first(*size))) {
      return {.noise = i, .size = *size};
    } else if (i == 0) {
      bad = *size;
    }
  }
  if (bad != 0) return {.noise = 0, .size = bad};
  return {.noise = partial.value_or(received.size()), .size = 0};
}

}  // namespace ems::protocol::register_map
