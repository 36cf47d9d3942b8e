// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_detect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/frames.hpp"
#include "support/recording_sink.hpp"

namespace ems::protocol {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> names_of(std::span<const CanDetected> list) {
  std::vector<std::string> names;
  for (const CanDetected& one : list) names.emplace_back(one.codec->name());
  return names;
}

CanFrame can(std::uint32_t id, std::string_view hex, bool extended = false) {
  return make_can_frame(id, extended, test::frame(hex)).value();
}

std::vector<CanFrame> frames_of(const nlohmann::json& vector) {
  std::vector<CanFrame> frames;
  for (const auto& one : vector.at("frames")) {
    if (one.value("rtr", false)) continue;
    const auto& id = one.at("id");
    frames.push_back(can(
        id.is_string() ? static_cast<std::uint32_t>(std::stoul(id.get<std::string>(), nullptr, 0))
                       : id.get<std::uint32_t>(),
        one.at("data_hex").get<std::string>(), one.value("ext", false)));
  }
  return frames;
}

/// Identifiers that a codec reads.
std::size_t read_by(const CanCodec& codec, const std::vector<CanFrame>& frames) {
  CanMailbox mailbox;
  test::RecordingSink sink;
  std::set<std::uint32_t> ids;
  for (const CanFrame& frame : frames) {
    const Result<CanTaken> taken = codec.decode(frame, Instant{}, mailbox, sink);
    if (taken && *taken == CanTaken::decoded) ids.insert(frame.id);
  }
  return ids.size();
}

/// Every capture of which its own protocol reads at least two identifiers.
std::map<std::string, std::pair<std::string, std::vector<CanFrame>>> captures() {
  std::map<std::string, std::pair<std::string, std::vector<CanFrame>>> result;
  for (const auto& file : std::filesystem::directory_iterator(EMS_TEST_VECTORS)) {
    const std::string name = file.path().filename().string();
    if (!name.starts_with("bms_can_")) continue;
    for (const auto& vector : test::vectors(name)) {
      const std::string protocol = vector.at("protocol");
      const Result<const Codec*> codec = find_codec(protocol);
      if (!codec || as_can(**codec) == nullptr || !vector.contains("expect")) continue;
      std::vector<CanFrame> frames = frames_of(vector);
      if (read_by(*as_can(**codec), frames) < kCanEvidenceMin) continue;
      result.insert({vector.at("id"), {protocol, std::move(frames)}});
    }
  }
  return result;
}

TEST(CanDetector, EveryWholeCaptureIsReadByItsOwnProtocolBest) {
  const auto all = captures();
  EXPECT_GT(all.size(), 30U);
  std::size_t alone = 0;
  for (const auto& [id, capture] : all) {
    CanDetector detector;
    for (const CanFrame& frame : capture.second) detector.receive(frame);
    const DetectVerdict verdict = detector.weigh();
    const std::vector<std::string> found = names_of(detector.found());
    EXPECT_THAT(found, Contains(capture.first)) << id;
    EXPECT_EQ(verdict, found.size() == 1 ? DetectVerdict::found : DetectVerdict::several) << id;
    if (verdict == DetectVerdict::found) ++alone;
  }
  EXPECT_GT(2 * alone, all.size());  // Most of them stand alone.
}

TEST(CanDetector, OneIdentifierIsNoEvidence) {
  CanDetector detector;
  for (int i = 0; i < 100; ++i) detector.receive(can(0x351, "1402740E740ECC01"));
  for (const char* changed : {"1302740E740ECC01", "1202740E740ECC01", "1102740E740ECC01"}) {
    detector.receive(can(0x351, changed));
  }
  EXPECT_EQ(detector.weigh(), DetectVerdict::nothing);
  EXPECT_THAT(detector.found(), IsEmpty());
  EXPECT_EQ(detector.frames(), 103U);
  EXPECT_EQ(detector.identifiers(), 1U);
}

TEST(CanDetector, FramesOfOthersAreNoEvidence) {
  CanDetector detector;
  for (std::uint32_t id = 0x18FEF100; id < 0x18FEF140; ++id) {
    detector.receive(can(id, "0102030405060708", true));
  }
  EXPECT_EQ(detector.weigh(), DetectVerdict::nothing);
  EXPECT_EQ(detector.identifiers(), 64U);
}

TEST(CanDetector, WhatAProtocolKeepsAndIgnoresIsNoEvidence) {
  CanDetector detector;  // Victron's reader keeps Deye's own frames to tell it from Victron.
  detector.receive(can(0x351, "48020000FC08E001"));
  detector.receive(can(0x361, "070D050DF000E600"));
  detector.receive(can(0x363, "0101020300000000"));
  detector.receive(can(0x364, "0101000001000000"));
  EXPECT_EQ(detector.weigh(), DetectVerdict::found);
  EXPECT_THAT(names_of(detector.found()), ElementsAre("deye-lv-can"));
  EXPECT_EQ(detector.found()[0].messages, 4U);
  EXPECT_THAT(names_of(detector.ranked()), Not(Contains("victron-can-bms")));
}

TEST(CanDetector, NothingHeardIsNothing) {
  CanDetector detector;
  EXPECT_EQ(detector.weigh(), DetectVerdict::nothing);
}

std::vector<std::string> spoken(const std::vector<CanFrame>& frames) {
  CanDetector detector;
  for (const CanFrame& frame : frames) detector.receive(frame);
  static_cast<void>(detector.weigh());
  return names_of(detector.found());
}

TEST(CanDetector, RelativesAreToldApartByTheIdentifiersThatOnlySomeSend) {
  std::vector<CanFrame> frames = {can(0x351, "1402740E740ECC01"), can(0x355, "1A006400"),
                                  can(0x356, "4E13020304050000")};
  const std::vector<std::string> alike = spoken(frames);
  EXPECT_THAT(alike, Contains("victron-can-bms"));
  EXPECT_EQ(alike.front(), "pylontech-lv-can");  // The most usual of them.
  frames.push_back(can(0x359, "000000000104504E"));
  frames.push_back(can(0x35C, "C000"));
  const std::vector<std::string> fewer = spoken(frames);
  EXPECT_LT(fewer.size(), alike.size());
  EXPECT_EQ(fewer.front(), "pylontech-lv-can");
  EXPECT_THAT(fewer, Not(Contains("victron-can-bms")));
}

TEST(CanDetector, OfTwoThatReadEquallyManyTheOneThatIsSpokenForWins) {
  const std::vector<CanFrame> frames = {can(0x351, "1402740E740ECC01"), can(0x355, "1A006400"),
                                        can(0x356, "4E13020304050000"),
                                        can(0x35F, "4C4901033C02AA00")};
  EXPECT_THAT(spoken(frames), ElementsAre("victron-can-bms"));
}

TEST(CanDetector, AnIdentifierOfItsOwnKeepsARelativeInTheRunning) {
  std::vector<CanFrame> frames = {can(0x351, "1402740E740ECC01"), can(0x355, "1A006400"),
                                  can(0x356, "4E13020304050000"), can(0x35A, "AAAAAAAAAAAAAAAA"),
                                  can(0x372, "0100000000000000"), can(0x373, "0100000000000000")};
  EXPECT_THAT(spoken(frames), ElementsAre("victron-can-bms"));
  frames.push_back(can(0x354, "2C01BA0000000000"));
  EXPECT_THAT(spoken(frames), ElementsAre("victron-can-bms", "discover-lv-can"));
}

TEST(CanDetector, MoreIdentifiersThanThereIsRoomForOnlyCount) {
  CanDetector detector;
  for (std::uint32_t id = 0; id < kCanDetectFrames + 10; ++id) {
    detector.receive(can(0x18000000 + id, "00", true));
  }
  EXPECT_EQ(detector.frames(), kCanDetectFrames + 10);
  EXPECT_EQ(detector.identifiers(), kCanDetectFrames);
}

}  // namespace
}  // namespace ems::protocol
