// SPDX-License-Identifier: Apache-2.0
// Decodes what a JBD battery answered to "basic info": bytes recorded from a real board.
#include <cstdio>

#include "ems/io/decode.hpp"
#include "ems/io/hex.hpp"

int main() {
  const auto request = ems::io::parse_hex("DDA50300FFFD77");
  const auto reply = ems::io::parse_hex(
      "DD03001D0618000001F201F400002C7C00000000000080640304030B8B0B8A0B84FA8D77");
  const auto json = ems::io::decode_to_json("jbd", *request, *reply);
  std::puts(json ? json->c_str() : json.error().what);
  return json ? 0 : 1;
}
