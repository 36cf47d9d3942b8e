// SPDX-License-Identifier: Apache-2.0
/// @file Payload of RecordType::event: an ems::Event as bytes. Pure, heapless, MCU-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/static_vector.hpp"
#include "ems/model/event.hpp"

namespace ems::telemetry {

inline constexpr std::size_t kEventNameMax = 48;
inline constexpr std::size_t kEventRecordFixedSize = 18;
inline constexpr std::size_t kEventRecordSizeMax = kEventRecordFixedSize + kEventNameMax;

/// An event as read back: it owns its name.
struct EventRecord {
  Severity severity = Severity::info;
  AssetId asset{};
  FixedString<kEventNameMax> name{};
  bool active = true;
  std::int64_t value = 0;
  Signal signal{};
  friend constexpr bool operator==(const EventRecord&, const EventRecord&) noexcept = default;
};

using EventPayload = StaticVector<std::byte, kEventRecordSizeMax>;

/// @errors        out_of_range  the name is empty, longer than kEventNameMax, or not of a-z 0-9 _;
///                offset = its byte of the payload.
/// @thread_safety Pure function.
/// @source        docs/reference/block-format.md#event-payload.
[[nodiscard]] Result<EventPayload> encode_event(const Event& event) noexcept;

/// @errors        truncated, length  not the size it says.
///                header        unknown payload version; offset 0.
///                out_of_range  severity, asset kind, flag or name; offset = the byte.
/// @thread_safety Pure function.
[[nodiscard]] Result<EventRecord> decode_event(Bytes payload) noexcept;

}  // namespace ems::telemetry
