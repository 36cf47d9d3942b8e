// SPDX-License-Identifier: Apache-2.0
/// @file The log of a program: lines on a file descriptor, written by a thread of its own.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "ems/core/time.hpp"
#include "ems/io/config/site_config.hpp"

namespace spdlog {
class logger;
}

namespace ems::io {

/// Lines that may wait to be written. Overflow: the oldest goes, and is counted.
inline constexpr std::size_t kLogQueueSize = 2'048;

/// Whoever logs never waits for whoever reads: a terminal that is held, a full pipe and a slow disk
/// stop the log's thread only. A reader that takes nothing for a second loses lines until it reads
/// again; then `event=log_lines_dropped lines=N` says how many.
///
/// `YEAR-MONTH-DAYTHOUR:MINUTE:SECOND.MILLISECONDSZ level=LEVEL app=NAME TEXT`, in UTC.
///
/// @thread_safety Any thread.
class Log {
 public:
  /// @param name   The program.
  /// @param level  Least severity that is written.
  /// @param fd     Where to; borrowed.
  Log(const std::string& name, LogLevel level, int fd = STDERR_FILENO);
  /// Writes what waits, as long as somebody reads.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// To log with; keeps the log alive as long as it is held.
  [[nodiscard]] static std::shared_ptr<spdlog::logger> logger(std::shared_ptr<Log> log);
  /// Lines that were never written, since the start.
  [[nodiscard]] std::uint64_t dropped() const noexcept;
  /// Waits until nothing waits to be written. @return false  not within `deadline`.
  [[nodiscard]] bool drain(Duration deadline) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ems::io
