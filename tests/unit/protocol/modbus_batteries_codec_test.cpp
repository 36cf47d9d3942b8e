// SPDX-License-Identifier: Apache-2.0
// Pylontech RT, Renogy, EG4 LL and PACE Modbus: what their vectors do not show.
#include <gtest/gtest.h>

#include <array>

#include "ems/protocol/eg4_ll/codec.hpp"
#include "ems/protocol/pace_modbus/codec.hpp"
#include "ems/protocol/pylontech_rt/codec.hpp"
#include "ems/protocol/register_map/device.hpp"
#include "ems/protocol/renogy/codec.hpp"
#include "support/frames.hpp"
#include "support/recording_sink.hpp"

namespace ems::protocol {
namespace {

using register_map::Device;
using register_map::MapCodec;
using test::Frame;
using test::frame;
using test::RecordingSink;

Frame request(const PollCodec& codec, std::size_t item) {
  std::array<std::byte, kRequestSize> out{};
  const std::size_t size = codec.encode_poll(codec.poll_plan()[item].number, out).value();
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)};
}

/// What all items of the plan give.
RecordingSink read(const MapCodec& codec, Device& device) {
  RecordingSink sink;
  std::array<std::byte, 256> reply{};
  for (std::size_t i = 0; i < codec.poll_plan().size(); ++i) {
    const Frame asked = request(codec, i);
    const std::size_t size = device.answer(asked, reply);
    EXPECT_TRUE(codec.decode(asked, Bytes(reply).first(size), sink)) << i;
  }
  return sink;
}

TEST(PylontechRtCodec, RequestsAreExact) {
  EXPECT_EQ(request(pylontech_rt::codec(), 0), frame("01031016000D610B"));
  EXPECT_EQ(request(pylontech_rt::codec(), 1), frame("0103102300023101"));
  EXPECT_EQ(request(pylontech_rt::codec(), 2), frame("0103200000084FCC"));
}

