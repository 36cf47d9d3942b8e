// SPDX-License-Identifier: Apache-2.0
/// @file A disk whose power can go. A SQLite VFS over the real one that remembers each write,
/// truncation, creation, removal and sync in order; afterwards a folder can be made that holds what
/// a disk may hold when the power went at any moment of it: what was synced, and of what was only
/// written nothing, all, some sectors or pages in any order, or all up to a write that is torn.
/// Syncs never reach the real disk, so that thousands of cuts take seconds.
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ems/core/assert.hpp"
#include "support/sqlite_shim.hpp"

namespace ems::test {

/// What is left of a file's writes since its last sync.
enum class Kept : std::uint8_t {
  none,     ///< Nothing.
  all,      ///< Everything, as after kill -9.
  sectors,  ///< Each 512-byte sector of each write or not, by chance; what is missing is zero.
  pages,    ///< Each 4 KiB of each write or not.
  torn,     ///< All up to one of the writes, and of that one a part.
};
inline constexpr std::array<Kept, 5> kAllKept{Kept::none, Kept::all, Kept::sectors, Kept::pages,
                                              Kept::torn};

/// One step of a disk.
struct DiskStep {
  enum class Kind : std::uint8_t { write, truncate, sync, create, remove, sync_folder };
  Kind kind{};
  int file = 0;                    ///< Which file; names come and go, files stay.
  std::string name{};              ///< create, remove: the entry of the folder.
  std::int64_t at = 0;             ///< write: where; truncate: the new size.
  std::vector<std::byte> bytes{};  ///< write: what.
};

/// The VFS; one at a time. Its files may be used by several threads; what it remembers is read when
/// they have ended.
class PowerCutVfs {
 public:
  PowerCutVfs() : real_(sqlite3_vfs_find(nullptr)), vfs_(shim_vfs<File>(*real_, "ems-power-cut")) {
    EMS_ASSERT(current_ == nullptr);
    current_ = this;
    vfs_.xOpen = &open;
    vfs_.xDelete = &remove;
    EMS_ASSERT(sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK);
  }
  ~PowerCutVfs() {
    sqlite3_vfs_unregister(&vfs_);
    current_ = nullptr;
  }
  PowerCutVfs(const PowerCutVfs&) = delete;
  PowerCutVfs& operator=(const PowerCutVfs&) = delete;

  [[nodiscard]] std::string name() const { return vfs_.zName; }
  /// Remember what is done from now on, or not.
  void record(bool on) { recording_ = on; }
  /// A disk that lies: a sync promises and does nothing, like synchronous=OFF.
  void ignore_syncs(bool on) { deaf_ = on; }
  [[nodiscard]] const std::vector<DiskStep>& steps() const { return steps_; }
  /// A moment: how many steps were done.
  [[nodiscard]] std::size_t now() const {
    const std::lock_guard lock(mutex_);
    return steps_.size();
  }
  /// Runs in the thread that syncs, before each sync.
  void before_sync(std::function<void()> hook) { before_sync_ = std::move(hook); }

 private:
  struct File : ShimFile {
    int number;          ///< -1: not remembered (temporary).
    bool folder_synced;  ///< As os_unix.c: the first sync of a journal or WAL syncs its folder too.
  };
  static File* self(sqlite3_file* file) { return static_cast<File*>(file); }

  void add(sqlite3_file* file, DiskStep step) {
    if (!recording_ || self(file)->number < 0) return;
    step.file = self(file)->number;
    const std::lock_guard lock(mutex_);
    steps_.push_back(std::move(step));
  }

  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
    const auto* bytes = static_cast<const std::byte*>(data);
    current_->add(file, {.kind = DiskStep::Kind::write, .at = at, .bytes = {bytes, bytes + size}});
    return real(file)->pMethods->xWrite(real(file), data, size, at);
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    current_->add(file, {.kind = DiskStep::Kind::truncate, .at = size});
    return real(file)->pMethods->xTruncate(real(file), size);
  }
  static int sync(sqlite3_file* file, int) {
    if (current_->before_sync_) current_->before_sync_();
    if (current_->deaf_) return SQLITE_OK;
    current_->add(file, {.kind = DiskStep::Kind::sync});
    if (!std::exchange(self(file)->folder_synced, true)) {
      current_->add(file, {.kind = DiskStep::Kind::sync_folder});
    }
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs*, const char* name, int sync_folder) {
    const std::lock_guard lock(current_->mutex_);
    const auto found = current_->entries_.find(name);
    if (found != current_->entries_.end()) {
      if (current_->recording_) {
        current_->steps_.push_back({.kind = DiskStep::Kind::remove, .name = name});
        if (sync_folder != 0 && !current_->deaf_) {
          current_->steps_.push_back({.kind = DiskStep::Kind::sync_folder});
        }
      }
      current_->entries_.erase(found);
    }
    return current_->real_->xDelete(current_->real_, name, 0);
  }
  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    static const sqlite3_io_methods kMethods = make_methods();
    constexpr int kJournals =
        SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
    self(file)->number = -1;
    self(file)->folder_synced = (flags & kJournals) == 0;
    const int done = shim_open<File>(current_->real_, name, file, flags, out_flags, kMethods);
    if (done != SQLITE_OK) return done;
    if (name == nullptr || !current_->recording_) return done;
    const std::lock_guard lock(current_->mutex_);
    const auto [entry, fresh] = current_->entries_.try_emplace(name, current_->files_);
    self(file)->number = entry->second;
    if (fresh) {
      EMS_ASSERT(std::filesystem::file_size(name) == 0);  // Everything it holds is in the steps.
      ++current_->files_;
      current_->steps_.push_back(
          {.kind = DiskStep::Kind::create, .file = entry->second, .name = name});
    }
    return done;
  }

  static sqlite3_io_methods make_methods() {
    sqlite3_io_methods m = shim_methods();
    m.xWrite = &write;
    m.xTruncate = &truncate;
    m.xSync = &sync;
    return m;
  }

  static inline PowerCutVfs* current_ = nullptr;
  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  bool recording_ = true;
  bool deaf_ = false;
  std::function<void()> before_sync_;
  mutable std::mutex mutex_;  ///< Guards the following.
  std::vector<DiskStep> steps_;
  std::map<std::string, int> entries_;  ///< Names that exist now.
  int files_ = 0;
};

