// SPDX-License-Identifier: Apache-2.0
// Opening: identity, integrity, every block checked, damage salvaged.
#include <filesystem>
#include <utility>

#include "edge_store_impl.hpp"
#include "ems/model/catalogue.hpp"

namespace ems::io {

using namespace telemetry;

namespace {

constexpr const char* kRepairing = ".repairing";  // What is readable, still being copied.
constexpr const char* kRepaired = ".repaired";    // All of it, and synced.
constexpr std::array kParts{"-wal", "-shm", ""};

std::int64_t number(Stream stream) { return static_cast<std::uint8_t>(stream); }

Result<Epoch> epoch_of(sqlite::Database& db, std::int64_t counter) {
  Result<sqlite::Statement> s = db.prepare("SELECT random FROM epoch WHERE counter=?1");
  if (!s) return fail(s.error());
  const Result<bool> row = s->bind(1, counter).next();
  if (!row) return fail(row.error());
  Epoch epoch;
  epoch.counter = static_cast<std::uint32_t>(counter);
  if (!*row || s->blob(0).size() != epoch.random.size()) {
    return fail(Errc::corrupt, 0, "store: an epoch is missing");
  }
  const Bytes random = s->blob(0);
  std::copy(random.begin(), random.end(), epoch.random.begin());
  return epoch;
}

}  // namespace

std::vector<Event> alarms_of(const OpenReport& report) {
  const auto rows = static_cast<std::int64_t>(report.corrupt_rows);
  std::vector<Event> alarms;
  if (report.repaired || report.reindexed) {
    alarms.push_back({.severity = Severity::alarm, .name = kAlarmStoreRepaired, .value = rows});
  }
  if (report.corrupt_rows > 0) {
    alarms.push_back({.severity = Severity::alarm, .name = kAlarmStoreCorrupt, .value = rows});
  }
  return alarms;
}

Result<EdgeStore> EdgeStore::open(const std::string& path, const EdgeStoreOptions& options) {
  auto impl = std::make_unique<Impl>();
  const Result<void> opened = impl->open(path, options);
  if (!opened) return fail(opened.error());
  const Result<std::int64_t> unsure =
      impl->db.integer("SELECT count(*) FROM kv WHERE key=char(1)||'new-epoch'");
  if (!unsure) return fail(unsure.error());
  EdgeStore store{std::move(impl)};
  if (*unsure > 0) {
    const Result<Epoch> next = store.open_new_epoch();
    if (!next) return fail(next.error());
  }
  return store;
}

Result<void> EdgeStore::Impl::open(const std::string& path, const EdgeStoreOptions& with) {
  options = with;
  context.catalogue_hash = catalogue_hash();
  for (const Stream stream : kStreams) lane(stream).stream = stream;
  std::error_code ignored;
  if (!options.create && !std::filesystem::exists(path, ignored) &&
      !std::filesystem::exists(path + kRepaired, ignored)) {
    return fail(Errc::not_found, 0, "store: no such file");
  }
  Result<sqlite::WriterLock> held = sqlite::WriterLock::take(path);
  if (!held) return fail(held.error());
  lock = std::move(*held);
  const Result<void> finished = finish_repair(path);
  if (!finished) return finished;
  sqlite::IndexCheck indexes{.mend = options.repair};
  Result<sqlite::Database> opened = sqlite::open_store(
      path, kEdgeSchema, options.create, options.pages_max, &report.created, options.vfs, &indexes);
  report.reindexed = indexes.mended;
  if (opened) {
    db = std::move(*opened);
    const Result<void> step = report.created ? create_epoch(1) : Result<void>{};
    if (!step) return noted(step);
    Result<void> sound = load();
    if (sound) sound = check_blocks();
    if (sound || sound.error().code != Errc::corrupt || !options.repair) return noted(sound);
    counters = {};
    report = {};
    report.reindexed = indexes.mended;
  } else if (opened.error().code != Errc::corrupt || !options.repair) {
    return fail(opened.error());
  }
  upsert_block = {};
  update_marks = {};
  db = {};
  const Result<void> repaired = repair(path);
  if (!repaired) return repaired;
  bool created = false;
  opened = sqlite::open_store(path, kEdgeSchema, false, options.pages_max, &created, options.vfs);
  if (!opened) return fail(opened.error());
  db = std::move(*opened);
  const Result<void> loaded = load();
  if (!loaded) return noted(loaded);
  return noted(check_blocks());
}

Result<void> EdgeStore::Impl::create_epoch(std::uint32_t counter) {
  sqlite::Transaction transaction(db);
  Result<void> step = transaction.begin();
  if (!step) return step;
  Result<sqlite::Statement> insert = db.prepare("INSERT INTO epoch(counter,random) VALUES(?1,?2)");
  if (!insert) return fail(insert.error());
  const std::array<std::byte, 16> random = sqlite::random_id();
  step = insert->bind(1, std::int64_t{counter}).bind(2, Bytes{random}).run();
  for (const Stream stream : kStreams) {
    Result<sqlite::Statement> row =
        db.prepare("INSERT INTO stream(stream,epoch,last,acknowledged) VALUES(?1,?2,0,0)");
    if (!row) return fail(row.error());
    if (step) step = row->bind(1, number(stream)).bind(2, std::int64_t{counter}).run();
  }
  if (!step) return step;
  return transaction.commit();
}

Result<void> EdgeStore::Impl::load() {
  Result<std::int64_t> counter = db.integer("SELECT max(counter) FROM epoch");
  if (!counter) return fail(counter.error());
  if (*counter == 0) {  // Power went between the tables and the first epoch.
    const Result<void> made = create_epoch(1);
    if (!made) return made;
    counter = 1;
  }
  const Result<Epoch> current = epoch_of(db, *counter);
  if (!current) return fail(current.error());
  epoch = *current;
  for (Lane& of : lanes) {
    Result<sqlite::Statement> s =
        db.prepare("SELECT last, acknowledged, lost FROM stream WHERE stream=?1 AND epoch=?2");
    if (!s) return fail(s.error());
    const Result<bool> row = s->bind(1, number(of.stream)).bind(2, *counter).next();
    if (!row) return fail(row.error());
    if (!*row || s->unsigned_integer(1) > s->unsigned_integer(0) ||
        s->unsigned_integer(0) > kSequenceMax || s->unsigned_integer(2) > kSequenceMax) {
      return fail(Errc::corrupt, 0, "store: the marks of a stream are missing or wrong");
    }
    of.committed = s->unsigned_integer(0);
    of.acknowledged = s->unsigned_integer(1);
    of.lost_before = s->unsigned_integer(2);
    EMS_ASSERT(of.builder.start(of.stream, epoch, of.committed + 1).has_value());
  }
  return {};
}

Result<void> EdgeStore::Impl::check_blocks() {
  sqlite::Transaction transaction(db);
  Result<void> step = transaction.begin();
  if (!step) return step;
  struct Bad {
    std::int64_t id;
    Stream stream;
    std::uint32_t epoch;
    Gap range;
    std::size_t size;
  };
  std::vector<Bad> bad;
  Result<sqlite::Statement> rows =
      db.prepare("SELECT id, stream, epoch, first, last, utc_min_us, utc_max_us, bytes FROM block");
  if (!rows) return fail(rows.error());
  Epoch of_block = epoch;
  while (true) {
    const Result<bool> row = rows->next();
    if (!row) return fail(row.error());
    if (!*row) break;
    if (rows->integer(2) != of_block.counter) {
      const Result<Epoch> other = epoch_of(db, rows->integer(2));
      of_block = other ? *other : Epoch{};
    }
    const auto stream = static_cast<Stream>(rows->integer(1));
    const Bytes block = rows->blob(7);
    if (index_of(stream) >= kStreamCount) return fail(Errc::corrupt, 0, "store: a stream number");
    count_bytes(stream, 0, block.size());
    const bool current = rows->integer(2) == epoch.counter;
    const Sequence last = rows->unsigned_integer(4);
    if (checked_block(block, stream, of_block, rows->unsigned_integer(3), last)) {
      if (!current || last <= lane(stream).committed) continue;
      return fail(Errc::corrupt, 0, "store: a mark is below the rows that are there");
    }
    bad.push_back({rows->integer(0),
                   stream,
                   static_cast<std::uint32_t>(rows->integer(2)),
                   {.first = rows->unsigned_integer(3),
                    .last = rows->unsigned_integer(4),
                    .reason = GapReason::corrupt,
                    .time_known = true,
                    .utc_first = UtcInstant{microseconds(rows->integer(5))},
                    .utc_last = UtcInstant{microseconds(rows->integer(6))}},
                   block.size()});
    Gap& range = bad.back().range;
    const bool possible = range.first > 0 && range.last - range.first < kBlockRowsMax &&
                          (!current || range.last <= lane(stream).committed);
    if (!possible) range.last = (range.first = 1) - 1;  // fill_holes() sees which rows are gone.
  }
  for (const Bad& b : bad) {
    step = lose_block(b.id, b.stream, b.epoch, b.range, b.size);
    if (!step) return step;
    ++report.corrupt_blocks;
    report.corrupt_rows += b.range.last - b.range.first + 1;
  }
  for (Lane& of : lanes) {
    step = fill_holes(of);
    if (step && counters.rows_lost[index_of(of.stream)] > 0) step = write_marks(of, of.committed);
    if (!step) return step;
  }
  return transaction.commit();
}

Result<void> EdgeStore::Impl::fill_holes(Lane& of) {
  // A gap that cannot be is damage: no server takes it. The rows it stood for are holes now.
  Result<sqlite::Statement> impossible = db.prepare(
      "DELETE FROM gap WHERE stream=?1 AND (first<1 OR last<first OR reason NOT BETWEEN 1 AND 3 "
      "OR (epoch=?2 AND last>?3))");
  if (!impossible) return fail(impossible.error());
  impossible->bind(1, number(of.stream)).bind(2, std::int64_t{epoch.counter});
  const Result<void> removed = impossible->bind(3, of.committed).run();
  if (!removed) return removed;
  Result<sqlite::Statement> rows = db.prepare(
      "SELECT first, last, 0 FROM block WHERE stream=?1 AND epoch=?2 UNION ALL "
      "SELECT first, last, 1 FROM gap WHERE stream=?1 AND epoch=?2 ORDER BY 1");
  if (!rows) return fail(rows.error());
  rows->bind(1, number(of.stream)).bind(2, std::int64_t{epoch.counter});
  std::vector<Gap> holes;
  Sequence expected = of.acknowledged + 1;  // Holes below are evicted rows that were delivered.
  of.first_held = of.committed + 1;
  while (true) {
    const Result<bool> row = rows->next();
    if (!row) return fail(row.error());
    const Sequence first = *row ? rows->unsigned_integer(0) : of.committed + 1;
    if (first > expected) holes.push_back({expected, first - 1, GapReason::corrupt});
    if (!*row) break;
    if (rows->integer(2) == 0) of.first_held = std::min(of.first_held, first);
    expected = std::max(expected, rows->unsigned_integer(1) + 1);
  }
  for (const Gap& hole : holes) {
    report.corrupt_rows += hole.last - hole.first + 1;
    counters.rows_lost[index_of(of.stream)] += hole.last - hole.first + 1;
    const Result<void> step = insert_gap(of.stream, epoch.counter, hole);
    if (!step) return step;
  }
  return {};
}

Result<void> EdgeStore::Impl::repair(const std::string& path) {
  std::error_code ignored;
  const std::string fresh = path + kRepairing;
  for (const char* part : kParts) std::filesystem::remove(fresh + part, ignored);
  {
    bool created = false;
    Result<sqlite::Database> to =
        sqlite::open_store(fresh, kEdgeSchema, true, options.pages_max, &created, options.vfs);
    if (!to) return fail(to.error());
    db = std::move(*to);
    Result<sqlite::Database> from =
        sqlite::Database::open(path, sqlite::Database::Mode::read_write, options.vfs);
    Result<void> step;
    if (!from) step = fail(from.error());  // Not damage: what is in it may be read later.
    if (from) {
      sqlite::Transaction transaction(db);
      step = transaction.begin();
      if (step) step = salvage(*from);
      if (step) step = transaction.commit();
    }
    // What stays in the log is not in the file that gets the name.
    const int code =
        sqlite3_wal_checkpoint_v2(db.raw(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (step && code != SQLITE_OK) step = fail(sqlite::to_error(code, db.raw()));
    step = noted(step);
    upsert_block = {};
    update_marks = {};
    db = {};
    if (!step) {
      for (const char* part : kParts) std::filesystem::remove(fresh + part, ignored);
      return step;
    }
  }
  std::error_code failed;
  std::filesystem::rename(fresh, path + kRepaired, failed);
  if (failed) return fail(Errc::io, 0, "store: its repaired copy cannot be renamed");
  const Result<void> synced = sqlite::sync_folder_of(path);
  if (!synced) return synced;
  return finish_repair(path);
}

Result<void> EdgeStore::Impl::finish_repair(const std::string& path) {
  std::error_code failed;
  if (!std::filesystem::exists(path + kRepaired, failed)) return {};
  const auto aside_name = [&path](int n) { return path + ".damaged-" + std::to_string(n); };
  int n = 1;
  while (std::filesystem::exists(aside_name(n), failed)) ++n;
  const bool moved_before = n > 1 && !std::filesystem::exists(path, failed);
  const std::string aside = aside_name(moved_before ? n - 1 : n);
  for (const char* part : kParts) {  // The file itself last: with it this is done.
    if (!std::filesystem::exists(path + part, failed)) continue;
    std::filesystem::rename(path + part, aside + part, failed);
    if (failed) return fail(Errc::io, 0, "store: the damaged file cannot be moved aside");
  }
  // The old log must not be found beside the new file.
  const Result<void> synced = sqlite::sync_folder_of(path);
  if (!synced) return synced;
  std::filesystem::rename(path + kRepaired, path, failed);
  if (failed) return fail(Errc::io, 0, "store: the repaired file cannot take its place");
  report.repaired = true;
  report.damaged_copy = aside;
  return sqlite::sync_folder_of(path);
}

}  // namespace ems::io
