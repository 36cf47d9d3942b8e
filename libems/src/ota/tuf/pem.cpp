// SPDX-License-Identifier: Apache-2.0
#include "ems/ota/tuf/pem.hpp"

#include <cstdint>

namespace ems::ota::tuf {
namespace {

constexpr std::string_view kBegin = "-----BEGIN PUBLIC KEY-----";
constexpr std::string_view kEnd = "-----END PUBLIC KEY-----";
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr bool is_line_end(char c) noexcept { return c == '\r' || c == '\n'; }

Failure bad_key(std::size_t at, const char* what) noexcept { return fail(Errc::bad_key, at, what); }

}  // namespace

Result<std::vector<std::byte>> spki_from_pem(std::string_view pem) {
  if (!pem.starts_with(kBegin)) return bad_key(0, "PEM: no PUBLIC KEY block");
  std::vector<std::byte> der;
  std::uint32_t bits = 0;  // Read and not yet written: the lowest `waiting`.
  unsigned waiting = 0;
  std::size_t padding = 0;
  std::size_t at = kBegin.size();
  for (; at < pem.size() && pem[at] != '-'; ++at) {
    if (is_line_end(pem[at])) continue;
    if (pem[at] == '=') {
      ++padding;
      continue;
    }
    const std::size_t value = kAlphabet.find(pem[at]);
    if (value == std::string_view::npos || padding > 0) return bad_key(at, "PEM: not base64");
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    waiting += 6;
    if (waiting < 8) continue;
    waiting -= 8;
    der.push_back(static_cast<std::byte>(bits >> waiting & 0xFF));
    bits &= (1U << waiting) - 1;
  }
  // 0, 2 or 4 bits wait, and half as many `=` complete four digits; 6 would be one digit alone.
  if (padding > 2 || padding != waiting / 2) return bad_key(at, "PEM: base64 without its end");
  if (bits != 0) return bad_key(at, "PEM: stray bits at the end of base64");
  if (!pem.substr(at).starts_with(kEnd)) return bad_key(at, "PEM: a block without its end");
  for (at += kEnd.size(); at < pem.size(); ++at) {
    if (!is_line_end(pem[at])) return bad_key(at, "PEM: something after the block");
  }
  return der;
}

}  // namespace ems::ota::tuf
