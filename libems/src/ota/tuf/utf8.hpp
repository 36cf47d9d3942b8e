// SPDX-License-Identifier: Apache-2.0
/// @file UTF-8, one character at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ems::ota::tuf {

/// Bytes of the character that `text` begins with; 0 where it is none: a byte that begins nothing,
/// one cut off, a longer form than needed, a surrogate, beyond U+10FFFF.
/// @source RFC 3629, section 4.
[[nodiscard]] inline std::size_t utf8_size(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.empty()) return 0;
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  const bool longer_than_needed =
      (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second >= 0xA0;
  const bool beyond = lead == 0xF4 && second >= 0x90;
  return longer_than_needed || surrogate || beyond ? 0 : size;
}

/// @pre `code` is a Unicode scalar value.
inline void append_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&text](std::uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  const auto put_rest = [&](int shift) { put(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | (code >> 6));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put_rest(6);
  } else {
    put(0xF0 | (code >> 18));
    put_rest(12);
    put_rest(6);
  }
  put_rest(0);
}

}  // namespace ems::ota::tuf
