// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_log.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ems::protocol {
namespace {

CanRecord held(const Result<std::optional<CanRecord>>& line) {
  EXPECT_TRUE(line) << line.error().what;
  return line ? line->value() : CanRecord{};
}

/// A reader that has seen the header of a version.
PcanTraceReader trace(std::string_view version, std::string_view columns = {}) {
  PcanTraceReader reader;
  EXPECT_TRUE(reader.read(";$FILEVERSION=" + std::string(version) + "\r"));
  if (!columns.empty()) {
    EXPECT_TRUE(reader.read(";$COLUMNS=" + std::string(columns)));
  }
  return reader;
}

TEST(PcanTrace, ReadsEachVersionsColumns) {
  const struct {
    const char* version;
    const char* line;
  } cases[] = {
      {"1.0", "     1)      1841  0351  2  AA 55"},
      {"1.1", "     1)      1841.0  Rx         0351  2  AA 55 \r"},
      {"1.2", "     1)      1841.000 1  Tx         0351  2  AA 55"},
      {"1.3", "     1)      1841.000 1  Rx        0351 -  2    AA 55"},
      {"2.0", "      1      1841.000 DT     0351 Rx 2  AA 55"},
      {"2.1", "      1      1841.000 DT 1      0351 Rx -  2    AA 55"},
  };
  for (const auto& c : cases) {
    PcanTraceReader reader = trace(c.version);
    const CanRecord record = held(reader.read(c.line));
    EXPECT_EQ(record.time, milliseconds(1841)) << c.version;
    EXPECT_EQ(record.id, 0x351U) << c.version;
    EXPECT_EQ(record.size, 2) << c.version;
    EXPECT_EQ(record.data[1], std::byte{0x55}) << c.version;
    EXPECT_EQ(record.interface_name.view().empty(),
              std::string_view("1.01.12.0").find(c.version) != std::string_view::npos)
        << c.version;
  }
}

TEST(PcanTrace, NamedColumnsAreRead) {
  PcanTraceReader reader = trace("2.0", "O,T,I,l,D");
  const CanRecord record =
      held(reader.read(" 0.5 FB 00000351 9 01 02 03 04 05 06 07 08 09 0A 0B 0C"));
  EXPECT_EQ(record.time, microseconds(500));
  EXPECT_TRUE(record.extended);
  EXPECT_EQ(record.size, 12) << "a length code of 9 is 12 bytes";
  EXPECT_EQ(record.fd_flags, 1);
}

TEST(PcanTrace, WhatIsNotKnownIsRefusedUntilItIs) {
  PcanTraceReader reader;
  EXPECT_EQ(reader.read(";$FILEVERSION=3.0").error(), (Error{Errc::unimplemented, 14}));
  EXPECT_EQ(reader.read(" 1) 1841 0351 1 AA").error(), (Error{Errc::unimplemented, 0}));
  EXPECT_EQ(reader.read(";$COLUMNS=N,X").error(), (Error{Errc::unimplemented, 12}));
  EXPECT_FALSE(reader.read(";$COLUMNS=N,O,D,I,T,L"));
  EXPECT_FALSE(reader.read(";$COLUMNS=N,O,T,D"));
  EXPECT_FALSE(reader.read(";$COLUMNS=N,O,T,B,I,d,R,L,l,D,D"));
  EXPECT_TRUE(reader.read(";$FILEVERSION=1.0"));
  EXPECT_EQ(held(reader.read(" 1) 1841 0351 1 AA")).id, 0x351U);
  EXPECT_FALSE(reader.read("; a comment").value());
  EXPECT_FALSE(reader.read("   ").value());
}

TEST(PcanTrace, RefusesEverythingElseWithItsPlace) {
  const struct {
    const char* line;
    Errc code;
    std::uint16_t offset;
  } cases[] = {
      {"x", Errc::syntax, 0},
      {"1) x", Errc::syntax, 3},
      {"1) 1.0 Rx 351 1 AA", Errc::syntax, 10},
      {"1) 1.0 Rx 123456789 1 AA", Errc::syntax, 18},
      {"1) 1.0 Rx 0800 1 AA", Errc::out_of_range, 10},
      {"1) 1.0 Rx 20000000 1 AA", Errc::out_of_range, 10},
      {"1) 1.0 Warng FFFFFFFF 4 00 00 00 08 BUSHEAVY", Errc::unimplemented, 7},
      {"1) 1.0 Rx FFFFFFFF 4 00 00 00 08", Errc::unimplemented, 10},
      {"1) 1.0 Rx 0351 9 AA", Errc::length, 15},
      {"1) 1.0 Rx 0351 x AA", Errc::syntax, 15},
      {"1) 1.0 Rx 0351 2 AA", Errc::syntax, 19},
      {"1) 1.0 Rx 0351 1 AA 55", Errc::length, 20},
      {"1) 1.0 Rx 0351 1 RTR 1", Errc::length, 20},
      {"1) 1.0x Rx 0351 1 AA", Errc::syntax, 6},
  };
  for (const auto& c : cases) {
    PcanTraceReader reader = trace("1.1");
    const auto line = reader.read(c.line);
    ASSERT_FALSE(line) << c.line;
    EXPECT_EQ(line.error(), (Error{c.code, c.offset})) << c.line << ": " << line.error().what;
  }
}

TEST(BatteryEmulator, ReadsWhatItsLogSays) {
  const auto record =
      parse_battery_emulator("(75.518) RX6 CF [8] E1 6D 5D 7F 5D 32 46 5D\r").value();
  EXPECT_EQ(record.time, milliseconds(75'518));
  EXPECT_EQ(record.interface_name.view(), "RX6");
  EXPECT_EQ(record.id, 0xCFU);
  EXPECT_FALSE(record.extended);
  EXPECT_EQ(record.size, 8);
  EXPECT_TRUE(parse_battery_emulator("(0.1) TX0 800 [0]").value().extended);
  EXPECT_FALSE(parse_battery_emulator("(0.1) TX0 7FF [0]").value().extended);
}

TEST(BatteryEmulator, RefusesEverythingElseWithItsPlace) {
  const struct {
    const char* line;
    Errc code;
    std::uint16_t offset;
  } cases[] = {
      {"0.1", Errc::syntax, 0},
      {"(x", Errc::syntax, 1},
      {"(0.1)RX0", Errc::syntax, 4},
      {"(0.1) can0 7FF [0]", Errc::syntax, 6},
      {"(0.1) RX0", Errc::syntax, 9},
      {"(0.1) RX0 x [0]", Errc::syntax, 10},
      {"(0.1) RX0 20000000 [0]", Errc::out_of_range, 10},
      {"(0.1) RX0 7FF[0]", Errc::syntax, 13},
      {"(0.1) RX0 7FF [9]", Errc::length, 15},
      {"(0.1) RX0 7FF [1] 11 22", Errc::length, 21},
      {"(0.1) RX0 7FF [1] 11 x", Errc::syntax, 21},
  };
  for (const auto& c : cases) {
    const auto line = parse_battery_emulator(c.line);
    ASSERT_FALSE(line) << c.line;
    EXPECT_EQ(line.error(), (Error{c.code, c.offset})) << c.line << ": " << line.error().what;
  }
}

TEST(CanLog, RecognisesEachFormByItsLines) {
  CanLogReader reader;
  for (const char* line : {"(1.000000) can0 351#AA55", "  can0  351   [2]  AA 55",
                           "(75.518) RX6 351 [2] AA 55", "    1) 1841 0351 2 AA 55"}) {
    const CanRecord record = held(reader.read(line));
    EXPECT_EQ(record.id, 0x351U) << line;
    EXPECT_EQ(record.size, 2) << line;
  }
  for (const char* nothing : {"", "  \r", "# a comment", "\t# too"}) {
    EXPECT_FALSE(reader.read(nothing).value()) << nothing;
  }
  EXPECT_FALSE(reader.read("not a CAN frame"));
  EXPECT_FALSE(reader.read("      1      1841.000 DT 1      0351 Rx -  2    AA 55"));
  EXPECT_FALSE(reader.read(";$FILEVERSION=2.1").value());
  EXPECT_EQ(held(reader.read("      1      1841.000 DT 1      0351 Rx -  2    AA 55")).size, 2);
}

}  // namespace
}  // namespace ems::protocol
