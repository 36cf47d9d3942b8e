// SPDX-License-Identifier: Apache-2.0
// What a socketcand says, and the client that answers. Input: its bytes.
#include <array>

#include "ems/protocol/socketcand.hpp"
#include "fuzz/fuzz.hpp"

using namespace ems;
using namespace ems::protocol;
using fuzz::require;

namespace {

void check(const SocketcandMessage& message) {
  if (message.kind != SocketcandKind::frame && message.kind != SocketcandKind::send) return;
  const auto frame = to_can_frame(message.record);
  require(frame && frame->valid(), "a frame that was read is one");
  std::array<char, kSocketcandFrameSize> room{};
  const std::string_view text = message.kind == SocketcandKind::send
                                    ? encode_socketcand(*frame, room).value()
                                    : print_socketcand(*frame, *message.record.time, room);
  const auto again = parse_socketcand(text.substr(1, text.size() - 2));
  require(again && again->record == message.record, "a frame is what its message says");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Feed feed(data, size);
  SocketcandScanner scanner;
  SocketcandClient client("can0");
  for (const std::byte byte : feed.rest()) {
    const auto message = scanner.push(byte);
    if (!message) continue;
    if (!*message) {
      require(message->error().offset <= kSocketcandMessageMax, "the offset lies within");
      continue;
    }
    check(**message);
    const auto before = client.state();
    const std::string_view answer = client.take(**message);
    require(answer.empty() || client.state() != before, "an answer is a step forward");
  }
  return 0;
}
