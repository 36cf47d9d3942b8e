// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/modbus/rtu.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace ems::protocol::modbus {
namespace {

constexpr std::size_t kCrcSize = 2;
constexpr std::size_t kFrameMin = 4;        // Unit, function, CRC.
constexpr std::size_t kExceptionFrame = 5;  // Unit, function, code, CRC.
constexpr std::size_t kShortFrame = 8;      // Unit, 5 byte PDU, CRC.
constexpr std::size_t kWriteHead = 9;       // FC 15 and 16 request without the values.
constexpr std::size_t kWriteByteCountAt = 6;
constexpr std::size_t kReadByteCountAt = 2;
constexpr std::size_t kReadHead = 5;  // Read response without the registers.

constexpr std::array<std::uint16_t, 256> make_table() noexcept {
  std::array<std::uint16_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? (crc >> 1U) ^ 0xA001U : crc >> 1U;
    table[i] = static_cast<std::uint16_t>(crc);
  }
  return table;
}
constexpr std::array<std::uint16_t, 256> kTable = make_table();

bool crc_good(Bytes frame) noexcept {
  const std::size_t at = frame.size() - kCrcSize;
  return crc16(frame.first(at)) == load_le16(frame, at);
}

enum class Fit : std::uint8_t { no, partial, whole };
struct Candidate {
  Fit fit = Fit::no;
  std::size_t size = 0;
};

Candidate sized(Bytes received, std::size_t size) noexcept {
  return {received.size() < size ? Fit::partial : Fit::whole, size};
}

// Could a request stand at the start of `received`? Functions this module does not serve but whose
// size is known count too, so that the server can refuse them.
Candidate request_at(Bytes received) noexcept {
  if (received.size() < 2) return {Fit::partial, 0};
  switch (load_u8(received, 1)) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
      return sized(received, kShortFrame);
    case 15:
    case 16: {
      if (received.size() <= kWriteByteCountAt) return {Fit::partial, 0};
      const std::size_t bytes = load_u8(received, kWriteByteCountAt);
      if (bytes == 0 || kWriteHead + bytes > kRtuFrameSize) return {};
      return sized(received, kWriteHead + bytes);
    }
    default:
      return {};
  }
}

Candidate response_at(Bytes request, Bytes received) noexcept {
  if (load_u8(received, 0) != load_u8(request, 0)) return {};
  if (received.size() < 2) return {Fit::partial, 0};
  const std::uint8_t asked = load_u8(request, 1);
  const std::uint8_t answered = load_u8(received, 1);
  if (answered == (asked | kExceptionFlag)) return sized(received, kExceptionFrame);
  if (answered != asked) return {};
  const bool read = asked == static_cast<std::uint8_t>(Function::read_holding_registers) ||
                    asked == static_cast<std::uint8_t>(Function::read_input_registers);
  if (!read) return sized(received, kShortFrame);
  if (received.size() <= kReadByteCountAt) return {Fit::partial, 0};
  const std::size_t bytes = load_u8(received, kReadByteCountAt);
  if (kReadHead + bytes > kRtuFrameSize) return {};
  return sized(received, kReadHead + bytes);
}

// First whole frame with a good CRC; else the first place where one may still be arriving; else
// all is noise. A whole frame with a bad CRC is skipped, or returned when it lies at the very start
// and the caller wants to name the error.
template <class At>
FrameScan scan(Bytes received, bool report_bad_crc, const At& candidate_at) noexcept {
  std::optional<std::size_t> partial;
  std::size_t bad = 0;
  for (std::size_t i = 0; i < received.size(); ++i) {
    const Bytes rest = received.subspan(i);
    const Candidate candidate = candidate_at(rest);
    if (candidate.fit == Fit::whole) {
      if (crc_good(rest.first(candidate.size))) return {i, candidate.size};
      if (i == 0) bad = candidate.size;
    } else if (candidate.fit == Fit::partial && !partial) {
      partial = i;
    }
  }
  if (report_bad_crc && bad != 0) return {0, bad};
  return {partial.value_or(received.size()), 0};
}

}  // namespace

std::uint16_t crc16(Bytes data) noexcept {
  std::uint32_t crc = 0xFFFF;
  for (const std::byte b : data) {
    crc = (crc >> 8U) ^ kTable[(crc ^ std::to_integer<std::uint32_t>(b)) & 0xFFU];
  }
  return static_cast<std::uint16_t>(crc);
}

Result<std::size_t> encode_rtu(std::uint8_t unit, Bytes pdu, MutableBytes out) noexcept {
  if (pdu.empty() || pdu.size() > kPduSize) {
    return fail(Errc::length, 0, "modbus RTU: PDU of 1 to 253 bytes");
  }
  const std::size_t size = pdu.size() + kRtuOverhead;
  if (out.size() < size) return fail(Errc::resource_exhausted, 0, "modbus RTU: no room");
  store_u8(out, 0, unit);
  std::copy(pdu.begin(), pdu.end(), out.begin() + 1);
  store_le16(out, 1 + pdu.size(), crc16(out.first(1 + pdu.size())));
  return size;
}

Result<RtuFrame> decode_rtu(Bytes frame) noexcept {
  if (frame.size() < kFrameMin) {
    return fail(Errc::truncated, frame.size(), "modbus RTU: fewer than 4 bytes");
  }
  if (frame.size() > kRtuFrameSize) {
    return fail(Errc::length, kRtuFrameSize, "modbus RTU: more than 256 bytes");
  }
  if (!crc_good(frame)) return fail(Errc::checksum, frame.size() - kCrcSize, "modbus RTU: CRC");
  return RtuFrame{.unit = load_u8(frame, 0), .pdu = frame.subspan(1, frame.size() - kRtuOverhead)};
}

FrameScan scan_rtu_request(Bytes received) noexcept {
  return scan(received, false, [](Bytes rest) { return request_at(rest); });
}

FrameScan scan_rtu_response(Bytes request, Bytes received) noexcept {
  EMS_ASSERT(request.size() >= 2);
  return scan(received, true, [request](Bytes rest) { return response_at(request, rest); });
}

}  // namespace ems::protocol::modbus
