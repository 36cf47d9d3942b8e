// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/jk_4e57/codec.hpp"

#include <gtest/gtest.h>

#include <array>

#include "support/summed_frames.hpp"

namespace ems::protocol::jk_4e57 {
namespace {

using test::Frame;
using test::frame;
using test::joined;
using test::RecordingSink;

constexpr std::size_t kDataAt = 11;

/// A frame around `data`; `middle` is command, source and type.
Frame jk(const std::string& middle, const std::string& data) {
  Frame bytes = frame("4E57000000000000" + middle + data + "0000000068");
  bytes[3] = static_cast<std::byte>(bytes.size() + 2);  // And the checksum.
  const unsigned sum = test::sum_of(bytes);
  return joined({bytes,
                 {std::byte{0}, std::byte{0}, static_cast<std::byte>(sum >> 8U & 0xFFU),
                  static_cast<std::byte>(sum & 0xFFU)}});
}

const Frame kAskAll = frame("4E5700130000000006030000000000006800000129");
const Frame kAskVoltage = jk("030300", "83");

Frame reply(const std::string& data) { return jk("060001", data); }

RecordingSink decoded(const Frame& request, const Frame& answer) {
  RecordingSink sink;
  const auto result = codec().decode(request, answer, sink);
  EXPECT_TRUE(result) << (result ? "" : result.error().what);
  return sink;
}

Error refused(Bytes request, Bytes answer) {
  RecordingSink sink;
  const auto result = codec().decode(request, answer, sink);
  EXPECT_FALSE(result);
  EXPECT_TRUE(sink.empty());
  return result ? Error{} : result.error();
}

/// Error inside the data of a reply.
Error refused_data(const std::string& data) {
  Error error = refused(kAskAll, reply(data));
  error.offset = static_cast<std::uint16_t>(error.offset - kDataAt);
  return error;
}

TEST(Jk4e57Codec, AsksForEverything) {
  ASSERT_EQ(codec().poll_plan().size(), 1u);
  EXPECT_EQ(test::poll_request(codec(), codec().poll_plan()[0].number), kAskAll);
  std::array<std::byte, kRequestSize> out{};
  EXPECT_EQ(codec().encode_poll(3, out).error().code, Errc::invalid_argument);
  EXPECT_EQ(codec().encode_poll(6, MutableBytes(out).first(20)).error().code,
            Errc::resource_exhausted);
}

TEST(Jk4e57Codec, ReadsOneTag) {
  const Frame answer = jk("030001", "8314EF");
  EXPECT_EQ(decoded(kAskVoltage, answer).value(Signal::pack_voltage), 53'590);
  EXPECT_EQ(refused(kAskVoltage, jk("030001", "8415EF")), (Error{Errc::header, 11}));
  EXPECT_EQ(refused(kAskVoltage, reply("8314EF")), (Error{Errc::header, 8}));
  // Either command for everything answers either.
  EXPECT_EQ(decoded(jk("030300", "00"), reply("8314EF")).value(Signal::pack_voltage), 53'590);
  EXPECT_EQ(decoded(kAskAll, answer).value(Signal::pack_voltage), 53'590);
}

TEST(Jk4e57Codec, TheFormatOfTheCurrentDecidesItsSign) {
  const auto current = [](const std::string& data) {
    return decoded(kAskAll, reply(data)).value(Signal::pack_current);
  };
  EXPECT_EQ(current("8480D0C001"), -2'080);  // Charging.
  EXPECT_EQ(current("8400D0C001"), 2'080);
  EXPECT_EQ(current("842774C000"), 1'000);     // 10100 of the old format: discharging.
  EXPECT_EQ(current("8426AC8314EF"), -1'000);  // A board that does not say has the old one.
  const RecordingSink later = decoded(kAskAll, reply("8480D0C002"));
  EXPECT_EQ(later.value(Signal::pack_current), std::nullopt);
  EXPECT_EQ(later.missing_points.size(), 1u);
  EXPECT_EQ(later.vendor.at("current_raw"), 0x80D0);
  // Alone it does not say in which format it is.
  const RecordingSink alone = decoded(jk("030300", "84"), jk("030001", "8480D0"));
  EXPECT_EQ(alone.missing_points.size(), 1u);
  EXPECT_TRUE(alone.readings.empty());
}

TEST(Jk4e57Codec, TemperaturesAboveAHundredAreBelowZero) {
  const RecordingSink sink = decoded(kAskAll, reply("80006481006582008C"));
  EXPECT_EQ(sink.value(Signal::mosfet_temperature), 100'000);
  EXPECT_EQ(sink.value(Signal::temperature, 1), -1'000);
  EXPECT_EQ(sink.value(Signal::temperature, 2), -40'000);
  const RecordingSink none = decoded(kAskAll, reply("80008D82008D"));
  EXPECT_EQ(none.missing_points, (std::vector<std::pair<Signal, std::uint16_t>>{
                                     {Signal::mosfet_temperature, 0}, {Signal::temperature, 2}}));
}

TEST(Jk4e57Codec, ImpossibleValuesAreMissing) {
  const RecordingSink sink = decoded(kAskAll, reply("7906010CE40223298565"));
  EXPECT_EQ(sink.counts.at(Signal::cell_voltage), 2);
  EXPECT_EQ(sink.value(Signal::cell_voltage, 1), 3'300);
  EXPECT_EQ(sink.value(Signal::cell_voltage, 2), std::nullopt);
  EXPECT_EQ(sink.value(Signal::soc), std::nullopt);
  EXPECT_EQ(sink.missing_points.size(), 2u);
}

TEST(Jk4e57Codec, EveryAlarmBitHasExactlyOneName) {
  for (unsigned bit = 0; bit < 16; ++bit) {
    char data[8];
    std::snprintf(data, sizeof data, "8B%04X", 1U << bit);
    const RecordingSink sink = decoded(kAskAll, reply(data));
    const bool common = sink.value(Signal::alarms) != 0;
    EXPECT_NE(common, codec().vendor_alarm_name(bit).has_value()) << bit;
    EXPECT_EQ(sink.value(Signal::vendor_alarms), common ? 0 : 1LL << bit) << bit;
  }
  EXPECT_EQ(decoded(kAskAll, reply("8B0440")).value(Signal::alarms),
            alarm_bit(Alarm::cell_overvoltage) | alarm_bit(Alarm::discharge_overcurrent));
  EXPECT_EQ(codec().vendor_alarm_name(16), std::nullopt);
}

TEST(Jk4e57Codec, StatusBitsAreFlags) {
  const RecordingSink sink = decoded(kAskAll, reply("8C0005"));
  EXPECT_EQ(sink.value(Signal::charge_fet_on), 1);
  EXPECT_EQ(sink.value(Signal::discharge_fet_on), 0);
  EXPECT_EQ(sink.value(Signal::balancing), 1);
  EXPECT_EQ(sink.vendor.at("battery_online"), 0);
}

TEST(Jk4e57Codec, KeepsThePasswordToItself) {
  const RecordingSink sink = decoded(kAskAll, reply("B231323334353600000000B44A4B"
                                                    "000000000000B7312E310000000000000000000000"
                                                    "00"));
  EXPECT_EQ(sink.texts.size(), 1u);
  EXPECT_EQ(sink.texts.at(TextField::software_version), "1.1");
  RecordingSink pairing;
  ASSERT_TRUE(codec().decode_request(jk("050300", "313233343536"), pairing));
  EXPECT_EQ(pairing.vendor,
            (std::map<std::string, std::int64_t>{{"request_command", 5}, {"request_write", 0}}));
}

TEST(Jk4e57Codec, TagsThatNobodyKnowsAreRefusedUnlessAppended) {
  EXPECT_EQ(refused_data("8314EFC10102"), (Error{Errc::unimplemented, 3}));
  EXPECT_EQ(refused_data("8800018314EF"), (Error{Errc::unimplemented, 0}));
  EXPECT_EQ(refused_data("BB01"), (Error{Errc::unimplemented, 0}));
  EXPECT_EQ(decoded(kAskAll, reply("8314EFC001C10102")).value(Signal::pack_voltage), 53'590);
}

TEST(Jk4e57Codec, DataThatDoNotAddUpAreRefused) {
  EXPECT_EQ(refused_data(""), (Error{Errc::length, 0}));
  EXPECT_EQ(refused_data("85148314"), (Error{Errc::length, 2}));
  EXPECT_EQ(refused_data("79"), (Error{Errc::length, 0}));
  EXPECT_EQ(refused_data("7906010CE4"), (Error{Errc::length, 0}));
  EXPECT_EQ(refused_data("7904010CE402"), (Error{Errc::length, 1}));
  EXPECT_EQ(refused_data("7906010CE4030CE5"), (Error{Errc::out_of_range, 5}));
}

TEST(Jk4e57Codec, EachErrorHasItsOffset) {
  const Frame good = reply("8314EF");
  ASSERT_EQ(good.size(), 23u);
  const auto with = [&good](std::size_t at, std::uint8_t value) {
    Frame bad = good;
    bad[at] = std::byte{value};
    return bad;
  };
  EXPECT_EQ(refused(kAskAll, with(0, 0x4F)), (Error{Errc::header, 0}));
  EXPECT_EQ(refused(kAskAll, with(1, 0x58)), (Error{Errc::header, 1}));
  EXPECT_EQ(refused(kAskAll, with(3, 0x11)), (Error{Errc::length, 2}));
  EXPECT_EQ(refused(kAskAll, with(3, 0x14)), (Error{Errc::length, 22}));
  EXPECT_EQ(refused(kAskAll, with(3, 0x16)), (Error{Errc::truncated, 23}));
  EXPECT_EQ(refused(kAskAll, with(8, 0x02)), (Error{Errc::header, 8}));
  EXPECT_EQ(refused(kAskAll, with(10, 0)), (Error{Errc::header, 10}));
  EXPECT_EQ(refused(kAskAll, with(10, 3)), (Error{Errc::header, 10}));
  EXPECT_EQ(refused(kAskAll, with(18, 0x69)), (Error{Errc::tail, 18}));
  EXPECT_EQ(refused(kAskAll, with(22, 0)), (Error{Errc::checksum, 21}));
  EXPECT_EQ(refused(kAskAll, kAskAll), (Error{Errc::header, 10}));  // An echo.
  Frame request = kAskAll;
  request[20] ^= std::byte{1};
  EXPECT_EQ(refused(request, good), (Error{Errc::invalid_argument, 19}));
  EXPECT_EQ(refused({}, jk("020001", "AB")), (Error{Errc::unimplemented, 8}));
}

TEST(Jk4e57Codec, OnlyTheTwoReservedBytesHideDamage) {
  const Frame good = reply(
      "790601"
      "0CE4020CE58314EF8480D08B0000C001");
  EXPECT_EQ(test::unnoticed_flips(codec(), kAskAll, good),
            (std::set<std::size_t>{good.size() - 4, good.size() - 3}));
  test::expect_truncations_refused(codec(), kAskAll, good);
}

TEST(Jk4e57Codec, ScanFindsTheReply) {
  const Frame good = reply("8314EF");
  const Frame other = jk("020001", "AB");
  const struct {
    const char* why;
    Frame received;
    std::size_t noise;
    std::size_t size;
  } cases[] = {
      {"nothing", {}, 0, 0},
      {"noise", frame("00574E58"), 4, 0},
      {"a start that may become one", frame("004E"), 1, 0},
      {"no length yet", frame("4E5700"), 0, 0},
      {"a length that no frame has", frame("4E570005"), 4, 0},
      {"a length that no reply has", frame("4E57FFFF"), 4, 0},
      {"half", frame("4E57001500000000060001"), 0, 0},
      {"whole", good, 0, 23},
      {"behind an echo", joined({kAskAll, good}), 21, 23},
      {"behind another answer", joined({other, good}), 21, 23},
      {"behind a start that is none", joined({frame("4E57FFFF"), good}), 4, 23},
      {"with more behind", joined({good, good}), 0, 23},
  };
  for (const auto& c : cases) {
    const FrameScan found = codec().scan(kAskAll, c.received);
    EXPECT_EQ(found.noise, c.noise) << c.why;
    EXPECT_EQ(found.size, c.size) << c.why;
  }
  EXPECT_EQ(codec().scan({}, joined({kAskAll, other})).noise, 21u);
}

TEST(Jk4e57Codec, WritesNothing) {
  std::array<std::byte, kRequestSize> out{};
  EXPECT_EQ(codec().encode_switch({}, out).error().code, Errc::unimplemented);
  EXPECT_EQ(codec().encode_balance({}, out).error().code, Errc::unimplemented);
  CodecRoom room;
  EXPECT_TRUE(codec().with({.cell_count = 14}, room));
  EXPECT_EQ(codec().with({.address = 1}, room).error().code, Errc::invalid_argument);
  EXPECT_EQ(codec().with({.variant = "x"}, room).error().code, Errc::invalid_argument);
}

TEST(Jk4e57Codec, ReadsRequests) {
  RecordingSink all;
  ASSERT_TRUE(codec().decode_request(kAskAll, all));
  EXPECT_EQ(all.vendor.at("request_command"), 6);
  EXPECT_EQ(all.vendor.at("request_write"), 0);
  RecordingSink write;
  ASSERT_TRUE(codec().decode_request(jk("020300", "AB01"), write));
  EXPECT_EQ(write.vendor.at("request_register"), 0xAB);
  EXPECT_EQ(write.vendor.at("request_write"), 1);
  EXPECT_EQ(write.vendor.at("request_value"), 1);
  RecordingSink none;
  EXPECT_EQ(codec().decode_request(reply("8314EF"), none).error(), (Error{Errc::header, 10}));
  EXPECT_EQ(codec().decode_request({}, none).error(), (Error{Errc::truncated, 0}));
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace ems::protocol::jk_4e57
