// SPDX-License-Identifier: Apache-2.0
/// @file Where things are in a block, and the packing of rows that encoder and decoder share.
/// docs/reference/block-format.md is the description for people.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "ems/telemetry/block.hpp"
#include "ems/telemetry/varint.hpp"

namespace ems::telemetry::detail {

inline constexpr std::uint32_t kMagic = 0x42534D45;  // "EMSB", little-endian.
inline constexpr std::size_t kMagicAt = 0;           // u32
inline constexpr std::size_t kVersionAt = 4;         // u8
inline constexpr std::size_t kKindAt = 5;            // u8
inline constexpr std::size_t kStreamAt = 6;          // u8
inline constexpr std::size_t kClockAt = 7;           // u8
inline constexpr std::size_t kEpochRandomAt = 8;     // 16 bytes
inline constexpr std::size_t kEpochCounterAt = 24;   // u32
inline constexpr std::size_t kPointCountAt = 28;     // u16
inline constexpr std::size_t kReservedAt = 30;       // u16, zero
inline constexpr std::size_t kFirstAt = 32;          // u64
inline constexpr std::size_t kLastAt = 40;           // u64
inline constexpr std::size_t kLimitsAt = 48;         // u64
inline constexpr std::size_t kCatalogueAt = 56;      // u64
inline constexpr std::size_t kBodySizeAt = 64;       // u32
static_assert(kEpochRandomAt + sizeof(Epoch::random) == kEpochCounterAt);
static_assert(kBodySizeAt + sizeof(std::uint32_t) == kBlockHeaderSize);

// A point of the table.
inline constexpr std::size_t kPointKindAt = 0;     // u8
inline constexpr std::size_t kPointModuleAt = 1;   // u8
inline constexpr std::size_t kPointIndexAt = 2;    // u16
inline constexpr std::size_t kPointSignalAt = 4;   // u16
inline constexpr std::size_t kPointElementAt = 6;  // u16
static_assert(kPointElementAt + sizeof(std::uint16_t) == kBlockPointSize);

// A packed row: time delta, this flag, states when it is kStatesFollow, values of present points.
inline constexpr std::uint8_t kStatesSame = 0;
inline constexpr std::uint8_t kStatesFollow = 1;
inline constexpr std::uint8_t kStateAbsent = 0;
inline constexpr std::uint8_t kStateMax = 1 + static_cast<std::uint8_t>(Quality::good);

[[nodiscard]] inline Point load_point(Bytes data, std::size_t at) noexcept {
  return {.asset = {.kind = static_cast<AssetKind>(load_u8(data, at + kPointKindAt)),
                    .module = load_u8(data, at + kPointModuleAt),
                    .index = load_le16(data, at + kPointIndexAt)},
          .signal = static_cast<Signal>(load_le16(data, at + kPointSignalAt)),
          .element = load_le16(data, at + kPointElementAt)};
}

/// Two states in a byte, the earlier point in the low nibble.
[[nodiscard]] constexpr std::size_t states_size(std::size_t points) noexcept {
  return (points + 1) / 2;
}
[[nodiscard]] constexpr std::uint8_t state_of(const RowValue& value) noexcept {
  return value.valid ? static_cast<std::uint8_t>(1 + static_cast<std::uint8_t>(value.quality))
                     : kStateAbsent;
}
/// Differences wrap, so that every pair of values has one and it leads back.
[[nodiscard]] constexpr std::uint64_t delta(std::int64_t to, std::int64_t from) noexcept {
  return zigzag(
      static_cast<std::int64_t>(static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from)));
}
[[nodiscard]] constexpr std::int64_t undelta(std::uint64_t packed, std::int64_t from) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(unzigzag(packed)) +
                                   static_cast<std::uint64_t>(from));
}

/// Bytes that a row takes after `state`.
[[nodiscard]] std::size_t packed_size(const PackState& state, const Row& row) noexcept;
/// Packs a row at `at`. @return the offset after it. @pre packed_size() bytes are there.
std::size_t pack_row(MutableBytes out, std::size_t at, PackState& state, const Row& row) noexcept;
/// Unpacks the row at `at`, which ends before data.size(), into `state`.
[[nodiscard]] Result<void> unpack_row(Bytes data, std::size_t& at, std::size_t point_count,
                                      PackState& state) noexcept;
/// Unpacks the record at `at`.
[[nodiscard]] Result<Record> unpack_record(Bytes data, std::size_t& at,
                                           std::int64_t& time) noexcept;

[[nodiscard]] constexpr UtcInstant utc(std::int64_t us) noexcept {
  return UtcInstant{microseconds(us)};
}

}  // namespace ems::telemetry::detail
