// SPDX-License-Identifier: Apache-2.0
// The durable safety latch. Input: a record.
#include "ems/runtime/latch_record.hpp"
#include "fuzz/fuzz.hpp"

using namespace ems;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes record = fuzz::Feed(data, size).rest();
  if (const auto latch = runtime::decode_latch(record)) {
    require(fuzz::same(runtime::encode_latch(*latch), record), "a latch encodes to itself");
  } else {
    require(latch.error().code == Errc::corrupt, "an unreadable latch is corrupt");
  }
  return 0;
}
