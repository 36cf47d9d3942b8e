// SPDX-License-Identifier: Apache-2.0
#include "common/command_table.hpp"

#include <cctype>
#include <string_view>

namespace ems::app {
namespace {

/// CLI11 says `TEXT:{site,limits}` and `INT:INT in [1 - 3650]`.
void split_type(std::string_view type, OptionRow& row) {
  const std::size_t colon = type.find(':');
  const std::string_view kind = type.substr(0, colon);
  row.value = kind == "INT" || kind == "UINT" || kind == "FLOAT" ? "N" : kind;
  if (colon == std::string_view::npos) return;
  const std::string_view rule = type.substr(colon + 1);
  if (rule.starts_with('{') && rule.ends_with('}')) {
    const std::string_view words = rule.substr(1, rule.size() - 2);
    for (std::size_t at = 0; at <= words.size();) {
      const std::size_t end = std::min(words.find(',', at), words.size());
      row.choices.emplace_back(words.substr(at, end - at));
      at = end + 1;
    }
  } else if (const std::size_t in = rule.find(" in ["); in != std::string_view::npos) {
    row.range = "Range " + std::string(rule.substr(in + 4));
  } else if (rule == "NONNEGATIVE") {
    row.range = "Not negative";
  } else {
    row.range = rule;
  }
}

OptionRow row_of(const CLI::Option& option) {
  OptionRow row;
  row.positional = option.nonpositional() == false;
  for (const std::string& name : option.get_snames()) row.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) row.names.push_back("--" + name);
  if (option.get_items_expected_max() > 0) split_type(option.get_type_name(), row);
  if (row.positional) {
    row.value = option.get_name(true);
    for (char& c : row.value) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  row.text = option.get_description();
  row.fallback = option.get_default_str();
  row.variable = option.get_envname();
  row.required = option.get_required();
  row.repeatable = option.get_items_expected_max() > 1;
  return row;
}

void collect(const CLI::App& app, const std::string& path, std::vector<CommandRow>& out) {
  CommandRow row{path, app.get_description(), {}, {}};
  const bool program = out.empty();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;               // Hidden.
    if (option == app.get_help_ptr() && !program) continue;  // Said once, of the program.
    row.options.push_back(row_of(*option));
  }
  const auto subcommands = app.get_subcommands(
      [](const CLI::App* sub) { return !sub->get_name().empty() && !sub->get_group().empty(); });
  for (const CLI::App* sub : subcommands) row.subcommands.push_back(sub->get_name());
  out.push_back(std::move(row));
  for (const CLI::App* sub : subcommands) collect(*sub, path + " " + sub->get_name(), out);
}

}  // namespace

std::vector<CommandRow> command_table(const CLI::App& app) {
  std::vector<CommandRow> out;
  collect(app, app.get_name(), out);
  return out;
}

}  // namespace ems::app
