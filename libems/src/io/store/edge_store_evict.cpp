// SPDX-License-Identifier: Apache-2.0
// Retention: what goes when room runs out, and what it leaves behind.
#include "edge_store_impl.hpp"
#include "ems/io/clock.hpp"

namespace ems::io {

using namespace telemetry;

namespace {

struct Oldest {
  std::int64_t id = 0;
  Stream stream = Stream::telemetry;
  std::uint32_t epoch = 0;
  Gap range{};
  std::size_t size = 0;
  bool acknowledged = false;
};

/// From columns id, epoch, first, last, utc_min_us, utc_max_us, size.
Oldest oldest_at(const sqlite::Statement& s, Stream stream) {
  return {.id = s.integer(0),
          .stream = stream,
          .epoch = static_cast<std::uint32_t>(s.integer(1)),
          .range = {.first = s.unsigned_integer(2),
                    .last = s.unsigned_integer(3),
                    .reason = GapReason::evicted,
                    .time_known = true,
                    .utc_first = UtcInstant{microseconds(s.integer(4))},
                    .utc_last = UtcInstant{microseconds(s.integer(5))}},
          .size = static_cast<std::size_t>(s.integer(6))};
}

constexpr std::int64_t kEarliestPlausibleUs = kEarliestPlausible.since_epoch().count();

}  // namespace

Result<void> EdgeStore::Impl::insert_gap(Stream stream, std::uint32_t epoch_counter,
                                         const Gap& gap) {
  // A gap that continues the one before becomes part of it, so that an outage leaves one row.
  Result<sqlite::Statement> grow = db.prepare(
      "UPDATE gap SET last=?1, utc_min_us=min(utc_min_us,?2), utc_max_us=max(utc_max_us,?3) "
      "WHERE stream=?4 AND epoch=?5 AND last=?6 AND reason=?7 AND (utc_min_us IS NULL)=?8");
  if (!grow) return fail(grow.error());
  const auto bind_time = [&gap](sqlite::Statement& s, int at) {
    if (gap.time_known) {
      s.bind(at, gap.utc_first.since_epoch().count());
      s.bind(at + 1, gap.utc_last.since_epoch().count());
    } else {
      s.bind_null(at).bind_null(at + 1);
    }
  };
  bind_time(*grow, 2);
  grow->bind(1, gap.last).bind(4, std::int64_t{static_cast<std::uint8_t>(stream)});
  grow->bind(5, std::int64_t{epoch_counter}).bind(6, gap.first - 1);
  grow->bind(7, std::int64_t{static_cast<std::uint8_t>(gap.reason)});
  grow->bind(8, std::int64_t{gap.time_known ? 0 : 1});
  const Result<void> grown = grow->run();
  if (!grown) return grown;
  if (db.changes() > 0) return {};
  Result<sqlite::Statement> insert = db.prepare(
      "INSERT OR REPLACE INTO gap(stream,epoch,first,last,reason,utc_min_us,utc_max_us) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7)");
  if (!insert) return fail(insert.error());
  insert->bind(1, std::int64_t{static_cast<std::uint8_t>(stream)});
  insert->bind(2, std::int64_t{epoch_counter}).bind(3, gap.first).bind(4, gap.last);
  insert->bind(5, std::int64_t{static_cast<std::uint8_t>(gap.reason)});
  bind_time(*insert, 6);
  return insert->run();
}

Result<void> EdgeStore::Impl::lose_block(std::int64_t id, Stream stream,
                                         std::uint32_t epoch_counter, const Gap& gap,
                                         std::size_t size) {
  Result<sqlite::Statement> remove = db.prepare("DELETE FROM block WHERE id=?1");
  if (!remove) return fail(remove.error());
  const Result<void> removed = remove->bind(1, id).run();
  if (!removed) return removed;
  Lane& of = lane(stream);
  const bool current = epoch_counter == epoch.counter;
  Gap lost = gap;
  if (current) lost.first = std::max(lost.first, of.acknowledged + 1);
  count_bytes(stream, size, 0);
  if (current && gap.first == of.first_held) of.first_held = gap.last + 1;
  if (!current || lost.first > lost.last) return {};  // The server has these rows.
  counters.rows_lost[index_of(stream)] += lost.last - lost.first + 1;
  return insert_gap(stream, epoch_counter, lost);
}

Sequence EdgeStore::Impl::growing_from(const Lane& of) noexcept {
  if (!of.closed.empty()) return of.closed.front().first;
  return of.builder.rows() > 0 ? of.builder.header().first : of.builder.next_sequence();
}

Result<std::uint64_t> EdgeStore::Impl::evict(std::uint64_t bytes, std::optional<Stream> only) {
  Result<sqlite::Statement> find = db.prepare(
      "SELECT id, epoch, first, last, utc_min_us, utc_max_us, length(bytes) FROM block "
      "WHERE stream=?1 ORDER BY stream, epoch, first LIMIT 1");
  if (!find) return fail(find.error());
  const auto oldest_of = [&](Stream stream) -> Result<Oldest> {
    if (only && *only != stream) return Oldest{};
    find->bind(1, std::int64_t{static_cast<std::uint8_t>(stream)});
    const Result<bool> row = find->next();
    if (!row) return fail(row.error());
    if (!*row) return Oldest{};
    Oldest o = oldest_at(*find, stream);
    find->reset();
    const Lane& of = lane(stream);
    o.acknowledged = o.epoch != epoch.counter || o.range.last <= of.acknowledged;
    // The open block still grows, and closed ones that wait in memory will replace their earlier,
    // shorter form in the file.
    return o.epoch == epoch.counter && o.range.first >= growing_from(of) ? Oldest{} : o;
  };
  std::uint64_t freed = 0;
  while (freed < bytes) {
    const Result<Oldest> rows = oldest_of(Stream::telemetry);
    if (!rows) return fail(rows.error());
    const Result<Oldest> why = oldest_of(Stream::decisions);
    if (!why) return fail(why.error());
    const Oldest* go = rows->id != 0 ? &*rows : why->id != 0 ? &*why : nullptr;
    if (go == nullptr) break;  // Audit never goes.
    const bool decisions_first = why->acknowledged && (!rows->acknowledged || why->id < rows->id);
    if (decisions_first) go = &*why;
    if (go->acknowledged) {
      counters.rows_evicted[index_of(go->stream)] += go->range.last - go->range.first + 1;
    }
    const Result<void> lost = lose_block(go->id, go->stream, go->epoch, go->range, go->size);
    if (!lost) return fail(lost.error());
    freed += std::max<std::size_t>(go->size, 1);
  }
  return freed;
}

Result<void> EdgeStore::Impl::keep_budgets() {
  for (const Stream stream : {Stream::telemetry, Stream::decisions}) {
    const std::uint64_t limit = options.retention[index_of(stream)].bytes;
    const std::uint64_t held = counters.stream_bytes[index_of(stream)];
    if (limit == 0 || held <= limit) continue;
    const Result<std::uint64_t> freed = evict(held - limit, stream);
    if (!freed) return fail(freed.error());
  }
  if (counters.bytes_held <= options.budget_bytes) return {};
  const Result<std::uint64_t> freed = evict(counters.bytes_held - options.budget_bytes);
  if (!freed) return fail(freed.error());
  return {};
}

Result<std::uint64_t> EdgeStore::Impl::expire(Lane& of, std::int64_t now_us) {
  constexpr std::size_t kBlocksMax = 256;  // Of a call: the store's thread has rows to take.
  const Duration age = options.retention[index_of(of.stream)].age;
  if (age <= Duration::zero() || now_us < INT64_MIN + age.count()) return 0;
  const std::int64_t limit_us = now_us - age.count();
  Result<sqlite::Statement> rows = db.prepare(
      "SELECT id, epoch, first, last, utc_min_us, utc_max_us, length(bytes) FROM block "
      "WHERE stream=?1 AND (epoch,first)>=(?2,?3) ORDER BY stream, epoch, first");
  if (!rows) return fail(rows.error());
  rows->bind(1, std::int64_t{static_cast<std::uint8_t>(of.stream)});
  rows->bind(2, std::int64_t{of.age_from.epoch}).bind(3, of.age_from.first);
  std::vector<Oldest> old;
  bool ageless_so_far = true;
  while (old.size() < kBlocksMax) {
    const Result<bool> row = rows->next();
    if (!row) return fail(row.error());
    if (!*row) break;
    const Oldest o = oldest_at(*rows, of.stream);
    const bool current = o.epoch == epoch.counter;
    if (current && o.range.first >= growing_from(of)) break;
    const bool delivered = !current || o.range.last <= of.acknowledged;
    if (!delivered && !options.expire_undelivered) break;
    // Nobody knows when a row was made while the clock was not set: it has no age, ever.
    ageless_so_far = ageless_so_far && o.range.utc_first < kEarliestPlausible;
    if (ageless_so_far) of.age_from = {o.epoch, o.range.last + 1};
    if (o.range.utc_first < kEarliestPlausible) continue;
    if (o.range.utc_last.since_epoch().count() > now_us) continue;  // The clock was ahead then.
    if (o.range.utc_last.since_epoch().count() >= limit_us) break;
    old.push_back(o);
    if (delivered) counters.rows_evicted[index_of(of.stream)] += o.range.last - o.range.first + 1;
  }
  rows->reset();
  for (const Oldest& o : old) {
    const Result<void> gone = lose_block(o.id, o.stream, o.epoch, o.range, o.size);
    if (!gone) return fail(gone.error());
  }
  Result<sqlite::Statement> gaps = db.prepare(
      "DELETE FROM gap WHERE stream=?1 AND utc_max_us<?2 AND utc_min_us>=?5 "
      "AND (epoch<>?3 OR last<=?4)");
  if (!gaps) return fail(gaps.error());
  gaps->bind(1, std::int64_t{static_cast<std::uint8_t>(of.stream)}).bind(2, limit_us);
  gaps->bind(3, std::int64_t{epoch.counter}).bind(4, of.acknowledged);
  const Result<void> done = gaps->bind(5, kEarliestPlausibleUs).run();
  if (!done) return fail(done.error());
  return old.size();
}

Result<std::uint64_t> EdgeStore::expire(UtcInstant now) {
  Impl& s = *impl_;
  Impl::Attempt attempt(s);
  sqlite::Transaction transaction(s.db);
  Result<void> step = s.noted(transaction.begin());
  if (!step) return fail(step.error());
  std::uint64_t removed = 0;
  for (Impl::Lane& of : s.lanes) {
    const Result<std::uint64_t> count = s.noted(s.expire(of, now.since_epoch().count()));
    if (!count) return fail(count.error());
    removed += *count;
    // Rows that left no gap go with their mark, or the next start calls them corrupt.
    step = s.noted(s.write_marks(of, of.committed));
    if (!step) return fail(step.error());
  }
  step = s.noted(transaction.commit());
  if (!step) return fail(step.error());
  attempt.keep();
  return removed;
}

Result<bool> EdgeStore::Impl::make_room() {
  // The WAL's content goes into the file, so that the next transaction reuses the WAL's space.
  sqlite3_wal_checkpoint_v2(db.raw(), nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
  constexpr std::uint64_t kSlack = std::uint64_t{64} * 1024;
  Attempt attempt(*this);
  sqlite::Transaction transaction(db);
  Result<void> step = transaction.begin();
  if (!step) return fail(step.error());
  const Result<std::uint64_t> freed = evict(pending_bytes() + kSlack);
  if (!freed) return fail(freed.error());
  if (*freed == 0) return false;
  // Acknowledged rows left no gap: their mark goes with them, or the next start calls them corrupt.
  for (const Lane& of : lanes) {
    if (step) step = write_marks(of, of.committed);
  }
  if (step) step = transaction.commit();
  if (!step) return fail(step.error());
  attempt.keep();
  sqlite3_wal_checkpoint_v2(db.raw(), nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
  return true;
}

bool EdgeStore::Impl::bound_pending() {
  const auto has_rows = [](const Pending& pending) { return !pending.bytes.empty(); };
  while (pending_bytes() > options.pending_bytes) {
    Lane* of = &lane(Stream::telemetry);
    auto go = std::find_if(of->closed.begin(), of->closed.end(), has_rows);
    if (go == of->closed.end()) {
      of = &lane(Stream::decisions);
      go = std::find_if(of->closed.begin(), of->closed.end(), has_rows);
    }
    if (go == of->closed.end()) return false;
    // Rows of it that were committed while it was open stay in the file.
    go->first = std::max(go->first, of->committed + 1);
    go->bytes = {};
    counters.rows_lost[index_of(of->stream)] += go->last - go->first + 1;
    if (go == of->closed.begin()) continue;
    Pending& before = *std::prev(go);  // One gap, however long the disk refuses.
    before.last = go->last;
    before.time = {std::min(before.time.min_us, go->time.min_us),
                   std::max(before.time.max_us, go->time.max_us)};
    of->closed.erase(go);
  }
  return true;
}

}  // namespace ems::io
