// SPDX-License-Identifier: Apache-2.0
/// @file Which keys vouched for the stored timestamp and snapshot, remembered beside them.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "ems/ota/tuf/metadata.hpp"

namespace ems::ota::tuf {

struct KeySet {
  std::int64_t root_version = 0;  ///< Of the root that named them; 0: not known.
  std::set<std::string> keys;     ///< `timestamp <SHA-256 of a public key>`, and `snapshot ...`.
  friend bool operator==(const KeySet&, const KeySet&) = default;
};

/// Keys of unknown kinds never vouched for anything and are not among them.
[[nodiscard]] KeySet keyset_of(const Root& root, const Crypto& crypto);
/// `root 7`, then one line for each key, sorted.
[[nodiscard]] std::string to_text(const KeySet& keys);
[[nodiscard]] KeySet keyset_from(Bytes text);
/// Whether a key that vouched before does so no more: what it signed, versions included, may have
/// been a thief's. A key that came on top, or another threshold, takes no trust away.
[[nodiscard]] bool lost_a_key(const KeySet& before, const KeySet& now);

}  // namespace ems::ota::tuf
