// SPDX-License-Identifier: Apache-2.0
// The two Modbus protocols of Daly: daly_modbus (D2) and daly_p81.
#include "ems/protocol/daly_modbus/codec.hpp"

#include <gtest/gtest.h>

#include <array>

#include "ems/protocol/daly_p81/codec.hpp"
#include "ems/protocol/register_map/device.hpp"
#include "support/frames.hpp"
#include "support/recording_sink.hpp"

namespace ems::protocol {
namespace {

using register_map::Device;
using register_map::MapCodec;
using test::Frame;
using test::frame;
using test::RecordingSink;

Frame encoded(const Result<std::size_t>& size, const std::array<std::byte, kRequestSize>& out) {
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size.value())};
}

RecordingSink read(const MapCodec& codec, Device& device, std::uint8_t number) {
  std::array<std::byte, kRequestSize> out{};
  std::array<std::byte, 256> reply{};
  const Frame request = encoded(codec.encode_poll(number, out), out);
  const std::size_t size = device.answer(request, reply);
  RecordingSink sink;
  EXPECT_TRUE(codec.decode(request, Bytes(reply).first(size), sink));
  return sink;
}

TEST(DalyModbusCodec, RequestsAreThoseOfTheVectors) {
  std::array<std::byte, kRequestSize> out{};
  const char* d2[] = {"D2030000003ED7B9", "D203003E0009F7A3", "D20300800029965F",
                      "D20300A900208791"};
  for (std::uint8_t i = 0; i < 4; ++i) {
    EXPECT_EQ(encoded(daly_modbus::codec().encode_poll(i, out), out), frame(d2[i]));
  }
  EXPECT_EQ(encoded(daly_p81::codec().encode_poll(1, out), out), frame("81030041003E8BCE"));
}

TEST(DalyModbusCodec, SwitchesBothTransistorsWithOneWrite) {
  std::array<std::byte, kRequestSize> out{};
  const Frame off = encoded(
      daly_modbus::codec().encode_switch({.charge_on = false, .discharge_on = true}, out), out);
  EXPECT_EQ(off, frame("D21000A5000204000000015FAF"));
  Device device(daly_modbus::codec());
  std::array<std::byte, 256> reply{};
  const std::size_t size = device.answer(off, reply);
  RecordingSink sink;
  ASSERT_TRUE(daly_modbus::codec().decode(off, Bytes(reply).first(size), sink));
  EXPECT_EQ(sink.acks, 1);
  EXPECT_EQ(device.raw(false, 0xA5), 0);
  EXPECT_EQ(device.raw(false, 0xA6), 1);
  EXPECT_EQ(encoded(daly_modbus::codec().encode_balance({.on = true}, out), out),
            frame("D20600CF00016B96"));
  EXPECT_EQ(daly_p81::codec().encode_switch({}, out).error().code, Errc::unimplemented);
  EXPECT_EQ(daly_p81::codec().encode_balance({}, out).error().code, Errc::unimplemented);
}

