// SPDX-License-Identifier: Apache-2.0
// Ranges: the rows of one agent, in the order they were made.
#include <algorithm>
#include <utility>

#include "io/store/block_rows.hpp"
#include "sqlite_fleet.hpp"

namespace ems::fleet {

using namespace telemetry;
using io::sqlite::Database;
using io::sqlite::Statement;

namespace {

struct LaneId {
  std::int64_t id = 0;
  Epoch epoch{};
};
/// Sequences between which all blocks of a range lie; none: first > last.
struct Span {
  Sequence first = 1;
  Sequence last = 0;
};

/// One snapshot of the file: opened for a call, so that a long query holds nobody up.
class Snapshot {
 public:
  static Result<Snapshot> open(const std::string& path, const std::string& vfs) {
    Result<Database> db = io::sqlite::open_store_read_only(path, kFleetSchema, vfs);
    if (!db) return fail(db.error());
    Snapshot snapshot;
    snapshot.db_ = std::move(*db);
    const Result<void> begun = snapshot.db_.run("BEGIN");
    if (!begun) return fail(begun.error());
    // block_time alone says where the blocks of a range are. The gaps are few, and of each range.
    Result<Statement> span = snapshot.db_.prepare(
        "SELECT min(first), max(first) FROM block INDEXED BY block_time WHERE lane=?1 AND "
        "utc_max_us>=?2 AND utc_min_us<?3");
    if (!span) return fail(span.error());
    snapshot.span_ = std::move(*span);
    Result<Statement> items = snapshot.db_.prepare(
        "SELECT 0, first, last, 0, utc_min_us, utc_max_us, bytes FROM block WHERE lane=?1 AND "
        "+utc_max_us>=?2 AND utc_min_us<?3 AND first>=?4 AND first<=?5 UNION ALL "
        "SELECT 1, first, last, reason, utc_min_us, utc_max_us, NULL FROM gap WHERE lane=?1 AND "
        "(utc_max_us IS NULL OR (utc_max_us>=?2 AND utc_min_us<?3)) AND first>?6 AND first<=?7 "
        "ORDER BY 2");
    if (!items) return fail(items.error());
    snapshot.items_ = std::move(*items);
    return snapshot;
  }

  Result<std::vector<LaneId>> lanes(const AgentKey& key, Stream stream) {
    Result<Statement> s = db_.prepare(
        "SELECT id, counter, epoch FROM lane WHERE tenant=?1 AND agent=?2 AND stream=?3 "
        "ORDER BY opened, counter");
    if (!s) return fail(s.error());
    s->bind(1, std::string_view{key.tenant}).bind(2, std::string_view{key.agent});
    s->bind(3, std::int64_t{static_cast<std::uint8_t>(stream)});
    std::vector<LaneId> lanes;
    while (true) {
      const Result<bool> row = s->next();
      if (!row) return fail(row.error());
      if (!*row) return lanes;
      const Result<Epoch> epoch = epoch_at(*s, 1, 2);
      if (!epoch) return fail(epoch.error());
      lanes.push_back({s->integer(0), *epoch});
    }
  }

  Result<Span> span(const LaneId& lane, const io::UtcRange& range) {
    const bool all = range.from.since_epoch().count() == INT64_MIN &&
                     range.to.since_epoch().count() == INT64_MAX;
    if (all) return Span{1, INT64_MAX};
    const Result<bool> row = bind(span_, lane, range).next();
    if (!row) return fail(row.error());
    const bool any = *row && !span_.is_null(0);
    const Span span = any ? Span{span_.unsigned_integer(0), span_.unsigned_integer(1)} : Span{};
    span_.reset();
    return span;
  }

  /// Gives what begins after `after` and up to `upto`. @return false: the sink wants no more.
  Result<bool> give(const LaneId& lane, Stream stream, const io::UtcRange& range, const Span& span,
                    Sequence after, Sequence upto, io::RowSink& sink) {
    bind(items_, lane, range).bind(4, std::max(span.first, after + 1));
    items_.bind(5, std::min(span.last, upto)).bind(6, after).bind(7, upto);
    return io::give_items(items_, stream, lane.epoch, range, sink);
  }

  Database& db() { return db_; }
  static Statement& bind(Statement& s, const LaneId& lane, const io::UtcRange& range) {
    s.bind(1, lane.id).bind(2, range.from.since_epoch().count());
    return s.bind(3, range.to.since_epoch().count());
  }

