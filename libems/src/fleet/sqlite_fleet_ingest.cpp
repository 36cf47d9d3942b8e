// SPDX-License-Identifier: Apache-2.0
// Ingest: check, group, store once, acknowledge after the fsync.
#include <algorithm>
#include <utility>

#include "sqlite_fleet.hpp"

namespace ems::fleet {

using namespace telemetry;
using io::sqlite::Statement;

namespace {

/// Sequences are SQL integers and sort as such. Nobody reaches this one.
constexpr Sequence kSequenceMax = INT64_MAX;
/// 35 000 years of a row a second: beyond, a gap is not an outage but an agent gone wrong.
constexpr std::uint64_t kGapRowsMax = std::uint64_t{1} << 40;

/// Times that a group is tried again without who failed. More deliveries than this for which SQLite
/// gives up the transaction are no poisoned deliveries: the disk is full, or broken.
constexpr int kAgainMax = 3;

constexpr std::int64_t us(UtcInstant at) { return at.since_epoch().count(); }

}  // namespace

Statement& bind_key(Statement& s, const AgentKey& key, Stream stream, const Epoch& epoch) {
  s.bind(1, std::string_view{key.tenant}).bind(2, std::string_view{key.agent});
  s.bind(3, std::int64_t{static_cast<std::uint8_t>(stream)});
  return s.bind(4, std::int64_t{epoch.counter}).bind(5, Bytes{epoch.random});
}

Result<void> SqliteFleetStore::check(Job& job) {
  if (index_of(job.stream) >= kStreamCount) {
    return fail(Errc::invalid_argument, 0, "fleet: unknown stream");
  }
  job.checked.reserve(job.items.size());
  for (std::size_t i = 0; i < job.items.size(); ++i) {
    const IngestItem& item = job.items[i];
    if (item.gap) {
      if (item.gap->first == 0 || item.gap->last < item.gap->first || !item.block.empty()) {
        return fail(Errc::invalid_argument, i, "fleet: a gap that is none");
      }
      if (item.gap->last > kSequenceMax || item.gap->last - item.gap->first >= kGapRowsMax) {
        return fail(Errc::out_of_range, i, "fleet: a gap beyond any store's life");
      }
      job.checked.push_back({item.gap->first, item.gap->last});
      continue;
    }
    const Result<BlockReader> block = BlockReader::open(item.block);
    if (!block) return fail(block.error());
    const BlockHeader& header = block->header();
    if (header.stream != job.stream || header.epoch != job.epoch) {
      return fail(Errc::invalid_argument, i, "fleet: a block of another stream or epoch");
    }
    if (header.last > kSequenceMax) {
      return fail(Errc::out_of_range, i, "fleet: a sequence beyond any store's life");
    }
    job.checked.push_back({header.first, header.last, block->utc_min(), block->utc_max()});
  }
  return {};
}

Result<Ack> SqliteFleetStore::ingest(SessionToken session, Stream stream, const Epoch& epoch,
                                     std::span<const IngestItem> items) {
  if (read_only_) return fail(Errc::read_only, 0, "fleet: opened for reading");
  const Result<AgentKey> key = sessions_.agent_of(session);
  if (!key) return fail(key.error());
  Job job{.session = session, .key = *key, .stream = stream, .epoch = epoch, .items = items};
  const Result<void> sound = check(job);
  if (!sound) {
    const std::lock_guard lock(state_mutex_);
    ++counters_.blocks_refused;
    return fail(sound.error());
  }
  // Whoever finds no leader leads: it takes all that wait into one transaction, then wakes each of
  // them, and the first of those that came meanwhile to lead the next.
  std::unique_lock lock(queue_mutex_);
  queue_.push_back(&job);
  job.changed.wait(lock, [&] { return job.done || !leader_; });
  if (job.done) return job.result;
  leader_ = true;
  const std::vector<Job*> group = std::exchange(queue_, {});
  lock.unlock();
  run_group(group);
  lock.lock();
  leader_ = false;
  for (Job* member : group) {
    member->done = true;
    if (member != &job) member->changed.notify_one();  // Under the lock: it ends when it wakes.
  }
  if (!queue_.empty()) queue_.front()->changed.notify_one();
  return job.result;
}

// noexcept: without memory the process ends; those who wait would wait for ever, and what was not
// acknowledged comes again.
void SqliteFleetStore::run_group(std::span<Job* const> jobs) noexcept {
  const std::lock_guard writer(writer_mutex_);
  Result<void> stored = store_group(jobs, false);
  // What one of them hit is not the others' fault. Still one transaction and one fsync for them;
  // another one where SQLite gave up the whole transaction for that one's error.
  for (int again = 0; !stored && jobs.size() > 1 && again < kAgainMax; ++again) {
    stored = store_group(jobs, true);
  }
  settle(jobs, stored);
}

void SqliteFleetStore::settle(std::span<Job* const> jobs, const Result<void>& stored) {
  const std::lock_guard state(state_mutex_);
  if (stored) {
    witness_.write({generation_, groups_});
    ++counters_.groups;
  }
  for (Job* job : jobs) {
    if (!stored && !job->refused) job->result = fail(stored.error());
    if (!job->result) {
      if (job->result.error().code == Errc::not_next) ++counters_.holes_refused;
      continue;
    }
    counters_.stored = saturating_sum(counters_.stored, job->result->stored);
    counters_.duplicates = saturating_sum(counters_.duplicates, job->result->duplicates);
    counters_.gap_rows = saturating_sum(counters_.gap_rows, job->result->gap_rows);
    if (job->stream != Stream::telemetry || !latest_.keeps(job->key)) continue;
    for (const IngestItem& item : job->items) {
      if (item.gap) continue;
      const Result<BlockReader> block = BlockReader::open(item.block);
      if (block) counters_.latest_dropped += latest_.note(job->key, *block, job->mark_before);
    }
  }
}

Result<void> SqliteFleetStore::store_group(std::span<Job* const> jobs, bool each_alone) {
  io::sqlite::Transaction transaction(writer_);
  Result<void> step = transaction.begin();
  for (std::size_t i = 0; step && i < jobs.size(); ++i) {
    if (!jobs[i]->refused) step = each_alone ? store_alone(*jobs[i]) : store_job(*jobs[i]);
  }
  if (step) step = writes_.set_groups.bind(1, groups_ + 1).run();
  if (step) step = transaction.commit();
  if (step) {
    ++groups_;
  } else {
    lanes_.clear();  // They say what would have been.
  }
  return step;
}

// Costs a copy of each page that the job changes, so only groups that failed once come here.
Result<void> SqliteFleetStore::store_alone(Job& job) {
  Result<void> step = writes_.mark_place.run();
  if (!step) return step;
  const Result<void> stored = store_job(job);
  if (stored) return writes_.forget_place.run();
  job.result = fail(stored.error());
  job.refused = true;
  lanes_.forget(lane_key(job));
  if (!writer_.in_transaction()) return stored;
  step = writes_.back_to_place.run();
  return step ? writes_.forget_place.run() : step;
}

Result<void> SqliteFleetStore::store_job(Job& job) {
  const Result<AgentKey> key = sessions_.agent_of(job.session);  // It may have ended meanwhile.
  if (!key) {
    job.result = fail(key.error());
    return {};
  }
  const Result<Lane*> found = lane_of(job);
  if (!found) return fail(found.error());
  Lane& lane = **found;
  job.mark_before = lane.mark.mark;
  job.result = plan(job, lane.mark);
  if (!job.result) return {};
  if (lane.id == 0) {
    Statement& add = bind_key(writes_.add_lane, job.key, job.stream, job.epoch);
    const Result<void> added = add.bind(6, groups_ + 1).run();
    if (!added) return added;
    lane.id = sqlite3_last_insert_rowid(writer_.raw());
  }
  Sequence mark = lane.mark.mark;
  for (std::size_t i = 0; i < job.items.size(); ++i) {
    if (job.checked[i].last <= mark) continue;
    Result<void> step;
    if (job.items[i].gap) {
      Gap gap = *job.items[i].gap;
      gap.first = mark + 1;
      step = add_gap(lane, gap);
    } else {
      step = store_rows(job, lane, i, mark);
    }
    if (!step) return step;
    mark = job.checked[i].last;
  }
  lane.mark.mark = mark;
  lane.mark.stored += job.result->stored;
  lane.mark.duplicates += job.result->duplicates;
  lane.mark.gap_rows += job.result->gap_rows;
  Statement& s = writes_.set_lane;
  s.bind(1, lane.id).bind(2, mark).bind(3, lane.mark.stored).bind(4, lane.mark.duplicates);
  return s.bind(5, lane.mark.gap_rows).bind(6, groups_ + 1).run();
}

Result<Ack> SqliteFleetStore::plan(const Job& job, const StreamMark& mark) {
  Ack ack{.stream = job.stream, .epoch = job.epoch, .mark = mark.mark};
  for (std::size_t i = 0; i < job.items.size(); ++i) {
    const Checked& rows = job.checked[i];
    const bool is_gap = job.items[i].gap.has_value();
    if (rows.first > ack.mark + 1) {
      return fail(Errc::not_next, i, "fleet: rows are missing before it");
    }
    const Sequence known = std::min(rows.last, ack.mark);
    if (!is_gap && known >= rows.first) ack.duplicates += known - rows.first + 1;
    if (rows.last <= ack.mark) continue;
    (is_gap ? ack.gap_rows : ack.stored) += rows.last - ack.mark;
    ack.mark = rows.last;
  }
  return ack;
}

LaneKey SqliteFleetStore::lane_key(const Job& job) {
  return {job.key.tenant, job.key.agent, job.stream, job.epoch.counter, job.epoch.random};
}

Result<Lane*> SqliteFleetStore::lane_of(const Job& job) {
  const LaneKey key = lane_key(job);
  if (Lane* const known = lanes_.find(key)) return known;
  Lane lane{.mark = {job.stream, job.epoch}};
  Statement& find = writes_.find_lane;
  Result<bool> row = bind_key(find, job.key, job.stream, job.epoch).next();
  if (!row) return fail(row.error());
  if (*row) {
    lane.id = find.integer(0);
    lane.mark.mark = find.unsigned_integer(1);
    lane.mark.stored = find.unsigned_integer(2);
    lane.mark.duplicates = find.unsigned_integer(3);
    lane.mark.gap_rows = find.unsigned_integer(4);
    find.reset();
    Statement& tail = writes_.find_tail;
    row = tail.bind(1, lane.id).next();
    if (!row) return fail(row.error());
    if (*row) {
      lane.tail_id = tail.integer(0);
      lane.tail_first = tail.unsigned_integer(1);
      lane.tail_last = tail.unsigned_integer(2);
      lane.tail_min_us = tail.integer(3);
      lane.tail_max_us = tail.integer(4);
    }
    tail.reset();
  }
  return &lanes_.add(key, lane);
}

Result<void> SqliteFleetStore::store_rows(const Job& job, Lane& lane, std::size_t item,
                                          Sequence after) {
  const Bytes bytes = job.items[item].block;
  const Checked& rows = job.checked[item];
  // Rows that continue the last block go into it, when all of them fit.
  const bool may_fit =
      lane.tail_id != 0 && lane.tail_last == after && rows.last - lane.tail_first < kBlockRowsMax;
  if (may_fit) {
    const Result<bool> grown = grow_tail(lane, bytes, rows, after);
    if (!grown) return fail(grown.error());
    if (*grown) return {};
  }
  if (rows.first > after) return add_block(lane, bytes, rows);
  const Result<BlockReader> block = BlockReader::open(bytes);  // Across the mark: its later rows.
  if (!block) return fail(block.error());
  for (Sequence from = after + 1; from <= rows.last;) {
    EMS_ASSERT(scratch_.start(job.stream, job.epoch, from).has_value());
    const Sequence upto = append_rows(scratch_, *block, from - 1);
    EMS_ASSERT(upto >= from);
    const Result<void> step =
        add_block(lane, scratch_.bytes(), {from, upto, rows.utc_min, rows.utc_max});
    if (!step) return step;
    from = upto + 1;
  }
  return {};
}

Result<bool> SqliteFleetStore::grow_tail(Lane& lane, Bytes bytes, const Checked& rows,
                                         Sequence after) {
  Statement& tail = writes_.tail_bytes;
  const Result<bool> found = tail.bind(1, lane.tail_id).next();
  if (!found) return fail(found.error());
  const bool sound =
      *found && scratch_.resume(tail.blob(0)).has_value() && scratch_.next_sequence() == after + 1;
  tail.reset();
  if (!sound) return false;
  const Result<BlockReader> block = BlockReader::open(bytes);
  if (!block) return fail(block.error());
  if (append_rows(scratch_, *block, after) != rows.last) return false;
  lane.tail_last = rows.last;
  lane.tail_min_us = std::min(lane.tail_min_us, us(rows.utc_min));
  lane.tail_max_us = std::max(lane.tail_max_us, us(rows.utc_max));
  Statement& s = writes_.grow_tail;
  s.bind(1, lane.tail_id).bind(2, rows.last).bind(3, lane.tail_min_us);
  const Result<void> step = s.bind(4, lane.tail_max_us).bind(5, scratch_.bytes()).run();
  if (!step) return fail(step.error());
  return true;
}

Result<void> SqliteFleetStore::add_block(Lane& lane, Bytes block, const Checked& rows) {
  Statement& s = writes_.add_block;
  s.bind(1, lane.id).bind(2, rows.first).bind(3, rows.last).bind(4, us(rows.utc_min));
  const Result<void> step = s.bind(5, us(rows.utc_max)).bind(6, block).run();
  if (!step) return step;
  lane.tail_id = sqlite3_last_insert_rowid(writer_.raw());
  lane.tail_first = rows.first;
  lane.tail_last = rows.last;
  lane.tail_min_us = us(rows.utc_min);
  lane.tail_max_us = us(rows.utc_max);
  return {};
}

Result<void> SqliteFleetStore::add_gap(const Lane& lane, const Gap& gap) {
  Statement& s = writes_.add_gap;
  s.bind(1, lane.id).bind(2, gap.first).bind(3, gap.last);
  s.bind(4, std::int64_t{static_cast<std::uint8_t>(gap.reason)});
  if (gap.time_known) {
    s.bind(5, us(gap.utc_first)).bind(6, us(gap.utc_last));
  } else {
    s.bind_null(5).bind_null(6);
  }
  return s.run();
}

Result<void> SqliteFleetStore::prepare_writes() {
  struct Wanted {
    Statement Writes::*statement;
    const char* sql;
  };
  constexpr Wanted kWanted[] = {
      {&Writes::find_lane,
       "SELECT id, mark, stored, duplicates, gap_rows FROM lane WHERE tenant=?1 AND agent=?2 AND "
       "stream=?3 AND counter=?4 AND epoch=?5"},
      {&Writes::add_lane,
       "INSERT INTO lane(tenant, agent, stream, counter, epoch, mark, stored, duplicates, "
       "gap_rows, opened, updated) VALUES(?1,?2,?3,?4,?5,0,0,0,0,?6,?6)"},
      {&Writes::set_lane,
       "UPDATE lane SET mark=?2, stored=?3, duplicates=?4, gap_rows=?5, updated=?6 WHERE id=?1"},
      {&Writes::find_tail,
       "SELECT id, first, last, utc_min_us, utc_max_us FROM block WHERE lane=?1 ORDER BY first "
       "DESC LIMIT 1"},
      {&Writes::tail_bytes, "SELECT bytes FROM block WHERE id=?1"},
      {&Writes::grow_tail,
       "UPDATE block SET last=?2, utc_min_us=?3, utc_max_us=?4, bytes=?5 WHERE id=?1"},
      {&Writes::add_block,
       "INSERT INTO block(lane, first, last, utc_min_us, utc_max_us, bytes) "
       "VALUES(?1,?2,?3,?4,?5,?6)"},
      {&Writes::add_gap, "INSERT INTO gap VALUES(?1,?2,?3,?4,?5,?6)"},
      {&Writes::set_groups, "UPDATE meta SET value=?1 WHERE key='groups'"},
      {&Writes::mark_place, "SAVEPOINT delivery"},
      {&Writes::back_to_place, "ROLLBACK TO delivery"},
      {&Writes::forget_place, "RELEASE delivery"},
  };
  for (const Wanted& wanted : kWanted) {
    Result<Statement> statement = writer_.prepare(wanted.sql);
    if (!statement) return fail(statement.error());
    writes_.*wanted.statement = std::move(*statement);
  }
  return {};
}

}  // namespace ems::fleet
