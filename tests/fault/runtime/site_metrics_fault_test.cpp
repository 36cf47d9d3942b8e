// SPDX-License-Identifier: Apache-2.0
// What a scrape gets from a site whose control strand runs, hangs, or ends.
#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <thread>

#include "ems/io/clock.hpp"
#include "ems/runtime/site.hpp"
#include "support/plain_site.hpp"
#include "support/temp_dir.hpp"

namespace ems::runtime {
namespace {

/// A site whose devices never answer, because it has no links.
class LonelySite {
 public:
  LonelySite() {
    io::SiteConfig config;
    config.site = "s";
    config.agent = "a";
    config.tick = milliseconds(20);
    config.telemetry_period = seconds(1);
    config.autonomous_after = seconds(900);
    config.timezone = "UTC";
    config.store.path = dir_ / "s.db";
    ControlConfig control = test::plain_config();
    control.inverters.clear();  // Its commands would have no driver.
    control.safety.inverters.clear();
    control.arming = safety::Arming::disarmed;
    auto made = Site::create(
        {io_, clock_, log_, config, {}, control, worker_, {}, "0", {}, {}, {}, {}, {}});
    EXPECT_TRUE(made);
    site = std::move(*made);
  }
  ~LonelySite() {
    guard_.reset();
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }
  LonelySite(const LonelySite&) = delete;
  LonelySite& operator=(const LonelySite&) = delete;

  void run() {
    thread_ = std::thread([this] { io_.run(); });
  }

 private:
  test::TempDir dir_;
  io::SystemClock clock_;
  std::shared_ptr<spdlog::logger> log_ =
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>());
  StoreWorker worker_{std::move(io::EdgeStore::open(dir_ / "s.db").value()), clock_, log_, {}};
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_{io_.get_executor()};
  std::thread thread_;

 public:
  std::unique_ptr<Site> site;  ///< Last: its timers end before their context.
};

TEST(SiteMetricsFault, AStrandThatHangsIsAnErrorNotOldNumbers) {
  LonelySite lonely;  // Its strand is never run.
  lonely.site->start();
  const auto metrics = lonely.site->metrics();
  ASSERT_FALSE(metrics);
  EXPECT_EQ(metrics.error().code, Errc::timeout);
}

TEST(SiteMetricsFault, ARunningStrandCountsItsTicks) {
  LonelySite lonely;
  lonely.run();
  const auto before = lonely.site->metrics();
  ASSERT_TRUE(before);
  EXPECT_EQ(before->tick_times.count(), 0U);
  EXPECT_TRUE(before->batteries.empty()) << "nothing is known before the first tick";
  lonely.site->start();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  auto now = lonely.site->metrics();
  while (now && now->tick_times.count() < 3 && std::chrono::steady_clock::now() < end) {
    now = lonely.site->metrics();
  }
  ASSERT_TRUE(now);
  EXPECT_GE(now->tick_times.count(), 3U);
  EXPECT_EQ(now->tick_times.count(), now->status.tick);
  ASSERT_EQ(now->batteries.size(), 1U);
  EXPECT_NE(now->batteries[0].state, SafetyState::normal) << "its battery never said anything";
}

TEST(SiteMetricsFault, ASiteThatEndsSaysSo) {
  LonelySite lonely;
  lonely.run();
  lonely.site->start();
  lonely.site->stop(seconds(1), [](bool) {});
  const auto metrics = lonely.site->metrics();
  ASSERT_FALSE(metrics);
  EXPECT_EQ(metrics.error().code, Errc::unavailable);
}

}  // namespace
}  // namespace ems::runtime
