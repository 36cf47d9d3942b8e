// SPDX-License-Identifier: Apache-2.0
// Byte images of pysunspec2's own tests, an independent implementation of both framings.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ems/protocol/modbus/rtu.hpp"
#include "ems/protocol/modbus/tcp.hpp"
#include "support/frames.hpp"

namespace ems::protocol::modbus {
namespace {

nlohmann::json images() {
  const char* folder = std::getenv("EMS_THIRD_PARTY");
  if (folder == nullptr) return {};
  std::ifstream file(std::string(folder) + "/sunspec/devices/pysunspec2/modbus_byte_images.json");
  return nlohmann::json::parse(file);
}

bool ends_with(const std::string& text, std::string_view tail) {
  return text.size() >= tail.size() &&
         text.compare(text.size() - tail.size(), tail.size(), tail) == 0;
}

// What a device sends, in one stream; the upstream file splits it as its client reads.
std::vector<std::byte> stream_of(const nlohmann::json& item) {
  std::string hex;
  for (const auto& chunk : item.at("chunks_hex")) hex += chunk.get<std::string>();
  return test::frame(hex);
}

bool is_tcp(const std::vector<std::byte>& stream) {
  return stream.size() > 4 && load_be16(stream, 2) == 0 && load_be16(stream, 0) == 0;
}

// A read of as many registers as the response brings, or the write it echoes.
std::vector<std::byte> request_for(Bytes response) {
  std::vector<std::byte> request(5);
  const std::uint8_t function = load_u8(response, 0) & 0x7FU;
  if (function == 16) return {response.begin(), response.end()};
  const auto count = static_cast<std::uint16_t>(
      (load_u8(response, 0) & kExceptionFlag) != 0 ? 1 : load_u8(response, 1) / 2);
  EXPECT_TRUE(encode_read_request(static_cast<Function>(function), 0, count, request));
  return request;
}

void check_response(Bytes pdu, int& exceptions, int& answers) {
  const auto request = request_for(pdu);
  std::array<std::uint16_t, kReadRegistersMax> registers{};
  const auto decoded = [&]() -> Result<void> {
    if ((load_u8(pdu, 0) & 0x7FU) == 16) return decode_write_response(request, pdu);
    const auto read = decode_read_response(request, pdu, registers);
    return read ? Result<void>{} : Result<void>{fail(read.error())};
  };
  const Result<void> result = decoded();
  if (result) {
    ++answers;
    return;
  }
  EXPECT_EQ(result.error().code, Errc::exception) << result.error().what;
  ++exceptions;
}

TEST(ModbusImages, EveryDeviceByteIsPartOfAFrameWeDecode) {
  const nlohmann::json all = images();
  if (all.is_null()) GTEST_SKIP() << "EMS_THIRD_PARTY is not set";
  int exceptions = 0;
  int answers = 0;
  for (const auto& item : all.at("items")) {
    const std::string name = item.at("name");
    // "_p_buffer" of the RTU tests carries TCP's name; what the bytes are decides.
    if (name.find("buff") == std::string::npos) continue;
    SCOPED_TRACE(name + " line " + std::to_string(item.at("line").get<int>()));
    const std::vector<std::byte> stream = stream_of(item);
    Bytes rest{stream};
    while (!rest.empty()) {
      if (is_tcp(stream)) {
        const FrameScan found = scan_tcp(rest);
        ASSERT_EQ(found.noise, 0U);
        ASSERT_GT(found.size, 0U);
        const auto frame = decode_tcp(rest.first(found.size));
        ASSERT_TRUE(frame);
        EXPECT_EQ(frame->unit, 1);
        check_response(frame->pdu, exceptions, answers);
        rest = rest.subspan(found.size);
        continue;
      }
      const std::array<std::byte, 2> asked = {std::byte{1}, rest[1] & std::byte{0x7F}};
      const FrameScan found = scan_rtu_response(asked, rest);
      ASSERT_EQ(found.noise, 0U);
      ASSERT_GT(found.size, 0U);
      const auto frame = decode_rtu(rest.first(found.size));
      ASSERT_TRUE(frame) << frame.error().what;
      check_response(frame->pdu, exceptions, answers);
      rest = rest.subspan(found.size);
    }
  }
  EXPECT_GT(answers, 50);
  EXPECT_GT(exceptions, 0);
}

TEST(ModbusImages, OurRequestsAreByteForByteTheirs) {
  const nlohmann::json all = images();
  if (all.is_null()) GTEST_SKIP() << "EMS_THIRD_PARTY is not set";
  int compared = 0;
  for (const auto& item : all.at("items")) {
    const std::string name = item.at("name");
    if (!ends_with(name, "req_check") && !ends_with(name, "req_check2") && name != "check_req") {
      continue;
    }
    for (const auto& chunk : item.at("chunks_hex")) {
      const std::vector<std::byte> theirs = test::frame(chunk.get<std::string>());
      SCOPED_TRACE(chunk.get<std::string>());
      const bool tcp = is_tcp(theirs);
      const Bytes pdu = tcp ? decode_tcp(theirs)->pdu : decode_rtu(theirs)->pdu;
      const auto request = decode_request(pdu);
      ASSERT_TRUE(request);
      std::array<std::byte, kPduSize> ours{};
      std::vector<std::uint16_t> values;
      for (std::size_t i = 0; i < request->values.size() / 2; ++i) {
        values.push_back(request->value(i));
      }
      const Result<std::size_t> size =
          values.empty()
              ? encode_read_request(request->function, request->address, request->count, ours)
              : encode_write_multiple_request(request->address, values, ours);
      ASSERT_TRUE(size);
      std::array<std::byte, kTcpFrameSize> framed{};
      const Bytes our_pdu{ours.data(), *size};
      const auto framed_size =
          tcp ? encode_tcp(0, 1, our_pdu, framed) : encode_rtu(1, our_pdu, framed);
      ASSERT_TRUE(framed_size);
      EXPECT_EQ(
          std::vector(framed.begin(), framed.begin() + static_cast<std::ptrdiff_t>(*framed_size)),
          theirs);
      ++compared;
    }
  }
  EXPECT_GT(compared, 20);
}

}  // namespace
}  // namespace ems::protocol::modbus
