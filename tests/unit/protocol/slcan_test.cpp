// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/slcan.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ems::protocol {
namespace {

/// What a text completes, given in pieces of a size.
std::vector<SlcanEvent> heard(std::string_view text) {
  SlcanParser parser;
  std::vector<SlcanEvent> events;
  for (const char c : text) {
    if (auto event = parser.push(static_cast<std::byte>(c))) events.push_back(*event);
  }
  return events;
}

std::string kinds(std::string_view text) {
  std::string names;
  for (const SlcanEvent& event : heard(text)) names += std::string(to_string(event.kind)) + " ";
  return names;
}

CanFrame frame(std::uint32_t id, bool extended, std::initializer_list<int> data) {
  std::vector<std::byte> bytes;
  for (const int value : data) bytes.push_back(static_cast<std::byte>(value));
  return make_can_frame(id, extended, bytes).value();
}

std::string encoded(const CanFrame& of) {
  std::array<char, kSlcanFrameSize> room{};
  return std::string(encode_slcan(of, room));
}

TEST(Slcan, ReadsEveryKindOfFrame) {
  EXPECT_EQ(to_can_frame(parse_slcan("t3512AA55").record).value(),
            frame(0x351, false, {0xAA, 0x55}));
  EXPECT_EQ(to_can_frame(parse_slcan("t3512aa55").record).value(),
            frame(0x351, false, {0xAA, 0x55}));
  EXPECT_EQ(to_can_frame(parse_slcan("T000003511FF").record).value(), frame(0x351, true, {0xFF}));
  EXPECT_EQ(to_can_frame(parse_slcan("x1FFFFFFF0").record).value(), frame(0x1FFFFFFF, true, {}));
  const CanFrame remote = to_can_frame(parse_slcan("r7FF3").record).value();
  EXPECT_TRUE(remote.remote && remote.id == 0x7FF && remote.size == 3 && !remote.extended);
  EXPECT_TRUE(to_can_frame(parse_slcan("R000000018").record).value().extended);
}

TEST(Slcan, ReadsCanFdWhichIsNoFrameForABattery) {
  for (const char* line : {"d12390102030405060708090A0B0C", "b12390102030405060708090A0B0C"}) {
    const SlcanEvent event = parse_slcan(line);
    ASSERT_EQ(event.kind, SlcanEventKind::frame) << line;
    EXPECT_EQ(event.record.kind, CanRecordKind::fd);
    EXPECT_EQ(event.record.size, 12);
    EXPECT_EQ(event.record.fd_flags, line[0] == 'b' ? 1 : 0);
    EXPECT_EQ(to_can_frame(event.record).error().code, Errc::unimplemented);
  }
  const std::string longest = "D1FFFFFFFF" + std::string(128, '1') + "EA5F";
  ASSERT_EQ(longest.size(), kSlcanLineMax);
  EXPECT_EQ(heard(longest + "\r").at(0).record.size, 64);
}

TEST(Slcan, ReadsTheAdaptersClock) {
  EXPECT_FALSE(parse_slcan("t3511AA").timestamp_ms);
  EXPECT_EQ(parse_slcan("t3511AA0000").timestamp_ms, 0);
  EXPECT_EQ(parse_slcan("t3511AAEA5F").timestamp_ms, 59'999);
  EXPECT_EQ(parse_slcan("r35181234").timestamp_ms, 0x1234);
}

TEST(Slcan, RefusesEverythingElseWithItsPlace) {
  const struct {
    const char* line;
    Errc code;
    std::uint16_t offset;
  } cases[] = {
      {"q123", Errc::header, 0},
      {"C", Errc::header, 0},
      {"t", Errc::truncated, 1},
      {"t35", Errc::truncated, 3},
      {"t351", Errc::truncated, 4},
      {"t3512AA", Errc::truncated, 7},
      {"t3512AA5", Errc::truncated, 8},
      {"t3G12AA55", Errc::syntax, 2},
      {"t35G2AA55", Errc::syntax, 3},
      {"t3512AA5G", Errc::syntax, 8},
      {"t8002AA55", Errc::out_of_range, 1},
      {"T200000000", Errc::out_of_range, 1},
      {"t3519AA", Errc::length, 4},
      {"r3519", Errc::length, 4},
      {"t3511AA1", Errc::length, 7},
      {"t3511AA12345", Errc::length, 7},
      {"t3511AAEA60", Errc::out_of_range, 7},
      {"V101", Errc::truncated, 4},
      {"V10134", Errc::length, 5},
      {"N", Errc::truncated, 1},
      {"F0G", Errc::syntax, 2},
      {"v\x01", Errc::syntax, 1},
      {"zz", Errc::header, 0},
  };
  for (const auto& c : cases) {
    const SlcanEvent event = parse_slcan(c.line);
    EXPECT_EQ(event.kind, SlcanEventKind::refused) << c.line;
    EXPECT_EQ(event.why.code, c.code) << c.line << ": " << event.why.what;
    EXPECT_EQ(event.why.offset, c.offset) << c.line;
  }
}

TEST(Slcan, NamesAnswers) {
  EXPECT_EQ(kinds("\rz\rZ\r\x07V1013\rNA123\rF00\rvSTM32\r\n\r"),
            "ok tx_ok tx_ok error version serial status version ok ");
  EXPECT_EQ(heard("V1013\r").at(0).text.view(), "1013");
  EXPECT_EQ(heard("NA123\r").at(0).text.view(), "A123");
}

TEST(Slcan, ABellDropsTheLineThatWasBegun) {
  EXPECT_EQ(kinds("t3512AA\x07t3511AA\r"), "error frame ");
}

TEST(Slcan, ALineThatIsTooLongIsDroppedWhole) {
  const std::string longest(kSlcanLineMax, 't');
  EXPECT_EQ(heard(longest + "\r").at(0).why.code, Errc::syntax);
  for (const std::size_t surplus : {1U, 2U, 5000U}) {
    const auto events = heard(std::string(kSlcanLineMax + surplus, 't') + "\rt3511AA\r");
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].why, (Error{Errc::length, kSlcanLineMax}));
    EXPECT_EQ(events[1].kind, SlcanEventKind::frame);
  }
}

