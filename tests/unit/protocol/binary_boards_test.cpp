// SPDX-License-Identifier: Apache-2.0
// Boards of the binary protocols: what is theirs alone. What all boards share is in
// tests/property/protocol/board_property_test.cpp.
#include <gtest/gtest.h>

#include <span>

#include "ems/protocol/ant/codec.hpp"
#include "ems/protocol/ant_old/codec.hpp"
#include "ems/protocol/jk_4e57/codec.hpp"
#include "ems/protocol/jk_55aa/codec.hpp"
#include "ems/protocol/jk_pb_modbus/codec.hpp"
#include "ems/protocol/lifepower/codec.hpp"
#include "ems/protocol/modbus/rtu.hpp"
#include "ems/protocol/seplos_v2_bin/codec.hpp"
#include "support/board_talk.hpp"
#include "support/poll_codec_checks.hpp"

namespace ems::protocol {
namespace {

using test::BoardTalk;
using test::Exchange;
using test::exchange;
using test::frame;
using test::Frame;
using test::RecordingSink;

/// Sixteen cells of 3.3 V at half charge, idle, switched on.
BoardState idle_battery() {
  BoardState state;
  for (std::uint16_t cell = 1; cell <= 16; ++cell) state.set(Signal::cell_voltage, 3'300, cell);
  state.set(Signal::temperature, 21'000, 1);
  state.set(Signal::temperature, -12'000, 2);
  state.set(Signal::pack_voltage, 52'800);
  state.set(Signal::pack_current, 0);
  state.set(Signal::soc, 5'000);
  state.set(Signal::charge_fet_on, 1);
  state.set(Signal::discharge_fet_on, 1);
  state.set(Signal::alarms, 0);
  return state;
}

RecordingSink heard(const BoardTalk& talk, const BoardState& state, const Frame& request) {
  RecordingSink sink;
  const Result<void> decoded = talk.decode(request, talk.reply(state, request), sink);
  EXPECT_TRUE(decoded) << decoded.error().what << " at " << decoded.error().offset;
  return sink;
}
RecordingSink heard(const BoardTalk& talk, const BoardState& state) {
  return heard(talk, state, talk.request(talk.codec().poll_plan().front().number));
}
std::int64_t bits(std::initializer_list<Alarm> alarms) {
  std::uint64_t all = 0;
  for (const Alarm alarm : alarms) all |= alarm_bit(alarm);
  return static_cast<std::int64_t>(all);
}
bool is_missing(const RecordingSink& sink, Signal signal, std::uint16_t element = 0) {
  return std::ranges::find(sink.missing_points, std::pair(signal, element)) !=
         sink.missing_points.end();
}

struct Range {
  std::size_t from;
  std::size_t to;
};

/// Told what a capture says, the board answers `request` with the captured bytes, but for those
/// that no decoder keeps.
void expect_captured_but(std::span<const Range> unread, const PollCodec& codec,
                         const CodecOptions& options, const Exchange& captured) {
  const BoardTalk talk(codec, options);
  BoardState state;
  ASSERT_TRUE(talk.codec().decode(captured.request, captured.reply, state));
  const Frame reply = talk.reply(state, captured.request);
  ASSERT_EQ(reply.size(), captured.reply.size());
  for (std::size_t at = 0; at < reply.size(); ++at) {
    const bool read = std::ranges::none_of(
        unread, [at](const Range& range) { return at >= range.from && at < range.to; });
    if (read) {
      EXPECT_EQ(reply[at], captured.reply[at]) << at;
    }
  }
}

TEST(BinaryBoards, RepeatCapturesButForWhatNobodyReads) {
  const auto ant = [](std::size_t rest_at, const char* id) {
    const Range unread[] = {{rest_at + 52, rest_at + 60}, {rest_at + 78, rest_at + 80}};
    expect_captured_but(unread, ant::codec(), {}, exchange("bms_serial_ant.json", id));
  };
  ant(86, "ant-status-fet-0e");
  ant(86, "ant-status-fet-02");
  ant(86, "ant-status-22s");
  ant(54, "ant-status-8s-batmon");
  constexpr Range kSpare[] = {{40, 46}};
  expect_captured_but(kSpare, ant::codec(), {}, exchange("bms_serial_ant.json", "ant-devinfo"));
  // Behind the temperatures that are fitted, and the vendor's own.
  constexpr Range kOld[] = {{99, 103}, {124, 132}, {138, 140}};
  for (const char* id : {"ant-old-8s", "ant-old-16s-overcharge", "ant-old-14s"}) {
    expect_captured_but(kOld, ant_old::codec(), {}, exchange("bms_serial_ant_old.json", id));
  }
  // Password, the owner's name for the board.
  constexpr Range kJk[] = {{195, 205}, {208, 216}, {283, 285}};
  for (const char* id : {"jk4e57-14s-mppsolar", "jk4e57-14s-syssi"}) {
    expect_captured_but(kJk, jk_4e57::codec(), {}, exchange("bms_serial_jk_4e57.json", id));
  }
  constexpr Range kCheck[] = {{92, 93}};  // Nobody knows how it is made.
  for (const char* id : {"lifepower-status", "lifepower-discharging"}) {
    expect_captured_but(kCheck, lifepower::codec(), {}, exchange("bms_serial_lifepower.json", id));
  }
  // The captured board has address 2.
  constexpr Range kSum[] = {{113, 115}};
  expect_captured_but(kSum, seplos_v2_bin::codec(), {.address = 2},
                      exchange("bms_serial_seplos_v2_bin.json", "seplosv2bin-61"));
}

TEST(BinaryBoards, Jk55AaSaysWhatFramesSay) {
  for (const auto& vector : test::vectors("bms_serial_jk_55aa.json")) {
    if (!vector.contains("expect")) continue;
    SCOPED_TRACE(vector["id"].get<std::string>());
    const bool narrow = vector["context"]["variant"] == "24S";
    const BoardTalk talk(jk_55aa::codec(), {.variant = narrow ? "24S" : "32S"});
    const Frame captured = frame(vector["response_hex"].get<std::string>());
    const std::uint8_t type = load_u8(captured, jk_55aa::kTypeAt);
    if (type == static_cast<std::uint8_t>(jk_55aa::FrameType::settings)) continue;
    BoardState state;
    RecordingSink told;
    ASSERT_TRUE(talk.codec().decode({}, captured, state));
    ASSERT_TRUE(talk.codec().decode({}, captured, told));
    test::expect_same(told, heard(talk, state, talk.request(type)), "");
    EXPECT_EQ(talk.reply(state, talk.request(type)).size(), captured.size());
  }
}

TEST(BinaryBoards, JkAnswersForOneTagAndToReadsOnly) {
  const BoardTalk talk(jk_4e57::codec(), {});
  const BoardState state = idle_battery();
  const auto asked = [](const std::string& command, const std::string& tag) {
    Frame bytes = frame("4E57001300000000" + command + "0300" + tag + "00000000680000");
    unsigned sum = 0;
    for (const std::byte byte : bytes) sum += std::to_integer<unsigned>(byte);
    bytes.push_back(static_cast<std::byte>(sum >> 8));
    bytes.push_back(static_cast<std::byte>(sum & 0xFF));
    return bytes;
  };
  const RecordingSink voltage = heard(talk, state, asked("03", "83"));
  EXPECT_EQ(voltage.value(Signal::pack_voltage), 52'800);
  EXPECT_EQ(voltage.readings.size(), 1U);
  EXPECT_TRUE(talk.reply(state, asked("03", "87")).empty());  // Nobody said the cycles.
  EXPECT_TRUE(talk.reply(state, asked("03", "C1")).empty());  // There is no such tag.
  EXPECT_TRUE(talk.reply(state, asked("02", "AB")).empty());
  BoardState hot = idle_battery();
  hot.set(Signal::alarms, bits({Alarm::overtemperature}));
  const Frame alarms = talk.reply(hot, asked("03", "8B"));
  EXPECT_EQ(load_be16(alarms, 12), 1U << 4);  // Of the battery, not of the box too.
  EXPECT_TRUE(talk.reply(state, asked("05", "00")).empty());
}

TEST(BinaryBoards, JkCurrentsAndTemperaturesGoToTheEndsOfTheirWire) {
  const BoardTalk talk(jk_4e57::codec(), {});
  BoardState state = idle_battery();
  const auto said = [&](Signal signal, std::int64_t value, std::uint16_t element = 0) {
    state.set(signal, value, element);
    return heard(talk, state).value(signal, element);
  };
  EXPECT_EQ(said(Signal::pack_current, -123'450), -123'450);
  EXPECT_EQ(said(Signal::pack_current, 123'450), 123'450);
  EXPECT_EQ(said(Signal::pack_current, 1'000'000), 327'670);
  EXPECT_EQ(said(Signal::temperature, -40'000, 1), -40'000);
  EXPECT_EQ(said(Signal::temperature, -60'000, 1), -40'000);
  EXPECT_EQ(said(Signal::temperature, 99'600, 2), 100'000);
  EXPECT_EQ(said(Signal::temperature, 250'000, 2), 100'000);
  EXPECT_TRUE(is_missing(heard(talk, state), Signal::mosfet_temperature));
}

TEST(BinaryBoards, JkSaysADateInItsOwnFormOrNot) {
  const BoardTalk talk(jk_4e57::codec(), {});
  BoardState state = idle_battery();
  state.text(TextField::manufacture_date, "2024-05-17", 0);
  EXPECT_FALSE(heard(talk, state).texts.contains(TextField::manufacture_date));
  state.text(TextField::manufacture_date, "2405", 0);
  EXPECT_EQ(heard(talk, state).texts[TextField::manufacture_date], "2405");
}

TEST(BinaryBoards, JkPbSaysTheSameInFramesAndInRegisters) {
  BoardState state = idle_battery();
  state.element_count(Signal::cell_voltage, 16, 0);
  state.set(Signal::cell_count, 16);
  state.set(Signal::design_capacity, 280'000'000);
  state.set(Signal::full_capacity, 271'500'000);
  state.set(Signal::alarms, bits({Alarm::cell_undervoltage, Alarm::overtemperature}));
  state.text(TextField::device_model, "JK-SIM", 0);
  for (const std::string_view variant : jk_pb_modbus::codec().info().variants) {
    SCOPED_TRACE(std::string(variant));
    const BoardTalk talk(jk_pb_modbus::codec(), {.address = 5, .variant = variant});
    for (const std::int64_t milliamp : {-23'456, 0, 34'567}) {
      state.set(Signal::pack_current, milliamp);
      RecordingSink sink;
      for (const PollItem& item : talk.codec().poll_plan()) {
        const Frame request = talk.request(item.number);
        const Frame reply = talk.reply(state, request);
        const Result<void> decoded = talk.decode(request, reply, sink);
        ASSERT_TRUE(decoded) << item.name << ": " << decoded.error().what;
        EXPECT_TRUE(variant != "trigger" || reply.size() == jk_pb_modbus::kTriggeredSize);
      }
      EXPECT_EQ(sink.value(Signal::pack_current), milliamp);
      EXPECT_EQ(sink.value(Signal::pack_voltage), 52'800);
      EXPECT_EQ(sink.value(Signal::soc), 5'000);
      EXPECT_EQ(sink.value(Signal::cell_voltage, 16), 3'300);
      EXPECT_EQ(sink.value(Signal::temperature, 1), 21'000);
      EXPECT_EQ(sink.value(Signal::temperature, 2), -12'000);
      EXPECT_TRUE(is_missing(sink, Signal::mosfet_temperature));
      EXPECT_EQ(sink.value(Signal::alarms), state.value(Signal::alarms));
      EXPECT_EQ(sink.value(Signal::design_capacity), 280'000'000);
      EXPECT_EQ(sink.value(Signal::full_capacity), 271'500'000);
      EXPECT_EQ(sink.value(Signal::charge_fet_on), 1);
      if (variant == "trigger") {
        EXPECT_EQ(sink.texts[TextField::device_model], "JK-SIM");
      }
    }
    const BoardTalk other(jk_pb_modbus::codec(), {.address = 6, .variant = variant});
    const Frame request = other.request(other.codec().poll_plan().front().number);
    EXPECT_TRUE(talk.reply(state, request).empty());
  }
}

TEST(BinaryBoards, AntTransistorsSayAlarmsOnlyWhereTheReaderBelievesThem) {
  for (const std::string_view variant : ant::codec().info().variants) {
    SCOPED_TRACE(std::string(variant));
    const BoardTalk talk(ant::codec(), {.variant = variant});
    BoardState state = idle_battery();
    state.set(Signal::charge_fet_on, 0);
    state.set(Signal::alarms, bits({Alarm::cell_overvoltage}));
    state.set(Signal::pack_current, 12'300);
    EXPECT_EQ(heard(talk, state).value(Signal::alarms), bits({Alarm::cell_overvoltage}));
    EXPECT_EQ(heard(talk, state).value(Signal::charge_fet_on), 0);
    EXPECT_EQ(heard(talk, state).value(Signal::discharge_fet_on), 1);
    EXPECT_EQ(heard(talk, state).value(Signal::pack_current), 12'300);
    EXPECT_EQ(heard(talk, state).vendor["battery_state"], 3);
    state.set(Signal::soc, 4'949);  // An empty battery is not too full.
    EXPECT_EQ(heard(talk, state).value(Signal::alarms), 0);
    state.set(Signal::soc, 4'950);  // 50 % on the wire.
    EXPECT_EQ(heard(talk, state).value(Signal::alarms), bits({Alarm::cell_overvoltage}));
    state.set(Signal::charge_fet_on, 1);  // One byte: on, or why it is off.
    EXPECT_EQ(heard(talk, state).value(Signal::alarms), 0);
  }
}

TEST(BinaryBoards, AntCodesThatContradictTheAlarmsAreNotRepeated) {
  const BoardTalk talk(ant::codec(), {});
  BoardState state = idle_battery();
  state.set(Signal::charge_fet_on, 0);
  state.vendor_value("charge_fet_code", 0x0E);  // Waiting: off without an alarm.
  state.vendor_value("discharge_fet_code", 1);
  EXPECT_EQ(heard(talk, state).vendor["charge_fet_code"], 0x0E);
  state.set(Signal::alarms, bits({Alarm::mosfet_overtemperature}));
  EXPECT_EQ(heard(talk, state).vendor["charge_fet_code"], 7);
  EXPECT_EQ(heard(talk, state).vendor["discharge_fet_code"], 1);
}

TEST(BinaryBoards, AntListsAsManySensorsAsItsReadersTake) {
  const BoardTalk talk(ant::codec(), {});
  BoardState state = idle_battery();
  for (std::uint16_t i = 1; i <= 10; ++i) state.set(Signal::temperature, 1'000 * i, i);
  const RecordingSink sink = heard(talk, state);
  EXPECT_EQ(sink.counts.at(Signal::temperature), 8);
  EXPECT_EQ(sink.value(Signal::temperature, 8), 8'000);
  EXPECT_EQ(sink.value(Signal::pack_voltage), 52'800);
}

TEST(BinaryBoards, AntAnswersReadsOfWhatItHas) {
  const BoardTalk talk(ant::codec(), {});
  BoardState state = idle_battery();
  const Exchange setting = exchange("bms_serial_ant.json", "ant-settings-ovp");
  EXPECT_TRUE(talk.reply(state, setting.request).empty());
  state.vendor_value("register", 0);
  state.vendor_value("value", 4'150);
  EXPECT_EQ(talk.reply(state, setting.request), setting.reply);
  state.vendor_value("register", 2);
  EXPECT_TRUE(talk.reply(state, setting.request).empty());
  for (const char* hex : {"7EA1510600010000AA55", "7EA1230000000000AA55"}) {  // Write, password.
    Frame request = frame(hex);
    store_le16(request, 6, modbus::crc16(Bytes(request).subspan(1, 5)));
    RecordingSink sink;
    EXPECT_TRUE(talk.codec().decode_request(request, sink));
    EXPECT_TRUE(talk.reply(state, request).empty());
  }
  EXPECT_TRUE(talk.reply(BoardState{}, talk.request(1)).empty());  // A board without a cell.
}

TEST(BinaryBoards, OldAntAnswersBothFormsOfAskingAndNoWrite) {
  const BoardTalk talk(ant_old::codec(), {.variant = "serial_plus_charges"});
  BoardState state = idle_battery();
  state.set(Signal::pack_current, -45'600);
  for (const char* request : {"5A5A00000101", "DBDB00000000"}) {
    EXPECT_EQ(heard(talk, state, frame(request)).value(Signal::pack_current), -45'600);
  }
  EXPECT_TRUE(talk.reply(state, frame("A5A500000101")).empty());
  EXPECT_TRUE(talk.reply(state, frame("5A5A01000102")).empty());
  BoardState listless;
  listless.set(Signal::mosfet_temperature, -7'000);
  EXPECT_EQ(heard(talk, listless).value(Signal::mosfet_temperature), -7'000);
}

TEST(BinaryBoards, LifePowerLeavesOutWhatItCannotSayMissing) {
  const BoardTalk talk(lifepower::codec(), {});
  BoardState state = idle_battery();
  EXPECT_EQ(heard(talk, state).value(Signal::temperature, 2), -12'000);
  state.missing(Signal::temperature, 2, 0);
  EXPECT_EQ(heard(talk, state).counts.count(Signal::temperature), 0U);
  EXPECT_TRUE(is_missing(heard(talk, state), Signal::soh));
  EXPECT_FALSE(heard(talk, state).value(Signal::full_capacity));
  EXPECT_FALSE(heard(talk, BoardState{}).value(Signal::pack_current));
  EXPECT_EQ(heard(talk, BoardState{}).value(Signal::alarms), 0);
}

TEST(BinaryBoards, LifePowerSaysTheDirectionOfItsCurrent) {
  const BoardTalk talk(lifepower::codec(), {});
  BoardState state = idle_battery();
  const auto direction = [&](std::int64_t milliamp) {
    state.set(Signal::pack_current, milliamp);
    const RecordingSink sink = heard(talk, state);
    EXPECT_EQ(sink.value(Signal::pack_current), milliamp);
    return sink.vendor.at("state");
  };
  EXPECT_EQ(direction(0), 0);
  EXPECT_EQ(direction(-50), 1);
  EXPECT_EQ(direction(50), 2);
  state.vendor_value("state", 1);
  EXPECT_EQ(direction(50), 2);
}

TEST(BinaryBoards, LifePowerChecksEveryRequest) {
  const BoardTalk talk(lifepower::codec(), {});
  BoardState state = idle_battery();
  state.text(TextField::firmware_version, "QPS-0123", 0);
  EXPECT_EQ(heard(talk, state, frame("7E013300FE0D")).texts[TextField::firmware_version],
            "QPS-0123");
  EXPECT_TRUE(talk.reply(state, frame("7E013300FD0D")).empty());
  EXPECT_TRUE(talk.reply(state, frame("7E013400F80D")).empty());
}

TEST(BinaryBoards, SeplosAnswersToZeroWithItsOwnAddress) {
  const BoardTalk talk(seplos_v2_bin::codec(), {.address = 3});
  BoardState state = idle_battery();
  state.set(Signal::cell_voltage_max, 3'310);
  state.set(Signal::cell_temp_min, -12'000);
  const Frame pack = exchange("bms_serial_seplos_v2_bin.json", "seplosv2bin-61").request;
  const Frame system = exchange("bms_serial_seplos_v2_bin.json", "seplosv2bin-62").request;
  EXPECT_EQ(talk.reply(state, pack)[2], std::byte{3});
  EXPECT_EQ(heard(talk, state, pack).vendor["group"], 3);
  const RecordingSink sums = heard(talk, state, system);
  EXPECT_EQ(sums.value(Signal::cell_voltage_max), 3'310);
  EXPECT_EQ(sums.value(Signal::cell_temp_min), -12'000);
  EXPECT_TRUE(is_missing(sums, Signal::cell_temp_max));
  EXPECT_TRUE(talk.reply(BoardState{}, pack).empty());                    // A board without a cell.
  EXPECT_TRUE(talk.reply(state, frame("7E100346470000256E0D")).empty());  // 47: parameters.
  const BoardTalk other(seplos_v2_bin::codec(), {.address = 4});
  EXPECT_TRUE(talk.reply(state, other.request(0x61)).empty());
}

}  // namespace
}  // namespace ems::protocol
