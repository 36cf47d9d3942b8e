// SPDX-License-Identifier: Apache-2.0
/// @file What every request/reply codec must keep, whatever bytes come. A target is five lines:
///
///     extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
///       return ems::fuzz::poll_codec(ems::protocol::tdt::codec(), {data, size});
///     }
///
/// Input: a byte for the options (bits 0-1 the variant, bit 2 counts of cells and sensors, bits 3-7
/// a request of the poll plan; 0: one that follows), the size of the request, the request, what
/// arrived.
#pragma once

#include <array>
#include <span>

#include "ems/protocol/poll_codec.hpp"
#include "fuzz/fuzz.hpp"
#include "support/recording_sink.hpp"

namespace ems::fuzz {

inline void check_decode(const protocol::PollCodec& codec, Bytes request, Bytes reply) {
  test::RecordingSink sink;
  const Result<void> result = codec.decode(request, reply, sink);
  if (result) return;
  require(sink.empty(), "nothing is given on failure");
  const std::size_t size =
      result.error().code == Errc::invalid_argument ? request.size() : reply.size();
  require(result.error().offset <= size, "the offset lies within the input");
}

inline void check_scan(const protocol::PollCodec& codec, Bytes request, Bytes received) {
  while (!received.empty()) {
    const protocol::FrameScan found = codec.scan(request, received);
    require(found.noise <= received.size(), "noise is not more than there is");
    require(found.size <= received.size() - found.noise, "a frame is not more than there is");
    if (found.size == 0) break;
    check_decode(codec, request, received.subspan(found.noise, found.size));
    received = received.subspan(found.noise + found.size);
  }
}

inline int poll_codec(const protocol::PollCodec& plain, std::span<const std::uint8_t> input) {
  Feed feed(input.data(), input.size());
  const unsigned choice = feed.u8();
  protocol::CodecOptions options;
  const auto variants = plain.info().variants;
  if (!variants.empty()) options.variant = variants[(choice & 3U) % variants.size()];
  if ((choice & 4U) != 0) {
    options.cell_count = 8;
    options.temperature_count = 2;
  }
  protocol::CodecRoom room;
  const auto made = plain.with(options, room);
  const protocol::PollCodec& codec = made ? **made : plain;

  std::array<std::byte, protocol::kRequestSize> room_for_request{};
  Bytes request = feed.take(feed.u8());
  if (const unsigned item = choice >> 3U; item != 0) {
    const auto plan = codec.poll_plan();
    const auto size = codec.encode_poll(plan[item % plan.size()].number, room_for_request);
    require(size.has_value(), "every item of the plan has a request");
    request = Bytes(room_for_request).first(*size);
  }
  const Bytes received = feed.rest();

  test::RecordingSink said;
  if (const auto told = codec.decode_request(request, said); !told) {
    require(said.empty(), "nothing is said of a request that is refused");
    require(told.error().offset <= request.size(), "the offset lies within the request");
  }
  check_decode(codec, request, received);
  check_decode(codec, {}, received);
  check_scan(codec, request, received);
  check_scan(codec, {}, received);
  return 0;
}

}  // namespace ems::fuzz
