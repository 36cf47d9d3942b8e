// SPDX-License-Identifier: Apache-2.0
// Datagrams of cannelloni. Input: size of each (16 bit), its bytes.
#include <vector>

#include "ems/protocol/cannelloni.hpp"
#include "fuzz/fuzz.hpp"

using namespace ems;
using namespace ems::protocol;
using fuzz::require;

namespace {

void check(Bytes datagram, CannelloniSequence& peer) {
  auto reader = CannelloniReader::open(datagram);
  if (!reader) {
    return require(reader.error().offset <= datagram.size(), "the offset lies within");
  }
  (void)peer.take(reader->sequence());
  std::vector<CanRecord> records;
  while (const auto record = reader->next()) {
    require(record->size <= kCanFdDataSize, "a frame holds its bytes");
    if (const auto frame = to_can_frame(*record)) require(frame->valid(), "a frame is one");
    records.push_back(*record);
  }
  std::vector<std::byte> room(datagram.size());
  const auto size = encode_cannelloni(reader->sequence(), records, room);
  require(size && *size == datagram.size(), "what was read can be written");
  auto again = CannelloniReader::open(room);
  require(again.has_value(), "what was written can be read");
  for (const CanRecord& record : records) {
    require(again->next() == record, "a frame is what its datagram says");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Feed feed(data, size);
  CannelloniSequence peer;
  while (!feed.empty()) {
    const std::uint16_t length = feed.u16();
    check(feed.take(length), peer);
  }
  return 0;
}