TEST(Slcan, ResetForgetsTheLineThatWasBegun) {
  SlcanParser parser;
  EXPECT_FALSE(parser.push(std::byte{'t'}));
  parser.reset();
  EXPECT_EQ(parser.push(std::byte{'\r'})->kind, SlcanEventKind::ok);
}

TEST(Slcan, WhatItWritesItReadsAgain) {
  CanFrame remote{.id = 0x12ABCDEF, .extended = true, .remote = true, .size = 6};
  EXPECT_EQ(encoded(remote), "R12ABCDEF6\r");
  for (const CanFrame& of : {frame(0x351, false, {0x14, 0x02, 0xFF}), frame(0, false, {}),
                             frame(0x1FFFFFFF, true, {1, 2, 3, 4, 5, 6, 7, 8}), remote}) {
    EXPECT_EQ(to_can_frame(heard(encoded(of)).at(0).record).value(), of) << encoded(of);
  }
}

TEST(Slcan, OpensAtABitRateThatHasAName) {
  std::array<char, kSlcanOpenSize> room{};
  EXPECT_EQ(slcan_open_sequence(500'000, false, room).value(), "C\rC\rC\rS6\rO\r");
  EXPECT_EQ(slcan_open_sequence(10'000, true, room).value(), "C\rC\rC\rS0\rL\r");
  EXPECT_EQ(slcan_open_sequence(1'000'000, false, room).value(), "C\rC\rC\rS8\rO\r");
  EXPECT_EQ(slcan_open_sequence(83'333, false, room).error().code, Errc::invalid_argument);
  const std::string text(slcan_open_sequence(250'000, false, room).value());
  EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\r')),
            kSlcanOpenCommands);
}

}  // namespace
}  // namespace ems::protocol
