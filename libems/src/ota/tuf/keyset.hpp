// SPDX-License-Identifier: Apache-2.0
/// @file Which keys vouched for the stored timestamp and snapshot, remembered beside them.
#pragma once

#include <set>
#include <string>

#include "ems/ota/tuf/metadata.hpp"

namespace ems::ota::tuf {

/// `timestamp <SHA-256 of the public key>`, and the same for the snapshot.
using KeySet = std::set<std::string>;

/// Keys of unknown kinds never vouched for anything and are not among them.
[[nodiscard]] KeySet keyset_of(const Root& root, const Crypto& crypto);
/// One line each, sorted.
[[nodiscard]] std::string to_text(const KeySet& keys);
[[nodiscard]] KeySet keyset_from(Bytes text);
/// Whether a key that vouched before does so no more: what it signed, versions included, may have
/// been a thief's. A key that came on top, or another threshold, takes no trust away.
[[nodiscard]] bool lost_a_key(const KeySet& before, const KeySet& now);

}  // namespace ems::ota::tuf
