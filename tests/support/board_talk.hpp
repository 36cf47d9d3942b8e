// SPDX-License-Identifier: Apache-2.0
/// @file A codec asks the board of its own protocol.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "ems/protocol/board.hpp"
#include "ems/protocol/register_map/codec.hpp"
#include "support/frames.hpp"
#include "support/recording_sink.hpp"

namespace ems::test {

/// Poll protocols that have a board.
inline std::vector<const protocol::PollCodec*> codecs_with_boards() {
  std::vector<const protocol::PollCodec*> found;
  for (const protocol::Codec* codec : protocol::codecs()) {
    if (protocol::find_board(codec->name()) != nullptr) found.push_back(protocol::as_poll(*codec));
  }
  return found;
}

/// Those that are no register tables: what a table holds is register_map_property_test's matter.
/// JK PB has one beside its frames (binary_boards_test).
inline std::vector<const protocol::PollCodec*> codecs_with_frames() {
  std::vector<const protocol::PollCodec*> found = codecs_with_boards();
  std::erase_if(found, [](const protocol::PollCodec* codec) {
    return dynamic_cast<const protocol::register_map::MapCodec*>(codec) != nullptr ||
           codec->name() == "jk_pb_modbus";
  });
  return found;
}

/// One board and whoever asks it, with the same options.
class BoardTalk {
 public:
  BoardTalk(const protocol::PollCodec& codec, const protocol::CodecOptions& options)
      : options_(options),
        codec_(codec.with(options, room_).value()),
        board_(protocol::find_board(codec.name())) {}

  [[nodiscard]] const protocol::PollCodec& codec() const { return *codec_; }

  /// Most that the board can say, in mA.
  [[nodiscard]] std::int64_t current_max() const {
    return options_.variant == "system_fine" ? 30'000 : 300'000;
  }

  [[nodiscard]] Frame request(std::uint8_t number) const {
    std::array<std::byte, protocol::kRequestSize> out{};
    const std::size_t size = codec_->encode_poll(number, out).value();
    return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)};
  }
  /// Empty: silence.
  [[nodiscard]] Frame reply(const protocol::BoardState& state, const Frame& request) const {
    Frame out(4'096);
    out.resize(board_(options_, state, request, out).size);
    return out;
  }
  /// What our side of the line makes of a reply.
  Result<void> decode(const Frame& request, const Frame& reply, ReadingSink& sink) const {
    const protocol::FrameScan found = codec_->scan(request, reply);
    EXPECT_EQ(found.noise, 0U);
    EXPECT_GT(found.size, 0U);
    return codec_->decode(request, Bytes(reply).first(found.size), sink);
  }

 private:
  protocol::CodecOptions options_;
  protocol::CodecRoom room_;
  const protocol::PollCodec* codec_;
  protocol::BoardAnswer* board_;
};

/// Everything that two sinks of one decoder were given.
inline void expect_same(const RecordingSink& a, const RecordingSink& b, const std::string& where) {
  EXPECT_EQ(a.readings, b.readings) << where;
  EXPECT_EQ(a.missing_points, b.missing_points) << where;
  EXPECT_EQ(a.counts, b.counts) << where;
  EXPECT_EQ(a.texts, b.texts) << where;
  EXPECT_EQ(a.vendor, b.vendor) << where;
}

}  // namespace ems::test
