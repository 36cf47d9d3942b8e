// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/battery_orders.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "ems/protocol/bus_poller.hpp"
#include "ems/protocol/daly_modbus/codec.hpp"
#include "ems/protocol/jbd/codec.hpp"
#include "ems/protocol/pylontech_rs485/codec.hpp"
#include "support/jbd_device.hpp"
#include "support/pylontech_module.hpp"

namespace ems::runtime {
namespace {

using protocol::BalanceCommand;
using protocol::LimitCommand;
using protocol::Poller;
using protocol::SwitchCommand;
using test::Frame;

constexpr SwitchCommand kChargeOff{.charge_on = false, .discharge_on = true};
constexpr SwitchCommand kBothOn{.charge_on = true, .discharge_on = true};
constexpr LimitCommand kLimits{52'000_mv, 46'000_mv, 20'000_ma, 30'000_ma};

/// A line of modules in simulated time; the test says what each answers.
class Line final : public ReadingSink {
 public:
  using Answer = std::function<Frame(std::size_t module, Bytes request)>;

  Line(const std::vector<const protocol::PollCodec*>& codecs, Answer answer)
      : answer_(std::move(answer)) {
    for (const protocol::PollCodec* codec : codecs) {
      owned_.push_back(std::make_unique<Poller>(*codec, protocol::PollerSettings{}));
      pollers_.push_back(owned_.back().get());
    }
    bus_ = std::make_unique<protocol::BusPoller>(pollers_);
    orders = std::make_unique<BatteryOrders>(pollers_);
    bus_->link_up(now);
    run(5_s);
  }

  void reading(const Reading& reading) override {
    Reading told = reading;
    told.quality = quality;
    orders->heard(bus_->turn(), told);
  }
  void text(TextField, std::string_view, std::uint8_t) override {}
  void acknowledged() override {}

  void run(Duration duration) {
    const Instant end = now + duration;
    while (now < end) step();
  }
  void step() {
    std::array<std::byte, protocol::kRequestSize> room{};
    static_cast<void>(orders->advance(now));
    const protocol::PollerAction action = bus_->next(now, room);
    if (action.size > 0) {
      const Bytes request = Bytes(room).first(action.size);
      sent.emplace_back(request.begin(), request.end());
      const Frame reply = answer_(bus_->turn(), request);
      now = now + 20_ms;
      if (!reply.empty()) bus_->receive(reply, now, *this);
    }
    now = now + 10_ms;
  }
  void plug() { bus_->link_up(now); }
  void unplug() {
    bus_->link_down(now);
    static_cast<void>(orders->advance(now));
  }

  [[nodiscard]] Result<void> give(const protocol::BatteryCommand& command, Duration wait = 10_s) {
    return orders->give(command, now, wait);
  }
  [[nodiscard]] OrderStage stage(OrderKind kind = OrderKind::outputs) const {
    return orders->progress(kind).stage;
  }
  [[nodiscard]] std::string message(OrderKind kind = OrderKind::outputs) const {
    return orders->progress(kind).message;
  }

  Instant now{1'000_s};
  Quality quality = Quality::good;  ///< Of all that is heard.
  std::vector<Frame> sent;
  std::unique_ptr<BatteryOrders> orders;

 private:
  Answer answer_;
  std::vector<std::unique_ptr<Poller>> owned_;
  std::vector<Poller*> pollers_;
  std::unique_ptr<protocol::BusPoller> bus_;
};

bool is_write(Bytes request) { return request.size() > 2 && request[1] == std::byte{0x5A}; }

/// One or more JBD boards, each of which can be made odd.
struct Jbd {
  explicit Jbd(std::size_t modules = 1)
      : boards(modules),
        line(std::vector<const protocol::PollCodec*>(modules, &protocol::jbd::codec()),
             [this](std::size_t module, Bytes request) { return answer(module, request); }) {}

  Frame answer(std::size_t module, Bytes request) {
    test::JbdDevice& board = boards[module];
    if (silent) return {};
    if (!is_write(request)) return board.answer(request);
    ++writes;
    if (loses_writes) return {};
    if (refuses) return board.reply(0xE1, 0x80, {});
    if (module == stubborn) return board.reply(0xE1, 0, {});
    const Frame reply = board.answer(request);
    silent = dies_after_write;
    return reply;
  }

