// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/store_worker.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <future>
#include <utility>

namespace ems::runtime {
namespace {

/// Below the 1 s that a crash may cost at most, so that a wake-up and an fsync fit in.
constexpr Duration kCommitPeriod = milliseconds(800);
/// How often age is looked at, when there is nothing left to remove.
constexpr Duration kExpirePeriod = seconds(60);

}  // namespace

StoreWorker::StoreWorker(io::EdgeStore store, const Clock& clock,
                         std::shared_ptr<spdlog::logger> log, std::function<void()> on_commit)
    : store_(std::move(store)),
      clock_(clock),
      log_(std::move(log)),
      on_commit_(std::move(on_commit)),
      committed_at_(clock.now()) {
  publish();
  thread_ = std::thread([this] { run(); });
}

StoreWorker::~StoreWorker() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

bool StoreWorker::push(Job job, bool urgent, bool row) {
  {
    const std::lock_guard lock(mutex_);
    const std::size_t limit = kStoreJobsMax + (urgent ? kUrgentJobsMax : 0);
    if (ending_ || jobs_.size() >= limit) {
      if (row) ++view_.rows_dropped;
      return false;
    }
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

bool StoreWorker::run_and_wait(const std::function<void(io::EdgeStore&)>& job) {
  std::promise<void> done;
  std::future<void> finished = done.get_future();
  const bool taken = push(
      [this, &job, &done](io::EdgeStore& store) {
        job(store);
        dirty_ = true;  // It may have acknowledged or written; the next commit makes that durable.
        publish();      // Whoever waited for the job sees in view() what it did.
        done.set_value();
      },
      true, false);
  if (taken) finished.wait();  // The thread runs every job it took, also when ending.
  return taken;
}

void StoreWorker::append(UtcInstant at, std::vector<Point> points,
                         std::vector<telemetry::RowValue> values) {
  push(
      [this, at, points = std::move(points), values = std::move(values)](io::EdgeStore& store) {
        const auto sequence = store.append(telemetry::Row{at, points, values});
        if (sequence) {
          dirty_ = true;
        } else {
          log_->error("event=row_refused stream=telemetry code={} error=\"{}\"",
                      to_string(sequence.error().code), sequence.error().what);
        }
      },
      false, true);
}

void StoreWorker::append(telemetry::Stream stream, UtcInstant at, telemetry::RecordType type,
                         std::vector<std::byte> payload) {
  const bool audit = stream == telemetry::Stream::audit;
  const bool taken = push(
      [this, stream, at, type, audit, payload = std::move(payload)](io::EdgeStore& store) {
        const auto sequence = store.append(stream, telemetry::Record{at, type, payload});
        if (sequence) {
          dirty_ = true;
          commit_now_ = commit_now_ || audit;
        } else {
          log_->error("event=row_refused stream={} code={} error=\"{}\"", to_string(stream),
                      to_string(sequence.error().code), sequence.error().what);
        }
      },
      audit, true);
  if (!taken && audit) log_->critical("event=audit_lost error=\"the store's queue is full\"");
}

void StoreWorker::put(std::string key, std::vector<std::byte> value) {
  {
    const std::lock_guard lock(mutex_);
    values_[std::move(key)] = std::move(value);
  }
  wake_.notify_one();
}

void StoreWorker::write_values() {
  std::map<std::string, std::vector<std::byte>, std::less<>> values;
  {
    const std::lock_guard lock(mutex_);
    values.swap(values_);
  }
  bool failed = false;
  for (auto& [key, value] : values) {
    const Result<void> written = store_.put(key, value);
    if (written) continue;
    if (!values_failing_) {
      log_->critical("event=state_write_failed key={} code={} error=\"{}\"", key,
                     to_string(written.error().code), written.error().what);
    }
    failed = true;
    const std::lock_guard lock(mutex_);
    values_.try_emplace(key, std::move(value));  // Unless a newer one came meanwhile.
  }
  values_failing_ = failed;
}

void StoreWorker::set_context(std::uint64_t limits_hash, ClockQuality quality) {
  push([limits_hash, quality](io::EdgeStore& store) { store.set_context(limits_hash, quality); },
       true, false);
}

StoreView StoreWorker::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

void StoreWorker::publish() {
  const std::lock_guard lock(mutex_);
  for (const telemetry::Stream stream : telemetry::kStreams) {
    view_.marks[telemetry::index_of(stream)] = store_.mark(stream);
  }
  view_.counters = store_.counters();
}

void StoreWorker::commit() {
  const Instant begin = clock_.now();
  const Result<void> done = store_.commit();
  committed_at_ = clock_.now();
  commit_now_ = false;
  if (!done && !failing_) {
    log_->critical("event=store_commit_failed code={} error=\"{}\" detail=\"{}\"",
                   to_string(done.error().code), done.error().what, store_.detail());
  } else if (done && failing_) {
    log_->warn("event=store_commit_recovered");
  }
  failing_ = !done;
  {
    const std::lock_guard lock(mutex_);
    view_.commit_times.observe(committed_at_ - begin);
    view_.last_error =
        done ? std::string{} : std::string(to_string(done.error().code)) + ": " + done.error().what;
  }
  publish();
  if (done) {
    dirty_ = false;
    if (on_commit_) on_commit_();
  }
}

void StoreWorker::expire() {
  const Instant now = clock_.now();
  if (expired_at_ && now - *expired_at_ < kExpirePeriod) return;
  if (clock_.quality() != ClockQuality::synced) return;  // Age needs a clock that is right.
  const Result<std::uint64_t> removed = store_.expire(clock_.utc());
  if (!removed) {
    log_->error("event=store_expire_failed code={} error=\"{}\"", to_string(removed.error().code),
                removed.error().what);
  }
  if (!removed || *removed == 0) expired_at_ = now;
}

void StoreWorker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool retrying = failing_ || values_failing_;
    const Duration left = kCommitPeriod - (clock_.now() - committed_at_);
    const Duration wait = !dirty_ && !retrying ? kCommitPeriod : max_of(left, Duration::zero());
    const auto woken = [this] {
      return ending_ || !jobs_.empty() || (!values_.empty() && !values_failing_);
    };
    wake_.wait_for(lock, std::chrono::microseconds(wait.count()), woken);
    while (!jobs_.empty()) {
      const Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job(store_);
      lock.lock();
    }
    const bool ending = ending_;
    const bool period_over = clock_.now() - committed_at_ >= kCommitPeriod;
    const bool write = !values_.empty() && (!values_failing_ || ending || period_over);
    lock.unlock();
    if (write) write_values();
    if (period_over && !ending && !failing_) expire();
    if (dirty_ && (ending || commit_now_ || period_over)) {
      commit();
    } else {
      if (period_over) committed_at_ = clock_.now();
      publish();
    }
    lock.lock();
    if (ending && jobs_.empty()) return;
  }
}

}  // namespace ems::runtime
