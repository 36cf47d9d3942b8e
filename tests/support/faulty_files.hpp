// SPDX-License-Identifier: Apache-2.0
/// @file Files that fail when told: while it lives, every SQLite database of the process writes
/// through it. The n-th write is refused, torn, finds the disk full, or is the last before the
/// power goes. What was written before is taken as kept: it does not model a lost page cache.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "ems/core/assert.hpp"
#include "support/sqlite_shim.hpp"

namespace ems::test {

enum class FileFault : std::uint8_t {
  none,
  refused,    ///< This write fails; the next ones succeed.
  torn,       ///< Half of this write is done, then it fails; the next ones succeed.
  full,       ///< This and every later write finds no room.
  read_only,  ///< The file system becomes read-only: this and every later write is refused.
  power_cut,  ///< Half of this write is done; nothing is ever written again.
};

/// One at a time. Databases that are open when it ends must have been opened before it.
class FaultyFiles {
 public:
  FaultyFiles() : real_(sqlite3_vfs_find(nullptr)), vfs_(shim_vfs<ShimFile>(*real_, "ems-faulty")) {
    EMS_ASSERT(current_ == nullptr);
    current_ = this;
    vfs_.xOpen = &open;
    vfs_.xDelete = &remove;
    EMS_ASSERT(sqlite3_vfs_register(&vfs_, 1) == SQLITE_OK);
  }
  ~FaultyFiles() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
    current_ = nullptr;
  }
  FaultyFiles(const FaultyFiles&) = delete;
  FaultyFiles& operator=(const FaultyFiles&) = delete;

  /// The `write`-th write, truncation or sync from now (1: the next) meets the fault.
  void fail_at(std::uint64_t write, FileFault fault) {
    countdown_ = write;
    fault_ = fault;
    struck_ = false;
  }
  /// All is well again.
  void repair() { fail_at(0, FileFault::none); }
  /// From now on a sync does not return, as on a disk that hangs, until it is called with false.
  void hang_syncs(bool hang) {
    {
      const std::lock_guard lock(mutex_);
      hang_ = hang;
    }
    released_.notify_all();
  }
  /// A sync hangs now.
  [[nodiscard]] bool hanging() const { return hanging_.load(); }
  /// The fault was met.
  [[nodiscard]] bool struck() const { return struck_; }

 private:
  /// SQLite's answer to the next write; SQLITE_OK: do it. `tear` says to do half of it first.
  int strike(bool& tear) {
    tear = false;
    if (fault_ == FileFault::none) return SQLITE_OK;
    const bool first = !struck_;
    if (first) {
      if (--countdown_ > 0) return SQLITE_OK;
      struck_ = true;
      tear = fault_ == FileFault::torn || fault_ == FileFault::power_cut;
    }
    if (fault_ == FileFault::full) return SQLITE_FULL;
    if (fault_ == FileFault::read_only) return SQLITE_IOERR_WRITE;
    if (first) return SQLITE_IOERR_WRITE;
    return fault_ == FileFault::power_cut ? SQLITE_IOERR_WRITE : SQLITE_OK;
  }

  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
    bool tear = false;
    const int answer = current_->strike(tear);
    if (answer == SQLITE_OK) return real(file)->pMethods->xWrite(real(file), data, size, at);
    if (tear) (void)real(file)->pMethods->xWrite(real(file), data, size / 2, at);
    return answer;
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    bool tear = false;
    const int answer = current_->strike(tear);
    return answer == SQLITE_OK ? real(file)->pMethods->xTruncate(real(file), size) : answer;
  }
  void wait_while_hanging() {
    std::unique_lock lock(mutex_);
    hanging_ = hang_;
    released_.wait(lock, [this] { return !hang_; });
    hanging_ = false;
  }
  static int sync(sqlite3_file* file, int flags) {
    current_->wait_while_hanging();
    bool tear = false;
    const int answer = current_->strike(tear);
    return answer == SQLITE_OK ? real(file)->pMethods->xSync(real(file), flags)
                               : SQLITE_IOERR_FSYNC;
  }
  static int remove(sqlite3_vfs*, const char* name, int sync_directory) {
    bool tear = false;
    const int answer = current_->strike(tear);
    if (answer != SQLITE_OK) return SQLITE_IOERR_DELETE;
    return current_->real_->xDelete(current_->real_, name, sync_directory);
  }
  static int control(sqlite3_file* file, int op, void* arg) {
    const bool asked = op == SQLITE_FCNTL_LAST_ERRNO && current_->struck_;
    if (asked && current_->fault_ == FileFault::read_only) {
      *static_cast<int*>(arg) = EROFS;
      return SQLITE_OK;
    }
    return real(file)->pMethods->xFileControl(real(file), op, arg);
  }

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    static const sqlite3_io_methods kMethods = make_methods();
    return shim_open<ShimFile>(current_->real_, name, file, flags, out_flags, kMethods);
  }

  static sqlite3_io_methods make_methods() {
    sqlite3_io_methods m = shim_methods();
    m.xWrite = &write;
    m.xTruncate = &truncate;
    m.xSync = &sync;
    m.xFileControl = &control;
    return m;
  }

  static inline FaultyFiles* current_ = nullptr;
  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  std::uint64_t countdown_ = 0;
  FileFault fault_ = FileFault::none;
  bool struck_ = false;
  std::mutex mutex_;
  std::condition_variable released_;
  bool hang_ = false;
  std::atomic<bool> hanging_{false};
};

}  // namespace ems::test
