// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/jbd/frame.hpp"

#include <algorithm>

namespace ems::protocol::jbd {
namespace {

// Both directions have one shape; only bytes 1 and 2 differ in meaning.
// request: DD A5|5A reg    len data chk_hi chk_lo 77
// reply:   DD reg   status len data chk_hi chk_lo 77
constexpr std::size_t kStartAt = 0;
constexpr std::size_t kDirectionAt = 1;  // Of a request.
constexpr std::size_t kEchoAt = 1;       // Of a reply.
constexpr std::size_t kRegisterAt = 2;   // Of a request.
constexpr std::size_t kStatusAt = 2;     // Of a reply.
constexpr std::size_t kSummedFrom = 2;
constexpr std::size_t kLengthAt = 3;
constexpr std::size_t kTrailer = 3;  // Checksum and end byte.
static_assert(kPayloadAt == kLengthAt + 1 && kFrameOverhead == kPayloadAt + kTrailer);

constexpr std::uint8_t kStart = 0xDD;
constexpr std::uint8_t kEnd = 0x77;
constexpr std::uint8_t kRead = 0xA5;
constexpr std::uint8_t kWrite = 0x5A;

constexpr std::uint8_t kChargeOff = 0x01;
constexpr std::uint8_t kDischargeOff = 0x02;
constexpr std::size_t kFetControlSize = 2;
static_assert(kFrameOverhead + kFetControlSize <= kRequestSize);
static_assert(kFrameSizeMax <= kReplySize);

/// Minus the sum of bytes 2 .. end of payload, mod 65536.
constexpr std::uint16_t checksum(Bytes frame, std::size_t payload_size) noexcept {
  std::uint32_t sum = 0;
  for (std::size_t i = kSummedFrom; i < kPayloadAt + payload_size; ++i) sum += load_u8(frame, i);
  return static_cast<std::uint16_t>((0x10000U - (sum & 0xFFFFU)) & 0xFFFFU);
}

Result<std::size_t> encode(std::uint8_t second, std::uint8_t third, Bytes payload,
                           MutableBytes out) noexcept {
  if (payload.size() > kPayloadSizeMax) return fail(Errc::out_of_range, 0, "JBD payload too long");
  const std::size_t total = kFrameOverhead + payload.size();
  if (out.size() < total) return fail(Errc::resource_exhausted, 0, "no room for the JBD frame");
  store_u8(out, kStartAt, kStart);
  store_u8(out, kDirectionAt, second);
  store_u8(out, kRegisterAt, third);
  store_u8(out, kLengthAt, static_cast<std::uint8_t>(payload.size()));
  std::copy(payload.begin(), payload.end(), out.begin() + kPayloadAt);
  store_be16(out, kPayloadAt + payload.size(), checksum(out, payload.size()));
  store_u8(out, total - 1, kEnd);
  return total;
}

/// Everything behind the header: truncated, length, tail, checksum. Gives the payload.
Result<Bytes> check_body(Bytes frame) noexcept {
  if (frame.size() <= kLengthAt) return fail(Errc::truncated, frame.size(), "JBD frame cut short");
  const std::size_t payload_size = load_u8(frame, kLengthAt);
  const std::size_t total = kFrameOverhead + payload_size;
  if (frame.size() < total) return fail(Errc::truncated, frame.size(), "JBD frame cut short");
  if (frame.size() > total) return fail(Errc::length, total, "bytes behind the JBD frame");
  if (load_u8(frame, total - 1) != kEnd) {
    return fail(Errc::tail, total - 1, "JBD frame does not end with 77");
  }
  const std::size_t checksum_at = kPayloadAt + payload_size;
  if (load_be16(frame, checksum_at) != checksum(frame, payload_size)) {
    return fail(Errc::checksum, checksum_at, "JBD checksum mismatch");
  }
  return frame.subspan(kPayloadAt, payload_size);
}

}  // namespace

Result<std::size_t> encode_read(Register which, MutableBytes out) noexcept {
  if (which == Register::fet_control) {
    return fail(Errc::invalid_argument, 0, "the JBD transistor register is write-only");
  }
  return encode(kRead, static_cast<std::uint8_t>(which), {}, out);
}

Result<std::size_t> encode_fet_control(const SwitchCommand& command, MutableBytes out) noexcept {
  const unsigned off = (command.charge_on ? 0U : unsigned{kChargeOff}) |
                       (command.discharge_on ? 0U : unsigned{kDischargeOff});
  const std::byte data[kFetControlSize] = {std::byte{0}, static_cast<std::byte>(off)};
  return encode(kWrite, static_cast<std::uint8_t>(Register::fet_control), data, out);
}

Result<std::size_t> encode_reply(std::uint8_t number, std::uint8_t status, Bytes payload,
                                 MutableBytes out) noexcept {
  return encode(number, status, payload, out);
}

Result<Request> parse_request(Bytes request) noexcept {
  if (request.empty()) return fail(Errc::truncated, 0, "no JBD request");
  if (load_u8(request, kStartAt) != kStart) {
    return fail(Errc::header, kStartAt, "JBD request does not start with DD");
  }
  if (request.size() <= kDirectionAt) {
    return fail(Errc::truncated, request.size(), "JBD request cut short");
  }
  const std::uint8_t direction = load_u8(request, kDirectionAt);
  if (direction != kRead && direction != kWrite) {
    return fail(Errc::header, kDirectionAt, "JBD request is neither A5 (read) nor 5A (write)");
  }
  const Result<Bytes> data = check_body(request);
  if (!data) return fail(data.error());
  if (direction == kRead && !data->empty()) {
    return fail(Errc::length, kLengthAt, "JBD read request with data");
  }
  return Request{
      .write = direction == kWrite, .number = load_u8(request, kRegisterAt), .data = *data};
}

Result<Bytes> parse_reply(std::uint8_t number, Bytes reply) noexcept {
  if (reply.empty()) return fail(Errc::truncated, 0, "no JBD reply");
  if (load_u8(reply, kStartAt) != kStart) {
    return fail(Errc::header, kStartAt, "JBD reply does not start with DD");
  }
  if (reply.size() <= kEchoAt) return fail(Errc::truncated, reply.size(), "JBD frame cut short");
  if (load_u8(reply, kEchoAt) != number) {
    return fail(Errc::header, kEchoAt, "JBD reply to another register than was asked for");
  }
  const Result<Bytes> payload = check_body(reply);
  if (!payload) return payload;
  if (load_u8(reply, kStatusAt) != kStatusOk) {
    return fail(Errc::device_error, kStatusAt, "the JBD device refused the request");
  }
  return payload;
}

}  // namespace ems::protocol::jbd
