// SPDX-License-Identifier: Apache-2.0
#include "ems/io/store/edge_store.hpp"

#include <utility>

#include "edge_store_impl.hpp"

namespace ems::io {

using namespace telemetry;

namespace {

std::int64_t number(Stream stream) { return static_cast<std::uint8_t>(stream); }

constexpr std::size_t kValueSizeMax = std::size_t{64} * 1024;

/// Records are few: a block a minute would be one for each.
constexpr Duration kRecordSpan = seconds(3600);

std::int64_t utc_us(const Row& row) { return row.at.since_epoch().count(); }
std::int64_t utc_us(const Record& record) { return record.at.since_epoch().count(); }

}  // namespace

TimeSpan time_span(const BlockReader& reader) noexcept {
  TimeSpan span{INT64_MAX, INT64_MIN};
  const auto take = [&span](UtcInstant at) {
    span.min_us = std::min(span.min_us, at.since_epoch().count());
    span.max_us = std::max(span.max_us, at.since_epoch().count());
  };
  if (reader.header().kind() == BlockKind::points) {
    for (RowCursor cursor(reader); cursor.next();) take(cursor.row().at);
  } else {
    for (RecordCursor cursor(reader); cursor.next();) take(cursor.record().at);
  }
  return span;
}

Result<BlockReader> checked_block(Bytes block, Stream stream, const Epoch& epoch, Sequence first,
                                  Sequence last) noexcept {
  Result<BlockReader> reader = BlockReader::open(block);
  if (!reader) return reader;
  const BlockHeader& header = reader->header();
  if (header.stream != stream || header.epoch != epoch || header.first != first ||
      header.last != last) {
    return fail(Errc::corrupt, 0, "store: a block is not the one its key says");
  }
  return reader;
}

std::uint64_t EdgeStore::Impl::pending_bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const Lane& of : lanes) {
    for (const Pending& pending : of.closed) bytes += pending.bytes.size();
  }
  return bytes;
}

void EdgeStore::Impl::count_bytes(Stream stream, std::size_t before, std::size_t after) noexcept {
  // A block that changed behind our back may weigh more than it did.
  for (std::uint64_t* held : {&counters.stream_bytes[index_of(stream)], &counters.bytes_held}) {
    *held = *held + after - std::min<std::uint64_t>(before, *held + after);
  }
  if (before == 0) ++counters.blocks_held;
  if (after == 0) --counters.blocks_held;
}

bool EdgeStore::Impl::beyond_span(const Lane& of, std::int64_t at_us) const noexcept {
  if (of.builder.rows() == 0) return false;
  const Duration limit = of.stream == Stream::telemetry ? options.block_span : kRecordSpan;
  const std::int64_t first = std::min(of.open_time.min_us, at_us);
  const std::int64_t last = std::max(of.open_time.max_us, at_us);
  // Unsigned: times may lie further apart than an int64 holds.
  return static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first) >=
         static_cast<std::uint64_t>(limit.count());
}

void EdgeStore::Impl::close_block(Lane& of) {
  if (of.builder.rows() > 0 && of.builder.header().last > of.committed) {
    const Bytes bytes = of.builder.bytes();
    of.closed.push_back({of.builder.header().first,
                         of.builder.header().last,
                         of.open_time,
                         {bytes.begin(), bytes.end()},
                         of.open_size_in_file});
  }
  of.open_size_in_file = 0;
  const Sequence next = of.builder.next_sequence();
  EMS_ASSERT(of.builder.start(of.stream, epoch, next).has_value());
}

template <class T>
Result<Sequence> EdgeStore::Impl::append(Lane& of, const T& row) {
  if (!bound_pending() && of.stream == Stream::audit) {
    ++counters.audit_refused;
    return fail(Errc::disk_full, 0, "store: no room on disk, and none left in memory");
  }
  const std::int64_t at = utc_us(row);
  if (beyond_span(of, at)) close_block(of);
  Result<Append> appended = of.builder.append(context, row);
  if (!appended) return fail(appended.error());
  if (*appended != Append::stored) {
    close_block(of);
    appended = of.builder.append(context, row);
    EMS_ASSERT(appended.has_value() && *appended == Append::stored);
  }
  if (of.stream == Stream::telemetry && at < of.newest_us) ++counters.clock_steps;
  of.newest_us = at;
  if (of.builder.rows() == 1) of.open_time = {at, at};
  of.open_time = {std::min(of.open_time.min_us, at), std::max(of.open_time.max_us, at)};
  ++counters.rows_appended[index_of(of.stream)];
  return of.builder.header().last;
}

