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

struct Times {
  std::int64_t min_us = INT64_MAX;
  std::int64_t max_us = INT64_MIN;
  void take(UtcInstant at) {
    min_us = std::min(min_us, at.since_epoch().count());
    max_us = std::max(max_us, at.since_epoch().count());
  }
};

Times times_after(const BlockReader& block, Sequence after) {
  Times times;
  if (block.header().kind() == BlockKind::points) {
    for (RowCursor cursor(block); cursor.next();) {
      if (cursor.sequence() > after) times.take(cursor.row().at);
    }
  } else {
    for (RecordCursor cursor(block); cursor.next();) {
      if (cursor.sequence() > after) times.take(cursor.record().at);
    }
  }
  return times;
}

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
  job.blocks.reserve(job.items.size());
  for (std::size_t i = 0; i < job.items.size(); ++i) {
    const IngestItem& item = job.items[i];
    if (item.gap) {
      if (item.gap->first == 0 || item.gap->last < item.gap->first || !item.block.empty()) {
        return fail(Errc::invalid_argument, i, "fleet: a gap that is none");
      }
      if (item.gap->last > kSequenceMax || item.gap->last - item.gap->first >= kGapRowsMax) {
        return fail(Errc::out_of_range, i, "fleet: a gap beyond any store's life");
      }
      job.blocks.emplace_back();
      continue;
    }
    const Result<BlockReader> block = BlockReader::open(item.block);
    if (!block) return fail(block.error());
    if (block->header().stream != job.stream || block->header().epoch != job.epoch) {
      return fail(Errc::invalid_argument, i, "fleet: a block of another stream or epoch");
    }
    if (block->header().last > kSequenceMax) {
      return fail(Errc::out_of_range, i, "fleet: a sequence beyond any store's life");
    }
    job.blocks.emplace_back(*block);
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
  // Whoever finds no leader leads: it takes all that wait into one transaction.
  std::unique_lock lock(queue_mutex_);
  queue_.push_back(&job);
  while (!job.done) {
    if (leader_) {
      queue_changed_.wait(lock);
      continue;
    }
    leader_ = true;
    const std::vector<Job*> group = std::exchange(queue_, {});
    lock.unlock();
    run_group(group);
    lock.lock();
    for (Job* done : group) done->done = true;
    leader_ = false;
    queue_changed_.notify_all();
  }
  return job.result;
}

void SqliteFleetStore::run_group(std::span<Job* const> jobs) {
  const std::lock_guard writer(writer_mutex_);
  const Result<void> stored = store_group(jobs);
  const std::lock_guard state(state_mutex_);
  if (stored) {
    witness_.write({generation_, groups_});
    ++counters_.groups;
  }
  for (Job* job : jobs) {
    if (!stored) job->result = fail(stored.error());
    if (!job->result) {
      if (job->result.error().code == Errc::not_next) ++counters_.holes_refused;
      continue;
    }
    counters_.stored = saturating_sum(counters_.stored, job->result->stored);
    counters_.duplicates = saturating_sum(counters_.duplicates, job->result->duplicates);
    counters_.gap_rows = saturating_sum(counters_.gap_rows, job->result->gap_rows);
    const auto latest = latest_.find(job->key);
    if (latest == latest_.end() || job->stream != Stream::telemetry) continue;
    for (const auto& block : job->blocks) {
      if (block) counters_.latest_dropped += latest->second.note(*block, job->mark_before);
    }
  }
}

Result<void> SqliteFleetStore::store_group(std::span<Job* const> jobs) {
  io::sqlite::Transaction transaction(writer_);
  Result<void> step = transaction.begin();
  if (!step) return step;
  for (Job* job : jobs) {
    step = writer_.run("SAVEPOINT job");
    if (!step) return step;
    job->result = store_job(*job);
    // A full disk may have ended the whole transaction: then nothing of the group is stored.
    if (!writer_.in_transaction()) return fail(job->result.error());
    step = writer_.run(job->result ? "RELEASE job" : "ROLLBACK TO job; RELEASE job");
    if (!step) return step;
  }
  Result<Statement> groups = writer_.prepare("UPDATE meta SET value=?1 WHERE key='groups'");
  if (!groups) return fail(groups.error());
  step = groups->bind(1, groups_ + 1).run();
  if (!step) return step;
  step = transaction.commit();
  if (step) ++groups_;
  return step;
}

