// SPDX-License-Identifier: Apache-2.0
// ANT, old ANT, LifePower, Seplos V2 binary, TDT.
#include <gtest/gtest.h>

#include "ems/protocol/ant/codec.hpp"
#include "ems/protocol/ant_old/codec.hpp"
#include "ems/protocol/lifepower/codec.hpp"
#include "ems/protocol/modbus/rtu.hpp"
#include "ems/protocol/seplos_v2_bin/codec.hpp"
#include "ems/protocol/tdt/codec.hpp"
#include "support/poll_codec_checks.hpp"

namespace ems::protocol {
namespace {

using test::Exchange;
using test::exchange;
using test::frame;
using test::Frame;
using test::RecordingSink;

Exchange ant_of(const std::string& id) { return exchange("bms_serial_ant.json", id); }
Exchange old_of(const std::string& id) { return exchange("bms_serial_ant_old.json", id); }
Exchange lifepower_of(const std::string& id) { return exchange("bms_serial_lifepower.json", id); }
Exchange seplos_of(const std::string& id) { return exchange("bms_serial_seplos_v2_bin.json", id); }
Exchange tdt_of(const std::string& id) { return exchange("bms_serial_tdt.json", id); }

/// Puts bytes into an ANT frame and makes its checksum again.
Frame ant_with(Frame reply, std::initializer_list<std::pair<std::size_t, unsigned>> bytes) {
  for (const auto& [at, value] : bytes) reply[at] = static_cast<std::byte>(value);
  const std::size_t sum_at = reply.size() - 4;
  store_le16(reply, sum_at, modbus::crc16(Bytes(reply).subspan(1, sum_at - 1)));
  return reply;
}
Frame tdt_with(Frame reply, std::initializer_list<std::pair<std::size_t, unsigned>> bytes) {
  for (const auto& [at, value] : bytes) reply[at] = static_cast<std::byte>(value);
  const std::size_t sum_at = reply.size() - 3;
  store_be16(reply, sum_at, modbus::crc16(Bytes(reply).first(sum_at)));
  return reply;
}
Frame old_with(Frame reply, std::initializer_list<std::pair<std::size_t, unsigned>> bytes) {
  for (const auto& [at, value] : bytes) reply[at] = static_cast<std::byte>(value);
  unsigned sum = 0;
  for (std::size_t i = 4; i < 138; ++i) sum += load_u8(reply, i);
  store_be16(reply, 138, static_cast<std::uint16_t>(sum));
  return reply;
}

const PollCodec& with(const PollCodec& codec, const CodecOptions& options, CodecRoom& room) {
  return *codec.with(options, room).value();
}

RecordingSink decoded(const PollCodec& codec, const Exchange& e) {
  RecordingSink sink;
  const Result<void> result = codec.decode(e.request, e.reply, sink);
  EXPECT_TRUE(result) << result.error().what << " at " << result.error().offset;
  return sink;
}

bool is_missing(const RecordingSink& sink, Signal signal, std::uint16_t element = 0) {
  return std::find(sink.missing_points.begin(), sink.missing_points.end(),
                   std::pair{signal, element}) != sink.missing_points.end();
}

TEST(FramedBatteries, PlansAskWhatTheSourcesAsk) {
  for (const PollCodec* codec : {&ant::codec(), &ant_old::codec(), &lifepower::codec(),
                                 &seplos_v2_bin::codec(), &tdt::codec()}) {
    SCOPED_TRACE(std::string(codec->name()));
    test::expect_plan_asks(*codec);
    EXPECT_EQ(find_codec(codec->name()).value(), codec);
    CodecRoom room;
    EXPECT_EQ(codec->with({.variant = "nonsense"}, room).error().code, Errc::invalid_argument);
  }
  EXPECT_EQ(test::polled(ant::codec(), 1), frame("7EA1010000BE1855AA55"));
  EXPECT_EQ(test::polled(ant::codec(), 2), frame("7EA1026C022058C4AA55"));
  EXPECT_EQ(test::polled(ant_old::codec(), 0), frame("5A5A00000101"));
  EXPECT_EQ(test::polled(lifepower::codec(), 0x01), frame("7E010100FE0D"));
  EXPECT_EQ(test::polled(lifepower::codec(), 0x33), frame("7E013300FE0D"));
  EXPECT_EQ(test::polled(lifepower::codec(), 0x42), frame("7E014200FC0D"));
  EXPECT_EQ(test::polled(seplos_v2_bin::codec(), 0x61), frame("7E10004661000100F7C10D"));
  EXPECT_EQ(test::polled(seplos_v2_bin::codec(), 0x51), frame("7E1000465100003A7F0D"));
  EXPECT_EQ(test::polled(tdt::codec(), 0x8C), tdt_with(frame("7E000103008C000000000D"), {}));
}

TEST(FramedBatteries, OptionsChangeTheRequests) {
  CodecRoom room;
  EXPECT_EQ(test::polled(with(ant_old::codec(), {.variant = "bluetooth"}, room), 0),
            frame("DBDB00000000"));
  // The check bytes of the source's table.
  const unsigned checks[] = {0x00, 0xFE, 0xFC, 0xFE, 0xF8, 0xFE, 0xFC, 0xFE,
                             0xF0, 0xFE, 0xFC, 0xFE, 0xF8, 0xFE, 0xFC};
  for (std::uint8_t address = 0; address < std::size(checks); ++address) {
    const Frame request = test::polled(with(lifepower::codec(), {.address = address}, room), 0x01);
    EXPECT_EQ(load_u8(request, 1), address);
    EXPECT_EQ(load_u8(request, 4), checks[address]) << int{address};
  }
  const Frame pack =
      test::polled(with(seplos_v2_bin::codec(), {.address = std::uint8_t{3}}, room), 0x61);
  EXPECT_EQ(load_u8(pack, 2), 3);
  EXPECT_EQ(load_u8(pack, 7), 3);
  EXPECT_EQ(test::polled(with(tdt::codec(), {.variant = "1e"}, room), 0x8C),
            tdt_with(frame("1E000103008C000000000D"), {}));
  EXPECT_EQ(lifepower::codec().with({.address = std::uint8_t{16}}, room).error().code,
            Errc::out_of_range);
  EXPECT_EQ(seplos_v2_bin::codec().with({.address = std::uint8_t{16}}, room).error().code,
            Errc::out_of_range);
  EXPECT_EQ(tdt::codec().with({.address = std::uint8_t{64}}, room).error().code,
            Errc::out_of_range);
  EXPECT_EQ(ant::codec().with({.address = std::uint8_t{1}}, room).error().code,
            Errc::invalid_argument);
  EXPECT_EQ(ant_old::codec().with({.temperature_count = 7}, room).error().code, Errc::out_of_range);
}

TEST(FramedBatteries, DamageIsRefused) {
  const struct {
    const PollCodec* codec;
    Exchange good;
    std::set<std::size_t> holes;
  } cases[] = {
      {&ant::codec(), ant_of("ant-status-8s-batmon"), {}},
      {&ant::codec(), ant_of("ant-settings-ovp"), {}},
      {&ant::codec(), ant_of("ant-devinfo"), {40, 41, 42, 43, 44, 45}},  // Behind the checksum.
      {&ant_old::codec(), old_of("ant-old-8s"), {}},
      {&seplos_v2_bin::codec(), seplos_of("seplosv2bin-61"), {}},
      {&seplos_v2_bin::codec(), seplos_of("seplosv2bin-62"), {}},
      {&seplos_v2_bin::codec(), seplos_of("seplosv2bin-51"), {}},
      {&tdt::codec(), tdt_of("tdt-16s-v4-8c"), {}},
      {&tdt::codec(), tdt_of("tdt-16s-8d"), {}},
      {&tdt::codec(), tdt_of("tdt-16s-92"), {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.codec->name()));
    test::expect_exact_size(*c.codec, c.good);
    test::expect_every_flip_refused(*c.codec, c.good, c.holes);
    test::expect_found_in_a_stream(*c.codec, c.good);
  }
  test::expect_exact_size(lifepower::codec(), lifepower_of("lifepower-status"));
  test::expect_found_in_a_stream(lifepower::codec(), lifepower_of("lifepower-status"));
}

TEST(FramedBatteries, AnotherReplyIsNotOurs) {
  test::expect_error(ant::codec(), ant_of("ant-devinfo").request, ant_of("ant-status-22s").reply,
                     Errc::header, 2);
  test::expect_error(ant::codec(), ant_of("ant-devinfo").request, ant_of("ant-settings-ovp").reply,
                     Errc::header, 3);
  test::expect_error(tdt::codec(), tdt_of("tdt-16s-92").request, tdt_of("tdt-16s-8d").reply,
                     Errc::header, 5);
  test::expect_error(seplos_v2_bin::codec(), seplos_of("seplosv2bin-62").request,
                     seplos_of("seplosv2bin-61").reply, Errc::header, 3);
  CodecRoom room;
  const Frame second =
      test::polled(with(lifepower::codec(), {.address = std::uint8_t{2}}, room), 1);
  const Frame reply = lifepower_of("lifepower-status").reply;
  test::expect_error(lifepower::codec(), second, reply, Errc::header, 1);
  EXPECT_EQ(lifepower::codec().scan(second, reply).noise, reply.size());
  const Frame third =
      test::polled(with(seplos_v2_bin::codec(), {.address = std::uint8_t{3}}, room), 0x61);
  test::expect_error(seplos_v2_bin::codec(), third, seplos_of("seplosv2bin-61").reply, Errc::header,
                     2);
  const Frame write = frame("A5A5F90000F9");
  test::expect_error(ant_old::codec(), write, old_of("ant-old-8s").reply, Errc::header, 0);
}

TEST(Ant, WithoutARequestAnEchoIsNoReply) {
  test::expect_error(ant::codec(), {}, frame("7EA1010000BE1855AA55"), Errc::header, 2);
}

TEST(Ant, TheSignIsTheVariants) {
  CodecRoom room;
  const Exchange e = ant_of("ant-status-22s");  // Wire: +2.1 A, 106 W, standby.
  EXPECT_EQ(decoded(ant::codec(), e).value(Signal::pack_current), 2'100);
  EXPECT_EQ(decoded(ant::codec(), e).value(Signal::pack_power), 106);
  const PollCodec& other = with(ant::codec(), {.variant = "plus_charges"}, room);
  EXPECT_EQ(decoded(other, e).value(Signal::pack_current), -2'100);
  EXPECT_EQ(decoded(other, e).value(Signal::pack_power), -106);
}

TEST(Ant, ACurrentAgainstTheStateIsUnknown) {
  CodecRoom room;
  Exchange e = ant_of("ant-status-22s");
  e.reply = ant_with(e.reply, {{7, 2}});  // Charges.
  const RecordingSink sink = decoded(ant::codec(), e);
  EXPECT_TRUE(is_missing(sink, Signal::pack_current));
  EXPECT_TRUE(is_missing(sink, Signal::pack_power));
  EXPECT_EQ(sink.value(Signal::pack_current), std::nullopt);
  EXPECT_EQ(sink.vendor.at("current_contradicts_state_ma"), 2'100);
  const PollCodec& other = with(ant::codec(), {.variant = "plus_charges"}, room);
  EXPECT_EQ(decoded(other, e).value(Signal::pack_current), -2'100);
  e.reply = ant_with(e.reply, {{7, 3}});  // Discharges.
  EXPECT_EQ(decoded(ant::codec(), e).value(Signal::pack_current), 2'100);
  EXPECT_TRUE(is_missing(decoded(other, e), Signal::pack_current));
}

TEST(Ant, TransistorsAgainstTheStateAreUnknown) {
  CodecRoom room;
  constexpr std::size_t kFets = 34 + 2 * (22 + 4) + 12;
  Exchange e = ant_of("ant-status-22s");
  e.reply = ant_with(e.reply, {{kFets, 1}, {kFets + 1, 2}});
  RecordingSink sink = decoded(ant::codec(), e);
  EXPECT_EQ(sink.value(Signal::charge_fet_on), 1);
  EXPECT_EQ(sink.value(Signal::discharge_fet_on), 0);
  EXPECT_EQ(sink.value(Signal::alarms), alarm_bit(Alarm::cell_undervoltage));
  const PollCodec& swapped = with(ant::codec(), {.variant = "plus_discharges_swapped_fets"}, room);
  sink = decoded(swapped, e);
  EXPECT_EQ(sink.value(Signal::charge_fet_on), 0);
  EXPECT_EQ(sink.value(Signal::discharge_fet_on), 1);
  EXPECT_TRUE(is_missing(sink, Signal::alarms));  // Over-voltage at 10 %: the bytes are not so.
  EXPECT_EQ(sink.value(Signal::alarms), std::nullopt);
  e.reply = ant_with(e.reply, {{kFets - 4, 50}});  // Half full: now it is the other way round.
  EXPECT_EQ(decoded(swapped, e).value(Signal::alarms), alarm_bit(Alarm::cell_overvoltage));
  EXPECT_TRUE(is_missing(decoded(ant::codec(), e), Signal::alarms));
  e.reply = ant_with(e.reply, {{7, 3}});  // Discharges, so the first byte is that transistor's.
  sink = decoded(ant::codec(), e);
  for (const Signal signal : {Signal::charge_fet_on, Signal::discharge_fet_on, Signal::alarms}) {
    EXPECT_TRUE(is_missing(sink, signal));
    EXPECT_EQ(sink.value(signal), std::nullopt);
  }
  EXPECT_EQ(decoded(swapped, e).value(Signal::discharge_fet_on), 1);
}

TEST(Ant, ImpossibleValuesAreMissing) {
  constexpr std::size_t kRest = 34 + 2 * (22 + 4);
  Exchange e = ant_of("ant-status-22s");
  e.reply = ant_with(e.reply, {{kRest, 0xD8},  // MOSFET sensor: -40.
                               {kRest + 1, 0xFF},
                               {kRest + 8, 101},  // SoC.
                               {34, 0x28},        // First cell: 9 V.
                               {35, 0x23}});
  const RecordingSink sink = decoded(ant::codec(), e);
  EXPECT_TRUE(is_missing(sink, Signal::mosfet_temperature));
  EXPECT_TRUE(is_missing(sink, Signal::soc));
  EXPECT_TRUE(is_missing(sink, Signal::cell_voltage, 1));
}

TEST(Ant, CountsThatTheFrameDoesNotHoldAreRefused) {
  const Exchange e = ant_of("ant-status-22s");
  for (const unsigned cells : {0U, 33U, 255U}) {
    test::expect_error(ant::codec(), e.request, ant_with(e.reply, {{9, cells}}), Errc::length, 9);
  }
  test::expect_error(ant::codec(), e.request, ant_with(e.reply, {{9, 23}}), Errc::length, 164);
  test::expect_error(ant::codec(), e.request, ant_with(e.reply, {{8, 5}}), Errc::length, 164);
}

TEST(Ant, Acknowledgements) {
  RecordingSink sink;
  ASSERT_TRUE(ant::codec().decode({}, frame("7EA1436A010205001E5CAA55"), sink));
  EXPECT_EQ(sink.acks, 1);
  EXPECT_EQ(sink.vendor["permission"], 5);
  ASSERT_TRUE(ant::codec().decode({}, frame("7EA1610400020100F22BAA55"), sink));
  EXPECT_EQ(sink.acks, 2);
  test::expect_error(ant::codec(), {}, ant_with(frame("7EA1610400020000F22BAA55"), {}),
                     Errc::device_error, 6);
}

TEST(Ant, ReadsRequests) {
  RecordingSink sink;
  ASSERT_TRUE(ant::codec().decode_request(ant_of("ant-settings-ovp").request, sink));
  EXPECT_EQ(sink.vendor["request_command"], 2);
  EXPECT_EQ(sink.vendor["request_register"], 0);
  EXPECT_EQ(sink.vendor["request_length"], 2);
  EXPECT_EQ(sink.vendor["request_write"], 0);
  const Frame login = ant_with(frame("7EA1236A010C3132333435363738396162630000AA55"), {});
  ASSERT_TRUE(ant::codec().decode_request(login, sink));
  EXPECT_EQ(sink.vendor["request_write"], 1);
}

TEST(AntOld, TheSignIsTheVariants) {
  CodecRoom room;
  const Exchange e = old_of("ant-old-14s");
  EXPECT_EQ(decoded(ant_old::codec(), e).value(Signal::pack_current), 8'000);
  EXPECT_EQ(decoded(ant_old::codec(), e).value(Signal::pack_power), 390);
  const PollCodec& other = with(ant_old::codec(), {.variant = "serial_plus_charges"}, room);
  EXPECT_EQ(decoded(other, e).value(Signal::pack_current), -8'000);
  EXPECT_EQ(decoded(other, e).value(Signal::pack_power), -390);
}

TEST(AntOld, SensorsAsManyAsSaid) {
  CodecRoom room;
  Exchange e = old_of("ant-old-14s");
  EXPECT_EQ(decoded(ant_old::codec(), e).counts[Signal::temperature], 4);
  e.reply = old_with(e.reply, {{101, 0xFF}, {102, 0xD8}});
  const RecordingSink sink = decoded(with(ant_old::codec(), {.temperature_count = 6}, room), e);
  EXPECT_EQ(sink.counts.at(Signal::temperature), 6);
  EXPECT_EQ(sink.value(Signal::temperature, 5), 21'000);
  EXPECT_TRUE(is_missing(sink, Signal::temperature, 6));
}

TEST(AntOld, MoreThan32CellsAreRefused) {
  const Exchange e = old_of("ant-old-8s");
  test::expect_error(ant_old::codec(), e.request, old_with(e.reply, {{123, 33}}),
                     Errc::out_of_range, 123);
}

TEST(LifePower, ACurrentAgainstTheStateIsUnknown) {
  constexpr std::size_t kState = 69;
  Exchange e = lifepower_of("lifepower-discharging");
  ASSERT_EQ(load_u8(e.reply, kState), 2);
  e.reply[kState] = std::byte{1};
  RecordingSink sink = decoded(lifepower::codec(), e);
  EXPECT_TRUE(is_missing(sink, Signal::pack_current));
  EXPECT_EQ(sink.value(Signal::pack_current), std::nullopt);
  EXPECT_EQ(sink.vendor["current_contradicts_state_ma"], 39'590);
  e.reply[kState] = std::byte{0};
  EXPECT_EQ(decoded(lifepower::codec(), e).value(Signal::pack_current), 39'590);
}

TEST(LifePower, AlarmBitsAndMarkedCells) {
  Exchange e = lifepower_of("lifepower-status");
  e.reply[68] = std::byte{0x04};
  e.reply[69] = std::byte{0x10};
  e.reply[8] |= std::byte{0xC0};  // The second cell.
  const RecordingSink sink = decoded(lifepower::codec(), e);
  EXPECT_EQ(sink.value(Signal::alarms), alarm_bit(Alarm::pack_overvoltage));
  EXPECT_EQ(sink.value(Signal::vendor_alarms), 0x400);
  EXPECT_EQ(lifepower::codec().vendor_alarm_name(10), "serious");
  EXPECT_EQ(lifepower::codec().vendor_alarm_name(4), std::nullopt);
  EXPECT_EQ(lifepower::codec().vendor_alarm_name(11), std::nullopt);
  EXPECT_EQ(sink.value(Signal::cell_voltage, 2), 3'316);
  EXPECT_EQ(sink.vendor.at("marked_cells"), 2);
}

TEST(LifePower, GroupsThatAreNotThereAreNotGiven) {
  const Frame ask = test::polled(lifepower::codec(), 1);
  RecordingSink sink;
  ASSERT_TRUE(lifepower::codec().decode(ask, frame("7E010104030122B8000D"), sink));
  EXPECT_EQ(sink.value(Signal::soc), 8'888);
  EXPECT_EQ(sink.readings.size(), 1U);
  test::expect_error(lifepower::codec(), ask, ask, Errc::length, 4);  // Our echo.
  test::expect_error(lifepower::codec(), ask, frame("7E01010103000D"), Errc::length, 5);
  test::expect_error(lifepower::codec(), ask, frame("7E0101020300000D"), Errc::length, 5);
  test::expect_error(lifepower::codec(), ask, frame("7E010103030222000D"), Errc::length, 7);
  test::expect_error(lifepower::codec(), ask, frame("7E01010406010000000D"), Errc::length, 5);
  test::expect_error(lifepower::codec(), ask, frame("7E010104030122B8000C"), Errc::tail, 9);
}

TEST(LifePower, Versions) {
  RecordingSink sink;
  ASSERT_TRUE(lifepower::codec().decode(test::polled(lifepower::codec(), 0x33),
                                        frame("7E01330456312E32000D"), sink));
  EXPECT_EQ(sink.texts[TextField::firmware_version], "V1.2");
  ASSERT_TRUE(lifepower::codec().decode(test::polled(lifepower::codec(), 0x42),
                                        frame("7E01420448573031000D"), sink));
  EXPECT_EQ(sink.texts[TextField::hardware_version], "HW01");
}

TEST(SeplosV2Bin, DataThatEndEarlyAreRefused) {
  // The source's own frame: six items announced, three there.
  const Frame reply = frame(
      "7E14026100003D0002100CF00CF10CF10CF10CF10CF00CF10CF30CEF0CF00CF10CF10CF10CF00CF10CF106"
      "0B8F0B890B8A0B930BC00B9802AD14B4383A066D6002026D60FC750D");
  test::expect_error(seplos_v2_bin::codec(), {}, reply, Errc::length, 68);
}

TEST(SeplosV2Bin, AddressAndCommandOfARequest) {
  RecordingSink sink;
  ASSERT_TRUE(seplos_v2_bin::codec().decode_request(seplos_of("seplosv2bin-61").request, sink));
  EXPECT_EQ(sink.vendor["request_command"], 0x61);
  EXPECT_EQ(sink.vendor["request_address"], 0);
}

TEST(Tdt, ASensorThatIsNotThereIsMissing) {
  Exchange e = tdt_of("tdt-16s-v4-8c");
  e.reply = tdt_with(e.reply, {{42, 0xFF}, {43, 0xFF}, {68, 0}, {69, 101}});
  const RecordingSink sink = decoded(tdt::codec(), e);
  EXPECT_TRUE(is_missing(sink, Signal::ambient_temperature));
  EXPECT_TRUE(is_missing(sink, Signal::temperature, 1));
  EXPECT_EQ(sink.value(Signal::temperature, 2), 25'100);
}

TEST(Tdt, StatesSayWhichTransistorConducts) {
  constexpr std::size_t kSwitches = 38;
  Exchange e = tdt_of("tdt-16s-8d");
  e.reply = tdt_with(e.reply, {{kSwitches, 0x04}, {9, 1}, {26, 2}, {37, 0x80}});
  const RecordingSink sink = decoded(tdt::codec(), e);
  EXPECT_EQ(sink.value(Signal::charge_fet_on), 1);
  EXPECT_EQ(sink.value(Signal::discharge_fet_on), 0);
  EXPECT_EQ(sink.value(Signal::vendor_alarms), 0x80);
  EXPECT_EQ(sink.vendor.at("cells_with_code"), 1);
  EXPECT_EQ(sink.vendor.at("sensors_with_code"), 1);
}

TEST(Tdt, DataThatEndEarlyAreRefused) {
  test::expect_error(tdt::codec(), {}, tdt_with(frame("7E000103008C00010000000D"), {}),
                     Errc::length, 8);
  test::expect_error(tdt::codec(), {}, tdt_with(frame("7E000103008C0002010000000D"), {}),
                     Errc::length, 10);
}

}  // namespace
}  // namespace ems::protocol
