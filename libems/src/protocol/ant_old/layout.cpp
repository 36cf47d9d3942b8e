// SPDX-License-Identifier: Apache-2.0
#include "protocol/ant_old/layout.hpp"

namespace ems::protocol::ant_old {

unsigned sum_of(Bytes bytes) noexcept {
  unsigned sum = 0;
  for (const std::byte byte : bytes) sum += std::to_integer<unsigned>(byte);
  return sum;
}

Result<void> check_request(Bytes request) noexcept {
  if (request.empty()) return fail(Errc::truncated, 0, "no ANT request");
  const std::uint8_t start = load_u8(request, 0);
  if (start != kAsks[0][0] && start != kAsks[1][0] && start != kWrites) {
    return fail(Errc::header, 0, "ANT request starts with none of 5A, DB, A5");
  }
  if (request.size() > 1 && load_u8(request, 1) != start) {
    return fail(Errc::header, 1, "ANT request does not repeat its start");
  }
  if (request.size() < Request{}.size()) {
    return fail(Errc::truncated, request.size(), "ANT request cut short");
  }
  if (request.size() > Request{}.size()) {
    return fail(Errc::length, Request{}.size(), "bytes behind the ANT request");
  }
  const Bytes summed = request.subspan(kRegisterAt, kRequestSumAt - kRegisterAt);
  if (load_u8(request, kRequestSumAt) != (sum_of(summed) & 0xFFU)) {
    return fail(Errc::checksum, kRequestSumAt, "ANT request checksum mismatch");
  }
  return {};
}

bool is_status_request(Bytes request) noexcept {
  return load_u8(request, 0) != kWrites && load_u8(request, kRegisterAt) == 0;
}

}  // namespace ems::protocol::ant_old
