// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#include "ems/protocol/modbus/rtu.hpp"
#include "ems/protocol/modbus/server.hpp"
#include "ems/protocol/modbus/tcp.hpp"
#include "support/seed.hpp"

namespace ems::protocol::modbus {
namespace {

constexpr std::uint32_t kSeed = 20240601;
constexpr int kCases = 20'000;

std::vector<std::byte> random_bytes(std::mt19937& random, std::size_t size) {
  std::vector<std::byte> out(size);
  for (std::byte& b : out) b = static_cast<std::byte>(random() & 0xFFU);
  return out;
}

class AnyRegisters final : public RegisterAccess {
 public:
  std::optional<ExceptionCode> read(Function, std::uint16_t address,
                                    std::span<std::uint16_t> out) override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint16_t>(address + i);
    return std::nullopt;
  }
  std::optional<ExceptionCode> write(std::uint16_t, std::span<const std::uint16_t>) override {
    return std::nullopt;
  }
};

TEST(ModbusProperty, EveryReadSurvivesBothFramingsAndTheServer) {
  const test::Seed seed(kSeed);
  auto random = seed.engine<std::mt19937>();
  AnyRegisters registers;
  for (int i = 0; i < kCases; ++i) {
    const auto count = static_cast<std::uint16_t>(1 + random() % kReadRegistersMax);
    const auto address = static_cast<std::uint16_t>(random() % (65536U - count));
    const auto unit = static_cast<std::uint8_t>(random());
    std::array<std::byte, 5> pdu{};
    ASSERT_TRUE(encode_read_request(Function::read_holding_registers, address, count, pdu));

    std::vector<std::byte> frame(pdu.size() + kRtuOverhead);
    ASSERT_TRUE(encode_rtu(unit, pdu, frame));
    const FrameScan found = scan_rtu_request(frame);
    ASSERT_EQ(found.size, frame.size());
    const auto request = decode_rtu(frame);
    ASSERT_TRUE(request);

    std::array<std::byte, kPduSize> response{};
    const std::size_t size = serve(request->pdu, registers, response);
    std::array<std::byte, kTcpFrameSize> tcp{};
    const std::size_t tcp_size =
        *encode_tcp(static_cast<std::uint16_t>(i), unit, Bytes{response.data(), size}, tcp);
    ASSERT_EQ(scan_tcp(Bytes{tcp.data(), tcp_size}).size, tcp_size);
    const auto answer = decode_tcp(Bytes{tcp.data(), tcp_size});
    ASSERT_TRUE(answer);
    std::array<std::uint16_t, kReadRegistersMax> values{};
    ASSERT_EQ(*decode_read_response(pdu, answer->pdu, values), count);
    EXPECT_EQ(values[count - 1U], static_cast<std::uint16_t>(address + count - 1));
  }
}

TEST(ModbusProperty, AnyBytesGiveAnErrorOrAValueAndScansAlwaysProgress) {
  const test::Seed seed(kSeed);
  auto random = seed.engine<std::mt19937>();
  AnyRegisters registers;
  for (int i = 0; i < kCases; ++i) {
    auto data = random_bytes(random, random() % 300);
    if (data.size() > 6 && i % 2 == 0) {  // Half of them near to being frames.
      data[0] = std::byte{1};
      data[1] = static_cast<std::byte>(std::array{3, 4, 6, 16}[random() % 4]);
      data[2] = data[3] = data[4] = std::byte{0};
    }
    std::array<std::byte, kPduSize> response{};
    EXPECT_LE(serve(data, registers, response), kPduSize);
    for (const FrameScan& found : {scan_tcp(data), scan_rtu_request(data),
                                   scan_rtu_response(Bytes{response}.first(2), data)}) {
      ASSERT_LE(found.noise + found.size, data.size());
      ASSERT_TRUE(data.empty() || found.size > 0 || found.noise > 0 || data.size() < kTcpFrameSize);
    }
    (void)decode_rtu(data);  // Only that it returns: the bytes are random.
    (void)decode_tcp(data);
    (void)decode_request(data);
  }
}

TEST(ModbusProperty, NoBitFlipPassesTheCrc) {
  std::array<std::byte, 5> pdu{};
  ASSERT_TRUE(encode_read_request(Function::read_input_registers, 0, 76, pdu));
  std::vector<std::byte> frame(pdu.size() + kRtuOverhead);
  ASSERT_TRUE(encode_rtu(1, pdu, frame));
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    auto flipped = frame;
    flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_EQ(decode_rtu(flipped).error().code, Errc::checksum) << bit;
  }
}

}  // namespace
}  // namespace ems::protocol::modbus
