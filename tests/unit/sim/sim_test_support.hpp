// SPDX-License-Identifier: Apache-2.0
/// @file Hex text and Modbus checksums for the simulator's tests, written apart from the library.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ems/sim/server.hpp"

namespace ems::sim {

inline ByteVector bytes(std::string_view hex_text) {
  const auto digit = [](char c) {
    return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  };
  ByteVector out;
  for (std::size_t i = 0; i + 1 < hex_text.size(); i += 2) {
    out.push_back(static_cast<std::byte>(digit(hex_text[i]) << 4 | digit(hex_text[i + 1])));
  }
  return out;
}

inline std::string hex(Bytes data) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const std::byte b : data) {
    out += kDigits[std::to_integer<unsigned>(b) >> 4];
    out += kDigits[std::to_integer<unsigned>(b) & 15];
  }
  return out;
}

/// Appends the Modbus CRC, bit by bit.
inline ByteVector with_crc(std::string_view hex_text) {
  ByteVector frame = bytes(hex_text);
  unsigned crc = 0xFFFF;
  for (const std::byte b : frame) {
    crc ^= std::to_integer<unsigned>(b);
    for (int i = 0; i < 8; ++i) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1;
  }
  frame.push_back(static_cast<std::byte>(crc & 0xFF));
  frame.push_back(static_cast<std::byte>(crc >> 8));
  return frame;
}

}  // namespace ems::sim
