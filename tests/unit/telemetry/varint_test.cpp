// SPDX-License-Identifier: Apache-2.0
#include "ems/telemetry/varint.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string_view>
#include <vector>

#include "ems/telemetry/crc32.hpp"

namespace {

using namespace ems;
using namespace ems::telemetry;

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

TEST(Varint, ZigzagKeepsSmallMagnitudesSmall) {
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  const struct {
    std::int64_t value;
    std::uint64_t code;
  } cases[] = {
      {0, 0}, {-1, 1}, {1, 2}, {-2, 3}, {kMax, ~std::uint64_t{1}}, {kMin, ~std::uint64_t{0}}};
  for (const auto& c : cases) {
    EXPECT_EQ(zigzag(c.value), c.code);
    EXPECT_EQ(unzigzag(c.code), c.value);
  }
}

TEST(Varint, RoundTripsAtEveryBoundaryOfSize) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (const std::uint64_t value :
         {(std::uint64_t{1} << bit) - 1, std::uint64_t{1} << bit, ~std::uint64_t{0} >> bit}) {
      std::array<std::byte, kVarintSizeMax> buffer{};
      const std::size_t size = store_varint(buffer, 0, value);
      EXPECT_EQ(size, varint_size(value));
      std::size_t at = 0;
      const auto read = load_varint(Bytes{buffer}.first(size), at);
      ASSERT_TRUE(read) << value;
      EXPECT_EQ(*read, value);
      EXPECT_EQ(at, size);
    }
  }
}

TEST(Varint, WrongFormsHaveANameAndAnOffset) {
  const struct {
    std::vector<std::byte> data;
    Error expect;
  } cases[] = {
      {{}, {Errc::truncated, 0, ""}},
      {bytes({0x80}), {Errc::truncated, 1, ""}},
      {bytes({0x80, 0x00}), {Errc::out_of_range, 1, ""}},
      {bytes({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02}),
       {Errc::out_of_range, 9, ""}},
      {bytes({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x81, 0x00}),
       {Errc::out_of_range, 9, ""}},
  };
  for (const auto& c : cases) {
    std::size_t at = 0;
    const auto read = load_varint(c.data, at);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error(), c.expect);
    EXPECT_EQ(at, 0U);
  }
}

TEST(Crc32, HasTheCheckValueOfTheCatalogue) {
  const std::string_view text = "123456789";
  const auto data = std::as_bytes(std::span{text});
  EXPECT_EQ(crc32(data), 0xCBF43926U);
  EXPECT_EQ(crc32(data.subspan(4), crc32(data.first(4))), 0xCBF43926U);
  EXPECT_EQ(crc32({}), 0U);
}

}  // namespace
