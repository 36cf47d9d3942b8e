// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/table_files.hpp"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace ems::runtime {

TableFiles::TableFiles(TablePaths paths, std::shared_ptr<spdlog::logger> log, Duration period)
    : log_(std::move(log)), period_(period) {
  const auto watch = [](std::optional<std::filesystem::path>& path) -> std::optional<Watched> {
    if (!path) return std::nullopt;
    return Watched{std::move(*path), std::nullopt};
  };
  const bool any = !paths.empty();
  schedule_ = watch(paths.schedule);
  plan_ = watch(paths.plan);
  prices_ = watch(paths.prices);
  look();
  if (!any) return;
  thread_ = std::thread([this] {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, std::chrono::microseconds(period_.count()),
                           [this] { return ending_; })) {
      lock.unlock();
      look();
      lock.lock();
    }
  });
}

TableFiles::~TableFiles() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Tables TableFiles::newest() const {
  const std::lock_guard lock(mutex_);
  return tables_;
}

TableFiles::Stamp TableFiles::stamp_of(const std::filesystem::path& path) noexcept {
  struct stat state {};
  if (::stat(path.c_str(), &state) != 0) return {};
  std::error_code ignored;
  return {std::filesystem::last_write_time(path, ignored),
          static_cast<std::uintmax_t>(state.st_size), static_cast<std::uint64_t>(state.st_ino),
          true};
}

template <class File>
void TableFiles::look_at(std::optional<Watched>& watched,
                         io::Loaded<File> (*load)(const std::filesystem::path&),
                         std::shared_ptr<const File> Tables::*table, bool Tables::*bad) {
  if (!watched) return;
  const Stamp stamp = stamp_of(watched->path);  // Before reading: a change meanwhile is seen next.
  if (watched->seen == stamp) return;
  watched->seen = stamp;
  io::Loaded<File> loaded = load(watched->path);
  for (const io::ConfigError& error : loaded.errors) {
    std::string message = error.message;
    std::replace(message.begin(), message.end(), '"', '\'');
    log_->error("event=table_refused file={} line={} column={} error=\"{}\"", error.file,
                error.line, error.column, message);
  }
  std::shared_ptr<const File> file;
  if (loaded.value) {
    file = std::make_shared<const File>(std::move(*loaded.value));
    log_->info("event=table_read file={}", watched->path.string());
  }
  const std::lock_guard lock(mutex_);
  tables_.*bad = file == nullptr;
  if (file) tables_.*table = std::move(file);
}

void TableFiles::look() {
  look_at(schedule_, &io::load_schedule, &Tables::schedule, &Tables::schedule_bad);
  look_at(plan_, &io::load_plan, &Tables::plan, &Tables::plan_bad);
  look_at(prices_, &io::load_prices, &Tables::prices, &Tables::prices_bad);
}

}  // namespace ems::runtime
