// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/table_files.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <thread>

#include "support/temp_dir.hpp"

namespace ems::runtime {
namespace {

std::shared_ptr<spdlog::logger> silent() {
  return std::make_shared<spdlog::logger>("t", std::make_shared<spdlog::sinks::null_sink_mt>());
}

std::string entry(int power) {
  return "entries: [{from: 2026-11-21T10:00:00Z, to: 2026-11-21T11:00:00Z, power_w: " +
         std::to_string(power) + "}]\n";
}

class TableFilesTest : public testing::Test {
 protected:
  /// As a whole: another file takes the name.
  void replace(const std::string& text) {
    std::ofstream(folder_ / "new", std::ios::binary) << text;
    std::filesystem::rename(folder_ / "new", path_);
  }
  /// The thread looks every millisecond; nothing here depends on when.
  static bool comes_true(const std::function<bool()>& condition) {
    for (int i = 0; i < 5'000 && !condition(); ++i) {
      std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return condition();
  }
  static std::int32_t power(const TableFiles& files) {
    const Tables tables = files.newest();
    return tables.schedule ? tables.schedule->entries.at(0).power.count() : -1;
  }
  test::TempDir folder_;
  const std::string path_ = folder_ / "schedule.yaml";
};

TEST_F(TableFilesTest, ReadsAtOnceAndAgainWhenTheFileChanges) {
  replace(entry(1));
  const TableFiles files({path_, {}, {}}, silent(), milliseconds(1));
  EXPECT_EQ(power(files), 1);
  EXPECT_FALSE(files.newest().schedule_bad);
  const Tables held = files.newest();
  replace(entry(2));
  EXPECT_TRUE(comes_true([&] { return power(files) == 2; }));
  EXPECT_EQ(held.schedule->entries.at(0).power, Watt{1}) << "whoever holds a table keeps it";
}

TEST_F(TableFilesTest, ABrokenOrLostFileLeavesTheTableAndSaysSo) {
  replace(entry(1));
  const TableFiles files({path_, {}, {}}, silent(), milliseconds(1));
  replace("entries: [{from: soon}]\n");
  EXPECT_TRUE(comes_true([&] { return files.newest().schedule_bad; }));
  EXPECT_EQ(power(files), 1);
  replace(entry(3));
  EXPECT_TRUE(comes_true([&] { return power(files) == 3; }));
  EXPECT_FALSE(files.newest().schedule_bad);
  std::filesystem::remove(path_);
  EXPECT_TRUE(comes_true([&] { return files.newest().schedule_bad; }));
  EXPECT_EQ(power(files), 3);
}

TEST_F(TableFilesTest, AFileThatIsNotThereIsBadUntilItComes) {
  const TableFiles files({path_, {}, {}}, silent(), milliseconds(1));
  EXPECT_TRUE(files.newest().schedule_bad);
  EXPECT_EQ(files.newest().schedule, nullptr);
  replace(entry(4));
  EXPECT_TRUE(comes_true([&] { return power(files) == 4; }));
  const TableFiles none({}, silent());
  EXPECT_FALSE(none.newest().schedule_bad || none.newest().plan_bad || none.newest().prices_bad);
}

}  // namespace
}  // namespace ems::runtime