Result<void> EdgeStore::Impl::upsert(Stream stream, Sequence first, Sequence last,
                                     const TimeSpan& time, Bytes bytes) {
  const Result<void> ready = db.prepare_once(
      upsert_block,
      "INSERT INTO block(stream,epoch,first,last,utc_min_us,utc_max_us,bytes) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7) ON CONFLICT(stream,epoch,first) DO UPDATE SET "
      "last=excluded.last, utc_min_us=excluded.utc_min_us, utc_max_us=excluded.utc_max_us, "
      "bytes=excluded.bytes");
  if (!ready) return ready;
  sqlite::Statement& s = upsert_block;
  s.bind(1, number(stream)).bind(2, std::int64_t{epoch.counter}).bind(3, first).bind(4, last);
  return s.bind(5, time.min_us).bind(6, time.max_us).bind(7, bytes).run();
}

Result<void> EdgeStore::Impl::write_lane(Lane& of) {
  for (const Pending& pending : of.closed) {
    Result<void> step;
    if (pending.bytes.empty()) {
      const Gap gap{pending.first,
                    pending.last,
                    GapReason::evicted,
                    true,
                    UtcInstant{microseconds(pending.time.min_us)},
                    UtcInstant{microseconds(pending.time.max_us)}};
      step = insert_gap(of.stream, epoch.counter, gap);
    } else {
      step = upsert(of.stream, pending.first, pending.last, pending.time, pending.bytes);
    }
    if (!step) return step;
    if (!pending.bytes.empty()) {
      count_bytes(of.stream, pending.size_in_file, pending.bytes.size());
    }
  }
  if (of.builder.rows() > 0 && of.builder.header().last > of.committed) {
    const Bytes bytes = of.builder.bytes();
    const BlockHeader& header = of.builder.header();
    const Result<void> step = upsert(of.stream, header.first, header.last, of.open_time, bytes);
    if (!step) return step;
    count_bytes(of.stream, of.open_size_in_file, bytes.size());
  }
  return write_marks(of, of.builder.next_sequence() - 1);
}

Result<void> EdgeStore::Impl::write_marks(const Lane& of, Sequence last) {
  const Result<void> ready = db.prepare_once(
      update_marks, "UPDATE stream SET last=?2, acknowledged=?3, lost=?4 WHERE stream=?1");
  if (!ready) return ready;
  const std::uint64_t lost = of.lost_before + counters.rows_lost[index_of(of.stream)];
  update_marks.bind(1, number(of.stream)).bind(2, last).bind(3, of.acknowledged);
  return update_marks.bind(4, std::min<std::uint64_t>(lost, kSequenceMax)).run();
}

Result<void> EdgeStore::Impl::write_pending() {
  for (Lane& of : lanes) {
    const bool dirty = marks_dirty || of.builder.next_sequence() - 1 > of.committed;
    if (!dirty) continue;
    const Result<void> step = write_lane(of);
    if (!step) return step;
  }
  return {};
}

Result<void> EdgeStore::Impl::commit_once() {
  Attempt attempt(*this);
  sqlite::Transaction transaction(db);
  Result<void> step = noted(transaction.begin());
  if (step) step = noted(write_pending());
  const auto lost = counters.rows_lost;
  if (step) step = noted(keep_budgets());
  for (const Lane& of : lanes) {  // The marks say what was ever lost, too.
    const std::size_t i = index_of(of.stream);
    if (step && counters.rows_lost[i] != lost[i]) {
      step = noted(write_marks(of, of.builder.next_sequence() - 1));
    }
  }
  if (step) step = noted(transaction.commit());
  if (step) attempt.keep();
  return step;
}

Result<Sequence> EdgeStore::append(const Row& row) {
  return impl_->append(impl_->lane(Stream::telemetry), row);
}

Result<Sequence> EdgeStore::append(Stream stream, const Record& record) {
  if (index_of(stream) >= kStreamCount || kind_of(stream) != BlockKind::records) {
    return fail(Errc::invalid_argument, 0, "store: this stream carries no records");
  }
  return impl_->append(impl_->lane(stream), record);
}

Result<void> EdgeStore::commit() {
  Impl& s = *impl_;
  bool dirty = s.marks_dirty;
  for (const Impl::Lane& of : s.lanes) {
    dirty = dirty || of.builder.next_sequence() - 1 > of.committed;
  }
  if (!dirty) return {};
  Result<void> done = s.commit_once();
  while (!done && done.error().code == Errc::disk_full) {
    const Result<bool> room = s.noted(s.make_room());
    if (!room || !*room) break;
    done = s.commit_once();
  }
  if (!done) {
    ++s.counters.commits_failed;
    return done;
  }
  s.marks_dirty = false;
  ++s.counters.commits;
  for (Impl::Lane& of : s.lanes) {
    const Sequence last = of.builder.next_sequence() - 1;
    s.counters.rows_committed[index_of(of.stream)] += last - of.committed;
    for (const Impl::Pending& pending : of.closed) {
      if (pending.bytes.empty()) {
        s.counters.rows_committed[index_of(of.stream)] -= pending.last - pending.first + 1;
      }
    }
    if (last > of.committed) of.open_size_in_file = of.builder.bytes().size();
    of.closed.clear();
    of.committed = last;
  }
  return {};
}

