// SPDX-License-Identifier: Apache-2.0
/// @file What the parsers of metadata share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ems/ota/tuf/metadata.hpp"

namespace ems::ota::tuf {

inline Failure malformed(JsonValue at, const char* what) noexcept {
  return fail(Errc::malformed, at.offset(), what);
}

/// Lower-case hex into exactly `out`, so that every value has one spelling.
[[nodiscard]] bool from_hex(std::string_view hex, MutableBytes out) noexcept;

[[nodiscard]] std::string to_hex(Bytes bytes);

/// An integer of at least `min`.
[[nodiscard]] Result<std::int64_t> integer_from(JsonValue value, std::int64_t min);
[[nodiscard]] Result<std::string> text(JsonValue value);
/// `keyids` and `threshold` of an object.
[[nodiscard]] Result<Role> parse_role(JsonValue value);
/// Not an empty list: a file that says "no hash" is refused.
[[nodiscard]] Result<Hashes> parse_hashes(JsonValue value);

}  // namespace ems::ota::tuf
