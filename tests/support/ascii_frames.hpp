// SPDX-License-Identifier: Apache-2.0
/// @file Frames of the ASCII batteries (Pylontech, Seplos V2, PACE, EG4), made by arithmetic of its
/// own.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "support/frames.hpp"

namespace ems::test {

inline Frame bytes_of(std::string_view text) {
  Frame bytes;
  for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
  return bytes;
}

inline std::string text_of(const Frame& frame) {
  std::string text;
  for (const std::byte b : frame) text.push_back(static_cast<char>(b));
  return text;
}

/// `body` between ~ and its checksum.
inline Frame ascii_closed(const std::string& body) {
  int sum = 0;
  for (const char c : body) sum += static_cast<unsigned char>(c);
  char tail[8];
  std::snprintf(tail, sizeof tail, "%04X\r", static_cast<unsigned>((65536 - sum % 65536) % 65536));
  return bytes_of("~" + body + tail);
}

/// A frame: `head` is VER ADR CID1 and CID2 or RTN (eight digits), `info` its digits.
inline Frame ascii_frame(const std::string& head, const std::string& info = "") {
  const auto lenid = static_cast<unsigned>(info.size());
  const unsigned sum = lenid / 256 + lenid / 16 % 16 + lenid % 16;
  char length[8];
  std::snprintf(length, sizeof length, "%X%03X", (16 - sum % 16) % 16, lenid);
  return ascii_closed(head + length + info);
}

}  // namespace ems::test
