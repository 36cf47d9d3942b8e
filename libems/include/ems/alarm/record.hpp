// SPDX-License-Identifier: Apache-2.0
/// @file Payload of RecordType::alarm: an alarm::Change as bytes. Pure, heapless, MCU-safe.
#pragma once

#include <cstddef>

#include "ems/alarm/alarm.hpp"
#include "ems/core/bytes.hpp"

namespace ems::alarm {

inline constexpr std::size_t kRecordFixedSize = 58;
inline constexpr std::size_t kRecordSizeMax =
    kRecordFixedSize + 4 + kNameMax + 2 * kActorMax + kTextMax;
using Payload = StaticVector<std::byte, kRecordSizeMax>;

/// @errors        out_of_range  the alarm's name is empty.
/// @thread_safety Pure function.
/// @source        docs/reference/block-format.md#alarm-payload.
[[nodiscard]] Result<Payload> encode_change(const Change& change) noexcept;

/// @errors        truncated, length  not the size it says.
///                header        unknown payload version; offset 0.
///                out_of_range  a number or text it may not have; offset = the byte.
/// @thread_safety Pure function.
[[nodiscard]] Result<Change> decode_change(Bytes payload) noexcept;

}  // namespace ems::alarm
