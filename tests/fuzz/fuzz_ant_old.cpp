// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/ant_old/codec.hpp"
#include "fuzz/poll_codec_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return ems::fuzz::poll_codec(ems::protocol::ant_old::codec(), {data, size});
}
