// SPDX-License-Identifier: Apache-2.0
/// @file Frames whose checksum is a sum (Daly A5, JK), made by arithmetic of its own, and what
/// damage a codec must notice.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <set>

#include "ems/protocol/poll_codec.hpp"
#include "support/frames.hpp"
#include "support/recording_sink.hpp"

namespace ems::test {

inline unsigned sum_of(const Frame& bytes) {
  unsigned sum = 0;
  for (const std::byte byte : bytes) sum += std::to_integer<unsigned>(byte);
  return sum;
}

/// `hex` with the low byte of its sum behind it.
inline Frame with_sum8(std::string_view hex) {
  Frame bytes = frame(hex);
  bytes.push_back(static_cast<std::byte>(sum_of(bytes) & 0xFFU));
  return bytes;
}

inline Frame joined(std::initializer_list<Frame> parts) {
  Frame all;
  for (const Frame& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// The request of a plan item.
inline Frame poll_request(const protocol::PollCodec& codec, std::uint8_t number) {
  std::array<std::byte, protocol::kRequestSize> out{};
  const std::size_t size = codec.encode_poll(number, out).value();
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)};
}

/// Every truncation of a good reply is `truncated` where it ends, and leaves the sink alone.
inline void expect_truncations_refused(const protocol::PollCodec& codec, const Frame& request,
                                       const Frame& reply) {
  for (std::size_t size = 0; size < reply.size(); ++size) {
    RecordingSink sink;
    const auto result = codec.decode(request, Bytes(reply).first(size), sink);
    ASSERT_FALSE(result) << size;
    EXPECT_EQ(result.error(), (Error{Errc::truncated, static_cast<std::uint16_t>(size)})) << size;
    EXPECT_TRUE(sink.empty()) << size;
  }
}

/// Offsets of the bytes of a good reply in which some flipped bit goes unnoticed.
inline std::set<std::size_t> unnoticed_flips(const protocol::PollCodec& codec, const Frame& request,
                                             const Frame& reply) {
  std::set<std::size_t> holes;
  for (std::size_t bit = 0; bit < reply.size() * 8; ++bit) {
    Frame flipped = reply;
    flipped[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    RecordingSink sink;
    if (codec.decode(request, flipped, sink)) {
      holes.insert(bit / 8);
    } else {
      EXPECT_TRUE(sink.empty()) << bit;
    }
  }
  return holes;
}

}  // namespace ems::test
