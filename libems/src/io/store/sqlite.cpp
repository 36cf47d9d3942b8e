// SPDX-License-Identifier: Apache-2.0
#include "sqlite.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

namespace ems::io::sqlite {

namespace {

/// Why the operating system refused a write last: of the log or of the file. sqlite3_system_errno()
/// does not know of a failed commit.
int last_errno(sqlite3* db) noexcept {
  for (const int which : {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER}) {
    sqlite3_file* file = nullptr;
    int number = 0;
    if (sqlite3_file_control(db, "main", which, &file) != SQLITE_OK || file == nullptr ||
        file->pMethods == nullptr) {
      continue;
    }
    const int code = file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &number);
    if (code == SQLITE_OK && number != 0) return number;
  }
  return sqlite3_system_errno(db);
}

}  // namespace

Error to_error(int code, sqlite3* db) noexcept {
  if (code == SQLITE_IOERR_SHMSIZE) return fail(Errc::disk_full, 0, "store: no room left").error;
  const int kind = code & 0xFF;
  if (db != nullptr && (kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN)) {
    switch (last_errno(db)) {
      case EROFS:
        return fail(Errc::read_only, 0, "store: the file system is read-only").error;
      case ENOSPC:
      case EDQUOT:
        return fail(Errc::disk_full, 0, "store: no room left").error;
      default:
        break;
    }
  }
  switch (kind) {
    case SQLITE_FULL:
      return fail(Errc::disk_full, 0, "store: no room left").error;
    case SQLITE_READONLY:
      return fail(Errc::read_only, 0, "store: the file cannot be written").error;
    case SQLITE_CORRUPT:
      return fail(Errc::corrupt, 0, "store: the file is damaged").error;
    case SQLITE_NOTADB:
      return fail(Errc::header, 0, "store: not a libems store").error;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(Errc::unavailable, 0, "store: another process holds it").error;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return fail(Errc::permission_denied, 0, "store: access refused").error;
    case SQLITE_TOOBIG:
      return fail(Errc::resource_exhausted, 0, "store: a value is too large").error;
    default:
      return fail(Errc::io, 0, sqlite3_errstr(code)).error;  // Static text.
  }
}

Error error_of(int number, const char* what) noexcept {
  switch (number) {
    case EROFS:
    case EACCES:
    case EPERM:
      return fail(Errc::read_only, 0, what).error;
    case ENOSPC:
    case EDQUOT:
      return fail(Errc::disk_full, 0, what).error;
    default:
      return fail(Errc::io, 0, what).error;
  }
}

Statement& Statement::bind(int at, std::int64_t value) noexcept {
  EMS_ASSERT(sqlite3_bind_int64(raw_.get(), at, value) == SQLITE_OK);
  return *this;
}
Statement& Statement::bind(int at, std::string_view value) noexcept {
  EMS_ASSERT(sqlite3_bind_text(raw_.get(), at, value.data() == nullptr ? "" : value.data(),
                               static_cast<int>(value.size()), SQLITE_TRANSIENT) == SQLITE_OK);
  return *this;
}
Statement& Statement::bind(int at, Bytes value) noexcept {
  const int code = value.empty()
                       ? sqlite3_bind_zeroblob(raw_.get(), at, 0)
                       : sqlite3_bind_blob(raw_.get(), at, value.data(),
                                           static_cast<int>(value.size()), SQLITE_TRANSIENT);
  EMS_ASSERT(code == SQLITE_OK);
  return *this;
}
Statement& Statement::bind_null(int at) noexcept {
  EMS_ASSERT(sqlite3_bind_null(raw_.get(), at) == SQLITE_OK);
  return *this;
}

Result<bool> Statement::next() noexcept {
  const int code = sqlite3_step(raw_.get());
  if (code == SQLITE_ROW) return true;
  sqlite3_reset(raw_.get());
  if (code == SQLITE_DONE) return false;
  return fail(to_error(code, sqlite3_db_handle(raw_.get())));
}
Result<void> Statement::run() noexcept {
  const Result<bool> row = next();
  reset();
  if (!row) return fail(row.error());
  return {};
}
void Statement::reset() noexcept { sqlite3_reset(raw_.get()); }

std::int64_t Statement::integer(int column) const noexcept {
  return sqlite3_column_int64(raw_.get(), column);
}
bool Statement::is_null(int column) const noexcept {
  return sqlite3_column_type(raw_.get(), column) == SQLITE_NULL;
}
std::string Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(raw_.get(), column));
  return text == nullptr
             ? std::string{}
             : std::string(text,
                           static_cast<std::size_t>(sqlite3_column_bytes(raw_.get(), column)));
}
Bytes Statement::blob(int column) const noexcept {
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(raw_.get(), column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(raw_.get(), column))};
}

