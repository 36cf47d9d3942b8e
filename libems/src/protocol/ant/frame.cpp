// SPDX-License-Identifier: Apache-2.0
#include "protocol/ant/frame.hpp"

#include <algorithm>

#include "ems/protocol/modbus/rtu.hpp"

namespace ems::protocol::ant {
namespace {

/// A request's length byte says how much is asked for, or is part of what is written.
constexpr std::size_t kPlainRequest = kDataAt + 2 + kEnd.size();

}  // namespace

std::size_t spare_of(Bytes frame) noexcept {
  const bool about =
      load_u8(frame, kFunctionAt) == kRegisters && load_le16(frame, kRegisterAt) == kAboutRegister;
  return about ? kSpare : 0;
}

void sum(Bytes before, MutableBytes checksum) noexcept {
  store_le16(checksum, 0, modbus::crc16(before.subspan(1)));
}
bool sound(Bytes before, Bytes checksum) noexcept {
  return load_le16(checksum, 0) == modbus::crc16(before.subspan(1));
}

Result<Asked> parse_request(Bytes request) noexcept {
  constexpr std::uint8_t kStarts[] = {kStart, kSecond};
  for (std::size_t at = 0; at < std::min(request.size(), std::size(kStarts)); ++at) {
    if (load_u8(request, at) != kStarts[at]) {
      return fail(Errc::header, at, "ANT request does not start with 7E A1");
    }
  }
  if (request.size() > kFunctionAt && !is_request(load_u8(request, kFunctionAt))) {
    return fail(Errc::header, kFunctionAt, "not a function of ANT requests");
  }
  if (request.size() <= kLengthAt) {
    return fail(Errc::truncated, request.size(), "ANT request cut short");
  }
  const Asked asked{.function = load_u8(request, kFunctionAt),
                    .number = load_le16(request, kRegisterAt),
                    .length = load_u8(request, kLengthAt)};
  const std::size_t data = asked.function == kAuthenticate ? asked.length : 0;
  const std::size_t size = kPlainRequest + data;
  if (request.size() < size) {
    return fail(Errc::truncated, request.size(), "ANT request cut short");
  }
  if (request.size() > size) return fail(Errc::length, size, "bytes behind the ANT request");
  for (std::size_t i = 0; i < kEnd.size(); ++i) {
    const std::size_t at = size - kEnd.size() + i;
    if (load_u8(request, at) != kEnd[i]) {
      return fail(Errc::tail, at, "ANT request does not end with AA 55");
    }
  }
  const std::size_t sum_at = kDataAt + data;
  if (!sound(request.first(sum_at), request.subspan(sum_at))) {
    return fail(Errc::checksum, sum_at, "ANT request checksum mismatch");
  }
  return asked;
}

}  // namespace ems::protocol::ant
