// SPDX-License-Identifier: Apache-2.0
// Decimal numbers. Input: one digit for the decimal places, then the text.
#include <array>

#include "ems/core/decimal.hpp"
#include "fuzz/fuzz.hpp"

using namespace ems;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Feed feed(data, size);
  const int digits = feed.u8() % 10;
  const std::string_view text = feed.text();
  const auto count = parse_decimal(text, digits);
  if (!count) {
    require(count.error().offset <= text.size(), "the offset lies within the text");
    return 0;
  }
  std::array<char, kDecimalTextSize> room{};
  const std::string_view shown = format_decimal(*count, digits, room);
  const auto again = parse_decimal(shown, digits);
  require(again && *again == *count, "a number is what its text says");
  require(shown.size() <= room.size(), "the text fits its room");
  return 0;
}
