// SPDX-License-Identifier: Apache-2.0
/// @file The latch as bytes for a memory that outlives a power cut.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "ems/core/bytes.hpp"
#include "ems/safety/kernel.hpp"

namespace ems::firmware {

/// Mark, count, five bytes per trip, CRC-32.
inline constexpr std::size_t kLatchRecordSize = 4 + 1 + 5 * safety::Latch::capacity() + 4;
using LatchRecord = std::array<std::byte, kLatchRecordSize>;

/// Writes what a trip is, not when it was: that clock ends with the power.
/// @thread_safety Pure function.
[[nodiscard]] LatchRecord encode_latch(const safety::Latch& latch) noexcept;

/// Reads a record.
/// @return        nullopt when it was never written, is torn or makes no sense: the caller starts
///                TRIPPED then.
/// @requirement   SAF-066.
/// @thread_safety Pure function.
[[nodiscard]] std::optional<safety::Latch> decode_latch(Bytes record) noexcept;

}  // namespace ems::firmware
