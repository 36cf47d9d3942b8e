// SPDX-License-Identifier: Apache-2.0
#include "app/latch_record.hpp"

#include "ems/telemetry/crc32.hpp"

namespace ems::firmware {
namespace {

constexpr std::uint32_t kMark = 0x4C41'5431;  // "LAT1".
constexpr std::size_t kCountAt = 4;
constexpr std::size_t kTripsAt = 5;
constexpr std::size_t kTripSize = 5;  // Cause, kind, module, index.
constexpr std::size_t kCrcAt = kLatchRecordSize - 4;
constexpr auto kCauseMax = static_cast<std::uint8_t>(safety::TripCause::limit_disobeyed);
constexpr auto kKindMax = static_cast<std::uint8_t>(AssetKind::load);

}  // namespace

LatchRecord encode_latch(const safety::Latch& latch) noexcept {
  LatchRecord record{};
  store_be32(record, 0, kMark);
  store_u8(record, kCountAt, static_cast<std::uint8_t>(latch.size()));
  std::size_t at = kTripsAt;
  for (const safety::Trip& trip : latch) {
    store_u8(record, at, static_cast<std::uint8_t>(trip.cause));
    store_u8(record, at + 1, static_cast<std::uint8_t>(trip.asset.kind));
    store_u8(record, at + 2, trip.asset.module);
    store_be16(record, at + 3, trip.asset.index);
    at += kTripSize;
  }
  store_be32(record, kCrcAt, telemetry::crc32(Bytes{record}.first(kCrcAt)));
  return record;
}

std::optional<safety::Latch> decode_latch(Bytes record) noexcept {
  if (record.size() != kLatchRecordSize || load_be32(record, 0) != kMark) return std::nullopt;
  if (load_be32(record, kCrcAt) != telemetry::crc32(record.first(kCrcAt))) return std::nullopt;
  safety::Latch latch;
  const std::size_t count = load_u8(record, kCountAt);
  if (count > safety::Latch::capacity()) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = kTripsAt + i * kTripSize;
    const std::uint8_t cause = load_u8(record, at);
    const std::uint8_t kind = load_u8(record, at + 1);
    if (cause > kCauseMax || kind > kKindMax) return std::nullopt;
    latch.push_back(
        {static_cast<safety::TripCause>(cause),
         {static_cast<AssetKind>(kind), load_u8(record, at + 2), load_be16(record, at + 3)},
         Instant{}});
  }
  return latch;
}

}  // namespace ems::firmware
