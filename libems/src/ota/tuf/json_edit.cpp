// SPDX-License-Identifier: Apache-2.0
#include "ota/tuf/json_edit.hpp"

#include <type_traits>

namespace ems::ota::tuf::detail {

namespace {

/// As deep as the reader lets a document be: JsonLimits.
JsonEdit copy(JsonValue from) {
  if (const auto object = from.object()) {
    EditObject members;
    for (const auto& [name, value] : *object) members.emplace(name, copy(value));
    return members;
  }
  if (const auto array = from.array()) {
    EditArray items;
    items.reserve(array->size());
    for (const JsonValue value : *array) items.push_back(copy(value));
    return items;
  }
  if (const auto text = from.string()) return *text;
  if (const auto number = from.integer()) return *number;
  if (const auto flag = from.boolean()) return *flag;
  return {};
}

void write_string(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr unsigned char kFirstPrintable = 0x20;
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < kFirstPrintable) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 0xF];
    } else {
      out += c;
    }
  }
  out += '"';
}

void write(const JsonEdit& node, std::size_t level, std::string& out);

void new_line(std::size_t level, std::string& out) {
  out += '\n';
  out.append(level, ' ');
}

void write_items(const EditArray& items, std::size_t level, std::string& out) {
  out += '[';
  const char* separator = "";
  for (const JsonEdit& item : items) {
    out += separator;
    separator = ",";
    new_line(level + 1, out);
    write(item, level + 1, out);
  }
  if (!items.empty()) new_line(level, out);
  out += ']';
}

void write_members(const EditObject& members, std::size_t level, std::string& out) {
  out += '{';
  const char* separator = "";
  for (const auto& [name, value] : members) {
    out += separator;
    separator = ",";
    new_line(level + 1, out);
    write_string(name, out);
    out += ": ";
    write(value, level + 1, out);
  }
  if (!members.empty()) new_line(level, out);
  out += '}';
}

void write(const JsonEdit& node, std::size_t level, std::string& out) {
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::nullptr_t>) {
          out += "null";
        } else if constexpr (std::is_same_v<T, bool>) {
          out += value ? "true" : "false";
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
          out += std::to_string(value);
        } else if constexpr (std::is_same_v<T, std::string>) {
          write_string(value, out);
        } else if constexpr (std::is_same_v<T, EditArray>) {
          write_items(value, level, out);
        } else {
          write_members(value, level, out);
        }
      },
      node.value);
}

}  // namespace

Result<JsonEdit> JsonEdit::parse(std::string_view text) {
  const auto json = Json::parse(std::as_bytes(std::span(text)));
  if (!json) return fail(json.error());
  return copy(json->root());
}

JsonEdit* JsonEdit::find(std::string_view name) {
  auto* object = std::get_if<EditObject>(&value);
  if (object == nullptr) return nullptr;
  const auto at = object->find(name);
  return at == object->end() ? nullptr : &at->second;
}

std::string to_text(const JsonEdit& document) {
  std::string out;
  write(document, 0, out);
  out += '\n';
  return out;
}

}  // namespace ems::ota::tuf::detail
