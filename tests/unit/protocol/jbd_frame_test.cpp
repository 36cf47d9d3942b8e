// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/jbd/frame.hpp"

#include <gtest/gtest.h>

#include <array>

#include "support/frames.hpp"

namespace ems::protocol::jbd {
namespace {

using test::Frame;
using test::frame;

TEST(JbdFrame, EncodesTheFixedReadRequests) {
  const struct {
    Register which;
    const char* hex;
  } cases[] = {
      {Register::basic_info, "DDA50300FFFD77"},
      {Register::cell_voltages, "DDA50400FFFC77"},
      {Register::device_model, "DDA50500FFFB77"},
      {Register::error_counts, "DDA5AA00FF5677"},
  };
  for (const auto& c : cases) {
    std::array<std::byte, kFrameOverhead> out{};
    ASSERT_EQ(encode_read(c.which, out).value(), out.size()) << c.hex;
    EXPECT_EQ(Frame(out.begin(), out.end()), frame(c.hex));
  }
}

TEST(JbdFrame, RefusesToReadTheTransistorRegister) {
  std::array<std::byte, kRequestSize> out{};
  EXPECT_EQ(encode_read(Register::fet_control, out).error().code, Errc::invalid_argument);
}

TEST(JbdFrame, TransistorBitsSwitchOff) {
  const struct {
    SwitchCommand command;
    const char* hex;
  } cases[] = {
      {{true, true}, "DD5AE1020000FF1D77"},
      {{false, true}, "DD5AE1020001FF1C77"},
      {{true, false}, "DD5AE1020002FF1B77"},
      {{false, false}, "DD5AE1020003FF1A77"},
  };
  for (const auto& c : cases) {
    std::array<std::byte, 9> out{};
    ASSERT_EQ(encode_fet_control(c.command, out).value(), out.size()) << c.hex;
    EXPECT_EQ(Frame(out.begin(), out.end()), frame(c.hex));
  }
}

TEST(JbdFrame, EncodersRefuseTooLittleRoomAndWriteNothing) {
  std::array<std::byte, 8> out{};
  EXPECT_EQ(encode_read(Register::basic_info, MutableBytes(out).first(6)).error().code,
            Errc::resource_exhausted);
  EXPECT_EQ(encode_fet_control({}, out).error().code, Errc::resource_exhausted);
  const Frame payload(256);
  std::array<std::byte, 300> room{};
  EXPECT_EQ(encode_reply(3, 0, payload, room).error().code, Errc::out_of_range);
  EXPECT_EQ(out, (std::array<std::byte, 8>{}));
}

TEST(JbdFrame, RepliesOfTheLongestPayloadComeBack) {
  Frame payload(kPayloadSizeMax, std::byte{0xFF});
  std::array<std::byte, kFrameSizeMax> out{};
  ASSERT_EQ(encode_reply(3, 0, payload, out).value(), kFrameSizeMax);
  const Result<Bytes> parsed = parse_reply(3, out);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(Frame(parsed->begin(), parsed->end()), payload);
}

TEST(JbdFrame, ReplyErrorsHaveTheirOrderAndPlace) {
  const struct {
    const char* why;
    const char* hex;
    Errc code;
    std::uint16_t offset;
  } cases[] = {
      {"empty", "", Errc::truncated, 0},
      {"wrong start, whatever follows", "DC", Errc::header, 0},
      {"start only", "DD", Errc::truncated, 1},
      {"wrong echo of a short frame", "DD04", Errc::header, 1},
      {"no length yet", "DD0300", Errc::truncated, 3},
      {"one byte missing", "DD0300020102FFFB", Errc::truncated, 8},
      {"one byte more", "DD0300020102FFFB7777", Errc::length, 9},
      {"wrong end and wrong checksum", "DD0300020102000078", Errc::tail, 8},
      {"wrong checksum and refused", "DD0380020102000077", Errc::checksum, 6},
      {"refused", "DD038000FF8077", Errc::device_error, 2},
      {"other status", "DD030100FFFF77", Errc::device_error, 2},
  };
  for (const auto& c : cases) {
    const Result<Bytes> result = parse_reply(3, frame(c.hex));
    ASSERT_FALSE(result) << c.why;
    EXPECT_EQ(result.error().code, c.code) << c.why;
    EXPECT_EQ(result.error().offset, c.offset) << c.why;
  }
}

TEST(JbdFrame, RequestErrorsHaveTheirOrderAndPlace) {
  const struct {
    const char* why;
    const char* hex;
    Errc code;
    std::uint16_t offset;
  } cases[] = {
      {"empty", "", Errc::truncated, 0},
      {"wrong start", "77A50300FFFD77", Errc::header, 0},
      {"start only", "DD", Errc::truncated, 1},
      {"neither read nor write", "DDA40300FFFD77", Errc::header, 1},
      {"cut", "DDA50300FFFD", Errc::truncated, 6},
      {"longer", "DDA50300FFFD7700", Errc::length, 7},
      {"wrong end", "DDA50300FFFD00", Errc::tail, 6},
      {"wrong checksum", "DDA50300FFFC77", Errc::checksum, 4},
      {"read with data", "DDA5030100FFFC77", Errc::length, 3},
  };
  for (const auto& c : cases) {
    const Result<Request> result = parse_request(frame(c.hex));
    ASSERT_FALSE(result) << c.why;
    EXPECT_EQ(result.error().code, c.code) << c.why;
    EXPECT_EQ(result.error().offset, c.offset) << c.why;
  }
  const Frame write_request = frame("DD5AE1020002FF1B77");
  const Request request = parse_request(write_request).value();
  EXPECT_TRUE(request.write);
  EXPECT_EQ(request.number, 0xE1);
  EXPECT_EQ(request.data.size(), 2U);
}

}  // namespace
}  // namespace ems::protocol::jbd