  std::vector<test::JbdDevice> boards;
  std::size_t stubborn = 99;  ///< The board that acknowledges and does nothing.
  bool refuses = false;
  bool loses_writes = false;
  bool dies_after_write = false;
  bool silent = false;
  int writes = 0;
  Line line;
};

TEST(BatteryOrders, ASwitchIsDoneWhenTheBatterySaysSo) {
  Jbd jbd;
  ASSERT_TRUE(jbd.line.give(kChargeOff));
  EXPECT_EQ(jbd.line.stage(), OrderStage::waiting);
  jbd.line.step();  // Sent and acknowledged.
  static_cast<void>(jbd.line.orders->advance(jbd.line.now));
  EXPECT_EQ(jbd.line.stage(), OrderStage::acknowledged) << "not done before it is read";
  jbd.line.run(2_s);
  EXPECT_EQ(jbd.line.stage(), OrderStage::read_back);
  EXPECT_FALSE(jbd.boards[0].charge_on);
  EXPECT_TRUE(jbd.boards[0].discharge_on);
  jbd.line.run(20_s);
  EXPECT_EQ(jbd.writes, 1) << "an order is sent once";
  ASSERT_TRUE(jbd.line.give(kBothOn));
  jbd.line.run(2_s);
  EXPECT_EQ(jbd.line.stage(), OrderStage::read_back);
  EXPECT_TRUE(jbd.boards[0].charge_on);
}

TEST(BatteryOrders, WhatWasSaidBeforeTheAcknowledgementProvesNothing) {
  Jbd jbd;
  jbd.loses_writes = true;
  ASSERT_TRUE(jbd.line.give(kBothOn)) << "as it is already";
  jbd.line.run(300_ms);
  jbd.line.orders->heard(0, {.signal = Signal::charge_fet_on, .value = 1});
  jbd.line.orders->heard(0, {.signal = Signal::discharge_fet_on, .value = 1});
  EXPECT_EQ(jbd.line.stage(), OrderStage::sent);
  jbd.loses_writes = false;
  while (jbd.line.stage() == OrderStage::sent) jbd.line.step();
  EXPECT_EQ(jbd.line.stage(), OrderStage::acknowledged);
  jbd.line.run(2_s);
  EXPECT_EQ(jbd.line.stage(), OrderStage::read_back);
}

TEST(BatteryOrders, WhatIsNotGoodProvesNothing) {
  for (const Quality quality : {Quality::uncertain, Quality::substituted, Quality::bad}) {
    for (const std::size_t stubborn : {99U, 0U}) {
      Jbd jbd;
      jbd.stubborn = stubborn;
      jbd.line.quality = quality;
      ASSERT_TRUE(jbd.line.give(kChargeOff));
      jbd.line.run(6_s);
      EXPECT_EQ(jbd.line.stage(), OrderStage::unread) << "neither obeyed nor disobeyed";
    }
  }
}

TEST(BatteryOrders, ABatteryThatDoesNotObeyIsNamed) {
  Jbd jbd;
  jbd.stubborn = 0;
  ASSERT_TRUE(jbd.line.give(kChargeOff));
  jbd.line.run(1500_ms);
  EXPECT_EQ(jbd.line.stage(), OrderStage::acknowledged) << "it has three rounds";
  jbd.line.run(4_s);
  EXPECT_EQ(jbd.line.stage(), OrderStage::failed);
  EXPECT_EQ(jbd.line.message(), "acknowledged, and not obeyed: the battery says charge_fet_on 1");
}

TEST(BatteryOrders, ARefusalIsToldInTheDevicesWords) {
  Jbd jbd;
  jbd.refuses = true;
  ASSERT_TRUE(jbd.line.give(kChargeOff));
  jbd.line.run(1_s);
  EXPECT_EQ(jbd.line.stage(), OrderStage::failed);
  EXPECT_TRUE(jbd.line.message().starts_with("the battery refused it: device_error: "))
      << jbd.line.message();
  EXPECT_EQ(jbd.writes, 1);
}

TEST(BatteryOrders, NoAcknowledgementIsAFailureAndNothingIsSentAnyMore) {
  Jbd jbd;
  jbd.loses_writes = true;
  ASSERT_TRUE(jbd.line.give(kChargeOff));
  jbd.line.run(10_s);
  EXPECT_EQ(jbd.line.stage(), OrderStage::failed);
  EXPECT_TRUE(jbd.line.message().starts_with("not acknowledged: timeout: ")) << jbd.line.message();
  const int writes = jbd.writes;
  EXPECT_EQ(writes, 4) << "and three repetitions";
  jbd.line.run(20_s);
  EXPECT_EQ(jbd.writes, writes);
}

TEST(BatteryOrders, TheTimeToLiveBoundsTheWaiting) {
  Jbd jbd;
  jbd.loses_writes = true;
  ASSERT_TRUE(jbd.line.give(kChargeOff, 100_ms));
  jbd.line.run(200_ms);
  EXPECT_EQ(jbd.line.stage(), OrderStage::failed);
  EXPECT_EQ(jbd.line.message(), "not acknowledged within its time to live");
  jbd.loses_writes = false;
  jbd.line.run(20_s);
  EXPECT_TRUE(jbd.boards[0].charge_on) << "it is not repeated";
  const int writes = jbd.writes;
  ASSERT_TRUE(jbd.line.give(kChargeOff, 0_s));
  jbd.line.run(2_s);
  EXPECT_EQ(jbd.line.message(), "its time to live ran out before it was sent");
  ASSERT_TRUE(jbd.line.give(kChargeOff));
  jbd.line.orders->end(OrderKind::outputs, "test");
  jbd.line.run(2_s);
  EXPECT_EQ(jbd.line.stage(), OrderStage::none);
  EXPECT_EQ(jbd.writes, writes) << "neither was sent";
}

TEST(BatteryOrders, ALinkThatGoesBetweenOrderAndAcknowledgementFailsIt) {
  Jbd jbd;
  jbd.loses_writes = true;
  ASSERT_TRUE(jbd.line.give(kChargeOff));
  jbd.line.step();
  jbd.line.unplug();
  EXPECT_EQ(jbd.line.stage(), OrderStage::failed);
  EXPECT_EQ(jbd.line.message(), "not acknowledged: unavailable: the link is down");
  EXPECT_EQ(jbd.line.give(kChargeOff).error().code, Errc::unavailable);
}

TEST(BatteryOrders, SilenceAfterTheAcknowledgementIsNotDone) {
  Jbd jbd;
  jbd.dies_after_write = true;
  ASSERT_TRUE(jbd.line.give(kChargeOff));
  jbd.line.run(10_s);
  EXPECT_EQ(jbd.line.stage(), OrderStage::failed);
  EXPECT_EQ(jbd.line.message(), "acknowledged, then silent before it was read back");
}

TEST(BatteryOrders, AllModulesHaveToSaySo) {
  Jbd jbd(3);
  jbd.stubborn = 1;
  ASSERT_TRUE(jbd.line.give(kChargeOff));
  jbd.line.run(1500_ms);
  EXPECT_EQ(jbd.line.stage(), OrderStage::acknowledged) << "the other two have said it";
  jbd.line.run(10_s);
  EXPECT_EQ(jbd.line.stage(), OrderStage::failed);
  EXPECT_EQ(jbd.line.message(),
            "module 2: acknowledged, and not obeyed: the battery says charge_fet_on 1");
  jbd.stubborn = 99;
  ASSERT_TRUE(jbd.line.give(kChargeOff));
  jbd.line.run(5_s);
  EXPECT_EQ(jbd.line.stage(), OrderStage::read_back);
  for (const test::JbdDevice& board : jbd.boards) EXPECT_FALSE(board.charge_on);
}

TEST(BatteryOrders, WhatTheProtocolCannotIsRefusedAtOnce) {
  Jbd jbd;
  EXPECT_EQ(jbd.line.give(kLimits).error().code, Errc::unimplemented);
  EXPECT_EQ(jbd.line.give(BalanceCommand{}).error().code, Errc::unimplemented);
  EXPECT_EQ(jbd.line.stage(OrderKind::limits), OrderStage::none);
}

Frame with_crc(Frame frame) {
  unsigned crc = 0xFFFF;
  for (const std::byte b : frame) {
    crc ^= std::to_integer<unsigned>(b);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? crc >> 1 ^ 0xA001U : crc >> 1;
  }
  frame.push_back(static_cast<std::byte>(crc & 0xFFU));
  frame.push_back(static_cast<std::byte>(crc >> 8));
  return frame;
}

/// A Daly board: every register reads 0 but that of balancing; a write of one is echoed.
Frame daly_answer(Bytes request, bool balances) {
  if (request.size() < 8) return {};
  const auto at = static_cast<unsigned>(load_be16(request, 2));
  Frame reply{std::byte{0xD2}, request[1]};
  if (request[1] == std::byte{6}) {
    reply.assign(request.begin(), request.end() - 2);
    reply[0] = std::byte{0xD2};
  } else {
    const auto count = static_cast<unsigned>(load_be16(request, 4));
    reply.push_back(static_cast<std::byte>(2 * count));
    for (unsigned i = 0; i < count; ++i) {
      const bool one = at + i == 0x34 && balances;
      reply.push_back(std::byte{0});
      reply.push_back(static_cast<std::byte>(one ? 1 : 0));
    }
  }
  return with_crc(std::move(reply));
}

/// Modules of a Pylontech battery, from address 2 on.
struct Pylontech {
  explicit Pylontech(std::size_t count) : modules(count), rooms(count) {
    std::vector<const protocol::PollCodec*> codecs;
    for (std::size_t i = 0; i < count; ++i) {
      modules[i].address = static_cast<int>(2 + i);
      protocol::CodecOptions options;
      options.address = static_cast<std::uint8_t>(2 + i);
      codecs.push_back(protocol::pylontech_rs485::codec().with(options, rooms[i]).value());
    }
    line = std::make_unique<Line>(codecs, [this](std::size_t module, Bytes request) {
      const Frame frame(request.begin(), request.end());
      const bool limits = test::text_of(frame).substr(7, 2) == "94";
      if (limits) sent_at.push_back(line->now);
      if (silent) return Frame{};
      if (limits && refuses) {
        return test::ascii_frame("20" + test::text_of(frame).substr(3, 2) + "4604", "");
      }
      if (limits && keeps_its_own) {
        return test::ascii_frame("20" + test::text_of(frame).substr(3, 2) + "4600", "");
      }
      return modules[module].answer(frame);
    });
  }
  std::vector<test::PylontechModule> modules;
  std::vector<protocol::CodecRoom> rooms;
  std::vector<Instant> sent_at;
  bool silent = false;
  bool refuses = false;
  bool keeps_its_own = false;  ///< Acknowledges 94 and does not care.
  std::unique_ptr<Line> line;
};

TEST(BatteryOrders, LimitsAreSharedAndSentAgainWithinTheLeaseOfTheBattery) {
  Pylontech battery(2);
  ASSERT_TRUE(battery.line->give(kLimits));
  battery.line->run(3_s);
  EXPECT_EQ(battery.line->stage(OrderKind::limits), OrderStage::read_back);
  for (const test::PylontechModule& module : battery.modules) {
    EXPECT_EQ(module.charge_mv, 52'000);
    EXPECT_EQ(module.discharge_mv, 46'000);
    EXPECT_EQ(module.charge_limit, 100) << "half of 20 A";
    EXPECT_EQ(module.discharge_limit, 150);
  }
  battery.sent_at.clear();
  battery.line->run(60_s);
  ASSERT_GE(battery.sent_at.size(), 30U) << "two modules, at a third of 10 s";
  for (std::size_t i = 2; i < battery.sent_at.size(); ++i) {
    EXPECT_LT(battery.sent_at[i] - battery.sent_at[i - 2], 5_s) << "well within 10 s";
  }
  battery.line->orders->end(OrderKind::limits, "its lease ended");
  battery.sent_at.clear();
  battery.line->run(20_s);
  EXPECT_TRUE(battery.sent_at.empty());
}

TEST(BatteryOrders, LimitsOutliveASilenceAndAreOfferedAgain) {
  Pylontech battery(1);
  ASSERT_TRUE(battery.line->give(kLimits));
  battery.line->run(3_s);
  ASSERT_EQ(battery.line->stage(OrderKind::limits), OrderStage::read_back);
  battery.silent = true;
  battery.line->run(30_s);
  EXPECT_EQ(battery.line->stage(OrderKind::limits), OrderStage::waiting)
      << battery.line->message(OrderKind::limits);
  battery.silent = false;
  battery.modules[0].charge_mv = 53'250;  // It has forgotten them.
  battery.line->run(70_s);
  EXPECT_EQ(battery.line->stage(OrderKind::limits), OrderStage::read_back);
  EXPECT_EQ(battery.modules[0].charge_mv, 52'000);
}

TEST(BatteryOrders, LimitsThatWereAcknowledgedOutliveALostLinkToo) {
  Pylontech battery(1);
  ASSERT_TRUE(battery.line->give(kLimits));
  while (battery.line->stage(OrderKind::limits) != OrderStage::acknowledged) battery.line->step();
  battery.line->unplug();
  EXPECT_EQ(battery.line->stage(OrderKind::limits), OrderStage::waiting);
  battery.line->plug();
  battery.line->run(5_s);
  EXPECT_EQ(battery.line->stage(OrderKind::limits), OrderStage::read_back);
}

TEST(BatteryOrders, LimitsThatTheBatteryDoesNotKeepHaveFailed) {
  Pylontech battery(1);
  battery.keeps_its_own = true;
  ASSERT_TRUE(battery.line->give(kLimits));
  battery.line->run(6_s);
  EXPECT_EQ(battery.line->stage(OrderKind::limits), OrderStage::failed);
  EXPECT_EQ(battery.line->message(OrderKind::limits),
            "acknowledged, and not obeyed: the battery says charge_voltage_limit_v 53.25");
}

TEST(BatteryOrders, LimitsThatTheBatteryRefusesLaterHaveFailed) {
  Pylontech battery(1);
  ASSERT_TRUE(battery.line->give(kLimits));
  battery.line->run(3_s);
  ASSERT_EQ(battery.line->stage(OrderKind::limits), OrderStage::read_back);
  battery.refuses = true;
  battery.line->run(5_s);
  EXPECT_EQ(battery.line->stage(OrderKind::limits), OrderStage::failed);
  EXPECT_TRUE(battery.line->message(OrderKind::limits).starts_with("the battery refused it: "));
}

TEST(BatteryOrders, LimitsBeyondTheWireAreRefused) {
  Pylontech battery(1);
  EXPECT_EQ(battery.line->give(LimitCommand{70'000_mv, 0_mv, 0_ma, 0_ma}).error().code,
            Errc::out_of_range);
}

TEST(BatteryOrders, ABatteryThatIsTighterByItselfObeys) {
  Pylontech battery(1);
  battery.keeps_its_own = true;
  battery.modules[0].charge_mv = 51'000;
  battery.modules[0].discharge_mv = 47'000;
  battery.modules[0].charge_limit = 0;
  battery.modules[0].discharge_limit = 300;
  ASSERT_TRUE(battery.line->give(kLimits));
  battery.line->run(3_s);
  EXPECT_EQ(battery.line->stage(OrderKind::limits), OrderStage::read_back);
}

TEST(BatteryOrders, WhatIsNotReportedIsAcknowledgedAndNotReadBack) {
  protocol::CodecRoom room;
  const protocol::PollCodec* codec = protocol::daly_modbus::codec().with({}, room).value();
  bool balances = false;
  Line line({codec}, [&](std::size_t, Bytes request) { return daly_answer(request, balances); });
  ASSERT_TRUE(line.give(BalanceCommand{true}));
  line.run(2_s);
  EXPECT_EQ(line.stage(OrderKind::balancing), OrderStage::acknowledged);
  line.run(10_s);
  EXPECT_EQ(line.stage(OrderKind::balancing), OrderStage::unread) << "nothing to balance";
  balances = true;
  ASSERT_TRUE(line.give(BalanceCommand{true}));
  line.run(10_s);
  EXPECT_EQ(line.stage(OrderKind::balancing), OrderStage::read_back);
  ASSERT_TRUE(line.give(BalanceCommand{false}));
  line.run(10_s);
  EXPECT_EQ(line.stage(OrderKind::balancing), OrderStage::failed) << "it goes on";
  EXPECT_EQ(line.message(OrderKind::balancing),
            "acknowledged, and not obeyed: the battery says balancing 1");
}

}  // namespace
}  // namespace ems::runtime
