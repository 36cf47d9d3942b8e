// SPDX-License-Identifier: Apache-2.0
// Which protocol is spoken, through the C ABI: asked on a byte stream, heard on a CAN bus.
#include <ems/ems.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "c_site.hpp"

namespace ems::test {
namespace {

using Frame = std::vector<std::uint8_t>;

/// A JBD board's answer to `DD A5 03`, from examples/01-hello-battery.
const Frame kBasicInfo = {0xDD, 0x03, 0x00, 0x1D, 0x06, 0x18, 0x00, 0x00, 0x01, 0xF2, 0x01, 0xF4,
                          0x00, 0x00, 0x2C, 0x7C, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x64,
                          0x03, 0x04, 0x03, 0x0B, 0x8B, 0x0B, 0x8A, 0x0B, 0x84, 0xFA, 0x8D, 0x77};

ems_detect_settings_t settings_of(std::int32_t bit_rate) {
  auto settings = sized<ems_detect_settings_t>();
  EXPECT_EQ(ems_detect_settings_default(&settings), EMS_OK);
  settings.bit_rate = bit_rate;
  settings.listen_ms = 100;
  return settings;
}

class CDetect : public testing::Test {
 protected:
  void make(const ems_detect_settings_t& settings) {
    ASSERT_LE(ems_detector_size(), sizeof memory_);
    ASSERT_EQ(ems_detector_init(memory_, sizeof memory_, &settings, &detector_), EMS_OK);
  }
  /// Runs to the end; `reply` answers the JBD request for basic information.
  void run(const Frame& reply) {
    static const Frame kAsked = {0xDD, 0xA5, 0x03, 0x00, 0xFF, 0xFD, 0x77};
    std::uint8_t buffer[EMS_REQUEST_SIZE];
    std::int64_t now = 0;
    for (action_ = sized<ems_detect_action_t>(); action_.verdict == EMS_DETECT_RUNNING;) {
      ASSERT_EQ(ems_detector_next(detector_, now, buffer, sizeof buffer, &action_), EMS_OK);
      if (action_.has_tried == 1) tried_.push_back(action_.tried);
      if (action_.open == 1) {
        rates_.push_back(action_.bit_rate);
        ASSERT_EQ(ems_detector_line_open(detector_, now), EMS_OK);
      } else if (action_.size > 0 && !reply.empty() &&
                 std::equal(kAsked.begin(), kAsked.end(), buffer, buffer + action_.size)) {
        ASSERT_EQ(ems_detector_receive(detector_, reply.data(), reply.size(), now), EMS_OK);
      } else {
        now = std::max(now, action_.wake_at_ms);
      }
    }
  }

