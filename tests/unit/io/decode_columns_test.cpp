// SPDX-License-Identifier: Apache-2.0
#include "ems/io/decode_columns.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "ems/core/errc.hpp"
#include "support/frames.hpp"

namespace ems::io {
namespace {

using test::Frame;

/// A JBD reply with a sound checksum.
Frame jbd(std::uint8_t reg, const std::vector<std::uint8_t>& data) {
  Frame frame{std::byte{0xDD}, std::byte{reg}, std::byte{0}, static_cast<std::byte>(data.size())};
  unsigned sum = static_cast<unsigned>(data.size());
  for (const std::uint8_t byte : data) {
    frame.push_back(static_cast<std::byte>(byte));
    sum += byte;
  }
  const unsigned check = 0x10000U - sum;
  frame.push_back(static_cast<std::byte>(check >> 8 & 0xFF));
  frame.push_back(static_cast<std::byte>(check & 0xFF));
  frame.push_back(std::byte{0x77});
  return frame;
}

/// Cell voltages in mV.
Frame cells(std::initializer_list<unsigned> millivolts) {
  std::vector<std::uint8_t> data;
  for (const unsigned mv : millivolts) {
    data.push_back(static_cast<std::uint8_t>(mv >> 8));
    data.push_back(static_cast<std::uint8_t>(mv & 0xFF));
  }
  return jbd(4, data);
}

Frame captured(std::string_view id) {
  for (const auto& vector : test::vectors("bms_serial_jbd.json")) {
    if (vector.at("id") == id) return test::frame(vector.at("response_hex").get<std::string>());
  }
  return {};
}

DecodedFrames decode(const std::vector<Frame>& frames) {
  const std::vector<Bytes> views(frames.begin(), frames.end());
  auto decoded = decode_columns("jbd", {}, views);
  EXPECT_TRUE(decoded.has_value());
  return std::move(*decoded);
}

const FrameColumn& column(const DecodedFrames& decoded, Signal signal) {
  const auto found = std::ranges::find(decoded.columns, signal, &FrameColumn::signal);
  EXPECT_NE(found, decoded.columns.end());
  return *found;
}

TEST(DecodeColumns, ElementsLieInRowsAsWideAsTheWidestFrame) {
  const DecodedFrames decoded =
      decode({cells({3300, 3301}), cells({3310, 3311, 3312}), cells({3320})});
  const FrameColumn& voltages = column(decoded, Signal::cell_voltage);
  EXPECT_EQ(voltages.width, 3U);
  EXPECT_EQ(voltages.values,
            (std::vector<std::int64_t>{3300, 3301, 0, 3310, 3311, 3312, 3320, 0, 0}));
  EXPECT_EQ(voltages.valid, (std::vector<std::uint8_t>{1, 1, 0, 1, 1, 1, 1, 0, 0}));
  EXPECT_EQ(decoded.errors, (std::vector<std::uint16_t>{0, 0, 0}));
}

TEST(DecodeColumns, AWrongFrameLeavesItsRowEmptyAndSaysWhy) {
  Frame wrong = cells({3300, 3301});
  wrong[5] ^= std::byte{1};
  Frame cut = cells({3300, 3301});
  cut.resize(6);
  const DecodedFrames decoded = decode({cells({3300, 3301}), wrong, cut, {}});
  const FrameColumn& voltages = column(decoded, Signal::cell_voltage);
  EXPECT_EQ(voltages.valid, (std::vector<std::uint8_t>{1, 1, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(decoded.errors[0], 0);
  EXPECT_EQ(decoded.errors[1], static_cast<int>(Errc::checksum));
  EXPECT_EQ(decoded.errors[2], static_cast<int>(Errc::truncated));
  EXPECT_EQ(decoded.errors[3], static_cast<int>(Errc::truncated));
  EXPECT_GT(decoded.offsets[1], 0);
}

TEST(DecodeColumns, FramesOfSeveralKindsMayFollowEachOther) {
  const Frame basic = captured("jbd-basic-sp04s034");
  const DecodedFrames decoded = decode({basic, cells({3300, 3301}), basic, cells({3302, 3303})});
  EXPECT_EQ(column(decoded, Signal::soc).valid, (std::vector<std::uint8_t>{1, 0, 1, 0}));
  EXPECT_EQ(column(decoded, Signal::soc).values[0], column(decoded, Signal::soc).values[2]);
  EXPECT_EQ(column(decoded, Signal::cell_voltage).values,
            (std::vector<std::int64_t>{0, 0, 3300, 3301, 0, 0, 3302, 3303}));
  EXPECT_TRUE(std::ranges::is_sorted(decoded.columns, {}, &FrameColumn::signal));
}

TEST(DecodeColumns, AnOpenSensorIsNotAValue) {
  const Frame basic = captured("jbd-basic-sp04s034");
  std::vector<std::uint8_t> data;
  for (std::size_t i = 4; i < basic.size() - 3; ++i)
    data.push_back(std::to_integer<std::uint8_t>(basic[i]));
  data[19] = 101;  // A state of charge above 100 % is none.
  const DecodedFrames decoded = decode({jbd(3, data)});
  EXPECT_EQ(column(decoded, Signal::soc).valid, (std::vector<std::uint8_t>{0}));
  EXPECT_EQ(column(decoded, Signal::soc).values, (std::vector<std::int64_t>{0}));
}

TEST(DecodeColumns, KindsOfFrameThatAreManyAndGrowStayApart) {
  std::vector<Frame> frames;
  for (unsigned n = 1; n <= 30; ++n) {
    std::vector<std::uint8_t> data;
    for (unsigned i = 0; i < n; ++i) {
      data.push_back(0x0D);
      data.push_back(static_cast<std::uint8_t>(n));
    }
    frames.push_back(jbd(4, data));
    frames.push_back(captured("jbd-basic-sp04s034"));
    if (n % 3 == 0) frames.push_back(cells({3300}));
  }
  const DecodedFrames decoded = decode(frames);
  const FrameColumn& voltages = column(decoded, Signal::cell_voltage);
  ASSERT_EQ(voltages.width, 30U);
  std::size_t row = 0;
  for (unsigned n = 1; n <= 30; ++n) {
    for (unsigned i = 0; i < 30; ++i) {
      EXPECT_EQ(voltages.valid[row * 30 + i], i < n ? 1 : 0) << n << " " << i;
      EXPECT_EQ(voltages.values[row * 30 + i], i < n ? 0x0D00 + n : 0) << n << " " << i;
    }
    EXPECT_EQ(voltages.valid[(row + 1) * 30], 0);
    EXPECT_EQ(column(decoded, Signal::soc).valid[row + 1], 1);
    row += n % 3 == 0 ? 3 : 2;
    if (n % 3 == 0) {
      EXPECT_EQ(voltages.values[(row - 1) * 30], 3300);
    }
  }
}

TEST(DecodeColumns, TheRequestIsChecked) {
  const Frame basic = captured("jbd-basic-sp04s034");
  const Frame asked = test::frame("DDA50400FFFC77");  // For the cells.
  const Bytes view = basic;
  const auto decoded = decode_columns("jbd", asked, {&view, 1});
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->errors[0], static_cast<int>(Errc::header));
}

TEST(DecodeColumns, NothingInNothingOut) {
  EXPECT_TRUE(decode({}).columns.empty());
  const auto unknown = decode_columns("no_such_protocol", {}, {});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, Errc::unknown_protocol);
}

}  // namespace
}  // namespace ems::io
