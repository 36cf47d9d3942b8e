// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "ems/protocol/modbus/rtu.hpp"
#include "ems/protocol/modbus/tcp.hpp"

namespace ems::protocol::modbus {
namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int v : values) out.push_back(static_cast<std::byte>(v));
  return out;
}
std::vector<std::byte> operator+(std::vector<std::byte> a, const std::vector<std::byte>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
std::vector<std::byte> rtu(std::uint8_t unit, const std::vector<std::byte>& pdu) {
  std::vector<std::byte> out(pdu.size() + kRtuOverhead);
  EXPECT_TRUE(encode_rtu(unit, pdu, out));
  return out;
}
std::vector<std::byte> cut(std::vector<std::byte> frame, std::size_t size) {
  frame.resize(size);
  return frame;
}

const auto kReadPdu = bytes({3, 0, 0, 0, 1});

TEST(ModbusRtu, CrcHasTheCheckValueOfTheCatalogue) {
  std::vector<std::byte> digits;
  for (const char c : std::string_view("123456789")) digits.push_back(static_cast<std::byte>(c));
  EXPECT_EQ(crc16(digits), 0x4B37);  // CRC-16/MODBUS.
  EXPECT_EQ(crc16({}), 0xFFFF);
  // pymodbus and many manuals: 01 03 00 00 00 01 84 0A.
  EXPECT_EQ(rtu(1, kReadPdu), bytes({1, 3, 0, 0, 0, 1, 0x84, 0x0A}));
}

TEST(ModbusRtu, DecodesOneFrameAndNamesEachFault) {
  const auto frame = rtu(17, kReadPdu);
  const auto good = decode_rtu(frame);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->unit, 17);
  EXPECT_EQ(std::vector(good->pdu.begin(), good->pdu.end()), kReadPdu);

  auto bad = frame;
  bad[3] ^= std::byte{1};
  EXPECT_EQ(decode_rtu(bad).error(), (Error{Errc::checksum, 6}));
  EXPECT_EQ(decode_rtu(cut(frame, 3)).error(), (Error{Errc::truncated, 3}));
  EXPECT_EQ(decode_rtu(std::vector<std::byte>(257)).error(), (Error{Errc::length, 256}));
}

TEST(ModbusRtu, FindsRequestsInAStream) {
  const auto read = rtu(1, kReadPdu);
  const auto write = rtu(2, bytes({16, 0, 4, 0, 2, 4, 1, 2, 3, 4}));
  auto broken = read;
  broken.back() ^= std::byte{0xFF};
  const struct {
    const char* why;
    std::vector<std::byte> received;
    FrameScan found;
  } cases[] = {
      {"nothing", {}, {0, 0}},
      {"whole", read, {0, 8}},
      {"two", read + write, {0, 8}},
      {"cut", cut(write, 12), {0, 0}},
      {"write", write, {0, 13}},
      {"noise before", bytes({0xFF, 0xFE, 0x7E}) + read, {3, 8}},
      {"bad CRC, then a good one", broken + read, {8, 8}},
      {"the end of another frame before", bytes({0, 1, 0x84, 0x0A}) + read, {4, 8}},
  };
  for (const auto& c : cases) {
    const FrameScan found = scan_rtu_request(c.received);
    EXPECT_EQ(found.noise, c.found.noise) << c.why;
    EXPECT_EQ(found.size, c.found.size) << c.why;
  }
}

TEST(ModbusRtu, FindsTheResponseAndReportsABadCrcAtTheStart) {
  const auto request = bytes({1, 3, 0, 0, 0, 1});
  const auto answer = rtu(1, bytes({3, 2, 0, 42}));
  const auto refusal = rtu(1, bytes({0x83, 2}));
  auto broken = answer;
  broken[4] ^= std::byte{1};
  const struct {
    const char* why;
    std::vector<std::byte> received;
    FrameScan found;
  } cases[] = {
      {"answer", answer, {0, 7}},
      {"refusal", refusal, {0, 5}},
      {"another unit's answer before it", rtu(2, bytes({3, 2, 0, 1})) + answer, {7, 7}},
      {"cut", cut(answer, 5), {0, 0}},
      {"bad CRC", broken, {0, 7}},
      {"bad CRC, then a good one", broken + answer, {7, 7}},
      {"noise only", bytes({9, 9, 9}), {3, 0}},
  };
  for (const auto& c : cases) {
    const FrameScan found = scan_rtu_response(request, c.received);
    EXPECT_EQ(found.noise, c.found.noise) << c.why;
    EXPECT_EQ(found.size, c.found.size) << c.why;
  }
}

TEST(ModbusTcp, RoundTripsAndNamesEachFault) {
  std::array<std::byte, kTcpFrameSize> out{};
  const std::size_t size = *encode_tcp(0x1234, 5, kReadPdu, out);
  const std::vector<std::byte> frame(out.begin(), out.begin() + static_cast<long>(size));
  EXPECT_EQ(frame, bytes({0x12, 0x34, 0, 0, 0, 6, 5, 3, 0, 0, 0, 1}));
  const auto decoded = decode_tcp(frame);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->transaction, 0x1234);
  EXPECT_EQ(decoded->unit, 5);
  EXPECT_EQ(decoded->pdu.size(), 5U);

  auto foreign = frame;
  foreign[3] = std::byte{1};
  EXPECT_EQ(decode_tcp(foreign).error(), (Error{Errc::header, 2}));
  EXPECT_EQ(decode_tcp(cut(frame, 7)).error(), (Error{Errc::truncated, 7}));
  EXPECT_EQ(decode_tcp(cut(frame, 11)).error(), (Error{Errc::truncated, 11}));
  EXPECT_EQ(decode_tcp(frame + bytes({0})).error(), (Error{Errc::length, 4}));
  auto length = frame;
  length[5] = std::byte{1};
  EXPECT_EQ(decode_tcp(length).error(), (Error{Errc::length, 4}));
}

TEST(ModbusTcp, FindsFramesInAStream) {
  const auto frame = bytes({0x12, 0x34, 0, 0, 0, 6, 5, 3, 0, 0, 0, 1});
  EXPECT_EQ(scan_tcp(frame).size, 12U);
  EXPECT_EQ(scan_tcp(frame + frame).size, 12U);
  EXPECT_EQ(scan_tcp(cut(frame, 11)).size, 0U);
  EXPECT_EQ(scan_tcp(cut(frame, 11)).noise, 0U);
  EXPECT_EQ(scan_tcp(bytes({9, 9, 9}) + frame).noise, 3U);
  EXPECT_EQ(scan_tcp(bytes({1, 2, 0, 0, 1, 0, 3})).size, 0U);  // Length 256: no frame.
  EXPECT_NE(scan_tcp(bytes({1, 2, 0, 0, 1, 0, 3})).noise, 0U);
  EXPECT_NE(scan_tcp(bytes({1, 2, 0, 0, 0, 255, 3})).noise, 0U);  // 254 is the longest.
  EXPECT_EQ(scan_tcp(bytes({1, 2, 0, 0, 0, 254, 3})).noise, 0U);
}

}  // namespace
}  // namespace ems::protocol::modbus
