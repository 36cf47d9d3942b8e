// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/socketcand.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ems::protocol {
namespace {

using Kind = SocketcandKind;

std::vector<Result<SocketcandMessage>> heard(std::string_view text) {
  SocketcandScanner scanner;
  std::vector<Result<SocketcandMessage>> messages;
  for (const char c : text) {
    if (auto message = scanner.push(static_cast<std::byte>(c))) messages.push_back(*message);
  }
  return messages;
}

TEST(Socketcand, ReadsFramesOfBothModes) {
  for (const char* text : {" frame 351 23.424242 1402740E ", "frame 351 23.424242 14 02 74 0E",
                           "  frame  351  23.424242  14 02740e "}) {
    const auto message = parse_socketcand(text);
    ASSERT_TRUE(message) << text << ": " << message.error().what;
    EXPECT_EQ(message->kind, Kind::frame);
    EXPECT_EQ(message->record.time, microseconds(23'424'242));
    const CanFrame frame = to_can_frame(message->record).value();
    EXPECT_EQ(frame.id, 0x351U);
    EXPECT_EQ(frame.size, 4);
    EXPECT_EQ(frame.data[3], std::byte{0x0E});
  }
  EXPECT_TRUE(parse_socketcand(" frame 00000351 1 ").value().record.extended);
  EXPECT_EQ(parse_socketcand(" frame 7 1.5 ").value().record.id, 7U);
}

TEST(Socketcand, TellsErrorsOfTheBusFromRefusals) {
  const auto bus = parse_socketcand(" error 20000004 1700000000.5 ").value();
  EXPECT_EQ(bus.kind, Kind::bus_error);
  EXPECT_EQ(bus.record.id, 4U);
  EXPECT_EQ(to_can_frame(bus.record).error().code, Errc::unimplemented);
  const auto refusal = parse_socketcand(" error could not open bus ").value();
  EXPECT_EQ(refusal.kind, Kind::error);
  EXPECT_EQ(refusal.text.view(), "could not open bus");
  EXPECT_EQ(parse_socketcand(" error bad ").value().kind, Kind::error);  // A word of hex digits.
}

TEST(Socketcand, OtherWordsAreNotForUs) {
  for (const char* text : {"", " ", " echo ", " can0 B 500 ", "statistics 0 0 0", "hit", "o k"}) {
    EXPECT_EQ(parse_socketcand(text).value().kind, Kind::other) << text;
  }
}

TEST(Socketcand, RefusesFramesThatAreNoneWithTheirPlace) {
  const struct {
    const char* text;
    Errc code;
    std::uint16_t offset;
  } cases[] = {
      {"frame", Errc::syntax, 5},
      {"frame 351", Errc::syntax, 9},
      {"frame 351 ", Errc::syntax, 9},
      {"frame 3G1 1.0", Errc::syntax, 7},
      {"frame 123456789 1.0", Errc::syntax, 14},
      {"frame 800 1.0 11", Errc::out_of_range, 6},
      {"frame 20000000 1.0", Errc::out_of_range, 6},
      {"frame 351 x 11", Errc::syntax, 10},
      {"frame 351 1.0x 11", Errc::syntax, 13},
      {"frame 351 1.0 1", Errc::syntax, 15},
      {"frame 351 1.0 112233445566778899", Errc::length, 30},
      {"send 123 2 1", Errc::length, 9},
      {"send 123 1 1 2", Errc::length, 9},
      {"send 123 0 1", Errc::length, 9},
      {"send 123 9 1", Errc::length, 9},
      {"send 123 12 1", Errc::length, 9},
      {"send 123 x", Errc::syntax, 9},
      {"send 123 1 G", Errc::syntax, 11},
      {"send 123 1 1G", Errc::syntax, 12},
      {"fdframe 123 1.0 1 11", Errc::unimplemented, 0},
  };
  for (const auto& c : cases) {
    const auto message = parse_socketcand(c.text);
    ASSERT_FALSE(message) << c.text;
    EXPECT_EQ(message.error(), (Error{c.code, c.offset})) << c.text << message.error().what;
  }
}

TEST(Socketcand, FindsMessagesInAStream) {
  const auto messages = heard("x< hi >ok > < frame 351 < frame 355 1.0 1A ><ok>< frame ");
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_EQ(messages[0]->kind, Kind::hi);
  EXPECT_EQ(messages[1]->record.id, 0x355U);
  EXPECT_EQ(messages[2]->kind, Kind::ok);
}

TEST(Socketcand, AMessageThatIsTooLongIsDroppedWhole) {
  EXPECT_EQ(heard("<" + std::string(kSocketcandMessageMax, 'x') + ">").at(0)->kind, Kind::other);
  const auto messages = heard("<" + std::string(5000, 'x') + "><hi>");
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].error(), (Error{Errc::length, kSocketcandMessageMax}));
  EXPECT_EQ(messages[1]->kind, Kind::hi);
}

