// SPDX-License-Identifier: Apache-2.0
/// @file UTC moments as text: 2026-11-21T08:15:30.250Z.
#pragma once

#include <string>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"

namespace ems::io {

/// Parses `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`; no other zone, no leap second.
///
/// @errors syntax        not of that form; offset = the character.
///         out_of_range  no such day or time.
/// @thread_safety Pure functions, all of this file.
[[nodiscard]] Result<UtcInstant> parse_utc(std::string_view text);

/// `2026-11-21T08:15:30.250Z`, milliseconds, rounded down.
[[nodiscard]] std::string format_utc(UtcInstant at);

}  // namespace ems::io
