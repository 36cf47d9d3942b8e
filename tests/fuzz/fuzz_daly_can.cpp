// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/daly_can/codec.hpp"
#include "fuzz/can_codec_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return ems::fuzz::can_codec(ems::protocol::daly_can::codec(), {data, size});
}
