// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/rjxzs/codec.hpp"

#include <gtest/gtest.h>

#include "ems/protocol/can_listener.hpp"
#include "support/can_talk.hpp"

namespace ems::protocol::rjxzs {
namespace {

using test::CanTalk;
using test::RecordingSink;

TEST(Rjxzs, TheCurrentHasTheSignOfTheStatusFrame) {
  CanTalk talk(codec());
  const RecordingSink unknown = talk.hear("0F5#0302000064010000");
  EXPECT_EQ(unknown.value(Signal::pack_voltage), 51'200);
  EXPECT_EQ(unknown.value(Signal::pack_current), std::nullopt);
  EXPECT_EQ(unknown.missing_points.size(), 1U);
  EXPECT_EQ(talk.hear("0F5#0302000000010000").value(Signal::pack_current), 0);
  (void)talk.hear("0F5#0600190040000000");
  EXPECT_EQ(talk.hear("0F5#0302000064010000").value(Signal::pack_current), -10'000);
  (void)talk.hear("0F5#0700190040000000");  // Another part does not push it out.
  EXPECT_EQ(talk.hear("0F5#0302000064010000").value(Signal::pack_current), -10'000);
  (void)talk.hear("0F5#0600190000000000");
  EXPECT_EQ(talk.hear("0F5#0302000064010000").value(Signal::pack_current), 10'000);
  EXPECT_EQ(talk.hear("0F5#0302000064010000", Instant{seconds(10)}).value(Signal::pack_current),
            std::nullopt);  // The direction is of long ago.
}

TEST(Rjxzs, AStatusFrameThatIsCutGivesNoDirection) {
  CanTalk talk(codec());
  (void)talk.hear("0F5#06001900");
  EXPECT_EQ(talk.hear("0F5#0302000064010000").value(Signal::pack_current), std::nullopt);
  EXPECT_TRUE(talk.hear("0F5#0302000064").missing_points.size() == 1U);
}

TEST(Rjxzs, CellsReachFromPart07To46) {
  CanTalk talk(codec());
  EXPECT_EQ(talk.hear("0F5#070CE40CE50CE600").value(Signal::cell_voltage, 1), 3'300);
  EXPECT_EQ(talk.hear("0F5#460CE40CE50CE600").value(Signal::cell_voltage, 192), 3'302);
  EXPECT_TRUE(talk.hear("0F5#470CE40CE50CE600").empty());
}

TEST(Rjxzs, NoChargeStateIsNotEmptyAndNothingSaysThatAllIsWell) {
  CanTalk talk(codec());
  EXPECT_EQ(talk.hear("0F5#0400000000000000").value(Signal::soc), std::nullopt);
  EXPECT_EQ(talk.hear("0F5#0400000037000000").value(Signal::soc), 5'500);
  const RecordingSink log = talk.hear("0F5#53000000000000F3");
  EXPECT_EQ(log.vendor.at("last_protection"), 3);
  EXPECT_EQ(log.value(Signal::alarms), std::nullopt);
}

TEST(Rjxzs, TheWidthOfItsIdentifierIsAVariantAndTheHostsIsLong) {
  CanTalk standard(codec());
  EXPECT_TRUE(standard.ignores("000000F5#070CE40CE50CE600"));
  CanTalk extended(codec(), {.variant = "extended"});
  EXPECT_TRUE(extended.ignores("0F5#070CE40CE50CE600"));
  (void)extended.hear("000000F5#070CE40CE50CE600");
  const auto plan = codec().send_plan();
  ASSERT_EQ(plan.size(), 2U);
  EXPECT_EQ(codec().frame_of(plan[0]), test::can("000000F4#100002"));
  EXPECT_EQ(codec().frame_of(plan[1]), test::can("000000F4#1C0002"));
}

TEST(Rjxzs, TheStartFramesEndWhenTheBoardSpeaksAndReturnWhenItFallsSilent) {
  CanListener listener(codec());
  const auto sent = [&listener](std::int64_t s) {
    int frames = 0;
    while (listener.next(Instant{seconds(s)}).frame) ++frames;
    return frames;
  };
  listener.link_up(Instant{});
  EXPECT_EQ(sent(0), 2);
  EXPECT_EQ(sent(10), 2);
  RecordingSink sink;
  listener.receive(test::can("0F5#070CE40CE50CE600"), Instant{seconds(15)}, sink);
  EXPECT_EQ(sent(20), 0);
  EXPECT_EQ(sent(24), 0);
  EXPECT_EQ(sent(30), 2);  // Silent for 10 s.
}

}  // namespace
}  // namespace ems::protocol::rjxzs
