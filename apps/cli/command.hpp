// SPDX-License-Identifier: Apache-2.0
// What the commands of emsctl share: errors in one form, and exit codes.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "ems/core/result.hpp"

namespace ems::cli {

inline constexpr int kExitFailure = 1;  ///< The command ran and failed.
inline constexpr int kExitUsage = 2;    ///< Wrong words.

/// Prints `emsctl: WHAT: CODE: MESSAGE` and ends the program with exit code 1.
///
/// @param detail  A peer's own words; it may begin with the code.
[[noreturn]] inline void end_with(const std::string& what, const Error& error,
                                  const std::string& detail = {}) {
  const std::string code(to_string(error.code));
  std::string message = detail.empty() ? error.what : detail;
  if (message.starts_with(code + ": ")) message.erase(0, code.size() + 2);
  std::fprintf(stderr, "emsctl: %s: %s: %s\n", what.c_str(), code.c_str(), message.c_str());
  throw CLI::RuntimeError(kExitFailure);
}

inline void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (text.empty() || text.back() != '\n') std::fputc('\n', stdout);
  std::fflush(stdout);
}

void add_site_commands(CLI::App& app);   ///< status, why, setpoint, alarms, ...
void add_limits_command(CLI::App& app);  ///< limits show|accept
void add_decode_command(CLI::App& app);
void add_detect_command(CLI::App& app);
void add_protocols_command(CLI::App& app);
void add_store_command(CLI::App& app);  ///< store points|query|energy|export|snapshot
void add_fleet_command(CLI::App& app);  ///< fleet agents|latest|command|alarms|...

}  // namespace ems::cli
