// SPDX-License-Identifier: Apache-2.0
#include "ota/tuf/keyset.hpp"

#include <algorithm>

#include "ota/tuf/metadata_parts.hpp"

namespace ems::ota::tuf {

KeySet keyset_of(const Root& root, const Crypto& crypto) {
  KeySet out;
  for (const TopRole role : {TopRole::timestamp, TopRole::snapshot}) {
    const std::string name(kTopRoles[static_cast<std::size_t>(role)]);
    for (const std::string& keyid : root.role(role).keyids) {
      const auto key = root.keys.find(keyid);
      if (key == root.keys.end() || !key->second.scheme) continue;
      out.insert(name + ' ' + to_hex(crypto.sha256(key->second.bytes)));
    }
  }
  return out;
}

std::string to_text(const KeySet& keys) {
  std::string out;
  for (const std::string& key : keys) out += key + '\n';
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
    out.insert(std::move(line));
    line.clear();
  }
  return out;
}

bool lost_a_key(const KeySet& before, const KeySet& now) {
  return !std::ranges::includes(now, before);
}

}  // namespace ems::ota::tuf
