// SPDX-License-Identifier: Apache-2.0
#include "ems/io/protocol_list.hpp"

#include <array>

#include "ems/protocol/can_lv/emulator.hpp"
#include "ems/protocol/poll_codec.hpp"

namespace ems::io {
namespace {

constexpr std::string_view kPollLinks[] = {"serial", "tcp"};
constexpr std::string_view kCanLinks[] = {"socketcan",  "slcan",      "slcan_tcp",
                                          "socketcand", "cannelloni", "candump"};

/// A refusal for its values is a command too.
bool has(const Result<std::size_t>& written) {
  return written || written.error().code != Errc::unimplemented;
}

std::vector<std::string_view> commands_of(const protocol::PollCodec& codec) {
  std::array<std::byte, protocol::kRequestSize> room{};
  std::vector<std::string_view> commands;
  if (has(codec.encode_switch({}, room))) commands.emplace_back("switch");
  if (has(codec.encode_limits({}, room))) commands.emplace_back("limits");
  if (has(codec.encode_balance({}, room))) commands.emplace_back("balance");
  return commands;
}

}  // namespace

std::vector<ProtocolEntry> protocol_list() {
  std::vector<ProtocolEntry> list;
  for (const protocol::Codec* codec : protocol::codecs()) {
    const protocol::PollCodec* poll = protocol::as_poll(*codec);
    ProtocolEntry& entry = list.emplace_back();
    entry.codec = codec;
    entry.page = "docs/protocols/" + std::string(codec->name()) + ".md";
    if (poll != nullptr) {
      entry.links = kPollLinks;
      entry.commands = commands_of(*poll);
    } else {
      entry.links = kCanLinks;
    }
    entry.emulates = protocol::can_lv::spoken_dialect(*codec).has_value();
  }
  return list;
}

}  // namespace ems::io
