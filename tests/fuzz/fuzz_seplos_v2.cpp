// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/seplos_v2/codec.hpp"
#include "fuzz/ascii_codec_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return ems::fuzz::ascii_codec(ems::protocol::seplos_v2::codec(), "200046", {data, size});
}
