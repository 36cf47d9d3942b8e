// SPDX-License-Identifier: Apache-2.0
// The board's Modbus line as it really is: pieces, noise, other units, rests of frames.
#include "app/rtu_server.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ems::firmware::test {
namespace {

using namespace ems::literals;  // NOLINT(google-build-using-namespace)
namespace modbus = protocol::modbus;

/// Takes any write of one register and remembers the values.
class Written final : public modbus::RegisterAccess {
 public:
  std::optional<modbus::ExceptionCode> read(modbus::Function, std::uint16_t,
                                            std::span<std::uint16_t> out) override {
    std::fill(out.begin(), out.end(), std::uint16_t{0});
    return std::nullopt;
  }
  std::optional<modbus::ExceptionCode> write(std::uint16_t,
                                             std::span<const std::uint16_t> values) override {
    seen.insert(seen.end(), values.begin(), values.end());
    return std::nullopt;
  }
  std::vector<std::uint16_t> seen;
};

struct Line {
  Written written;
  RtuServer server{1, written};
  std::array<std::byte, modbus::kRtuFrameSize> out{};
  Instant now{1_s};

  std::size_t put(const std::vector<std::byte>& bytes) { return server.receive(bytes, now, out); }
};

std::vector<std::byte> write_of(std::uint16_t value, std::uint8_t unit = 1) {
  const std::vector<std::uint16_t> values = {value};
  std::array<std::byte, modbus::kPduSize> pdu{};
  const auto size = modbus::encode_write_multiple_request(0, values, pdu);
  std::vector<std::byte> frame(modbus::kRtuFrameSize);
  frame.resize(*modbus::encode_rtu(unit, Bytes{pdu}.first(*size), frame));
  return frame;
}

TEST(FirmwareRtu, AFrameInPiecesIsAFrame) {
  Line line;
  const std::vector<std::byte> frame = write_of(7);
  for (std::size_t i = 0; i + 1 < frame.size(); ++i) {
    EXPECT_EQ(line.put({frame[i]}), 0U) << i;
    line.now = line.now + 10_ms;
  }
  EXPECT_EQ(line.put({frame.back()}), 8U);
  EXPECT_EQ(line.written.seen, std::vector<std::uint16_t>{7});
  EXPECT_EQ(line.server.counters().answered, 1U);
}

TEST(FirmwareRtu, NoiseBeforeAndAfterDoesNotHideAFrame) {
  // Bytes that begin no frame, that begin one, and the start of a long write to somebody else.
  std::vector<std::vector<std::byte>> noises = {
      std::vector<std::byte>(200, std::byte{0xFF}),
      std::vector<std::byte>(200, std::byte{0x03}),
      {std::byte{9}, std::byte{16}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{100},
       std::byte{200}},
  };
  noises.push_back(noises.back());  // And more of that than the buffer holds.
  noises.back().resize(100);
  for (const std::vector<std::byte>& noise : noises) {
    Line line;
    std::vector<std::byte> all = noise;
    const std::vector<std::byte> frame = write_of(5);
    all.insert(all.end(), frame.begin(), frame.end());
    all.insert(all.end(), noise.begin(), noise.end());
    std::size_t answers = 0;
    for (const std::byte byte : all) answers += line.put({byte}) != 0 ? 1U : 0U;
    EXPECT_EQ(answers, 1U);
    EXPECT_EQ(line.written.seen, std::vector<std::uint16_t>{5});
  }
}

TEST(FirmwareRtu, EveryDamagedBitIsSeen) {
  const std::vector<std::byte> frame = write_of(5);
  for (std::size_t i = 0; i < frame.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      Line line;
      std::vector<std::byte> damaged = frame;
      damaged[i] ^= static_cast<std::byte>(1U << bit);
      EXPECT_EQ(line.put(damaged), 0U) << i << "." << bit;
      EXPECT_TRUE(line.written.seen.empty()) << i << "." << bit;
    }
  }
}

TEST(FirmwareRtu, ARestOfAFrameIsForgotten) {
  Line line;
  const std::vector<std::byte> frame = write_of(5);
  EXPECT_EQ(line.put({frame.begin(), frame.end() - 2}), 0U);
  line.now = line.now + RtuServer::kFrameTimeout;
  EXPECT_EQ(line.put({frame.end() - 2, frame.end()}), 0U) << "its end came too late";
  EXPECT_TRUE(line.written.seen.empty());
  EXPECT_NE(line.put(frame), 0U);
  EXPECT_EQ(line.written.seen, std::vector<std::uint16_t>{5});
}

TEST(FirmwareRtu, OfSeveralRequestsAllActAndOnlyTheNewestIsAnswered) {
  const auto together = [](std::initializer_list<std::vector<std::byte>> frames) {
    std::vector<std::byte> all;
    for (const auto& frame : frames) all.insert(all.end(), frame.begin(), frame.end());
    return all;
  };
  Line line;
  EXPECT_EQ(line.put(together({write_of(1), write_of(2)})), 8U);
  EXPECT_EQ(line.put(together({write_of(3), write_of(9, 2)})), 0U)
      << "an answer now would collide with that of unit 2";
  EXPECT_EQ(line.put(together({write_of(4), write_of(5, 0)})), 0U) << "a broadcast is skipped";
  EXPECT_EQ(line.written.seen, (std::vector<std::uint16_t>{1, 2, 3, 4}));
}

}  // namespace
}  // namespace ems::firmware::test
