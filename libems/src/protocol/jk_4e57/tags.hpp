// SPDX-License-Identifier: Apache-2.0
/// @file Private: the tagged values of a reply.
#pragma once

#include <optional>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/model/point.hpp"

namespace ems::protocol::jk_4e57 {

/// Gives the values of the tags `data` consists of. Nothing is given on failure.
///
/// @errors length        there are none, a value is longer than the data (offset = the tag), or the
///                       cells are not three bytes each (offset = their count of bytes).
///         out_of_range  the cells are not numbered from 1; offset = the number.
///         unimplemented no source knows the tag; offset = the tag.
[[nodiscard]] Result<void> read_tags(Bytes data, ReadingSink& sink) noexcept;

/// Name of a bit of `vendor_alarms`.
[[nodiscard]] std::optional<std::string_view> vendor_bit_name(unsigned bit) noexcept;

}  // namespace ems::protocol::jk_4e57