Result<Database> Database::open(const std::string& path, Mode mode, const std::string& vfs) {
  const int flags =
      SQLITE_OPEN_FULLMUTEX | (mode == Mode::read_only ? SQLITE_OPEN_READONLY
                               : mode == Mode::create  ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                       : SQLITE_OPEN_READWRITE);
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, vfs.empty() ? nullptr : vfs.c_str());
  Database db;
  db.raw_.reset(raw);
  if (code != SQLITE_OK) return fail(to_error(code, raw));
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, 2000);  // A reader's checkpoint, never another writer: WriterLock.
  return db;
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(raw_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return fail(to_error(code, raw_.get()));
  return Statement{raw};
}

Result<void> Database::prepare_once(Statement& statement, std::string_view sql) {
  if (statement) return {};
  Result<Statement> made = prepare(sql);
  if (!made) return fail(made.error());
  statement = std::move(*made);
  return {};
}

Result<void> Database::run(const char* sql) {
  const int code = sqlite3_exec(raw_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(to_error(code, raw_.get()));
  return {};
}

Result<void> Database::begin() {
  const Result<void> ready = prepare_once(begin_, "BEGIN IMMEDIATE");
  return ready ? begin_.run() : ready;
}

Result<void> Database::commit() {
  const Result<void> ready = prepare_once(commit_, "COMMIT");
  return ready ? commit_.run() : ready;
}

Result<std::int64_t> Database::integer(std::string_view sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement) return fail(statement.error());
  const Result<bool> row = statement->next();
  if (!row) return fail(row.error());
  return *row ? statement->integer(0) : 0;
}

Result<std::string> Database::text(std::string_view sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement) return fail(statement.error());
  const Result<bool> row = statement->next();
  if (!row) return fail(row.error());
  return *row ? statement->text(0) : std::string{};
}

namespace {

Result<void> check_identity(Database& db, const Schema& schema, bool fresh) {
  const Result<std::int64_t> id = db.integer("PRAGMA application_id");
  if (!id) return fail(id.error());
  if (fresh && *id == 0) return {};
  if (*id != schema.application_id) return fail(Errc::header, 0, "store: not a libems store");
  const Result<std::int64_t> version = db.integer("PRAGMA user_version");
  if (!version) return fail(version.error());
  if (*version > schema.version + (schema.additive ? 1 : 0) || *version < 1) {
    return fail(Errc::schema, 0, "store: made by a newer version");
  }
  return {};
}

Result<void> create_tables(Database& db, const Schema& schema) {
  Transaction transaction(db);
  Result<void> step = transaction.begin();
  if (!step) return step;
  step = db.run(schema.create_sql);
  if (!step) return step;
  const std::string identity = "PRAGMA application_id=" + std::to_string(schema.application_id) +
                               "; PRAGMA user_version=" + std::to_string(schema.version);
  step = db.run(identity.c_str());
  if (!step) return step;
  return transaction.commit();
}

Result<void> migrate(Database& db, const Schema& schema) {
  const Result<std::int64_t> version = db.integer("PRAGMA user_version");
  if (!version) return fail(version.error());
  if (*version >= schema.version || schema.migrations.empty()) return {};
  EMS_ASSERT(std::cmp_equal(schema.migrations.size(), schema.version - 1));
  Transaction transaction(db);
  Result<void> step = transaction.begin();
  for (auto v = static_cast<std::size_t>(*version); step && v <= schema.migrations.size(); ++v) {
    step = db.run(schema.migrations[v - 1]);
  }
  if (!step) return step;
  step = db.run(("PRAGMA user_version=" + std::to_string(schema.version)).c_str());
  if (!step) return step;
  return transaction.commit();
}

Result<void> check(Database& db, std::string_view pragma) {
  const Result<std::string> verdict = db.text(pragma);
  if (!verdict) return fail(verdict.error());
  if (*verdict != "ok") return fail(Errc::corrupt, 0, "store: integrity check failed");
  return {};
}

}  // namespace

Result<void> check_whole(Database& db, IndexCheck& indexes) {
  constexpr std::string_view kCheck = "PRAGMA integrity_check(1)";
  const Result<void> found = check(db, kCheck);
  if (found || found.error().code != Errc::corrupt || !indexes.mend) return found;
  Transaction transaction(db);
  Result<void> step = transaction.begin();
  if (!step) return step;
  step = db.run("REINDEX");
  const bool no_room = !step && (step.error().code == Errc::disk_full ||  // Nor for a repair.
                                 step.error().code == Errc::read_only);
  if (no_room) return step;
  if (step) step = check(db, kCheck);
  if (!step) return found;  // More than an index: two rows of one key, too.
  step = transaction.commit();
  indexes.mended = step.has_value();
  return step;
}

