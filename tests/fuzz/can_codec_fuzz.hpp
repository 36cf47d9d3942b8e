// SPDX-License-Identifier: Apache-2.0
/// @file What every CAN codec must keep, whatever frames come. A target is five lines:
///
///     extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
///       return ems::fuzz::can_codec(ems::protocol::byd_hv::codec(), {data, size});
///     }
///
/// Input: a byte for the options (bits 0-2 the variant, bit 3 counts of cells and sensors, bit 4
/// the first address), then per frame a byte of time (32 ms each), four of identifier (bit 31: 29
/// bits, bit 30: remote), its size and data.
#pragma once

#include <algorithm>
#include <span>

#include "ems/protocol/can_listener.hpp"
#include "fuzz/fuzz.hpp"
#include "support/recording_sink.hpp"

namespace ems::fuzz {

inline protocol::CanFrame can_frame(Feed& feed) {
  const std::uint32_t high = feed.u16();
  const std::uint32_t id = high << 16 | feed.u16();
  const bool extended = (id >> 31 & 1U) != 0;
  protocol::CanFrame frame{
      .id = id & (extended ? protocol::kCanExtendedIdMax : protocol::kCanIdMax),
      .extended = extended,
      .remote = (id >> 30 & 1U) != 0};
  frame.size = feed.u8() % 10;  // 9 is not a frame.
  if (!frame.remote) {
    std::ranges::copy(feed.take(std::min<std::size_t>(frame.size, protocol::kCanDataSize)),
                      frame.data.begin());
  }
  return frame;
}

inline void can_conversation(const protocol::CanCodec& codec, Feed& feed) {
  protocol::CanListener listener(codec);
  Instant now{seconds(1)};
  listener.link_up(now);
  while (!feed.empty()) {
    now = now + milliseconds(feed.u8() * 32);
    const protocol::CanFrame frame = can_frame(feed);
    const protocol::CanListenerCounters before = listener.counters();
    test::RecordingSink sink;
    listener.receive(frame, now, sink);
    const protocol::CanListenerCounters& after = listener.counters();
    require(after.received == before.received + 1, "every frame is counted");
    require(after.decoded + after.ignored + after.errors == after.received, "counters add up");
    require(after.decoded > before.decoded || sink.empty(),
            "nothing is emitted without a sound frame");
    require(frame.valid() || after.errors > before.errors, "what is no frame is refused");
    require(after.decoded == before.decoded || listener.health() == protocol::LinkHealth::online,
            "a battery that speaks is there");
    for (std::size_t sends = 0;; ++sends) {
      const protocol::CanAction action = listener.next(now);
      require(!action.frame || action.frame->valid(), "what is sent is a frame");
      require(sends <= protocol::kCanSendsMax, "sending ends");
      if (action.wake_at > now) break;
    }
  }
}

inline int can_codec(const protocol::CanCodec& plain, std::span<const std::uint8_t> input) {
  Feed feed(input.data(), input.size());
  const unsigned choice = feed.u8();
  const protocol::ProtocolInfo& info = plain.info();
  protocol::CodecOptions options;
  if (!info.variants.empty()) options.variant = info.variants[(choice & 7U) % info.variants.size()];
  if ((choice & 8U) != 0) {
    options.cell_count = 8;
    options.temperature_count = 2;
  }
  if ((choice & 16U) != 0 && !info.addresses.empty()) options.address = info.addresses[0];
  protocol::CodecRoom room;
  const auto made = plain.with(options, room);
  require(made.has_value(), "the protocol takes its own options");
  can_conversation(**made, feed);
  return 0;
}

}  // namespace ems::fuzz
