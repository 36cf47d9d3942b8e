// SPDX-License-Identifier: Apache-2.0
#include "io/pack_reader.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>
#include <utility>

#include "ems/core/decimal.hpp"
#include "io/config/suggest.hpp"

namespace ems::io::detail {
namespace {

std::optional<std::int64_t> parse_integer(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    text.remove_prefix(2);
  }
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (text.empty() || code != std::errc{} || end != text.data() + text.size() || value > kMax) {
    return std::nullopt;
  }
  const auto plain = static_cast<std::int64_t>(value);
  return negative ? -plain : plain;
}

}  // namespace

std::string suggestion(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string best = config::nearest(word, {candidates.begin(), candidates.end()});
  return best.empty() ? std::string{} : " (did you mean '" + best + "'?)";
}

void PackReader::error(Errc code, const YAML::Mark& at, std::string message) {
  errors_.push_back({code, file_, at.is_null() ? 0 : at.line + 1, at.is_null() ? 0 : at.column + 1,
                     std::move(message)});
}
void PackReader::error(Errc code, const YAML::Node& at, std::string message) {
  error(code, at.Mark(), std::move(message));
}

std::vector<PackError> PackReader::take_errors() {
  std::stable_sort(errors_.begin(), errors_.end(), [](const PackError& a, const PackError& b) {
    return std::pair{a.line, a.column} < std::pair{b.line, b.column};
  });
  return std::exchange(errors_, {});
}

bool PackReader::is_map(const YAML::Node& node, std::string_view what,
                        std::span<const std::string_view> keys) {
  if (!node.IsMap()) {
    error(Errc::wrong_type, node, std::string(what) + ": expected a map of keys");
    return false;
  }
  std::set<std::string> seen;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) {
      error(Errc::wrong_type, entry.first, std::string(what) + ": a key must be a word");
      continue;
    }
    const std::string& key = entry.first.Scalar();
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      error(Errc::unknown_key, entry.first,
            std::string(what) + ": unknown key '" + key + "'" + suggestion(key, keys));
    }
    if (!seen.insert(key).second) {
      error(Errc::already_exists, entry.first,
            std::string(what) + ": key '" + key + "' stands twice");
    }
  }
  return true;
}

bool PackReader::is_list(const YAML::Node& node, std::string_view what) {
  if (node.IsSequence() && node.size() > 0) return true;
  error(Errc::wrong_type, node, std::string(what) + ": expected a list of at least one item");
  return false;
}

std::optional<YAML::Node> PackReader::find(const YAML::Node& map, std::string_view key,
                                           bool required) {
  const YAML::Node found = map[std::string(key)];  // const: does not create the key.
  if (found.IsDefined()) return found;
  if (required) error(Errc::missing_key, map, "key '" + std::string(key) + "' is missing");
  return std::nullopt;
}

std::optional<std::string> PackReader::text(const YAML::Node& map, std::string_view key,
                                            bool required) {
  const auto node = find(map, key, required);
  if (!node) return std::nullopt;
  if (!node->IsScalar() || node->Scalar().empty()) {
    error(Errc::wrong_type, *node, std::string(key) + ": expected text");
    return std::nullopt;
  }
  return node->Scalar();
}

std::optional<std::int64_t> PackReader::integer(const YAML::Node& map, std::string_view key,
                                                std::int64_t lo, std::int64_t hi, bool required) {
  const auto node = find(map, key, required);
  if (!node) return std::nullopt;
  const auto value = node->IsScalar() ? parse_integer(node->Scalar()) : std::nullopt;
  if (!value) {
    error(Errc::wrong_type, *node, std::string(key) + ": expected an integer");
    return std::nullopt;
  }
  if (*value < lo || *value > hi) {
    error(Errc::out_of_range, *node,
          std::string(key) + ": expected " + std::to_string(lo) + " to " + std::to_string(hi));
    return std::nullopt;
  }
  return value;
}

std::optional<std::int64_t> PackReader::decimal(const YAML::Node& map, std::string_view key,
                                                int digits, std::int64_t lo, std::int64_t hi,
                                                bool required) {
  const auto node = find(map, key, required);
  if (!node) return std::nullopt;
  const Result<std::int64_t> value = node->IsScalar() ? parse_decimal(node->Scalar(), digits)
                                                      : fail(Errc::syntax, 0, "not a scalar");
  if (!value) {
    const Errc code = value.error().code == Errc::syntax ? Errc::wrong_type : value.error().code;
    error(code, *node,
          std::string(key) + ": expected a decimal number with at most " + std::to_string(digits) +
              " decimal places");
    return std::nullopt;
  }
  if (*value < lo || *value > hi) {
    char low[kDecimalTextSize];
    char high[kDecimalTextSize];
    error(Errc::out_of_range, *node,
          std::string(key) + ": expected " + std::string(format_decimal(lo, digits, low)) + " to " +
              std::string(format_decimal(hi, digits, high)));
    return std::nullopt;
  }
  return *value;
}

std::optional<bool> PackReader::boolean(const YAML::Node& map, std::string_view key,
                                        bool required) {
  const auto node = find(map, key, required);
  if (!node) return std::nullopt;
  if (node->IsScalar() && node->Scalar() == "true") return true;
  if (node->IsScalar() && node->Scalar() == "false") return false;
  error(Errc::wrong_type, *node, std::string(key) + ": expected true or false");
  return std::nullopt;
}

std::optional<std::size_t> PackReader::choice(const YAML::Node& map, std::string_view key,
                                              std::span<const std::string_view> names,
                                              bool required) {
  const auto word = text(map, key, required);
  if (!word) return std::nullopt;
  const auto found = std::find(names.begin(), names.end(), *word);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  std::string all;
  for (const std::string_view name : names) all += (all.empty() ? "" : ", ") + std::string(name);
  error(Errc::not_found, map[std::string(key)],
        std::string(key) + ": '" + *word + "' is none of " + all + suggestion(*word, names));
  return std::nullopt;
}

}  // namespace ems::io::detail
