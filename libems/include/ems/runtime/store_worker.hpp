// SPDX-License-Identifier: Apache-2.0
/// @file The edge store on a thread of its own: the strand hands rows over and never waits for a
/// disk; whoever may wait (the uplink, shutdown) asks and blocks.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "ems/io/metrics.hpp"
#include "ems/io/store/edge_store.hpp"
#include "ems/model/clock.hpp"

namespace spdlog {
class logger;
}

namespace ems::runtime {

/// Jobs that may wait for the store. Overflow: a telemetry row or decision is dropped and counted
/// (rows_dropped); audit records and control jobs have kUrgentJobsMax more and are refused last.
inline constexpr std::size_t kStoreJobsMax = 1024;
inline constexpr std::size_t kUrgentJobsMax = 256;

/// What the store thread counts; a snapshot.
struct StoreView {
  std::array<io::Mark, telemetry::kStreamCount> marks{};
  io::StoreCounters counters{};
  std::uint64_t rows_dropped = 0;      ///< Never reached the store: its queue was full.
  io::DurationHistogram commit_times;  ///< Each with its fsync.
  std::string last_error;              ///< Empty while the newest commit succeeded.
};

/// Owns an EdgeStore and the thread that uses it. Commits within a second when something was
/// appended, and at once after an audit record. Every minute, while the clock is synced, it removes
/// what is older than the store's retention.
///
/// @thread_safety Every function from any thread.
class StoreWorker {
 public:
  /// @param store  An open store; the worker takes it over.
  /// @param on_commit  Called on the store's thread after a commit that made rows durable.
  StoreWorker(io::EdgeStore store, const Clock& clock, std::shared_ptr<spdlog::logger> log,
              std::function<void()> on_commit);
  /// Commits what is there and ends the thread.
  ~StoreWorker();
  StoreWorker(const StoreWorker&) = delete;
  StoreWorker& operator=(const StoreWorker&) = delete;

  /// Never block; a full queue is counted.
  void append(UtcInstant at, std::vector<Point> points, std::vector<telemetry::RowValue> values);
  void append(telemetry::Stream stream, UtcInstant at, telemetry::RecordType type,
              std::vector<std::byte> payload);
  /// Writes a small durable value at once and, while the disk refuses, again every second; a newer
  /// value of the key replaces one that waits. Never dropped.
  void put(std::string key, std::vector<std::byte> value);
  void set_context(std::uint64_t limits_hash, ClockQuality quality);

  /// Runs `job` on the store's thread and waits for it. Not from the strand.
  /// @errors unavailable  the worker is ending, or its queue is full. And those of the job.
  template <class F>
  auto call(F job) -> std::invoke_result_t<F, io::EdgeStore&> {
    using R = std::invoke_result_t<F, io::EdgeStore&>;
    std::optional<R> result;
    if (!run_and_wait([&](io::EdgeStore& store) { result.emplace(job(store)); })) {
      return fail(Errc::unavailable, 0, "the store is closing, or has too much to do");
    }
    return std::move(*result);
  }

  /// Like call(), for work that keeps its own result.
  /// @return false: the work will never be done, because the worker is ending.
  [[nodiscard]] bool run_and_wait(const std::function<void(io::EdgeStore&)>& job);

  [[nodiscard]] StoreView view() const;  ///< As of the last job.

 private:
  using Job = std::function<void(io::EdgeStore&)>;

  bool push(Job job, bool urgent, bool row);
  void run();
  void commit();
  void expire();
  void write_values();
  void publish();

  io::EdgeStore store_;
  const Clock& clock_;
  std::shared_ptr<spdlog::logger> log_;
  std::function<void()> on_commit_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  std::map<std::string, std::vector<std::byte>, std::less<>> values_;  ///< Of put(), not written.
  bool values_failing_ = false;
  StoreView view_;
  bool ending_ = false;

  // Of the store's thread.
  bool dirty_ = false;
  bool commit_now_ = false;
  bool failing_ = false;
  Instant committed_at_{};
  std::optional<Instant> expired_at_;
  std::thread thread_;
};

}  // namespace ems::runtime
