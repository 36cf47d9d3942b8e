// SPDX-License-Identifier: Apache-2.0
#include "rpc/fingerprint.hpp"

#include <cstddef>

#include "ems/telemetry/block.hpp"

namespace ems::rpc {

namespace {

/// FNV-1a, 64 bit. On the wire: never change it within a protocol version.
/// @source Fowler, Noll, Vo: The FNV Non-Cryptographic Hash Algorithm, draft-eastlake-fnv-17.
class Hash {
 public:
  void add(std::byte byte) {
    value_ ^= std::to_integer<std::uint64_t>(byte);
    value_ *= 0x100000001b3U;
  }
  void add(std::uint64_t number) {  // Least significant byte first.
    for (int shift = 0; shift < 64; shift += 8) add(static_cast<std::byte>(number >> shift));
  }
  void add(std::int64_t number) { add(static_cast<std::uint64_t>(number)); }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

std::uint64_t hash_of(const telemetry::Row& row) {
  Hash hash;
  hash.add(row.at.since_epoch().count());
  for (std::size_t i = 0; i < row.points.size(); ++i) {
    if (!row.values[i].valid) continue;
    const Point& point = row.points[i];
    hash.add(static_cast<std::uint64_t>(point.asset.kind));
    hash.add(static_cast<std::uint64_t>(point.asset.index));
    hash.add(static_cast<std::uint64_t>(point.asset.module));
    hash.add(static_cast<std::uint64_t>(point.signal));
    hash.add(static_cast<std::uint64_t>(point.element));
    hash.add(row.values[i].value);
    hash.add(static_cast<std::uint64_t>(row.values[i].quality));
  }
  return hash.value();
}

std::uint64_t hash_of(const telemetry::Record& record) {
  Hash hash;
  hash.add(record.at.since_epoch().count());
  hash.add(static_cast<std::uint64_t>(record.type));
  for (const std::byte byte : record.payload) hash.add(byte);
  return hash.value();
}

std::optional<Fingerprint> fingerprint(Bytes block, bool last) {
  const Result<telemetry::BlockReader> reader = telemetry::BlockReader::open(block);
  if (!reader) return std::nullopt;
  const telemetry::BlockHeader& header = reader->header();
  const telemetry::Sequence wanted = last ? header.last : header.first;
  if (header.kind() == telemetry::BlockKind::points) {
    for (telemetry::RowCursor cursor(*reader); cursor.next();) {
      if (cursor.sequence() == wanted) return Fingerprint{wanted, hash_of(cursor.row())};
    }
  } else {
    for (telemetry::RecordCursor cursor(*reader); cursor.next();) {
      if (cursor.sequence() == wanted) return Fingerprint{wanted, hash_of(cursor.record())};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Fingerprint> fingerprint_of_first(Bytes block) { return fingerprint(block, false); }
std::optional<Fingerprint> fingerprint_of_last(Bytes block) { return fingerprint(block, true); }

}  // namespace ems::rpc
