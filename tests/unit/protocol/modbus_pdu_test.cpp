// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/modbus/pdu.hpp"

#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <string>
#include <vector>

#include "ems/protocol/modbus/server.hpp"

namespace ems::protocol::modbus {
namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int v : values) out.push_back(static_cast<std::byte>(v));
  return out;
}

std::vector<std::byte> read_request(std::uint16_t address, std::uint16_t count) {
  std::vector<std::byte> out(5);
  EXPECT_TRUE(encode_read_request(Function::read_holding_registers, address, count, out));
  return out;
}

// Examples of the Modbus Application Protocol V1.1b3, 6.3, 6.6 and 6.12.
TEST(ModbusPdu, EncodesTheExamplesOfTheSpecification) {
  std::array<std::byte, kPduSize> out{};
  ASSERT_EQ(*encode_read_request(Function::read_holding_registers, 0x6B, 3, out), 5U);
  EXPECT_EQ(std::vector(out.begin(), out.begin() + 5), bytes({3, 0, 0x6B, 0, 3}));
  ASSERT_EQ(*encode_write_single_request(1, 3, out), 5U);
  EXPECT_EQ(std::vector(out.begin(), out.begin() + 5), bytes({6, 0, 1, 0, 3}));
  const std::array<std::uint16_t, 2> values = {0x000A, 0x0102};
  ASSERT_EQ(*encode_write_multiple_request(1, values, out), 10U);
  EXPECT_EQ(std::vector(out.begin(), out.begin() + 10),
            bytes({0x10, 0, 1, 0, 2, 4, 0, 0x0A, 1, 2}));
}

TEST(ModbusPdu, DecodesTheReadExampleOfTheSpecification) {
  std::array<std::uint16_t, 3> registers{};
  const auto request = read_request(0x6B, 3);
  ASSERT_EQ(*decode_read_response(request, bytes({3, 6, 2, 0x2B, 0, 0, 0, 0x64}), registers), 3U);
  EXPECT_EQ(registers, (std::array<std::uint16_t, 3>{0x22B, 0, 0x64}));
}

TEST(ModbusPdu, NamesEveryMalformedReadResponse) {
  const struct {
    const char* why;
    std::vector<std::byte> response;
    Errc code;
    std::uint16_t offset;
  } cases[] = {
      {"empty", {}, Errc::truncated, 0},
      {"another function", bytes({4, 2, 0, 1}), Errc::header, 0},
      {"only the function", bytes({3}), Errc::truncated, 1},
      {"byte count odd", bytes({3, 3, 0, 1, 2}), Errc::length, 1},
      {"byte count of two registers", bytes({3, 4, 0, 1, 0, 2}), Errc::length, 1},
      {"register cut", bytes({3, 2, 0}), Errc::truncated, 3},
      {"one byte too many", bytes({3, 2, 0, 1, 0}), Errc::length, 4},
      {"exception", bytes({0x83, 2}), Errc::exception, 2},
      {"exception without code", bytes({0x83}), Errc::truncated, 1},
      {"exception too long", bytes({0x83, 2, 0}), Errc::length, 2},
  };
  std::array<std::uint16_t, 4> registers{};
  for (const auto& c : cases) {
    const auto result = decode_read_response(read_request(0, 1), c.response, registers);
    ASSERT_FALSE(result) << c.why;
    EXPECT_EQ(result.error(), (Error{c.code, c.offset})) << c.why;
  }
}

TEST(ModbusPdu, WriteResponseMustEchoTheRequest) {
  std::array<std::byte, kPduSize> out{};
  const std::array<std::uint16_t, 2> values = {1, 2};
  const std::size_t size = *encode_write_multiple_request(40, values, out);
  const Bytes request{out.data(), size};
  EXPECT_TRUE(decode_write_response(request, bytes({16, 0, 40, 0, 2})));
  const struct {
    const char* why;
    std::vector<std::byte> response;
    Errc code;
    std::uint16_t offset;
  } cases[] = {
      {"another address", bytes({16, 0, 41, 0, 2}), Errc::out_of_range, 1},
      {"another count", bytes({16, 0, 40, 0, 1}), Errc::out_of_range, 3},
      {"short", bytes({16, 0, 40, 0}), Errc::truncated, 4},
      {"long", bytes({16, 0, 40, 0, 2, 0}), Errc::length, 5},
      {"exception", bytes({0x90, 4}), Errc::exception, 4},
  };
  for (const auto& c : cases) {
    const auto result = decode_write_response(request, c.response);
    ASSERT_FALSE(result) << c.why;
    EXPECT_EQ(result.error(), (Error{c.code, c.offset})) << c.why;
  }
}

