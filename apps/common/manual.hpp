// SPDX-License-Identifier: Apache-2.0
// Manual pages and shell completion, printed from the same tables that parse the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace ems::app {

/// A term and what it means.
using Entry = std::pair<std::string_view, std::string_view>;

/// What a manual page says beyond the table of options.
struct Manual {
  int section = 1;
  std::string_view description;  ///< Paragraphs, separated by an empty line.
  std::span<const Entry> files;
  std::span<const Entry> exits;
  std::string_view see_also;
};

/// The page in roff (man(7)): every subcommand and option of `app`.
[[nodiscard]] std::string man_page(const CLI::App& app, const Manual& manual);

/// A bash function that completes subcommands, options and the words an option takes.
[[nodiscard]] std::string bash_completion(const CLI::App& app);

/// Adds the hidden option `--print-page man|bash`, by which the build makes those files.
///
/// @param manual  Outlives the app.
void add_print_page(CLI::App& app, const Manual& manual);

}  // namespace ems::app
