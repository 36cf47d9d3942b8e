// SPDX-License-Identifier: Apache-2.0
#include "ems/io/store/snapshot.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <utility>

#include "edge_store_impl.hpp"
#include "sqlite.hpp"

namespace ems::io {

namespace {

using sqlite::Database;

constexpr std::int64_t kFleetId = 0x454D5346;  // "EMSF"; fleet/sqlite_fleet.hpp. A test compares.

void remove_with_parts(const std::string& path) noexcept {
  std::error_code ignored;
  for (const char* part : {"-journal", "-wal", "-shm", ""}) {
    std::filesystem::remove(path + part, ignored);
  }
}

/// A file on its way to `to`: nobody else's, locked while somebody makes it, and gone with all its
/// parts unless it got its name.
class Partial {
 public:
  [[nodiscard]] static Result<Partial> make(const std::string& to) {
    remove_left_over(to);
    constexpr int kAttempts = 16;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      Partial made;
      made.path_ = to + std::string(kInfix) + random_hex();
      made.fd_ = ::open(made.path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
      if (made.fd_ < 0 && errno == EEXIST) continue;
      if (made.fd_ < 0) return fail(sqlite::error_of(errno, "snapshot: its copy cannot be made"));
      // Meanwhile another snapshot may have taken it for one left over, and removed it.
      if (lock(made.fd_) != Lock::others && named(made.fd_)) return made;
    }
    return fail(Errc::unavailable, 0, "snapshot: its copy is removed as soon as it is made");
  }
  Partial(Partial&& other) noexcept
      : path_(std::exchange(other.path_, {})), fd_(std::exchange(other.fd_, -1)) {}
  Partial& operator=(Partial&&) = delete;
  ~Partial() {
    if (fd_ < 0) return;
    remove_with_parts(path_);
    ::close(fd_);
  }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  static constexpr std::string_view kInfix = ".partial-";
  static constexpr std::string_view kHex = "0123456789abcdef";

  Partial() = default;

  static std::string random_hex() {
    std::string hex;
    for (const std::byte byte : sqlite::random_id()) {
      for (const int shift : {4, 0}) hex += kHex[std::to_integer<std::size_t>(byte >> shift) & 0xF];
    }
    return hex;
  }
  /// On a file system that knows no locks one left over is never told from one being made.
  enum class Lock : std::uint8_t { ours, others, unknown };
  static Lock lock(int fd) noexcept {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return Lock::ours;
    return errno == EWOULDBLOCK ? Lock::others : Lock::unknown;
  }
  /// Nobody removed it.
  static bool named(int fd) noexcept {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && status.st_nlink > 0;
  }
  /// Those of snapshots to this name that died.
  static void remove_left_over(const std::string& to) {
    const std::filesystem::path target(to);
    const std::filesystem::path folder = target.has_parent_path() ? target.parent_path() : ".";
    const std::string prefix = target.filename().string() + std::string(kInfix);
    const std::size_t size = prefix.size() + 2 * sqlite::random_id().size();
    std::error_code failed;
    for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end;
         at.increment(failed)) {
      const std::string name = at->path().filename().string();
      if (!name.starts_with(prefix) || name.size() != size) continue;
      if (name.find_first_not_of(kHex, prefix.size()) != std::string::npos) continue;
      const int fd = ::open(at->path().c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
      if (fd < 0) continue;
      if (lock(fd) == Lock::ours) remove_with_parts(at->path().string());
      ::close(fd);
    }
  }
  std::string path_;
  int fd_ = -1;
};

/// Gives the copy its name, unless somebody took it meanwhile.
Result<void> rename_new(const std::string& from, const std::string& to) {
  int done = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
  if (done != 0 && (errno == EINVAL || errno == ENOSYS)) {  // A file system without it: NFS.
    done = ::link(from.c_str(), to.c_str());
  }
  if (done == 0) return {};
  if (errno == EEXIST) return fail(Errc::already_exists, 0, "snapshot: a file of that name exists");
  return fail(sqlite::error_of(errno, "snapshot: the copy cannot take its name"));
}

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
  const Result<Partial> partial = Partial::make(to);
  if (!partial) return fail(partial.error());
  {
    Result<Database> copy_to = Database::open(partial->path(), Database::Mode::create);
    if (!copy_to) return fail(copy_to.error());
    Result<void> step = copy(*from, *copy_to);
    if (step) step = check(*copy_to);
    if (!step) return fail(step.error());
  }
  const std::uintmax_t size = std::filesystem::file_size(partial->path(), failed);
  if (failed) return fail(Errc::io, 0, "snapshot: the copy is gone");
  const Result<void> named = rename_new(partial->path(), to);
  if (!named) return fail(named.error());
  const Result<void> synced = sqlite::sync_folder_of(to);
  if (!synced) return fail(synced.error());
  return size;
}

}  // namespace ems::io
