// SPDX-License-Identifier: Apache-2.0
// The engine behind the batteries that are one table each, on a table of this test.
#include "ems/protocol/register_map/codec.hpp"

#include <gtest/gtest.h>

#include <array>

#include "ems/protocol/modbus/rtu.hpp"
#include "ems/protocol/register_map/device.hpp"
#include "support/frames.hpp"
#include "support/recording_sink.hpp"

namespace ems::protocol::register_map {
namespace {

using test::Frame;
using test::frame;
using test::RecordingSink;

constexpr PollItem kPlan[] = {{"pack", 0, 1}, {"events", 1, 1}, {"name", 2, 0}};
constexpr std::span<const PollItem> kPlans[] = {kPlan};
constexpr Block kBlocks[] = {{0, 3, 0x10, 16}, {1, 1, 0x100, 12}, {2, 4, 0x40, 4}};
constexpr std::string_view kVariants[] = {"plain", "tenfold"};
constexpr Field kRegisters[] = {
    only(1, value(0x10, Wire::u16, Signal::pack_voltage)),
    only(2, value(0x10, Wire::u16, Signal::pack_voltage, {.scale = 10})),
    value(0x11, Wire::s16, Signal::pack_current, {.scale = -10}),
    value(0x12, Wire::u32, Signal::full_capacity, {.scale = 5, .divide = 18}),
    value(0x14, Wire::s32_swapped, Signal::remaining_capacity),
    percent(0x16, Signal::soc, 100),
    value(0x17, Wire::u8, Signal::cell_count),
    vendor(0x17, Wire::u8_low, "low_half"),
    cells(0x18, 4),
    sensors(0x1C, Wire::s8, 4, {.scale = 1'000}, kUnusedZero),
    sensor(0x1E, Wire::u16, Signal::ambient_temperature, kDeciKelvin, kZeroOrAllOnes),
    marked(k7fff | kMagnitude, value(0x1F, Wire::s16, Signal::charge_current_limit)),
    text(0x40, TextField::device_model, 8),
};
constexpr Field kCoils[] = {flag(0x108, Signal::charge_fet_on, 0x01, Wire::u8)};
constexpr Bit kBits[] = {{0x100, 0, Level::warning, Alarm::cell_overvoltage},
                         {0x100, 1, Level::alarm, Alarm::cell_overvoltage},
                         {0x108, 1, Level::both, Alarm::short_circuit}};
constexpr std::string_view kNames[] = {"", "", "", "gyro"};
constexpr VendorWord kWords[] = {{.at = 0x108, .mask = 0x0C, .shift = 16, .names = kNames}};
constexpr Alarms kAlarms[] = {{.coils = true, .bits = kBits, .words = kWords}};
constexpr std::uint8_t kAddresses[] = {5, 200};
constexpr Map kMap{
    .info = {.name = "test", .addresses = kAddresses, .variants = kVariants},
    .plans = kPlans,
    .blocks = kBlocks,
    .reply_timeout = milliseconds(100),
    .address_max = 16,
    .registers = kRegisters,
    .coils = kCoils,
    .alarms = kAlarms,
    .cells_max = 4,
    .temperatures_max = 4,
    .cells = Count{.at = 0x17, .wire = Wire::u8},
    .direction = Direction{.at = 0x16, .charging = 200, .discharging = 201},
    .switches = std::uint16_t{0x50},
    .balance = Write{.function = 16, .at = 0x60, .registers = 2},
};
constexpr MapCodec kCodec(kMap);

Frame ask(std::uint8_t number, const PollCodec& codec = kCodec) {
  std::array<std::byte, kRequestSize> out{};
  const std::size_t size = codec.encode_poll(number, out).value();
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)};
}

Frame with_crc(Frame bytes) {
  const std::uint16_t crc = modbus::crc16(bytes);
  bytes.push_back(static_cast<std::byte>(crc & 0xFFU));
  bytes.push_back(static_cast<std::byte>(crc >> 8U));
  return bytes;
}
Frame sound(std::string_view hex) { return with_crc(frame(hex)); }

// 16 registers from 0x10.
constexpr const char* kPack =
    "050320"
    "1482FFF60006DDD05678001200320400"
    "0CE40CE50CE6000011FF00000BA58000";

Error error_of(const Frame& request, const Frame& reply) {
  RecordingSink sink;
  const Result<void> result = kCodec.decode(request, reply, sink);
  EXPECT_FALSE(result.has_value());
  EXPECT_TRUE(sink.empty());
  return result ? Error{Errc::internal, 0} : result.error();
}

TEST(RegisterMap, EveryKindOfRowIsRead) {
  RecordingSink sink;
  ASSERT_TRUE(kCodec.decode(ask(0), sound(kPack), sink));
  EXPECT_EQ(sink.value(Signal::pack_voltage), 0x1482);
  EXPECT_EQ(sink.value(Signal::pack_current), 100);
  EXPECT_EQ(sink.value(Signal::full_capacity), 450'000 * 5 / 18);
  EXPECT_EQ(sink.value(Signal::remaining_capacity), 0x00125678);  // Low word first.
  EXPECT_EQ(sink.value(Signal::soc), 5'000);
  EXPECT_EQ(sink.value(Signal::cell_count), 4);
  EXPECT_EQ(sink.vendor.at("low_half"), 0);
  EXPECT_EQ(sink.counts.at(Signal::cell_voltage), 4);
  EXPECT_EQ(sink.value(Signal::cell_voltage, 3), 3'302);
  EXPECT_EQ(sink.value(Signal::cell_voltage, 4), 0);  // The battery says it has a fourth.
  EXPECT_EQ(sink.value(Signal::temperature, 1), 17'000);
  EXPECT_EQ(sink.value(Signal::temperature, 2), -1'000);
  EXPECT_EQ(sink.value(Signal::temperature, 3), std::nullopt);  // Not fitted.
  EXPECT_EQ(sink.value(Signal::ambient_temperature), 25'000);
  EXPECT_EQ(sink.value(Signal::charge_current_limit), 32'768);  // A magnitude.
  EXPECT_TRUE(sink.missing_points.empty());
}

TEST(RegisterMap, WhatCannotBeIsMissing) {
  RecordingSink sink;
  ASSERT_TRUE(kCodec.decode(
      ask(0), sound("0503201482FFF60006DDD0567800120065040017711771177117718080808000007FFF"),
      sink));
  for (const Signal signal :
       {Signal::soc, Signal::ambient_temperature, Signal::charge_current_limit}) {
    EXPECT_EQ(sink.value(signal), std::nullopt);
  }
  EXPECT_EQ(sink.value(Signal::cell_voltage, 1), std::nullopt);  // 6.001 V.
  EXPECT_EQ(sink.value(Signal::temperature, 4), std::nullopt);   // -128 degC.
  EXPECT_EQ(sink.missing_points.size(), 3U + 4U + 4U);
}

TEST(RegisterMap, ARangeThatNobodyPlannedGivesTheRowsItCoversWholly) {
  RecordingSink sink;
  ASSERT_TRUE(kCodec.decode(sound("050300110002"), sound("050304FFF60006"), sink));
  ASSERT_EQ(sink.readings.size(), 1U);  // Half of full_capacity is no value.
  EXPECT_EQ(sink.value(Signal::pack_current), 100);
  EXPECT_EQ(error_of(sound("050300700001"), sound("0503020001")), (Error{Errc::unimplemented, 3}));
}

TEST(RegisterMap, WithoutACountCellsEndAtTheLastThatIsNotZero) {
  const Frame request = sound("050300180004");
  const Frame reply = sound("0503080CE400000CE60000");
  RecordingSink sink;
  ASSERT_TRUE(kCodec.decode(request, reply, sink));
  EXPECT_EQ(sink.value(Signal::cell_voltage, 2), 0);  // A broken wire between others.
  EXPECT_EQ(sink.value(Signal::cell_voltage, 3), 3'302);
  EXPECT_EQ(sink.value(Signal::cell_voltage, 4), std::nullopt);
  EXPECT_FALSE(sink.counts.contains(Signal::cell_voltage));
  CodecRoom room;
  const PollCodec* four = kCodec.with({.cell_count = 4}, room).value();
  ASSERT_TRUE(four->decode(request, reply, sink));
  EXPECT_EQ(sink.value(Signal::cell_voltage, 4), 0);
  EXPECT_EQ(sink.counts.at(Signal::cell_voltage), 4);
}

TEST(RegisterMap, MoreCellsThanSlotsIsRefused) {
  Frame reply = frame(kPack);
  reply[17] = std::byte{5};
  EXPECT_EQ(error_of(ask(0), with_crc(reply)), (Error{Errc::out_of_range, 17}));
}

TEST(RegisterMap, TheStateRegisterDecidesTheSign) {
  Frame reply = frame(kPack);
  reply[16] = std::byte{200};  // Charging, while the current says + 0.1 A discharging.
  RecordingSink sink;
  ASSERT_TRUE(kCodec.decode(ask(0), with_crc(reply), sink));
  EXPECT_EQ(sink.value(Signal::pack_current), -100);
  EXPECT_EQ(sink.readings[1].quality, Quality::substituted);
  EXPECT_EQ(sink.vendor.at("current_sign_by_state"), 1);
  reply[16] = std::byte{201};
  RecordingSink agrees;
  ASSERT_TRUE(kCodec.decode(ask(0), with_crc(reply), agrees));
  EXPECT_EQ(agrees.value(Signal::pack_current), 100);
  EXPECT_EQ(agrees.readings[1].quality, Quality::good);
  EXPECT_FALSE(agrees.vendor.contains("current_sign_by_state"));
}

TEST(RegisterMap, CoilsAreEightToAByte) {
  RecordingSink sink;
  ASSERT_TRUE(kCodec.decode(ask(1), sound("050102030B"), sink));
  EXPECT_EQ(sink.value(Signal::alarms),
            static_cast<std::int64_t>(alarm_bit(Alarm::cell_overvoltage) |
                                      alarm_bit(Alarm::short_circuit)));
  EXPECT_EQ(sink.value(Signal::warnings),
            static_cast<std::int64_t>(alarm_bit(Alarm::cell_overvoltage) |
                                      alarm_bit(Alarm::short_circuit)));
  EXPECT_EQ(sink.value(Signal::vendor_alarms), 0x08 << 16);
  EXPECT_EQ(kCodec.vendor_alarm_name(19), "gyro");
  EXPECT_EQ(kCodec.vendor_alarm_name(18), std::nullopt);
  EXPECT_EQ(kCodec.vendor_alarm_name(3), std::nullopt);
  EXPECT_EQ(sink.value(Signal::charge_fet_on), 1);
  RecordingSink half;  // One byte of the two: nothing is said of alarms.
  EXPECT_EQ(kCodec.decode(sound("050101000008"), sound("05010103"), half).error().code,
            Errc::unimplemented);
}

TEST(RegisterMap, TextEndsAtTheFirstNul) {
  RecordingSink sink;
  ASSERT_TRUE(kCodec.decode(ask(2), sound("0504084142430058595A00"), sink));
  EXPECT_EQ(sink.texts.at(TextField::device_model), "ABC");
}

TEST(RegisterMap, ErrorsAreNamedInTheirOrder) {
  const Frame good = sound(kPack);
  const struct {
    const char* why;
    Frame reply;
    Errc code;
    std::size_t offset;
  } cases[] = {
      {"nothing", {}, Errc::truncated, 0},
      {"less than any reply, from elsewhere", frame("06030400"), Errc::truncated, 4},
      {"another unit", sound("0603020001"), Errc::header, 0},
      {"another function", sound("0504020001"), Errc::header, 1},
      {"another function's refusal", sound("058402"), Errc::header, 1},
      {"an odd byte count", sound("0503030001FF"), Errc::length, 2},
      {"an odd byte count, and cut", frame("050305000100020003"), Errc::length, 2},
      {"no data", frame("0503000000"), Errc::length, 2},
      {"cut", Frame(good.begin(), good.end() - 1), Errc::truncated, good.size() - 1},
      {"longer", with_crc(good), Errc::length, good.size()},
      {"fewer registers than asked for", sound("0503020001"), Errc::length, 2},
      {"refused", sound("058302"), Errc::exception, 2},
      {"refused, damaged", frame("0583020000"), Errc::checksum, 3},
      {"refused, longer", sound("05830200"), Errc::length, 5},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(error_of(ask(0), c.reply), (Error{c.code, static_cast<std::uint16_t>(c.offset)}))
        << c.why;
  }
  Frame damaged = good;
  damaged[5] ^= std::byte{1};
  EXPECT_EQ(error_of(ask(0), damaged),
            (Error{Errc::checksum, static_cast<std::uint16_t>(good.size() - 2)}));
}

TEST(RegisterMap, WithoutARequestTheSizeMustSayWhichBlockItIs) {
  RecordingSink sink;
  ASSERT_TRUE(kCodec.decode({}, sound(kPack), sink));
  EXPECT_EQ(sink.value(Signal::soc), 5'000);
  EXPECT_EQ(error_of({}, sound("05030200AA")).code, Errc::invalid_argument);
  EXPECT_EQ(error_of({}, sound("0517020001")), (Error{Errc::header, 1}));
  EXPECT_EQ(error_of({}, sound("058302")), (Error{Errc::exception, 2}));
}

TEST(RegisterMap, ABadRequestIsTheCallersFault) {
  EXPECT_EQ(error_of(frame("0503001000100000"), sound(kPack)), (Error{Errc::invalid_argument, 6}));
  EXPECT_EQ(error_of(frame("05"), sound(kPack)), (Error{Errc::invalid_argument, 1}));
  EXPECT_EQ(error_of(sound("0517"), sound(kPack)), (Error{Errc::invalid_argument, 1}));
  // Registers that no reply can hold: whatever comes has another length.
  EXPECT_EQ(error_of(sound("050300100100"), sound("0503020001")), (Error{Errc::length, 2}));
}

TEST(RegisterMap, ARequestSaysWhatItAsks) {
  RecordingSink sink;
  ASSERT_TRUE(kCodec.decode_request(sound("050300100010"), sink));
  EXPECT_EQ(sink.vendor, (std::map<std::string, std::int64_t>{{"request_address", 5},
                                                              {"request_command", 3},
                                                              {"request_register", 0x10},
                                                              {"request_count", 16},
                                                              {"request_write", 0}}));
  RecordingSink one;
  ASSERT_TRUE(kCodec.decode_request(sound("050600500001"), one));
  EXPECT_EQ(one.vendor.at("request_value"), 1);
  EXPECT_EQ(one.vendor.at("request_count"), 1);
  EXPECT_EQ(one.vendor.at("request_write"), 1);
  RecordingSink many;
  ASSERT_TRUE(kCodec.decode_request(sound("05100050000102ABCD"), many));
  EXPECT_EQ(many.vendor.at("request_value"), 0xABCD);
  RecordingSink none;
  EXPECT_EQ(kCodec.decode_request(sound("05100050000202ABCD"), none).error(),
            (Error{Errc::length, 6}));
  EXPECT_EQ(kCodec.decode_request(frame("0503"), none).error(), (Error{Errc::truncated, 2}));
  EXPECT_EQ(kCodec.decode_request(frame("05030010001000"), none).error(),
            (Error{Errc::truncated, 7}));
  EXPECT_EQ(kCodec.decode_request(frame("050300100010000000"), none).error(),
            (Error{Errc::length, 8}));
  EXPECT_TRUE(none.empty());
}

TEST(RegisterMap, WritesAreExactAndTheirEchoIsTheAcknowledgement) {
  std::array<std::byte, kRequestSize> out{};
  std::size_t size = kCodec.encode_switch({.charge_on = true, .discharge_on = false}, out).value();
  const Frame write(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size));
  EXPECT_EQ(write, sound("0510005000020400010000"));
  RecordingSink sink;
  ASSERT_TRUE(kCodec.decode(write, sound("051000500002"), sink));
  EXPECT_EQ(sink.acks, 1);
  EXPECT_EQ(error_of(write, sound("051000510002")), (Error{Errc::header, 2}));
  EXPECT_EQ(error_of(write, sound("051000500003")), (Error{Errc::header, 4}));
  EXPECT_EQ(error_of(write, sound("05100050000200")), (Error{Errc::length, 8}));
  size = kCodec.encode_balance({.on = true}, out).value();
  EXPECT_EQ(Frame(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)),
            sound("0510006000020400000001"));
  EXPECT_EQ(kCodec.encode_switch({}, MutableBytes(out).first(12)).error().code,
            Errc::resource_exhausted);
  EXPECT_EQ(kCodec.encode_limits({}, out).error().code, Errc::unimplemented);
}

TEST(RegisterMap, OptionsAreChecked) {
  CodecRoom room;
  const PollCodec* made = kCodec.with({.address = 16, .variant = "tenfold"}, room).value();
  EXPECT_EQ(ask(0, *made), sound("100300100010"));
  RecordingSink sink;
  Frame reply = frame(kPack);
  reply[0] = std::byte{16};
  ASSERT_TRUE(made->decode(ask(0, *made), with_crc(reply), sink));
  EXPECT_EQ(sink.value(Signal::pack_voltage), 0x1482 * 10);
  EXPECT_TRUE(kCodec.with({.address = 200}, room).has_value());
  EXPECT_EQ(kCodec.with({.address = 17}, room).error().code, Errc::out_of_range);
  EXPECT_EQ(kCodec.with({.address = 0}, room).error().code, Errc::out_of_range);
  EXPECT_EQ(kCodec.with({.cell_count = 5}, room).error().code, Errc::out_of_range);
  EXPECT_EQ(kCodec.with({.temperature_count = 5}, room).error().code, Errc::out_of_range);
  EXPECT_EQ(kCodec.with({.variant = "none"}, room).error().code, Errc::invalid_argument);
  std::array<std::byte, kRequestSize> out{};
  EXPECT_EQ(kCodec.encode_poll(3, out).error().code, Errc::invalid_argument);
  EXPECT_EQ(kCodec.encode_poll(0, MutableBytes(out).first(7)).error().code,
            Errc::resource_exhausted);
}

TEST(RegisterMap, ScanDelimitsTheAwaitedReply) {
  const Frame request = sound("050300100001");
  const Frame reply = sound("0503020ABC");
  const auto joined = [](std::initializer_list<Frame> parts) {
    Frame all;
    for (const Frame& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
  };
  const Frame head(reply.begin(), reply.begin() + 4);
  const struct {
    const char* why;
    Frame received;
    std::size_t noise, size;
  } cases[] = {
      {"nothing", {}, 0, 0},
      {"only noise", frame("AA55"), 2, 0},
      {"a start", frame("AA05"), 1, 0},
      {"half", head, 0, 0},
      {"whole", reply, 0, 7},
      {"our own echo first", joined({request, reply}), 8, 7},
      {"noise that looks like a start", joined({frame("0503"), reply}), 2, 7},
      {"a half frame first", joined({head, reply}), 4, 7},
      {"another unit's reply first", joined({sound("0603020001"), reply}), 7, 7},
      {"another master's request first", joined({sound("060300100001"), reply}), 8, 7},
      {"a refusal", joined({frame("00"), sound("058302")}), 1, 5},
      {"more behind", joined({reply, frame("05")}), 0, 7},
      {"damaged, at the start: to be named", frame("0503020ABC0000"), 0, 7},
      {"only our own echo", request, 8, 0},
      {"two starts: the first may be ours", frame("050302050302"), 0, 0},
      {"damaged, not at the start", frame("FF0503020ABC0000"), 8, 0},
      {"damaged, then sound", joined({frame("0503020ABC0000"), reply}), 7, 7},
  };
  for (const auto& c : cases) {
    const FrameScan found = kCodec.scan(request, c.received);
    EXPECT_EQ(found.noise, c.noise) << c.why;
    EXPECT_EQ(found.size, c.size) << c.why;
  }
  const FrameScan any = kCodec.scan({}, joined({frame("FF"), sound("0604020001")}));
  EXPECT_EQ(any.noise, 1U);
  EXPECT_EQ(any.size, 7U);
}

TEST(RegisterMap, TheDeviceRefusesWhatItDoesNotHave) {
  Device device(kCodec);
  std::array<std::byte, modbus::kRtuFrameSize> out{};
  const auto answer = [&](const Frame& request) {
    const std::size_t size = device.answer(request, out);
    return Frame(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size));
  };
  EXPECT_EQ(answer(sound("050300100001")), sound("0503020000"));
  EXPECT_EQ(answer(sound("050301000001")), sound("058302"));
  EXPECT_EQ(answer(sound("0503001F0002")), sound("058302"));
  EXPECT_EQ(answer(sound("060300100001")), Frame{});
  EXPECT_EQ(answer(frame("0503001000010000")), Frame{});
  EXPECT_EQ(answer(sound("050600500007")), sound("050600500007"));
  EXPECT_EQ(device.raw(false, 0x50), 7);
  EXPECT_FALSE(device.set(Signal::insulation_resistance, 1));
  EXPECT_FALSE(device.set(Signal::cell_voltage, 1, 5));
  EXPECT_FALSE(device.set(Signal::pack_voltage, 65'536));
  EXPECT_FALSE(device.set_count(Signal::temperature, 2));
}

}  // namespace
}  // namespace ems::protocol::register_map
