// SPDX-License-Identifier: Apache-2.0
#include "ems/io/store/snapshot.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "edge_store_impl.hpp"
#include "sqlite.hpp"

namespace ems::io {

namespace {

using sqlite::Database;

constexpr std::int64_t kFleetId = 0x454D5346;  // "EMSF"; fleet/sqlite_fleet.hpp. A test compares.

/// A file on its way: gone with all its parts unless it is kept.
class Partial {
 public:
  explicit Partial(std::string path) : path_(std::move(path)) { remove(); }
  ~Partial() { remove(); }
  Partial(const Partial&) = delete;
  Partial& operator=(const Partial&) = delete;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  void remove() noexcept {
    std::error_code ignored;
    for (const char* part : {"", "-journal", "-wal", "-shm"}) {
      std::filesystem::remove(path_ + part, ignored);
    }
  }
  std::string path_;
};

Result<void> copy(Database& from, Database& to) {
  sqlite3_backup* backup = sqlite3_backup_init(to.raw(), "main", from.raw(), "main");
  if (backup == nullptr) return fail(sqlite::to_error(sqlite3_errcode(to.raw()), to.raw()));
  const int code = sqlite3_backup_step(backup, -1);  // All at once: one state of the source.
  sqlite3_backup_finish(backup);
  if (code != SQLITE_DONE) return fail(sqlite::to_error(code, to.raw()));
  return {};
}

Result<void> check(Database& copy) {
  // One file: the log's mode comes back when a program opens it.
  const Result<std::string> mode = copy.text("PRAGMA journal_mode=DELETE");
  if (!mode) return fail(mode.error());
  const Result<std::string> verdict = copy.text("PRAGMA quick_check(1)");
  if (!verdict) return fail(verdict.error());
  if (*verdict != "ok") return fail(Errc::corrupt, 0, "snapshot: the store is damaged");
  return {};
}

}  // namespace

Result<std::uint64_t> snapshot_store(const std::string& path, const std::string& to) {
  std::error_code failed;
  if (!std::filesystem::exists(path, failed)) return fail(Errc::not_found, 0, "no such store");
  if (std::filesystem::exists(to, failed)) {
    return fail(Errc::already_exists, 0, "snapshot: a file of that name exists");
  }
  Result<Database> from = Database::open(path, Database::Mode::read_only);
  if (!from) return fail(from.error());
  const Result<std::int64_t> id = from->integer("PRAGMA application_id");
  if (!id) return fail(id.error());
  if (*id != kEdgeSchema.application_id && *id != kFleetId) {
    return fail(Errc::header, 0, "snapshot: not a libems store");
  }
  const Partial partial(to + ".partial");
  const int fd = ::open(partial.path().c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (fd >= 0) ::close(fd);  // A failure is SQLite's below, which has a name.
  {
    Result<Database> copy_to = Database::open(partial.path(), Database::Mode::create);
    if (!copy_to) return fail(copy_to.error());
    Result<void> step = copy(*from, *copy_to);
    if (step) step = check(*copy_to);
    if (!step) return fail(step.error());
  }
  const std::uintmax_t size = std::filesystem::file_size(partial.path(), failed);
  if (!failed) std::filesystem::rename(partial.path(), to, failed);
  if (failed) return fail(Errc::io, 0, "snapshot: the copy cannot take its name");
  const Result<void> synced = sqlite::sync_folder_of(to);
  if (!synced) return fail(synced.error());
  return size;
}

}  // namespace ems::io
