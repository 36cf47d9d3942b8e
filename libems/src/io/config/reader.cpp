// SPDX-License-Identifier: Apache-2.0
#include "io/config/reader.hpp"

#include <algorithm>
#include <utility>

#include "ems/core/assert.hpp"
#include "ems/core/decimal.hpp"
#include "ems/io/utc_text.hpp"
#include "io/config/suggest.hpp"

namespace ems::io::config {
namespace {

const char* kind_text(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return node.quoted ? "a quoted text" : "a single value";
    case Node::Kind::sequence:
      return "a list";
    case Node::Kind::map:
      return "a map of keys";
  }
  return "nothing";
}

std::string quote(std::string_view text) {
  constexpr std::size_t kShown = 60;
  std::string out = "\"";
  for (const char c : text.substr(0, kShown)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7F ? '?' : c;
  }
  return out + (text.size() > kShown ? "...\"" : "\"");
}

std::string list_text(const std::vector<std::string_view>& words) {
  std::string out;
  for (const std::string_view word : words) {
    if (!out.empty()) out += ", ";
    out += quote(word);
  }
  return out;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

}  // namespace

const Value* Section::find(std::string_view key) const {
  const auto it = values.find(key);
  return it == values.end() ? nullptr : &it->second;
}

const Value& Section::at(std::string_view key) const {
  const Value* value = find(key);
  EMS_ASSERT(value != nullptr && "key is in the schema, required or with a default");
  return *value;
}

const Section* Section::section(std::string_view key) const {
  const Value* value = find(key);
  return value == nullptr || value->sections.empty() ? nullptr : &value->sections.front();
}

const std::vector<Section>& Section::list(std::string_view key) const {
  static const std::vector<Section> kNone;
  const Value* value = find(key);
  return value == nullptr ? kNone : value->sections;
}

Reader::Reader(const Schema& schema, std::string file, const KnownNames* known)
    : schema_(schema), file_(std::move(file)), known_(known) {}

void Reader::error(const Place& place, Errc code, std::string message, std::string suggestion) {
  errors_.push_back(
      {file_, place.line, place.column, code, std::move(message), std::move(suggestion)});
}

std::vector<ConfigError> Reader::take_errors() {
  std::stable_sort(errors_.begin(), errors_.end(), [](const ConfigError& a, const ConfigError& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  return std::exchange(errors_, {});
}

Section Reader::read(std::string_view text) {
  const std::optional<Node> root = parse_document(text, file_, errors_);
  if (!root) return {};
  if (root->kind != Node::Kind::map) {
    error(root->place, Errc::wrong_type,
          std::string("the file must be a map of keys, not ") + kind_text(*root));
    return {};
  }
  return check_section(*root, "");
}

Section Reader::check_section(const Node& node, const std::string& prefix) {
  Section section{.place = node.place};
  std::vector<std::string> meant;
  std::vector<std::string_view> present;
  check_keys(node, prefix, section, meant, present);
  check_absent(prefix, node.place, section, meant, present);
  return section;
}

void Reader::check_keys(const Node& node, const std::string& prefix, Section& section,
                        std::vector<std::string>& meant, std::vector<std::string_view>& present) {
  std::vector<std::string_view> leaves;
  for (const SchemaKey& row : schema_.keys) {
    if (parent_of(row.path) == prefix) leaves.push_back(leaf_of(row.path));
  }
  std::map<std::string_view, Place> seen;
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const Node& key = node.keys[i];
    if (key.kind != Node::Kind::scalar) {
      error(key.place, Errc::wrong_type,
            std::string("a key must be a word, not ") + kind_text(key));
      continue;
    }
    const auto [first, is_new] = seen.emplace(key.text, key.place);
    if (!is_new) {
      error(key.place, Errc::already_exists,
            "duplicate key " + quote(key.text) + "; first on line " +
                std::to_string(first->second.line));
      continue;
    }
    const auto row = std::find_if(schema_.keys.begin(), schema_.keys.end(), [&](const auto& r) {
      return parent_of(r.path) == prefix && leaf_of(r.path) == key.text;
    });
    if (row == schema_.keys.end()) {
      meant.push_back(nearest(key.text, leaves));
      error(key.place, Errc::unknown_key, "unknown key " + quote(key.text), meant.back());
      continue;
    }
    const std::string_view leaf = leaf_of(row->path);
    present.push_back(leaf);
    Value value;
    value.place = node.items[i].place;
    if (node.items[i].kind == Node::Kind::null) value.place = key.place;
    Node item = node.items[i];
    item.place = value.place;
    if (check_value(item, *row, value)) {
      section.values.emplace(leaf, std::move(value));
    } else {
      section.wrong.insert(leaf);
    }
  }
}

void Reader::check_absent(const std::string& prefix, const Place& place, Section& section,
                          const std::vector<std::string>& meant,
                          const std::vector<std::string_view>& present) {
  const auto is_present = [&](std::string_view leaf) {
    return std::find(present.begin(), present.end(), leaf) != present.end();
  };
  std::map<std::string_view, std::vector<const SchemaKey*>> groups;
  for (const SchemaKey& row : schema_.keys) {
    if (parent_of(row.path) != prefix) continue;
    const std::string_view leaf = leaf_of(row.path);
    if (!row.one_of.empty()) groups[row.one_of].push_back(&row);
    if (is_present(leaf)) continue;
    const bool misspelt = std::find(meant.begin(), meant.end(), leaf) != meant.end();
    if (misspelt) section.wrong.insert(leaf);
    if (row.required && !misspelt) {
      error(place, Errc::missing_key, "missing key " + quote(leaf));
    } else if (row.type == SchemaType::section && row.default_text == "{}") {
      Value value;
      value.sections.push_back(
          check_section({.kind = Node::Kind::map, .place = place}, std::string(row.path)));
      section.values.emplace(leaf, std::move(value));
    } else if (!row.default_text.empty()) {
      Value value;
      const Node text{.kind = Node::Kind::scalar, .text = std::string(row.default_text)};
      const bool valid = check_value(text, row, value);
      EMS_ASSERT(valid && "a default of the schema table must fit its own row");
      section.values.emplace(leaf, std::move(value));
    }
  }
  for (const auto& [group, rows] : groups) {
    std::vector<std::string_view> names;
    std::vector<std::string_view> there;
    bool misspelt = false;
    for (const SchemaKey* row : rows) {
      names.push_back(leaf_of(row->path));
      if (is_present(names.back())) there.push_back(names.back());
      misspelt = misspelt || std::find(meant.begin(), meant.end(), names.back()) != meant.end();
    }
    if (there.empty() && !misspelt) {
      error(place, Errc::missing_key, "missing key: one of " + list_text(names));
    } else if (there.size() > 1) {
      error(place, Errc::invalid_argument, "only one of " + list_text(there) + " may be there");
    }
  }
}

bool Reader::check_value(const Node& node, const SchemaKey& row, Value& value) {
  const auto wrong = [&](const char* expected) {
    error(node.place, Errc::wrong_type,
          quote(leaf_of(row.path)) + " must be " + expected + ", not " + kind_text(node));
    return false;
  };
  switch (row.type) {
    case SchemaType::section:
      if (node.kind != Node::Kind::map) return wrong("a map of keys");
      value.sections.push_back(check_section(node, std::string(row.path)));
      return true;
    case SchemaType::section_list:
    case SchemaType::integer_list:
    case SchemaType::text_list:
    case SchemaType::choice_list:
      if (node.kind != Node::Kind::sequence) return wrong("a list");
      return check_list(node, row, value);
    case SchemaType::integer:
    case SchemaType::quantity:
      if (node.kind != Node::Kind::scalar || node.quoted) return wrong("a number");
      return check_number(node, row, value);
    case SchemaType::clock:
    case SchemaType::utc:
      if (node.kind != Node::Kind::scalar) return wrong("a time");
      return check_time(node, row, value);
    case SchemaType::curve:
      if (node.kind != Node::Kind::sequence) return wrong("a list of [x, share]");
      return check_curve(node, row, value);
    case SchemaType::flag:
      if (node.quoted || (node.text != "true" && node.text != "false")) {
        return wrong("true or false");
      }
      value.number = node.text == "true" ? 1 : 0;
      return true;
    case SchemaType::choice:
      if (node.kind != Node::Kind::scalar) return wrong("a word");
      return check_choice(node, row, value);
    case SchemaType::name:
    case SchemaType::text:
    case SchemaType::path:
    case SchemaType::address:
      if (node.kind != Node::Kind::scalar) return wrong("a text");
      return check_text(node, row, value);
  }
  return false;
}

bool Reader::check_list(const Node& node, const SchemaKey& row, Value& value) {
  // min and max of a list's row count its items; items of an integer list are ids.
  const auto size = static_cast<std::int64_t>(node.items.size());
  if (size < row.min || size > row.max) {
    error(node.place, Errc::out_of_range,
          quote(leaf_of(row.path)) + " has " + std::to_string(size) + " items; allowed are " +
              range_text(row));
    return false;
  }
  bool valid = true;
  for (const Node& item : node.items) {
    Value one;
    one.place = item.place;
    if (row.type == SchemaType::section_list) {
      if (item.kind != Node::Kind::map) {
        error(item.place, Errc::wrong_type,
              "an item of " + quote(leaf_of(row.path)) + " must be a map of keys, not " +
                  kind_text(item));
        valid = false;
        continue;
      }
      value.sections.push_back(check_section(item, std::string(row.path) + "[]"));
      continue;
    }
    SchemaKey item_row = row;
    const bool integers = row.type == SchemaType::integer_list;
    item_row.type = integers                              ? SchemaType::integer
                    : row.type == SchemaType::choice_list ? SchemaType::choice
                                                          : SchemaType::text;
    item_row.min = kIdMin;
    item_row.max = kIdMax;
    valid = check_value(item, item_row, one) && valid;
    const bool again = item_row.type == SchemaType::choice &&
                       std::any_of(value.list.begin(), value.list.end(), [&one](const Value& v) {
                         return !one.text.empty() && v.text == one.text;
                       });
    if (again) {
      error(item.place, Errc::already_exists,
            quote(one.text) + " stands twice in " + quote(leaf_of(row.path)));
      valid = false;
    }
    value.list.push_back(std::move(one));
  }
  return valid;
}

bool Reader::check_curve(const Node& node, const SchemaKey& row, Value& value) {
  constexpr int kShareDigits = 2;
  constexpr std::int64_t kShareMax = 10'000;
  if (node.items.empty() || node.items.size() > kCurvePointsMax) {
    error(node.place, Errc::out_of_range,
          quote(leaf_of(row.path)) + " has " + std::to_string(node.items.size()) +
              " points; allowed are 1 .. " + std::to_string(kCurvePointsMax));
    return false;
  }
  bool valid = true;
  for (const Node& item : node.items) {
    if (item.kind != Node::Kind::sequence || item.items.size() != 2) {
      error(item.place, Errc::wrong_type,
            "a point of " + quote(leaf_of(row.path)) + " must be [x, share in %]");
      valid = false;
      continue;
    }
    const SchemaKey x{.path = row.path,
                      .type = SchemaType::quantity,
                      .digits = row.digits,
                      .min = row.min,
                      .max = row.max};
    const SchemaKey share{.path = "share_pct",
                          .type = SchemaType::quantity,
                          .digits = kShareDigits,
                          .min = 0,
                          .max = kShareMax};
    Value point;
    point.place = item.place;
    for (const auto& [number, number_row] :
         {std::pair(&item.items[0], &x), std::pair(&item.items[1], &share)}) {
      Value one;
      one.place = number->place;
      valid = check_value(*number, *number_row, one) && valid;
      point.list.push_back(std::move(one));
    }
    value.list.push_back(std::move(point));
  }
  return valid;
}

bool Reader::check_number(const Node& node, const SchemaKey& row, Value& value) {
  const std::string_view leaf = leaf_of(row.path);
  const int digits = row.type == SchemaType::integer ? 0 : row.digits;
  const Result<std::int64_t> count = parse_decimal(node.text, digits);
  if (!count && count.error().code == Errc::off_grid) {
    const std::string_view symbol = symbol_of(leaf);
    std::string message = quote(leaf) + ": " + node.text;
    if (digits == 0) {
      message += " is not a whole number";
      if (!symbol.empty()) message += " of " + std::string(symbol);
    } else {
      message += " has more than " + std::to_string(digits) + " decimal places";
    }
    error(node.place, Errc::off_grid, std::move(message));
    return false;
  }
  const bool too_big = !count && count.error().code == Errc::out_of_range;
  if (!count && !too_big) {
    error(node.place, Errc::wrong_type, quote(leaf) + " must be a number, not " + quote(node.text));
    return false;
  }
  if (too_big || *count < row.min || *count > row.max) {
    std::string message = quote(leaf) + ": " + node.text + " is out of range";
    const std::string range = range_text(row);
    if (!range.empty()) message += "; allowed are " + range;
    error(node.place, Errc::out_of_range, std::move(message));
    return false;
  }
  value.number = *count;
  return true;
}

bool Reader::check_time(const Node& node, const SchemaKey& row, Value& value) {
  const auto refuse = [&](const char* rule) {
    error(node.place, Errc::invalid_argument,
          quote(leaf_of(row.path)) + ": " + quote(node.text) + " is not " + rule);
    return false;
  };
  const std::string& text = node.text;
  if (row.type == SchemaType::utc) {
    const Result<UtcInstant> at = parse_utc(text);
    if (!at) return refuse("a moment: YYYY-MM-DDTHH:MM:SSZ");
    value.number = at->since_epoch().count();
    return true;
  }
  const auto digit = [&text](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) {
    return refuse("a time of day: HH:MM");
  }
  const auto two = [&text](std::size_t at) { return (text[at] - '0') * 10 + text[at + 1] - '0'; };
  value.number = two(0) * 60 + two(3);
  if (two(3) > 59 || value.number > 24 * 60) return refuse("a time of day: 00:00 to 24:00");
  return true;
}

bool Reader::check_text(const Node& node, const SchemaKey& row, Value& value) {
  constexpr std::size_t kTextMax = 255;
  constexpr std::size_t kNameMax = 63;
  const std::string_view leaf = leaf_of(row.path);
  const auto refuse = [&](const char* rule) {
    error(node.place, Errc::invalid_argument,
          quote(leaf) + ": " + quote(node.text) + " is not " + rule);
    return false;
  };
  const std::string& text = node.text;
  const bool clean = !text.empty() && text.size() <= kTextMax &&
                     std::none_of(text.begin(), text.end(), is_control);
  if (!clean) return refuse("a text of 1 to 255 characters");
  if (row.type == SchemaType::name) {
    const bool valid = text.size() <= kNameMax && std::all_of(text.begin(), text.end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                       });
    if (!valid) return refuse("a name: 1 to 63 of a-z, 0-9 and -");
  }
  if (row.type == SchemaType::address && !parse_endpoint(text, value.endpoint)) {
    return refuse("an address: HOST:PORT");
  }
  value.text = text;
  return true;
}

bool Reader::check_choice(const Node& node, const SchemaKey& row, Value& value) {
  const std::vector<std::string_view> words = words_of(row);
  const auto word = std::find(words.begin(), words.end(), node.text);
  if (word == words.end()) {
    std::string message = "unknown " + std::string(leaf_of(row.path)) + ' ' + quote(node.text);
    message += words.empty() ? "; none is known" : "; known are " + list_text(words);
    error(node.place, Errc::invalid_argument, std::move(message), nearest(node.text, words));
    return false;
  }
  value.text = *word;
  value.number = word - words.begin();
  return true;
}

std::vector<std::string_view> Reader::words_of(const SchemaKey& row) const {
  if (row.choices != kKnownProtocols && row.choices != kKnownPacks) return split_words(row.choices);
  if (known_ == nullptr) return {};
  const auto& names = row.choices == kKnownProtocols ? known_->protocols : known_->packs;
  return {names.begin(), names.end()};
}

}  // namespace ems::io::config
