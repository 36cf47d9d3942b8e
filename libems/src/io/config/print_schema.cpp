// SPDX-License-Identifier: Apache-2.0
// The reference page and the JSON Schemas: the schema table in two other forms.
#include <algorithm>
#include <array>
#include <vector>

#include "ems/io/config/schema.hpp"
#include "ems/safety/limits.hpp"
#include "io/config/limit_fields.hpp"
#include "io/config/reader.hpp"

namespace ems::io {
namespace {

using config::decimal_text;
using config::leaf_of;
using config::parent_of;

bool is_list(const SchemaKey& row) {
  return row.type == SchemaType::section_list || row.type == SchemaType::integer_list ||
         row.type == SchemaType::text_list || row.type == SchemaType::choice_list;
}

bool is_section(const SchemaKey& row) {
  return row.type == SchemaType::section || row.type == SchemaType::section_list;
}

std::string children_prefix(const SchemaKey& row) {
  return std::string(row.path) + (row.type == SchemaType::section_list ? "[]" : "");
}

std::vector<const SchemaKey*> children(const Schema& schema, std::string_view prefix) {
  std::vector<const SchemaKey*> out;
  for (const SchemaKey& row : schema.keys) {
    if (parent_of(row.path) == prefix) out.push_back(&row);
  }
  return out;
}

// --- Markdown -----------------------------------------------------------------------------------

std::string words_text(std::string_view choices) {
  std::string out;
  for (const std::string_view word : config::split_words(choices)) {
    if (!out.empty()) out += ", ";
    out += '`' + std::string(word) + '`';
  }
  return out;
}

std::string type_text(const SchemaKey& row) {
  switch (row.type) {
    case SchemaType::section:
      return "section";
    case SchemaType::section_list:
      return "list of sections";
    case SchemaType::integer:
      return "whole number";
    case SchemaType::quantity: {
      const std::string_view symbol = config::symbol_of(leaf_of(row.path));
      const std::string unit = symbol.empty() ? "" : " in " + std::string(symbol);
      if (row.digits == 0) return "whole number" + unit;
      return "number" + unit + ", at most " + std::to_string(row.digits) + " decimal places";
    }
    case SchemaType::integer_list:
      return "list of whole numbers";
    case SchemaType::name:
      return "name (1 to 63 of a-z, 0-9, -)";
    case SchemaType::text:
      return "text";
    case SchemaType::text_list:
      return "list of texts";
    case SchemaType::path:
      return "path";
    case SchemaType::address:
      return "HOST:PORT";
    case SchemaType::flag:
      return "`true` or `false`";
    case SchemaType::choice_list:
      return "list of " + words_text(row.choices);
    case SchemaType::clock:
      return "time of day, HH:MM";
    case SchemaType::utc:
      return "moment in UTC, YYYY-MM-DDTHH:MM:SSZ";
    case SchemaType::curve:
      return "list of at most " + std::to_string(kCurvePointsMax) + " points [" +
             std::string(config::symbol_of(leaf_of(row.path))) + ", %]";
    case SchemaType::choice:
      if (row.choices == config::kKnownProtocols) return "protocol of this build";
      if (row.choices == config::kKnownPacks) return "device pack of this build";
      return "one of " + words_text(row.choices);
  }
  return "";
}

std::string default_column(const SchemaKey& row) {
  if (row.required) return "required";
  if (!row.one_of.empty()) return "one of the group";
  if (row.default_text.empty() || row.default_text == "{}") return "";
  return '`' + std::string(row.default_text) + '`';
}

void print_section(const Schema& schema, std::string_view prefix, std::string& out) {
  out += "| Key | Holds | Range | Default | Meaning |\n|---|---|---|---|---|\n";
  for (const SchemaKey* row : children(schema, prefix)) {
    std::string range = config::range_text(*row);
    if (is_list(*row) && !range.empty()) range += " items";
    out += "| `" + std::string(leaf_of(row->path)) + "` | " + type_text(*row) + " | " + range +
           " | " + default_column(*row) + " | " + std::string(row->doc) + " |\n";
  }
  for (const SchemaKey* row : children(schema, prefix)) {
    if (!is_section(*row)) continue;
    out += "\n### `" + children_prefix(*row) + "`\n\n" + std::string(row->doc) + "\n\n";
    print_section(schema, children_prefix(*row), out);
  }
}

/// `3.65 V`; a curve as it is written in the file.
std::string value_text(const config::LimitField& field, int digits, const safety::Limits& limits) {
  if (field.curve == nullptr) {
    return decimal_text(field.get(limits), digits) + ' ' +
           std::string(config::symbol_of(field.key));
  }
  std::string out;
  for (const config::CurvePoint& point : field.curve(limits)) {
    out += (out.empty() ? "[[" : ", [") + decimal_text(point.x, digits) + ", " +
           decimal_text(point.share, 2) + ']';
  }
  return '`' + out + "]`";
}

/// Defaults of every limit; they sit at the absolute bounds where there is one.
void print_limit_defaults(std::string& out) {
  out +=
      "\n### Defaults for `chemistry: lfp`\n\n"
      "A trip, a latch, a curve, a share, a tolerance and a time may only be tighter than its\n"
      "default, which is the absolute limit compiled into libems; `latch_after_s` and every\n"
      "`trip_after_s` may be longer than their default of 0 by what `emsctl config check` names. "
      "A\n"
      "warning may not stand beyond the absolute limit of what it warns of. Currents have no "
      "default\n"
      "but the bound that `emsctl config check` names. A new version may bring new limits or "
      "other\n"
      "defaults: then the hash of the same file is another, and a person accepts it again.\n\n"
      "| Key | Default |\n|---|---|\n";
  const safety::Limits limits = safety::default_limits(safety::Chemistry::lfp);
  for (const config::LimitField& field : config::limit_fields()) {
    const auto& keys = limits_schema().keys;
    const auto row = std::find_if(keys.begin(), keys.end(),
                                  [&](const SchemaKey& key) { return key.path == field.key; });
    const bool by_current = field.key.ends_with("_current_max_a") ||
                            field.key.ends_with("_overcurrent.trip_a") ||
                            field.key.ends_with("_overcurrent.clear_a");
    if (by_current) continue;
    out +=
        "| `" + std::string(field.key) + "` | " + value_text(field, row->digits, limits) + " |\n";
  }
}

// --- JSON Schema --------------------------------------------------------------------------------

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

/// Lines of one JSON object, a comma between members.
class Members {
 public:
  explicit Members(std::size_t indent) : indent_(indent) {}
  void add(std::string_view key, const std::string& json) {
    if (!out_.empty()) out_ += ",\n";
    out_ += std::string(indent_, ' ') + json_text(key) + ": " + json;
  }
  [[nodiscard]] std::string object() const {
    if (out_.empty()) return "{}";
    return "{\n" + out_ + '\n' + std::string(indent_ - 2, ' ') + '}';
  }