  std::uint64_t memory_[EMS_DETECTOR_WORDS];
  ems_detector_t* detector_ = nullptr;
  ems_detect_action_t action_{};
  std::vector<ems_detect_tried_t> tried_;
  std::vector<std::uint32_t> rates_;
};

TEST_F(CDetect, ABoardThatAnswersIsFound) {
  make(settings_of(9600));
  run(kBasicInfo);
  EXPECT_EQ(action_.verdict, EMS_DETECT_FOUND);
  EXPECT_EQ(rates_, std::vector<std::uint32_t>{9600});
  auto result = sized<ems_detection_t>();
  ASSERT_EQ(ems_detector_get_result(detector_, &result), EMS_OK);
  ASSERT_EQ(result.found_count, 1U);
  EXPECT_EQ(result.verdict, EMS_DETECT_FOUND);
  EXPECT_EQ(result.received_bytes, kBasicInfo.size());
  EXPECT_EQ(result.outcomes[EMS_DETECT_ANSWERED], 1U);
  auto found = sized<ems_detected_t>();
  ASSERT_EQ(ems_detector_found_at(detector_, 0, &found), EMS_OK);
  const ems_codec_t* jbd = nullptr;
  ASSERT_EQ(ems_codec_find("jbd", &jbd), EMS_OK);
  EXPECT_EQ(found.candidate.codec, jbd) << "goes wherever a codec goes";
  EXPECT_STREQ(found.candidate.variant, "");
  EXPECT_EQ(found.candidate.address, EMS_DETECT_USUAL);
  EXPECT_EQ(found.candidate.bit_rate, 9600U);
  EXPECT_GT(found.asked, found.answered);
  EXPECT_EQ(found.answered, 1U);
  EXPECT_EQ(found.adds_up, -1) << "no cells were read";
  EXPECT_EQ(ems_detector_found_at(detector_, 1, &found), EMS_E_OUT_OF_RANGE);
  ASSERT_FALSE(tried_.empty());
  EXPECT_EQ(tried_.front().outcome, EMS_DETECT_ANSWERED);
  EXPECT_EQ(tried_.front().error, EMS_OK);
  EXPECT_STREQ(tried_.front().error_text, "");
}

TEST_F(CDetect, ADamagedReplyIsToldWithItsReason) {
  Frame damaged = kBasicInfo;
  damaged[10] ^= 0xFF;
  make(settings_of(9600));
  run(damaged);
  EXPECT_EQ(action_.verdict, EMS_DETECT_NOTHING);
  ASSERT_FALSE(tried_.empty());
  EXPECT_EQ(tried_.front().outcome, EMS_DETECT_DAMAGED);
  EXPECT_EQ(tried_.front().error, EMS_E_CHECKSUM);
  EXPECT_STRNE(tried_.front().error_text, "");
  EXPECT_EQ(tried_.front().received, damaged.size());
}

TEST_F(CDetect, NobodyIsNothingAfterAllWaysOfAsking) {
  make(settings_of(9600));
  std::size_t ways = 0;
  std::int64_t longest_ms = 0;
  ASSERT_EQ(ems_detector_longest(detector_, &ways, &longest_ms), EMS_OK);
  run({});
  EXPECT_EQ(action_.verdict, EMS_DETECT_NOTHING);
  EXPECT_EQ(tried_.size(), ways);
  EXPECT_GT(longest_ms, 1000);
  EXPECT_TRUE(std::ranges::all_of(
      tried_, [](const auto& one) { return one.outcome == EMS_DETECT_SILENT; }));
}

TEST_F(CDetect, AnotherMasterIsHeardAndNothingIsSent) {
  make(settings_of(EMS_DETECT_USUAL));
  std::uint8_t buffer[EMS_REQUEST_SIZE];
  const Frame noise = {0x00, 0x55};
  std::int64_t now = 0;
  for (action_ = sized<ems_detect_action_t>(); action_.verdict == EMS_DETECT_RUNNING;) {
    ASSERT_EQ(ems_detector_next(detector_, now, buffer, sizeof buffer, &action_), EMS_OK);
    EXPECT_EQ(action_.size, 0U);
    if (action_.open == 1) ASSERT_EQ(ems_detector_line_open(detector_, now), EMS_OK);
    ASSERT_EQ(ems_detector_receive(detector_, noise.data(), noise.size(), now), EMS_OK);
    now += 10;
  }
  EXPECT_EQ(action_.verdict, EMS_DETECT_BUSY);
}

TEST_F(CDetect, TimeDoesNotGoBackwards) {
  make(settings_of(0));
  ASSERT_EQ(ems_detector_line_open(detector_, 10), EMS_OK);
  EXPECT_EQ(ems_detector_line_open(detector_, 9), EMS_E_OUT_OF_RANGE);
  EXPECT_EQ(ems_detector_receive(detector_, nullptr, 0, 9), EMS_E_OUT_OF_RANGE);
  std::uint8_t buffer[EMS_REQUEST_SIZE];
  auto action = sized<ems_detect_action_t>();
  EXPECT_EQ(ems_detector_next(detector_, 9, buffer, sizeof buffer, &action), EMS_E_OUT_OF_RANGE);
  EXPECT_EQ(ems_detector_next(detector_, 10, buffer, 8, &action), EMS_E_RESOURCE_EXHAUSTED);
}

TEST_F(CDetect, SettingsOutsideTheirRangeAreNamed) {
  const ems_detect_settings_t good = settings_of(0);
  const auto refused = [&](auto change, const char* name) {
    ems_detect_settings_t settings = good;
    change(settings);
    EXPECT_EQ(ems_detector_init(memory_, sizeof memory_, &settings, &detector_),
              EMS_E_OUT_OF_RANGE);
    EXPECT_EQ(std::string(ems_last_error_message()).find(name), 0U) << ems_last_error_message();
  };
  refused([](auto& s) { s.bit_rate = -2; }, "bit_rate");
  refused([](auto& s) { s.address = 256; }, "address");
  refused([](auto& s) { s.address = -2; }, "address");
  refused([](auto& s) { s.attempts = 0; }, "attempts");
  refused([](auto& s) { s.listen_ms = -1; }, "listen_ms");
  refused([](auto& s) { s.settle_ms = INT64_MAX; }, "settle_ms");
  EXPECT_EQ(ems_detector_init(memory_, 8, nullptr, &detector_), EMS_E_RESOURCE_EXHAUSTED);
}

TEST(CCanDetect, WeighsWhatItHeard) {
  std::uint64_t memory[EMS_CAN_DETECTOR_WORDS];
  ASSERT_LE(ems_can_detector_size(), sizeof memory);
  ems_can_detector_t* detector = nullptr;
  ASSERT_EQ(ems_can_detector_init(memory, sizeof memory, &detector), EMS_OK);
  auto said = sized<ems_can_detection_t>();
  ASSERT_EQ(ems_can_detector_weigh(detector, &said), EMS_OK);
  EXPECT_EQ(said.verdict, EMS_DETECT_NOTHING);
  const ems_can_frame_t frames[] = {{0x351, 0, 0, 8, 0, {0x14, 2, 0x74, 0x0E, 0x74, 0x0E, 0xCC, 1}},
                                    {0x355, 0, 0, 4, 0, {0x1A, 0, 0x64, 0}},
                                    {0x359, 0, 0, 7, 0, {0, 0, 0, 0, 1, 0x50, 0x4E}},
                                    {0x361, 0, 0, 4, 0, {0xE4, 0x0C, 0xE4, 0x0C}}};
  for (const ems_can_frame_t& frame : frames) {
    ASSERT_EQ(ems_can_detector_receive(detector, &frame), EMS_OK);
  }
  const ems_can_frame_t wrong = {0x800, 0, 0, 0, 0, {}};
  EXPECT_EQ(ems_can_detector_receive(detector, &wrong), EMS_E_OUT_OF_RANGE);
  ASSERT_EQ(ems_can_detector_weigh(detector, &said), EMS_OK);
  EXPECT_EQ(said.verdict, EMS_DETECT_FOUND);
  EXPECT_EQ(said.best_count, 1U);
  EXPECT_EQ(said.frames, 4U);
  EXPECT_EQ(said.identifiers, 4U);
  ASSERT_GT(said.ranked_count, 1U);
  auto best = sized<ems_can_detected_t>();
  ASSERT_EQ(ems_can_detector_ranked_at(detector, 0, &best), EMS_OK);
  auto info = sized<ems_codec_info_t>();
  ASSERT_EQ(ems_codec_describe(best.codec, &info), EMS_OK);
  EXPECT_STREQ(info.name, "deye-lv-can");
  EXPECT_EQ(best.messages, 4U);
  EXPECT_EQ(best.refused, 0U);
  EXPECT_EQ(best.telling, 1U);
  EXPECT_EQ(best.own, 1U);
  EXPECT_EQ(ems_can_detector_ranked_at(detector, said.ranked_count, &best), EMS_E_OUT_OF_RANGE);
  EXPECT_EQ(ems_can_detector_init(memory, 64, &detector), EMS_E_RESOURCE_EXHAUSTED);
}

}  // namespace
}  // namespace ems::test
