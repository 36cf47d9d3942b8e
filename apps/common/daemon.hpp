// SPDX-License-Identifier: Apache-2.0
// What the two daemons share: arguments, logging to stderr, refusals, and their life under a
// service manager: ready, alive, stopping.
#pragma once

#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/manual.hpp"
#include "ems/core/result.hpp"
#include "ems/core/version.hpp"
#include "ems/io/config/diagnostic.hpp"
#include "ems/io/config/site_config.hpp"
#include "ems/io/log.hpp"
#include "ems/io/service_notifier.hpp"

namespace ems::app {

/// Exit codes of all programs.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;  ///< It ran and failed.
inline constexpr int kExitUsage = 2;    ///< Wrong words, or a configuration that is refused.

/// A logger on standard error that nobody waits for.
inline std::shared_ptr<spdlog::logger> make_logger(const std::string& name, io::LogLevel level) {
  return io::Log::logger(std::make_shared<io::Log>(name, level));
}

/// SIGTERM and SIGINT, blocked in every thread made after this, and waited for by the main thread.
class EndSignals {
 public:
  EndSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
  }
  /// The signal that came, or nullopt when none came for so long.
  [[nodiscard]] std::optional<int> wait_for(Duration time) const {
    constexpr std::int64_t kMicros = 1'000'000;
    const timespec limit{time.count() / kMicros, time.count() % kMicros * 1'000};
    const int signal = sigtimedwait(&set_, nullptr, &limit);
    return signal > 0 ? std::optional<int>{signal} : std::nullopt;
  }

 private:
  sigset_t set_{};
};

/// Waits for the signal to end and returns it. Until then tells the service manager what `look`
/// says, which is WATCHDOG=1 on evidence only, and at the end that this program is stopping.
///
/// @param look  Lines for io::ServiceNotifier::send(), READY=1 first once; runs on this thread, may
///              wait for a second.
template <class Look>
int live(const EndSignals& signals, const io::ServiceNotifier& manager, spdlog::logger& log,
         Look look) {
  constexpr Duration kStarting = milliseconds(100);
  const auto tell = [&](const std::string& lines) {
    if (const Result<void> sent = manager.send(lines); !sent) {
      log.warn("event=service_notify_failed errno={}", sent.error().offset);
    }
  };
  bool ready = !manager.supervised();
  std::optional<int> signal;
  while (!signal) {
    if (manager.supervised()) {
      const std::string lines = look();
      ready = ready || lines.starts_with("READY=1");
      tell(lines);
    }
    signal = signals.wait_for(ready ? manager.interval() : kStarting);
  }
  tell("STOPPING=1\nSTATUS=stopping");
  return *signal;
}

/// Parses `--config FILE` and `--version`.
/// @return The file, or nullopt with the exit code when the program is to end now.
inline std::optional<std::string> config_argument(int argc, char** argv, const char* name,
                                                  const char* what, const char* help,
                                                  const Manual& manual, int& exit_code) {
  CLI::App cli{what, name};
  std::string file;
  cli.add_option("--config", file, help)->required()->type_name("FILE");
  cli.set_version_flag("--version", std::string(kVersion));
  add_print_page(cli, manual);
  try {
    cli.parse(argc, argv);
    return file;
  } catch (const CLI::ParseError& error) {
    exit_code = cli.exit(error) == 0 ? kExitOk : kExitUsage;
    return std::nullopt;
  }
}

/// Prints every fault of a configuration that was refused.
inline int refuse(const std::vector<io::ConfigError>& errors) {
  std::fputs(io::to_text(errors).c_str(), stderr);
  return kExitUsage;
}

/// `PROGRAM: WHAT: CODE: MESSAGE` on stderr.
inline int refuse(const char* program, const std::string& what, const Error& error) {
  std::fprintf(stderr, "%s: %s: %s: %s\n", program, what.c_str(),
               std::string(to_string(error.code)).c_str(), error.what);
  return kExitFailure;
}

}  // namespace ems::app
