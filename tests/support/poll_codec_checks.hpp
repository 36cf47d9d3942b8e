// SPDX-License-Identifier: Apache-2.0
/// @file What every codec of a framed protocol has to keep, checked with the vectors' exchanges.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

#include "ems/protocol/poll_codec.hpp"
#include "support/frames.hpp"
#include "support/recording_sink.hpp"

namespace ems::test {

struct Exchange {
  Frame request;
  Frame reply;
};

/// The exchange of one vector.
inline Exchange exchange(const std::string& file, const std::string& id) {
  for (const auto& vector : vectors(file)) {
    if (vector["id"] != id) continue;
    const bool asked = vector.contains("request_hex") && !vector["request_hex"].is_null();
    return {asked ? frame(vector["request_hex"].get<std::string>()) : Frame{},
            frame(vector["response_hex"].get<std::string>())};
  }
  throw std::runtime_error("no vector " + id);
}

inline Frame polled(const protocol::PollCodec& codec, std::uint8_t number) {
  std::array<std::byte, protocol::kRequestSize> out{};
  const std::size_t size = codec.encode_poll(number, out).value();
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)};
}

inline void expect_error(const protocol::PollCodec& codec, const Frame& request, const Frame& reply,
                         Errc code, std::size_t offset) {
  RecordingSink sink;
  const Result<void> result = codec.decode(request, reply, sink);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), (Error{code, static_cast<std::uint16_t>(offset)}))
      << result.error().what;
  EXPECT_TRUE(sink.empty());
}

/// Every shorter reply is truncated, and one byte more is `length`.
inline void expect_exact_size(const protocol::PollCodec& codec, const Exchange& good) {
  for (std::size_t size = 0; size < good.reply.size(); ++size) {
    const Frame cut(good.reply.begin(), good.reply.begin() + static_cast<std::ptrdiff_t>(size));
    expect_error(codec, good.request, cut, Errc::truncated, size);
  }
  Frame longer = good.reply;
  longer.push_back(std::byte{0});
  expect_error(codec, good.request, longer, Errc::length, good.reply.size());
}

/// Each bit turned is refused, but for those of the bytes in `holes`.
inline void expect_every_flip_refused(const protocol::PollCodec& codec, const Exchange& good,
                                      const std::set<std::size_t>& holes = {}) {
  for (std::size_t bit = 0; bit < 8 * good.reply.size(); ++bit) {
    if (holes.contains(bit / 8)) continue;
    Frame bad = good.reply;
    bad[bit / 8] ^= std::byte{1} << bit % 8;
    RecordingSink sink;
    EXPECT_FALSE(codec.decode(good.request, bad, sink)) << "byte " << bit / 8;
    EXPECT_TRUE(sink.empty());
  }
}

/// Echo, noise, a half frame before the reply, and a reply that comes byte by byte.
inline void expect_found_in_a_stream(const protocol::PollCodec& codec, const Exchange& good) {
  Frame stream = good.request;
  stream.insert(stream.begin(), {std::byte{0}, good.reply[0]});
  const std::size_t noise = stream.size();
  for (std::size_t i = 0; i <= good.reply.size(); ++i) {
    const protocol::FrameScan scan = codec.scan(good.request, stream);
    EXPECT_LE(scan.noise, stream.size());
    EXPECT_EQ(scan.size, i == good.reply.size() ? good.reply.size() : 0U) << i;
    if (scan.size != 0) {
      EXPECT_EQ(scan.noise, noise);
    }
    if (i < good.reply.size()) stream.push_back(good.reply[i]);
  }
}

inline void expect_plan_asks(const protocol::PollCodec& codec) {
  std::array<std::byte, protocol::kRequestSize> out{};
  for (const protocol::PollItem& item : codec.poll_plan()) {
    const Frame request = polled(codec, item.number);
    RecordingSink sink;
    EXPECT_TRUE(codec.decode_request(request, sink)) << item.name;
    EXPECT_EQ(
        codec.encode_poll(item.number, MutableBytes(out).first(request.size() - 1)).error().code,
        Errc::resource_exhausted);
    for (std::size_t bit = 0; bit < 8; ++bit) {
      Frame bad = request;
      bad.front() ^= std::byte{1} << bit;
      EXPECT_FALSE(codec.decode_request(bad, sink));
    }
    Frame bad = request;
    bad.pop_back();
    EXPECT_EQ(codec.decode_request(bad, sink).error(),
              (Error{Errc::truncated, static_cast<std::uint16_t>(bad.size())}));
    EXPECT_EQ(codec.decode(bad, {}, sink).error().code, Errc::invalid_argument);
  }
  EXPECT_EQ(codec.encode_poll(0xEE, out).error().code, Errc::invalid_argument);
  EXPECT_EQ(codec.encode_switch({}, out).error().code, Errc::unimplemented);
}

}  // namespace ems::test
