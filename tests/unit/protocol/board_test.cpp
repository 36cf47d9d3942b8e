// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/board.hpp"

#include <gtest/gtest.h>

#include "support/ascii_frames.hpp"
#include "support/board_talk.hpp"

namespace ems::protocol {
namespace {

using test::ascii_frame;
using test::BoardTalk;
using test::Frame;
using test::RecordingSink;

const PollCodec& codec_of(std::string_view name) { return *as_poll(*find_codec(name).value()); }

TEST(BoardState, KeepsTheNewestOfEachPointAndWhatIsMissing) {
  BoardState state;
  state.set(Signal::cell_voltage, 3'300, 2);
  state.set(Signal::cell_voltage, 3'301, 2);
  state.set(Signal::cell_voltage, 3'400, 2, 1);
  EXPECT_EQ(state.value(Signal::cell_voltage, 2), 3'301);
  EXPECT_EQ(state.value(Signal::cell_voltage, 2, 1), 3'400);
  EXPECT_EQ(state.value(Signal::cell_voltage, 1), std::nullopt);
  EXPECT_EQ(state.count(Signal::cell_voltage), 2U);
  state.missing(Signal::cell_voltage, 2, 0);
  EXPECT_EQ(state.value(Signal::cell_voltage, 2), std::nullopt);
  EXPECT_EQ(state.count(Signal::cell_voltage), 2U);
  state.element_count(Signal::cell_voltage, 0, 0);
  EXPECT_EQ(state.count(Signal::cell_voltage), 0U);
  state.vendor_value("a.b", 7);
  state.vendor_value("a.b", 8);
  EXPECT_EQ(state.vendor("a.b"), 8);
  EXPECT_EQ(state.vendor("a.c"), std::nullopt);
  EXPECT_FALSE(state.is_on(Signal::charge_fet_on));
}

TEST(BoardState, SaysWhenItHasNoRoom) {
  BoardState state;
  for (std::uint16_t i = 1; i <= BoardState::kReadings; ++i) state.set(Signal::temperature, 1, i);
  EXPECT_FALSE(state.overflown());
  state.set(Signal::temperature, 2, 1);  // No new point.
  EXPECT_FALSE(state.overflown());
  state.set(Signal::pack_voltage, 1);
  EXPECT_TRUE(state.overflown());
}

/// Two modules, one of them with more than narrow capacities say.
BoardState stack() {
  BoardState state;
  state.set(Signal::module_count, 2);
  for (std::uint8_t module = 1; module <= 2; ++module) {
    for (std::uint16_t cell = 1; cell <= 3; ++cell) {
      state.set(Signal::cell_voltage, 3'000 + 100 * module + cell, cell, module);
    }
    state.set(Signal::temperature, module == 1 ? -12'300 : 25'000, 1, module);
    state.set(Signal::pack_current, module == 1 ? 4'200 : -4'200, 0, module);
    state.set(Signal::remaining_capacity, module * 40'000'000, 0, module);
    state.set(Signal::full_capacity, module * 50'000'000, 0, module);
    state.set(Signal::charge_fet_on, module == 1 ? 1 : 0, 0, module);
  }
  return state;
}

class Stacks : public testing::TestWithParam<std::string_view> {};

TEST_P(Stacks, AnswerForEveryModuleWhenAllAreAsked) {
  const BoardTalk talk(codec_of(GetParam()), {.address = 2});
  const std::string head = GetParam() == "pace" ? "2502" : "2002";
  for (const char* command : {"4642", "4644"}) {
    const Frame request = ascii_frame(head + command, "FF");
    RecordingSink heard;
    ASSERT_TRUE(talk.codec().decode(request, talk.reply(stack(), request), heard));
    EXPECT_EQ(heard.value(Signal::module_count), 2);
    int seen = 0;
    for (const Reading& reading : heard.readings) {
      if (reading.module == 0) continue;
      const auto told = stack().value(reading.signal, reading.element, reading.module);
      if (!told) continue;
      ++seen;
      EXPECT_EQ(reading.value, *told) << find_signal(reading.signal)->name;
    }
    EXPECT_GE(seen, command == std::string("4642") ? 14 : 2);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Stacks, testing::Values("pace", "pylontech"));

TEST(AsciiBoards, RefuseCommandsTheyDoNotHaveAndAreSilentToOtherDevices) {
  const BoardTalk talk(codec_of("pylontech"), {.address = 2});
  const auto told = [&talk](const std::string& head, const std::string& info) {
    return test::text_of(talk.reply(stack(), ascii_frame(head, info)));
  };
  EXPECT_EQ(told("200246A7", ""), test::text_of(ascii_frame("20024604", "")));
  EXPECT_EQ(told("20024695", "02"), test::text_of(ascii_frame("20024604", "")));  // Turn off.
  EXPECT_EQ(told("20034642", "03"), "");
  EXPECT_EQ(told("20024642", "03"), "");  // Another pack.
  EXPECT_EQ(told("20024A42", "02"), "");  // Another kind of device.
  EXPECT_EQ(told("25024642", "02"), "");  // Another version.
}

RecordingSink heard_of(const BoardTalk& talk, const BoardState& state, const Frame& request) {
  RecordingSink heard;
  EXPECT_TRUE(talk.decode(request, talk.reply(state, request), heard));
  return heard;
}

TEST(AsciiBoards, SayAnAlarmOfTheSystemThatNobodyHasNamed) {
  const BoardTalk talk(codec_of("pylontech"), {.variant = "system"});
  constexpr auto kAny = static_cast<std::int64_t>(alarm_bit(Alarm::internal_failure));
  for (const Signal signal : {Signal::alarms, Signal::warnings}) {
    BoardState state;
    state.set(signal, static_cast<std::int64_t>(alarm_bit(Alarm::cell_overvoltage)));
    const RecordingSink heard = heard_of(talk, state, talk.request(0x62));
    EXPECT_EQ(heard.value(Signal::alarms), signal == Signal::alarms ? kAny : 0);
    EXPECT_EQ(heard.value(Signal::warnings), signal == Signal::warnings ? kAny : 0);
  }
}

TEST(AsciiBoards, RaiseTheFirstBitAndCodeOfSeveralThatSayTheSame) {
  const BoardTalk talk(codec_of("pace"), {});
  BoardState state;
  state.set(Signal::cell_count, 4);
  state.element_count(Signal::temperature, 2, 0);
  state.set(Signal::alarms, static_cast<std::int64_t>(alarm_bit(Alarm::internal_failure)));
  state.set(Signal::vendor_alarms, INT64_MIN);  // Bit 63: a code without a name.
  EXPECT_EQ(heard_of(talk, state, talk.request(0x44)).vendor["status.fault"], 1);
  const std::string reply = test::text_of(talk.reply(state, talk.request(0x44)));
  EXPECT_EQ(reply.find("F0"), reply.rfind("F0"));
}

TEST(AsciiBoards, CutValuesToTheirFields) {
  const BoardTalk talk(codec_of("pylontech"), {.variant = "system"});
  BoardState state;
  state.set(Signal::pack_voltage, 1'000'000);
  state.set(Signal::pack_current, -1'000'000);
  const RecordingSink heard = heard_of(talk, state, talk.request(0x61));
  EXPECT_EQ(heard.value(Signal::pack_voltage), 65'535);
  EXPECT_EQ(heard.value(Signal::pack_current), -327'670);
}

TEST(AsciiBoards, AcknowledgeLimits) {
  const BoardTalk talk(codec_of("pylontech"), {.address = 2});
  Frame request(kRequestSize);
  request.resize(talk.codec()
                     .encode_limits({.charge_voltage = MilliVolt{53'200},
                                     .discharge_voltage = MilliVolt{46'000},
                                     .charge_current = MilliAmp{25'000},
                                     .discharge_current = MilliAmp{30'000}},
                                    request)
                     .value());
  RecordingSink heard;
  ASSERT_TRUE(talk.decode(request, talk.reply(stack(), request), heard));
  EXPECT_EQ(heard.acks, 1);
}

TEST(DalyBoard, ActsOnBothSwitchFramesOfARequest) {
  const PollCodec& codec = codec_of("daly_a5");
  Frame request(kRequestSize);
  request.resize(codec.encode_switch({.charge_on = false, .discharge_on = true}, request).value());
  Frame out(kReplySize);
  const Answer answer = find_board("daly_a5")({}, BoardState(), request, out);
  EXPECT_EQ(answer.size, request.size());
  EXPECT_EQ(answer.charge_on, false);
  EXPECT_EQ(answer.discharge_on, true);
  EXPECT_EQ(find_board("daly_a5")({}, BoardState(), request, MutableBytes(out).first(26)).size, 0U);
}

TEST(FindBoard, KnowsNoOthers) {
  EXPECT_EQ(find_board("pylontech-lv-can"), nullptr);
  EXPECT_EQ(find_board(""), nullptr);
}

}  // namespace
}  // namespace ems::protocol
