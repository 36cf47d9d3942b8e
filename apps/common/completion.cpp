// SPDX-License-Identifier: Apache-2.0
#include "common/command_table.hpp"
#include "common/manual.hpp"

namespace ems::app {
namespace {

/// Reads the words before the cursor: $at is the command so far, $offer what may come next.
constexpr std::string_view kProlog = R"(# Bash completion; printed by @ --print-page bash.
_NAME() {
  local at=@ word offer commands options takes values i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    _NAME_table "$at"
    if [[ " $takes " == *" $word "* ]]; then
      ((i++))
      [[ ${COMP_WORDS[i]} == = ]] && ((i++))
    elif [[ " $commands " == *" $word "* ]]; then
      at+=" $word"
    fi
  done
  _NAME_table "$at"
  word=${COMP_WORDS[COMP_CWORD]}
  if ((i > COMP_CWORD)); then  # The value of an option.
    i=$((COMP_CWORD - 1))
    [[ $word == = ]] && word=
    [[ ${COMP_WORDS[i]} == = ]] && ((i--))
    _NAME_values "$at ${COMP_WORDS[i]}"
    offer=$values
  elif [[ $word == -* ]]; then
    offer=$options
  else
    _NAME_values "$at"
    offer="$commands $values"
  fi
  mapfile -t COMPREPLY < <(compgen -W "$offer" -- "$word")
}
)";

constexpr std::string_view kEpilog = "complete -o default -F _NAME @\n";

std::string with_names(std::string_view text, const std::string& program) {
  std::string function = program;
  for (char& c : function) c = c == '-' ? '_' : c;
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("_NAME")) {
      out += "_" + function;
      i += 4;
    } else if (text[i] == '@') {
      out += program;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

/// The branch of one command: what may follow it, and which of its options take a value.
std::string table_case(const CommandRow& command) {
  std::vector<std::string> options;
  std::vector<std::string> takes;
  for (const OptionRow& option : command.options) {
    for (const std::string& name : option.names) {
      options.push_back(name);
      if (!option.value.empty()) takes.push_back(name);
    }
  }
  return "    \"" + command.path + "\")\n      commands=\"" + joined(command.subcommands) +
         "\" options=\"" + joined(options) + "\" takes=\"" + joined(takes) + "\" ;;\n";
}

/// Words that the options and positionals of one command take.
std::string value_cases(const CommandRow& command) {
  std::string out;
  for (const OptionRow& option : command.options) {
    if (option.choices.empty()) continue;
    const std::string words = "\") values=\"" + joined(option.choices) + "\" ;;\n";
    if (option.positional) out += "    \"" + command.path + words;
    for (const std::string& name : option.names)
      out += "    \"" + command.path + " " + name + words;
  }
  return out;
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  std::string table;
  std::string values;
  for (const CommandRow& command : command_table(app)) {
    table += table_case(command);
    values += value_cases(command);
  }
  const std::string& program = app.get_name();
  return with_names(kProlog, program) +
         with_names("_NAME_table() {\n  commands= options= takes=\n  case $1 in\n", program) +
         table + "  esac\n}\n" +
         with_names("_NAME_values() {\n  values=\n  case $1 in\n", program) + values +
         "  esac\n}\n" + with_names(kEpilog, program);
}

}  // namespace ems::app
