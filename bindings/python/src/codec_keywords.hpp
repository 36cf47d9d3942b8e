// SPDX-License-Identifier: Apache-2.0
/// @file What frames alone cannot tell, as Python's keywords say it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "ems/protocol/codec.hpp"
#include "native.hpp"

namespace ems::python {

/// (variant, address, cell_count, temperature_count).
using CodecKeywords =
    std::tuple<std::string, std::optional<std::int64_t>, std::int64_t, std::int64_t>;

/// Raises OutOfRangeError for a number that is no byte. @return It borrows the variant.
[[nodiscard]] protocol::CodecOptions options_of(const CodecKeywords& given);

}  // namespace ems::python
