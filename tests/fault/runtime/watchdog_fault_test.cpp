// SPDX-License-Identifier: Apache-2.0
// The watchdog: a control strand that hangs, and inverters that are stopped all the same.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ems/runtime/watchdog.hpp"
#include "support/live_site.hpp"
#include "support/temp_dir.hpp"

namespace ems::runtime {
namespace {

using io::watchdog_silence;
using test::LiveSite;
using test::soon;
using test::TimedInverter;
using Wire = TimedInverter::Wire;

/// Time that a test moves while the watchdog's thread looks at it.
class SharedClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const noexcept override { return Instant{microseconds(now_)}; }
  [[nodiscard]] UtcInstant utc() const noexcept override { return {}; }
  [[nodiscard]] ClockQuality quality() const noexcept override { return ClockQuality::unset; }
  void advance(Duration duration) { now_ += duration.count(); }

 private:
  std::atomic<std::int64_t> now_{1'000'000};
};

/// Counts what it is asked to do. A stop takes three requests.
class CountingPath final : public io::StopPath {
 public:
  void set_stop(const io::StopPlan&) override {}
  [[nodiscard]] std::uint64_t stops() const noexcept override {
    return static_cast<std::uint64_t>(begun.load());
  }
  void begin_stop() noexcept override {
    ++begun;
    left_ = 3;
  }
  [[nodiscard]] bool advance_stop() noexcept override {
    if (left_ > 0) {
      --left_;
      ++sent;
    }
    return left_ == 0;
  }
  void end_stop() noexcept override { ++ended; }

  std::atomic<int> begun{0}, sent{0}, ended{0};

 private:
  int left_ = 0;
};

class WatchdogFault : public ::testing::Test {
 protected:
  void start(std::optional<io::WatchdogDevice> device = std::nullopt) {
    WatchdogSettings settings;
    settings.tick = 1_ms;  // Of its own looking; silence is on the test's clock.
    settings.links = {path};
    watchdog = std::make_unique<Watchdog>(clock, std::move(settings));
    watchdog->start(std::move(device));
  }
  /// Lets the watchdog look some ten times.
  static void settle() { std::this_thread::sleep_for(std::chrono::milliseconds(60)); }

