// SPDX-License-Identifier: Apache-2.0
/// @file Decimal text to scaled integers and back, exactly: "3.65" volts is 3650 millivolts and
/// never passes through a double.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ems/core/result.hpp"

namespace ems {

/// Parses a decimal number into an integer count of 10^-digits.
///
/// Accepts an optional sign, digits with an optional point, and an optional exponent (`1.5e3`); no
/// spaces, no `nan`.
///
/// @param text    The whole text of the number.
/// @param digits  Decimal digits of the unit, 0 .. 9: 3 for V -> mV.
/// @return        The exact count.
/// @errors        syntax        not a decimal number; offset = the character.
///                off_grid      more decimal places than the unit holds ("3.6505" for mV); offset =
///                the first digit too many. out_of_range  does not fit int64.
/// @thread_safety Pure function.
[[nodiscard]] Result<std::int64_t> parse_decimal(std::string_view text, int digits) noexcept;

/// Room that format_decimal needs for any value.
inline constexpr std::size_t kDecimalTextSize = 32;

/// Writes `count` of 10^-digits as the shortest exact decimal: 3650 with digits 3 is "3.65", 3000
/// is "3.0", digits 0 is "3000".
///
/// @param out     At least kDecimalTextSize characters.
/// @return        The text, in `out`.
/// @thread_safety Pure function.
[[nodiscard]] std::string_view format_decimal(std::int64_t count, int digits,
                                              std::span<char> out) noexcept;

}  // namespace ems
