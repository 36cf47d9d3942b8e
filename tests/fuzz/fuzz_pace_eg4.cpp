// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/pace_eg4/codec.hpp"
#include "fuzz/ascii_codec_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return ems::fuzz::ascii_codec(ems::protocol::pace_eg4::codec(), "20014A", {data, size});
}
