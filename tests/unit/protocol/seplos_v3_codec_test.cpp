// SPDX-License-Identifier: Apache-2.0
// Frames without another source: syssi/esphome-seplos-bms@dedb6bb docs/pdus/v3.
#include "ems/protocol/seplos_v3/codec.hpp"

#include <gtest/gtest.h>

#include <array>

#include "support/frames.hpp"
#include "support/recording_sink.hpp"

namespace ems::protocol::seplos_v3 {
namespace {

using test::Frame;
using test::frame;
using test::RecordingSink;

Frame poll(const PollCodec& from, std::size_t item) {
  std::array<std::byte, kRequestSize> out{};
  const std::size_t size = from.encode_poll(from.poll_plan()[item].number, out).value();
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)};
}

TEST(SeplosV3Codec, RequestsAreThoseOfTheVectors) {
  CodecRoom pack_room;
  const PollCodec* pack = codec().with({.address = 1}, pack_room).value();
  EXPECT_EQ(poll(*pack, 0), frame("01041000001134C6"));
  EXPECT_EQ(poll(*pack, 1), frame("01041100001A74FD"));
  EXPECT_EQ(poll(codec(), 3), frame("000417000033B47A"));
  CodecRoom system_room;
  const PollCodec* system = codec().with({.variant = "system"}, system_room).value();
  EXPECT_EQ(poll(*system, 0), frame("00042000001A7BD0"));
  EXPECT_EQ(poll(*system, 1), frame("0004210000167A29"));
  EXPECT_EQ(poll(*system, 2), frame("000122000050379F"));
}

TEST(SeplosV3Codec, ReadsTheEventsOfThePack) {
  // Captured behind a request that the source does not print; asked as PIC is.
  CodecRoom room;
  const PollCodec* pack = codec().with({.address = 1}, room).value();
  RecordingSink sink;
  ASSERT_TRUE(
      pack->decode(poll(*pack, 2), frame("0101120000000000000000100000000000000300007AF5"), sink));
  EXPECT_EQ(sink.value(Signal::alarms), 0);
  EXPECT_EQ(sink.value(Signal::warnings), 0);
  EXPECT_EQ(sink.value(Signal::vendor_alarms), 0);
  EXPECT_EQ(sink.value(Signal::charge_fet_on), 1);
  EXPECT_EQ(sink.value(Signal::discharge_fet_on), 1);
  EXPECT_EQ(sink.value(Signal::heater_on), 0);
  EXPECT_EQ(sink.value(Signal::balancing), 0);
  EXPECT_EQ(sink.vendor.at("system_state"), 0x10);  // Standby.
}

TEST(SeplosV3Codec, ReadsTheEventsOfTheSystem) {
  RecordingSink sink;
  ASSERT_TRUE(
      codec().decode(frame("000122000050379F"), frame("00010A010000000000004300007FE1"), sink));
  EXPECT_EQ(sink.value(Signal::charge_fet_on), 1);
  EXPECT_EQ(sink.value(Signal::discharge_fet_on), 1);
  EXPECT_EQ(sink.value(Signal::alarms), 0);
  EXPECT_EQ(sink.vendor.at("system_state"), 1);  // Discharging.
}

TEST(SeplosV3Codec, ReadsNamesAndNumbers) {
  RecordingSink sink;
  ASSERT_TRUE(
      codec().decode(frame("000417000033B47A"),
                     frame("000466585A482D456C65635465636820436F2E2C4C74645347313653323030412D53"
                           "503537422D41000000313553503537422D4132353036313230303232000000000000"
                           "00000000000000000000000000000000000000000000000000000000000000000000"
                           "000000634B"),
                     sink));
  EXPECT_EQ(sink.texts.at(TextField::manufacturer), "XZH-ElecTech Co.,Ltd");
  EXPECT_EQ(sink.texts.at(TextField::device_model), "SG16S200A-SP57B-A");
  EXPECT_EQ(sink.texts.at(TextField::firmware_version), "15");
  EXPECT_EQ(sink.texts.at(TextField::serial_number), "SP57B-A2506120022");
}

