// SPDX-License-Identifier: Apache-2.0
/// @file Where things are in a block, its point table, and the records. For people:
/// docs/reference/block-format.md.
#pragma once

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

// The point table: runs of points of one asset and one signal whose elements follow each other.
inline constexpr std::uint64_t kRunNewAsset =
    1;  // Bit of a run's head: kind, module, index follow.
inline constexpr std::uint64_t kRunElements =
    2;                                          // Bit: first element and length follow; else 0, 1.
inline constexpr unsigned kRunSignalShift = 2;  // Above: signal, less the one before of the asset.
/// Most bytes of one run: head, kind, module, index, first element, length.
inline constexpr std::size_t kRunSizeMax = 3 + 1 + 1 + 3 + 3 + 2;

/// Writes the table of strictly ascending points. @return the offset after it.
/// @pre kRunSizeMax bytes per point are there.
std::size_t store_points(MutableBytes out, std::size_t at, std::span<const Point> points) noexcept;
/// Reads `count` points; what no encoder writes is an error.
[[nodiscard]] Result<void> load_points(Bytes data, std::size_t& at, std::size_t count,
                                       StaticVector<Point, kPointsMax>& points) noexcept;

/// Differences wrap, so that every pair of values has one and it leads back.
[[nodiscard]] constexpr std::int64_t difference(std::int64_t to, std::int64_t from) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(to) -
                                   static_cast<std::uint64_t>(from));
}
[[nodiscard]] constexpr std::int64_t sum(std::int64_t from, std::int64_t step) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(from) +
                                   static_cast<std::uint64_t>(step));
}

/// Unpacks the record at `at`.
[[nodiscard]] Result<Record> unpack_record(Bytes data, std::size_t& at,
                                           std::int64_t& time) noexcept;

[[nodiscard]] constexpr UtcInstant utc(std::int64_t us) noexcept {
  return UtcInstant{microseconds(us)};
}

}  // namespace ems::telemetry::detail
