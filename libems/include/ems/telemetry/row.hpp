// SPDX-License-Identifier: Apache-2.0
/// @file Rows and what identifies them: stream, epoch, sequence. A row is one moment; its identity
/// is (tenant, agent, stream, epoch, sequence), and tenant and agent come from the certificate.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/sample.hpp"
#include "ems/core/time.hpp"
#include "ems/model/point.hpp"

namespace ems::telemetry {

/// Lanes with their own sequence, budget and retention. Numbers are append-only: files, wire.
enum class Stream : std::uint8_t { audit = 0, telemetry = 1, decisions = 2 };
inline constexpr std::size_t kStreamCount = 3;
inline constexpr std::array<Stream, kStreamCount> kStreams{Stream::audit, Stream::telemetry,
                                                           Stream::decisions};
[[nodiscard]] constexpr std::size_t index_of(Stream stream) noexcept {
  return static_cast<std::size_t>(stream);
}
[[nodiscard]] constexpr std::string_view to_string(Stream stream) noexcept {
  constexpr std::array<std::string_view, kStreamCount> kNames{"audit", "telemetry", "decisions"};
  return index_of(stream) < kNames.size() ? kNames[index_of(stream)] : "unknown";
}

/// Sequences count from 1 within (stream, epoch); a mark of 0 means "nothing yet".
using Sequence = std::uint64_t;

/// One life of an edge store. Made when a store is created or found rolled back, not per process.
struct Epoch {
  std::array<std::byte, 16> random{};  ///< 128 random bits: two stores never share one.
  std::uint32_t counter = 0;           ///< Epochs of one store count from 1; orders them.
  friend constexpr bool operator==(const Epoch&, const Epoch&) noexcept = default;
};

/// A value of one point in one row, in the catalogue's integer unit.
struct RowValue {
  std::int64_t value = 0;
  Quality quality = Quality::bad;
  bool valid = false;  ///< false: nobody knows the value at this moment; `value` means nothing.
  friend constexpr bool operator==(const RowValue& a, const RowValue& b) noexcept {
    if (a.valid != b.valid) return false;
    return !a.valid || (a.value == b.value && a.quality == b.quality);
  }
};

// A C++ build for a microcontroller may ask for less (CMake: EMS_MAX_POINTS); everything linked
// together must agree. Blocks with more points are then refused.
#ifndef EMS_MAX_POINTS
#define EMS_MAX_POINTS 256
#endif
/// Most points one row may have.
inline constexpr std::size_t kPointsMax = EMS_MAX_POINTS;
static_assert(kPointsMax >= 1 && kPointsMax <= 256);

/// One moment of the telemetry stream. Borrows: spans live as long as their owner says.
struct Row {
  UtcInstant at{};
  std::span<const Point> points;     ///< Strictly ascending, at most kPointsMax.
  std::span<const RowValue> values;  ///< One per point.
};

/// What the payload of a record is. Numbers are append-only.
enum class RecordType : std::uint16_t {
  event = 1,          ///< ems::Event, encoded by event_record.hpp.
  command = 2,        ///< A command arrived (audit).
  command_state = 3,  ///< A command changed state (audit).
  audit = 4,          ///< Somebody did something (audit): who, what, why.
  alarm = 5,          ///< An alarm changed (audit): alarm::Change, encoded by alarm/record.hpp.
  decision = 16,      ///< A decision with its explanation.
};

/// Most bytes of one record's payload.
inline constexpr std::size_t kRecordSizeMax = 8192;

/// One moment of the audit or decision stream; the payload is opaque to block, store and server.
struct Record {
  UtcInstant at{};
  RecordType type = RecordType::event;
  Bytes payload;
};

/// Why rows will never come. Numbers are append-only: files, wire.
enum class GapReason : std::uint8_t {
  evicted = 1,   ///< Retention or a full disk needed the room before they were acknowledged.
  corrupt = 2,   ///< The stored block failed its check.
  not_held = 3,  ///< Acknowledged once, no longer kept, and asked for again (restored server).
};
[[nodiscard]] constexpr std::string_view to_string(GapReason reason) noexcept {
  switch (reason) {
    case GapReason::evicted:
      return "evicted";
    case GapReason::corrupt:
      return "corrupt";
    case GapReason::not_held:
      return "not_held";
  }
  return "unknown";
}

/// A range of rows that will never come: acknowledged, counted and shown like rows.
struct Gap {
  Sequence first = 0;
  Sequence last = 0;
  GapReason reason = GapReason::evicted;
  bool time_known = false;  ///< false: utc_first and utc_last mean nothing.
  UtcInstant utc_first{};   ///< Time of the first row lost.
  UtcInstant utc_last{};    ///< Time of the last row lost.
  friend constexpr bool operator==(const Gap&, const Gap&) noexcept = default;
};

}  // namespace ems::telemetry
