// SPDX-License-Identifier: Apache-2.0
#include "ems/io/can_log.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string_view>

#include "ems/core/errc.hpp"
#include "support/temp_dir.hpp"

namespace ems::io {
namespace {

Result<CanLog> read(std::string_view text) {
  const test::TempDir folder;
  const std::filesystem::path file = folder / "bus.log";
  std::ofstream(file, std::ios::binary) << text;
  return read_can_log(file);
}

TEST(CanLog, ARowHoldsWhatTheLineSays) {
  const auto log = read(
      "(1699999999.123456) can0 351#1402740E740ECC01\n\n"
      "(1699999999.200000) vcan-battery 18FF50E5#R4\r\n"
      "  can1  305   [2]  01 02\n");
  ASSERT_TRUE(log.has_value());
  ASSERT_EQ(log->rows.size(), 3U);
  EXPECT_TRUE(log->refused.empty());
  const CanLogRow& first = log->rows[0];
  EXPECT_EQ(first.time_us, 1'699'999'999'123'456);
  EXPECT_EQ(first.id, 0x351U);
  EXPECT_EQ(first.extended, 0);
  EXPECT_EQ(first.size, 8);
  EXPECT_EQ(first.data, (std::array<std::uint8_t, 8>{0x14, 2, 0x74, 0x0E, 0x74, 0x0E, 0xCC, 1}));
  EXPECT_STREQ(first.interface_name.data(), "can0");
  const CanLogRow& second = log->rows[1];
  EXPECT_EQ(second.extended, 1);
  EXPECT_EQ(second.remote, 1);
  EXPECT_EQ(second.size, 4);
  EXPECT_EQ(second.data, (std::array<std::uint8_t, 8>{}));
  EXPECT_STREQ(second.interface_name.data(), "vcan-battery");
  EXPECT_EQ(log->rows[2].time_us, CanLogRow::kNoTime);
  EXPECT_EQ(log->rows[2].data, (std::array<std::uint8_t, 8>{1, 2}));
}

TEST(CanLog, LinesThatHoldNoClassicFrameAreNamed) {
  const auto log = read(
      "(1.000000) can0 351#00\nnonsense\n(1.100000) can0 351##1AABB\n(1.200000) can0 352#00\n");
  ASSERT_TRUE(log.has_value());
  EXPECT_EQ(log->rows.size(), 2U);
  EXPECT_EQ(log->refused, (std::vector<std::size_t>{2, 3}));
}

TEST(CanLog, AFileWithoutOneFrameIsRefused) {
  const auto log = read("\nnot candump\n");
  ASSERT_FALSE(log.has_value());
  EXPECT_EQ(log.error().code, Errc::syntax);
  EXPECT_EQ(log.error().offset, 2);
  EXPECT_TRUE(read("").has_value());
  EXPECT_EQ(read_can_log("/nonexistent/bus.log").error().code, Errc::io);
}

}  // namespace
}  // namespace ems::io
