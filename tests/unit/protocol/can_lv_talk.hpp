// SPDX-License-Identifier: Apache-2.0
/// @file A conversation in one dialect: one mailbox, a fresh sink per frame.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "ems/protocol/can_lv/codec.hpp"
#include "ems/protocol/candump.hpp"
#include "support/recording_sink.hpp"

namespace ems::protocol::can_lv {

inline CanFrame can(std::string_view text) {
  return to_can_frame(parse_can_text(text).value()).value();
}

class Talk {
 public:
  explicit Talk(Dialect dialect, std::string_view variant = {})
      : codec_(**codec(dialect).with({.variant = variant}, room_)) {}

  /// The values of a frame of this dialect, `milli` milliseconds after the start.
  test::RecordingSink hear(std::string_view text, std::int64_t milli = 0) {
    test::RecordingSink sink;
    const Result<CanTaken> taken = take(text, milli, sink);
    EXPECT_TRUE(taken && *taken == CanTaken::decoded) << text;
    return sink;
  }
  Result<CanTaken> take(std::string_view text, std::int64_t milli, ReadingSink& sink) {
    return codec_.decode(can(text), Instant{milliseconds(milli)}, mailbox_, sink);
  }
  /// What becomes of a frame that gives no value.
  Result<CanTaken> unheard(std::string_view text, std::int64_t milli = 0) {
    test::RecordingSink sink;
    const Result<CanTaken> taken = take(text, milli, sink);
    EXPECT_TRUE(sink.empty()) << text;
    return taken;
  }

 private:
  CodecRoom room_;
  const CanCodec& codec_;
  CanMailbox mailbox_;
};

inline bool is_missing(const test::RecordingSink& sink, Signal signal) {
  for (const auto& [missing, element] : sink.missing_points) {
    if (missing == signal) return true;
  }
  return false;
}

}  // namespace ems::protocol::can_lv