Result<void> EdgeStore::acknowledge(Stream stream, const Epoch& epoch, Sequence up_to) {
  Impl::Lane& of = impl_->lane(stream);
  if (epoch != impl_->epoch) return fail(Errc::aborted, 0, "store: another epoch");
  if (up_to > of.committed) {
    return fail(Errc::failed_precondition, 0, "store: the server has rows this store never made");
  }
  if (up_to <= of.acknowledged) return {};
  impl_->counters.rows_acknowledged[index_of(stream)] += up_to - of.acknowledged;
  of.acknowledged = up_to;
  impl_->marks_dirty = true;
  return {};
}

Result<void> EdgeStore::rewind(Stream stream, const Epoch& epoch, Sequence mark) {
  Impl::Lane& of = impl_->lane(stream);
  if (epoch != impl_->epoch) return fail(Errc::aborted, 0, "store: another epoch");
  if (mark > of.committed) {
    return fail(Errc::failed_precondition, 0, "store: the server has rows this store never made");
  }
  if (mark >= of.acknowledged) return {};
  // Without room for them they are told at the next start only, and as corrupt: no reason to stop.
  (void)impl_->note_not_held(of, mark);
  of.acknowledged = mark;
  impl_->marks_dirty = true;
  return {};
}

Mark EdgeStore::mark(Stream stream) const noexcept {
  const Impl::Lane& of = impl_->lanes[index_of(stream)];
  return {impl_->epoch, of.committed, of.acknowledged, of.first_held};
}

const Epoch& EdgeStore::epoch() const noexcept { return impl_->epoch; }

StoreCounters EdgeStore::counters() const noexcept {
  StoreCounters counters = impl_->counters;
  counters.bytes_pending = impl_->pending_bytes();
  for (const Impl::Lane& of : impl_->lanes) {
    const std::size_t i = index_of(of.stream);
    counters.rows_lost_ever[i] = of.lost_before + counters.rows_lost[i];
  }
  return counters;
}

void EdgeStore::set_context(std::uint64_t limits_hash, ClockQuality clock_quality) noexcept {
  impl_->context.limits_hash = limits_hash;
  impl_->context.clock_quality = clock_quality;
}

Result<void> EdgeStore::put(std::string_view key, Bytes value) {
  if (key.empty() || value.size() > kValueSizeMax) {
    return fail(Errc::invalid_argument, 0, "store: no key, or a value above 64 KiB");
  }
  Impl& s = *impl_;
  const auto write = [&]() -> Result<void> {
    Result<sqlite::Statement> put =
        s.db.prepare("INSERT OR REPLACE INTO kv(key,value) VALUES(?1,?2)");
    if (!put) return fail(put.error());
    return put->bind(1, key).bind(2, value).run();
  };
  Result<void> done = s.noted(write());
  if (!done && done.error().code == Errc::disk_full) {
    const Result<bool> room = s.make_room();
    if (room && *room) done = s.noted(write());
  }
  return done;
}

Result<void> EdgeStore::erase(std::string_view key) {
  Result<sqlite::Statement> erase = impl_->db.prepare("DELETE FROM kv WHERE key=?1 AND key<>''");
  if (!erase) return fail(erase.error());
  return impl_->noted(erase->bind(1, key).run());
}

Result<std::optional<std::vector<std::byte>>> EdgeStore::get(std::string_view key) {
  using Value = std::optional<std::vector<std::byte>>;
  Result<sqlite::Statement> get =
      impl_->noted(impl_->db.prepare("SELECT key, value FROM kv WHERE key IN (?1,'')"));
  if (!get) return fail(get.error());
  get->bind(1, key);
  bool damaged = false;
  while (true) {
    const Result<bool> row = impl_->noted(get->next());
    if (!row) return fail(row.error());
    if (!*row) break;
    if (get->text(0) != kKvDamagedKey) {
      const Bytes value = get->blob(1);
      return Value{{value.begin(), value.end()}};
    }
    damaged = true;
  }
  if (damaged) return fail(Errc::corrupt, 0, "store: this value may have been lost in a repair");
  return Value{};
}

EdgeStore::EdgeStore(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
EdgeStore::EdgeStore(EdgeStore&&) noexcept = default;
EdgeStore& EdgeStore::operator=(EdgeStore&&) noexcept = default;
EdgeStore::~EdgeStore() = default;
const OpenReport& EdgeStore::open_report() const noexcept { return impl_->report; }
const std::string& EdgeStore::detail() const noexcept { return impl_->detail; }

}  // namespace ems::io
