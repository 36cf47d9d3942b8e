// SPDX-License-Identifier: Apache-2.0
// What the uplink takes from the store, and the change of epoch.
#include <utility>

#include "edge_store_impl.hpp"

namespace ems::io {

using namespace telemetry;

namespace {

std::int64_t number(Stream stream) { return static_cast<std::uint8_t>(stream); }

StoredItem gap_item(Stream stream, const Epoch& epoch, const Gap& gap) {
  return {stream, epoch, gap.first, gap.last, gap, {}};
}

// Blocks and gaps of one stream and epoch that end after ?3, in order. kind 0: block.
constexpr const char* kItemsSql =
    "SELECT 0, first, last, 0, utc_min_us, utc_max_us, id, bytes FROM block "
    "WHERE stream=?1 AND epoch=?2 AND last>?3 AND first>=?4 "
    "UNION ALL SELECT 1, first, last, reason, utc_min_us, utc_max_us, 0, NULL FROM gap "
    "WHERE stream=?1 AND epoch=?2 AND last>?3 ORDER BY 2";

}  // namespace

Gap gap_of_row(const sqlite::Statement& s, int first_column) {
  Gap gap{.first = s.unsigned_integer(first_column),
          .last = s.unsigned_integer(first_column + 1),
          .reason = static_cast<GapReason>(s.integer(first_column + 2)),
          .time_known = !s.is_null(first_column + 3)};
  if (gap.time_known) {
    gap.utc_first = UtcInstant{microseconds(s.integer(first_column + 3))};
    gap.utc_last = UtcInstant{microseconds(s.integer(first_column + 4))};
  }
  return gap;
}

Result<std::vector<StoredItem>> EdgeStore::peek(Stream stream, Sequence after,
                                                std::size_t bytes_max) {
  Impl& s = *impl_;
  const Impl::Lane& of = s.lane(stream);
  std::vector<StoredItem> items;
  if (after >= of.committed) return items;
  Result<sqlite::Statement> rows = s.noted(s.db.prepare(kItemsSql));
  if (!rows) return fail(rows.error());
  rows->bind(1, number(stream)).bind(2, std::int64_t{s.epoch.counter}).bind(3, after);
  // A block has at most kBlockRowsMax rows, so the one across `after` cannot start earlier.
  rows->bind(4, after > kBlockRowsMax ? after - kBlockRowsMax : Sequence{0});
  Sequence expected = after + 1;
  std::size_t size = 0;
  while (expected <= of.committed) {
    const Result<bool> row = s.noted(rows->next());
    if (!row) return fail(row.error());
    const Sequence first = *row ? rows->unsigned_integer(1) : of.committed + 1;
    if (first > expected) {
      if (first - 1 > of.acknowledged) {
        const Result<bool> hidden = s.index_hides_rows();
        if (!hidden) return fail(hidden.error());
        if (*hidden) {
          return fail(Errc::corrupt, 0, "store: an index was damaged and was made anew");
        }
      }
      // Acknowledged once and evicted since.
      items.push_back(gap_item(stream, s.epoch, {expected, first - 1, GapReason::not_held}));
      expected = first;
    }
    if (!*row) break;
    Gap range = gap_of_row(*rows, 1);
    if (range.last < expected) continue;  // A gap before it covers it whole.
    if (rows->integer(0) == 1) {
      range.first = std::max(range.first, expected);
      items.push_back(gap_item(stream, s.epoch, range));
    } else {
      const Bytes bytes = rows->blob(7);
      if (!items.empty() && size + bytes.size() > bytes_max) break;
      const Result<BlockReader> block =
          checked_block(bytes, stream, s.epoch, range.first, range.last);
      if (!block) {
        const std::int64_t id = rows->integer(6);
        range.reason = GapReason::corrupt;
        range.time_known = true;
        range.last = std::min(range.last, of.committed);
        const std::size_t lost = bytes.size();
        rows->reset();
        const Result<void> done = s.lose_damaged(id, stream, range, lost);
        if (!done) return fail(done.error());
        return fail(Errc::corrupt, 0, "store: a block failed its check and became a gap");
      }
      StoredItem item{stream, s.epoch, std::max(range.first, expected), range.last, {}, {}};
      if (range.first >= expected) {
        item.block.assign(bytes.begin(), bytes.end());
      } else {
        EMS_ASSERT(s.scratch.start(stream, s.epoch, expected).has_value());
        (void)append_rows(s.scratch, *block, expected - 1);  // A part fits where the whole did.
        const Bytes cut = s.scratch.bytes();
        item.block.assign(cut.begin(), cut.end());
      }
      size += item.block.size();
      items.push_back(std::move(item));
    }
    expected = range.last + 1;
    if (size >= bytes_max) break;
  }
  return items;
}

/// A look at the whole file, once it is known to be sound. What could not be looked at (a full
/// disk) is not known: nothing may be called lost on its word.
Result<bool> EdgeStore::Impl::index_hides_rows() {
  if (index_sound) return false;
  sqlite::IndexCheck indexes{.mend = options.repair};
  const Result<void> whole = noted(sqlite::check_whole(db, indexes));
  if (!whole && whole.error().code != Errc::corrupt) return fail(whole.error());
  if (indexes.mended) return report.reindexed = true;
  index_sound = true;
  return false;
}

Result<void> EdgeStore::Impl::lose_damaged(std::int64_t id, Stream stream, const Gap& range,
                                           std::size_t size) {
  Attempt attempt(*this);
  sqlite::Transaction transaction(db);
  Result<void> step = noted(transaction.begin());
  if (step) step = noted(lose_block(id, stream, epoch.counter, range, size));
  if (step) step = noted(write_marks(lane(stream), lane(stream).committed));
  if (step) step = noted(transaction.commit());
  if (!step) return step;
  attempt.keep();
  ++report.corrupt_blocks;
  report.corrupt_rows += range.last - range.first + 1;
  cut_in_memory(lane(stream), range);
  return {};
}

Result<void> EdgeStore::Impl::note_not_held(const Lane& of, Sequence mark) {
  Result<sqlite::Statement> rows = db.prepare(
      "SELECT first, last FROM block WHERE stream=?1 AND epoch=?2 AND last>?3 UNION ALL "
      "SELECT first, last FROM gap WHERE stream=?1 AND epoch=?2 AND last>?3 ORDER BY 1");
  if (!rows) return fail(rows.error());
  rows->bind(1, number(of.stream)).bind(2, std::int64_t{epoch.counter}).bind(3, mark);
  std::vector<Gap> holes;
  for (Sequence expected = mark + 1; expected <= of.acknowledged;) {
    const Result<bool> row = rows->next();
    if (!row) return fail(row.error());
    const Sequence end = of.acknowledged + 1;
    const Sequence first = *row ? std::min(rows->unsigned_integer(0), end) : end;
    if (first > expected) holes.push_back({expected, first - 1, GapReason::not_held});
    expected = *row ? std::max(expected, rows->unsigned_integer(1) + 1) : end;
  }
  rows->reset();
  if (holes.empty()) return {};
  sqlite::Transaction transaction(db);
  Result<void> step = transaction.begin();
  for (const Gap& hole : holes) {
    if (step) step = insert_gap(of.stream, epoch.counter, hole);
  }
  return step ? transaction.commit() : step;
}

Result<void> EdgeStore::Impl::move_damaged(Lane& of, std::int64_t id, std::size_t size,
                                           const Epoch& next, const Gap& moved) {
  Result<sqlite::Statement> remove = db.prepare("DELETE FROM block WHERE id=?1");
  if (!remove) return fail(remove.error());
  const Result<void> removed = remove->bind(1, id).run();
  if (!removed) return removed;
  const std::uint64_t rows = moved.last - moved.first + 1;
  count_bytes(of.stream, size, 0);
  counters.rows_lost[index_of(of.stream)] += rows;
  ++report.corrupt_blocks;
  report.corrupt_rows += rows;
  return insert_gap(of.stream, next.counter, moved);
}

void EdgeStore::Impl::cut_in_memory(Lane& of, const Gap& lost) {
  if (of.builder.rows() > 0 && of.builder.header().first == lost.first) close_block(of);
  const auto same = [&lost](const Pending& p) { return p.first == lost.first && !p.bytes.empty(); };
  const auto grown = std::find_if(of.closed.begin(), of.closed.end(), same);
  if (grown == of.closed.end()) return;
  grown->size_in_file = 0;
  if (grown->last <= lost.last) {
    of.closed.erase(grown);
    return;
  }
  const Result<BlockReader> block = BlockReader::open(grown->bytes);
  EMS_ASSERT(block.has_value());  // Made by this process.
  EMS_ASSERT(scratch.start(of.stream, epoch, lost.last + 1).has_value());
  (void)append_rows(scratch, *block, lost.last);
  const Bytes rest = scratch.bytes();
  grown->bytes.assign(rest.begin(), rest.end());
  grown->first = lost.last + 1;
}

Result<void> EdgeStore::Impl::move_to_epoch(Lane& of, const Epoch& next, Sequence* last) {
  Result<sqlite::Statement> rows = db.prepare(kItemsSql);
  if (!rows) return fail(rows.error());
  rows->bind(1, number(of.stream)).bind(2, std::int64_t{epoch.counter});
  rows->bind(3, of.acknowledged).bind(4, std::int64_t{0});
  Result<sqlite::Statement> relabelled =
      db.prepare("UPDATE block SET epoch=?2, first=?3, last=?4, bytes=?5 WHERE id=?1");
  if (!relabelled) return fail(relabelled.error());
  struct Item {
    std::int64_t id;
    bool is_gap;
    Gap range;
  };
  std::vector<Item> items;  // Read first: the rows that are read must not be those changed.
  while (true) {
    const Result<bool> row = rows->next();
    if (!row) return fail(row.error());
    if (!*row) break;
    items.push_back({rows->integer(6), rows->integer(0) == 1, gap_of_row(*rows, 1)});
  }
  *last = 0;
  Result<sqlite::Statement> content = db.prepare("SELECT bytes FROM block WHERE id=?1");
  if (!content) return fail(content.error());
  std::vector<std::byte> bytes;
  Sequence done = of.acknowledged;
  for (const Item& item : items) {
    if (item.range.last <= done) continue;  // A gap before it covers it whole.
    const Sequence from = std::max(item.range.first, done + 1);
    done = item.range.last;
    const Sequence first = *last + 1;
    *last = first + (item.range.last - from);
    if (!item.is_gap) {
      const Result<bool> row = content->bind(1, item.id).next();
      if (!row) return fail(row.error());
      const Bytes stored = content->blob(0);
      bytes.assign(stored.begin(), stored.end());
      content->reset();
    }
    Result<void> step;
    if (!item.is_gap &&
        !checked_block(bytes, of.stream, epoch, item.range.first, item.range.last)) {
      Gap moved = item.range;  // Damaged since open(): the server learns what is gone.
      moved.first = first;
      moved.last = *last;
      moved.reason = GapReason::corrupt;
      moved.time_known = true;
      step = move_damaged(of, item.id, bytes.size(), next, moved);
      if (!step) return step;
      continue;
    }
    if (item.is_gap) {
      Result<sqlite::Statement> cut =
          db.prepare(from == item.range.first
                         ? "DELETE FROM gap WHERE stream=?1 AND epoch=?2 AND first=?3"
                         : "UPDATE gap SET last=?4 WHERE stream=?1 AND epoch=?2 AND first=?3");
      if (!cut) return fail(cut.error());
      cut->bind(1, number(of.stream)).bind(2, std::int64_t{epoch.counter});
      cut->bind(3, item.range.first);
      if (from != item.range.first) cut->bind(4, from - 1);
      step = cut->run();
      if (!step) return step;
      Gap moved = item.range;
      moved.first = first;
      moved.last = *last;
      step = insert_gap(of.stream, next.counter, moved);
    } else if (from == item.range.first) {
      relabel(bytes, next, first);
      relabelled->bind(1, item.id).bind(2, std::int64_t{next.counter}).bind(3, first);
      step = relabelled->bind(4, *last).bind(5, Bytes{bytes}).run();
    } else {  // Its first rows are acknowledged: they stay what they are.
      const Result<BlockReader> block = BlockReader::open(bytes);
      if (!block) return fail(block.error());
      EMS_ASSERT(scratch.start(of.stream, epoch, item.range.first).has_value());
      (void)append_rows(scratch, *block, item.range.first - 1, from - 1);
      const TimeSpan time = time_span(*block);
      step = upsert(of.stream, item.range.first, from - 1, time, scratch.bytes());
      if (!step) return step;
      EMS_ASSERT(scratch.start(of.stream, epoch, from).has_value());
      (void)append_rows(scratch, *block, from - 1);
      const Bytes cut = scratch.bytes();
      std::vector<std::byte> moved{cut.begin(), cut.end()};
      relabel(moved, next, first);
      const Epoch old = std::exchange(epoch, next);
      step = upsert(of.stream, first, *last, time, moved);
      epoch = old;
    }
    if (!step) return step;
  }
  return {};
}

Result<Epoch> EdgeStore::open_new_epoch() {
  Impl& s = *impl_;
  const Result<void> committed = commit();
  if (!committed) return fail(committed.error());
  sqlite::Transaction transaction(s.db);
  Result<void> step = s.noted(transaction.begin());
  const Epoch next{sqlite::random_id(), s.epoch.counter + 1};
  Impl::Attempt attempt(s);
  std::array<Sequence, kStreamCount> last{};
  for (Impl::Lane& of : s.lanes) {
    if (step) step = s.noted(s.move_to_epoch(of, next, &last[index_of(of.stream)]));
    Result<sqlite::Statement> marks = s.db.prepare(
        "UPDATE stream SET epoch=?2, last=?3, acknowledged=0, lost=?4 WHERE stream=?1");
    if (!marks) return fail(marks.error());
    marks->bind(1, number(of.stream)).bind(2, std::int64_t{next.counter});
    marks->bind(4, of.lost_before + s.counters.rows_lost[index_of(of.stream)]);
    if (step) step = s.noted(marks->bind(3, last[index_of(of.stream)]).run());
  }
  Result<sqlite::Statement> insert =
      s.db.prepare("INSERT INTO epoch(counter,random) VALUES(?1,?2)");
  if (!insert) return fail(insert.error());
  insert->bind(1, std::int64_t{next.counter}).bind(2, Bytes{next.random});
  if (step) step = s.noted(insert->run());
  if (step) step = s.noted(s.db.run(kForgetNewEpochSql));
  if (step) step = s.noted(transaction.commit());
  if (!step) return fail(step.error());
  attempt.keep();
  s.epoch = next;
  for (Impl::Lane& of : s.lanes) {
    of.committed = last[index_of(of.stream)];
    of.acknowledged = 0;
    of.first_held = 1;
    of.open_size_in_file = 0;
    EMS_ASSERT(of.builder.start(of.stream, next, of.committed + 1).has_value());
  }
  return next;
}

}  // namespace ems::io
