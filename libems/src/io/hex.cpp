// SPDX-License-Identifier: Apache-2.0
#include "ems/io/hex.hpp"

namespace ems::io {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";

constexpr int digit_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

Result<std::vector<std::byte>> parse_hex(std::string_view text) {
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size();) {
    if (is_blank(text[i])) {
      ++i;
      continue;
    }
    const int high = digit_value(text[i]);
    if (high < 0) return fail(Errc::syntax, i, "not a hexadecimal digit");
    if (i + 1 == text.size()) return fail(Errc::syntax, i, "half a pair of hexadecimal digits");
    const int low = digit_value(text[i + 1]);
    if (low < 0) return fail(Errc::syntax, i + 1, "not a hexadecimal digit");
    bytes.push_back(static_cast<std::byte>(high * 16 + low));
    i += 2;
  }
  return bytes;
}

std::string to_hex(Bytes bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    text += kDigits[value >> 4];
    text += kDigits[value & 0x0FU];
  }
  return text;
}

}  // namespace ems::io
