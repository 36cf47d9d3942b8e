// SPDX-License-Identifier: Apache-2.0
#include "ota/tuf/keyset.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

#include "ota/tuf/metadata_parts.hpp"

namespace ems::ota::tuf {
namespace {

constexpr std::string_view kRoot = "root ";

// 0 where it is none.
std::int64_t number(std::string_view text) noexcept {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() ? out : 0;
}

// What is damaged takes nobody's trust away.
bool is_entry(std::string_view line) noexcept {
  const std::size_t blank = std::min(line.find(' '), line.size());
  Sha256 hash{};
  return (line.substr(0, blank) == "timestamp" || line.substr(0, blank) == "snapshot") &&
         blank < line.size() && from_hex(line.substr(blank + 1), hash);
}

}  // namespace

KeySet keyset_of(const Root& root, const Crypto& crypto) {
  KeySet out{.root_version = root.version, .keys = {}};
  for (const TopRole role : {TopRole::timestamp, TopRole::snapshot}) {
    const std::string name(kTopRoles[static_cast<std::size_t>(role)]);
    for (const std::string& keyid : root.role(role).keyids) {
      const auto key = root.keys.find(keyid);
      if (key == root.keys.end() || !key->second.scheme) continue;
      out.keys.insert(name + ' ' + to_hex(crypto.sha256(key->second.bytes)));
    }
  }
  return out;
}

std::string to_text(const KeySet& keys) {
  std::string out = std::string(kRoot) + std::to_string(keys.root_version) + '\n';
  for (const std::string& key : keys.keys) out += key + '\n';
  return out;
}

KeySet keyset_from(Bytes text) {
  KeySet out;
  std::string line;
  for (const std::byte b : text) {
    const char c = std::to_integer<char>(b);
    if (c != '\n') {
      line += c;
      continue;
    }
    if (is_entry(line)) out.keys.insert(line);
    if (line.starts_with(kRoot)) out.root_version = number(line.substr(kRoot.size()));
    line.clear();
  }
  return out;
}

bool lost_a_key(const KeySet& before, const KeySet& now) {
  return !std::ranges::includes(now.keys, before.keys);
}

}  // namespace ems::ota::tuf
