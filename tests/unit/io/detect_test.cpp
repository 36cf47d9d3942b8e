// SPDX-License-Identifier: Apache-2.0
#include "ems/io/detect.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "support/temp_dir.hpp"

namespace ems::io {
namespace {

using nlohmann::json;
using protocol::Detected;
using protocol::DetectVerdict;

Detected detected(std::string_view name) {
  const protocol::Codec* codec = *protocol::find_codec(name);
  return {.candidate = {.codec = protocol::as_poll(*codec), .bit_rate = 9600},
          .variants = 0b11,
          .asked = 4,
          .answered = 3,
          .adds_up = true};
}

TEST(Detect, LinesOfTheSiteFileSayProtocolAndPortAndOnlyWhatIsKnown) {
  EXPECT_EQ(site_lines("/dev/ttyUSB0", detected("jbd")),
            "batteries:\n  - id: 1\n    protocol: jbd\n"
            "    serial: {device: /dev/ttyUSB0, baud: 9600}\n");
  Detected daly = detected("daly_a5");
  daly.candidate.variant = "frames_from_1";
  daly.candidate.address = 0x41;
  EXPECT_EQ(site_lines(TcpEndpoint{"::1", 4001}, daly),
            "batteries:\n  - id: 1\n    protocol: daly_a5\n    variant: frames_from_1\n"
            "    address: 65\n    tcp: {address: \"[::1]:4001\"}\n");
  daly.asked = 0;  // It was only listened to: nobody knows the variant.
  EXPECT_EQ(site_lines("p", daly).find("variant"), std::string::npos);
}

TEST(Detect, TheResultIsJson) {
  Detection detection{.verdict = DetectVerdict::several};
  Detected daly = detected("daly_a5");
  daly.candidate.variant = "frames_from_1";
  detection.found = {daly, detected("jbd")};
  detection.found[1].adds_up.reset();
  detection.found[1].candidate.bit_rate = 0;
  detection.heard.unasked = 7;
  detection.heard.outcomes[1] = 5;
  const json said = json::parse(to_json(detection));
  EXPECT_EQ(said["verdict"], "several");
  EXPECT_EQ(said["found"][0], json::parse(R"({"protocol": "daly_a5", "variant": "frames_from_1",
      "variants": ["frames_from_1", "frames_from_0"], "bit_rate": 9600, "asked": 4, "answered": 3,
      "adds_up": true})"));
  EXPECT_EQ(said["found"][1], json::parse(R"({"protocol": "jbd", "asked": 4, "answered": 3})"));
  EXPECT_EQ(said["heard"]["unasked_bytes"], 7);
  EXPECT_EQ(said["heard"]["echo"], 5);
}

TEST(Detect, TheRateOfALineBehindTcpIsLeftAlone) {
  protocol::DetectSettings settings;
  EXPECT_EQ(settings_for(TcpEndpoint{"h", 1}, settings).bit_rate, 0U);
  EXPECT_FALSE(settings_for("/dev/ttyUSB0", settings).bit_rate);
}

TEST(Detect, APortThatIsNotThereIsSaid) {
  const test::TempDir folder;
  const Detection detection = detect_serial(folder / "none", {});
  ASSERT_TRUE(detection.failed);
  EXPECT_EQ(detection.failed->error.code, Errc::io);
  EXPECT_EQ(detection.verdict, DetectVerdict::running);
}

TEST(Detect, WhoCancelsGetsThePortBack) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(master, 0);
  ASSERT_EQ(::grantpt(master) + ::unlockpt(master), 0);
  const std::string port = ::ptsname(master);
  int asked = 0;
  const DetectWatch watch{.cancelled = [&asked] { return ++asked > 3; }};
  EXPECT_TRUE(detect_serial(port, {}, watch).cancelled);
  asked = 0;  // Opened exclusively: it would fail were it still held.
  const Detection again = detect_serial(port, {}, watch);
  EXPECT_TRUE(again.cancelled && !again.failed);
  ::close(master);
}

TEST(Detect, ARecordingOfACanBusIsWeighed) {
  const test::TempDir folder;
  const std::filesystem::path file = folder / "bus.log";
  std::ofstream(file)
      << "(0.000000) can0 351#1402740E740ECC01\n(0.020000) can0 355#1A006400\n"
         "(0.040000) can0 356#4E13020304050000\n(0.060000) can0 359#0000000001504E00\n"
         "(0.080000) can0 35C#C000\n";
  const Result<CanDetection> detection = detect_recording(file);
  ASSERT_TRUE(detection);
  EXPECT_EQ(detection->frames, 5U);
  EXPECT_EQ(detection->identifiers, 5U);
  const json said = json::parse(to_json(*detection));
  EXPECT_EQ(said["found"][0]["protocol"], "pylontech-lv-can");
  EXPECT_EQ(said["found"].size(), detection->best);
  EXPECT_EQ(said["found"].size() + said["others"].size(), detection->ranked.size());
  EXPECT_EQ(detect_recording(folder / "none").error().code, Errc::io);
}

}  // namespace
}  // namespace ems::io
