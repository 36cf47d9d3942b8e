// SPDX-License-Identifier: Apache-2.0
#include "ems/io/detect.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "ems/io/link/can_endpoint.hpp"
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

TEST(CanEndpoint, IsReadWithTheWordsAndDefaultsOfASiteFile) {
  const auto read = [](std::string_view text) { return parse_can_endpoint(text).value(); };
  EXPECT_EQ(read("socketcan:can0"), BatteryLink(SocketcanEndpoint{"can0"}));
  EXPECT_EQ(read("slcan:/dev/ttyACM0"), BatteryLink(SlcanEndpoint{"/dev/ttyACM0", 115'200, {}}));
  EXPECT_EQ(read("slcan:/dev/a:b@57600"), BatteryLink(SlcanEndpoint{"/dev/a:b", 57'600, {}}));
  EXPECT_EQ(read("slcan_tcp:[::1]:3333"), BatteryLink(SlcanTcpEndpoint{{"::1", 3333}, {}}));
  EXPECT_EQ(read("socketcand:h:29536"), BatteryLink(SocketcandEndpoint{{"h", 29'536}, "can0"}));
  EXPECT_EQ(read("socketcand:h:1/vcan1"), BatteryLink(SocketcandEndpoint{{"h", 1}, "vcan1"}));
  EXPECT_EQ(read("cannelloni:h:20000"),
            BatteryLink(CannelloniEndpoint{{"h", 20'000}, {"0.0.0.0", 20'000}}));
  EXPECT_EQ(read("cannelloni:h:1,[::]:2"), BatteryLink(CannelloniEndpoint{{"h", 1}, {"::", 2}}));
}

TEST(CanEndpoint, WhatIsNoneIsRefusedWithThePlace) {
  const std::pair<std::string_view, std::size_t> cases[] = {{"", 0},
                                                            {"can0", 0},
                                                            {"serial:/dev/x", 0},
                                                            {"socketcan:", 10},
                                                            {"slcan:", 6},
                                                            {"slcan:@9600", 6},
                                                            {"slcan:/d@fast", 9},
                                                            {"slcan:/d@0", 9},
                                                            {"slcan:/d@", 9},
                                                            {"slcan_tcp:h", 10},
                                                            {"slcan_tcp:h:0", 10},
                                                            {"socketcand:h", 11},
                                                            {"socketcand:h:1/", 15},
                                                            {"cannelloni:h", 11},
                                                            {"cannelloni:h:1,x", 15},
                                                            {"cannelloni:h:1,", 15}};
  for (const auto& [text, offset] : cases) {
    const Result<BatteryLink> read = parse_can_endpoint(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Errc::syntax) << text;
    EXPECT_EQ(read.error().offset, offset) << text;
  }
}

TEST(Detect, ACanBusIsListenedToAtTheRatesOfTheProtocolsOrTheOneThatIsSaid) {
  const BatteryLink adapter = SlcanEndpoint{"p", 115'200, {}};
  const std::vector<std::uint32_t> rates = can_bit_rates(adapter, {});
  ASSERT_GE(rates.size(), 2U);
  EXPECT_EQ(rates[0], 500'000U);
  EXPECT_EQ(rates[1], 250'000U);
  EXPECT_EQ(can_bit_rates(adapter, {.bit_rate = 125'000}), std::vector<std::uint32_t>{125'000});
  const BatteryLink stated = SlcanTcpEndpoint{{"h", 1}, 50'000};
  EXPECT_EQ(can_bit_rates(stated, {.bit_rate = 125'000}), std::vector<std::uint32_t>{50'000});
  EXPECT_EQ(can_bit_rates(SocketcanEndpoint{"can0"}, {}), std::vector<std::uint32_t>{0});
}

TEST(Detect, LinesOfTheSiteFileSayTheCanBus) {
  const protocol::CanCodec* codec = protocol::as_can(**protocol::find_codec("pylontech-lv-can"));
  const protocol::CanDetected pylontech{.codec = codec};
  const CanDetection heard{.bit_rate = 500'000};
  const std::string head = "batteries:\n  - id: 1\n    protocol: pylontech-lv-can\n    ";
  const auto lines = [&](std::string_view bus) {
    return site_lines(parse_can_endpoint(bus).value(), heard, pylontech);
  };
  EXPECT_EQ(lines("socketcan:can0"), head + "socketcan: {interface: can0}\n");
  EXPECT_EQ(lines("slcan:/dev/x@9600"), head + "slcan: {device: /dev/x, baud: 9600}\n");
  EXPECT_EQ(lines("slcan_tcp:h:1"), head + "slcan_tcp: {address: \"h:1\"}\n");
  EXPECT_EQ(lines("socketcand:[::1]:2/b"), head + "socketcand: {address: \"[::1]:2\", bus: b}\n");
  EXPECT_EQ(lines("cannelloni:h:1"),
            head + "cannelloni: {address: \"h:1\", listen: \"0.0.0.0:20000\"}\n");
}

}  // namespace
}  // namespace ems::io
