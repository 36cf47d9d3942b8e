// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/candump.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ems::protocol {
namespace {

std::string printed(const CandumpRecord& record) {
  std::array<char, kCandumpLineSize> room{};
  return std::string(print_candump(record, room));
}

TEST(Candump, ReadsWhatALogSays) {
  const auto record = parse_candump("(1699999999.123456) can0 351#1402740E740ECC01").value();
  EXPECT_EQ(record.time, microseconds(1'699'999'999'123'456));
  EXPECT_EQ(record.interface_name.view(), "can0");
  const CanFrame frame = to_can_frame(record).value();
  EXPECT_EQ(frame.id, 0x351U);
  EXPECT_FALSE(frame.extended || frame.remote);
  EXPECT_EQ(frame.size, 8);
  EXPECT_EQ(frame.data[7], std::byte{0x01});
}

TEST(Candump, WhatItWritesItReadsAgain) {
  for (const char* line : {
           "(1699999999.123456) can0 351#1402740E740ECC01",
           "(0000000000.000001) can0 351#",
           "(1743296110.926802) can1 10050001#AA031200A32D89B0",
           "(1699999999.000003) can0 123#R",
           "(1699999999.000003) can0 123#R4",
           "(1699999999.000003) can0 123#R8_9",
           "(1699999999.000003) can0 123#1122334455667788_F",
           "(1699999999.000006) can0 123##1112233",
           "(1699999999.000006) can0 123##0",
           "(1699999999.000005) can0 32345678#112233",
           "vcan0 00000351#11",
       }) {
    const auto record = parse_candump(line);
    ASSERT_TRUE(record) << line << ": " << record.error().what;
    EXPECT_EQ(printed(*record), line);
  }
}

TEST(Candump, ReadsWhatPeopleAndOptionsMakeOfIt) {
  const CandumpRecord plain = parse_candump("can0 351#11223344").value();
  for (const char* line : {
           "  can0  351   [4]  11 22 33 44",
           "can0 351#11.22.33.44",
           "can0 351#11223344 R",
           "can0 351#11223344 T",
           "can0 351#11223344\r",
           "  can0  351   [4]  11 22 33 44   '.\"3D'",
           "can0 351#1122aabb",
       }) {
    const auto record = parse_candump(line);
    ASSERT_TRUE(record) << line << ": " << record.error().what;
    if (std::string_view(line).find("aabb") == std::string_view::npos) {
      EXPECT_EQ(*record, plain) << line;
    }
  }
  EXPECT_EQ(parse_candump(" (0000000012.000250)  can0  123   [0]  remote request").value().kind,
            CandumpKind::remote);
  EXPECT_EQ(parse_candump("  can0  123  [08]  11 22 33 44 55 66 77 88").value().kind,
            CandumpKind::fd);
  EXPECT_EQ(
      parse_candump("  can0  20000004  [8]  00 10 00 00 00 00 00 00   ERRORFRAME").value().kind,
      CandumpKind::error);
  EXPECT_EQ(parse_candump("(1.000000001) can0 1FFFFFFF#").value().time, seconds(1));
}

TEST(Candump, RefusesEverythingElseWithItsPlace) {
  const struct {
    const char* line;
    Errc code;
    std::uint16_t offset;
  } cases[] = {
      {"", Errc::syntax, 0},
      {"not a CAN frame", Errc::syntax, 5},
      {"can0", Errc::syntax, 4},
      {"averyverylongname 351#", Errc::syntax, 0},
      {"(1.5) can0 351#", Errc::syntax, 4},
      {"(1.000000 can0 351#", Errc::syntax, 9},
      {"(1.000000)can0 351#", Errc::syntax, 10},
      {"(1234567890123.000000) can0 351#", Errc::out_of_range, 1},
      {"can0 35#", Errc::syntax, 7},
      {"can0 3511#", Errc::syntax, 9},
      {"can0 123456789#", Errc::syntax, 13},
      {"can0 800#", Errc::out_of_range, 5},
      {"can0 40000000#", Errc::out_of_range, 5},
      {"can0 351#1", Errc::syntax, 10},
      {"can0 351#1G", Errc::syntax, 10},
      {"can0 351#112233445566778899", Errc::length, 25},
      {"can0 351#1122334455667788_8", Errc::syntax, 26},
      {"can0 351#11_9", Errc::syntax, 11},
      {"can0 351#11.", Errc::syntax, 11},
      {"can0 351#11 X", Errc::syntax, 11},
      {"can0 351#R9", Errc::syntax, 10},
      {"can0 351##4", Errc::syntax, 10},
      {"can0 351##0112233445566778899", Errc::length, 29},
      {"can0 20000004##011", Errc::syntax, 14},
      {"can0 351 11 22", Errc::syntax, 9},
      {"can0 351 [9] 11", Errc::length, 10},
      {"can0 351 [2] 11", Errc::syntax, 15},
      {"can0 351 [2] 1122", Errc::syntax, 15},
      {"can0 351 [1] 11 22", Errc::length, 16},
      {"can0 351 [x] 11", Errc::syntax, 10},
  };
  for (const auto& c : cases) {
    const auto record = parse_candump(c.line);
    ASSERT_FALSE(record) << c.line;
    EXPECT_EQ(record.error(), (Error{c.code, c.offset}))
        << c.line << ": " << to_string(record.error().code) << " " << record.error().offset;
  }
}

TEST(Candump, FdAndErrorFramesAreRefusedByName) {
  const Error fd = to_can_frame(parse_can_text("123##1112233").value()).error();
  EXPECT_EQ(fd.code, Errc::unimplemented);
  EXPECT_NE(std::string_view(fd.what).find("CAN FD"), std::string_view::npos);
  const Error error = to_can_frame(parse_can_text("20000004#00").value()).error();
  EXPECT_EQ(error.code, Errc::unimplemented);
  EXPECT_NE(std::string_view(error.what).find("error frame"), std::string_view::npos);
}

TEST(Candump, AFrameAloneHasNothingBehindIt) {
  EXPECT_EQ(parse_can_text("351#11").value().size, 1);
  EXPECT_EQ(parse_can_text("351#11 R").error(), (Error{Errc::syntax, 6}));
  EXPECT_EQ(parse_can_text("").error().code, Errc::syntax);
}

TEST(Candump, AFrameGoesThereAndBack) {
  const CanFrame remote{.id = 5, .extended = true, .remote = true, .size = 3};
  EXPECT_EQ(to_can_frame(to_candump(remote, {}, "can0")).value(), remote);
  EXPECT_EQ(printed(to_candump(remote, seconds(2), "can0")),
            "(0000000002.000000) can0 00000005#R3");
}

}  // namespace
}  // namespace ems::protocol