 private:
  Database db_;
  Statement span_;
  Statement items_;
};

class AgentRows final : public io::RowSource {
 public:
  AgentRows(std::string path, std::string vfs, AgentKey key)
      : path_(std::move(path)), vfs_(std::move(vfs)), key_(std::move(key)) {}

  Result<void> read(Stream stream, const io::UtcRange& range, io::RowSink& sink) override {
    Result<Snapshot> snapshot = Snapshot::open(path_, vfs_);
    if (!snapshot) return fail(snapshot.error());
    const Result<std::vector<LaneId>> lanes = snapshot->lanes(key_, stream);
    if (!lanes) return fail(lanes.error());
    for (const LaneId& lane : *lanes) {
      const Result<Span> span = snapshot->span(lane, range);
      if (!span) return fail(span.error());
      const Result<bool> more = snapshot->give(lane, stream, range, *span, 0, INT64_MAX, sink);
      if (!more) return fail(more.error());
      if (!*more) break;
    }
    return {};
  }

 private:
  std::string path_;
  std::string vfs_;
  AgentKey key_;
};

}  // namespace

Result<Epoch> epoch_at(const Statement& s, int counter_column, int random_column) {
  Epoch epoch;
  epoch.counter = static_cast<std::uint32_t>(s.integer(counter_column));
  const Bytes random = s.blob(random_column);
  if (random.size() != epoch.random.size()) return fail(Errc::corrupt, 0, "fleet: an epoch");
  std::copy(random.begin(), random.end(), epoch.random.begin());
  return epoch;
}

std::unique_ptr<io::RowSource> make_agent_rows(const std::string& path, const std::string& vfs,
                                               const AgentKey& key) {
  return std::make_unique<AgentRows>(path, vfs, key);
}

Result<void> read_agent_page(const std::string& path, const std::string& vfs, const AgentKey& key,
                             Stream stream, const io::UtcRange& range, std::size_t items_max,
                             PageCursor& cursor, io::RowSink& sink) {
  Result<Snapshot> snapshot = Snapshot::open(path, vfs);
  if (!snapshot) return fail(snapshot.error());
  const Result<std::vector<LaneId>> lanes = snapshot->lanes(key, stream);
  if (!lanes) return fail(lanes.error());
  // Where the page ends: the n-th of what comes next.
  Result<Statement> end = snapshot->db().prepare(
      "SELECT max(first), count(*) FROM (SELECT first FROM (SELECT first FROM block WHERE "
      "lane=?1 AND +utc_max_us>=?2 AND utc_min_us<?3 AND first>=?4 AND first<=?5 UNION ALL SELECT "
      "first FROM gap WHERE lane=?1 AND (utc_max_us IS NULL OR (utc_max_us>=?2 AND "
      "utc_min_us<?3)) AND first>?6) ORDER BY 1 LIMIT ?7)");
  if (!end) return fail(end.error());
  // Only the newest block grows. A page that ends with it ends the lane: what is added to it before
  // the next page would be passed over there, and what comes after it would not.
  Result<Statement> later = snapshot->db().prepare(
      "SELECT 1 FROM block WHERE lane=?1 AND first>?2 UNION ALL SELECT 1 FROM gap WHERE lane=?1 "
      "AND first>?2 LIMIT 1");
  if (!later) return fail(later.error());
  PageCursor next = cursor;
  std::size_t left = items_max;
  while (left > 0 && next.epochs_done < lanes->size()) {
    const LaneId& lane = (*lanes)[next.epochs_done];
    const Result<Span> span = snapshot->span(lane, range);
    if (!span) return fail(span.error());
    Snapshot::bind(*end, lane, range).bind(4, std::max(span->first, next.after + 1));
    end->bind(5, span->last).bind(6, next.after).bind(7, std::uint64_t{left});
    const Result<bool> row = end->next();
    if (!row) return fail(row.error());
    const std::uint64_t found = end->unsigned_integer(1);
    const Sequence upto = found > 0 ? end->unsigned_integer(0) : next.after;
    end->reset();
    const Result<bool> more = snapshot->give(lane, stream, range, *span, next.after, upto, sink);
    if (!more) return fail(more.error());
    if (!*more) return {};
    next.after = upto;
    const Result<bool> goes_on = later->bind(1, lane.id).bind(2, upto).next();
    if (!goes_on) return fail(goes_on.error());
    later->reset();
    if (found < left || !*goes_on) next = {.epochs_done = next.epochs_done + 1};
    left -= found;
  }
  next.done = next.epochs_done >= lanes->size();
  cursor = next;
  return {};
}

}  // namespace ems::fleet
