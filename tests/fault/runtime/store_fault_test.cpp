// SPDX-License-Identifier: Apache-2.0
// A running site whose disk refuses: the alarm has its name, control goes on, nothing is lost.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "support/faulty_files.hpp"
#include "support/live_site.hpp"
#include "support/telemetry_rows.hpp"
#include "support/temp_dir.hpp"
#include "support/timed_inverter.hpp"

namespace ems::runtime {
namespace {

using telemetry::Stream;
using test::FaultyFiles;
using test::FileFault;
using test::soon;
using test::TimedInverter;

bool active(Site& site, std::string_view name) {
  const Result<AlarmsView> view = site.alarms();
  return view && std::any_of(view->alarms.begin(), view->alarms.end(), [&](const auto& alarm) {
           return alarm.active && alarm.name.view() == name;
         });
}

std::uint64_t ticks(Site& site) { return site.metrics().value().tick_times.count(); }

class StoreFault : public ::testing::TestWithParam<std::pair<FileFault, const char*>> {};

TEST_P(StoreFault, RaisesItsAlarmControlGoesOnAndRowsFollow) {
  const auto [fault, alarm] = GetParam();
  FaultyFiles files;
  TimedInverter inverter{TimedInverter::Wire::tcp};
  test::LiveSite live{{test::link_to(inverter, TimedInverter::Wire::tcp)}};
  const auto telemetry = [&live] { return live.worker.view().marks[1].last; };
  ASSERT_TRUE(soon([&] { return telemetry() > 0; }));
  files.fail_at(1, fault);
  ASSERT_TRUE(soon([&] { return active(*live.site, alarm); })) << alarm;
  const std::uint64_t before = ticks(*live.site);
  EXPECT_TRUE(soon([&] { return ticks(*live.site) > before + 20; })) << "it ticks on";
  const StoreView refused = live.worker.view();
  EXPECT_GT(refused.counters.commits_failed, 0U);
  EXPECT_GT(refused.counters.rows_appended[1], refused.counters.rows_committed[1]) << "they wait";
  files.repair();
  EXPECT_TRUE(soon([&] { return !active(*live.site, alarm); }));
  EXPECT_TRUE(soon([&] { return telemetry() >= refused.counters.rows_appended[1]; }));
  EXPECT_EQ(live.worker.view().counters.rows_lost[1], 0U);
}

INSTANTIATE_TEST_SUITE_P(EveryRefusal, StoreFault,
                         ::testing::Values(std::pair{FileFault::full, "store_disk_full"},
                                           std::pair{FileFault::read_only, "store_read_only"},
                                           std::pair{FileFault::power_cut, "store_write_failed"}));

/// Moved by the test, read by the store's thread.
class SteppedClock final : public Clock {
 public:
  Instant now() const noexcept override { return Instant{seconds(at_s)}; }
  UtcInstant utc() const noexcept override { return UtcInstant{seconds(1'800'000'000 + at_s)}; }
  ClockQuality quality() const noexcept override {
    return synced ? ClockQuality::synced : ClockQuality::unset;
  }
  std::atomic<std::int64_t> at_s{0};
  std::atomic<bool> synced{false};
};

TEST(StoreWorkerAge, IsLookedAtWhileTheClockIsSynced) {
  const test::TempDir dir;
  SteppedClock clock;
  io::EdgeStoreOptions options;
  options.retention[1].age = seconds(86'400);
  StoreWorker worker(
      io::EdgeStore::open(dir / "s.db", options).value(), clock,
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>()),
      {});
  const auto step = [&] {  // A second passes, and the worker has looked around.
    ++clock.at_s;
    return worker.call([](io::EdgeStore& store) { return store.commit(); }).has_value();
  };
  for (std::int64_t i = 0; i < 130; ++i) {  // Two days ago.
    test::OwnedRow row = test::numbered_row(1);
    row.utc_us = (1'800'000'000 - 2 * 86'400 + i) * 1'000'000;
    worker.append(UtcInstant{microseconds(row.utc_us)}, row.points, row.values);
  }
  ASSERT_TRUE(step());
  ASSERT_TRUE(worker.call([](io::EdgeStore& store) {
    return store.acknowledge(Stream::telemetry, store.epoch(), 130);
  }));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(step());
  EXPECT_EQ(worker.view().counters.rows_evicted[1], 0U) << "nobody knows what time it is";
  clock.synced = true;
  EXPECT_TRUE(soon([&] { return step() && worker.view().counters.rows_evicted[1] == 120; }));
}

}  // namespace
}  // namespace ems::runtime