TEST(DalyModbusCodec, TheSignIsTheVariantsUnlessTheStateSaysOtherwise) {
  const MapCodec other = daly_modbus::codec().configured({.variant = "discharge_positive"}).value();
  constexpr std::uint16_t kTwoAmpsAbove = 30'020;
  const struct {
    const MapCodec& codec;
    std::uint16_t state;
    std::int64_t expected;
    bool by_state;
  } cases[] = {
      {daly_modbus::codec(), 0, -2'000, false},
      {daly_modbus::codec(), 1, -2'000, false},
      {daly_modbus::codec(), 2, 2'000, true},
      {other, 0, 2'000, false},
      {other, 1, -2'000, true},
      {other, 2, 2'000, false},
  };
  for (const auto& c : cases) {
    Device device(c.codec);
    ASSERT_TRUE(device.set_raw(false, 0x29, kTwoAmpsAbove));
    ASSERT_TRUE(device.set_raw(false, 0x2F, c.state));
    const RecordingSink sink = read(c.codec, device, 0);
    EXPECT_EQ(sink.value(Signal::pack_current), c.expected) << c.state;
    EXPECT_EQ(sink.vendor.contains("current_sign_by_state"), c.by_state) << c.state;
  }
}

TEST(DalyModbusCodec, AFirstLevelIsAWarningAndAnAlarm) {
  Device device(daly_modbus::codec());
  ASSERT_TRUE(device.set_raw(false, 0x3A, 0x0100));
  RecordingSink sink = read(daly_modbus::codec(), device, 0);
  const auto hot = static_cast<std::int64_t>(alarm_bit(Alarm::charge_overtemperature));
  EXPECT_EQ(sink.value(Signal::alarms), hot);
  EXPECT_EQ(sink.value(Signal::warnings), hot);
  ASSERT_TRUE(device.set_raw(false, 0x3A, 0x0200));
  ASSERT_TRUE(device.set_raw(false, 0x3B, 0x0010));
  sink = read(daly_modbus::codec(), device, 0);
  EXPECT_EQ(sink.value(Signal::alarms), hot);
  EXPECT_EQ(sink.value(Signal::warnings), 0);
  EXPECT_EQ(sink.value(Signal::vendor_alarms), 0x10);
  EXPECT_EQ(daly_modbus::codec().vendor_alarm_name(4), "soc_high_1");
  EXPECT_EQ(daly_modbus::codec().vendor_alarm_name(19), "low_voltage_charge_forbidden");
}

TEST(DalyModbusCodec, UnfittedSensorsAreMissingAndCountsAreChecked) {
  Device device(daly_modbus::codec());
  ASSERT_TRUE(device.set_raw(false, 0x31, 4));
  ASSERT_TRUE(device.set_raw(false, 0x32, 3));
  ASSERT_TRUE(device.set_raw(false, 0x20, 65));
  ASSERT_TRUE(device.set_raw(false, 0x22, 0xFFFF));
  RecordingSink sink = read(daly_modbus::codec(), device, 0);
  EXPECT_EQ(sink.counts.at(Signal::cell_voltage), 4);
  EXPECT_EQ(sink.counts.at(Signal::temperature), 3);
  EXPECT_EQ(sink.value(Signal::temperature, 1), 25'000);
  EXPECT_EQ(sink.value(Signal::temperature, 2), std::nullopt);
  EXPECT_EQ(sink.value(Signal::temperature, 3), std::nullopt);
  ASSERT_TRUE(device.set_raw(false, 0x31, 33));
  std::array<std::byte, 256> reply{};
  const Frame request = frame("D2030000003ED7B9");
  const std::size_t size = device.answer(request, reply);
  RecordingSink none;
  EXPECT_EQ(daly_modbus::codec().decode(request, Bytes(reply).first(size), none).error(),
            (Error{Errc::out_of_range, 3 + 2 * 0x31}));
  EXPECT_TRUE(none.empty());
}

TEST(DalyModbusCodec, OnlyItsAddressIsTaken) {
  CodecRoom room;
  EXPECT_TRUE(daly_modbus::codec().with({.address = 0xD2}, room).has_value());
  EXPECT_EQ(daly_modbus::codec().with({.address = 1}, room).error().code, Errc::out_of_range);
  EXPECT_EQ(daly_p81::codec().with({.address = 0xD2}, room).error().code, Errc::out_of_range);
}

TEST(DalyP81Codec, RepliesComeFromAnotherAddress) {
  Device device(daly_p81::codec());
  std::array<std::byte, 256> reply{};
  const Frame request = frame("81030041003E8BCE");
  const std::size_t size = device.answer(request, reply);
  EXPECT_EQ(reply[0], std::byte{0x51});
  RecordingSink sink;
  EXPECT_TRUE(daly_p81::codec().decode(request, Bytes(reply).first(size), sink));
  // Its own echo is not taken for the reply.
  const FrameScan found = daly_p81::codec().scan(request, request);
  EXPECT_EQ(found.size, 0U);
  EXPECT_EQ(daly_p81::codec().vendor_alarm_name(0), std::nullopt);
}

TEST(DalyP81Codec, EveryBitOfTheAlarmWordsShows) {
  Device device(daly_p81::codec());
  ASSERT_TRUE(device.set_raw(false, 0x6E, 0x0002));
  const RecordingSink sink = read(daly_p81::codec(), device, 1);
  EXPECT_EQ(sink.value(Signal::vendor_alarms), 0x2'0000);
  EXPECT_EQ(sink.value(Signal::alarms), std::nullopt);  // Nobody says what the bits mean.
}

}  // namespace
}  // namespace ems::protocol
