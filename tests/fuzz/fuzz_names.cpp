// SPDX-License-Identifier: Apache-2.0
// Short texts with one form: hexadecimal, asset names, moments, identities. Input: the text.
#include <algorithm>
#include <string>

#include "ems/io/hex.hpp"
#include "ems/io/identity.hpp"
#include "ems/io/utc_text.hpp"
#include "ems/model/point.hpp"
#include "fuzz/fuzz.hpp"

using namespace ems;
using fuzz::require;

namespace {

void check_offset(const Error& error, std::string_view text) {
  require(error.offset <= text.size(), "the offset lies within the text");
}

void check_hex(std::string_view text) {
  const auto bytes = io::parse_hex(text);
  if (!bytes) return check_offset(bytes.error(), text);
  const std::string shown = io::to_hex(*bytes);
  const auto digits =
      static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return c != ' '; }));
  require(shown.size() <= digits && shown.size() == 2 * bytes->size(), "every pair is one byte");
  const auto again = io::parse_hex(shown);
  require(again && *again == *bytes, "bytes are what their text says");
}

void check_asset(std::string_view text) {
  const auto asset = parse_asset(text);
  if (!asset) return check_offset(asset.error(), text);
  require(to_name(*asset).view() == text, "an asset has one name");
}

void check_utc(std::string_view text) {
  const auto at = io::parse_utc(text);
  if (!at) return check_offset(at.error(), text);
  const auto again = io::parse_utc(io::format_utc(*at));
  require(again && *again <= *at && *at - *again < milliseconds(1),
          "a moment is what its text says, to 1 ms");
}

void check_identity(std::string_view text) {
  const auto identity = io::parse_identity(text);
  if (!identity) return check_offset(identity.error(), text);
  require(io::to_uri(*identity) == text, "an identity has one name");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::Feed(data, size).text();
  check_hex(text);
  check_asset(text);
  check_utc(text);
  check_identity(text);
  return 0;
}