TEST(ModbusPdu, RefusesCountsAndAddressesOutsideTheProtocol) {
  std::array<std::byte, kPduSize> out{};
  const auto fn = Function::read_input_registers;
  EXPECT_TRUE(encode_read_request(fn, 0, 125, out));
  EXPECT_EQ(encode_read_request(fn, 0, 126, out).error().code, Errc::out_of_range);
  EXPECT_EQ(encode_read_request(fn, 0, 0, out).error().code, Errc::out_of_range);
  EXPECT_TRUE(encode_read_request(fn, 65535, 1, out));
  EXPECT_EQ(encode_read_request(fn, 65535, 2, out).error(), (Error{Errc::out_of_range, 1}));
  EXPECT_EQ(encode_read_request(Function::write_single_register, 0, 1, out).error().code,
            Errc::invalid_argument);
  const std::vector<std::uint16_t> many(124);
  EXPECT_EQ(encode_write_multiple_request(0, many, out).error().code, Errc::out_of_range);
  EXPECT_TRUE(encode_write_multiple_request(0, std::span{many}.first(123), out));
}

class Registers final : public RegisterAccess {
 public:
  std::optional<ExceptionCode> read(Function function, std::uint16_t address,
                                    std::span<std::uint16_t> out) override {
    if (function != Function::read_holding_registers) return ExceptionCode::illegal_function;
    if (address + out.size() > cells.size()) return ExceptionCode::illegal_data_address;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = cells[address + i];
    return std::nullopt;
  }
  std::optional<ExceptionCode> write(std::uint16_t address,
                                     std::span<const std::uint16_t> values) override {
    if (address + values.size() > cells.size()) return ExceptionCode::illegal_data_address;
    for (std::size_t i = 0; i < values.size(); ++i) cells[address + i] = values[i];
    return std::nullopt;
  }
  std::array<std::uint16_t, 8> cells{10, 11, 12, 13, 14, 15, 16, 17};
};

TEST(ModbusServer, AnswersEveryRequestOrRefusesItByTheBook) {
  Registers registers;
  const struct {
    const char* why;
    std::vector<std::byte> request;
    std::vector<std::byte> response;
  } cases[] = {
      {"read", bytes({3, 0, 1, 0, 2}), bytes({3, 4, 0, 11, 0, 12})},
      {"write one", bytes({6, 0, 1, 1, 2}), bytes({6, 0, 1, 1, 2})},
      {"write two", bytes({16, 0, 2, 0, 2, 4, 0, 7, 0, 8}), bytes({16, 0, 2, 0, 2})},
      {"unknown function", bytes({43, 14, 1, 0}), bytes({0x80 + 43, 1})},
      {"beyond the map", bytes({3, 0, 7, 0, 2}), bytes({0x83, 2})},
      {"beyond 65535", bytes({3, 255, 255, 0, 2}), bytes({0x83, 2})},
      {"too many", bytes({3, 0, 0, 0, 126}), bytes({0x83, 3})},
      {"none", bytes({3, 0, 0, 0, 0}), bytes({0x83, 3})},
      {"short", bytes({3, 0, 0, 0}), bytes({0x83, 3})},
      {"long", bytes({3, 0, 0, 0, 1, 0}), bytes({0x83, 3})},
      {"byte count disagrees", bytes({16, 0, 2, 0, 2, 2, 0, 7}), bytes({0x90, 3})},
      {"input registers it lacks", bytes({4, 0, 0, 0, 1}), bytes({0x84, 1})},
      {"empty", {}, {}},
      {"a stray response", bytes({0x83, 2}), {}},
  };
  for (const auto& c : cases) {
    std::array<std::byte, kPduSize> out{};
    const std::size_t size = serve(c.request, registers, out);
    EXPECT_EQ(std::vector(out.begin(), out.begin() + static_cast<long>(size)), c.response) << c.why;
  }
  EXPECT_EQ(registers.cells[1], 0x102);
  EXPECT_EQ(registers.cells[2], 7);
  EXPECT_EQ(registers.cells[3], 8);
}

}  // namespace
}  // namespace ems::protocol::modbus
