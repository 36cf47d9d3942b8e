// SPDX-License-Identifier: Apache-2.0
// The commands and options of a program as plain rows.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace ems::app {

struct OptionRow {
  std::vector<std::string> names;  ///< `--json`; empty: positional.
  bool positional = false;
  std::string value;                 ///< What it takes, `FILE`; empty: a flag.
  std::vector<std::string> choices;  ///< Words it takes; empty: anything.
  std::string range;                 ///< Of a number, in words.
  std::string text;
  std::string fallback;
  std::string variable;  ///< Of the environment.
  bool required = false;
  bool repeatable = false;
};

struct CommandRow {
  std::string path;  ///< `emsctl config check`
  std::string text;
  std::vector<std::string> subcommands;  ///< Names of the next level.
  std::vector<OptionRow> options;
};

/// The program, then its commands, each before its own subcommands. Hidden ones are not there.
[[nodiscard]] std::vector<CommandRow> command_table(const CLI::App& app);

}  // namespace ems::app
