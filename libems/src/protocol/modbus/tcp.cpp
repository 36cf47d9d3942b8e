// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/modbus/tcp.hpp"

#include <algorithm>

namespace ems::protocol::modbus {
namespace {

constexpr std::size_t kTransactionAt = 0;
constexpr std::size_t kProtocolAt = 2;
constexpr std::size_t kLengthAt = 4;  // Counts unit and PDU.
constexpr std::size_t kUnitAt = 6;
constexpr std::size_t kLengthCountsFrom = 6;
constexpr std::size_t kLengthMin = 2;
constexpr std::size_t kLengthMax = 1 + kPduSize;
static_assert(kUnitAt + 1 == kMbapSize);

}  // namespace

Result<std::size_t> encode_tcp(std::uint16_t transaction, std::uint8_t unit, Bytes pdu,
                               MutableBytes out) noexcept {
  if (pdu.empty() || pdu.size() > kPduSize) {
    return fail(Errc::length, 0, "modbus TCP: PDU of 1 to 253 bytes");
  }
  const std::size_t size = kMbapSize + pdu.size();
  if (out.size() < size) return fail(Errc::resource_exhausted, 0, "modbus TCP: no room");
  store_be16(out, kTransactionAt, transaction);
  store_be16(out, kProtocolAt, 0);
  store_be16(out, kLengthAt, static_cast<std::uint16_t>(1 + pdu.size()));
  store_u8(out, kUnitAt, unit);
  std::copy(pdu.begin(), pdu.end(), out.begin() + kMbapSize);
  return size;
}

Result<TcpFrame> decode_tcp(Bytes frame) noexcept {
  if (frame.size() >= kProtocolAt + 2 && load_be16(frame, kProtocolAt) != 0) {
    return fail(Errc::header, kProtocolAt, "modbus TCP: protocol id is not 0");
  }
  if (frame.size() < kMbapSize + 1) {
    return fail(Errc::truncated, frame.size(), "modbus TCP: fewer than 8 bytes");
  }
  const std::size_t length = load_be16(frame, kLengthAt);
  if (length < kLengthMin || length > kLengthMax) {
    return fail(Errc::length, kLengthAt, "modbus TCP: length field is not 2 to 254");
  }
  if (frame.size() < kLengthCountsFrom + length) {
    return fail(Errc::truncated, frame.size(), "modbus TCP: PDU incomplete");
  }
  if (frame.size() > kLengthCountsFrom + length) {
    return fail(Errc::length, kLengthAt, "modbus TCP: longer than its length field");
  }
  return TcpFrame{.transaction = load_be16(frame, kTransactionAt),
                  .unit = load_u8(frame, kUnitAt),
                  .pdu = frame.subspan(kMbapSize)};
}

FrameScan scan_tcp(Bytes received) noexcept {
  for (std::size_t i = 0; i < received.size(); ++i) {
    const Bytes rest = received.subspan(i);
    const auto byte_is_zero = [rest](std::size_t at) {
      return rest.size() <= at || load_u8(rest, at) == 0;
    };
    if (!byte_is_zero(kProtocolAt) || !byte_is_zero(kProtocolAt + 1) || !byte_is_zero(kLengthAt)) {
      continue;
    }
    if (rest.size() < kLengthAt + 2) return {i, 0};
    const std::size_t length = load_be16(rest, kLengthAt);
    if (length < kLengthMin || length > kLengthMax) continue;
    const std::size_t size = kLengthCountsFrom + length;
    return {i, rest.size() < size ? 0 : size};
  }
  return {received.size(), 0};
}

}  // namespace ems::protocol::modbus
