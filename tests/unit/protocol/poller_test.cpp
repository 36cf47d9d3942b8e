// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/poller.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "ems/protocol/jbd/codec.hpp"
#include "support/frames.hpp"
#include "support/jbd_device.hpp"
#include "support/recording_sink.hpp"

namespace ems::protocol {
namespace {

using test::Frame;
using test::frame;
using test::JbdDevice;
using test::RecordingSink;

constexpr PollerSettings kSettings{.period = seconds(1),
                                   .reply_timeout = milliseconds(200),
                                   .settle = milliseconds(50),
                                   .retries = 3};

const Frame kAskBasicInfo = frame("DDA50300FFFD77");
const Frame kAskCells = frame("DDA50400FFFC77");
const Frame kAskModel = frame("DDA50500FFFB77");
const Frame kAskErrors = frame("DDA5AA00FF5677");
const Frame kChargeOff = frame("DD5AE1020001FF1C77");
const Frame kAllOff = frame("DD5AE1020003FF1A77");

/// A poller, a board and a hand-driven clock.
struct Rig {
  explicit Rig(const PollerSettings& settings = kSettings) : poller(jbd::codec(), settings) {}

  /// One call of next(); what it sent.
  Frame step() {
    std::array<std::byte, kRequestSize> out{};
    const PollerAction action = poller.next(now, out);
    wake_at = action.wake_at;
    EXPECT_EQ(action.size == 0, action.what.empty());
    return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(action.size)};
  }
  void receive(const Frame& bytes) { poller.receive(bytes, now, sink); }
  void advance(Duration by) { now = now + by; }
  void wake() { now = std::max(now, wake_at); }
  /// The board answers the request within 10 ms.
  void exchange(const Frame& expected) {
    const Frame request = step();
    ASSERT_EQ(request, expected);
    advance(10_ms);
    receive(device.answer(request));
  }
  /// Up, and the first round answered.
  void come_online() {
    poller.link_up(now);
    exchange(kAskBasicInfo);
    exchange(kAskCells);
    exchange(kAskModel);
    exchange(kAskErrors);
    ASSERT_EQ(step(), Frame{});
    ASSERT_EQ(poller.health(), LinkHealth::online);
  }
  /// Goes silent until the poller waits for recovery; next() was called last.
  void lose_device() {
    while (poller.health() == LinkHealth::online) {
      wake();
      step();
    }
  }
  void wake_and_expect(const Frame& expected) {
    wake();
    EXPECT_EQ(step(), expected);
  }