TEST(PylontechRtCodec, ReadsTheWholeFrame) {
  RecordingSink sink;
  ASSERT_TRUE(pylontech_rt::codec().decode(
      frame("01031016000D610B"),
      frame("01031A052CFFD00CF00CEFFFECFFEC005B0063003F00000B9003E803E8BD16"), sink));
  EXPECT_EQ(sink.value(Signal::pack_voltage), 13'240);
  EXPECT_EQ(sink.value(Signal::pack_current), 4'800);  // FFD0: -4.8 A on the wire, discharging.
  EXPECT_EQ(sink.value(Signal::cell_voltage_max), 3'312);
  EXPECT_EQ(sink.value(Signal::cell_voltage_min), 3'311);
  EXPECT_EQ(sink.value(Signal::soc), 9'100);
  EXPECT_EQ(sink.value(Signal::soh), 9'900);
  EXPECT_EQ(sink.value(Signal::design_capacity), 100'000'000);
  EXPECT_EQ(sink.value(Signal::pack_power), std::nullopt);  // Its sign is not known.
  EXPECT_EQ(sink.vendor.at("power_w"), 63);
}

TEST(RenogyCodec, RequestsAreExact) {
  EXPECT_EQ(request(renogy::codec(), 0), frame("300313B20007A48A"));
  EXPECT_EQ(request(renogy::codec(), 1), frame("300313EC000A049D"));
  EXPECT_EQ(request(renogy::codec(), 2), frame("3003138800124548"));
  CodecRoom room;
  EXPECT_EQ(request(*renogy::codec().with({.address = 0xF7}, room).value(), 0)[0], std::byte{0xF7});
}

TEST(RenogyCodec, AReplyWithoutTheCyclesIsNotWhatWasAsked) {
  // The source's own mock answers 6 registers where 7 were asked for.
  RecordingSink sink;
  EXPECT_EQ(
      renogy::codec()
          .decode(frame("300313B20007A48A"), frame("30030C0000008800017BB0000186A00CEB"), sink)
          .error(),
      (Error{Errc::length, 2}));
  EXPECT_TRUE(sink.empty());
}

TEST(RenogyCodec, CountsSignsAndAlarms) {
  Device device(renogy::codec());
  ASSERT_TRUE(device.set_count(Signal::cell_voltage, 4));
  ASSERT_TRUE(device.set_count(Signal::temperature, 2));
  ASSERT_TRUE(device.set(Signal::cell_voltage, 3'400, 4));
  ASSERT_TRUE(device.set(Signal::temperature, -5'500, 2));
  ASSERT_TRUE(device.set(Signal::pack_current, 12'340));
  ASSERT_TRUE(device.set_raw(false, 5052, static_cast<std::uint16_t>(-10'000)));
  ASSERT_TRUE(device.set_raw(false, 5106, 0x8000));
  ASSERT_TRUE(device.set_raw(false, 5107, 0x0002));
  ASSERT_TRUE(device.set_raw(false, 5109, 0x00A8));
  const RecordingSink sink = read(renogy::codec(), device);
  EXPECT_EQ(sink.counts.at(Signal::cell_voltage), 4);
  EXPECT_EQ(sink.counts.at(Signal::temperature), 2);
  EXPECT_EQ(sink.value(Signal::cell_voltage, 4), 3'400);
  EXPECT_EQ(sink.value(Signal::temperature, 2), -5'500);
  EXPECT_EQ(sink.value(Signal::pack_current), 12'340);
  EXPECT_EQ(device.raw(false, 5042), static_cast<std::uint16_t>(-1'234));
  EXPECT_EQ(sink.value(Signal::discharge_current_limit), 100'000);
  EXPECT_EQ(sink.value(Signal::alarms),
            static_cast<std::int64_t>(alarm_bit(Alarm::pack_undervoltage)));
  EXPECT_EQ(sink.value(Signal::warnings),
            static_cast<std::int64_t>(alarm_bit(Alarm::cell_overvoltage)));
  EXPECT_EQ(sink.value(Signal::charge_enable), 1);
  EXPECT_EQ(sink.value(Signal::discharge_enable), 0);
  EXPECT_EQ(sink.value(Signal::force_charge), 1);
  EXPECT_EQ(sink.value(Signal::full_charge_request), 1);
}

TEST(Eg4LlCodec, TheScaleIsAVariant) {
  EXPECT_EQ(request(eg4_ll::codec(), 0), frame("01030000002705D0"));
  EXPECT_EQ(request(eg4_ll::codec(), 1), frame("010300690017D5D8"));
  // The capture of vector eg4ll-err-crc with a good CRC.
  const Frame reply = frame(
      "01034E052CFFC20CEE0CF10CED0CF100000000000000000000000000000000000000000000000000"
      "1100110011000002EE006400300002000000000000000000010000000011C8000000000004000000"
      "0095A4");
  RecordingSink sink;
  ASSERT_TRUE(eg4_ll::codec().decode(request(eg4_ll::codec(), 0), reply, sink));
  EXPECT_EQ(sink.value(Signal::pack_voltage), 13'240);
  EXPECT_EQ(sink.value(Signal::pack_current), 6'200);
  EXPECT_EQ(sink.value(Signal::charge_current_limit), 75'000);
  EXPECT_EQ(sink.value(Signal::remaining_capacity), std::nullopt);  // 0: it does not tell.
  EXPECT_EQ(sink.counts.at(Signal::cell_voltage), 4);
  EXPECT_EQ(sink.value(Signal::temperature, 2), -56'000);
  const MapCodec fine = eg4_ll::codec().configured({.variant = "10ma"}).value();
  RecordingSink other;
  ASSERT_TRUE(fine.decode(request(fine, 0), reply, other));
  EXPECT_EQ(other.value(Signal::pack_current), 620);
}

TEST(Eg4LlCodec, ReadsWhatTheBoardHolds) {
  for (const bool fine : {false, true}) {
    const MapCodec codec = eg4_ll::codec().configured({.variant = fine ? "10ma" : "100ma"}).value();
    Device device(codec);
    ASSERT_TRUE(device.set_raw(false, 1, static_cast<std::uint16_t>(-62)));
    ASSERT_TRUE(device.set_raw(false, 21, 200));
    ASSERT_TRUE(device.set_raw(false, 31, 0x55D4));  // 1 440 000 000 mAs: 400 Ah.
    ASSERT_TRUE(device.set_raw(false, 32, 0xA800));
    ASSERT_TRUE(device.set_raw(false, 33, 0x11F6));
    ASSERT_TRUE(device.set_raw(false, 36, 4));
    ASSERT_TRUE(device.set_raw(false, 27, 0x0004));
    const RecordingSink sink = read(codec, device);
    EXPECT_EQ(sink.value(Signal::pack_current), fine ? 620 : 6'200);
    EXPECT_EQ(sink.value(Signal::remaining_capacity), fine ? 200'000'000 : 20'000'000);
    EXPECT_EQ(sink.value(Signal::full_capacity), 400'000'000);
    EXPECT_EQ(sink.value(Signal::design_capacity), std::nullopt);  // 0: it does not tell.
    EXPECT_EQ(sink.value(Signal::temperature, 1), 17'000);
    EXPECT_EQ(sink.value(Signal::temperature, 2), -10'000);
    EXPECT_EQ(sink.value(Signal::temperature, 3), std::nullopt);
    EXPECT_EQ(sink.counts.at(Signal::cell_voltage), 4);
    EXPECT_EQ(sink.value(Signal::vendor_alarms), 4);
    EXPECT_EQ(sink.value(Signal::alarms), std::nullopt);
  }
}

TEST(PaceModbusCodec, RequestsAreThoseOfTheVectors) {
  EXPECT_EQ(request(pace_modbus::codec(), 0), frame("0103000000258411"));
  EXPECT_EQ(request(pace_modbus::codec(), 2), frame("0103003C0037C410"));
  EXPECT_EQ(pace_modbus::codec().request_gap(), milliseconds(100));
  CodecRoom room;
  EXPECT_EQ(pace_modbus::codec().with({.address = 16}, room).error().code, Errc::out_of_range);
}

TEST(PaceModbusCodec, ReadsWhatTheBoardHolds) {
  Device device(pace_modbus::codec());
  ASSERT_TRUE(device.set(Signal::pack_current, -12'340));
  ASSERT_TRUE(device.set(Signal::temperature, -3'200, 4));
  for (std::uint16_t cell = 1; cell <= 15; ++cell) {
    ASSERT_TRUE(device.set(Signal::cell_voltage, 3'300 + cell, cell));
  }
  ASSERT_TRUE(device.set_raw(false, 9, 0x8001));
  ASSERT_TRUE(device.set_raw(false, 10, 0x00C0));
  ASSERT_TRUE(device.set_raw(false, 11, 0x4C01));
  ASSERT_TRUE(device.set_raw(false, 111, 4));
  RecordingSink sink = read(pace_modbus::codec(), device);
  EXPECT_EQ(device.raw(false, 0), 1'234);  // The wire: + charges.
  EXPECT_EQ(sink.value(Signal::pack_current), -12'340);
  EXPECT_EQ(sink.value(Signal::temperature, 4), -3'200);
  EXPECT_EQ(sink.value(Signal::cell_voltage, 15), 3'315);
  EXPECT_EQ(sink.value(Signal::cell_voltage, 16), std::nullopt);  // 15 in series.
  EXPECT_EQ(
      sink.value(Signal::warnings),
      static_cast<std::int64_t>(alarm_bit(Alarm::cell_overvoltage) | alarm_bit(Alarm::soc_low)));
  EXPECT_EQ(sink.value(Signal::alarms),
            static_cast<std::int64_t>(alarm_bit(Alarm::short_circuit) |
                                      alarm_bit(Alarm::contactor_failure)));
  EXPECT_EQ(sink.value(Signal::vendor_alarms), 0x4000'0080);
  EXPECT_EQ(pace_modbus::codec().vendor_alarm_name(7), "charger_overvoltage");
  EXPECT_EQ(pace_modbus::codec().vendor_alarm_name(30), "reversed");
  EXPECT_EQ(sink.value(Signal::charge_fet_on), 1);
  EXPECT_EQ(sink.value(Signal::discharge_fet_on), 1);
  EXPECT_EQ(sink.vendor.at("short_circuit_delay_us"), 100);
}

}  // namespace
}  // namespace ems::protocol
