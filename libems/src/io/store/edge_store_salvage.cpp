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
  Result<sqlite::Statement> s = db.prepare("INSERT OR IGNORE INTO epoch VALUES(?1,?2)");
  if (!s) return fail(s.error());
  return s->bind(1, counter).bind(2, random).run();
}

Result<void> insert_kv(sqlite::Database& db, std::string_view key, Bytes value) {
  Result<sqlite::Statement> s = db.prepare("INSERT OR REPLACE INTO kv VALUES(?1,?2)");
  if (!s) return fail(s.error());
  return s->bind(1, key).bind(2, value).run();
}

Result<void> insert_block(sqlite::Database& db, const BlockReader& block) {
  Result<sqlite::Statement> s = db.prepare(
      "INSERT OR IGNORE INTO block(stream,epoch,first,last,utc_min_us,utc_max_us,bytes) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7)");
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
  (void)read_all(from, "SELECT counter, random FROM epoch", [&](const sqlite::Statement& s) {
    if (s.blob(1).size() == Epoch{}.random.size()) {
      keep(insert_epoch(db, s.integer(0), s.blob(1)));
    }
  });
  std::map<std::int64_t, Marks> marks;
  (void)read_all(
      from, "SELECT stream, epoch, last, acknowledged FROM stream",
      [&](const sqlite::Statement& s) {
        marks[s.integer(0)] = {s.integer(1), s.unsigned_integer(2), s.unsigned_integer(3)};
      });
  const bool kv_whole =
      read_all(from, "SELECT key, value FROM kv",
               [&](const sqlite::Statement& s) { keep(insert_kv(db, s.text(0), s.blob(1))); });
  if (!kv_whole) keep(insert_kv(db, kKvDamagedKey, {}));

  // One block at a time, so that a damaged page costs only the blocks on it.
  const Result<std::int64_t> last_id = from.integer("SELECT max(id) FROM block");
  const Result<std::int64_t> first_id = from.integer("SELECT min(id) FROM block");
  Result<sqlite::Statement> one = from.prepare("SELECT bytes FROM block WHERE id=?1");
  std::map<std::int64_t, std::map<std::int64_t, Sequence>> last;  // By epoch, then stream.
  if (one && last_id) {
    for (std::int64_t id = first_id ? *first_id : 1; step && id <= *last_id; ++id) {
      const Result<bool> row = one->bind(1, id).next();
      if (!row || !*row) continue;
      const Result<BlockReader> block = BlockReader::open(one->blob(0));
      if (block) {
        const BlockHeader& header = block->header();
        keep(insert_epoch(db, header.epoch.counter, Bytes{header.epoch.random}));
        keep(insert_block(db, *block));
        Sequence& seen =
            last[header.epoch.counter][std::int64_t{static_cast<std::uint8_t>(header.stream)}];
        seen = std::max(seen, header.last);
      }
      one->reset();
    }
  }
  (void)read_all(
      from, "SELECT stream, epoch, first, last, reason FROM gap", [&](const sqlite::Statement& s) {
        const auto stream = static_cast<Stream>(s.integer(0));
        if (index_of(stream) >= kStreamCount) return;
        keep(insert_gap(
            stream, static_cast<std::uint32_t>(s.integer(1)),
            {s.unsigned_integer(2), s.unsigned_integer(3), static_cast<GapReason>(s.integer(4))}));
      });
  if (!step) return step;

  Result<std::int64_t> counter = db.integer("SELECT max(counter) FROM epoch");
  if (!counter) return fail(counter.error());
  if (*counter == 0) {  // Nothing was readable: another life begins.
    const std::array<std::byte, 16> random = sqlite::random_id();
    step = insert_epoch(db, 1, Bytes{random});
    if (!step) return step;
    counter = 1;
  }
  for (const Stream stream : kStreams) {
    const auto number = std::int64_t{static_cast<std::uint8_t>(stream)};
    Marks of = marks[number];
    if (of.epoch != *counter) of = {};
    // Marks that were lost: the server's own, at the next contact, are ahead or tell the rest.
    of.last = std::max(of.last, last[*counter][number]);
    Result<sqlite::Statement> s = db.prepare("INSERT INTO stream VALUES(?1,?2,?3,?4)");
    if (!s) return fail(s.error());
    step = s->bind(1, number).bind(2, *counter).bind(3, of.last).bind(4, of.acknowledged).run();
    if (!step) return step;
  }
  return {};
}

}  // namespace ems::io
