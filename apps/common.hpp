// SPDX-License-Identifier: Apache-2.0
// What the two daemons share: arguments, logging to stderr, refusals, waiting for the signal to
// end.
#pragma once

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/core/version.hpp"
#include "ems/io/config/diagnostic.hpp"
#include "ems/io/config/site_config.hpp"

namespace ems::app {

/// Exit codes of all programs.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;  ///< It ran and failed.
inline constexpr int kExitUsage = 2;    ///< Wrong words, or a configuration that is refused.

inline std::shared_ptr<spdlog::logger> make_logger(const std::string& name, io::LogLevel level) {
  auto logger =
      std::make_shared<spdlog::logger>(name, std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ level=%l app=%n %v", spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::info);
  switch (level) {
    case io::LogLevel::trace:
      logger->set_level(spdlog::level::trace);
      break;
    case io::LogLevel::debug:
      logger->set_level(spdlog::level::debug);
      break;
    case io::LogLevel::info:
      logger->set_level(spdlog::level::info);
      break;
    case io::LogLevel::warning:
      logger->set_level(spdlog::level::warn);
      break;
    case io::LogLevel::error:
      logger->set_level(spdlog::level::err);
      break;
  }
  return logger;
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
  /// Returns the signal that came.
  int wait() const {
    int signal = 0;
    while (sigwait(&set_, &signal) != 0) {
    }
    return signal;
  }

 private:
  sigset_t set_{};
};

/// Parses `--config FILE` and `--version`.
/// @return The file, or nullopt with the exit code when the program is to end now.
inline std::optional<std::string> config_argument(int argc, char** argv, const char* what,
                                                  const char* help, int& exit_code) {
  CLI::App cli{what};
  std::string file;
  cli.add_option("--config", file, help)->required();
  cli.set_version_flag("--version", std::string(kVersion));
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
