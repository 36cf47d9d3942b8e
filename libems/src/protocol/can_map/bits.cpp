// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_map/map.hpp"

namespace ems::protocol::can_map {
namespace {

constexpr unsigned kBitsPerByte = 8;

/// Counts bits as they lie one after the other in big-endian numbers.
constexpr unsigned in_line(unsigned bit) noexcept {
  return bit - bit % kBitsPerByte + (kBitsPerByte - 1 - bit % kBitsPerByte);
}

constexpr bool fits(std::size_t bytes, Bits where) noexcept {
  const unsigned first = where.big_endian ? in_line(where.start) : where.start;
  return first + where.size <= kBitsPerByte * bytes;
}

/// Position of the number's bit `i`, counted from its lowest.
constexpr unsigned place(Bits where, unsigned i) noexcept {
  if (!where.big_endian) return where.start + i;
  return in_line(in_line(where.start) + where.size - 1 - i);
}

}  // namespace

Bits following(Bits where, unsigned i) noexcept {
  const unsigned step = i * where.size;
  where.start = static_cast<std::uint8_t>(where.big_endian ? in_line(in_line(where.start) + step)
                                                           : where.start + step);
  return where;
}

std::optional<std::int64_t> read(Bytes payload, Bits where) noexcept {
  if (!fits(payload.size(), where)) return std::nullopt;
  std::uint64_t raw = 0;
  for (unsigned i = 0; i < where.size;) {
    const unsigned at = place(where, i);
    const unsigned byte = load_u8(payload, at / kBitsPerByte);
    // Both orders go upwards within a byte: take what is left of it at once.
    const unsigned in_byte = kBitsPerByte - at % kBitsPerByte;
    const unsigned count = in_byte < where.size - i ? in_byte : where.size - i;
    const std::uint64_t piece = byte >> (at % kBitsPerByte) & ((1U << count) - 1U);
    raw |= piece << i;
    i += count;
  }
  if (where.is_signed && where.size < 64 && (raw >> (where.size - 1) & 1U) != 0) {
    raw |= ~std::uint64_t{0} << where.size;
  }
  return static_cast<std::int64_t>(raw);
}

void write(MutableBytes payload, Bits where, std::int64_t value) noexcept {
  EMS_ASSERT(fits(payload.size(), where));
  for (unsigned i = 0; i < where.size; ++i) {
    const unsigned at = place(where, i);
    const auto bit = static_cast<std::byte>(1U << (at % kBitsPerByte));
    std::byte& byte = payload[at / kBitsPerByte];
    byte = (static_cast<std::uint64_t>(value) >> i & 1U) != 0 ? byte | bit : byte & ~bit;
  }
}

}  // namespace ems::protocol::can_map
