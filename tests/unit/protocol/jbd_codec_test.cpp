// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/jbd/codec.hpp"

#include <gtest/gtest.h>

#include <array>

#include "support/frames.hpp"
#include "support/jbd_device.hpp"
#include "support/recording_sink.hpp"

namespace ems::protocol::jbd {
namespace {

using test::Frame;
using test::frame;
using test::JbdDevice;
using test::RecordingSink;

const Frame kAskBasicInfo = frame("DDA50300FFFD77");
const Frame kAskCells = frame("DDA50400FFFC77");

TEST(JbdCodec, IsFoundByItsName) {
  EXPECT_EQ(find_codec("jbd").value(), &codec());
  EXPECT_EQ(find_codec("jbd2").error().code, Errc::unknown_protocol);
  EXPECT_EQ(find_codec("").error().code, Errc::unknown_protocol);
}

TEST(JbdCodec, EveryPlanItemEncodesAndNothingElse) {
  std::array<std::byte, kRequestSize> out{};
  for (const PollItem& item : codec().poll_plan()) {
    const std::size_t size = codec().encode_poll(item.number, out).value();
    RecordingSink sink;
    EXPECT_TRUE(codec().decode_request(Bytes(out).first(size), sink)) << item.name;
    EXPECT_EQ(sink.vendor["request_register"], item.number);
    EXPECT_EQ(sink.vendor["request_write"], 0);
  }
  EXPECT_EQ(codec().encode_poll(0xE1, out).error().code, Errc::invalid_argument);
  EXPECT_EQ(codec().encode_poll(0x10, out).error().code, Errc::invalid_argument);
}

TEST(JbdCodec, MissingValuesAreSaidToBeMissing) {
  JbdDevice device;
  device.soc_percent = 101;
  device.deci_kelvin = {2981, 0xFFFF};
  RecordingSink sink;
  ASSERT_TRUE(codec().decode(kAskBasicInfo, device.answer(kAskBasicInfo), sink));
  EXPECT_EQ(sink.value(Signal::soc), std::nullopt);
  EXPECT_EQ(sink.value(Signal::temperature, 1), 25'000);
  EXPECT_EQ(sink.value(Signal::temperature, 2), std::nullopt);
  EXPECT_EQ(sink.missing_points, (std::vector<std::pair<Signal, std::uint16_t>>{
                                     {Signal::soc, 0}, {Signal::temperature, 2}}));
}

TEST(JbdCodec, SaysHowManySensorsThereAre) {
  JbdDevice device;
  RecordingSink sink;
  ASSERT_TRUE(codec().decode(kAskCells, device.answer(kAskCells), sink));
  EXPECT_EQ(sink.counts[Signal::cell_voltage], 16);
  device.deci_kelvin = {};
  ASSERT_TRUE(codec().decode(kAskBasicInfo, device.answer(kAskBasicInfo), sink));
  EXPECT_EQ(sink.counts.at(Signal::temperature), 0);
}

TEST(JbdCodec, AMissingValueIsBadUnlessTheSinkKnowsBetter) {
  struct Plain final : ReadingSink {
    void reading(const Reading& r) override { last = r; }
    void text(TextField, std::string_view, std::uint8_t) override {}
    void acknowledged() override {}
    Reading last{};
  } plain;
  ReadingSink& sink = plain;
  sink.missing(Signal::temperature, 2, 0);
  EXPECT_EQ(plain.last.quality, Quality::bad);
  EXPECT_EQ(plain.last.element, 2);
}

TEST(JbdCodec, GivesNothingWhenItFails) {
  JbdDevice device;
  Frame reply = device.answer(kAskBasicInfo);
  reply[6] ^= std::byte{1};
  RecordingSink sink;
  EXPECT_EQ(codec().decode(kAskBasicInfo, reply, sink).error().code, Errc::checksum);
  EXPECT_TRUE(sink.empty());
}

TEST(JbdCodec, PayloadErrorsCountFromTheStartOfTheFrame) {
  const JbdDevice device;
  Frame payload = device.basic_info();
  payload[22] = std::byte{9};
  RecordingSink sink;
  EXPECT_EQ(codec().decode(kAskBasicInfo, device.reply(3, 0, payload), sink).error(),
            (Error{Errc::length, 26}));
  EXPECT_EQ(
      codec().decode(frame("DD5AE1020000FF1D77"), device.reply(0xE1, 0, frame("00")), sink).error(),
      (Error{Errc::length, 3}));
  EXPECT_TRUE(sink.empty());
}

TEST(JbdCodec, WithoutARequestTheReplySpeaksForItself) {
  JbdDevice device;
  RecordingSink sink;
  EXPECT_TRUE(codec().decode({}, device.answer(kAskCells), sink));
  EXPECT_EQ(sink.value(Signal::cell_voltage, 16), 3'320);
  EXPECT_TRUE(codec().decode({}, frame("DDE10000000077"), sink));
  EXPECT_EQ(sink.acks, 1);
  EXPECT_EQ(codec().decode({}, device.reply(0x10, 0, {}), sink).error().code, Errc::unimplemented);
  EXPECT_EQ(codec().decode({}, {}, sink).error().code, Errc::truncated);
}

TEST(JbdCodec, ABadRequestIsTheCallersFault) {
  JbdDevice device;
  RecordingSink sink;
  EXPECT_EQ(codec().decode(frame("DDA50300FFFC77"), device.answer(kAskBasicInfo), sink).error(),
            (Error{Errc::invalid_argument, 4}));
  // Reading E1, and writing anything else, is not what libems does.
  const Frame read_e1 = frame("DDA5E100FF1F77");
  EXPECT_EQ(codec().decode(read_e1, device.reply(0xE1, 0, {}), sink).error().code,
            Errc::unimplemented);
  EXPECT_TRUE(sink.empty());
}

TEST(JbdCodec, ReadsARequest) {
  RecordingSink sink;
  ASSERT_TRUE(codec().decode_request(frame("DD5AE1020001FF1C77"), sink));
  EXPECT_EQ(sink.vendor["request_register"], 0xE1);
  EXPECT_EQ(sink.vendor["request_write"], 1);
  EXPECT_EQ(sink.vendor["charge_on"], 0);
  EXPECT_EQ(sink.vendor["discharge_on"], 1);
  EXPECT_EQ(codec().decode_request(frame("DD5AE10101FF1D77"), sink).error(),
            (Error{Errc::length, 3}));
}

TEST(JbdCodec, ScanDelimitsTheAwaitedReply) {
  const struct {
    const char* why;
    const char* hex;
    std::size_t noise;
    std::size_t size;
  } cases[] = {
      {"nothing", "", 0, 0},
      {"only noise", "0011", 2, 0},
      {"a start that may become one", "00DD", 1, 0},
      {"header without length", "DD0400", 0, 0},
      {"incomplete", "DD0400020CE4", 0, 0},
      {"whole", "DD0400020CE4FF0E77", 0, 9},
      {"whole behind noise", "77DD77DD0400020CE4FF0E77", 3, 9},
      {"whole with more behind", "DD0400020CE4FF0E77DD", 0, 9},
      {"another register's frame is noise", "DD03000000007705", 8, 0},
      {"late frame before ours", "DD030000000077DD0400020CE4FF0E77", 7, 9},
  };
  for (const auto& c : cases) {
    const FrameScan scan = codec().scan(kAskCells, frame(c.hex));
    EXPECT_EQ(scan.noise, c.noise) << c.why;
    EXPECT_EQ(scan.size, c.size) << c.why;
  }
  EXPECT_EQ(codec().scan({}, frame("00DD030000000077")).noise, 1U);
  EXPECT_EQ(codec().scan({}, frame("00DD030000000077")).size, 7U);
}

TEST(JbdCodec, NamesOnlyItsOwnAlarmBits) {
  EXPECT_EQ(codec().vendor_alarm_name(12), "mos_software_lock");
  EXPECT_EQ(codec().vendor_alarm_name(0), std::nullopt);
}

}  // namespace
}  // namespace ems::protocol::jbd