Result<Database> open_store(const std::string& path, const Schema& schema, bool may_create,
                            std::uint32_t pages_max, bool* created, const std::string& vfs,
                            IndexCheck* indexes) {
  std::error_code ignored;
  const bool exists = std::filesystem::exists(path, ignored);
  if (!exists && !may_create) return fail(Errc::not_found, 0, "store: no such file");
  if (exists && ::access(path.c_str(), W_OK) != 0) {
    return fail(Errc::read_only, 0, "store: the file cannot be written");
  }
  // SQLite would make it for everybody to read; -wal and -shm take its mode. A failure here is one
  // of SQLite's below, which has a name.
  if (!exists) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd >= 0) ::close(fd);
  }
  Result<Database> db =
      Database::open(path, exists ? Database::Mode::read_write : Database::Mode::create, vfs);
  if (!db) {
    const bool no_folder = db.error().code == Errc::io && !exists;
    if (no_folder) return fail(Errc::io, 0, "store: its folder cannot be written");
    return db;
  }
  const Result<std::int64_t> tables = db->integer("SELECT count(*) FROM sqlite_master");
  if (!tables) return fail(tables.error());
  const Result<std::int64_t> pages = db->integer("PRAGMA page_count");
  if (!pages) return fail(pages.error());
  const bool fresh = *tables == 0 && *pages <= 1 && may_create;
  Result<void> step = check_identity(*db, schema, fresh);
  if (!step) return fail(step.error());
  const Result<std::string> journal = db->text("PRAGMA journal_mode=WAL");
  if (!journal) return fail(journal.error());
  if (*journal != "wal") return fail(Errc::read_only, 0, "store: WAL cannot be used here");
  const std::string settings =
      "PRAGMA synchronous=FULL; PRAGMA journal_size_limit=4194304; PRAGMA wal_autocheckpoint=500" +
      (pages_max == 0 ? std::string{} : "; PRAGMA max_page_count=" + std::to_string(pages_max));
  step = db->run(settings.c_str());
  if (!step) return fail(step.error());
  if (fresh) {
    step = create_tables(*db, schema);
  } else {
    step = indexes != nullptr ? check_whole(*db, *indexes) : check(*db, "PRAGMA quick_check(1)");
    if (step) step = migrate(*db, schema);
  }
  if (!step) return fail(step.error());
  if (fresh) step = sync_folder_of(path);
  if (!step) return fail(step.error());
  *created = fresh;
  return db;
}

Result<Database> open_store_read_only(const std::string& path, const Schema& schema,
                                      const std::string& vfs) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return fail(Errc::not_found, 0, "store: no such file");
  }
  Result<Database> db = Database::open(path, Database::Mode::read_only, vfs);
  if (!db) return db;
  const Result<void> identity = check_identity(*db, schema, false);
  if (!identity) return fail(identity.error());
  const Result<std::int64_t> version = db->integer("PRAGMA user_version");
  if (!version) return fail(version.error());
  if (*version < schema.version && !schema.migrations.empty() && !schema.additive) {
    return fail(Errc::schema, 0, "store: of an earlier version; its writer migrates it");
  }
  return db;
}

Result<WriterLock> WriterLock::take(const std::string& path) {
  WriterLock lock;
  const std::string name = path + ".lock";
  lock.fd_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (lock.fd_ < 0) return fail(error_of(errno, "store: its lock file cannot be made"));
  if (::flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    return fail(Errc::unavailable, 0, "store: another process writes it");
  }
  return lock;
}
WriterLock::WriterLock(WriterLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
WriterLock& WriterLock::operator=(WriterLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
WriterLock::~WriterLock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> sync_folder_of(const std::string& path) {
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fail(Errc::io, 0, "store: its folder cannot be opened");
  const int code = ::fsync(fd);
  ::close(fd);
  if (code != 0) return fail(Errc::io, 0, "store: its folder cannot be synced");
  return {};
}

std::array<std::byte, 16> random_id() {
  std::array<std::byte, 16> id{};
  EMS_ASSERT(::getrandom(id.data(), id.size(), 0) == static_cast<ssize_t>(id.size()));
  return id;
}

}  // namespace ems::io::sqlite
