// SPDX-License-Identifier: Apache-2.0
/// @file Names from metadata, made safe for URLs and folders.
#pragma once

#include <string>
#include <string_view>

#include "ems/core/result.hpp"

namespace ems::ota::tuf {

/// Whether a target's name may be used at all: relative, ASCII without control characters or
/// backslash, at most 255 bytes, no part that is empty, one dot or two.
/// @errors bad_name  at the byte.
/// @thread_safety Yes.
Result<void> check_target_name(std::string_view name) noexcept;

/// A name with everything but letters, digits, underscore, dot, hyphen and tilde percent-encoded:
/// one path part whatever it holds. One dot or two alone are encoded as well.
/// @thread_safety Yes.
/// @source RFC 3986, section 2.3.
[[nodiscard]] std::string percent_encoded(std::string_view name);

}  // namespace ems::ota::tuf