Result<Ack> SqliteFleetStore::store_job(Job& job) {
  const Result<AgentKey> key = sessions_.agent_of(job.session);  // It may have ended meanwhile.
  if (!key) return fail(key.error());
  const Result<std::optional<StreamMark>> before =
      load_mark(writer_, job.key, job.stream, job.epoch);
  if (!before) return fail(before.error());
  StreamMark mark = before->value_or(StreamMark{job.stream, job.epoch});
  job.mark_before = mark.mark;
  Ack ack{.stream = job.stream, .epoch = job.epoch};
  for (std::size_t i = 0; i < job.items.size(); ++i) {
    const bool is_gap = job.items[i].gap.has_value();
    const Sequence first = is_gap ? job.items[i].gap->first : job.blocks[i]->header().first;
    const Sequence last = is_gap ? job.items[i].gap->last : job.blocks[i]->header().last;
    if (first > mark.mark + 1) return fail(Errc::not_next, i, "fleet: rows are missing before it");
    const Sequence known = std::min(last, mark.mark);
    if (!is_gap && known >= first) ack.duplicates += known - first + 1;
    if (last <= mark.mark) continue;
    Result<void> step;
    if (is_gap) {
      Gap gap = *job.items[i].gap;
      gap.first = mark.mark + 1;
      step = insert_gap(job, gap);
      ack.gap_rows += last - mark.mark;
    } else {
      step = store_rows(job, *job.blocks[i], mark.mark);
      ack.stored += last - mark.mark;
    }
    if (!step) return fail(step.error());
    mark.mark = last;
  }
  Result<Statement> s = writer_.prepare(
      "INSERT INTO mark VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?10) ON CONFLICT DO UPDATE "
      "SET mark=excluded.mark, stored=excluded.stored, duplicates=excluded.duplicates, "
      "gap_rows=excluded.gap_rows, updated=excluded.updated");
  if (!s) return fail(s.error());
  bind_key(*s, job.key, job.stream, job.epoch).bind(6, mark.mark).bind(7, mark.stored + ack.stored);
  s->bind(8, mark.duplicates + ack.duplicates)
      .bind(9, mark.gap_rows + ack.gap_rows)
      .bind(10, groups_ + 1);
  const Result<void> written = s->run();
  if (!written) return fail(written.error());
  ack.mark = mark.mark;
  return ack;
}

Result<void> SqliteFleetStore::store_rows(const Job& job, const BlockReader& block,
                                          Sequence after) {
  const Times times = times_after(block, after);
  const Sequence last = block.header().last;
  Result<Statement> tail = writer_.prepare(
      "SELECT id, last, utc_min_us, utc_max_us, bytes FROM block WHERE tenant=?1 AND agent=?2 "
      "AND stream=?3 AND counter=?4 AND epoch=?5 ORDER BY first DESC LIMIT 1");
  if (!tail) return fail(tail.error());
  const Result<bool> found = bind_key(*tail, job.key, job.stream, job.epoch).next();
  if (!found) return fail(found.error());
  // Rows that continue the last block with the same header go into it, when all of them fit.
  if (*found && tail->unsigned_integer(1) == after && scratch_.resume(tail->blob(4)) &&
      scratch_.next_sequence() == after + 1 && scratch_.rows() + (last - after) <= kBlockRowsMax &&
      append_rows(scratch_, block, after) == last) {
    Result<Statement> grow = writer_.prepare(
        "UPDATE block SET last=?2, utc_min_us=min(utc_min_us,?3), utc_max_us=max(utc_max_us,?4), "
        "bytes=?5 WHERE id=?1");
    if (!grow) return fail(grow.error());
    grow->bind(1, tail->integer(0)).bind(2, last).bind(3, times.min_us).bind(4, times.max_us);
    tail->reset();
    return grow->bind(5, scratch_.bytes()).run();
  }
  tail->reset();
  if (block.header().first > after) {
    return insert_block(job, block.bytes(), block.header().first, last, times.min_us, times.max_us);
  }
  for (Sequence from = after + 1; from <= last;) {  // A block across the mark: its later rows.
    EMS_ASSERT(scratch_.start(job.stream, job.epoch, from).has_value());
    const Sequence upto = append_rows(scratch_, block, from - 1);
    EMS_ASSERT(upto >= from);
    const Result<void> step =
        insert_block(job, scratch_.bytes(), from, upto, times.min_us, times.max_us);
    if (!step) return step;
    from = upto + 1;
  }
  return {};
}

Result<void> SqliteFleetStore::insert_block(const Job& job, Bytes block, Sequence first,
                                            Sequence last, std::int64_t utc_min_us,
                                            std::int64_t utc_max_us) {
  Result<Statement> s = writer_.prepare(
      "INSERT INTO block(tenant,agent,stream,counter,epoch,first,last,utc_min_us,utc_max_us,bytes) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)");
  if (!s) return fail(s.error());
  bind_key(*s, job.key, job.stream, job.epoch).bind(6, first).bind(7, last);
  return s->bind(8, utc_min_us).bind(9, utc_max_us).bind(10, block).run();
}

Result<void> SqliteFleetStore::insert_gap(const Job& job, const Gap& gap) {
  Result<Statement> s = writer_.prepare("INSERT INTO gap VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)");
  if (!s) return fail(s.error());
  bind_key(*s, job.key, job.stream, job.epoch).bind(6, gap.first).bind(7, gap.last);
  s->bind(8, std::int64_t{static_cast<std::uint8_t>(gap.reason)});
  if (gap.time_known) {
    s->bind(9, gap.utc_first.since_epoch().count()).bind(10, gap.utc_last.since_epoch().count());
  } else {
    s->bind_null(9).bind_null(10);
  }
  return s->run();
}

}  // namespace ems::fleet
