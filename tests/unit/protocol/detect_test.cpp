// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/detect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ems/protocol/eg4_ll/codec.hpp"
#include "ems/protocol/pace_modbus/codec.hpp"
#include "ems/protocol/register_map/device.hpp"
#include "ems/protocol/renogy/codec.hpp"
#include "support/detect_line.hpp"

namespace ems::protocol {
namespace {

using test::DetectRun;
using test::frame;
using test::Frame;
using test::nobody;
using test::run_detector;
using test::VectorBoard;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class EveryBoard : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryBoard, IsFoundByItsOwnReplies) {
  Detector detector({});
  const DetectRun run = run_detector(detector, VectorBoard(GetParam()));
  EXPECT_THAT(run.names(detector), ElementsAre(GetParam()));
  ASSERT_EQ(detector.verdict(), DetectVerdict::found);
  const Detected& found = detector.found().front();
  EXPECT_EQ(found.candidate.bit_rate, found.candidate.codec->info().bit_rates.front());
  EXPECT_GE(found.asked, found.answered);
  EXPECT_GE(found.answered, 1);
}

INSTANTIATE_TEST_SUITE_P(Detector, EveryBoard,
                         ::testing::Values("ant", "ant_old", "daly_a5", "daly_modbus", "daly_p81",
                                           "jbd", "jk_4e57", "jk_55aa", "lifepower", "pace",
                                           "pace_eg4", "pylontech", "pylontech_rt", "seplos_v2",
                                           "seplos_v2_bin", "seplos_v3", "tdt"),
                         [](const auto& tested) { return tested.param; });

DetectSettings with_listening(Duration listen) {
  DetectSettings settings;
  settings.listen = listen;
  return settings;
}

/// A board that answers with the frame of one vector, whatever is asked in its protocol.
Frame reply_of(const std::string& file, const std::string& id) {
  for (const auto& vector : test::vectors(file)) {
    if (vector.at("id") == id) return frame(vector.at("response_hex").get<std::string>());
  }
  ADD_FAILURE() << "no vector " << id;
  return {};
}

TEST(Detector, EveryProtocolIsAskedWhenNobodyAnswersAndTheTimeIsKnownBefore) {
  Detector detector({});
  const DetectRun run = run_detector(detector, nobody);
  EXPECT_EQ(detector.verdict(), DetectVerdict::nothing);
  EXPECT_THAT(detector.found(), IsEmpty());
  std::set<std::string_view> asked;
  for (const DetectTried& tried : run.tried) {
    EXPECT_EQ(tried.outcome, DetectOutcome::silent);
    asked.insert(tried.candidate.codec->name());
  }
  for (const Codec* codec : codecs()) {
    EXPECT_EQ(asked.contains(codec->name()), as_poll(*codec) != nullptr) << codec->name();
  }
  EXPECT_EQ(run.tried.size(), detector.candidate_count());
  EXPECT_EQ(run.requests.size(), 2 * run.tried.size());
  // Each opening of the line costs its settling.
  const auto openings = static_cast<int>(run.rates.size());
  EXPECT_LE(run.took, detector.longest() + milliseconds(50) * openings);
  EXPECT_GE(run.took + milliseconds(50) * openings, detector.longest());
  EXPECT_LT(detector.longest(), seconds(90));
  EXPECT_EQ(detector.heard().count(DetectOutcome::silent), run.tried.size());
}

TEST(Detector, TheRateOfMostProtocolsComesFirstAndTheLineIsSeldomOpened) {
  Detector detector({});
  const DetectRun run = run_detector(detector, nobody);
  EXPECT_THAT(run.rates, ElementsAre(9600, 115200, 19200, 9600, 115200, 19200));
  EXPECT_EQ(run.tried.front().candidate.codec->name(), "jbd");
}

TEST(Detector, WhatItFindsIsAskedForTheRestOfItsPlan) {
  Detector detector({});
  const DetectRun run = run_detector(detector, VectorBoard("jbd"));
  const Detected& found = detector.found().front();
  EXPECT_EQ(found.asked, found.candidate.codec->poll_plan().size());
  EXPECT_GT(found.answered, 1);
  EXPECT_EQ(run.tried.back().outcome, DetectOutcome::answered);
  EXPECT_EQ(run.requests.size(), found.asked);  // The first protocol asked, and no sibling.
}

/// A simulated board on Modbus: of these nobody has published the first replies.
std::vector<std::string> found_on(const register_map::MapCodec& codec) {
  constexpr std::uint8_t kCells = 16;
  register_map::Device device(codec);
  EXPECT_TRUE(device.set(Signal::pack_voltage, 52'800));
  static_cast<void>(device.set_count(Signal::cell_voltage, kCells));  // Not every map has it.
  for (std::uint16_t cell = 1; cell <= kCells; ++cell) {
    EXPECT_TRUE(device.set(Signal::cell_voltage, 3'300, cell));
  }
  Detector detector({});
  const DetectRun run =
      run_detector(detector, [&](Bytes request, std::uint32_t rate) -> std::optional<Frame> {
        Frame reply(kReplySize);
        reply.resize(rate == 9600 ? device.answer(request, reply) : 0);
        return reply.empty() ? std::nullopt : std::optional(reply);
      });
  EXPECT_EQ(detector.found().front().adds_up, true);
  return run.names(detector);
}

TEST(Detector, SimulatedModbusBoardsAreFound) {
  EXPECT_THAT(found_on(renogy::codec()), ElementsAre("renogy"));
  EXPECT_THAT(found_on(pace_modbus::codec()), ElementsAre("pace_modbus"));
}

TEST(Detector, ABoardWhoseRegistersAreAnothersTooIsReadBothWays) {
  // All of PACE's registers are among EG4's: it is PACE's request that is answered first.
  const std::vector<std::string> names = found_on(eg4_ll::codec());
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(names.front(), "eg4_ll");
}

TEST(Detector, VariantsThatTheReplyCannotTellAreNamed) {
  Detector ant({});
  run_detector(ant, VectorBoard("ant"));
  EXPECT_EQ(ant.found().front().variants, 0b1111U);
  Detector pylontech({});
  run_detector(pylontech, VectorBoard("pylontech"));
  EXPECT_EQ(pylontech.found().front().candidate.variant, "module");
  EXPECT_EQ(pylontech.found().front().variants, 0b0001U);
}

TEST(Detector, AFixedRateIsNeverChanged) {
  DetectSettings settings;
  settings.bit_rate = 0;
  Detector detector(settings);
  const DetectRun silent = run_detector(detector, nobody);
  EXPECT_THAT(silent.rates, ElementsAre(0));
  EXPECT_THAT(silent.tried, Not(IsEmpty()));
  Detector tcp(settings);
  const VectorBoard board("jk_4e57");
  const DetectRun run =
      run_detector(tcp, [&board](Bytes request, std::uint32_t) { return board(request, 115'200); });
  EXPECT_THAT(run.names(tcp), ElementsAre("jk_4e57"));
  EXPECT_EQ(tcp.found().front().candidate.bit_rate, 0U);
}

TEST(Detector, OtherRatesOfAProtocolComeAfterTheUsualOnes) {
  Detector detector({});
  const VectorBoard board("pylontech");
  const DetectRun run = run_detector(detector, [&board](Bytes request, std::uint32_t rate) {
    return rate == 9600 ? board(request, 115'200) : std::nullopt;
  });
  EXPECT_THAT(run.names(detector), ElementsAre("pylontech"));
  EXPECT_EQ(detector.found().front().candidate.bit_rate, 9600U);
  EXPECT_THAT(run.rates, ElementsAre(9600, 115200, 19200, 9600));
}

TEST(Detector, AnotherAddressIsAskedWhenItIsGivenOrAllAreWanted) {
  const Frame reply = reply_of("bms_serial_seplos_v3.json", "seplosv3-pia-sg16");
  const auto board = [&reply](Bytes request, std::uint32_t rate) -> std::optional<Frame> {
    if (rate != 19'200 || request[0] != std::byte{1}) return std::nullopt;
    return request[1] == std::byte{4} && load_be16(request, 2) == 0x1000 ? std::optional(reply)
                                                                         : std::nullopt;
  };
  Detector usual({});
  run_detector(usual, board);
  EXPECT_EQ(usual.verdict(), DetectVerdict::nothing);
  DetectSettings settings;
  settings.address = 1;
  Detector given(settings);
  EXPECT_THAT(run_detector(given, board).names(given), ElementsAre("seplos_v3"));
  EXPECT_EQ(given.found().front().candidate.address, 1);
  settings.address.reset();
  settings.all_addresses = true;
  Detector all(settings);
  EXPECT_THAT(run_detector(all, board).names(all), ElementsAre("seplos_v3"));
  EXPECT_GT(all.candidate_count(), usual.candidate_count());
}

TEST(Detector, AnAddressThatAProtocolCannotHaveLeavesItOut) {
  DetectSettings settings;
  settings.address = 0xF7;
  Detector detector(settings);
  const DetectRun run = run_detector(detector, nobody);
  std::set<std::string_view> asked;
  for (const DetectTried& tried : run.tried) asked.insert(tried.candidate.codec->name());
  EXPECT_TRUE(asked.contains("renogy") && asked.contains("jbd"));
  EXPECT_FALSE(asked.contains("daly_a5"));
}

// ---- writing -----------------------------------------------------------------------------------

/// The board's answer to a trigger: a captured frame, and the acknowledgement.
std::optional<Frame> jk_pb(Bytes request, std::uint32_t rate) {
  constexpr std::size_t kAcknowledged = 6;
  if (rate != 115'200 || request[1] != std::byte{0x10}) return std::nullopt;
  Frame reply;
  for (const auto& vector : test::vectors("bms_serial_jk_55aa.json")) {
    if (!vector.contains("response_hex") || !vector.at("response_hex").is_string()) continue;
    const Frame whole = frame(vector.at("response_hex").get<std::string>());
    if (whole.size() < 300 || whole[4] != std::byte{2} || !vector.contains("expect")) continue;
    reply.assign(whole.begin(), whole.begin() + 300);
    break;
  }
  reply.push_back({});
  reply.insert(reply.end(), request.begin(), request.begin() + kAcknowledged);
  std::uint16_t crc = 0xFFFF;  // Modbus.
  for (std::size_t i = 301; i < reply.size(); ++i) {
    crc = static_cast<std::uint16_t>(crc ^ std::to_integer<unsigned>(reply[i]));
    for (int bit = 0; bit < 8; ++bit) {
      crc = static_cast<std::uint16_t>((crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1);
    }
  }
  reply.push_back(static_cast<std::byte>(crc & 0xFF));
  reply.push_back(static_cast<std::byte>(crc >> 8));
  reply.push_back({});
  return reply;
}

TEST(Detector, TheTriggerOfJkIsSentOnDemandOnlyAndLast) {
  Detector polite({});
  run_detector(polite, jk_pb);
  EXPECT_EQ(polite.verdict(), DetectVerdict::nothing);
  DetectSettings settings;
  settings.ask_by_writing = true;
  Detector detector(settings);
  const DetectRun run = run_detector(detector, jk_pb);
  EXPECT_THAT(run.names(detector), ElementsAre("jk_pb_modbus"));
  EXPECT_EQ(detector.found().front().candidate.variant, "trigger");
  ASSERT_GT(run.tried.size(), polite.candidate_count());
  for (std::size_t i = 0; i < run.tried.size(); ++i) {
    EXPECT_EQ(run.tried[i].candidate.variant == "trigger", i == polite.candidate_count());
  }
}

TEST(Detector, NothingIsWrittenToABoardThatWasFound) {
  DetectSettings settings;
  settings.ask_by_writing = true;
  Detector detector(settings);
  const DetectRun run = run_detector(detector, VectorBoard("jk_4e57"));
  const PollCodec& codec = *detector.found().front().candidate.codec;
  EXPECT_EQ(codec.name(), "jk_4e57");
  EXPECT_FALSE(test::is_write(codec, run.requests.back()));
}

// ---- other masters, echoes, noise --------------------------------------------------------------

TEST(Detector, ALineInUseIsNotDisturbed) {
  Detector detector({});
  const DetectRun run = run_detector(detector, VectorBoard("jbd"), frame("0055AA"));
  EXPECT_EQ(detector.verdict(), DetectVerdict::busy);
  EXPECT_THAT(run.requests, IsEmpty());
  EXPECT_THAT(detector.found(), IsEmpty());
  EXPECT_GE(detector.heard().unasked, 3U);
  EXPECT_THAT(run.rates, ElementsAre(9600, 115200, 19200));  // It listened at each.
}

TEST(Detector, WhatIsHeardIsNamedWithoutAQuestion) {
  Detector detector({});
  const Frame heard = reply_of("bms_serial_jbd.json", "jbd-basic-sp04s034");
  const DetectRun run = run_detector(detector, nobody, heard);
  EXPECT_EQ(detector.verdict(), DetectVerdict::busy);
  EXPECT_THAT(run.requests, IsEmpty());
  EXPECT_THAT(run.names(detector), ElementsAre("jbd"));
  EXPECT_EQ(detector.found().front().asked, 0);
}

TEST(Detector, ALineInUseIsAskedWhenAPersonInsists) {
  DetectSettings settings;
  settings.even_if_busy = true;
  Detector detector(settings);
  const DetectRun run = run_detector(detector, VectorBoard("jbd"), frame("0055AA"));
  EXPECT_THAT(run.names(detector), ElementsAre("jbd"));
  EXPECT_GT(detector.heard().unasked, 0U);
}

TEST(Detector, ALineWhoseEndsAreTiedTogetherIsNoBattery) {
  Detector detector(with_listening(Duration::zero()));
  const DetectRun run = run_detector(detector, [](Bytes request, std::uint32_t) {
    return std::optional(Frame(request.begin(), request.end()));
  });
  EXPECT_EQ(detector.verdict(), DetectVerdict::nothing);
  EXPECT_EQ(detector.heard().count(DetectOutcome::echo), run.tried.size());
}

TEST(Detector, NoiseIsNoAnswer) {
  Detector detector({});
  const DetectRun run = run_detector(
      detector, [](Bytes, std::uint32_t) { return std::optional(frame("FFFE00FC7E0D")); });
  EXPECT_EQ(detector.verdict(), DetectVerdict::nothing);
  EXPECT_EQ(detector.heard().count(DetectOutcome::noise), run.tried.size());
  EXPECT_EQ(detector.heard().bytes, 6 * run.requests.size());
  EXPECT_EQ(run.tried.front().bytes, 12U);
}

TEST(Detector, ADamagedReplyIsAskedForAgainAndAWholeOneCounts) {
  const VectorBoard board("jbd");
  int replies = 0;
  const auto flaky = [&](Bytes request, std::uint32_t rate) {
    std::optional<Frame> reply = board(request, rate);
    if (reply && ++replies == 1) (*reply)[6] ^= std::byte{1};
    return reply;
  };
  Detector detector({});
  EXPECT_THAT(run_detector(detector, flaky).names(detector), ElementsAre("jbd"));

  const auto broken = [&](Bytes request, std::uint32_t rate) {
    std::optional<Frame> reply = board(request, rate);
    if (reply) (*reply)[6] ^= std::byte{1};
    return reply;
  };
  Detector none({});
  const DetectRun run = run_detector(none, broken);
  EXPECT_EQ(none.verdict(), DetectVerdict::nothing);
  EXPECT_EQ(run.tried.front().outcome, DetectOutcome::damaged);
  ASSERT_TRUE(run.tried.front().error);
  EXPECT_EQ(run.tried.front().error->code, Errc::checksum);
}

TEST(Detector, ARefusalIsNoAnswer) {
  // A Modbus device, unit 1, that knows none of the registers.
  const auto refusing = [](Bytes request, std::uint32_t) -> std::optional<Frame> {
    if (request[0] != std::byte{1} || request[1] != std::byte{3}) return std::nullopt;
    return frame("018302C0F1");
  };
  Detector detector({});
  const DetectRun run = run_detector(detector, refusing);
  EXPECT_EQ(detector.verdict(), DetectVerdict::nothing);
  EXPECT_GT(detector.heard().count(DetectOutcome::refused), 2U);
  EXPECT_EQ(run.requests.size(), 2 * run.tried.size());
}

// ---- ambiguity ---------------------------------------------------------------------------------

TEST(Detector, ADeviceThatAnswersEveryRegisterIsCalledAmbiguous) {
  const auto lazy = [](Bytes request, std::uint32_t rate) -> std::optional<Frame> {
    if (rate != 9600 || request.size() != 8 || request[0] != std::byte{1} ||
        request[1] != std::byte{3}) {
      return std::nullopt;
    }
    const std::size_t bytes = std::size_t{2} * load_be16(request, 4);
    Frame reply{request[0], request[1], static_cast<std::byte>(bytes)};
    for (std::size_t i = 0; i < bytes; ++i) reply.push_back(static_cast<std::byte>(i % 2 * 0x30));
    std::uint16_t crc = 0xFFFF;
    for (const std::byte byte : reply) {
      crc = static_cast<std::uint16_t>(crc ^ std::to_integer<unsigned>(byte));
      for (int bit = 0; bit < 8; ++bit) {
        crc = static_cast<std::uint16_t>((crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1);
      }
    }
    reply.push_back(static_cast<std::byte>(crc & 0xFF));
    reply.push_back(static_cast<std::byte>(crc >> 8));
    return reply;
  };
  Detector detector({});
  const DetectRun run = run_detector(detector, lazy);
  EXPECT_EQ(detector.verdict(), DetectVerdict::several);
  const std::vector<std::string> names = run.names(detector);
  EXPECT_GE(names.size(), 2U);
  EXPECT_THAT(names, Contains("pace_modbus"));
  for (std::size_t i = 1; i < detector.found().size(); ++i) {  // Best first.
    const Detected& a = detector.found()[i - 1];
    const Detected& b = detector.found()[i];
    EXPECT_GE(a.answered * b.asked, b.answered * a.asked);
  }
}

TEST(Detector, LateRepliesDoNotCountForTheNextProtocol) {
  Detector detector(with_listening(Duration::zero()));
  std::array<std::byte, kRequestSize> out{};
  Instant now{};
  ASSERT_TRUE(detector.next(now, out).open_at);
  detector.line_open(now);
  now = detector.next(now, out).wake_at;  // The line settles.
  DetectAction asked = detector.next(now, out);
  ASSERT_GT(asked.size, 0U);
  now = asked.wake_at;  // The reply timeout.
  asked = detector.next(now, out);
  EXPECT_EQ(asked.size, 0U);  // The line settles.
  detector.receive(reply_of("bms_serial_jbd.json", "jbd-basic-sp04s034"), now);
  EXPECT_THAT(detector.found(), IsEmpty());
  EXPECT_GT(detector.heard().bytes, 0U);
}

}  // namespace
}  // namespace ems::protocol
