// SPDX-License-Identifier: Apache-2.0
#include "ems/io/decode.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "ems/io/hex.hpp"

namespace ems::io {
namespace {

using Codec = protocol::CodecOptions;

// Vector daly-96: one sensor of 15 degC, in two frames.
constexpr std::string_view kRequest = "A5409608000000000000000083";
constexpr std::string_view kReply = "A501960801370000000000007CA5019608020000000000000046";

std::vector<std::byte> bytes(std::string_view hex) {
  const auto parsed = parse_hex(hex);
  EXPECT_TRUE(parsed);
  return parsed ? *parsed : std::vector<std::byte>{};
}

Result<std::string> daly(const Codec& options) {
  return decode_to_json("daly_a5", bytes(kRequest), bytes(kReply), options);
}

TEST(Decode, OptionsReachTheCodec) {
  const auto plain = daly({});
  ASSERT_TRUE(plain) << plain.error().what;
  EXPECT_EQ(*plain, R"({"temperatures_degc": [15.0]})");
  const auto of_two = daly({.temperature_count = 2});
  ASSERT_TRUE(of_two) << of_two.error().what;
  EXPECT_EQ(*of_two, R"({"temperatures_degc": [15.0, null]})");  // One is missing.
  const auto from_zero =
      decode_reply_to_json("daly_a5", bytes(kRequest), bytes(kReply), {.variant = "frames_from_0"});
  ASSERT_FALSE(from_zero);
  EXPECT_EQ(from_zero.error().offset, 4);  // The number of the first frame.
}

TEST(Decode, OptionsThatTheProtocolHasNotAreRefused) {
  const auto code = [](const Result<std::string>& result) -> std::optional<Errc> {
    if (result) return std::nullopt;
    return result.error().code;
  };
  EXPECT_EQ(code(daly({.variant = "no_such"})), Errc::invalid_argument);
  EXPECT_EQ(code(daly({.address = 7})), Errc::out_of_range);
  EXPECT_EQ(code(daly({.cell_count = 200})), Errc::out_of_range);
  const auto jbd = decode_reply_to_json("jbd", {}, {}, {.address = 1});
  ASSERT_FALSE(jbd);
  EXPECT_STREQ(jbd.error().what, "the protocol has no addresses");
}

}  // namespace
}  // namespace ems::io
