// SPDX-License-Identifier: Apache-2.0
// Every protocol with a board: what the codec decodes is what the board was told. That both agree
// proves no device; it is no evidence for a protocol.
#include "ems/protocol/board.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>

#include "support/board_talk.hpp"
#include "support/seed.hpp"

namespace ems::protocol {
namespace {

using test::BoardTalk;
using test::Frame;
using test::RecordingSink;
using test::Seed;
using Random = std::mt19937_64;

constexpr std::size_t kCells = 16;
constexpr std::size_t kSensors = 6;
constexpr unsigned kAlarmCount = static_cast<unsigned>(Alarm::soc_low) + 1;  // The last.

std::int64_t between(Random& random, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}
bool now_and_then(Random& random) { return between(random, 0, 15) == 0; }

constexpr Signal kFlags[] = {Signal::charge_fet_on,       Signal::discharge_fet_on,
                             Signal::balancing,           Signal::charge_enable,
                             Signal::discharge_enable,    Signal::force_charge,
                             Signal::full_charge_request, Signal::heater_on};

/// Half of the coarsest wire step of any board, in the unit of the catalogue.
std::int64_t tolerance(Signal signal) {
  switch (find_signal(signal)->unit) {
    case Unit::millivolt:
      return signal == Signal::cell_voltage || signal == Signal::cell_voltage_max ||
                     signal == Signal::cell_voltage_min
                 ? 0
                 : 50;
    case Unit::milliamp:
      return 50;
    case Unit::millicelsius:
      return 500;
    case Unit::basis_points:
      return 50;
    case Unit::microamp_hour:
      return 500'000;
    default:
      return 0;
  }
}

/// A state within what every board can say, both signs of current, temperatures below zero.
BoardState random_state(Random& random, std::int64_t current_max = 300'000) {
  BoardState state;
  const auto set = [&](Signal signal, std::int64_t low, std::int64_t high,
                       std::uint16_t element = 0) {
    state.set(signal, between(random, low, high), element);
  };
  for (std::uint16_t cell = 1; cell <= kCells; ++cell) {
    set(Signal::cell_voltage, 1'500, 4'400, cell);
    if (now_and_then(random)) state.missing(Signal::cell_voltage, cell, 0);
  }
  for (std::uint16_t sensor = 1; sensor <= kSensors; ++sensor) {
    set(Signal::temperature, -39'000, 90'000, sensor);
    if (now_and_then(random)) state.missing(Signal::temperature, sensor, 0);
  }
  state.element_count(Signal::cell_voltage, kCells, 0);
  state.element_count(Signal::temperature, kSensors, 0);
  state.set(Signal::cell_count, kCells);
  set(Signal::pack_voltage, 40'000, 60'000);
  set(Signal::pack_current, -current_max, current_max);
  const std::int64_t power =
      *state.value(Signal::pack_voltage) * *state.value(Signal::pack_current);
  state.set(Signal::pack_power, power / 1'000'000);
  const std::int64_t full = between(random, 20'000'000, 300'000'000);
  const std::int64_t left = between(random, 0, full);
  state.set(Signal::full_capacity, full);
  state.set(Signal::remaining_capacity, left);
  state.set(Signal::soc, left * 10'000 / full);
  set(Signal::design_capacity, 20'000'000, 300'000'000);
  set(Signal::soh, 0, 10'000);
  set(Signal::cycle_count, 0, 9'999);
  state.set(Signal::module_count, 1);
  set(Signal::cell_voltage_max, 1'500, 4'400);
  set(Signal::cell_voltage_min, 1'500, 4'400);
  for (const Signal signal : {Signal::cell_temp_max, Signal::cell_temp_min,
                              Signal::mosfet_temperature, Signal::ambient_temperature}) {
    set(signal, -39'000, 90'000);
  }
  for (const Signal signal : {Signal::charge_voltage_limit, Signal::discharge_voltage_limit}) {
    set(signal, 40'000, 60'000);
  }
  for (const Signal signal : {Signal::charge_current_limit, Signal::discharge_current_limit}) {
    set(signal, 0, 300'000);
  }
  for (const Signal signal : kFlags) set(signal, 0, 1);
  const std::int64_t warnings = between(random, 0, (std::int64_t{1} << kAlarmCount) - 1);
  state.set(Signal::warnings, warnings);
  state.set(Signal::alarms, warnings | between(random, 0, (std::int64_t{1} << kAlarmCount) - 1));
  state.set(Signal::vendor_alarms, between(random, 0, INT64_MAX));
  state.text(TextField::manufacturer, "LIBEMS", 0);
  state.text(TextField::device_model, "SIM-16S", 0);
  state.text(TextField::serial_number, "SN0123456789ABCD", 0);
  state.text(TextField::software_version, "1.12.3", 0);
  state.text(TextField::hardware_version, "4.5", 0);
  state.text(TextField::firmware_version, "6.7", 0);
  state.text(TextField::manufacture_date, "2024-05-17", 0);
  return state;
}

CodecOptions options_of(const PollCodec& codec, std::size_t variant) {
  CodecOptions options{.cell_count = kCells, .temperature_count = kSensors};
  if (!codec.info().variants.empty()) options.variant = codec.info().variants[variant];
  CodecRoom room;
  if (!codec.with(options, room)) options.cell_count = options.temperature_count = 0;
  return options;
}

class Boards : public testing::TestWithParam<const PollCodec*> {
 protected:
  /// A talk for every variant of the protocol.
  template <class Then>
  void in_every_variant(Then then) const {
    const std::size_t variants = std::max<std::size_t>(GetParam()->info().variants.size(), 1);
    for (std::size_t i = 0; i < variants; ++i) {
      SCOPED_TRACE("variant " + std::to_string(i));
      const BoardTalk talk(*GetParam(), options_of(*GetParam(), i));
      then(talk);
    }
  }
};

class BoardsOfFrames : public Boards {};

/// Alarms as a protocol can say them: LifePower has one bit for the overcurrents of both ways.
std::int64_t as_said(const PollCodec& codec, std::int64_t alarms) {
  constexpr auto kOvercurrents = static_cast<std::int64_t>(alarm_bit(Alarm::charge_overcurrent) |
                                                           alarm_bit(Alarm::discharge_overcurrent));
  const bool both = codec.name() == "lifepower" && (alarms & kOvercurrents) != 0;
  return both ? alarms | kOvercurrents : alarms;
}

/// One reading of a decoder against what the board was told.
void expect_told(const BoardState& told, const Reading& reading) {
  const std::string where =
      std::string(find_signal(reading.signal)->name) + " " + std::to_string(reading.element);
  const auto said = told.value(reading.signal, reading.element);
  if (reading.signal == Signal::vendor_alarms) return;  // Those that the board has.
  ASSERT_TRUE(said) << where << ": nobody said it";
  if (reading.signal == Signal::alarms || reading.signal == Signal::warnings) {
    // Where nobody knows what a bit means, only that one is set comes through.
    const auto known =
        static_cast<std::uint64_t>(*said) | (*said != 0 ? alarm_bit(Alarm::internal_failure) : 0);
    EXPECT_EQ(static_cast<std::uint64_t>(reading.value) & ~known, 0U) << where;
    return;
  }
  EXPECT_LE(std::abs(reading.value - *said), tolerance(reading.signal))
      << where << ": " << reading.value << " of " << *said;
}

/// Sensors that a board has in its list, and the codec names besides.
bool is_of_the_list(Signal signal) {
  return signal == Signal::ambient_temperature || signal == Signal::mosfet_temperature;
}

TEST_P(BoardsOfFrames, WhatIsDecodedIsWhatWasSaid) {
  const Seed seed(20261122);
  Random random = seed.engine();
  const int cases = Seed::cases(60);
  in_every_variant([&](const BoardTalk& talk) {
    for (int i = 0; i < cases && !HasFailure(); ++i) {
      BoardState told = random_state(random, talk.current_max());
      told.set(Signal::alarms, as_said(talk.codec(), *told.value(Signal::alarms)));
      BoardState heard;
      std::vector<std::pair<std::uint8_t, Frame>> replies;
      for (const PollItem& item : talk.codec().poll_plan()) {
        SCOPED_TRACE(std::string(item.name));
        const Frame request = talk.request(item.number);
        const Frame reply = talk.reply(told, request);
        RecordingSink sink;
        const Result<void> decoded = talk.decode(request, reply, sink);
        ASSERT_TRUE(decoded) << decoded.error().what << " at " << decoded.error().offset;
        ASSERT_FALSE(sink.empty());
        for (const Reading& reading : sink.readings) {
          if (!is_of_the_list(reading.signal)) expect_told(told, reading);
        }
        for (const auto& [signal, element] : sink.missing_points) {
          EXPECT_TRUE(is_of_the_list(signal) || !told.value(signal, element))
              << find_signal(signal)->name << " " << element << ": got lost";
        }
        for (const auto& [field, text] : sink.texts) {
          // A version may have fewer parts than was said.
          EXPECT_TRUE(!text.empty() && told.text(field).starts_with(text))
              << text_name(field) << " " << text;
        }
        ASSERT_TRUE(talk.decode(request, reply, heard));
        replies.emplace_back(item.number, reply);
      }
      ASSERT_FALSE(heard.overflown());
      for (const auto& [number, reply] : replies) {  // Nothing of it is lost on a second way.
        EXPECT_EQ(talk.reply(heard, talk.request(number)), reply) << "request " << unsigned{number};
      }
    }
  });
}

/// What comes back when the board is told `state`.
std::map<Signal, std::int64_t> heard_of(const BoardTalk& talk, const BoardState& state) {
  std::map<Signal, std::int64_t> heard;
  for (const PollItem& item : talk.codec().poll_plan()) {
    RecordingSink sink;
    const Frame request = talk.request(item.number);
    const Result<void> decoded = talk.decode(request, talk.reply(state, request), sink);
    EXPECT_TRUE(decoded);
    for (const Reading& reading : sink.readings) {
      if (reading.element != 0) continue;
      std::int64_t& value = heard[reading.signal];
      const bool bits = reading.signal == Signal::alarms || reading.signal == Signal::warnings;
      value = bits ? value | reading.value : reading.value;
    }
  }
  return heard;
}

BoardState quiet_state() {
  Random random(1);
  BoardState state = random_state(random);
  for (const Signal signal : kFlags) state.set(signal, 0);
  state.set(Signal::alarms, 0);
  state.set(Signal::warnings, 0);
  state.set(Signal::vendor_alarms, 0);
  return state;
}

TEST_P(BoardsOfFrames, FlagsComeThroughOneByOne) {
  in_every_variant([&](const BoardTalk& talk) {
    const auto quiet = heard_of(talk, quiet_state());
    for (const Signal flag : kFlags) {
      BoardState state = quiet_state();
      state.set(flag, 1);
      auto expected = quiet;
      if (expected.contains(flag)) {
        EXPECT_EQ(expected[flag], 0);
        expected[flag] = 1;
      }
      EXPECT_EQ(heard_of(talk, state), expected) << find_signal(flag)->name;
    }
  });
}

/// How many alarms and warnings a protocol can say by their common names, in its first variant: the
/// names in its tables.
std::pair<int, int> can_say(std::string_view protocol) {
  static const std::map<std::string_view, std::pair<int, int>> kKnown = {
      {"ant", {12, 0}},        {"ant_old", {14, 0}},        {"daly_a5", {18, 12}},
      {"jk_4e57", {11, 0}},    {"jk_55aa", {15, 0}},        {"lifepower", {7, 0}},
      {"pace", {15, 14}},      {"pace_eg4", {15, 14}},      {"pylontech", {7, 8}},
      {"seplos_v2", {16, 14}}, {"seplos_v2_bin", {16, 14}}, {"tdt", {0, 0}},
  };
  const auto known = kKnown.find(protocol);
  EXPECT_NE(known, kKnown.end()) << "say how many alarms and warnings " << protocol << " has";
  return known == kKnown.end() ? std::pair(0, 0) : known->second;
}

TEST_P(BoardsOfFrames, AlarmsComeThroughOneByOne) {
  const BoardTalk talk(*GetParam(), options_of(*GetParam(), 0));
  int alarms = 0;
  int warnings = 0;
  for (unsigned bit = 0; bit < kAlarmCount; ++bit) {
    const std::int64_t one = as_said(talk.codec(), std::int64_t{1} << bit);
    BoardState state = quiet_state();
    state.set(Signal::alarms, one);
    auto heard = heard_of(talk, state);
    EXPECT_TRUE(heard[Signal::alarms] == one || heard[Signal::alarms] == 0) << bit;
    EXPECT_EQ(heard[Signal::warnings], 0) << bit;
    alarms += heard[Signal::alarms] == one ? 1 : 0;
    state = quiet_state();
    state.set(Signal::warnings, one);
    heard = heard_of(talk, state);
    EXPECT_TRUE(heard[Signal::warnings] == one || heard[Signal::warnings] == 0) << bit;
    EXPECT_TRUE(heard[Signal::alarms] == one || heard[Signal::alarms] == 0) << bit;
    warnings += heard[Signal::warnings] == one ? 1 : 0;
  }
  EXPECT_EQ(std::pair(alarms, warnings), can_say(GetParam()->name()));
}

/// An address of the protocol that is not its usual one.
std::optional<std::uint8_t> other_address(const PollCodec& codec, CodecOptions options) {
  for (unsigned address = 0; address <= 0xFF; ++address) {
    if (address == codec.info().addresses.front()) continue;
    options.address = static_cast<std::uint8_t>(address);
    CodecRoom room;
    if (codec.with(options, room)) return options.address;
  }
  return std::nullopt;
}

TEST_P(Boards, DamagedRequestsAndThoseToOthersGetSilence) {
  const BoardState state = quiet_state();
  in_every_variant([&](const BoardTalk& talk) {
    for (const PollItem& item : talk.codec().poll_plan()) {
      const Frame request = talk.request(item.number);
      ASSERT_FALSE(talk.reply(state, request).empty());
      for (std::size_t size = 0; size < request.size(); ++size) {
        const Frame cut(request.begin(), request.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_TRUE(talk.reply(state, cut).empty()) << size;
      }
      for (std::size_t bit = 0; bit < request.size() * 8; ++bit) {
        Frame flipped = request;
        flipped[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
        RecordingSink sink;
        if (talk.codec().decode_request(flipped, sink)) continue;  // A sound request after all.
        EXPECT_TRUE(talk.reply(state, flipped).empty()) << "bit " << bit;
      }
    }
  });
  const auto addresses = GetParam()->info().addresses;
  if (addresses.empty()) return;
  CodecOptions options = options_of(*GetParam(), 0);
  const BoardTalk board(*GetParam(), options);
  options.address = other_address(*GetParam(), options);
  if (!options.address) return;  // It has one only.
  const BoardTalk master(*GetParam(), options);
  for (const PollItem& item : master.codec().poll_plan()) {
    EXPECT_TRUE(board.reply(state, master.request(item.number)).empty()) << item.name;
  }
}

TEST_P(Boards, FindsRequestsBetweenNoiseAndWaitsForTheirEnd) {
  const BoardTalk talk(*GetParam(), options_of(*GetParam(), 0));
  for (const PollItem& item : talk.codec().poll_plan()) {
    const Frame request = talk.request(item.number);
    Frame line(3, std::byte{0x55});
    line.insert(line.end(), request.begin(), request.end());
    const std::size_t first_end = line.size();
    line.insert(line.end(), request.begin(), request.end());
    const FrameScan first = scan_request(talk.codec(), line);
    ASSERT_EQ(first.noise, 3U) << item.name;
    ASSERT_EQ(first.size, request.size()) << item.name;
    const FrameScan second = scan_request(talk.codec(), Bytes(line).subspan(first_end));
    EXPECT_EQ(second.noise, 0U);
    EXPECT_EQ(second.size, request.size());
    const FrameScan part = scan_request(talk.codec(), Bytes(line).first(first_end - 1));
    EXPECT_EQ(part.noise, 3U) << item.name;
    EXPECT_EQ(part.size, 0U) << item.name;
  }
}

std::string name_of(const testing::TestParamInfo<const PollCodec*>& codec) {
  return std::string(codec.param->name());
}
INSTANTIATE_TEST_SUITE_P(All, BoardsOfFrames, testing::ValuesIn(test::codecs_with_frames()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(All, Boards, testing::ValuesIn(test::codecs_with_boards()), name_of);

}  // namespace
}  // namespace ems::protocol
