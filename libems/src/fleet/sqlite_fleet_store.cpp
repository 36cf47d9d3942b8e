// SPDX-License-Identifier: Apache-2.0
#include "ems/fleet/sqlite_fleet_store.hpp"

#include <algorithm>
#include <utility>

#include "sqlite_fleet.hpp"

namespace ems::fleet {

using namespace telemetry;
using io::sqlite::Database;
using io::sqlite::Statement;

Result<std::unique_ptr<FleetStore>> open_sqlite_fleet_store(const std::string& path,
                                                            const SqliteFleetOptions& options) {
  auto store = std::make_unique<SqliteFleetStore>();
  const Result<void> opened = store->open(path, options);
  if (!opened) return fail(opened.error());
  return std::unique_ptr<FleetStore>{std::move(store)};
}

SqliteFleetStore::SqliteFleetStore() : scratch_buffer_(kBlockSizeMax), scratch_(scratch_buffer_) {}

Result<void> SqliteFleetStore::open(const std::string& path, const SqliteFleetOptions& options) {
  path_ = path;
  vfs_ = options.vfs;
  read_only_ = options.read_only;
  lanes_ = Lanes(options.lanes_max);
  latest_ = LatestCache(options.latest_points_max);
  if (!read_only_) {
    Result<io::sqlite::WriterLock> lock = io::sqlite::WriterLock::take(path);
    if (!lock) return fail(lock.error());
    lock_ = std::move(*lock);
    bool created = false;
    Result<Database> writer = io::sqlite::open_store(path, kFleetSchema, options.create,
                                                     options.pages_max, &created, options.vfs);
    if (!writer) return fail(writer.error());
    writer_ = std::move(*writer);
    // The hot pages of a thousand agents stay in memory; a checkpoint every 16 MiB of log.
    const Result<void> tuned = writer_.run(
        "PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=4096; "
        "PRAGMA journal_size_limit=33554432");
    if (!tuned) return tuned;
    const Result<void> prepared = prepare_writes();
    if (!prepared) return prepared;
    const Result<void> generation = load_generation(created);
    if (!generation) return generation;
  }
  Result<Database> reader = io::sqlite::open_store_read_only(path, kFleetSchema, options.vfs);
  if (!reader) return fail(reader.error());
  reader_ = std::move(*reader);
  if (read_only_) {
    Result<Statement> s = reader_.prepare("SELECT value FROM meta WHERE key='generation'");
    if (!s) return fail(s.error());
    const Result<bool> row = s->next();
    if (!row) return fail(row.error());
    if (*row && s->blob(0).size() == generation_.size()) {
      std::copy_n(s->blob(0).begin(), generation_.size(), generation_.begin());
    }
  }
  return load_totals();
}

Result<void> SqliteFleetStore::write_generation(const Id128& generation, std::uint64_t groups) {
  io::sqlite::Transaction transaction(writer_);
  Result<void> step = transaction.begin();
  if (!step) return step;
  Result<Statement> s =
      writer_.prepare("INSERT OR REPLACE INTO meta VALUES('generation',?1),('groups',?2)");
  if (!s) return fail(s.error());
  step = s->bind(1, Bytes{generation}).bind(2, groups).run();
  if (!step) return step;
  step = transaction.commit();
  if (!step) return step;
  groups_ = groups;
  witness_.write({generation, groups});
  const std::lock_guard lock(state_mutex_);
  generation_ = generation;
  return {};
}

Result<void> SqliteFleetStore::load_generation(bool created) {
  const Result<std::optional<Witness::Seen>> seen = witness_.open(path_ + ".generation");
  if (!seen) return fail(seen.error());
  Id128 generation{};
  std::uint64_t groups = 0;
  bool known = false;
  if (!created) {
    Result<Statement> s = writer_.prepare(
        "SELECT (SELECT value FROM meta WHERE key='generation'), "
        "(SELECT value FROM meta WHERE key='groups')");
    if (!s) return fail(s.error());
    const Result<bool> row = s->next();
    if (!row) return fail(row.error());
    known = *row && s->blob(0).size() == generation.size();
    if (known) {
      std::copy_n(s->blob(0).begin(), generation.size(), generation.begin());
      groups = s->unsigned_integer(1);
    }
  }
  const bool restored =
      known && (!*seen || (*seen)->generation != generation || (*seen)->groups > groups);
  if (!known || restored) {
    // Groups go on above what the witness saw, so that the two agree from here on.
    const std::uint64_t next = std::max(groups, *seen ? (*seen)->groups : 0) + 1;
    return write_generation(io::sqlite::random_id(), next);
  }
  groups_ = groups;
  witness_.write({generation, groups});
  generation_ = generation;
  return {};
}

Id128 SqliteFleetStore::generation() const {
  const std::lock_guard lock(state_mutex_);
  return generation_;
}

Result<Id128> SqliteFleetStore::renew_generation() {
  if (read_only_) return fail(Errc::read_only, 0, "fleet: opened for reading");
  const std::lock_guard writer(writer_mutex_);
  const Id128 next = io::sqlite::random_id();
  const Result<void> done = write_generation(next, groups_ + 1);
  if (!done) return fail(done.error());
  return next;
}

Result<void> SqliteFleetStore::load_totals() {
  // Added up here: SQLite's sum() fails when it overflows, and then nothing could open the store.
  Result<Statement> totals = reader_.prepare("SELECT stored, duplicates, gap_rows FROM lane");
  if (!totals) return fail(totals.error());
  while (true) {
    const Result<bool> row = totals->next();
    if (!row) return fail(row.error());
    if (!*row) break;
    counters_.stored = saturating_sum(counters_.stored, totals->unsigned_integer(0));
    counters_.duplicates = saturating_sum(counters_.duplicates, totals->unsigned_integer(1));
    counters_.gap_rows = saturating_sum(counters_.gap_rows, totals->unsigned_integer(2));
  }
  Result<Statement> conflicts = reader_.prepare("SELECT tenant, agent FROM conflict");
  if (!conflicts) return fail(conflicts.error());
  while (true) {
    const Result<bool> next = conflicts->next();
    if (!next) return fail(next.error());
    if (!*next) return {};
    sessions_.add_conflict({conflicts->text(0), conflicts->text(1)});
  }
}

Result<SessionToken> SqliteFleetStore::session_begin(const SessionRequest& request) {
  if (read_only_) return fail(Errc::read_only, 0, "fleet: opened for reading");
  if (request.key.tenant.empty() || request.key.agent.empty()) {
    return fail(Errc::invalid_argument, 0, "fleet: tenant and agent need names");
  }
  const Sessions::Begun begun = sessions_.begin(request);
  if (!begun.conflict) {
    // A group under way may hold rows of the session before: marks are asked for when it is over.
    if (begun.took_over) {
      const std::lock_guard group_over(writer_mutex_);
    }
    return begun.token;
  }
  if (begun.new_conflict) {
    const std::lock_guard lock(state_mutex_);
    ++counters_.conflicts;
  }
  const std::lock_guard writer(writer_mutex_);
  if (begun.new_conflict) unsaved_conflicts_.insert(request.key);
  save_conflicts();
  return fail(Errc::identity_conflict, 0, "fleet: two agents use this identity");
}

void SqliteFleetStore::save_conflicts() {
  if (unsaved_conflicts_.empty()) return;
  Result<Statement> s = writer_.prepare("INSERT OR IGNORE INTO conflict VALUES(?1,?2)");
  if (!s) return;
  std::erase_if(unsaved_conflicts_, [&s](const AgentKey& key) {
    s->bind(1, std::string_view{key.tenant}).bind(2, std::string_view{key.agent});
    return s->run().has_value();
  });
}

void SqliteFleetStore::session_end(SessionToken session) { sessions_.end(session); }

Result<void> SqliteFleetStore::clear_conflict(const AgentKey& key) {
  if (read_only_) return fail(Errc::read_only, 0, "fleet: opened for reading");
  const std::lock_guard writer(writer_mutex_);
  Result<Statement> s = writer_.prepare("DELETE FROM conflict WHERE tenant=?1 AND agent=?2");
  if (!s) return fail(s.error());
  s->bind(1, std::string_view{key.tenant}).bind(2, std::string_view{key.agent});
  const Result<void> written = s->run();
  if (!written) return written;
  unsaved_conflicts_.erase(key);
  if (!sessions_.clear_conflict(key)) return fail(Errc::not_found, 0, "fleet: no such conflict");
  return {};
}

Result<std::vector<AgentKey>> SqliteFleetStore::conflicts() { return sessions_.conflicts(); }

Result<Sequence> SqliteFleetStore::mark(const AgentKey& key, Stream stream, const Epoch& epoch) {
  const std::lock_guard lock(reader_mutex_);
  Result<Statement> s = reader_.prepare(
      "SELECT mark FROM lane WHERE tenant=?1 AND agent=?2 AND stream=?3 AND counter=?4 AND "
      "epoch=?5");
  if (!s) return fail(s.error());
  const Result<bool> row = bind_key(*s, key, stream, epoch).next();
  if (!row) return fail(row.error());
  return *row ? s->unsigned_integer(0) : 0;
}

Result<std::vector<StreamMark>> SqliteFleetStore::marks(const AgentKey& key) {
  const std::lock_guard lock(reader_mutex_);
  Result<Statement> s = reader_.prepare(
      "SELECT stream, counter, epoch, mark, stored, duplicates, gap_rows FROM lane "
      "WHERE tenant=?1 AND agent=?2 ORDER BY stream, opened, counter");
  if (!s) return fail(s.error());
  s->bind(1, std::string_view{key.tenant}).bind(2, std::string_view{key.agent});
  std::vector<StreamMark> marks;
  while (true) {
    const Result<bool> row = s->next();
    if (!row) return fail(row.error());
    if (!*row) return marks;
    const Result<Epoch> epoch = epoch_at(*s, 1, 2);
    if (!epoch) return fail(epoch.error());
    marks.push_back({static_cast<Stream>(s->integer(0)), *epoch, s->unsigned_integer(3),
                     s->unsigned_integer(4), s->unsigned_integer(5), s->unsigned_integer(6)});
  }
}

Result<std::vector<AgentKey>> SqliteFleetStore::agents(const std::string& tenant) {
  const std::lock_guard lock(reader_mutex_);
  Result<Statement> s =
      reader_.prepare("SELECT DISTINCT agent FROM lane WHERE tenant=?1 ORDER BY agent");
  if (!s) return fail(s.error());
  s->bind(1, std::string_view{tenant});
  std::vector<AgentKey> agents;
  while (true) {
    const Result<bool> row = s->next();
    if (!row) return fail(row.error());
    if (!*row) return agents;
    agents.push_back({tenant, s->text(0)});
  }
}

Result<std::vector<LatestValue>> SqliteFleetStore::latest(const AgentKey& key,
                                                          std::optional<AssetId> asset) {
  // Points that none of the newest blocks has are not current: this many minutes at 60 rows each.
  constexpr std::int64_t kBlocksBack = 10;
  if (!read_only_) {
    const std::lock_guard lock(state_mutex_);
    if (auto kept = latest_.values(key, asset)) return std::move(*kept);
  }
  // No group may commit between reading the blocks and keeping what they said.
  const std::lock_guard writer(writer_mutex_);
  const std::lock_guard reader(reader_mutex_);
  Result<Statement> s = reader_.prepare(
      "SELECT bytes FROM (SELECT first, bytes FROM block WHERE lane=(SELECT id FROM lane WHERE "
      "tenant=?1 AND agent=?2 AND stream=1 ORDER BY updated DESC LIMIT 1) ORDER BY first DESC "
      "LIMIT ?3) ORDER BY first");
  if (!s) return fail(s.error());
  s->bind(1, std::string_view{key.tenant}).bind(2, std::string_view{key.agent});
  s->bind(3, kBlocksBack);
  Latest latest;
  bool any = false;
  std::size_t dropped = 0;
  while (true) {
    const Result<bool> row = s->next();
    if (!row) return fail(row.error());
    if (!*row) break;
    any = true;
    const Result<BlockReader> block = BlockReader::open(s->blob(0));
    if (block) dropped += latest.note(*block, 0);
  }
  std::vector<LatestValue> values = latest.values(asset);
  if (!read_only_ && any) {
    const std::lock_guard lock(state_mutex_);
    latest_.keep(key, std::move(latest));
    counters_.latest_dropped += dropped;
  }
  return values;
}

std::unique_ptr<io::RowSource> SqliteFleetStore::rows(const AgentKey& key) {
  return make_agent_rows(path_, vfs_, key);
}

Result<void> SqliteFleetStore::read_page(const AgentKey& key, Stream stream,
                                         const io::UtcRange& range, std::size_t items_max,
                                         PageCursor& cursor, io::RowSink& sink) {
  return read_agent_page(path_, vfs_, key, stream, range, items_max, cursor, sink);
}

Result<std::vector<std::byte>> SqliteFleetStore::newest_block(const AgentKey& key, Stream stream,
                                                              const Epoch& epoch) {
  const std::lock_guard lock(reader_mutex_);
  Result<Statement> s = reader_.prepare(
      "SELECT bytes FROM block WHERE lane=(SELECT id FROM lane WHERE tenant=?1 AND agent=?2 AND "
      "stream=?3 AND counter=?4 AND epoch=?5) ORDER BY first DESC LIMIT 1");
  if (!s) return fail(s.error());
  const Result<bool> row = bind_key(*s, key, stream, epoch).next();
  if (!row) return fail(row.error());
  if (!*row) return std::vector<std::byte>{};
  const Bytes bytes = s->blob(0);
  return std::vector<std::byte>{bytes.begin(), bytes.end()};
}

FleetCounters SqliteFleetStore::counters() const {
  const std::lock_guard lock(state_mutex_);
  return counters_;
}

}  // namespace ems::fleet
