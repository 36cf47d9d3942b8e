// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/jk_pb_modbus/codec.hpp"

#include <gtest/gtest.h>

#include <array>

#include "ems/protocol/modbus/rtu.hpp"
#include "ems/protocol/poller.hpp"
#include "ems/protocol/register_map/device.hpp"
#include "support/frames.hpp"
#include "support/recording_sink.hpp"

namespace ems::protocol::jk_pb_modbus {
namespace {

using test::Frame;
using test::frame;
using test::RecordingSink;

Frame encoded(const Result<std::size_t>& size, const std::array<std::byte, kRequestSize>& out) {
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size.value())};
}
Frame request(const PollCodec& from, std::uint8_t number) {
  std::array<std::byte, kRequestSize> out{};
  return encoded(from.encode_poll(number, out), out);
}
Frame with_crc(Frame bytes) {
  const std::uint16_t crc = modbus::crc16(bytes);
  bytes.push_back(static_cast<std::byte>(crc & 0xFFU));
  bytes.push_back(static_cast<std::byte>(crc >> 8U));
  return bytes;
}

/// The answer of a board with 16 cells of 3.3 V, 52.80 V and -10 A (discharging) on the wire.
Frame triggered(std::uint8_t type = 2) {
  Frame reply(300);
  const auto put = [&reply](std::size_t at, std::uint32_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
      reply[at + i] = static_cast<std::byte>(value >> 8 * i);
    }
  };
  put(0, 0x90EBAA55, 4);
  put(4, type, 1);
  for (std::size_t cell = 0; cell < 16; ++cell) put(6 + 2 * cell, 3'300, 2);
  put(70, 0xFFFF, 4);
  put(150, 52'800, 4);
  put(158, static_cast<std::uint32_t>(-10'000), 4);
  put(173, 55, 1);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < 299; ++i) sum += std::to_integer<std::uint32_t>(reply[i]);
  put(299, sum & 0xFFU, 1);
  reply.push_back({});
  for (const std::byte b : with_crc(frame("011016200001"))) reply.push_back(b);
  reply.push_back({});
  return reply;
}

TEST(JkPbModbusCodec, RequestsAreExact) {
  EXPECT_EQ(request(codec(), 2), frame("0110161C0001020000D3CD"));
  EXPECT_EQ(request(codec(), 0), with_crc(frame("011016200001020000")));
  CodecRoom room;
  const PollCodec* plain = codec().with({.address = 3, .variant = "registers"}, room).value();
  EXPECT_EQ(request(*plain, plain->poll_plan()[0].number), with_crc(frame("0303128A0024")));
  std::array<std::byte, kRequestSize> out{};
  EXPECT_EQ(plain->encode_poll(0, out).error().code, Errc::invalid_argument);  // Only reads.
  EXPECT_EQ(codec().encode_poll(3, out).error().code, Errc::invalid_argument);
  EXPECT_EQ(encoded(codec().encode_balance({.on = true}, out), out),
            with_crc(frame("0110107800020400000001")));
  EXPECT_EQ(codec().encode_switch({}, out).error().code, Errc::unimplemented);
  EXPECT_TRUE(codec().info().asks_by_writing);
}

TEST(JkPbModbusCodec, ReadsTheTriggeredFrame) {
  RecordingSink sink;
  ASSERT_TRUE(codec().decode(request(codec(), 0), triggered(), sink));
  EXPECT_EQ(sink.value(Signal::pack_voltage), 52'800);
  EXPECT_EQ(sink.value(Signal::pack_current), 10'000);
  EXPECT_EQ(sink.value(Signal::soc), 5'500);
  EXPECT_EQ(sink.value(Signal::cell_voltage, 16), 3'300);
  EXPECT_EQ(sink.counts.at(Signal::cell_voltage), 16);
  RecordingSink unasked;
  ASSERT_TRUE(codec().decode({}, triggered(), unasked));
  EXPECT_EQ(unasked.value(Signal::soc), 5'500);
}

TEST(JkPbModbusCodec, ErrorsOfATriggeredAnswerAreNamed) {
  const Frame good = triggered();
  const auto changed = [&good](std::size_t at) {
    Frame reply = good;
    reply[at] ^= std::byte{0x40};
    return reply;
  };
  Frame longer = good;
  longer.push_back({});
  const struct {
    const char* why;
    Frame reply;
    Errc code;
    std::size_t offset;
  } cases[] = {
      {"nothing", {}, Errc::truncated, 0},
      {"another start", changed(2), Errc::header, 2},
      {"only the frame", Frame(good.begin(), good.begin() + 300), Errc::truncated, 300},
      {"longer", longer, Errc::length, 310},
      {"the gap", changed(300), Errc::tail, 300},
      {"the end", changed(309), Errc::tail, 309},
      {"another board's acknowledgement", changed(301), Errc::header, 301},
      {"not an acknowledgement", changed(302), Errc::header, 302},
      {"of another register", changed(304), Errc::checksum, 307},
      {"a damaged acknowledgement", changed(308), Errc::checksum, 307},
      {"damaged", changed(160), Errc::checksum, 299},
      {"another type", triggered(3), Errc::header, 4},
      {"refused", with_crc(frame("019002")), Errc::exception, 2},
  };
  for (const auto& c : cases) {
    RecordingSink sink;
    const Result<void> result = codec().decode(request(codec(), 0), c.reply, sink);
    ASSERT_FALSE(result) << c.why;
    EXPECT_EQ(result.error(), (Error{c.code, static_cast<std::uint16_t>(c.offset)})) << c.why;
    EXPECT_TRUE(sink.empty()) << c.why;
  }
}

TEST(JkPbModbusCodec, AnotherWriteToTheSameRegisterIsNoTrigger) {
  RecordingSink sink;
  ASSERT_TRUE(
      codec().decode(with_crc(frame("011016200001020001")), with_crc(frame("011016200001")), sink));
  EXPECT_EQ(sink.acks, 1);
  EXPECT_FALSE(codec().decode(request(codec(), 0), with_crc(frame("011016200001")), sink));
}

TEST(JkPbModbusCodec, NoDamagedAnswerIsRead) {
  const Frame ask = request(codec(), 0);
  const Frame good = triggered();
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const unsigned bit : {0U, 3U, 7U}) {
      Frame reply = good;
      reply[at] ^= static_cast<std::byte>(1U << bit);
      RecordingSink sink;
      EXPECT_FALSE(codec().decode(ask, reply, sink)) << at;
      EXPECT_TRUE(sink.empty());
    }
    RecordingSink sink;
    EXPECT_FALSE(codec().decode(ask, Bytes(good).first(at), sink)) << at;
  }
}

TEST(JkPbModbusCodec, APollerFindsTheAnswerBehindEchoNoiseAndAHalfFrame) {
  Poller poller(codec(), {});
  Instant now{};
  poller.link_up(now);
  std::array<std::byte, kRequestSize> out{};
  const PollerAction action = poller.next(now, out);
  ASSERT_EQ(action.what, "status");
  Frame line = frame("55AA00");
  line.insert(line.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(action.size));
  const Frame good = triggered();
  line.insert(line.end(), good.begin(), good.begin() + 100);
  line.insert(line.end(), good.begin(), good.end());
  RecordingSink sink;
  poller.receive(line, now, sink);
  EXPECT_EQ(poller.counters().replies, 1U);
  EXPECT_EQ(sink.value(Signal::soc), 5'500);
}

TEST(JkPbModbusCodec, ReadsTheRegisters) {
  const register_map::MapCodec board = registers().configured({.variant = "registers"}).value();
  register_map::Device device(board);
  ASSERT_TRUE(device.set_count(Signal::cell_voltage, 16));
  ASSERT_TRUE(device.set(Signal::cell_voltage, 3'312, 16));
  ASSERT_TRUE(device.set(Signal::pack_voltage, 52'800));
  ASSERT_TRUE(device.set(Signal::pack_current, 10'000));
  ASSERT_TRUE(device.set(Signal::soc, 5'500));
  ASSERT_TRUE(device.set(Signal::soh, 9'900));
  ASSERT_TRUE(device.set(Signal::discharge_fet_on, 1));
  ASSERT_TRUE(device.set_raw(false, 0x128A, 300));
  ASSERT_TRUE(device.set_raw(false, 0x129C, 213));
  ASSERT_TRUE(device.set_raw(false, 0x129E, 0));
  ASSERT_TRUE(device.set_raw(false, 0x12D0, 0x0300));  // The transistors' sensor and the first.
  ASSERT_TRUE(device.set_raw(false, 0x12A2, 0x0010));  // Cell over-voltage.
  CodecRoom room;
  const PollCodec* plain = codec().with({.variant = "registers"}, room).value();
  RecordingSink sink;
  std::array<std::byte, 256> reply{};
  for (const PollItem& item : plain->poll_plan()) {
    const Frame ask = request(*plain, item.number);
    const std::size_t size = device.answer(ask, reply);
    ASSERT_TRUE(plain->decode(ask, Bytes(reply).first(size), sink)) << item.name;
  }
  EXPECT_EQ(device.raw(false, 0x1298), 0xFFFF);  // -10 000 mA from 1298: + charges.
  EXPECT_EQ(sink.value(Signal::pack_voltage), 52'800);
  EXPECT_EQ(sink.value(Signal::pack_current), 10'000);
  EXPECT_EQ(sink.value(Signal::soc), 5'500);
  EXPECT_EQ(sink.value(Signal::soh), 9'900);
  EXPECT_EQ(sink.counts.at(Signal::cell_voltage), 16);
  EXPECT_EQ(sink.value(Signal::cell_voltage, 16), 3'312);
  EXPECT_EQ(sink.value(Signal::charge_fet_on), 0);
  EXPECT_EQ(sink.value(Signal::discharge_fet_on), 1);
  EXPECT_EQ(sink.value(Signal::mosfet_temperature), 30'000);
  EXPECT_EQ(sink.value(Signal::temperature, 1), 21'300);
  EXPECT_EQ(sink.value(Signal::temperature, 2), std::nullopt);  // Not in the mask.
  ASSERT_TRUE(device.set_raw(false, 0x129C, 1'100));            // -10 degC, or 110?
  const Frame ask = request(*plain, plain->poll_plan()[0].number);
  const std::size_t size = device.answer(ask, reply);
  RecordingSink cold;
  ASSERT_TRUE(plain->decode(ask, Bytes(reply).first(size), cold));
  EXPECT_EQ(cold.value(Signal::temperature, 1), std::nullopt);
  EXPECT_EQ(sink.value(Signal::alarms),
            static_cast<std::int64_t>(alarm_bit(Alarm::cell_overvoltage)));
}

}  // namespace
}  // namespace ems::protocol::jk_pb_modbus
