// SPDX-License-Identifier: Apache-2.0
/// @file The known word nearest to a misspelt one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ems::io::config {

/// Number of insertions, deletions, replacements and swaps of neighbours between two words.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// Nearest of `known` to `word`, the first of equals; empty when none is near: more than a third
/// of the longer word (at least 2) apart and neither the beginning of the other.
[[nodiscard]] std::string nearest(std::string_view word,
                                  const std::vector<std::string_view>& known);

}  // namespace ems::io::config
