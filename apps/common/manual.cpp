// SPDX-License-Identifier: Apache-2.0
#include "common/manual.hpp"

#include <cstdio>
#include <string>
#include <vector>

#include "common/command_table.hpp"
#include "ems/core/version.hpp"

namespace ems::app {
namespace {

/// Text as roff reads it: nothing in it is a request, and a minus can be copied.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    line_start = c == '\n';
  }
  return out;
}

std::string bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }

void paragraphs(std::string& page, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find("\n\n", at), text.size());
    page += ".PP\n" + roff(text.substr(at, end - at)) + "\n";
    at = end + 2;
  }
}

void entries(std::string& page, const char* title, std::span<const Entry> list) {
  if (list.empty()) return;
  page += std::string(".SH ") + title + "\n";
  for (const auto& [term, meaning] : list) {
    page += ".TP\n" + bold(term) + "\n" + roff(meaning) + "\n";
  }
}

std::string value_of(const OptionRow& option) {
  if (option.choices.empty()) return italic(option.value);
  std::string all;
  for (const std::string& choice : option.choices) all += (all.empty() ? "" : "|") + bold(choice);
  return all;
}

/// `--type site|limits|server` and what it does.
void option_entry(std::string& page, const OptionRow& option) {
  page += ".TP\n";
  if (option.positional) {
    page += italic(option.value);
  } else {
    std::string names;
    for (const std::string& name : option.names) names += (names.empty() ? "" : ", ") + bold(name);
    page += names + (option.value.empty() ? "" : " " + value_of(option));
  }
  page += "\n" + roff(option.text) + (option.text.ends_with('.') ? "" : ".");
  if (option.positional && !option.choices.empty()) page += " One of " + value_of(option) + ".";
  if (!option.range.empty()) page += " " + roff(option.range) + ".";
  if (option.required) page += " Required.";
  if (option.repeatable) page += " May be given several times.";
  if (!option.fallback.empty()) page += " Default: " + bold(option.fallback) + ".";
  if (!option.variable.empty()) page += " Also from the variable " + bold(option.variable) + ".";
  page += "\n";
}

/// `emsctl config check [OPTIONS] FILE`
std::string synopsis(const CommandRow& command) {
  std::string line = bold(command.path);
  for (const OptionRow& option : command.options) {
    if (option.positional || !option.required) continue;
    line += " " + bold(option.names.front()) + " " + value_of(option);
  }
  const bool more = std::any_of(command.options.begin(), command.options.end(),
                                [](const auto& o) { return !o.positional && !o.required; });
  if (more) line += " [" + italic("options") + "]";
  for (const OptionRow& option : command.options) {
    if (!option.positional) continue;
    line += option.required ? " " + italic(option.value) : " [" + italic(option.value) + "]";
  }
  if (!command.subcommands.empty()) line += " " + italic("command") + " ...";
  return line;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

std::string man_page(const CLI::App& app, const Manual& manual) {
  const std::vector<CommandRow> commands = command_table(app);
  const CommandRow& program = commands.front();
  const std::string section = std::to_string(manual.section);
  std::string page =
      ".\\\" Printed by " + program.path + " --print-page man.\n.TH " + upper(program.path) + " " +
      section + " \"\" \"libems " + std::string(kVersion) + "\"\n.SH NAME\n" + roff(program.path) +
      " \\- " + roff(program.text) + "\n.SH SYNOPSIS\n" + synopsis(program) + "\n.SH DESCRIPTION\n";
  paragraphs(page, manual.description);
  page += ".SH OPTIONS\n";
  for (const OptionRow& option : program.options) option_entry(page, option);
  if (commands.size() > 1) page += ".SH COMMANDS\n";
  for (std::size_t i = 1; i < commands.size(); ++i) {
    const CommandRow& command = commands[i];
    page += ".SS " + synopsis(command) + "\n" + roff(command.text) + ".\n";
    for (const OptionRow& option : command.options) option_entry(page, option);
  }
  entries(page, "FILES", manual.files);
  entries(page, "EXIT STATUS", manual.exits);
  page += ".SH SEE ALSO\n" + roff(manual.see_also) + "\n";
  return page;
}

void add_print_page(CLI::App& app, const Manual& manual) {
  app.add_option_function<std::string>(
         "--print-page",
         [&app, &manual](const std::string& kind) {
           const std::string page = kind == "man" ? man_page(app, manual) : bash_completion(app);
           std::fwrite(page.data(), 1, page.size(), stdout);
           throw CLI::Success();
         })
      ->check(CLI::IsMember({"man", "bash"}))
      ->group("");
}

}  // namespace ems::app