/// Moments before each sync.
inline std::vector<std::size_t> sync_moments(const std::vector<DiskStep>& steps) {
  std::vector<std::size_t> moments;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind == DiskStep::Kind::sync) moments.push_back(i);
  }
  return moments;
}

/// Goes through the steps of a disk, forwards, and says at each moment what a cut would leave.
class PowerCutReplay {
 public:
  explicit PowerCutReplay(const std::vector<DiskStep>& steps) : steps_(steps) {}

  /// Does the steps up to `moment`, which is not before that of the last call.
  void advance(std::size_t moment) {
    EMS_ASSERT(moment >= at_ && moment <= steps_.size());
    for (; at_ < moment; ++at_) take(at_);
  }

  /// Writes the files of `folder` as a cut now leaves them to `to`.
  template <class Random>
  void cut(const std::string& folder, const std::filesystem::path& to, Kept kept,
           Random& random) const {
    std::map<std::string, int> entries = synced_entries_;
    // The folder's own writes are ordered: some first ones of them are kept.
    std::size_t changes = kept == Kept::none ? 0 : entry_steps_.size();
    if (kept != Kept::none && kept != Kept::all) changes = random() % (changes + 1);
    for (std::size_t i = 0; i < changes; ++i) apply(entries, steps_[entry_steps_[i]]);
    for (const auto& [name, file] : entries) {
      if (!name.starts_with(folder)) continue;
      const std::vector<std::byte> content = content_of(files_.at(file), kept, random);
      std::ofstream out(to / name.substr(folder.size()), std::ios::binary | std::ios::trunc);
      out.write(reinterpret_cast<const char*>(content.data()),
                static_cast<std::streamsize>(content.size()));
      EMS_ASSERT(out.good());
    }
  }

 private:
  using Content = std::vector<std::byte>;
  struct State {
    Content synced;
    std::vector<std::size_t> written;  ///< Steps since the sync.
  };

  static void apply(std::map<std::string, int>& entries, const DiskStep& step) {
    if (step.kind == DiskStep::Kind::create) {
      entries[step.name] = step.file;
    } else {
      entries.erase(step.name);
    }
  }

  static void put(Content& content, std::int64_t at, const std::byte* from, std::size_t size) {
    const auto begin = static_cast<std::size_t>(at);
    if (content.size() < begin + size) content.resize(begin + size);
    std::copy_n(from, size, content.begin() + at);
  }

  static void whole(Content& content, const DiskStep& step) {
    if (step.kind == DiskStep::Kind::truncate) {
      content.resize(static_cast<std::size_t>(step.at));
    } else {
      put(content, step.at, step.bytes.data(), step.bytes.size());
    }
  }

  void take(std::size_t index) {
    const DiskStep& step = steps_[index];
    switch (step.kind) {
      case DiskStep::Kind::write:
      case DiskStep::Kind::truncate:
        files_[step.file].written.push_back(index);
        return;
      case DiskStep::Kind::sync: {
        State& file = files_[step.file];
        for (const std::size_t done : file.written) whole(file.synced, steps_[done]);
        file.written.clear();
        return;
      }
      case DiskStep::Kind::create:
        files_.try_emplace(step.file);
        [[fallthrough]];
      case DiskStep::Kind::remove:
        entry_steps_.push_back(index);
        return;
      case DiskStep::Kind::sync_folder:
        for (const std::size_t done : entry_steps_) apply(synced_entries_, steps_[done]);
        entry_steps_.clear();
        return;
    }
  }

  template <class Random>
  Content content_of(const State& file, Kept kept, Random& random) const {
    Content content = file.synced;
    if (kept == Kept::none || file.written.empty()) return content;
    const bool torn = kept == Kept::torn;
    const std::size_t count = torn ? random() % file.written.size() : file.written.size();
    for (std::size_t i = 0; i < count; ++i) {
      const DiskStep& step = steps_[file.written[i]];
      const bool in_parts =
          step.kind == DiskStep::Kind::write && (kept == Kept::sectors || kept == Kept::pages);
      if (!in_parts) {
        whole(content, step);
        continue;
      }
      const std::size_t unit = kept == Kept::sectors ? 512 : 4096;
      for (std::size_t from = 0; from < step.bytes.size();) {
        const std::size_t at = static_cast<std::size_t>(step.at) + from;
        const std::size_t size = std::min(step.bytes.size() - from, unit - at % unit);
        if (random() % 2 == 0) {
          put(content, static_cast<std::int64_t>(at), step.bytes.data() + from, size);
        }
        from += size;
      }
    }
    const DiskStep& last = steps_[file.written[torn ? count : 0]];
    if (torn && last.kind == DiskStep::Kind::write) {
      put(content, last.at, last.bytes.data(), random() % (last.bytes.size() + 1));
    }
    return content;
  }

  const std::vector<DiskStep>& steps_;
  std::size_t at_ = 0;
  std::map<int, State> files_;
  std::map<std::string, int> synced_entries_;
  std::vector<std::size_t> entry_steps_;  ///< Since the folder's sync.
};

}  // namespace ems::test
