// SPDX-License-Identifier: Apache-2.0
/// @file A narrow RAII face of sqlite3: every call answers with a Result and keeps SQLite's text.
///
/// SQLiteCpp reports through exceptions; on a full disk, a torn page or a read-only file these are
/// ordinary answers here, so the stores speak to the C API through this file.
#pragma once

#include <sqlite3.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"

namespace ems::io::sqlite {

/// Named error of a SQLite result code.
/// @param db  Where it came from: tells a read-only or full file system from other I/O errors.
[[nodiscard]] Error to_error(int code, sqlite3* db = nullptr) noexcept;

/// Named error of a system call on a file.
[[nodiscard]] Error error_of(int number, const char* what) noexcept;

/// A prepared statement. Parameters and columns count from 1 and 0, as in SQLite.
class Statement {
 public:
  Statement() noexcept = default;
  explicit Statement(sqlite3_stmt* raw) noexcept : raw_(raw) {}
  [[nodiscard]] explicit operator bool() const noexcept { return raw_ != nullptr; }

  Statement& bind(int at, std::int64_t value) noexcept;
  Statement& bind(int at, std::uint64_t value) noexcept {
    return bind(at, static_cast<std::int64_t>(value));
  }
  Statement& bind(int at, std::string_view value) noexcept;
  /// The bytes are copied.
  Statement& bind(int at, Bytes value) noexcept;
  Statement& bind_null(int at) noexcept;

  /// Goes to the next row; false after the last, and then, as after an error, starts over.
  [[nodiscard]] Result<bool> next() noexcept;
  /// Runs a statement that gives no rows, then starts over.
  [[nodiscard]] Result<void> run() noexcept;
  void reset() noexcept;

  [[nodiscard]] std::int64_t integer(int column) const noexcept;
  [[nodiscard]] std::uint64_t unsigned_integer(int column) const noexcept {
    return static_cast<std::uint64_t>(integer(column));
  }
  [[nodiscard]] bool is_null(int column) const noexcept;
  [[nodiscard]] std::string text(int column) const;
  /// Lives until the statement moves.
  [[nodiscard]] Bytes blob(int column) const noexcept;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* raw) const noexcept { sqlite3_finalize(raw); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> raw_;
};

/// A connection.
class Database {
 public:
  Database() noexcept = default;

  enum class Mode { read_only, read_write, create };
  [[nodiscard]] static Result<Database> open(const std::string& path, Mode mode,
                                             const std::string& vfs = {});

  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  /// Prepares `statement` unless it is ready.
  [[nodiscard]] Result<void> prepare_once(Statement& statement, std::string_view sql);
  [[nodiscard]] Result<void> run(const char* sql);
  /// Of a transaction, see there. Prepared once: an edge store says them every second.
  [[nodiscard]] Result<void> begin();
  [[nodiscard]] Result<void> commit();
  /// The one integer of a one-row query or pragma.
  [[nodiscard]] Result<std::int64_t> integer(std::string_view sql);
  [[nodiscard]] Result<std::string> text(std::string_view sql);
  [[nodiscard]] std::int64_t changes() const noexcept { return sqlite3_changes64(raw_.get()); }
  [[nodiscard]] bool in_transaction() const noexcept {
    return sqlite3_get_autocommit(raw_.get()) == 0;
  }
  /// What SQLite said last.
  [[nodiscard]] std::string message() const { return raw_ ? sqlite3_errmsg(raw_.get()) : ""; }
  [[nodiscard]] sqlite3* raw() const noexcept { return raw_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* raw) const noexcept { sqlite3_close_v2(raw); }
  };
  std::unique_ptr<sqlite3, Close> raw_;
  Statement begin_;  // Behind raw_: finalized before it closes.
  Statement commit_;
};

/// Rolls back unless commit() succeeded.
class Transaction {
 public:
  explicit Transaction(Database& db) noexcept : db_(&db) {}
  [[nodiscard]] Result<void> begin() { return db_->begin(); }
  [[nodiscard]] Result<void> commit() { return db_->commit(); }
  ~Transaction() {
    if (db_->in_transaction()) (void)db_->run("ROLLBACK");  // Nothing better can be done.
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

 private:
  Database* db_;
};

/// How a store's file is told apart from others.
struct Schema {
  std::int32_t application_id;
  std::int32_t version;
  const char* create_sql;
  /// [v - 1] makes a file of version v one of v + 1; version - 1 of them, or none: a file of an
  /// earlier version is used as it is.
  std::span<const char* const> migrations{};
  /// Each version only adds tables and columns to the one before: readers take an earlier file as
  /// it is, and a program takes a file that the next version of it has used.
  bool additive = false;
};

/// A damaged index hides rows that are there: the rows are in its table.
struct IndexCheck {
  bool mend = false;    ///< Make damaged indexes anew; else they are `corrupt`.
  bool mended = false;  ///< Set when that was needed, and enough.
};
/// SQLite's check of the whole file, indexes against their tables included.
///
/// @errors corrupt  something is damaged that new indexes do not mend; nothing was changed.
///         disk_full, read_only, io, unavailable  as the file system has it.
[[nodiscard]] Result<void> check_whole(Database& db, IndexCheck& indexes);

/// Opens a store's file: identity, version, integrity, WAL, FULL; creates the tables of a new one.
/// A file of an earlier version is migrated in one transaction: it has the old form or the new.
/// A new file is readable by its owner and group only (0640, less the umask).
///
/// @param created  Set when the tables were made now.
/// @param vfs      Name of a registered SQLite VFS; empty: the default one.
/// @param indexes  Set: check_whole(); nullptr: SQLite's quick check, which believes indexes.
/// @errors not_found, header, schema, corrupt, read_only, disk_full, io, unavailable.
[[nodiscard]] Result<Database> open_store(const std::string& path, const Schema& schema,
                                          bool may_create, std::uint32_t pages_max, bool* created,
                                          const std::string& vfs = {},
                                          IndexCheck* indexes = nullptr);
/// Opens it for reading beside its writer.
[[nodiscard]] Result<Database> open_store_read_only(const std::string& path, const Schema& schema,
                                                    const std::string& vfs = {});

/// Says to the whole machine that one process writes a store, by a lock on `<path>.lock`.
class WriterLock {
 public:
  /// @errors unavailable  another holds it. read_only, io  the lock file cannot be made.
  [[nodiscard]] static Result<WriterLock> take(const std::string& path);
  WriterLock() noexcept = default;
  WriterLock(WriterLock&& other) noexcept;
  WriterLock& operator=(WriterLock&& other) noexcept;
  ~WriterLock();

 private:
  int fd_ = -1;
};

/// fsync of a folder, so that a file made or renamed in it stays.
[[nodiscard]] Result<void> sync_folder_of(const std::string& path);
/// 128 random bits of the operating system.
[[nodiscard]] std::array<std::byte, 16> random_id();

}  // namespace ems::io::sqlite
