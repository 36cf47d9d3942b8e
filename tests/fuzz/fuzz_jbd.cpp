// SPDX-License-Identifier: Apache-2.0
// JBD frames. Input: size of the request, the request, what arrived.
#include <array>

#include "ems/protocol/jbd/codec.hpp"
#include "ems/protocol/jbd/frame.hpp"
#include "fuzz/fuzz.hpp"
#include "support/recording_sink.hpp"

using namespace ems;
using fuzz::require;

namespace {

void check_decode(Bytes request, Bytes reply) {
  test::RecordingSink sink;
  const Result<void> result = protocol::jbd::codec().decode(request, reply, sink);
  if (result) return;
  require(sink.empty(), "nothing is emitted on error");
  const std::size_t size =
      result.error().code == Errc::invalid_argument ? request.size() : reply.size();
  require(result.error().offset <= size, "the offset lies within the input");
}

void check_scan(Bytes request, Bytes received) {
  while (!received.empty()) {
    const protocol::FrameScan found = protocol::jbd::codec().scan(request, received);
    require(found.noise <= received.size(), "noise is not more than there is");
    if (found.size == 0 || found.size > received.size() - found.noise) break;
    check_decode(request, received.subspan(found.noise, found.size));
    received = received.subspan(found.noise + found.size);
  }
}

void check_request_round_trip(Bytes request) {
  test::RecordingSink sink;
  const Result<void> said = protocol::jbd::codec().decode_request(request, sink);
  const auto parsed = protocol::jbd::parse_request(request);
  require(said.has_value() == parsed.has_value(), "decode_request takes what parse_request takes");
  if (!parsed) {
    require(parsed.error().offset <= request.size(), "the offset lies within the request");
    require(sink.empty(), "nothing is emitted on error");
    return;
  }
  std::array<std::byte, protocol::kRequestSize> out{};
  if (parsed->write || !parsed->data.empty()) return;
  const auto size =
      protocol::jbd::encode_read(static_cast<protocol::jbd::Register>(parsed->number), out);
  if (size) require(fuzz::same(request, Bytes(out).first(*size)), "a read encodes to itself");
}

void check_reply_round_trip(Bytes reply) {
  if (reply.size() < 2) return;
  const std::uint8_t number = load_u8(reply, 1);
  const auto payload = protocol::jbd::parse_reply(number, reply);
  if (!payload) {
    require(payload.error().offset <= reply.size(), "the offset lies within the reply");
    return;
  }
  std::array<std::byte, protocol::jbd::kFrameSizeMax> out{};
  const auto size = protocol::jbd::encode_reply(number, protocol::jbd::kStatusOk, *payload, out);
  require(size && fuzz::same(reply, Bytes(out).first(*size)), "a reply encodes to itself");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Feed feed(data, size);
  const Bytes request = feed.take(feed.u8());
  const Bytes received = feed.rest();
  check_request_round_trip(request);
  check_reply_round_trip(received);
  check_decode(request, received);
  check_decode({}, received);
  check_scan(request, received);
  return 0;
}
