// SPDX-License-Identifier: Apache-2.0
/// @file A conversation with a CAN codec in a test: frames as candump writes them, `351#1402`.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string_view>

#include "ems/model/catalogue.hpp"
#include "ems/protocol/can_codec.hpp"
#include "ems/protocol/candump.hpp"
#include "support/recording_sink.hpp"

namespace ems::test {

inline protocol::CanFrame can(std::string_view text) {
  return protocol::to_can_frame(protocol::parse_can_text(text).value()).value();
}

inline std::int64_t bits_of(std::initializer_list<Alarm> alarms) {
  std::uint64_t mask = 0;
  for (const Alarm alarm : alarms) mask |= alarm_bit(alarm);
  return static_cast<std::int64_t>(mask);
}

/// The bit of `vendor_alarms` that has the name.
inline std::int64_t vendor_alarm_bit(const protocol::CanCodec& codec, std::string_view name) {
  for (unsigned bit = 0; bit < 63; ++bit) {
    if (codec.vendor_alarm_name(bit) == name) return std::int64_t{1} << bit;
  }
  ADD_FAILURE() << name;
  return 0;
}

/// One mailbox; a fresh sink per frame.
class CanTalk {
 public:
  explicit CanTalk(const protocol::CanCodec& codec, const protocol::CodecOptions& options = {})
      : codec_(**codec.with(options, room_)) {}

  /// What a frame that must decode says.
  RecordingSink hear(std::string_view text, Instant now = Instant{}) {
    RecordingSink sink;
    const Result<protocol::CanTaken> taken = codec_.decode(can(text), now, mailbox_, sink);
    EXPECT_TRUE(taken && *taken == protocol::CanTaken::decoded) << text;
    return sink;
  }
  Result<protocol::CanTaken> take(std::string_view text) {
    RecordingSink sink;
    const Result<protocol::CanTaken> taken = codec_.decode(can(text), Instant{}, mailbox_, sink);
    EXPECT_TRUE((taken && *taken == protocol::CanTaken::decoded) || sink.empty()) << text;
    return taken;
  }
  /// Is not the battery's, and says nothing.
  bool ignores(std::string_view text) {
    const Result<protocol::CanTaken> taken = take(text);
    return taken && *taken == protocol::CanTaken::ignored;
  }
  [[nodiscard]] const protocol::CanCodec& codec() const { return codec_; }
  [[nodiscard]] std::size_t kept() const { return mailbox_.size(); }

 private:
  protocol::CodecRoom room_;
  protocol::CanMailbox mailbox_;
  const protocol::CanCodec& codec_;
};

}  // namespace ems::test
