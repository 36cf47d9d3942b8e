// SPDX-License-Identifier: Apache-2.0
/// @file The codecs with ASCII frames, whose checksum keeps what random bytes reach shallow. Input:
/// that of poll_codec_fuzz.hpp or, with bit 7 of the first byte, what a sound reply holds; then
/// bits 0-3 are the command, bits 4-5 the pack that was asked for.
#pragma once

#include <string>

#include "fuzz/poll_codec_fuzz.hpp"
#include "support/ascii_frames.hpp"

namespace ems::fuzz {

/// @param head  VER ADR CID1 of a device, in digits.
inline int ascii_codec(const protocol::PollCodec& codec, const char* head,
                       std::span<const std::uint8_t> input) {
  constexpr std::size_t kInfoSizeMax = 2047;
  constexpr char kDigits[] = "0123456789ABCDEF";
  constexpr const char* kCommands[] = {"42", "44", "47", "4F", "51", "61", "62", "63",
                                       "90", "92", "93", "94", "96", "C1", "C2", "60"};
  constexpr const char* kPacks[] = {"", "01", "FF", "0102"};
  if (input.empty() || (input[0] & 0x80U) == 0) return poll_codec(codec, input);
  std::string digits;
  for (const std::uint8_t byte : input.subspan(1, std::min(input.size() - 1, kInfoSizeMax))) {
    digits += {kDigits[byte >> 4U], kDigits[byte & 0xFU]};
  }
  const std::string device = head;
  const test::Frame reply = test::ascii_frame(device + "00", digits);
  const test::Frame request =
      test::ascii_frame(device + kCommands[input[0] & 0xFU], kPacks[input[0] >> 4U & 3U]);
  check_decode(codec, request, reply);
  check_decode(codec, {}, reply);
  return 0;
}

}  // namespace ems::fuzz
