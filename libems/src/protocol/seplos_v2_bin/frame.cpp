// SPDX-License-Identifier: Apache-2.0
#include "protocol/seplos_v2_bin/frame.hpp"

namespace ems::protocol::seplos_v2_bin {
namespace {

std::uint16_t crc_of(Bytes before) noexcept {
  constexpr unsigned kPolynomial = 0x1021;
  unsigned crc = 0;
  for (const std::byte byte : before.subspan(1)) {
    crc ^= std::to_integer<unsigned>(byte) << 8;
    for (int bit = 0; bit < 8; ++bit) {
      crc = ((crc & 0x8000U) != 0 ? crc << 1 ^ kPolynomial : crc << 1) & 0xFFFFU;
    }
  }
  return static_cast<std::uint16_t>(crc);
}

}  // namespace

void sum(Bytes before, MutableBytes checksum) noexcept { store_be16(checksum, 0, crc_of(before)); }
bool sound(Bytes before, Bytes checksum) noexcept {
  return load_be16(checksum, 0) == crc_of(before);
}

Result<Asked> parse_request(Bytes request) noexcept {
  constexpr framed::HeaderByte kHeader[] = {{kStart}, {kAsks}, framed::kAny, {kDevice}};
  const Result<Bytes> data = framed::open(kShape, kHeader, request);
  if (!data) return fail(data.error());
  return Asked{.address = load_u8(request, kAddressAt), .command = load_u8(request, kCommandAt)};
}

}  // namespace ems::protocol::seplos_v2_bin
