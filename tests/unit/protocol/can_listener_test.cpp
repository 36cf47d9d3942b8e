// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/can_listener.hpp"

#include <gtest/gtest.h>

#include "ems/protocol/can_lv/codec.hpp"
#include "ems/protocol/candump.hpp"
#include "support/recording_sink.hpp"

namespace ems::protocol {
namespace {

using test::RecordingSink;

CanFrame can(std::string_view text) { return to_can_frame(parse_can_text(text).value()).value(); }

constexpr Instant at(std::int64_t ms) { return Instant{milliseconds(ms)}; }

const CanFrame kOwn = can("356#7B13E9FE6B01");
const CanFrame kForeign = can("110#00");
const CanFrame kBroken = can("356#7B");

class CanListenerTest : public testing::Test {
 protected:
  void hear(const CanFrame& frame, Instant now) { listener_.receive(frame, now, sink_); }

  CanListener listener_{can_lv::codec()};
  RecordingSink sink_;
};

TEST_F(CanListenerTest, IsOfflineUntilTheBusIsThere) {
  EXPECT_EQ(listener_.health(), LinkHealth::offline);
  hear(kOwn, at(0));
  EXPECT_TRUE(sink_.empty());
  EXPECT_EQ(listener_.next(at(0)).wake_at, Instant{Duration::max()});
  EXPECT_EQ(listener_.counters(), CanListenerCounters{});
}

TEST_F(CanListenerTest, OnlyASoundFrameOfItsOwnMakesItOnline) {
  listener_.link_up(at(0));
  EXPECT_EQ(listener_.health(), LinkHealth::recovering);
  hear(kForeign, at(10));
  hear(kBroken, at(20));
  hear({.id = 0x800}, at(25));
  EXPECT_EQ(listener_.health(), LinkHealth::recovering);
  EXPECT_EQ(listener_.last_error(), (Error{Errc::out_of_range, 0}));
  hear(kOwn, at(30));
  EXPECT_EQ(listener_.health(), LinkHealth::online);
  EXPECT_EQ(sink_.value(Signal::pack_voltage), 49'870);
  EXPECT_EQ(listener_.counters(),
            (CanListenerCounters{.received = 4, .decoded = 1, .ignored = 1, .errors = 2}));
}

TEST_F(CanListenerTest, SendsNothingWhereItOnlyListens) {
  CanListener silent(can_lv::codec(), true);
  silent.link_up(at(0));
  for (std::int64_t ms = 0; ms <= 60'000; ms += 100) EXPECT_FALSE(silent.next(at(ms)).frame);
  silent.receive(kOwn, at(60'000), sink_);
  EXPECT_EQ(silent.health(), LinkHealth::online);
  EXPECT_EQ(silent.next(at(60'000)).wake_at, at(65'000));
  EXPECT_EQ(silent.counters().sent, 0U);
}

TEST_F(CanListenerTest, SendsThePlanInItsOwnTime) {
  listener_.link_up(at(100));
  CanAction action = listener_.next(at(100));
  ASSERT_TRUE(action.frame);
  EXPECT_EQ(*action.frame, can("305#0000000000000000"));
  EXPECT_EQ(action.what, "keep-alive");
  EXPECT_EQ(action.wake_at, at(1'100));
  EXPECT_FALSE(listener_.next(at(1'099)).frame);
  EXPECT_TRUE(listener_.next(at(1'150)).frame);  // A little late: the rhythm stays.
  EXPECT_EQ(listener_.next(at(1'151)).wake_at, at(2'100));
  action = listener_.next(at(3'300));  // More than a period late: a new rhythm, nothing made up.
  EXPECT_TRUE(action.frame);
  EXPECT_EQ(action.wake_at, at(4'300));
  EXPECT_FALSE(listener_.next(at(3'301)).frame);
  EXPECT_EQ(listener_.counters().sent, 3U);
}

TEST_F(CanListenerTest, FallsSilentAfterQuietTime) {
  listener_.link_up(at(0));
  hear(kOwn, at(1'000));
  EXPECT_LE(listener_.next(at(1'000)).wake_at, at(6'000));
  (void)listener_.next(at(5'999));  // Only its effect on health counts here.
  EXPECT_EQ(listener_.health(), LinkHealth::online);
  (void)listener_.next(at(6'000));
  EXPECT_EQ(listener_.health(), LinkHealth::recovering);
  EXPECT_EQ(listener_.last_error(), (Error{Errc::timeout, 0}));
  EXPECT_EQ(listener_.counters().silences, 1U);
  hear(kOwn, at(6'500));
  EXPECT_EQ(listener_.health(), LinkHealth::online);
  EXPECT_EQ(listener_.counters().recoveries, 1U);
}

TEST_F(CanListenerTest, ABusyBusIsNotALivingBattery) {
  listener_.link_up(at(0));
  hear(kOwn, at(0));
  for (int ms = 100; ms <= 6'000; ms += 100) {
    hear(kForeign, at(ms));
    hear(kBroken, at(ms));
  }
  EXPECT_EQ(listener_.health(), LinkHealth::recovering);
  EXPECT_EQ(listener_.counters().silences, 1U);
}

TEST_F(CanListenerTest, SaysWhetherAnythingIsHeardAtAll) {
  listener_.link_up(at(0));
  (void)listener_.next(at(5'000));  // Only the error counts here.
  EXPECT_STREQ(listener_.last_error()->what, "no frame arrives from the battery");
  hear(kForeign, at(6'000));
  (void)listener_.next(at(10'000));
  EXPECT_STREQ(listener_.last_error()->what, "frames arrive, but none that this protocol knows");
  EXPECT_EQ(listener_.counters().silences, 0U);  // It never spoke.
}

TEST_F(CanListenerTest, AnotherConnectionIsAnotherConversation) {
  listener_.link_up(at(0));
  hear(can("35A#0400000000000000"), at(0));
  EXPECT_NE(sink_.value(Signal::alarms), 0);
  listener_.link_down(at(10));
  EXPECT_EQ(listener_.health(), LinkHealth::offline);
  EXPECT_EQ(listener_.last_error()->code, Errc::unavailable);
  EXPECT_FALSE(listener_.next(at(20)).frame);
  listener_.link_up(at(30));
  EXPECT_TRUE(listener_.next(at(30)).frame);
  hear(can("35A#0000000000000000"), at(40));
  EXPECT_EQ(sink_.value(Signal::alarms), 0);
}

TEST(CanMailbox, KeepsTheNewestFrameAndTheNoteOfEachIdentifier) {
  CanMailbox mailbox;
  CanSlot* slot = mailbox.put(can("351#01"), at(1));
  ASSERT_NE(slot, nullptr);
  slot->note = 7;
  ASSERT_NE(mailbox.put(can("00000351#02"), at(2)), nullptr);
  ASSERT_EQ(mailbox.put(can("351#03"), at(3)), slot);
  EXPECT_EQ(mailbox.size(), 2U);
  EXPECT_EQ(mailbox.find(0x351)->frame, can("351#03"));
  EXPECT_EQ(mailbox.find(0x351)->received_at, at(3));
  EXPECT_EQ(mailbox.find(0x351)->note, 7U);
  EXPECT_EQ(mailbox.find(0x351, true)->frame, can("00000351#02"));
  EXPECT_EQ(mailbox.find(0x352), nullptr);
  mailbox.clear();
  EXPECT_EQ(mailbox.find(0x351), nullptr);
}

TEST(CanMailbox, WhenFullKeepsWhatItKnows) {
  CanMailbox mailbox;
  for (std::uint32_t id = 0; id < kCanMailboxSize; ++id) {
    ASSERT_NE(mailbox.put({.id = id}, at(0)), nullptr);
  }
  EXPECT_EQ(mailbox.put({.id = kCanMailboxSize}, at(1)), nullptr);
  EXPECT_EQ(mailbox.size(), kCanMailboxSize);
  EXPECT_NE(mailbox.put({.id = 0, .size = 1}, at(2)), nullptr);
  EXPECT_EQ(mailbox.find(0)->frame.size, 1);
}

TEST(CanFrame, IsValidWhenItFits) {
  const std::array<std::byte, 9> data{};
  EXPECT_TRUE(make_can_frame(0x7FF, false, Bytes(data).first(8)).value().valid());
  EXPECT_EQ(make_can_frame(0x800, false, {}).error().code, Errc::out_of_range);
  EXPECT_TRUE(make_can_frame(0x1FFFFFFF, true, {}).value().valid());
  EXPECT_EQ(make_can_frame(0x20000000, true, {}).error().code, Errc::out_of_range);
  EXPECT_EQ(make_can_frame(1, false, data).error(), (Error{Errc::length, 8}));
  EXPECT_FALSE((CanFrame{.id = 0x800}).valid());
  EXPECT_FALSE((CanFrame{.size = 9}).valid());
  EXPECT_TRUE((CanFrame{.remote = true, .size = 8}).payload().empty());
}

}  // namespace
}  // namespace ems::protocol
