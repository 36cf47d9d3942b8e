// SPDX-License-Identifier: Apache-2.0
#include "ems/telemetry/varint.hpp"

namespace ems::telemetry {

Result<std::uint64_t> load_varint(Bytes data, std::size_t& at) noexcept {
  constexpr unsigned kLastShift = 63;  // The tenth byte holds one bit.
  std::uint64_t value = 0;
  std::size_t i = at;
  for (unsigned shift = 0; shift <= kLastShift; shift += 7, ++i) {
    if (i >= data.size()) return fail(Errc::truncated, data.size(), "varint: the data ends in it");
    const std::uint8_t byte = load_u8(data, i);
    if (shift == kLastShift && byte > 1) {
      return fail(Errc::out_of_range, i, "varint: more than 64 bits");
    }
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) != 0) continue;
    if (byte == 0 && shift != 0)
      return fail(Errc::out_of_range, i, "varint: not the shortest form");
    at = i + 1;
    return value;
  }
  return fail(Errc::out_of_range, i, "varint: more than 64 bits");
}

}  // namespace ems::telemetry
