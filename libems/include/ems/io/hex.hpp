// SPDX-License-Identifier: Apache-2.0
/// @file Hexadecimal text and bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"

namespace ems::io {

/// Parses hexadecimal text: pairs of digits of either case; blanks between pairs are allowed.
///
/// @errors        syntax  not a hexadecimal digit, or half a pair; offset = the character.
/// @thread_safety Pure function.
[[nodiscard]] Result<std::vector<std::byte>> parse_hex(std::string_view text);

/// Upper-case digits, no blanks. @thread_safety Pure function.
[[nodiscard]] std::string to_hex(Bytes bytes);

}  // namespace ems::io
