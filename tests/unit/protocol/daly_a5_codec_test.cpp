// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/daly_a5/codec.hpp"

#include <gtest/gtest.h>

#include <array>

#include "support/summed_frames.hpp"

namespace ems::protocol::daly_a5 {
namespace {

using test::Frame;
using test::frame;
using test::joined;
using test::poll_request;
using test::RecordingSink;
using test::with_sum8;

const Frame kAskPack = frame("A540900800000000000000007D");
const Frame kAskCells = frame("A5409508000000000000000082");
const Frame kAskTemperatures = frame("A5409608000000000000000083");
const Frame kPackReply = frame("A5019008021400007545037889");

const PollCodec& made(const CodecOptions& options, CodecRoom& room) {
  return **codec().with(options, room);
}

/// A reply of board 1: `data` is 16 digits.
Frame reply(const std::string& command, const std::string& data) {
  return with_sum8("A501" + command + "08" + data);
}

RecordingSink decoded(const PollCodec& from, const Frame& request, const Frame& answer) {
  RecordingSink sink;
  const auto result = from.decode(request, answer, sink);
  EXPECT_TRUE(result) << (result ? "" : result.error().what);
  return sink;
}

Error refused(const PollCodec& from, Bytes request, Bytes answer) {
  RecordingSink sink;
  const auto result = from.decode(request, answer, sink);
  EXPECT_FALSE(result);
  EXPECT_TRUE(sink.empty());
  return result ? Error{} : result.error();
}

TEST(DalyA5Codec, RequestsAreThoseOfTheVectors) {
  CodecRoom room;
  const PollCodec& whole = made({.cell_count = 16, .temperature_count = 2}, room);
  EXPECT_EQ(poll_request(whole, 0x90), kAskPack);
  EXPECT_EQ(poll_request(whole, 0x93), frame("A5409308000000000000000080"));
  EXPECT_EQ(poll_request(whole, 0x95), kAskCells);
  EXPECT_EQ(poll_request(whole, 0x96), kAskTemperatures);
  EXPECT_EQ(poll_request(whole, 0x57), with_sum8("A54057080000000000000000"));
  std::array<std::byte, kRequestSize> out{};
  for (const int number : {0x00, 0x21, 0xD9, 0x99}) {
    EXPECT_EQ(whole.encode_poll(static_cast<std::uint8_t>(number), out).error().code,
              Errc::invalid_argument);
  }
  EXPECT_EQ(whole.encode_poll(0x90, MutableBytes(out).first(12)).error().code,
            Errc::resource_exhausted);
}

TEST(DalyA5Codec, AsksForCellsAndTemperaturesOnlyWhereItKnowsHowMany) {
  const auto asks = [](const PollCodec& of, std::uint8_t number) {
    for (const PollItem& item : of.poll_plan()) {
      if (item.number == number) return true;
    }
    return false;
  };
  CodecRoom rooms[3];
  const PollCodec& cells = made({.cell_count = 8}, rooms[0]);
  const PollCodec& sensors = made({.temperature_count = 1}, rooms[1]);
  const PollCodec& both = made({.cell_count = 8, .temperature_count = 1}, rooms[2]);
  const std::size_t size = codec().poll_plan().size();
  EXPECT_FALSE(asks(codec(), 0x95) || asks(codec(), 0x96));
  EXPECT_TRUE(asks(cells, 0x95) && !asks(cells, 0x96));
  EXPECT_TRUE(!asks(sensors, 0x95) && asks(sensors, 0x96));
  EXPECT_TRUE(asks(both, 0x95) && asks(both, 0x96));
  EXPECT_EQ(both.poll_plan().size(), size + 2);
  for (const PollCodec* of : {&codec(), &cells, &sensors, &both}) {
    EXPECT_EQ(of->poll_plan().front().number, 0x90);
  }
  std::array<std::byte, kRequestSize> out{};
  EXPECT_EQ(codec().encode_poll(0x95, out).error().code, Errc::invalid_argument);
}

TEST(DalyA5Codec, CurrentIsPositiveAboveThirtyThousand) {
  EXPECT_EQ(decoded(codec(), kAskPack, kPackReply).value(Signal::pack_current), 2'100);
  const RecordingSink charging = decoded(codec(), kAskPack, reply("90", "0214000074E503E9"));
  EXPECT_EQ(charging.value(Signal::pack_current), -7'500);
  EXPECT_EQ(charging.value(Signal::pack_voltage), 53'200);
  EXPECT_EQ(charging.value(Signal::soc), std::nullopt);  // 100.1 %.
}

TEST(DalyA5Codec, ImpossibleValuesAreMissing) {
  const RecordingSink cells =
      decoded(codec(), frame("A540910800000000000000007E"), reply("91", "2329010CFE020000"));
  EXPECT_EQ(cells.value(Signal::cell_voltage_max), std::nullopt);  // 9.001 V.
  EXPECT_EQ(cells.value(Signal::cell_voltage_min), 3'326);
  const RecordingSink sensors =
      decoded(codec(), frame("A540920800000000000000007F"), reply("92", "FF01000200000000"));
  EXPECT_EQ(sensors.missing_points, (std::vector<std::pair<Signal, std::uint16_t>>{
                                        {Signal::cell_temp_max, 0}, {Signal::cell_temp_min, 0}}));
}

TEST(DalyA5Codec, CellsTakeAsManyFramesAsTheyNeed) {
  CodecRoom room;
  const PollCodec& four = made({.cell_count = 4}, room);
  const Frame one = reply("95", "010CFD0CFE0CFF40");
  const Frame two = reply("95", "020CFA000000FFFF");
  const RecordingSink sink = decoded(four, kAskCells, joined({one, two}));
  EXPECT_EQ(sink.counts.at(Signal::cell_voltage), 4);
  EXPECT_EQ(sink.value(Signal::cell_voltage, 3), 3'327);
  EXPECT_EQ(sink.value(Signal::cell_voltage, 4), 3'322);
  EXPECT_EQ(sink.value(Signal::cell_voltage, 5), std::nullopt);
  EXPECT_EQ(refused(four, kAskCells, one), (Error{Errc::truncated, 13}));
  EXPECT_EQ(refused(four, kAskCells, joined({two, one})), (Error{Errc::header, 4}));
  EXPECT_EQ(refused(four, kAskCells, joined({one, one})), (Error{Errc::header, 17}));
  EXPECT_EQ(refused(four, kAskCells, joined({one, two, frame("A5019508")})),
            (Error{Errc::truncated, 30}));
  const Frame invalid = reply("95", "FF0CFA0000000000");
  EXPECT_EQ(refused(four, kAskCells, joined({one, invalid})), (Error{Errc::device_error, 17}));
}

TEST(DalyA5Codec, WithoutTheCountZerosBehindTheLastAreNoCells) {
  const Frame frames = joined({reply("95", "010CFD0CFE0CFF40"), reply("95", "020CFA0000000040")});
  const RecordingSink sink = decoded(codec(), kAskCells, frames);
  EXPECT_EQ(sink.readings.size(), 4u);
  EXPECT_TRUE(sink.counts.empty());
  // A hole inside stays one.
  const RecordingSink hole = decoded(codec(), kAskCells, reply("95", "010CFD00000CFF40"));
  EXPECT_EQ(hole.value(Signal::cell_voltage, 2), 0);
}

TEST(DalyA5Codec, FrameNumbersBeginWhereTheVariantSays) {
  CodecRoom room;
  const PollCodec& from_0 = made({.variant = "frames_from_0", .cell_count = 3}, room);
  const Frame zero = reply("95", "000CFD0CFE0CFF40");
  EXPECT_EQ(decoded(from_0, kAskCells, zero).value(Signal::cell_voltage, 1), 3'325);
  EXPECT_EQ(refused(codec(), kAskCells, zero), (Error{Errc::header, 4}));
  EXPECT_EQ(refused(from_0, kAskCells, reply("95", "010CFD0CFE0CFF40")), (Error{Errc::header, 4}));
}

TEST(DalyA5Codec, OpenSensorsAreMissing) {
  CodecRoom room;
  const PollCodec& eight = made({.temperature_count = 8}, room);
  const Frame frames = joined({reply("96", "013C0028FF414243"), reply("96", "0244000000000000")});
  const RecordingSink sink = decoded(eight, kAskTemperatures, frames);
  EXPECT_EQ(sink.counts.at(Signal::temperature), 8);
  EXPECT_EQ(sink.value(Signal::temperature, 1), 20'000);
  EXPECT_EQ(sink.value(Signal::temperature, 3), 0);
  EXPECT_EQ(sink.value(Signal::temperature, 8), 28'000);
  EXPECT_EQ(sink.missing_points, (std::vector<std::pair<Signal, std::uint16_t>>{
                                     {Signal::temperature, 2}, {Signal::temperature, 4}}));
}

TEST(DalyA5Codec, FaultsComeInTwoLevels) {
  const Frame ask = frame("A5409808000000000000000085");
  const RecordingSink first = decoded(codec(), ask, reply("98", "0100000000000000"));
  EXPECT_EQ(first.value(Signal::alarms), alarm_bit(Alarm::cell_overvoltage));
  EXPECT_EQ(first.value(Signal::warnings), alarm_bit(Alarm::cell_overvoltage));
  const RecordingSink second = decoded(codec(), ask, reply("98", "0000020000000403"));
  EXPECT_EQ(second.value(Signal::alarms),
            alarm_bit(Alarm::charge_overcurrent) | alarm_bit(Alarm::short_circuit));
  EXPECT_EQ(second.value(Signal::warnings), 0);
  EXPECT_EQ(second.vendor.at("fault_code"), 3);
  const RecordingSink own = decoded(codec(), ask, reply("98", "0000100400000800"));
  EXPECT_EQ(own.value(Signal::alarms), 0);
  EXPECT_EQ(own.value(Signal::vendor_alarms), 1LL << 20 | 1LL << 26 | 1LL << 51);
}

TEST(DalyA5Codec, EveryFaultBitHasExactlyOneName) {
  const Frame ask = frame("A5409808000000000000000085");
  for (unsigned bit = 0; bit < 56; ++bit) {
    Frame frame_ = reply("98", "0000000000000000");
    frame_[4 + bit / 8] = static_cast<std::byte>(1U << bit % 8);
    frame_.back() = std::byte{0};
    frame_.back() = static_cast<std::byte>(test::sum_of(frame_) & 0xFFU);
    const RecordingSink sink = decoded(codec(), ask, frame_);
    const bool common = sink.value(Signal::alarms) != 0;
    EXPECT_NE(common, codec().vendor_alarm_name(bit).has_value()) << bit;
    EXPECT_EQ(sink.value(Signal::vendor_alarms), common ? 0 : 1LL << bit) << bit;
  }
  EXPECT_EQ(codec().vendor_alarm_name(56), std::nullopt);
}

TEST(DalyA5Codec, ReadsWhatIsAskedOnce) {
  const RecordingSink rated =
      decoded(codec(), with_sum8("A54050080000000000000000"), reply("50", "00041EB000000C80"));
  EXPECT_EQ(rated.value(Signal::design_capacity), 270'000'000);
  EXPECT_EQ(rated.vendor.at("cell_nominal_mv"), 3'200);
  const Frame ask_date = with_sum8("A54053080000000000000000");
  EXPECT_EQ(decoded(codec(), ask_date, reply("53", "0000160B1E000000"))
                .texts.at(TextField::manufacture_date),
            "2022-11-30");
  EXPECT_TRUE(decoded(codec(), ask_date, reply("53", "0000160D1E000000")).empty());
}

TEST(DalyA5Codec, ReadsTheCodeOverItsFiveFrames) {
  const Frame ask = with_sum8("A54057080000000000000000");
  Frame frames;
  for (int n = 1; n <= 5; ++n) {
    const std::string data = n == 1   ? "44414C592D3136"
                             : n == 2 ? "53203130302041"
                                      : "20202020202020";
    const Frame one = reply("57", "0" + std::to_string(n) + data);
    frames.insert(frames.end(), one.begin(), one.end());
  }
  EXPECT_EQ(decoded(codec(), ask, frames).texts.at(TextField::serial_number), "DALY-16S 100 A");
  frames.resize(frames.size() - 13);
  EXPECT_EQ(refused(codec(), ask, frames), (Error{Errc::truncated, 52}));
}

TEST(DalyA5Codec, BalancingIsAnyCellOfTheMask) {
  const Frame ask = with_sum8("A54097080000000000000000");
  const RecordingSink some = decoded(codec(), ask, reply("97", "0080000000010000"));
  EXPECT_EQ(some.value(Signal::balancing), 1);
  EXPECT_EQ(some.vendor.at("balance_mask"), 1LL << 15 | 1LL << 40);
  EXPECT_EQ(decoded(codec(), ask, reply("97", "000000000000FFFF")).value(Signal::balancing), 0);
}

TEST(DalyA5Codec, SwitchesBothTransistors) {
  std::array<std::byte, kRequestSize> out{};
  const auto size = codec().encode_switch({.charge_on = false, .discharge_on = true}, out).value();
  const Frame request(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size));
  EXPECT_EQ(request,
            joined({with_sum8("A540DA080000000000000000"), with_sum8("A540D9080100000000000000")}));
  RecordingSink asked;
  ASSERT_TRUE(codec().decode_request(request, asked));
  EXPECT_EQ(asked.vendor.at("request_write"), 1);
  EXPECT_EQ(asked.vendor.at("charge_on"), 0);
  EXPECT_EQ(asked.vendor.at("discharge_on"), 1);
  const Frame charge = reply("DA", "0000000000000000");
  const Frame discharge = reply("D9", "0100000000000000");
  EXPECT_EQ(decoded(codec(), request, joined({charge, discharge})).acks, 1);
  EXPECT_EQ(decoded(codec(), {}, joined({charge, discharge})).acks, 1);
  // Half of it is not done.
  EXPECT_EQ(refused(codec(), request, charge), (Error{Errc::truncated, 13}));
  EXPECT_EQ(refused(codec(), request, joined({charge, charge})), (Error{Errc::header, 15}));
  EXPECT_EQ(codec().encode_switch({}, MutableBytes(out).first(25)).error().code,
            Errc::resource_exhausted);
  EXPECT_EQ(codec().encode_balance({}, out).error().code, Errc::unimplemented);
}

TEST(DalyA5Codec, EachErrorHasItsOffset) {
  Frame bad = kPackReply;
  bad[12] ^= std::byte{1};
  EXPECT_EQ(refused(codec(), kAskPack, bad), (Error{Errc::checksum, 12}));
  EXPECT_EQ(refused(codec(), kAskPack, frame("A6")), (Error{Errc::header, 0}));
  EXPECT_EQ(refused(codec(), kAskPack, frame("A502")), (Error{Errc::header, 1}));
  EXPECT_EQ(refused(codec(), kAskPack, frame("A50191")), (Error{Errc::header, 2}));
  EXPECT_EQ(refused(codec(), kAskPack, with_sum8("A50190070214000075450378")),
            (Error{Errc::length, 3}));
  EXPECT_EQ(refused(codec(), kAskPack, joined({kPackReply, frame("00")})),
            (Error{Errc::length, 13}));
  // Our own request, echoed.
  EXPECT_EQ(refused(codec(), kAskPack, kAskPack), (Error{Errc::header, 1}));
  Frame request = kAskPack;
  request[12] ^= std::byte{1};
  EXPECT_EQ(refused(codec(), request, kPackReply), (Error{Errc::invalid_argument, 12}));
  EXPECT_EQ(refused(codec(), {}, reply("62", "0000000000000000")), (Error{Errc::unimplemented, 2}));
}

TEST(DalyA5Codec, BoardsAnswerAsThemselvesOrAsTheFirst) {
  CodecRoom room;
  const PollCodec& third = made({.address = 0x42}, room);
  const Frame ask = poll_request(third, 0x90);
  EXPECT_EQ(ask, with_sum8("A54290080000000000000000"));
  EXPECT_EQ(decoded(third, ask, kPackReply).value(Signal::soc), 8'880);
  EXPECT_EQ(decoded(third, ask, with_sum8("A50390080214000075450378")).value(Signal::soc), 8'880);
  EXPECT_EQ(refused(third, ask, with_sum8("A50290080214000075450378")), (Error{Errc::header, 1}));
  // Two of them in one reply.
  EXPECT_EQ(
      refused(third, with_sum8("A54295080000000000000000"),
              joined({with_sum8("A5039508010CFD0CFE0CFE40"), reply("95", "020CFD0CFE0CFE40")})),
      (Error{Errc::header, 14}));
  EXPECT_EQ(decoded(codec(), {}, with_sum8("A51090080214000075450378")).value(Signal::soc), 8'880);
  EXPECT_EQ(refused(codec(), {}, with_sum8("A51190080214000075450378")), (Error{Errc::header, 1}));
}

TEST(DalyA5Codec, NoDamageGoesUnnoticed) {
  CodecRoom room;
  const PollCodec& eight = made({.cell_count = 8}, room);
  const Frame cells = joined({reply("95", "010CA30CA70CA6F9"), reply("95", "020CA80CA50CA4F9"),
                              reply("95", "030CA50CA60000F9")});
  EXPECT_TRUE(test::unnoticed_flips(eight, kAskCells, cells).empty());
  EXPECT_TRUE(test::unnoticed_flips(codec(), kAskPack, kPackReply).empty());
  test::expect_truncations_refused(eight, kAskCells, cells);
  test::expect_truncations_refused(codec(), kAskPack, kPackReply);
}

TEST(DalyA5Codec, ScanFindsTheReply) {
  const Frame other = reply("93", "0000000000000000");
  const struct {
    const char* why;
    Frame received;
    std::size_t noise;
    std::size_t size;
  } cases[] = {
      {"nothing", {}, 0, 0},
      {"noise", frame("00A5A6"), 3, 0},
      {"a start that may become one", frame("00A501"), 1, 0},
      {"half", frame("A5019008021400"), 0, 0},
      {"whole", kPackReply, 0, 13},
      {"behind an echo", joined({kAskPack, kPackReply}), 13, 13},
      {"behind another answer", joined({other, kPackReply}), 13, 13},
      {"behind half a frame", joined({frame("A50190"), kPackReply}), 3, 13},
      {"with more behind", joined({kPackReply, other}), 0, 13},
  };
  for (const auto& c : cases) {
    const FrameScan found = codec().scan(kAskPack, c.received);
    EXPECT_EQ(found.noise, c.noise) << c.why;
    EXPECT_EQ(found.size, c.size) << c.why;
  }
}

TEST(DalyA5Codec, ScanWaitsForAllFramesAndNoMore) {
  CodecRoom room;
  const PollCodec& four = made({.cell_count = 4}, room);
  const Frame one = reply("95", "010CFD0CFE0CFF40");
  const Frame two = reply("95", "020CFA0000000040");
  const Frame three = reply("95", "0300000000000040");
  const auto found = [&](const Frame& received) {
    const FrameScan scan = four.scan(kAskCells, received);
    return std::pair(scan.noise, scan.size);
  };
  EXPECT_EQ(found(one), std::pair(std::size_t{0}, std::size_t{0}));
  EXPECT_EQ(found(joined({one, two})), std::pair(std::size_t{0}, std::size_t{26}));
  EXPECT_EQ(found(joined({one, two, three})), std::pair(std::size_t{0}, std::size_t{26}));
  // The rest of an answer that came too late.
  EXPECT_EQ(found(joined({three, one, two})), std::pair(std::size_t{13}, std::size_t{26}));
  // A frame got lost: nothing of it is an answer.
  EXPECT_EQ(found(joined({one, three})), std::pair(std::size_t{26}, std::size_t{0}));
  EXPECT_EQ(four.scan({}, joined({frame("00"), three})).size, 13u);
  // Nobody knows how many cells there are: all 16 frames.
  EXPECT_EQ(codec().scan(kAskCells, joined({one, two})).size, 0u);
}

TEST(DalyA5Codec, OnlyItsOptionsAreTaken) {
  CodecRoom room;
  for (const int address : {0x20, 0x40, 0x4F, 0x80}) {
    EXPECT_TRUE(codec().with({.address = static_cast<std::uint8_t>(address)}, room)) << address;
  }
  for (const int address : {0x00, 0x01, 0x3F, 0x50, 0x81}) {
    EXPECT_EQ(codec().with({.address = static_cast<std::uint8_t>(address)}, room).error().code,
              Errc::out_of_range);
  }
  EXPECT_EQ(codec().with({.variant = "modbus"}, room).error().code, Errc::invalid_argument);
  EXPECT_EQ(codec().with({.cell_count = 49}, room).error().code, Errc::out_of_range);
  EXPECT_EQ(codec().with({.temperature_count = 17}, room).error().code, Errc::out_of_range);
}

TEST(DalyA5Codec, ReadsRequests) {
  RecordingSink sink;
  // Some masters fill the data with AA or 55.
  ASSERT_TRUE(codec().decode_request(with_sum8("A5809008AAAAAAAAAAAAAAAA"), sink));
  EXPECT_EQ(sink.vendor.at("request_address"), 0x80);
  EXPECT_EQ(sink.vendor.at("request_command"), 0x90);
  EXPECT_EQ(sink.vendor.at("request_write"), 0);
  RecordingSink restart;
  ASSERT_TRUE(codec().decode_request(with_sum8("A54000080000000000000000"), restart));
  EXPECT_EQ(restart.vendor.at("request_write"), 1);
  RecordingSink none;
  EXPECT_EQ(codec().decode_request(frame("A540900800"), none).error(), (Error{Errc::truncated, 5}));
  EXPECT_EQ(codec().decode_request(frame("B5"), none).error(), (Error{Errc::header, 0}));
  EXPECT_EQ(codec().decode_request(joined({kAskPack, kAskPack}), none).error(),
            (Error{Errc::length, 13}));
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace ems::protocol::daly_a5
