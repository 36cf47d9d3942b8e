// SPDX-License-Identifier: Apache-2.0
// Recordings of CAN frames in whichever form. Input: lines.
#include <array>

#include "ems/protocol/can_log.hpp"
#include "ems/protocol/candump.hpp"
#include "fuzz/fuzz.hpp"

using namespace ems;
using namespace ems::protocol;
using fuzz::require;

namespace {

void check(std::string_view line, const Result<std::optional<CanRecord>>& read) {
  if (!read) return require(read.error().offset <= line.size(), "the offset lies within the line");
  if (!*read) return;
  const CanRecord& record = **read;
  require(record.size <= kCanFdDataSize, "a frame holds its bytes");
  require(!record.time || *record.time >= Duration::zero(), "no time is negative");
  std::array<char, kCandumpLineSize> room{};
  require(!print_candump(record, room).empty(), "every record is a line of candump");
  if (const auto frame = to_can_frame(record)) require(frame->valid(), "a frame is one");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Feed feed(data, size);
  CanLogReader any;
  PcanTraceReader trace;
  while (!feed.empty()) {
    const std::string_view line = feed.line();
    check(line, any.read(line));
    check(line, trace.read(line));
    (void)parse_battery_emulator(line);
  }
  return 0;
}
