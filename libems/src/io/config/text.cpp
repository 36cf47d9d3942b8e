// SPDX-License-Identifier: Apache-2.0
// Small pieces of text that the reader and the printers of the schema share.
#include <algorithm>
#include <array>
#include <limits>

#include "ems/core/decimal.hpp"
#include "io/config/reader.hpp"

namespace ems::io::config {

std::string_view leaf_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

std::string_view parent_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

std::vector<std::string_view> split_words(std::string_view words) {
  std::vector<std::string_view> out;
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (end > 0) out.push_back(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return out;
}

std::string decimal_text(std::int64_t count, int digits) {
  std::array<char, kDecimalTextSize> buffer{};
  std::string_view text = format_decimal(count, digits, buffer);
  if (text.size() > 2 && text.substr(text.size() - 2) == ".0") text.remove_suffix(2);
  return std::string(text);
}

std::string_view symbol_of(std::string_view key) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kSuffixes{{
      {"_w_per_s", "W/s"},
      {"_degc", "°C"},
      {"_kohm", "kohm"},
      {"_hz", "Hz"},
      {"_pct", "%"},
      {"_mb", "MB"},
      {"_ah", "Ah"},
      {"_v", "V"},
      {"_a", "A"},
      {"_w", "W"},
      {"_s", "s"},
  }};
  for (const auto& [suffix, symbol] : kSuffixes) {
    if (key.size() > suffix.size() && key.substr(key.size() - suffix.size()) == suffix) {
      return symbol;
    }
  }
  return {};
}

std::string range_text(const SchemaKey& row) {
  const bool list = row.type == SchemaType::section_list || row.type == SchemaType::integer_list ||
                    row.type == SchemaType::text_list || row.type == SchemaType::choice_list;
  const bool open_min = row.min == std::numeric_limits<std::int64_t>::min();
  const bool open_max = row.max == std::numeric_limits<std::int64_t>::max();
  if (open_min && open_max) return {};
  const int digits = row.type == SchemaType::quantity ? row.digits : 0;
  std::string out = open_min ? "" : decimal_text(row.min, digits);
  out += open_min ? ".. " : open_max ? " .." : " .. ";
  if (!open_max) out += decimal_text(row.max, digits);
  const std::string_view symbol = list ? "" : symbol_of(leaf_of(row.path));
  if (!symbol.empty()) out += ' ' + std::string(symbol);
  return out;
}

bool parse_endpoint(std::string_view text, TcpEndpoint& endpoint) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto allowed = [bracketed](char c) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-';
    return plain || c == '_' || (bracketed && (c == ':' || c == '%'));
  };
  if (host.empty() || !std::all_of(host.begin(), host.end(), allowed)) return false;
  constexpr std::size_t kPortDigitsMax = 5;
  constexpr unsigned kPortMax = 65535;
  if (port.empty() || port.size() > kPortDigitsMax) return false;
  unsigned number = 0;
  for (const char c : port) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  if (number == 0 || number > kPortMax) return false;
  endpoint = {std::string(host), static_cast<std::uint16_t>(number)};
  return true;
}

std::filesystem::path joined(const std::filesystem::path& file, const std::string& path) {
  return (file.parent_path() / path).lexically_normal();
}

}  // namespace ems::io::config

namespace ems::io {

std::string to_address(const TcpEndpoint& endpoint) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return (v6 ? '[' + endpoint.host + ']' : endpoint.host) + ':' + std::to_string(endpoint.port);
}

}  // namespace ems::io
