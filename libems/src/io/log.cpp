// SPDX-License-Identifier: Apache-2.0
#include "ems/io/log.hpp"

#include <poll.h>
#include <pthread.h>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

namespace ems::io {
namespace {

constexpr int kPatienceMs = 1'000;
constexpr std::chrono::milliseconds kLook{2};

spdlog::level::level_enum to_spdlog(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::trace:
      return spdlog::level::trace;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

/// Writes to a descriptor and gives up a line that nobody takes. Runs on the log's thread only.
class Sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit Sink(int fd) : fd_(fd) {}
  /// Where lines come from; its thread, the only one here, ends before it does.
  spdlog::details::thread_pool* queue = nullptr;
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(); }
  /// A line is being written.
  [[nodiscard]] bool busy() const noexcept { return busy_.load(); }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    busy_ = true;
    const std::uint64_t lost = dropped_ + queue->overrun_counter();
    if (lost > said_ && say(message, lost)) said_ = lost;
    if (!put(message)) ++dropped_;
    busy_ = false;
  }
  void flush_() override {}

  bool say(const spdlog::details::log_msg& like, std::uint64_t lost) {
    const std::string text = "event=log_lines_dropped lines=" + std::to_string(lost - said_);
    return put({like.logger_name, spdlog::level::warn, text});
  }
  bool put(const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    if (torn_ && !write_all("\n")) return false;
    torn_ = false;
    return write_all({text.data(), text.size()});
  }
  bool write_all(std::string_view text) {
    const std::size_t whole = text.size();
    while (!text.empty()) {
      pollfd item{fd_, POLLOUT, 0};
      // Who took nothing for a while is not waited for again: he shows when he reads.
      const int ready = ::poll(&item, 1, stuck_ ? 0 : kPatienceMs);
      if (ready < 0 && errno == EINTR) continue;
      // What fits one page of a pipe does not block when the pipe takes bytes.
      const ssize_t size =
          ready > 0 ? ::write(fd_, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF)) : -1;
      stuck_ = size <= 0;
      if (stuck_) {
        torn_ = text.size() < whole;
        return false;
      }
      text.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }

  int fd_;
  bool stuck_ = false;
  bool torn_ = false;  ///< The last line has no end.
  std::uint64_t said_ = 0;
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<bool> busy_{false};
};

void block_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);  // Signals are the main thread's.
}

}  // namespace

class Log::Impl {
 public:
  Impl(const std::string& name, LogLevel level, int fd)
      : sink(std::make_shared<Sink>(fd)),
        pool(std::make_shared<spdlog::details::thread_pool>(kLogQueueSize, 1, block_signals)),
        logger(std::make_shared<spdlog::async_logger>(
            name, sink, pool, spdlog::async_overflow_policy::overrun_oldest)) {
    sink->queue = pool.get();
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ level=%l app=%n %v", spdlog::pattern_time_type::utc);
    logger->set_level(to_spdlog(level));
  }

  std::shared_ptr<Sink> sink;
  std::shared_ptr<spdlog::details::thread_pool> pool;  ///< Its end writes what waits.
  std::shared_ptr<spdlog::async_logger> logger;
};

Log::Log(const std::string& name, LogLevel level, int fd)
    : impl_(std::make_unique<Impl>(name, level, fd)) {}
Log::~Log() = default;

std::shared_ptr<spdlog::logger> Log::logger(std::shared_ptr<Log> log) {
  spdlog::logger* const logger = log->impl_->logger.get();
  return {std::move(log), logger};
}

std::uint64_t Log::dropped() const noexcept {
  return impl_->sink->dropped() + impl_->pool->overrun_counter();
}

bool Log::drain(Duration deadline) const {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(deadline.count());
  // Twice: between the queue and the sink a line is in neither.
  for (int empty = 0; empty < 2;) {
    if (std::chrono::steady_clock::now() > end) return false;
    empty = impl_->pool->queue_size() == 0 && !impl_->sink->busy() ? empty + 1 : 0;
    std::this_thread::sleep_for(kLook);
  }
  return true;
}

}  // namespace ems::io
