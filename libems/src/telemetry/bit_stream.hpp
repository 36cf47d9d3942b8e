// SPDX-License-Identifier: Apache-2.0
/// @file Bits in a row: the first bit of a byte is its lowest.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ems/core/bytes.hpp"

namespace ems::telemetry::detail {

/// Most bits of one put() or take(), wherever in a byte they begin.
inline constexpr unsigned kBitsMax = 56;

[[nodiscard]] constexpr std::uint64_t low_bits(unsigned count) noexcept {
  return (std::uint64_t{1} << count) - 1;
}

/// As load_le64 and store_le64, which compilers do not always make one instruction of.
[[nodiscard]] inline std::uint64_t load_word(Bytes data, std::size_t at) noexcept {
  if constexpr (std::endian::native != std::endian::little) return load_le64(data, at);
  EMS_ASSERT(at <= data.size() && data.size() - at >= sizeof(std::uint64_t));
  std::uint64_t word = 0;
  std::memcpy(&word, data.data() + at, sizeof word);
  return word;
}
inline void store_word(MutableBytes data, std::size_t at, std::uint64_t word) noexcept {
  if constexpr (std::endian::native != std::endian::little) return store_le64(data, at, word);
  EMS_ASSERT(at <= data.size() && data.size() - at >= sizeof(std::uint64_t));
  std::memcpy(data.data() + at, &word, sizeof word);
}

/// Appends bits behind those that are there; bits after the last one stay zero.
class BitWriter {
 public:
  /// @param bit  Where to begin. @pre eight bytes beyond the last bit written are in `out`.
  BitWriter(MutableBytes out, std::size_t bit) noexcept
      : out_(out), at_(bit / 8), fill_(static_cast<unsigned>(bit % 8)) {
    if (fill_ > 0) pending_ = load_u8(out_, at_);
  }
  /// @pre count <= kBitsMax and value < 2^count.
  void put(std::uint64_t value, unsigned count) noexcept {
    pending_ |= value << fill_;
    fill_ += count;
    store_word(out_, at_, pending_);
    at_ += fill_ / 8;
    pending_ >>= fill_ & ~7U;
    fill_ %= 8;
  }
  /// For 0 .. 64 bits.
  void put_wide(std::uint64_t value, unsigned count) noexcept {
    constexpr unsigned kHalf = 32;
    if (count > kHalf) {
      put(value & low_bits(kHalf), kHalf);
      value >>= kHalf;
      count -= kHalf;
    }
    put(value, count);
  }
  [[nodiscard]] std::size_t bit() const noexcept { return 8 * at_ + fill_; }

 private:
  MutableBytes out_;
  std::size_t at_;  ///< Byte that holds the next bit.
  unsigned fill_;   ///< Bits of it that are taken.
  std::uint64_t pending_ = 0;
};

/// Reads bits; behind the end there are zeros for ever, and overrun() tells.
class BitReader {
 public:
  BitReader(Bytes data, std::size_t bit) noexcept : data_(data), bit_(bit) {}
  /// The next bits, the first one lowest; at least kBitsMax of them are true.
  [[nodiscard]] std::uint64_t peek() const noexcept {
    const std::size_t at = bit_ / 8;
    const bool whole = at + sizeof(std::uint64_t) <= data_.size();
    return (whole ? load_word(data_, at) : load_the_end(data_, at)) >> (bit_ % 8);
  }
  void skip(unsigned count) noexcept { bit_ += count; }
  /// @pre count <= kBitsMax.
  [[nodiscard]] std::uint64_t take(unsigned count) noexcept {
    const std::uint64_t value = peek() & low_bits(count);
    skip(count);
    return value;
  }
  /// For 0 .. 64 bits.
  [[nodiscard]] std::uint64_t take_wide(unsigned count) noexcept {
    constexpr unsigned kHalf = 32;
    if (count <= kHalf) return take(count);
    const std::uint64_t low = take(kHalf);
    return low | take(count - kHalf) << kHalf;
  }
  [[nodiscard]] std::size_t bit() const noexcept { return bit_; }
  [[nodiscard]] bool overrun() const noexcept { return bit_ > 8 * data_.size(); }

 private:
  /// The bytes from `at` and then zeros.
  [[nodiscard]] static std::uint64_t load_the_end(Bytes data, std::size_t at) noexcept;

  Bytes data_;
  std::size_t bit_;
};

}  // namespace ems::telemetry::detail
