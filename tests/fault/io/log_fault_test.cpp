// SPDX-License-Identifier: Apache-2.0
// A log that nobody reads: who logs must not wait for it.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <spdlog/logger.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>

#include "ems/io/log.hpp"

namespace ems::io {
namespace {

using std::chrono::steady_clock;

/// A pipe with room for four pages.
class LogFault : public ::testing::Test {
 protected:
  LogFault() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reader_ = ends[0];
    writer_ = ends[1];
    ::fcntl(writer_, F_SETPIPE_SZ, 16'384);
    log = std::make_shared<Log>("test", LogLevel::info, writer_);
  }
  ~LogFault() override {
    log.reset();
    if (reader_ >= 0) ::close(reader_);
    ::close(writer_);
  }
  /// All that comes until nothing came for a moment.
  std::string read_all(int patience_ms = 200) {
    std::string text;
    std::array<char, 4'096> data{};
    for (pollfd item{reader_, POLLIN, 0}; ::poll(&item, 1, patience_ms) > 0;) {
      const ssize_t size = ::read(reader_, data.data(), data.size());
      if (size <= 0) break;
      text.append(data.data(), static_cast<std::size_t>(size));
    }
    return text;
  }
  static long lines_of(const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  }
  /// How often `what` stands in `text`; with a number after it, the sum of the numbers.
  static std::uint64_t sum_of(const std::string& text, const std::string& what, bool numbers) {
    std::uint64_t sum = 0;
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos;) {
      at += what.size();
      sum += numbers ? std::stoull(text.substr(at)) : 1;
    }
    return sum;
  }

  int reader_ = -1;
  int writer_ = -1;
  std::shared_ptr<Log> log;
};

TEST_F(LogFault, LinesComeInOrderAndWhole) {
  const auto logger = Log::logger(log);
  logger->info("event=first n={}", 1);
  logger->debug("event=too_small");
  logger->warn("event=second");
  ASSERT_TRUE(log->drain(seconds(5)));
  const std::string text = read_all();
  EXPECT_EQ(lines_of(text), 2);
  EXPECT_NE(text.find("Z level=info app=test event=first n=1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Z level=warning app=test event=second\n"), std::string::npos) << text;
  EXPECT_EQ(log->dropped(), 0U);
}

TEST_F(LogFault, AFullPipeStopsNobodyAndWhatIsLostIsCounted) {
  const auto logger = Log::logger(log);
  constexpr int kLines = 20'000;
  steady_clock::duration longest{};
  for (int i = 0; i < kLines; ++i) {
    const auto from = steady_clock::now();
    logger->info("event=line number={} filler=0123456789012345678901234567890123456789", i);
    longest = std::max(longest, steady_clock::now() - from);
  }
  // Written synchronously the first line past the pipe's page would still be waiting.
  EXPECT_LT(longest, std::chrono::seconds(1));
  ASSERT_TRUE(log->drain(seconds(20))) << "a reader that takes nothing is given up";
  EXPECT_GT(log->dropped(), 0U);
  std::string text = read_all();
  logger->info("event=heard_again");
  ASSERT_TRUE(log->drain(seconds(5)));
  text += read_all();
  EXPECT_EQ(sum_of(text, "event=line ", false) + log->dropped(), kLines);
  EXPECT_EQ(sum_of(text, "event=log_lines_dropped lines=", true), log->dropped());
  EXPECT_TRUE(text.ends_with("event=heard_again\n"));
}

TEST_F(LogFault, ItsEndDoesNotWaitForAReaderWhoNeverReads) {
  const auto from = steady_clock::now();
  {
    const auto logger = Log::logger(std::move(log));
    for (int i = 0; i < 5'000; ++i) logger->info("event=line number={}", i);
  }
  EXPECT_LT(steady_clock::now() - from, std::chrono::seconds(10));
}

TEST_F(LogFault, AReaderThatIsGoneIsNoReasonToEnd) {
  std::signal(SIGPIPE, SIG_IGN);
  ::close(std::exchange(reader_, -1));
  const auto logger = Log::logger(log);
  logger->info("event=nobody");
  ASSERT_TRUE(log->drain(seconds(5)));
  EXPECT_EQ(log->dropped(), 1U);
}

}  // namespace
}  // namespace ems::io