  JbdDevice device;
  RecordingSink sink;
  Poller poller;
  Instant now{seconds(100)};
  Instant wake_at{};
};

TEST(Poller, SaysNothingBeforeTheLinkIsUp) {
  Rig rig;
  EXPECT_EQ(rig.step(), Frame{});
  EXPECT_EQ(rig.wake_at, Instant{Duration::max()});
  EXPECT_EQ(rig.poller.health(), LinkHealth::offline);
  rig.receive(frame("DD04"));
  EXPECT_EQ(rig.poller.counters().noise_bytes, 2U);
}

TEST(Poller, IsNotOnlineBeforeTheFirstReply) {
  Rig rig;
  rig.poller.link_up(rig.now);
  EXPECT_EQ(rig.poller.health(), LinkHealth::recovering);
  rig.exchange(kAskBasicInfo);
  EXPECT_EQ(rig.poller.health(), LinkHealth::online);
  EXPECT_EQ(rig.sink.value(Signal::pack_voltage), 53'120);
  EXPECT_EQ(rig.poller.counters().recoveries, 0U);
}

TEST(Poller, AsksThePlanInOrderOncePerPeriod) {
  Rig rig;
  const Instant start = rig.now;
  rig.come_online();
  EXPECT_EQ(rig.wake_at, start + 1_s);
  for (int round = 1; round < 60; ++round) {
    rig.wake();
    EXPECT_EQ(rig.now, start + seconds(round));
    rig.exchange(kAskBasicInfo);
    rig.exchange(kAskCells);
    EXPECT_EQ(rig.step(), Frame{}) << round;
  }
  rig.wake();
  rig.exchange(kAskBasicInfo);
  rig.exchange(kAskCells);
  rig.exchange(kAskErrors);  // Every 60th round; the model only once.
  EXPECT_EQ(rig.poller.counters().requests, rig.poller.counters().replies);
}

TEST(Poller, OneRequestIsOutstandingAtATime) {
  Rig rig;
  rig.poller.link_up(rig.now);
  EXPECT_EQ(rig.step(), kAskBasicInfo);
  EXPECT_EQ(rig.wake_at, rig.now + 200_ms);
  EXPECT_EQ(rig.step(), Frame{});
  rig.advance(199_ms);
  EXPECT_EQ(rig.step(), Frame{});
  EXPECT_EQ(rig.poller.counters().requests, 1U);
}

TEST(Poller, MissedRoundsAreNotMadeUpFor) {
  Rig rig;
  rig.come_online();
  rig.advance(10_s);
  const Instant late = rig.now;
  rig.exchange(kAskBasicInfo);
  rig.exchange(kAskCells);
  EXPECT_EQ(rig.step(), Frame{});
  EXPECT_EQ(rig.wake_at, late + 1_s);
}

TEST(Poller, ASlightlyLateWakeKeepsTheRhythm) {
  Rig rig;
  const Instant start = rig.now;
  rig.come_online();
  rig.wake();
  rig.advance(30_ms);
  rig.exchange(kAskBasicInfo);
  rig.exchange(kAskCells);
  EXPECT_EQ(rig.step(), Frame{});
  EXPECT_EQ(rig.wake_at, start + 2_s);
}

TEST(Poller, RetriesThreeTimesThenWaitsFiveFifteenSixtySeconds) {
  Rig rig;
  rig.poller.link_up(rig.now);
  for (int attempt = 0; attempt < 4; ++attempt) {
    ASSERT_EQ(rig.step(), kAskBasicInfo) << attempt;
    rig.wake();
    ASSERT_EQ(rig.step(), Frame{}) << attempt;
    if (attempt < 3) {
      EXPECT_EQ(rig.wake_at, rig.now + 50_ms);
      rig.wake();
    }
  }
  EXPECT_EQ(rig.poller.last_error()->code, Errc::timeout);
  for (const Duration wait : {5_s, 15_s, 60_s, 60_s, 60_s}) {
    EXPECT_EQ(rig.wake_at, rig.now + wait);
    EXPECT_EQ(rig.poller.health(), LinkHealth::recovering);
    rig.wake();
    ASSERT_EQ(rig.step(), kAskBasicInfo);  // One probe.
    rig.wake();
    ASSERT_EQ(rig.step(), Frame{});
  }
  EXPECT_EQ(rig.poller.counters().timeouts, 9U);
  EXPECT_EQ(rig.poller.counters().requests, 9U);
}

TEST(Poller, AnsweredProbeStartsAfresh) {
  Rig rig;
  rig.come_online();
  rig.lose_device();
  EXPECT_EQ(rig.wake_at, rig.now + 5_s);
  rig.wake();
  rig.exchange(kAskBasicInfo);
  EXPECT_EQ(rig.poller.health(), LinkHealth::online);
  EXPECT_EQ(rig.poller.counters().recoveries, 1U);
  rig.exchange(kAskCells);
  rig.exchange(kAskModel);  // Perhaps another board now: identify it again.
  rig.exchange(kAskErrors);
  EXPECT_EQ(rig.step(), Frame{});
  rig.lose_device();
  EXPECT_EQ(rig.wake_at, rig.now + 5_s);  // Success reset the schedule.
}

TEST(Poller, AReplyToARetryCountsAsSuccess) {
  Rig rig;
  rig.poller.link_up(rig.now);
  EXPECT_EQ(rig.step(), kAskBasicInfo);
  rig.wake_and_expect({});
  rig.wake();
  rig.exchange(kAskBasicInfo);
  EXPECT_EQ(rig.poller.health(), LinkHealth::online);
  rig.exchange(kAskCells);
}

TEST(Poller, SkipsAnItemThatTheDeviceDoesNotKnow) {
  Rig rig;
  rig.poller.link_up(rig.now);
  rig.exchange(kAskBasicInfo);
  rig.exchange(kAskCells);
  for (int attempt = 0; attempt < 4; ++attempt) {
    ASSERT_EQ(rig.step(), kAskModel);
    rig.wake();
    ASSERT_EQ(rig.step(), Frame{});
    rig.wake();
  }
  rig.exchange(kAskBasicInfo);  // Is it there at all?
  EXPECT_EQ(rig.poller.health(), LinkHealth::online);
  rig.exchange(kAskErrors);  // The model is not asked again.
}

TEST(Poller, ASilentItemCostsOneAttemptFromThenOn) {
  PollerSettings settings = kSettings;
  settings.period = seconds(10);
  Rig rig(settings);
  rig.poller.link_up(rig.now);
  rig.exchange(kAskBasicInfo);
  for (int attempt = 0; attempt < 4; ++attempt) {
    ASSERT_EQ(rig.step(), kAskCells);
    rig.wake();
    ASSERT_EQ(rig.step(), Frame{});
    rig.wake();
  }
  rig.exchange(kAskBasicInfo);
  rig.exchange(kAskModel);
  rig.exchange(kAskErrors);
  rig.step();
  rig.wake();
  rig.exchange(kAskBasicInfo);
  ASSERT_EQ(rig.step(), kAskCells);
  rig.wake_and_expect({});
  rig.wake();
  rig.exchange(kAskBasicInfo);  // At once the probe, no repetition.
  EXPECT_EQ(rig.step(), Frame{});
  rig.wake();
  rig.exchange(kAskBasicInfo);
  rig.exchange(kAskCells);  // It answers again ...
  rig.step();
  rig.wake();
  rig.exchange(kAskBasicInfo);
  ASSERT_EQ(rig.step(), kAskCells);
  rig.wake_and_expect({});
  rig.wake_and_expect(kAskCells);  // ... and gets its repetitions back.
}

TEST(Poller, ASilentDeviceIsFoundOutThroughAnyItem) {
  Rig rig;
  rig.poller.link_up(rig.now);
  rig.exchange(kAskBasicInfo);
  rig.lose_device();
  EXPECT_EQ(rig.poller.counters().requests, 1U + 4U + 1U);  // Four for the cells, one probe.
  EXPECT_EQ(rig.wake_at, rig.now + 5_s);
}

TEST(Poller, SplitAndMergedChunksReadAlike) {
  const Frame reply = JbdDevice{}.answer(kAskBasicInfo);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{20}}) {
    Rig rig;
    rig.poller.link_up(rig.now);
    EXPECT_EQ(rig.step(), kAskBasicInfo);
    for (std::size_t at = 0; at < reply.size(); at += piece) {
      EXPECT_EQ(rig.poller.counters().replies, 0U);
      const std::size_t end = std::min(at + piece, reply.size());
      rig.receive({reply.begin() + static_cast<std::ptrdiff_t>(at),
                   reply.begin() + static_cast<std::ptrdiff_t>(end)});
    }
    EXPECT_EQ(rig.poller.counters().replies, 1U) << piece;
    EXPECT_EQ(rig.poller.counters().noise_bytes, 0U);
    EXPECT_EQ(rig.sink.value(Signal::soc), 5'000);
  }
  Rig rig;
  rig.poller.link_up(rig.now);
  EXPECT_EQ(rig.step(), kAskBasicInfo);
  Frame merged = frame("00FF");
  merged.insert(merged.end(), reply.begin(), reply.end());
  merged.insert(merged.end(), reply.begin(), reply.end());
  rig.receive(merged);
  EXPECT_EQ(rig.poller.counters().replies, 1U);  // One reply per request; the rest is noise.
  EXPECT_EQ(rig.poller.counters().noise_bytes, 2U + reply.size());
}

TEST(Poller, FindsTheReplyBehindNoiseThatLooksLikeAFrame) {
  Rig rig;
  rig.poller.link_up(rig.now);
  EXPECT_EQ(rig.step(), kAskBasicInfo);
  Frame bytes = frame("55DD030004");  // A false start that swallows the head of the real reply.
  const Frame reply = rig.device.answer(kAskBasicInfo);
  bytes.insert(bytes.end(), reply.begin(), reply.end());
  rig.receive(bytes);
  EXPECT_EQ(rig.poller.counters().replies, 1U);
  EXPECT_EQ(rig.poller.counters().other_errors, 1U);  // Its end byte was wrong.
  EXPECT_EQ(rig.poller.counters().noise_bytes, 5U);
  EXPECT_EQ(rig.sink.value(Signal::pack_voltage), 53'120);
}

TEST(Poller, ADamagedReplyIsAskedForAgainWithoutWaitingOutTheTimeout) {
  Rig rig;
  rig.poller.link_up(rig.now);
  EXPECT_EQ(rig.step(), kAskBasicInfo);
  Frame reply = rig.device.answer(kAskBasicInfo);
  reply[5] ^= std::byte{0x10};
  rig.receive(reply);
  EXPECT_EQ(rig.poller.counters().checksum_errors, 1U);
  EXPECT_EQ(rig.poller.last_error()->code, Errc::checksum);
  EXPECT_TRUE(rig.sink.empty());
  EXPECT_EQ(rig.step(), Frame{});
  EXPECT_EQ(rig.wake_at, rig.now + 50_ms);
  rig.wake();
  rig.exchange(kAskBasicInfo);
  EXPECT_EQ(rig.poller.counters().timeouts, 0U);
  EXPECT_EQ(rig.poller.counters().replies, 1U);
}

TEST(Poller, ADeviceThatOnlySendsDamageIsNotOnline) {
  Rig rig;
  rig.poller.link_up(rig.now);
  for (int attempt = 0; attempt < 4; ++attempt) {
    ASSERT_EQ(rig.step(), kAskBasicInfo);
    rig.receive(frame("DD030000000177"));
    rig.step();
    if (attempt < 3) rig.wake();
  }
  EXPECT_EQ(rig.poller.health(), LinkHealth::recovering);
  EXPECT_EQ(rig.wake_at, rig.now + 5_s);
  EXPECT_EQ(rig.poller.counters().checksum_errors, 4U);
}

TEST(Poller, LateReplyOfAnEarlierRequestIsDropped) {
  Rig rig;
  rig.poller.link_up(rig.now);
  rig.exchange(kAskBasicInfo);
  EXPECT_EQ(rig.step(), kAskCells);
  const Frame late = rig.device.answer(kAskBasicInfo);
  rig.device.pack_centivolt = 1;
  const std::size_t before = rig.sink.readings.size();
  rig.receive(late);
  EXPECT_EQ(rig.sink.readings.size(), before);
  EXPECT_EQ(rig.poller.counters().noise_bytes, late.size());
  rig.receive(rig.device.answer(kAskCells));
  EXPECT_EQ(rig.sink.value(Signal::cell_voltage, 16), 3'320);
  EXPECT_EQ(rig.poller.counters().replies, 2U);
}

TEST(Poller, BytesBetweenTwoAttemptsAreDropped) {
  Rig rig;
  rig.poller.link_up(rig.now);
  EXPECT_EQ(rig.step(), kAskBasicInfo);
  const Frame reply = rig.device.answer(kAskBasicInfo);
  rig.receive({reply.begin(), reply.begin() + 10});
  rig.wake_and_expect({});  // Timed out with half a reply.
  rig.receive({reply.begin() + 10, reply.end()});
  EXPECT_TRUE(rig.sink.empty());
  EXPECT_EQ(rig.poller.counters().noise_bytes, reply.size());
  rig.wake();
  rig.exchange(kAskBasicInfo);
  EXPECT_EQ(rig.poller.counters().replies, 1U);
}

TEST(Poller, ARefusalIsAnAnswer) {
  Rig rig;
  rig.poller.link_up(rig.now);
  rig.exchange(kAskBasicInfo);
  rig.exchange(kAskCells);
  EXPECT_EQ(rig.step(), kAskModel);
  rig.receive(rig.device.reply(0x05, 0x80, {}));
  EXPECT_EQ(rig.poller.health(), LinkHealth::online);
  EXPECT_EQ(rig.poller.last_error()->code, Errc::device_error);
  EXPECT_EQ(rig.poller.counters().device_errors, 1U);
  EXPECT_EQ(rig.poller.counters().replies, 2U);
  rig.exchange(kAskErrors);
}

TEST(Poller, CommandGoesBeforeTheNextPoll) {
  Rig rig;
  rig.poller.link_up(rig.now);
  rig.exchange(kAskBasicInfo);
  EXPECT_EQ(rig.step(), kAskCells);
  ASSERT_TRUE(rig.poller.request(SwitchCommand{.charge_on = false}));
  EXPECT_EQ(rig.poller.command_state(), CommandState::queued);
  EXPECT_EQ(rig.step(), Frame{});  // The outstanding poll is not disturbed.
  rig.receive(rig.device.answer(kAskCells));
  EXPECT_EQ(rig.sink.acks, 0);
  EXPECT_EQ(rig.step(), kChargeOff);
  EXPECT_EQ(rig.poller.command_state(), CommandState::sent);
  rig.receive(rig.device.answer(kChargeOff));
  EXPECT_EQ(rig.poller.command_state(), CommandState::acknowledged);
  EXPECT_EQ(rig.sink.acks, 1);
  EXPECT_FALSE(rig.device.charge_on);
  rig.exchange(kAskModel);  // The round goes on where it was.
}

TEST(Poller, NewerCommandReplacesOneThatWaitsOrIsRepeated) {
  Rig rig;
  rig.come_online();
  ASSERT_TRUE(rig.poller.request(SwitchCommand{.charge_on = false}));
  EXPECT_EQ(rig.step(), kChargeOff);
  ASSERT_TRUE(rig.poller.request(SwitchCommand{.charge_on = false, .discharge_on = false}));
  rig.wake_and_expect({});  // The first one timed out; it is not repeated.
  EXPECT_EQ(rig.poller.command_state(), CommandState::queued);
  rig.wake_and_expect(kAllOff);
  rig.wake_and_expect({});
  ASSERT_TRUE(rig.poller.request(SwitchCommand{.charge_on = false}));
  rig.wake_and_expect(kChargeOff);  // Between two attempts.
  rig.receive(rig.device.answer(kChargeOff));
  EXPECT_EQ(rig.poller.command_state(), CommandState::acknowledged);
}

TEST(Poller, AcknowledgementOfASupersededCommandIsNotTheNewOnes) {
  Rig rig;
  rig.come_online();
  ASSERT_TRUE(rig.poller.request(SwitchCommand{.charge_on = false}));
  EXPECT_EQ(rig.step(), kChargeOff);
  ASSERT_TRUE(rig.poller.request(SwitchCommand{.charge_on = false, .discharge_on = false}));
  rig.receive(rig.device.answer(kChargeOff));
  EXPECT_EQ(rig.poller.command_state(), CommandState::queued);
  EXPECT_EQ(rig.step(), kAllOff);
  rig.receive(rig.device.answer(kAllOff));
  EXPECT_EQ(rig.poller.command_state(), CommandState::acknowledged);
}

TEST(Poller, CommandWithoutAnswerFailsAndPollingGoesOn) {
  Rig rig;
  rig.come_online();
  ASSERT_TRUE(rig.poller.request(SwitchCommand{.charge_on = false}));
  for (int attempt = 0; attempt < 4; ++attempt) {
    ASSERT_EQ(rig.step(), kChargeOff);
    rig.wake_and_expect({});
    rig.wake();
  }
  EXPECT_EQ(rig.poller.command_state(), CommandState::failed);
  EXPECT_EQ(rig.poller.command_error()->code, Errc::timeout);
  rig.exchange(kAskBasicInfo);  // The probe.
  EXPECT_EQ(rig.poller.health(), LinkHealth::online);
  rig.wake_and_expect(kAskBasicInfo);
}

TEST(Poller, RefusedCommandFailsWithTheDevicesError) {
  Rig rig;
  rig.come_online();
  ASSERT_TRUE(rig.poller.request(SwitchCommand{.charge_on = false}));
  EXPECT_EQ(rig.step(), kChargeOff);
  rig.receive(rig.device.reply(0xE1, 0x80, {}));
  EXPECT_EQ(rig.poller.command_state(), CommandState::failed);
  EXPECT_EQ(rig.poller.command_error()->code, Errc::device_error);
  EXPECT_EQ(rig.poller.health(), LinkHealth::online);
}

TEST(Poller, CommandNeverOutlivesTheConversation) {
  Rig rig;
  EXPECT_EQ(rig.poller.request(SwitchCommand{}).error().code, Errc::unavailable);
  rig.come_online();
  ASSERT_TRUE(rig.poller.request(SwitchCommand{.charge_on = false}));
  rig.poller.link_down(rig.now);
  EXPECT_EQ(rig.poller.command_state(), CommandState::failed);
  EXPECT_EQ(rig.poller.command_error()->code, Errc::unavailable);
  EXPECT_EQ(rig.poller.health(), LinkHealth::offline);
  rig.poller.link_up(rig.now);
  EXPECT_EQ(rig.step(), kAskBasicInfo);  // Not the command.
  EXPECT_EQ(rig.poller.request(SwitchCommand{}).error().code, Errc::unavailable);
}

TEST(Poller, AWithdrawnCommandIsNotSentAndNotRepeated) {
  constexpr Error kWhy{Errc::cancelled, 0, "test"};
  Rig rig;
  rig.come_online();
  rig.poller.withdraw(kWhy);
  EXPECT_EQ(rig.poller.command_state(), CommandState::none) << "there is none";
  ASSERT_TRUE(rig.poller.request(SwitchCommand{.charge_on = false}));
  rig.poller.withdraw(kWhy);
  EXPECT_EQ(rig.poller.command_state(), CommandState::failed);
  EXPECT_EQ(rig.poller.command_error()->code, Errc::cancelled);
  rig.wake_and_expect(kAskBasicInfo);

  ASSERT_TRUE(rig.poller.request(SwitchCommand{.charge_on = false}));
  rig.advance(10_ms);
  rig.receive(rig.device.answer(kAskBasicInfo));
  EXPECT_EQ(rig.step(), kChargeOff);
  rig.poller.withdraw(kWhy);
  rig.wake();  // No answer comes in time.
  EXPECT_EQ(rig.step(), Frame{});
  rig.wake();
  EXPECT_EQ(rig.step(), kAskBasicInfo) << "is it there? The command is not repeated";
  EXPECT_EQ(rig.poller.command_error()->code, Errc::cancelled) << "what ended it stays";
}

TEST(Poller, AnAnswerToAWithdrawnCommandIsNotThatOfTheNext) {
  Rig rig;
  rig.come_online();
  ASSERT_TRUE(rig.poller.request(SwitchCommand{.charge_on = false}));
  EXPECT_EQ(rig.step(), kChargeOff);
  rig.poller.withdraw({Errc::cancelled, 0, "test"});
  rig.receive(rig.device.answer(kChargeOff));
  EXPECT_EQ(rig.poller.command_state(), CommandState::failed);
  ASSERT_TRUE(rig.poller.request(SwitchCommand{.charge_on = false, .discharge_on = false}));
  EXPECT_EQ(rig.step(), kAllOff);
  EXPECT_EQ(rig.poller.command_state(), CommandState::sent);
}

TEST(Poller, CheckSaysWhatRequestWouldSayAndQueuesNothing) {
  Rig rig;
  EXPECT_EQ(rig.poller.check(SwitchCommand{}).error().code, Errc::unavailable);
  rig.come_online();
  EXPECT_TRUE(rig.poller.check(SwitchCommand{}));
  EXPECT_EQ(rig.poller.check(BalanceCommand{}).error().code, Errc::unimplemented);
  EXPECT_EQ(rig.poller.command_state(), CommandState::none);
}

TEST(Poller, RecoveryDropsAWaitingCommand) {
  Rig rig;
  rig.come_online();
  rig.wake_and_expect(kAskBasicInfo);
  ASSERT_TRUE(rig.poller.request(SwitchCommand{.charge_on = false}));
  // The command waits behind the poll's repetitions, then the device counts as gone.
  rig.lose_device();
  EXPECT_EQ(rig.poller.command_state(), CommandState::failed);
  rig.wake_and_expect(kAskBasicInfo);
}

TEST(Poller, LinkDownForgetsHalfAReply) {
  Rig rig;
  rig.poller.link_up(rig.now);
  EXPECT_EQ(rig.step(), kAskBasicInfo);
  const Frame reply = rig.device.answer(kAskBasicInfo);
  rig.receive({reply.begin(), reply.begin() + 10});
  rig.poller.link_down(rig.now);
  rig.poller.link_up(rig.now);
  EXPECT_EQ(rig.step(), kAskBasicInfo);
  rig.receive({reply.begin() + 10, reply.end()});
  EXPECT_TRUE(rig.sink.empty());
}

}  // namespace
}  // namespace ems::protocol
