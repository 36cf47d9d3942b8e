// SPDX-License-Identifier: Apache-2.0
// Recordings of CAN frames as text. Input: lines.
#include <array>

#include "ems/protocol/candump.hpp"
#include "fuzz/fuzz.hpp"

using namespace ems;
using namespace ems::protocol;
using fuzz::require;

namespace {

void check(std::string_view line, const Result<CandumpRecord>& record) {
  if (!record)
    return require(record.error().offset <= line.size(), "the offset lies within the line");
  require(record->size <= kCanFdDataSize, "a frame holds its bytes");
  std::array<char, kCandumpLineSize> room{};
  const auto again = parse_candump(print_candump(*record, room));
  require(record->interface_name.empty() || (again && *again == *record),
          "a record is what its line says");

  const auto frame = to_can_frame(*record);
  const bool classic = record->kind == CandumpKind::data || record->kind == CandumpKind::remote;
  require(frame.has_value() == classic, "only classic frames are frames");
  if (!frame) return;
  require(frame->valid(), "a frame that was read is one");
  const auto back = to_can_frame(to_candump(*frame, record->time, "can0"));
  require(back && *back == *frame, "a frame is what its record says");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Feed feed(data, size);
  while (!feed.empty()) {
    const std::string_view line = feed.line();
    check(line, parse_candump(line));
    check(line, parse_can_text(line));
  }
  return 0;
}
