// SPDX-License-Identifier: Apache-2.0
// Detection is polite: whatever a line says back, nothing that any protocol would take for a write
// is sent to it, unless a person allowed it; and it always ends in time.
#include <gtest/gtest.h>

#include <set>

#include "ems/protocol/detect.hpp"
#include "support/detect_line.hpp"
#include "support/seed.hpp"

namespace ems::protocol {
namespace {

using test::DetectRun;
using test::Frame;

constexpr int kRuns = 2'000;

/// Every request that switches, limits or balances, in every protocol.
std::set<Frame> command_images() {
  std::set<Frame> images;
  for (const Codec* codec : codecs()) {
    const PollCodec* poll = as_poll(*codec);
    if (poll == nullptr) continue;
    Frame out(kRequestSize);
    const auto keep = [&](const Result<std::size_t>& size) {
      if (size) images.emplace(out.begin(), out.begin() + static_cast<long>(*size));
    };
    for (const bool charge : {false, true}) {
      for (const bool discharge : {false, true}) {
        keep(poll->encode_switch({.charge_on = charge, .discharge_on = discharge}, out));
      }
      keep(poll->encode_balance({.on = charge}, out));
    }
    keep(poll->encode_limits({}, out));
  }
  return images;
}

/// As its own codec says, or any other.
bool writes_somewhere(Bytes request) {
  for (const Codec* codec : codecs()) {
    const PollCodec* poll = as_poll(*codec);
    if (poll == nullptr) continue;
    test::RecordingSink said;
    if (poll->decode_request(request, said) && said.vendor["request_write"] != 0) return true;
  }
  return false;
}

/// Replies of all boards, to be given to wrong questions too.
std::vector<Frame> all_replies() {
  std::vector<Frame> replies;
  for (const Codec* codec : codecs()) {
    if (as_poll(*codec) == nullptr) continue;
    for (const auto& vector : test::vectors("bms_serial_" + std::string(codec->name()) + ".json")) {
      if (!vector.contains("response_hex") || !vector.at("response_hex").is_string()) continue;
      Frame reply = test::frame(vector.at("response_hex").get<std::string>());
      if (!reply.empty()) replies.push_back(std::move(reply));
    }
  }
  return replies;
}

TEST(DetectProperty, NothingThatWritesIsSentWhateverTheLineSays) {
  const test::Seed seed(20260611);
  auto random = seed.engine();
  const auto below = [&random](std::size_t end) {
    return static_cast<std::size_t>(random()) % end;
  };
  const std::vector<Frame> replies = all_replies();
  const std::set<Frame> commands = command_images();
  ASSERT_GT(replies.size(), 50U);
  ASSERT_GT(commands.size(), 5U);
  std::size_t requests = 0;
  std::set<DetectVerdict> verdicts;
  for (int i = 0; i < kRuns; ++i) {
    DetectSettings settings;
    if (below(4) == 0) settings.bit_rate = 0;
    if (below(4) == 0) settings.address = static_cast<std::uint8_t>(below(256));
    settings.all_addresses = below(8) == 0;
    settings.even_if_busy = below(2) == 0;
    settings.attempts = static_cast<std::uint8_t>(1 + below(3));
    Detector detector(settings);
    const std::size_t chance = 1 + below(8);
    const DetectRun run = test::run_detector(
        detector,
        [&](Bytes request, std::uint32_t) -> std::optional<Frame> {
          switch (below(chance)) {
            case 0:
              return std::nullopt;
            case 1:
              return Frame(request.begin(), request.end());
            case 2: {
              Frame noise(1 + below(600));
              for (std::byte& byte : noise) byte = static_cast<std::byte>(random());
              return noise;
            }
            default: {
              Frame reply = replies[below(replies.size())];
              if (below(4) == 0) reply[below(reply.size())] ^= std::byte{0x10};
              return reply;
            }
          }
        },
        below(8) == 0 ? replies[below(replies.size())] : Frame{});
    verdicts.insert(detector.verdict());
    for (const Frame& request : run.requests) {
      ASSERT_FALSE(writes_somewhere(request)) << "run " << i;
      ASSERT_FALSE(commands.contains(request)) << "run " << i;
    }
    requests += run.requests.size();
  }
  EXPECT_GT(requests, 1000U);
  EXPECT_TRUE(verdicts.contains(DetectVerdict::found) &&
              verdicts.contains(DetectVerdict::nothing) && verdicts.contains(DetectVerdict::busy));
}

TEST(DetectProperty, TheOneRequestThatWritesIsAllowedByName) {
  DetectSettings settings;
  settings.ask_by_writing = true;
  Detector detector(settings);
  const DetectRun run = test::run_detector(detector, test::nobody);
  std::size_t writes = 0;
  for (const Frame& request : run.requests) writes += writes_somewhere(request) ? 1U : 0U;
  EXPECT_EQ(writes, settings.attempts);
  EXPECT_TRUE(writes_somewhere(run.requests.back()));
  EXPECT_TRUE(run.tried.back().candidate.codec->info().asks_by_writing);
}

}  // namespace
}  // namespace ems::protocol
