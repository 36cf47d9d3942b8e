// SPDX-License-Identifier: Apache-2.0
// Stores of other versions, and a repair that is interrupted.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "ems/io/store/edge_store.hpp"
#include "ems/io/store/store_reader.hpp"
#include "support/edge_store_calls.hpp"
#include "support/faulty_files.hpp"
#include "support/temp_dir.hpp"

namespace ems::test {
namespace {

namespace fs = std::filesystem;
using namespace ems::io;
using namespace ems::telemetry;

/// The tables of version 1, as they were. Never to be changed.
constexpr const char* kVersion1 = R"sql(
PRAGMA journal_mode=WAL;
CREATE TABLE epoch(counter INTEGER PRIMARY KEY, random BLOB NOT NULL);
CREATE TABLE stream(stream INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, last INTEGER NOT NULL,
                    acknowledged INTEGER NOT NULL);
CREATE TABLE block(id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, epoch INTEGER NOT NULL,
                   first INTEGER NOT NULL, last INTEGER NOT NULL, utc_min_us INTEGER NOT NULL,
                   utc_max_us INTEGER NOT NULL, bytes BLOB NOT NULL, UNIQUE(stream, epoch, first));
CREATE TABLE gap(stream INTEGER NOT NULL, epoch INTEGER NOT NULL, first INTEGER NOT NULL,
                 last INTEGER NOT NULL, reason INTEGER NOT NULL, utc_min_us INTEGER,
                 utc_max_us INTEGER, PRIMARY KEY(stream, epoch, first)) WITHOUT ROWID;
CREATE TABLE kv(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
PRAGMA application_id=1162695493;
PRAGMA user_version=1;
INSERT INTO epoch VALUES(1, x'06060606060606060606060606060606'),
                        (2, x'07070707070707070707070707070707');
INSERT INTO stream VALUES(0, 2, 0, 0), (1, 2, 120, 10), (2, 2, 0, 0);
INSERT INTO gap VALUES(1, 1, 1, 100, 1, NULL, NULL), (1, 2, 21, 60, 1, 5, 6);
INSERT INTO kv VALUES('latch', x'0102');
)sql";

std::int64_t number_of(const std::string& path, const char* query) {
  sqlite3* db = nullptr;
  sqlite3_stmt* s = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_prepare_v2(db, query, -1, &s, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  EXPECT_EQ(sqlite3_step(s), SQLITE_ROW);
  const std::int64_t value = sqlite3_column_int64(s, 0);
  sqlite3_finalize(s);
  sqlite3_close(db);
  return value;
}

void insert_block(const std::string& path, std::uint64_t first, std::uint64_t last) {
  const std::vector<std::byte> block = numbered_block(epoch(7, 2), first, last);
  sqlite3* db = nullptr;
  sqlite3_stmt* s = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  ASSERT_EQ(
      sqlite3_prepare_v2(db, "INSERT INTO block VALUES(NULL,1,2,?1,?2,?3,?4,?5)", -1, &s, nullptr),
      SQLITE_OK);
  sqlite3_bind_int64(s, 1, static_cast<std::int64_t>(first));
  sqlite3_bind_int64(s, 2, static_cast<std::int64_t>(last));
  sqlite3_bind_int64(s, 3, numbered_row(first).utc_us);
  sqlite3_bind_int64(s, 4, numbered_row(last).utc_us);
  sqlite3_bind_blob(s, 5, block.data(), static_cast<int>(block.size()), SQLITE_TRANSIENT);
  EXPECT_EQ(sqlite3_step(s), SQLITE_DONE);
  sqlite3_finalize(s);
  sqlite3_close(db);
}

void make_version_1(const std::string& path) {
  run_sql(path, kVersion1);
  insert_block(path, 1, 20);
  insert_block(path, 61, 120);
}

void expect_whole(EdgeStore& store) {
  EXPECT_FALSE(store.open_report().repaired);
  EXPECT_EQ(store.open_report().corrupt_rows, 0U);
  EXPECT_EQ(store.epoch(), epoch(7, 2));
  EXPECT_EQ(store.mark(Stream::telemetry).last, 120U);
  EXPECT_EQ(store.mark(Stream::telemetry).acknowledged, 10U);
  EXPECT_EQ(store.get("latch").value()->size(), 2U);
  const auto items = store.peek(Stream::telemetry, 0, SIZE_MAX).value();
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(rows_of(items[0].block).at(19), numbered_row(20));
  EXPECT_EQ(items[1].gap->last, 60U);
  EXPECT_EQ(rows_of(items[2].block).at(59), numbered_row(120));
}

TEST(EdgeStoreSchemaFault, AStoreOfTheVersionBeforeIsMigratedAndGoesOn) {
  const TempDir dir;
  make_version_1(dir / "s.db");
  {
    StoreReader reader = std::move(StoreReader::open(dir / "s.db")).value();  // Before its writer.
    EXPECT_EQ(read_columns(reader, {}, {})->sequences.size(), 80U);
  }
  for (int life = 0; life < 2; ++life) {
    Result<EdgeStore> store = EdgeStore::open(dir / "s.db");
    ASSERT_TRUE(store) << store.error().what;
    expect_whole(*store);
    EXPECT_EQ(store->counters().rows_lost_ever[1], 140U) << "counted from its gaps";
    EXPECT_EQ(store->counters().rows_lost_ever[0], 0U);
  }
  EXPECT_EQ(number_of(dir / "s.db", "PRAGMA user_version"), 2);
  Result<EdgeStore> store = EdgeStore::open(dir / "s.db");
  ASSERT_TRUE(store);
  EXPECT_EQ(store->append(numbered_row(121).view()).value(), 121U);
  EXPECT_TRUE(store->commit());
}

TEST(EdgeStoreSchemaFault, AMigrationThatIsInterruptedHappensAtTheNextStart) {
  std::uint64_t met = 0;
  for (std::uint64_t write = 1; write <= 30; ++write) {
    const TempDir dir;
    make_version_1(dir / "s.db");
    FaultyFiles files;
    files.fail_at(write, FileFault::power_cut);
    (void)EdgeStore::open(dir / "s.db");
    met += files.struck() ? 1U : 0U;
    files.repair();
    Result<EdgeStore> store = EdgeStore::open(dir / "s.db");
    ASSERT_TRUE(store) << "write " << write << ": " << store.error().what;
    expect_whole(*store);
  }
  EXPECT_GT(met, 3U);
  EXPECT_LT(met, 30U);
}

TEST(EdgeStoreSchemaFault, TheProgramBeforeOpensTheStoreOfTheNext) {
  const TempDir dir;
  { ASSERT_TRUE(EdgeStore::open(dir / "s.db")); }
  // The next version adds: a table, and a column to each.
  run_sql(dir / "s.db", "CREATE TABLE extra(x); PRAGMA user_version=3");
  for (const char* table : {"epoch", "stream", "block", "gap", "kv"}) {
    run_sql(dir / "s.db", std::string("ALTER TABLE ") + table + " ADD COLUMN more INTEGER");
  }
  EdgeStoreOptions options;
  options.budget_bytes = 500;  // A few blocks.
  Result<EdgeStore> store = EdgeStore::open(dir / "s.db", options);
  ASSERT_TRUE(store) << store.error().what;
  for (Sequence n = 1; n <= 400; ++n) {
    ASSERT_TRUE(store->append(numbered_row(n).view()));
    ASSERT_TRUE(store->commit());
  }
  EXPECT_GT(store->counters().rows_lost[1], 0U);
  ASSERT_TRUE(store->put("latch", {}));
  ASSERT_TRUE(store->open_new_epoch());
  EXPECT_EQ(number_of(dir / "s.db", "PRAGMA user_version"), 3) << "it is still the newer one's";
  EXPECT_TRUE(StoreReader::open(dir / "s.db"));
  { const EdgeStore closed = std::move(*store); }
  run_sql(dir / "s.db", "PRAGMA user_version=4");
  EXPECT_EQ(EdgeStore::open(dir / "s.db").error().code, Errc::schema);
}

/// A store whose file needs salvage, with 6000 rows; how many of them are readable.
void make_damaged(const std::string& path) {
  {
    Result<EdgeStore> store = EdgeStore::open(path);
    ASSERT_TRUE(store);
    add_rows(*store, 1, 6'000);
    ASSERT_TRUE(store->commit());
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(8 * 4096);
  file << std::string(4096, '\xff');
}

struct Repaired {
  std::uint64_t rows = 0;
  Sequence last = 0;
  bool repaired = false;
  bool operator==(const Repaired&) const = default;
};

std::optional<Repaired> open_repaired(const std::string& path) {
  Result<EdgeStore> store = EdgeStore::open(path);
  if (!store) return std::nullopt;
  Repaired found{0, store->mark(Stream::telemetry).last, store->open_report().repaired};
  const std::string& aside = store->open_report().damaged_copy;
  EXPECT_EQ(aside, found.repaired ? path + ".damaged-1" : "");
  found.rows = check_items(*store).rows;
  return found;
}

TEST(EdgeStoreSchemaFault, APowerCutInTheMiddleOfARepairCostsNothing) {
  const TempDir whole;
  make_damaged(whole / "s.db");
  const std::optional<Repaired> expected = open_repaired(whole / "s.db");
  ASSERT_TRUE(expected);
  ASSERT_TRUE(expected->repaired);
  ASSERT_GT(expected->rows, 4'000U);
  std::uint64_t met = 0;
  for (std::uint64_t write = 1; write <= 260; write += 7) {
    const TempDir dir;
    make_damaged(dir / "s.db");
    FaultyFiles files;
    files.fail_at(write, FileFault::power_cut);
    (void)open_repaired(dir / "s.db");
    met += files.struck() ? 1U : 0U;
    files.repair();
    const std::optional<Repaired> found = open_repaired(dir / "s.db");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->rows, expected->rows) << "write " << write;
    EXPECT_EQ(found->last, expected->last) << "write " << write;
  }
  EXPECT_GT(met, 5U);
}

TEST(EdgeStoreSchemaFault, ARepairThatWasReadyTakesItsPlace) {
  // The power went after the repaired copy had its name: at each of the renames that follow.
  for (int renamed = 0; renamed <= 2; ++renamed) {
    const TempDir dir;
    make_damaged(dir / "s.db");
    std::ofstream(dir / "s.db-wal") << "an old log";
    {
      const TempDir other;
      Result<EdgeStore> good = EdgeStore::open(other / "s.db");
      ASSERT_TRUE(good);
      add_rows(*good, 1, 100);
      ASSERT_TRUE(good->commit());
      { const EdgeStore closed = std::move(*good); }
      fs::copy_file(other / "s.db", dir / "s.db.repaired");
    }
    std::ofstream(dir / "s.db.repairing-wal") << "of an earlier try";
    if (renamed > 0) fs::rename(dir / "s.db-wal", dir / "s.db.damaged-1-wal");
    if (renamed > 1) fs::rename(dir / "s.db", dir / "s.db.damaged-1");
    const std::optional<Repaired> found = open_repaired(dir / "s.db");
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, (Repaired{100, 100, true}));
    EXPECT_TRUE(fs::exists(dir / "s.db.damaged-1"));
    EXPECT_TRUE(fs::exists(dir / "s.db.damaged-1-wal"));
    EXPECT_FALSE(fs::exists(dir / "s.db.repaired"));
    EXPECT_EQ(open_repaired(dir / "s.db"), (Repaired{100, 100, false})) << "once";
  }
}

}  // namespace
}  // namespace ems::test
