// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/cannelloni.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/frames.hpp"

namespace ems::protocol {
namespace {

constexpr const char* kTwo = "020007000200000351081402740E740ECC0180004210083F08307592041864";

TEST(Cannelloni, ReadsTheFramesOfADatagram) {
  const auto datagram = test::frame(kTwo);
  auto reader = CannelloniReader::open(datagram).value();
  EXPECT_EQ(reader.sequence(), 7);
  EXPECT_EQ(reader.next()->id, 0x351U);
  const auto second = reader.next();
  EXPECT_TRUE(second->extended);
  EXPECT_EQ(second->id, 0x4210U);
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.next());
}

TEST(Cannelloni, EveryCutOfADatagramIsRefused) {
  const auto datagram = test::frame(kTwo);
  for (std::size_t size = 0; size < datagram.size(); ++size) {
    const auto reader = CannelloniReader::open(Bytes(datagram).first(size));
    ASSERT_FALSE(reader) << size;
    EXPECT_EQ(reader.error(), (Error{Errc::truncated, static_cast<std::uint16_t>(size)}));
  }
}

TEST(Cannelloni, RefusesWhatIsNoneWithItsPlace) {
  const struct {
    const char* hex;
    Errc code;
    std::uint16_t offset;
  } cases[] = {
      {"0100000000", Errc::header, 0},
      {"0201000000", Errc::header, 1},
      {"020000000000", Errc::length, 5},
      {"020000000100000351091122334455667788FF", Errc::length, 9},
      {"02000000010000080000", Errc::out_of_range, 5},
      {"0200000001000003518A00", Errc::length, 9},
      {"02000000010000035180", Errc::truncated, 10},
      {"02000000012000000483011122"
       "33",
       Errc::length, 9},
      {"0200000001400003518000", Errc::length, 9},
      {"0200000002000003510000000800"
       "00",
       Errc::out_of_range, 10},
  };
  for (const auto& c : cases) {
    const auto datagram = test::frame(c.hex);
    const auto reader = CannelloniReader::open(datagram);
    ASSERT_FALSE(reader) << c.hex;
    EXPECT_EQ(reader.error(), (Error{c.code, c.offset})) << c.hex << reader.error().what;
  }
}

TEST(Cannelloni, KnowsErrorFramesAndCanFd) {
  const auto datagram = test::frame(
      "0200000002"
      "20000004"
      "08"
      "0000000000000000"
      "00000123"
      "8C"
      "03"
      "0102030405060708090A0B0C");
  auto reader = CannelloniReader::open(datagram).value();
  const auto error = reader.next().value();
  EXPECT_EQ(error.kind, CanRecordKind::error);
  EXPECT_EQ(error.id, 4U);
  const auto fd = reader.next().value();
  EXPECT_EQ(fd.kind, CanRecordKind::fd);
  EXPECT_EQ(fd.size, 12);
  EXPECT_EQ(fd.fd_flags, 3);
  EXPECT_EQ(to_can_frame(error).error().code, Errc::unimplemented);
  EXPECT_EQ(to_can_frame(fd).error().code, Errc::unimplemented);
  const CanRecord both[] = {error, fd};
  std::vector<std::byte> room(datagram.size());
  EXPECT_EQ(encode_cannelloni(0, both, room).value(), datagram.size());
  EXPECT_EQ(room, datagram);
}

TEST(Cannelloni, WritesOnlyWhatFits) {
  const auto frame = make_can_frame(0x351, false, test::frame("1402")).value();
  const CanRecord records[] = {to_can_record(frame), to_can_record(frame)};
  const std::size_t whole = kCannelloniHeaderSize + 2 * (5 + 2);
  std::vector<std::byte> room(whole);
  EXPECT_EQ(encode_cannelloni(9, records, room).value(), whole);
  EXPECT_EQ(encode_cannelloni(9, records, MutableBytes(room).first(whole - 1)).error(),
            (Error{Errc::resource_exhausted, 1}));
  EXPECT_EQ(encode_cannelloni(9, records, MutableBytes(room).first(4)).error(),
            (Error{Errc::resource_exhausted, 0}));
}

TEST(CannelloniSequence, CountsWhatIsMissingAndDropsWhatIsLate) {
  CannelloniSequence peer;
  for (const int sequence : {250, 251, 255, 0, 1}) {  // Wraps; 252 .. 254 are missing.
    EXPECT_TRUE(peer.take(static_cast<std::uint8_t>(sequence))) << sequence;
  }
  EXPECT_EQ(peer.lost(), 3U);
  for (const int late : {253, 1, 0}) {  // Late, twice, twice.
    EXPECT_FALSE(peer.take(static_cast<std::uint8_t>(late))) << late;
  }
  EXPECT_EQ(peer.late(), 3U);
  EXPECT_TRUE(peer.take(2));
  EXPECT_EQ(peer.lost(), 3U);
}

TEST(CannelloniSequence, APeerThatBeginsAnewIsBelieved) {
  CannelloniSequence peer;
  EXPECT_TRUE(peer.take(100));
  EXPECT_FALSE(peer.take(100 - CannelloniSequence::kLateMax));
  EXPECT_TRUE(peer.take(100 - CannelloniSequence::kLateMax - 1));
  EXPECT_TRUE(peer.take(0));
  EXPECT_TRUE(peer.take(1));
  EXPECT_EQ(peer.lost(), 0U);
}

}  // namespace
}  // namespace ems::protocol
