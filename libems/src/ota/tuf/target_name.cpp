// SPDX-License-Identifier: Apache-2.0
#include "ems/ota/tuf/target_name.hpp"

#include <cstddef>

namespace ems::ota::tuf {
namespace {

constexpr std::size_t kNameMax = 255;

bool unreserved(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-' || c == '~';
}

bool part_is_safe(std::string_view part) noexcept {
  return !part.empty() && part != "." && part != "..";
}

}  // namespace

Result<void> check_target_name(std::string_view name) noexcept {
  if (name.size() > kNameMax) return fail(Errc::bad_name, kNameMax, "target name: too long");
  for (std::size_t at = 0; at < name.size(); ++at) {
    const auto byte = static_cast<unsigned char>(name[at]);
    if (byte < 0x20 || byte >= 0x7F || byte == '\\') {
      return fail(Errc::bad_name, at, "target name: a character that is not allowed");
    }
  }
  for (std::size_t begin = 0;;) {
    const std::size_t end = name.find('/', begin);
    if (!part_is_safe(name.substr(begin, end - begin))) {
      return fail(Errc::bad_name, begin, "target name: a part that is empty, '.' or '..'");
    }
    if (end == std::string_view::npos) return {};
    begin = end + 1;
  }
}

std::string percent_encoded(std::string_view name) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const bool dots = name == "." || name == "..";
  std::string out;
  out.reserve(name.size());
  for (const char c : name) {
    if (unreserved(c) && !dots) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 0xFU];
  }
  return out;
}

}  // namespace ems::ota::tuf