 private:
  std::size_t indent_;
  std::string out_;
};

std::string json_list(const std::vector<std::string_view>& words) {
  std::string out;
  for (const std::string_view word : words) {
    if (!out.empty()) out += ", ";
    out += json_text(word);
  }
  return '[' + out + ']';
}

void add_section(const Schema& schema, std::string_view prefix, std::size_t indent,
                 Members& members);

void add_type(const Schema& schema, const SchemaKey& row, std::size_t indent, Members& members) {
  const int digits = row.type == SchemaType::quantity ? row.digits : 0;
  switch (row.type) {
    case SchemaType::section:
      add_section(schema, row.path, indent, members);
      return;
    case SchemaType::section_list:
    case SchemaType::integer_list:
    case SchemaType::choice_list:
    case SchemaType::text_list: {
      members.add("type", json_text("array"));
      members.add("minItems", std::to_string(row.min));
      members.add("maxItems", std::to_string(row.max));
      Members items(indent + 2);
      if (row.type == SchemaType::section_list) {
        add_section(schema, children_prefix(row), indent + 2, items);
      } else if (row.type == SchemaType::integer_list) {
        items.add("type", json_text("integer"));
        items.add("minimum", std::to_string(config::kIdMin));
        items.add("maximum", std::to_string(config::kIdMax));
      } else {
        items.add("type", json_text("string"));
        if (row.type == SchemaType::choice_list) {
          items.add("enum", json_list(config::split_words(row.choices)));
        }
      }
      members.add("items", items.object());
      return;
    }
    case SchemaType::integer:
    case SchemaType::quantity:
      members.add("type", json_text(digits == 0 ? "integer" : "number"));
      members.add("minimum", decimal_text(row.min, digits));
      members.add("maximum", decimal_text(row.max, digits));
      break;
    case SchemaType::name:
      members.add("type", json_text("string"));
      members.add("pattern", json_text("^[a-z0-9-]{1,63}$"));
      break;
    case SchemaType::address:
      members.add("type", json_text("string"));
      members.add("pattern", json_text("^.+:[0-9]{1,5}$"));
      break;
    case SchemaType::choice:
      members.add("type", json_text("string"));
      if (!row.choices.empty() && row.choices.front() != '@') {
        members.add("enum", json_list(config::split_words(row.choices)));
      }
      break;
    case SchemaType::clock:
      members.add("type", json_text("string"));
      members.add("pattern", json_text("^[0-2][0-9]:[0-5][0-9]$"));
      break;
    case SchemaType::utc:
      members.add("type", json_text("string"));
      members.add(
          "pattern",
          json_text("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?Z$"));
      break;
    case SchemaType::flag:
      members.add("type", json_text("boolean"));
      break;
    case SchemaType::curve:
      members.add("type", json_text("array"));
      members.add("minItems", "1");
      members.add("maxItems", std::to_string(kCurvePointsMax));
      members.add(
          "items",
          R"({"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}})");
      return;
    case SchemaType::text:
    case SchemaType::path:
      members.add("type", json_text("string"));
      members.add("minLength", "1");
      members.add("maxLength", "255");
      break;
  }
  if (row.default_text.empty()) return;
  const bool plain = row.type == SchemaType::integer || row.type == SchemaType::quantity ||
                     row.type == SchemaType::flag;
  members.add("default", plain ? std::string(row.default_text) : json_text(row.default_text));
}