TEST(Socketcand, ResetForgetsTheMessageThatWasBegun) {
  SocketcandScanner scanner;
  for (const char c : std::string_view("< hi ")) {
    EXPECT_FALSE(scanner.push(static_cast<std::byte>(c)));
  }
  scanner.reset();
  EXPECT_FALSE(scanner.push(std::byte{'>'}));
}

TEST(Socketcand, WhatItWritesItReadsAgain) {
  std::array<char, kSocketcandFrameSize> room{};
  const std::byte data[] = {std::byte{0}, std::byte{0xF1}, std::byte{0x0A}, std::byte{0x10},
                            std::byte{5}, std::byte{0xFF}, std::byte{0x80}, std::byte{8}};
  for (std::size_t size = 0; size <= 8; ++size) {
    for (const auto& [id, extended] :
         {std::pair{0x7U, false}, {0x7FFU, false}, {0x7U, true}, {0x1FFFFFFFU, true}}) {
      const CanFrame frame = make_can_frame(id, extended, Bytes(data).first(size)).value();
      const std::string sent(encode_socketcand(frame, room).value());
      const auto back = heard(sent).at(0);
      ASSERT_TRUE(back) << sent;
      EXPECT_EQ(back->kind, Kind::send);
      EXPECT_EQ(to_can_frame(back->record).value(), frame) << sent;
      const std::string told(print_socketcand(frame, seconds(1'700'000'000), room));
      EXPECT_EQ(to_can_frame(heard(told).at(0)->record).value(), frame) << told;
    }
  }
  EXPECT_EQ(encode_socketcand({.id = 1, .remote = true}, room).error().code, Errc::unimplemented);
}

TEST(Socketcand, ABusHasANameThatFitsTheMessage) {
  EXPECT_TRUE(is_socketcand_bus("can0") && is_socketcand_bus("vcan-15letters_"));
  for (const char* name : {"", "can 0", "can0>", "<", "sixteenletters16", "can\n"}) {
    EXPECT_FALSE(is_socketcand_bus(name)) << name;
  }
}

SocketcandMessage said(Kind kind, std::string_view text = {}) {
  SocketcandMessage message;
  message.kind = kind;
  message.text = FixedString<64>(text);
  return message;
}

TEST(SocketcandClient, OpensItsBusInRawMode) {
  SocketcandClient client("vcan-15letters_");
  EXPECT_EQ(client.take(said(Kind::ok)), "");  // Nothing was asked yet.
  EXPECT_EQ(client.take(said(Kind::hi)), "< open vcan-15letters_ >");
  EXPECT_EQ(client.take(said(Kind::hi)), "");
  EXPECT_EQ(client.take(said(Kind::frame)), "");
  EXPECT_EQ(client.take(said(Kind::ok)), "< rawmode >");
  EXPECT_EQ(client.state(), SocketcandClient::State::choosing_mode);
  EXPECT_EQ(client.take(said(Kind::ok)), "");
  EXPECT_EQ(client.state(), SocketcandClient::State::open);
  EXPECT_EQ(client.take(said(Kind::error)), "");
  EXPECT_EQ(client.state(), SocketcandClient::State::open) << "an error later refuses no bus";
}

TEST(SocketcandClient, ARefusalEndsIt) {
  for (const int before : {0, 1, 2}) {
    SocketcandClient client("can0");
    if (before > 0) (void)client.take(said(Kind::hi));
    if (before > 1) (void)client.take(said(Kind::ok));
    EXPECT_EQ(client.take(said(Kind::error, "could not open bus")), "");
    EXPECT_EQ(client.state(), SocketcandClient::State::refused);
    EXPECT_EQ(client.reason(), "could not open bus");
    EXPECT_EQ(client.take(said(Kind::hi)), "");
    EXPECT_EQ(client.state(), SocketcandClient::State::refused);
  }
}

}  // namespace
}  // namespace ems::protocol
