// SPDX-License-Identifier: Apache-2.0
/// @file Text of a peer, before it is kept or logged.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace ems::rpc {

inline constexpr std::size_t kVersionSizeMax = 64;    ///< Of Hello.software_version.
inline constexpr std::size_t kMessageSizeMax = 1024;  ///< Of what explains a state or an error.
inline constexpr std::size_t kNameSizeMax = 128;      ///< Of ids and of who did something.

/// At most `size_max` bytes of it, not cut inside a UTF-8 character, `?` for control characters and
/// for the quote that ends a text in the log.
/// @thread_safety Pure function.
[[nodiscard]] inline std::string printable(std::string_view text, std::size_t size_max) {
  std::size_t size = std::min(text.size(), size_max);
  const auto continues = [&](std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
  };
  while (size > 0 && size < text.size() && continues(size)) --size;
  std::string result{text.substr(0, size)};
  for (char& c : result) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20U || code == 0x7FU || c == '"') c = '?';
  }
  return result;
}

}  // namespace ems::rpc
