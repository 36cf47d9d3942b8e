// SPDX-License-Identifier: Apache-2.0
// A battery on CAN when the bus is late, foreign, lost or full.
#include "ems/runtime/can_battery_driver.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ems/protocol/can_lv/codec.hpp"
#include "ems/protocol/candump.hpp"
#include "support/manual_clock.hpp"

namespace ems::runtime {
namespace {

protocol::CanFrame can(std::string_view text) {
  return protocol::to_can_frame(protocol::parse_can_text(text).value()).value();
}

/// A bus in the hands of the test.
class FakeBus final : public io::CanLink {
 public:
  explicit FakeBus(asio::io_context& io) : io_(io) {}

  void on_receive(ReceiveHandler handler) override { receive_ = std::move(handler); }
  void on_down(DownHandler handler) override { down_ = std::move(handler); }
  void open(OpenHandler handler) override {
    ++opens;
    asio::post(io_, [this, handler = std::move(handler)] {
      open_ = !refuse_open;
      const io::LinkError error{fail(Errc::io, 0, "no").error, "fake: no such bus"};
      handler(refuse_open ? &error : nullptr);
    });
  }
  void close() override { open_ = false; }
  [[nodiscard]] bool is_open() const override { return open_; }
  [[nodiscard]] Result<void> write(const protocol::CanFrame& frame) override {
    if (full) return fail(Errc::resource_exhausted, 0, "fake: full");
    written.push_back(frame);
    return {};
  }
  [[nodiscard]] std::string_view name() const override { return "fake"; }
  [[nodiscard]] io::CanLinkCounters counters() const override { return {.refused = 2}; }

  void deliver(std::string_view text) { receive_(can(text)); }
  void drop() {
    open_ = false;
    down_({fail(Errc::io, 0, "lost").error, "fake: adapter unplugged"});
  }

  bool refuse_open = false;
  bool full = false;
  int opens = 0;
  std::vector<protocol::CanFrame> written;

 private:
  asio::io_context& io_;
  bool open_ = false;
  ReceiveHandler receive_;
  DownHandler down_;
};

class CanBatteryDriverFault : public testing::Test {
 protected:
  CanBatteryDriverFault() {
    auto bus = std::make_unique<FakeBus>(io_);
    bus_ = bus.get();
    driver_ =
        std::make_unique<CanBatteryDriver>(DriverWiring{io_.get_executor(), clock_, image_, log_},
                                           battery(1), std::move(bus), protocol::can_lv::codec());
  }

  void start() {
    driver_->start();
    run(milliseconds(0));
  }
  /// Lets the handlers of so much real time run.
  void run(Duration duration) {
    io_.restart();
    io_.run_for(std::chrono::microseconds(duration.count() + 2'000));
  }
  const ImageEntry* entry(Signal signal) { return image_.image().find({battery(1), signal, 0}); }

  asio::io_context io_;
  test::ManualClock clock_;
  SiteImage image_;
  spdlog::logger log_{"test", std::make_shared<spdlog::sinks::null_sink_mt>()};
  FakeBus* bus_ = nullptr;
  std::unique_ptr<CanBatteryDriver> driver_;
};

TEST_F(CanBatteryDriverFault, ValuesArriveWithTheirTimeAndTheProtocolsStaleness) {
  start();
  EXPECT_FALSE(driver_->status().online);
  clock_.advance(seconds(1));
  bus_->deliver("351#1002C012C012C201");
  const ImageEntry* limit = entry(Signal::charge_current_limit);
  ASSERT_NE(limit, nullptr);
  EXPECT_EQ(limit->sample.value, 480'000);
  EXPECT_EQ(limit->sample.taken_at, clock_.now());
  EXPECT_EQ(limit->stale_after, seconds(5));
  EXPECT_TRUE(driver_->status().online);
  EXPECT_EQ(driver_->status().last_error, "");
}

TEST_F(CanBatteryDriverFault, TheKeepAliveGoesOutAtOnceAndThenEachSecond) {
  start();
  ASSERT_EQ(bus_->written.size(), 1U);
  EXPECT_EQ(bus_->written[0], can("305#0000000000000000"));
  clock_.advance(seconds(1));
  bus_->deliver("355#1A006400");
  EXPECT_EQ(bus_->written.size(), 2U);
  EXPECT_EQ(driver_->status().requests, 2U);
}

TEST_F(CanBatteryDriverFault, SilenceAndForeignTrafficAreNamed) {
  start();
  bus_->deliver("355#1A006400");
  for (int i = 0; i < 10; ++i) {
    clock_.advance(milliseconds(500));
    bus_->deliver("110#00");
  }
  LinkStatus status = driver_->status();
  EXPECT_FALSE(status.online);
  EXPECT_EQ(status.timeouts, 1U);
  EXPECT_EQ(status.last_error, "timeout: frames arrive, but none that this protocol knows");
  bus_->deliver("355#1A");  // Its own, but broken: no life either.
  status = driver_->status();
  EXPECT_FALSE(status.online);
  EXPECT_EQ(status.errors, 1U + 2U);  // And the two the bus itself refused.
  bus_->deliver("355#1A006400");
  EXPECT_TRUE(driver_->status().online);
}

TEST_F(CanBatteryDriverFault, ALostBusIsOpenedAgainAfterASecond) {
  start();
  bus_->deliver("355#1A006400");
  bus_->drop();
  EXPECT_FALSE(driver_->status().online);
  EXPECT_EQ(driver_->status().last_error, "fake: adapter unplugged");
  run(milliseconds(900));
  EXPECT_EQ(bus_->opens, 1);
  run(milliseconds(200));
  EXPECT_EQ(bus_->opens, 2);
  EXPECT_TRUE(bus_->is_open());
  bus_->deliver("355#1A006400");
  EXPECT_TRUE(driver_->status().online);
}

TEST_F(CanBatteryDriverFault, ABusThatDoesNotOpenSaysWhy) {
  bus_->refuse_open = true;
  start();
  EXPECT_EQ(driver_->status().last_error, "fake: no such bus");
  EXPECT_TRUE(bus_->written.empty());
  bus_->refuse_open = false;
  run(milliseconds(1'100));
  EXPECT_EQ(driver_->status().last_error, "");
  EXPECT_EQ(bus_->written.size(), 1U);
}

TEST_F(CanBatteryDriverFault, AFullBusCostsAKeepAliveNotTheBattery) {
  bus_->full = true;
  start();
  EXPECT_TRUE(bus_->written.empty());
  bus_->deliver("355#1A006400");
  EXPECT_TRUE(driver_->status().online);
  bus_->full = false;
  clock_.advance(seconds(1));
  bus_->deliver("355#1A006400");
  EXPECT_EQ(bus_->written.size(), 1U);
}

TEST_F(CanBatteryDriverFault, AfterStopNothingIsOpenedAgain) {
  start();
  bus_->drop();
  driver_->stop();
  run(milliseconds(1'100));
  EXPECT_EQ(bus_->opens, 1);
}

}  // namespace
}  // namespace ems::runtime