TEST(SeplosV3Codec, TemperaturesOfTheSystemAreInEitherUnit) {
  const Frame request = frame("0004210000167A29");
  RecordingSink celsius;
  ASSERT_TRUE(codec().decode(request,
                             frame("00042C0CC90CC600020007147214720000000000FA00EE00F40000000101DF"
                                   "01DF000903E7010A010A010A000000005796"),
                             celsius));
  EXPECT_EQ(celsius.value(Signal::cell_temp_max), 25'000);
  EXPECT_EQ(celsius.value(Signal::cell_temp_min), 23'800);
  EXPECT_EQ(celsius.value(Signal::mosfet_temperature), 26'600);
  EXPECT_EQ(celsius.vendor.at("cell_temperature_average_mdegc"), 24'400);
  RecordingSink kelvin;  // The same in 0.1 K, 273.15 below.
  ASSERT_TRUE(codec().decode(request,
                             frame("00042C0CC90CC60002000714721472000000000BA50B990B9F0000000101DF"
                                   "01DF000903E70BB50BB50BB5000000009548"),
                             kelvin));
  EXPECT_EQ(kelvin.value(Signal::cell_temp_max), 24'950);
  EXPECT_EQ(kelvin.value(Signal::mosfet_temperature), 26'550);
}

TEST(SeplosV3Codec, Boards300AmpereCountCurrentInTenths) {
  CodecRoom room;
  const PollCodec* wide = codec().with({.address = 1, .variant = "pack_300a"}, room).value();
  const Frame reply =
      frame("0104221472FD3034646D6000D501DF03E700090CC70B9F0CC80CC60BA50B99000000B400B46FF3");
  RecordingSink sink;
  ASSERT_TRUE(wide->decode(poll(*wide, 0), reply, sink));
  EXPECT_EQ(sink.value(Signal::pack_current), 72'000);
  RecordingSink usual;
  ASSERT_TRUE(codec().decode(poll(*wide, 0), reply, usual));
  EXPECT_EQ(usual.value(Signal::pack_current), 7'200);
}

TEST(SeplosV3Codec, WithoutARequestAReplyOfTwoPossibleBlocksIsRefused) {
  RecordingSink sink;  // 52 bytes: PIB and EIA.
  EXPECT_EQ(
      codec()
          .decode({},
                  frame("00043414720000FFBDFFFF346400006D60000000D500006D6000000001000000000000"
                        "0708000007080000024001D00002000901DF03E7B336"),
                  sink)
          .error()
          .code,
      Errc::invalid_argument);
  EXPECT_TRUE(sink.empty());
}

TEST(SeplosV3Codec, OnlyItsAddressesAreTaken) {
  CodecRoom room;
  EXPECT_TRUE(codec().with({.address = 0xC0}, room).has_value());
  EXPECT_TRUE(codec().with({.address = 0x7F}, room).has_value());
  EXPECT_EQ(codec().with({.address = 0x80}, room).error().code, Errc::out_of_range);
  EXPECT_EQ(codec().with({.variant = "ecu"}, room).error().code, Errc::invalid_argument);
}

TEST(SeplosV3Codec, SwitchesNothing) {
  std::array<std::byte, kRequestSize> out{};
  EXPECT_EQ(codec().encode_switch({}, out).error().code, Errc::unimplemented);
  EXPECT_EQ(codec().encode_balance({}, out).error().code, Errc::unimplemented);
}

TEST(SeplosV3Codec, NamesTheVendorsAlarms) {
  EXPECT_EQ(codec().vendor_alarm_name(17), "reverse_connection");
  EXPECT_EQ(codec().vendor_alarm_name(30), "gyro_lockout");
  EXPECT_EQ(codec().vendor_alarm_name(47), "fire_suppression");
  EXPECT_EQ(codec().vendor_alarm_name(0), std::nullopt);
}

}  // namespace
}  // namespace ems::protocol::seplos_v3
