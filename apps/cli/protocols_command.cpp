// SPDX-License-Identifier: Apache-2.0
// emsctl protocols: what this build speaks, for people, for programs and for the README.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "command.hpp"
#include "ems/io/protocol_list.hpp"

namespace ems::cli {
namespace {

using Json = nlohmann::ordered_json;
using io::ProtocolEntry;

struct ProtocolsOptions {
  bool json = false;
  bool markdown = false;
};

template <class Items>
std::string joined(const Items& items) {
  std::string text;
  for (const auto& item : items) {
    if (!text.empty()) text += ", ";
    text += item;
  }
  return text;
}

/// `captured frames`
std::string words(std::string_view name) {
  std::string text(name);
  std::ranges::replace(text, '_', ' ');
  return text;
}

/// What libems does with the protocol: `reads`, and `emulates`.
std::vector<std::string_view> directions(const ProtocolEntry& entry) {
  std::vector<std::string_view> names{"reads"};
  if (entry.emulates) names.emplace_back("emulates");
  return names;
}

/// What it reads from, and how fast: `serial, tcp: 9600, 115200 bit/s`.
std::string link_text(const ProtocolEntry& entry) {
  std::vector<std::string> rates;
  for (const std::uint32_t rate : entry.codec->info().bit_rates) {
    rates.push_back(std::to_string(rate));
  }
  return joined(entry.links) + ": " + joined(rates) + " bit/s";
}

std::string variants_text(const ProtocolEntry& entry) {
  std::string text = joined(entry.codec->info().variants);
  return text.empty() ? "-" : text;
}

std::string actions_text(const ProtocolEntry& entry) {
  std::vector<std::string_view> actions = directions(entry);
  actions.insert(actions.end(), entry.commands.begin(), entry.commands.end());
  return joined(actions);
}

Json entry_json(const ProtocolEntry& entry) {
  const protocol::ProtocolInfo& info = entry.codec->info();
  return {{"name", info.name},
          {"title", info.title},
          {"kind", to_string(entry.codec->kind())},
          {"links", entry.links},
          {"bit_rates", info.bit_rates},
          {"addresses", info.addresses},
          {"variants", info.variants},
          {"directions", directions(entry)},
          {"commands", entry.commands},
          {"asks_by_writing", info.asks_by_writing},
          {"evidence", to_string(info.evidence)},
          {"page", entry.page}};
}

std::string to_json(std::span<const ProtocolEntry> list) {
  std::string text = "[";
  for (const ProtocolEntry& entry : list) {
    text += text.size() > 1 ? ",\n" : "\n";
    text += entry_json(entry).dump();
  }
  return text + "\n]";
}

std::string to_markdown(std::span<const ProtocolEntry> list) {
  std::string text =
      "| protocol | batteries | links | libems | variants | evidence |\n"
      "|---|---|---|---|---|---|\n";
  for (const ProtocolEntry& entry : list) {
    const protocol::ProtocolInfo& info = entry.codec->info();
    text += "| [`" + std::string(info.name) + "`](" + entry.page + ") | " +
            std::string(info.title) + " | " + link_text(entry) + " | " + actions_text(entry) +
            " | " + variants_text(entry) + " | " + words(to_string(info.evidence)) + " |\n";
  }
  return text;
}

/// Columns as wide as their widest cell.
std::string to_columns(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      text += row[i] + std::string(widths[i] + 2 - row[i].size(), ' ');
    }
    text += row.back() + '\n';
  }
  return text;
}

std::string to_text(std::span<const ProtocolEntry> list) {
  std::vector<std::vector<std::string>> rows{
      {"protocol", "libems", "links", "variants", "evidence", "batteries"}};
  for (const ProtocolEntry& entry : list) {
    const protocol::ProtocolInfo& info = entry.codec->info();
    rows.push_back({std::string(info.name), actions_text(entry), link_text(entry),
                    variants_text(entry), words(to_string(info.evidence)),
                    std::string(info.title)});
  }
  return to_columns(rows);
}

void show(const ProtocolsOptions& options) {
  const std::vector<ProtocolEntry> list = io::protocol_list();
  if (options.json) return print(to_json(list));
  print(options.markdown ? to_markdown(list) : to_text(list));
}

}  // namespace

void add_protocols_command(CLI::App& app) {
  const auto options = std::make_shared<ProtocolsOptions>();
  CLI::App* command = app.add_subcommand(
      "protocols", "List the battery protocols, their links, variants, commands and evidence");
  CLI::Option* json = command->add_flag("--json", options->json, "As JSON, with addresses");
  command->add_flag("--markdown", options->markdown, "As the table of README.md")->excludes(json);
  command->callback([options] { show(*options); });
}

}  // namespace ems::cli
