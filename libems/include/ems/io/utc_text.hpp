// SPDX-License-Identifier: Apache-2.0
/// @file UTC moments as text where there is a heap; the rest is ems/core/utc_text.hpp.
#pragma once

#include <string>

#include "ems/core/utc_text.hpp"

namespace ems::io {

using ems::parse_utc;

/// `2026-11-21T08:15:30.250Z`, milliseconds, rounded down.
/// @thread_safety Pure function.
[[nodiscard]] std::string format_utc(UtcInstant at);

}  // namespace ems::io
