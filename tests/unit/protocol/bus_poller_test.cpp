// SPDX-License-Identifier: Apache-2.0
#include "ems/protocol/bus_poller.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

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
                                   .retries = 1};
const Frame kAskBasicInfo = frame("DDA50300FFFD77");
const Frame kAskCells = frame("DDA50400FFFC77");

/// Two boards behind one line; turn() says which of them is asked.
struct Rig {
  Frame step() {
    std::array<std::byte, kRequestSize> out{};
    const PollerAction action = bus.next(now, out);
    wake_at = action.wake_at;
    return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(action.size)};
  }
  void receive(const Frame& bytes) { bus.receive(bytes, now, sink); }
  /// The board whose turn it is answers within 10 ms.
  void exchange(std::size_t turn, const Frame& expected) {
    const Frame request = step();
    ASSERT_EQ(request, expected);
    ASSERT_EQ(bus.turn(), turn);
    now = now + 10_ms;
    receive(devices[turn].answer(request));
  }

  std::array<JbdDevice, 2> devices;
  RecordingSink sink;
  Poller first{jbd::codec(), kSettings};
  Poller second{jbd::codec(), kSettings};
  std::array<Poller*, 2> pollers = {&first, &second};
  BusPoller bus{pollers};
  Instant now{seconds(100)};
  Instant wake_at{};
};

TEST(BusPoller, DevicesTakeTurnsExchangeByExchange) {
  Rig rig;
  rig.bus.link_up(rig.now);
  EXPECT_EQ(rig.bus.health(), LinkHealth::recovering);
  rig.exchange(0, kAskBasicInfo);
  rig.exchange(1, kAskBasicInfo);
  EXPECT_EQ(rig.bus.health(), LinkHealth::online);
  rig.exchange(0, kAskCells);
  rig.exchange(1, kAskCells);
}

TEST(BusPoller, ReadingsSayWhichModuleTheyAreOf) {
  Rig rig;
  rig.devices[0].soc_percent = 40;
  rig.devices[1].soc_percent = 60;
  rig.bus.link_up(rig.now);
  rig.exchange(0, kAskBasicInfo);
  rig.exchange(1, kAskBasicInfo);
  std::vector<std::pair<int, std::int64_t>> socs;
  for (const Reading& reading : rig.sink.readings) {
    if (reading.signal == Signal::soc) socs.emplace_back(reading.module, reading.value);
  }
  EXPECT_EQ(socs, (std::vector<std::pair<int, std::int64_t>>{{1, 4000}, {2, 6000}}));
}

TEST(BusPoller, OneDeviceAloneIsTheWholeBattery) {
  Poller poller(jbd::codec(), kSettings);
  std::array<Poller*, 1> pollers = {&poller};
  BusPoller bus(pollers);
  RecordingSink sink;
  std::array<std::byte, kRequestSize> out{};
  bus.link_up(Instant{});
  ASSERT_EQ(bus.next(Instant{}, out).size, kAskBasicInfo.size());
  JbdDevice device;
  bus.receive(device.answer(kAskBasicInfo), Instant{}, sink);
  ASSERT_FALSE(sink.readings.empty());
  EXPECT_EQ(sink.readings.front().module, 0);
}

TEST(BusPoller, TheLineIsHeldWhileAnAnswerIsAwaitedAndInTheSilenceAfterIt) {
  Rig rig;
  rig.bus.link_up(rig.now);
  ASSERT_EQ(rig.step(), kAskBasicInfo);
  rig.now = rig.now + 199_ms;
  EXPECT_EQ(rig.step(), Frame{});
  rig.now = rig.now + 1_ms;  // Nobody answered: the silence begins.
  EXPECT_EQ(rig.step(), Frame{});
  EXPECT_EQ(rig.wake_at, rig.now + 50_ms);
  rig.receive(rig.devices[0].answer(kAskBasicInfo));  // Too late.
  EXPECT_TRUE(rig.sink.empty());
  rig.now = rig.now + 50_ms;
  ASSERT_EQ(rig.step(), kAskBasicInfo);
  EXPECT_EQ(rig.bus.turn(), 1U);
}

TEST(BusPoller, ASilentDeviceDoesNotHoldTheLineInItsRecovery) {
  Rig rig;
  rig.bus.link_up(rig.now);
  int asked_first = 0;
  for (int i = 0; i < 400; ++i) {
    const Frame request = rig.step();
    if (!request.empty()) {
      if (rig.bus.turn() == 0) ++asked_first;
      if (rig.bus.turn() == 1) rig.receive(rig.devices[1].answer(request));
    }
    rig.now = rig.now + 10_ms;
  }
  EXPECT_EQ(asked_first, 2);  // One request and one repetition; then 5 s of peace.
  EXPECT_EQ(rig.second.health(), LinkHealth::online);
  EXPECT_EQ(rig.second.counters().timeouts, 0U);
  EXPECT_GE(rig.second.counters().replies, 8U);
  EXPECT_EQ(rig.bus.health(), LinkHealth::recovering);
}

TEST(BusPoller, ALinkThatIsGoneIsGoneForAll) {
  Rig rig;
  rig.bus.link_up(rig.now);
  rig.exchange(0, kAskBasicInfo);
  rig.bus.link_down(rig.now);
  EXPECT_EQ(rig.bus.health(), LinkHealth::offline);
  EXPECT_EQ(rig.step(), Frame{});
  EXPECT_EQ(rig.first.health(), LinkHealth::offline);
  EXPECT_EQ(rig.second.health(), LinkHealth::offline);
}

}  // namespace
}  // namespace ems::protocol
