// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/latch_record.hpp"

namespace ems::runtime {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeaderSize = 2;
constexpr std::size_t kTripSize = 5;

}  // namespace

std::vector<std::byte> encode_latch(const safety::Latch& latch) {
  std::vector<std::byte> record(kHeaderSize + kTripSize * latch.size());
  store_u8(record, 0, kVersion);
  store_u8(record, 1, static_cast<std::uint8_t>(latch.size()));
  std::size_t at = kHeaderSize;
  for (const safety::Trip& trip : latch) {
    store_u8(record, at, static_cast<std::uint8_t>(trip.cause));
    store_u8(record, at + 1, static_cast<std::uint8_t>(trip.asset.kind));
    store_u8(record, at + 2, trip.asset.module);
    store_be16(record, at + 3, trip.asset.index);
    at += kTripSize;
  }
  return record;
}

Result<safety::Latch> decode_latch(Bytes record) {
  if (record.size() < kHeaderSize || load_u8(record, 0) != kVersion) {
    return fail(Errc::corrupt, 0, "latch record: unknown version");
  }
  const std::size_t count = load_u8(record, 1);
  if (record.size() != kHeaderSize + kTripSize * count || count > safety::Latch::capacity()) {
    return fail(Errc::corrupt, 1, "latch record: size disagrees with its count");
  }
  safety::Latch latch;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = kHeaderSize + kTripSize * i;
    safety::Trip trip;
    trip.cause = static_cast<safety::TripCause>(load_u8(record, at));
    if (trip.cause > safety::TripCause::limit_disobeyed) {
      return fail(Errc::corrupt, at, "latch record: unknown cause");
    }
    trip.asset.kind = static_cast<AssetKind>(load_u8(record, at + 1));
    if (trip.asset.kind > AssetKind::load) {
      return fail(Errc::corrupt, at + 1, "latch record: unknown asset");
    }
    trip.asset.module = load_u8(record, at + 2);
    trip.asset.index = load_be16(record, at + 3);
    latch.push_back(trip);
  }
  return latch;
}

}  // namespace ems::runtime
