// SPDX-License-Identifier: Apache-2.0
// What an slcan adapter says. Input: its bytes.
#include <array>

#include "ems/protocol/slcan.hpp"
#include "fuzz/fuzz.hpp"

using namespace ems;
using namespace ems::protocol;
using fuzz::require;

namespace {

void check(const SlcanEvent& event) {
  require(!to_string(event.kind).empty(), "every event has a name");
  if (event.kind == SlcanEventKind::refused) {
    require(event.why.offset <= kSlcanLineMax, "the offset lies within the line");
  }
  if (event.kind != SlcanEventKind::frame) return;
  require(!event.timestamp_ms || *event.timestamp_ms < 60'000, "the adapter's clock wraps");
  const auto frame = to_can_frame(event.record);
  require(frame.has_value() == (event.record.kind != CanRecordKind::fd), "only CAN FD is none");
  if (!frame) return;
  require(frame->valid(), "a frame that was read is one");
  std::array<char, kSlcanFrameSize> room{};
  const std::string_view text = encode_slcan(*frame, room);
  const SlcanEvent again = parse_slcan(text.substr(0, text.size() - 1));
  require(again.kind == SlcanEventKind::frame && again.record == event.record,
          "a frame is what its line says");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Feed feed(data, size);
  SlcanParser parser;
  for (const std::byte byte : feed.rest()) {
    if (const auto event = parser.push(byte)) check(*event);
  }
  return 0;
}
