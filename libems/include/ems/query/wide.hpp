// SPDX-License-Identifier: Apache-2.0
/// @file An exact 128-bit sum of products as a double.
#pragma once

#include "ems/aggregate/wide.hpp"

namespace ems::query {

using aggregate::Wide;

/// Nearest double, within a unit in the last place.
///
/// @thread_safety Pure function.
[[nodiscard]] double to_double(const Wide& wide) noexcept;

}  // namespace ems::query