  SharedClock clock;
  std::shared_ptr<CountingPath> path = std::make_shared<CountingPath>();
  std::unique_ptr<Watchdog> watchdog;
};

// SAF-070
TEST_F(WatchdogFault, ActsAfterTheSilenceAndNotBefore) {
  start();
  clock.advance(watchdog_silence(1_ms) - 1_us);
  settle();
  EXPECT_EQ(path->begun, 0);
  clock.advance(1_us);
  EXPECT_TRUE(soon([&] { return path->sent == 3; }));
  settle();
  EXPECT_EQ(path->begun, 1) << "once, as long as time stands still";
  EXPECT_EQ(watchdog->hangs(), 1U);
}

// SAF-070
TEST_F(WatchdogFault, StopsAgainEveryPeriodUntilTheStrandIsBack) {
  start();
  for (int n = 1; n <= 3; ++n) {
    clock.advance(watchdog_silence(1_ms));
    EXPECT_TRUE(soon([&] { return path->sent == 3 * n; })) << n;
    EXPECT_EQ(path->begun, n);
  }
  EXPECT_EQ(path->ended, 0);
  watchdog->pet();
  EXPECT_TRUE(soon([&] { return path->ended == 1; }));
  clock.advance(watchdog_silence(1_ms) - 1_us);
  settle();
  EXPECT_EQ(path->begun, 3);
  EXPECT_EQ(watchdog->hangs(), 1U) << "one hang, however long";
}

TEST_F(WatchdogFault, SilenceIsTenTicksAndAtLeastASecond) {
  EXPECT_EQ(watchdog_silence(20_ms), 1_s);
  EXPECT_EQ(watchdog_silence(100_ms), 1_s);
  EXPECT_EQ(watchdog_silence(101_ms), 1'010_ms);
  EXPECT_EQ(watchdog_silence(1_s), 10_s);
}

// ---- hardware watchdog: a FIFO stands in for /dev/watchdog, there is none here -----------------

class WatchdogDeviceFault : public WatchdogFault {
 protected:
  WatchdogDeviceFault() {
    const std::string name = dir_ / "watchdog";
    EXPECT_EQ(::mkfifo(name.c_str(), 0600), 0);
    reader_ = ::open(name.c_str(), O_RDONLY | O_NONBLOCK);
    writer = ::open(name.c_str(), O_WRONLY | O_NONBLOCK);
  }
  ~WatchdogDeviceFault() override { ::close(reader_); }
  std::string written() {
    std::array<char, 256> data{};
    const ssize_t size = ::read(reader_, data.data(), data.size());
    if (size > 0) all_.append(data.data(), static_cast<std::size_t>(size));
    return all_;
  }
  test::TempDir dir_;
  int reader_ = -1;
  int writer = -1;
  std::string all_;
};

// SAF-073
TEST_F(WatchdogDeviceFault, IsPettedOnlyWhileTheStrandIsAlive) {
  start(io::WatchdogDevice(writer));
  EXPECT_TRUE(soon([&] { return written().size() == 1; }));
  clock.advance(999_ms);
  watchdog->pet();
  clock.advance(1_ms);
  EXPECT_TRUE(soon([&] { return written().size() == 2; }));
  clock.advance(20_s);
  EXPECT_TRUE(soon([&] { return path->sent == 3; }));
  settle();
  EXPECT_EQ(written().size(), 2U) << "a strand that hangs: the machine is to restart";
  watchdog.reset();
  EXPECT_EQ(written().find('V'), std::string::npos) << "a hang is no orderly end";
}

// SAF-073
TEST_F(WatchdogDeviceFault, IsDisarmedByAnOrderlyEnd) {
  start(io::WatchdogDevice(writer));
  EXPECT_TRUE(soon([&] { return !written().empty(); }));
  watchdog->end();
  EXPECT_EQ(written().back(), 'V');
  EXPECT_TRUE(watchdog->device_ok());
}

TEST_F(WatchdogDeviceFault, ThatTakesNoMorePetsIsKnown) {
  std::signal(SIGPIPE, SIG_IGN);
  start(io::WatchdogDevice(writer));
  EXPECT_TRUE(soon([&] { return !written().empty(); }));
  EXPECT_TRUE(watchdog->device_ok());
  ::close(std::exchange(reader_, -1));
  clock.advance(900_ms);
  watchdog->pet();
  clock.advance(200_ms);
  EXPECT_TRUE(soon([&] { return !watchdog->device_ok(); }));
}

TEST(WatchdogDevice, WhatIsNoWatchdogIsRefused) {
  const test::TempDir dir;
  const std::string file = dir / "file";
  std::fclose(std::fopen(file.c_str(), "w"));
  const auto opened = io::WatchdogDevice::open(file);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::failed_precondition);
  const auto missing = io::WatchdogDevice::open(dir / "nothing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::io);
  EXPECT_EQ(missing.error().offset, static_cast<std::size_t>(ENOENT));
}

// ---- a whole site ------------------------------------------------------------------------------

class HangingSite : public ::testing::TestWithParam<Wire> {
 protected:
  static std::string name(Wire wire) { return wire == Wire::tcp ? "TCP" : "RTU"; }
};

// SAF-070
TEST_P(HangingSite, TheInverterIsStoppedWhileTheStrandHangs) {
  TimedInverter inverter(GetParam());
  LiveSite live({test::link_to(inverter, GetParam())});
  ASSERT_TRUE(soon([&] { return inverter.writes().size() >= 3; })) << "the first 0 W";
  inverter.forget();
  const auto hung_at = std::chrono::steady_clock::now();
  const auto release = live.hang();
  ASSERT_TRUE(soon([&] { return inverter.writes().size() >= 3; })) << "nobody stopped it";
  const auto writes = inverter.writes();
  const auto took = [&](std::size_t i) {
    return std::chrono::duration<double, std::milli>(writes[i].at - hung_at).count();
  };
  std::printf(
      "%s: stop of a hanging strand: first byte after %.0f ms, last request after %.0f ms "
      "(declared: %lld ms + 1 tick)\n",
      name(GetParam()).c_str(), took(0), took(2),
      static_cast<long long>(watchdog_silence(20_ms).count() / 1'000));
  EXPECT_EQ(writes[0].values.at(1), 0U) << "WSet, high word";
  EXPECT_EQ(writes[0].values.at(2), 0U) << "WSet, low word";
  EXPECT_EQ(writes[2].values, std::vector<std::uint16_t>{1}) << "WSetEna comes last";
  EXPECT_EQ(inverter.nonsense(), 0);
  // Again, one silence later.
  ASSERT_TRUE(soon([&] { return inverter.writes().size() >= 6; }));
  inverter.forget();
  release->set_value();
  // The strand is back: its own writes, no more of the watchdog's, and the device still answers.
  ASSERT_TRUE(soon([&] { return inverter.writes().size() >= 3; }))
      << "what it holds is written anew";
  ASSERT_TRUE(soon([&] {
    const auto status = live.site->status();
    return status && !status->links.empty() && status->links[0].online;
  }));
  EXPECT_EQ(inverter.nonsense(), 0);
  // It is over without anybody: nothing is latched that a reset could end.
  const auto state_of = [&](std::string_view name) -> std::optional<alarm::State> {
    const auto view = live.site->alarms();
    if (!view) return std::nullopt;
    for (const alarm::Alarm& one : view->alarms) {
      if (one.name.view() == name) return one.state();
    }
    return std::nullopt;
  };
  EXPECT_TRUE(soon([&] {
    return state_of("control_late") == alarm::State::cleared_unacknowledged &&
           state_of("control_hung") == alarm::State::cleared_unacknowledged;
  })) << "control_late: "
      << alarm::to_string(state_of("control_late").value_or(alarm::State::normal));
}

// SAF-070
TEST_P(HangingSite, NothingIsSentWhileControlIsDisarmed) {
  TimedInverter inverter(GetParam());
  test::LiveOptions options;
  options.arming = safety::Arming::disarmed;
  LiveSite live({test::link_to(inverter, GetParam())}, options);
  ASSERT_TRUE(soon([&] {
    const auto status = live.site->status();
    return status && !status->links.empty() && status->links[0].online;
  }));
  const auto release = live.hang();
  std::this_thread::sleep_for(std::chrono::milliseconds(1'500));
  EXPECT_TRUE(inverter.writes().empty());
  release->set_value();
}

/// The machine's clock, whose utc() holds whoever asks until the test lets one pass.
class HoldingClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const noexcept override { return real_.now(); }
  [[nodiscard]] UtcInstant utc() const noexcept override {
    std::unique_lock lock(mutex_);
    if (holding_) {
      ++held_;
      wake_.wait(lock, [this] { return passes_ > 0 || !holding_; });
      if (passes_ > 0) --passes_;
    }
    return real_.utc();
  }
  [[nodiscard]] ClockQuality quality() const noexcept override { return real_.quality(); }

  void hold(bool on) {
    const std::lock_guard lock(mutex_);
    holding_ = on;
    wake_.notify_all();
  }
  void let_one_pass() {
    const std::lock_guard lock(mutex_);
    ++passes_;
    wake_.notify_all();
  }
  [[nodiscard]] int held() const {
    const std::lock_guard lock(mutex_);
    return held_;
  }

 private:
  io::SystemClock real_;
  mutable std::mutex mutex_;
  mutable std::condition_variable wake_;
  bool holding_ = false;
  mutable int passes_ = 0;
  mutable int held_ = 0;
};

// SAF-070
TEST(HeldTick, SendsNoOldOrderAfterTheWatchdogsStop) {
  TimedInverter inverter(Wire::rtu);
  HoldingClock clock;
  test::LiveOptions options;
  options.clock = &clock;
  LiveSite live({test::link_to(inverter, Wire::rtu)}, options);
  ASSERT_TRUE(soon([&] { return inverter.writes().size() >= 3; })) << "the first 0 W";
  const std::vector<TimedInverter::Write> sequence = inverter.writes();
  inverter.forget();
  clock.hold(true);
  // A tick is held in its middle until the watchdog has stopped the inverter, and then ends.
  ASSERT_TRUE(soon([&] { return clock.held() == 1 && inverter.writes().size() >= 3; }));
  clock.let_one_pass();
  // Whoever asks for the time next is held, until the watchdog has stopped again.
  ASSERT_TRUE(soon([&] { return clock.held() == 2; }));
  const std::size_t before = inverter.writes().size();
  ASSERT_TRUE(soon([&] { return inverter.writes().size() >= before + 3; }));
  // Whole stops, one after the other: the held tick would have begun a sequence of its own.
  const std::vector<TimedInverter::Write> writes = inverter.writes();
  for (std::size_t i = 0; i < writes.size(); ++i) {
    EXPECT_EQ(writes[i].address, sequence[i % 3].address) << "write " << i;
  }
  inverter.forget();
  clock.hold(false);
  EXPECT_TRUE(soon([&] { return inverter.writes().size() >= 3; })) << "the strand is back";
}

INSTANTIATE_TEST_SUITE_P(Wires, HangingSite, ::testing::Values(Wire::tcp, Wire::rtu),
                         [](const auto& wire) { return wire.param == Wire::tcp ? "Tcp" : "Rtu"; });

}  // namespace
}  // namespace ems::runtime
