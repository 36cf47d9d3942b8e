// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/store_worker.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <future>
#include <utility>

namespace ems::runtime {
namespace {

constexpr Duration kCommitPeriod = seconds(1);

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

bool StoreWorker::push(Job job, bool urgent) {
  {
    const std::lock_guard lock(mutex_);
    const std::size_t limit = kStoreJobsMax + (urgent ? kUrgentJobsMax : 0);
    if (ending_ || jobs_.size() >= limit) {
      ++view_.rows_dropped;
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
        done.set_value();
      },
      true);
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
      false);
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
      audit);
  if (!taken && audit) log_->critical("event=audit_lost error=\"the store's queue is full\"");
}

void StoreWorker::put(std::string key, std::vector<std::byte> value) {
  const bool taken = push(
      [this, key, value = std::move(value)](io::EdgeStore& store) {
        const Result<void> written = store.put(key, value);
        if (!written) {
          log_->critical("event=state_write_failed key={} code={} error=\"{}\"", key,
                         to_string(written.error().code), written.error().what);
        }
      },
      true);
  if (!taken) log_->critical("event=state_write_failed key={} error=\"queue full\"", key);
}

void StoreWorker::set_context(std::uint64_t limits_hash, ClockQuality quality) {
  push([limits_hash, quality](io::EdgeStore& store) { store.set_context(limits_hash, quality); },
       true);
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
    view_.last_error =
        done ? std::string{} : std::string(to_string(done.error().code)) + ": " + done.error().what;
  }
  publish();
  if (done) {
    dirty_ = false;
    if (on_commit_) on_commit_();
  }
}

void StoreWorker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool waiting = dirty_ || failing_;
    const Duration left = kCommitPeriod - (clock_.now() - committed_at_);
    const auto timeout = std::chrono::microseconds(waiting && left > Duration::zero() ? left.count()
                                                   : waiting                          ? 0
                                                                                      : 1'000'000);
    wake_.wait_for(lock, timeout, [this] { return ending_ || !jobs_.empty(); });
    while (!jobs_.empty()) {
      const Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job(store_);
      lock.lock();
    }
    const bool ending = ending_;
    lock.unlock();
    if (dirty_ && (ending || commit_now_ || clock_.now() - committed_at_ >= kCommitPeriod)) {
      commit();
    } else {
      publish();
    }
    lock.lock();
    if (ending && jobs_.empty()) return;
  }
}

}  // namespace ems::runtime