void add_section(const Schema& schema, std::string_view prefix, std::size_t indent,
                 Members& members) {
  members.add("type", json_text("object"));
  members.add("additionalProperties", "false");
  std::vector<std::string_view> required;
  std::string one_of;
  Members properties(indent + 2);
  for (const SchemaKey* row : children(schema, prefix)) {
    const std::string_view leaf = leaf_of(row->path);
    if (row->required) required.push_back(leaf);
    if (!row->one_of.empty()) {
      one_of += (one_of.empty() ? "" : ", ") + ("{\"required\": " + json_list({leaf})) + '}';
    }
    Members property(indent + 4);
    property.add("description", json_text(row->doc));
    add_type(schema, *row, indent + 4, property);
    properties.add(leaf, property.object());
  }
  if (!required.empty()) members.add("required", json_list(required));
  if (!one_of.empty()) members.add("oneOf", '[' + one_of + ']');
  members.add("properties", properties.object());
}

}  // namespace

std::span<const Schema* const> all_schemas() noexcept {
  static const std::array kAll{&site_schema(),     &limits_schema(), &server_schema(),
                               &schedule_schema(), &plan_schema(),   &price_schema()};
  return kAll;
}

std::string reference_markdown() {
  std::string out =
      "# Configuration reference\n\n"
      "<!-- Printed by `emsctl config reference` from the schema table; do not edit. -->\n\n"
      "All files are YAML. An unknown key, a duplicate key, a wrong type, a value out of range, a\n"
      "decimal with more places than its unit holds, an anchor, an alias or a tag is an error;\n"
      "`emsctl config check` prints all errors of a file at once with line and column. Numbers\n"
      "carry their unit in the key's suffix: `_v` V, `_a` A, `_w` W, `_ah` Ah, `_degc` °C,\n"
      "`_hz` Hz, `_kohm` kilo-ohm, `_pct` %, `_s` s, `_mb` 1 000 000 bytes. They are taken exactly "
      "as written, never rounded.\n"
      "Relative paths start at the folder of the file that says them. Where a section has a group\n"
      "(`serial` and `tcp`, `modbus_tcp` and `modbus_rtu`), exactly one key of it must be there.\n";
  for (const Schema* schema : all_schemas()) {
    out += "\n## " + std::string(schema->title) + " (`" + std::string(schema->name) + ".yaml`)\n\n";
    print_section(*schema, "", out);
    if (schema == &limits_schema()) print_limit_defaults(out);
  }
  return out;
}

std::string json_schema(const Schema& schema) {
  Members root(2);
  root.add("$schema", json_text("https://json-schema.org/draft/2020-12/schema"));
  root.add("title", json_text("libems: " + std::string(schema.name) + ".yaml"));
  add_section(schema, "", 2, root);
  return root.object() + '\n';
}

}  // namespace ems::io
