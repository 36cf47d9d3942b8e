// SPDX-License-Identifier: Apache-2.0
/// @file UTC moments as text, `2026-11-21T08:15:30.250Z`, without a clock and without a heap.
#pragma once

#include <array>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"

namespace ems {

/// Parses `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`; no other zone, no leap second.
///
/// @errors syntax        not of that form; offset = the character.
///         out_of_range  no such day or time.
/// @thread_safety Pure functions, all of this file.
/// @source RFC 3339, section 5.6.
[[nodiscard]] Result<UtcInstant> parse_utc(std::string_view text) noexcept;

/// Room for any moment.
using UtcText = std::array<char, 32>;

/// `2026-11-21T08:15:30Z`, rounded down.
///
/// @param digits Of the second's fraction, 0 to 6.
/// @return The part of `room` that was written.
[[nodiscard]] std::string_view format_utc(UtcInstant at, int digits, UtcText& room) noexcept;

}  // namespace ems
