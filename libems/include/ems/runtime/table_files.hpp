// SPDX-License-Identifier: Apache-2.0
/// @file The schedule, plan and price files of a site, read again when they change, on a thread of
/// their own: the strand never waits for a file.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "ems/io/config/tables_config.hpp"

namespace spdlog {
class logger;
}

namespace ems::runtime {

/// What the files say: the newest sound content of each. A file that is broken or gone leaves its
/// table as it was; a table ends by its own times.
struct Tables {
  std::shared_ptr<const io::ScheduleFile> schedule;  ///< nullptr: never sound, or not configured.
  std::shared_ptr<const io::PlanFile> plan;
  std::shared_ptr<const io::PriceFile> prices;
  bool schedule_bad = false;  ///< Now missing or broken.
  bool plan_bad = false;
  bool prices_bad = false;
};

struct TablePaths {
  std::optional<std::filesystem::path> schedule;
  std::optional<std::filesystem::path> plan;
  std::optional<std::filesystem::path> prices;
  [[nodiscard]] bool empty() const noexcept { return !schedule && !plan && !prices; }
};

/// Watches the files. A writer must replace a file as a whole (write another one, then rename): one
/// that is read half written is broken until the next look.
///
/// @thread_safety Every function from any thread.
class TableFiles {
 public:
  /// How often it looks whether a file has changed.
  static constexpr Duration kPeriod = seconds(1);

  /// Reads all files once, in the caller's thread, then watches them. Faults are logged with line
  /// and column.
  TableFiles(TablePaths paths, std::shared_ptr<spdlog::logger> log, Duration period = kPeriod);
  ~TableFiles();
  TableFiles(const TableFiles&) = delete;
  TableFiles& operator=(const TableFiles&) = delete;

  /// Never waits for a file. The tables live as long as somebody holds them.
  [[nodiscard]] Tables newest() const;

 private:
  /// Tells one state of a file from another without reading it.
  struct Stamp {
    std::filesystem::file_time_type changed{};
    std::uintmax_t size = 0;
    std::uint64_t inode = 0;
    bool there = false;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  struct Watched {
    std::filesystem::path path;
    std::optional<Stamp> seen;
  };

  [[nodiscard]] static Stamp stamp_of(const std::filesystem::path& path) noexcept;
  void look();
  template <class File>
  void look_at(std::optional<Watched>& watched,
               io::Loaded<File> (*load)(const std::filesystem::path&),
               std::shared_ptr<const File> Tables::*table, bool Tables::*bad);

  std::optional<Watched> schedule_;
  std::optional<Watched> plan_;
  std::optional<Watched> prices_;
  std::shared_ptr<spdlog::logger> log_;
  Duration period_;
  mutable std::mutex mutex_;  ///< Held for a few pointers at a time, never while a file is read.
  std::condition_variable wake_;
  Tables tables_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace ems::runtime
