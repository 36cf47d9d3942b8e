// SPDX-License-Identifier: Apache-2.0
// What can be read of a damaged store goes into a new one. Blocks tell everything of themselves.
#include <map>

#include "edge_store_impl.hpp"

namespace ems::io {

using namespace telemetry;

namespace {

/// Marks of a stream in the epoch they belong to.
struct Marks {
  std::int64_t epoch = 0;
  Sequence last = 0;
  Sequence acknowledged = 0;
};

/// Copies a table row by row; false when a part of it could not be read.
template <class Take>
bool read_all(sqlite::Database& from, const char* sql, const Take& take) {
  Result<sqlite::Statement> rows = from.prepare(sql);
  if (!rows) return false;
  while (true) {
    const Result<bool> row = rows->next();
    if (!row) return false;
    if (!*row) return true;
    take(*rows);
  }
}

Result<void> insert_epoch(sqlite::Database& db, std::int64_t counter, Bytes random) {
  Result<sqlite::Statement> s =
      db.prepare("INSERT OR IGNORE INTO epoch(counter,random) VALUES(?1,?2)");
  if (!s) return fail(s.error());
  return s->bind(1, counter).bind(2, random).run();
}

Result<void> insert_kv(sqlite::Database& db, std::string_view key, Bytes value) {
  Result<sqlite::Statement> s = db.prepare("INSERT OR REPLACE INTO kv(key,value) VALUES(?1,?2)");
  if (!s) return fail(s.error());
  return s->bind(1, key).bind(2, value).run();
}

Result<void> insert_block(sqlite::Database& db, const BlockReader& block) {
  Result<sqlite::Statement> s = db.prepare(
      "INSERT INTO block(stream,epoch,first,last,utc_min_us,utc_max_us,bytes) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7) ON CONFLICT(stream,epoch,first) DO UPDATE SET "
      "last=excluded.last, utc_min_us=excluded.utc_min_us, utc_max_us=excluded.utc_max_us, "
      "bytes=excluded.bytes WHERE excluded.last>last");  // The same block, before it grew.
  if (!s) return fail(s.error());
  const BlockHeader& header = block.header();
  const TimeSpan time = time_span(block);
  s->bind(1, std::int64_t{static_cast<std::uint8_t>(header.stream)});
  s->bind(2, std::int64_t{header.epoch.counter}).bind(3, header.first).bind(4, header.last);
  return s->bind(5, time.min_us).bind(6, time.max_us).bind(7, block.bytes()).run();
}

}  // namespace

Result<void> EdgeStore::Impl::salvage(sqlite::Database& from) {
  Result<void> step;
  const auto keep = [&step](Result<void> next) {
    if (step) step = next;
  };
  // What tells which sequences were used: unless all of it is there, the next one may be used
  // twice.
  bool marks_whole =
      read_all(from, "SELECT counter, random FROM epoch", [&](const sqlite::Statement& s) {
        if (s.blob(1).size() == Epoch{}.random.size()) {
          keep(insert_epoch(db, s.integer(0), s.blob(1)));
        }
      });
  std::map<std::int64_t, Sequence> lost;  // A file of version 1 has no such count, only its gaps.
  (void)read_all(from, "SELECT stream, lost FROM stream", [&](const sqlite::Statement& s) {
    if (s.unsigned_integer(1) <= kSequenceMax) lost[s.integer(0)] = s.unsigned_integer(1);
  });
  std::map<std::int64_t, Marks> marks;
  marks_whole =
      read_all(from, "SELECT stream, epoch, last, acknowledged FROM stream",
               [&](const sqlite::Statement& s) {
                 marks[s.integer(0)] = {s.integer(1), s.unsigned_integer(2), s.unsigned_integer(3)};
               }) &&
      marks_whole;
  const bool kv_whole =
      read_all(from, "SELECT key, value FROM kv",
               [&](const sqlite::Statement& s) { keep(insert_kv(db, s.text(0), s.blob(1))); });
  if (!kv_whole) keep(insert_kv(db, kKvDamagedKey, {}));

  SequencesSeen last;
  keep(salvage_blocks(from, &last));
  (void)read_all(from, "SELECT stream, epoch, first, last, reason, utc_min_us, utc_max_us FROM gap",
                 [&](const sqlite::Statement& s) {
                   const auto stream = static_cast<Stream>(s.integer(0));
                   if (index_of(stream) >= kStreamCount) return;
                   const Gap gap = gap_of_row(s, 2);
                   // One that cannot be says nothing; fill_holes() sees what is gone.
                   const bool possible = gap.first >= 1 && gap.first <= gap.last &&
                                         gap.last <= kSequenceMax && s.integer(4) >= 1 &&
                                         s.integer(4) <= 3;
                   if (possible)
                     keep(insert_gap(stream, static_cast<std::uint32_t>(s.integer(1)), gap));
                 });
  if (!step) return step;

  Result<std::int64_t> counter = db.integer("SELECT max(counter) FROM epoch");
  if (!counter) return fail(counter.error());
  const bool another_life = *counter == 0;  // Nothing was readable.
  if (another_life) {
    const std::array<std::byte, 16> random = sqlite::random_id();
    step = insert_epoch(db, 1, Bytes{random});
    if (!step) return step;
    counter = 1;
  }
  for (const Stream stream : kStreams) {
    const auto number = std::int64_t{static_cast<std::uint8_t>(stream)};
    Marks of = marks[number];
    const Sequence seen = last[*counter][number];
    if (of.epoch != *counter || of.last > kSequenceMax || of.acknowledged > of.last) {
      of = {};
      marks_whole = false;
    }
    marks_whole = marks_whole && of.last >= seen;  // Less than what is here: an older page.
    of.last = std::max(of.last, seen);
    Result<sqlite::Statement> s = db.prepare(
        "INSERT INTO stream(stream,epoch,last,acknowledged,lost) VALUES(?1,?2,?3,?4,"
        "max(?5,(SELECT CAST(total(last-first+1) AS INTEGER) FROM gap WHERE stream=?1)))");
    if (!s) return fail(s.error());
    s->bind(1, number).bind(2, *counter).bind(3, of.last).bind(4, of.acknowledged);
    step = s->bind(5, lost[number]).run();
    if (!step) return step;
  }
  return marks_whole || another_life ? Result<void>{} : insert_kv(db, kNewEpochKey, {});
}

Result<void> EdgeStore::Impl::salvage_blocks(sqlite::Database& from, SequencesSeen* seen) {
  // One block at a time, so that a damaged page costs only the blocks on it.
  Result<sqlite::Statement> next =
      from.prepare("SELECT id, bytes FROM block WHERE id>?1 ORDER BY id LIMIT 1");
  if (!next) return {};  // The table itself is gone; what else is readable is still worth having.
  // More ids than a damaged inner page leads to. Beyond, the steps double, so that it ends.
  constexpr std::uint64_t kUnreadableMax = std::uint64_t{1} << 16;
  std::int64_t after = 0;
  std::int64_t stride = 1;
  for (std::uint64_t unreadable = 0; true;) {
    const Result<bool> row = next->bind(1, after).next();
    if (!row) {
      if (++unreadable > kUnreadableMax) stride *= 2;
      if (after > INT64_MAX / 4) return {};
      after += stride;
      continue;
    }
    if (!*row) return {};
    unreadable = 0;
    stride = 1;
    after = next->integer(0);
    const Result<BlockReader> block = BlockReader::open(next->blob(1));
    if (block && block->header().last <= kSequenceMax) {
      const BlockHeader& header = block->header();
      Result<void> step = insert_epoch(db, header.epoch.counter, Bytes{header.epoch.random});
      if (step) step = insert_block(db, *block);
      if (!step) return step;
      Sequence& highest =
          (*seen)[header.epoch.counter][std::int64_t{static_cast<std::uint8_t>(header.stream)}];
      highest = std::max(highest, header.last);
    }
    next->reset();
  }
}

}  // namespace ems::io
