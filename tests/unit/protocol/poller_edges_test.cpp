// SPDX-License-Identifier: Apache-2.0
// A Poller with a codec that has no commands, or whose frames never end.
#include <gtest/gtest.h>

#include <array>

#include "ems/protocol/poller.hpp"
#include "support/frames.hpp"
#include "support/recording_sink.hpp"

namespace ems::protocol {
namespace {

using test::Frame;
using test::frame;
using test::RecordingSink;

constexpr PollerSettings kSettings{};

/// A protocol without commands, whose frames never end (to fill the buffer) or end at once.
class EndlessCodec final : public PollCodec {
 public:
  explicit EndlessCodec(bool ends = false) : ends_(ends) {}
  [[nodiscard]] const ProtocolInfo& info() const noexcept override {
    static constexpr ProtocolInfo kInfo{.name = "endless"};
    return kInfo;
  }
  [[nodiscard]] Result<const PollCodec*> with(const CodecOptions&,
                                              CodecRoom& room) const noexcept override {
    return &room.put(*this);
  }
  [[nodiscard]] std::span<const PollItem> poll_plan() const noexcept override {
    static constexpr PollItem kPlan[] = {{"all", 1, 1}};
    return kPlan;
  }
  [[nodiscard]] Duration reply_timeout() const noexcept override { return 100_ms; }
  [[nodiscard]] Result<std::size_t> encode_poll(std::uint8_t,
                                                MutableBytes) const noexcept override {
    return std::size_t{1};
  }
  [[nodiscard]] Result<std::size_t> encode_switch(const SwitchCommand&,
                                                  MutableBytes) const noexcept override {
    return fail(Errc::unimplemented, 0, "no switch");
  }
  [[nodiscard]] FrameScan scan(Bytes, Bytes received) const noexcept override {
    return {.noise = 0, .size = ends_ ? received.size() : 0};
  }
  [[nodiscard]] Result<void> decode(Bytes, Bytes, ReadingSink&) const noexcept override {
    return {};
  }
  [[nodiscard]] Result<void> decode_request(Bytes, ReadingSink&) const noexcept override {
    return {};
  }
  [[nodiscard]] std::optional<std::string_view> vendor_alarm_name(
      unsigned) const noexcept override {
    return std::nullopt;
  }

 private:
  bool ends_;
};

TEST(Poller, AFullBufferDropsItsOldestByte) {
  const EndlessCodec codec;
  Poller poller(codec, kSettings);
  RecordingSink sink;
  const Instant now{};
  std::array<std::byte, kRequestSize> out{};
  poller.link_up(now);
  ASSERT_EQ(poller.next(now, out).size, 1U);
  poller.receive(Frame(kReplySize - 1), now, sink);
  EXPECT_EQ(poller.counters().noise_bytes, 0U);
  poller.receive(Frame(3 * kReplySize), now, sink);
  EXPECT_EQ(poller.counters().noise_bytes, 3 * kReplySize);  // kReplySize - 1 stay.
}

TEST(Poller, ACommandThatTheProtocolLacksIsRefused) {
  const EndlessCodec codec(true);
  Poller poller(codec, kSettings);
  RecordingSink sink;
  std::array<std::byte, kRequestSize> out{};
  EXPECT_EQ(poller.request(SwitchCommand{}).error().code,
            Errc::unavailable);  // Offline counts first.
  poller.link_up(Instant{});
  ASSERT_EQ(poller.next(Instant{}, out).size, 1U);
  poller.receive(frame("01"), Instant{}, sink);
  ASSERT_EQ(poller.health(), LinkHealth::online);
  EXPECT_EQ(poller.request(SwitchCommand{}).error().code, Errc::unimplemented);
  EXPECT_EQ(poller.command_state(), CommandState::none);
}

}  // namespace
}  // namespace ems::protocol
