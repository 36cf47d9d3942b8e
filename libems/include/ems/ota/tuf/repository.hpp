// SPDX-License-Identifier: Apache-2.0
/// @file The other end of an update: the metadata of a repository, made and changed. A file is its
/// text; each function returns the file that follows. No I/O, no clock, no private key.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/ota/crypto.hpp"
#include "ems/ota/tuf/client.hpp"

namespace ems::ota::tuf {

/// An Ed25519 key as metadata carries it.
struct PublicKey {
  std::string id;                     ///< SHA-256 of its canonical form, lower-case hex.
  std::array<std::byte, 32> bytes{};  ///< As in RFC 8032.
  friend bool operator==(const PublicKey&, const PublicKey&) = default;
};

/// The key with its id as securesystemslib 1.x and python-tuf make it.
/// @errors bad_key  not 32 bytes, or a key that check_key() refuses.
/// @thread_safety Pure functions, all of this file.
[[nodiscard]] Result<PublicKey> make_public_key(const Crypto& crypto, Bytes bytes);
/// Reads a TUF key object: `{"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public":
/// hex}}`.
/// @errors malformed, bad_key. unimplemented  a key of another type.
[[nodiscard]] Result<PublicKey> parse_public_key(const Crypto& crypto, std::string_view text);
/// The TUF key object, one line.
[[nodiscard]] std::string to_text(const PublicKey& key);

struct RoleKeys {
  std::vector<PublicKey> keys;
  std::int64_t threshold = 1;  ///< Signatures needed: 1 .. number of keys.
};

struct RootRoles {
  RoleKeys root;
  RoleKeys targets;
  RoleKeys snapshot;
  RoleKeys timestamp;
};

/// What a new root does to one role.
struct RootChange {
  std::string role;  ///< `root`, `targets`, `snapshot`, `timestamp`.
  std::vector<PublicKey> add;
  std::vector<std::string> remove;  ///< Key ids.
  std::optional<std::int64_t> threshold;
};

/// Gives the targets below some paths to other hands.
struct Delegation {
  std::string role;
  RoleKeys keys;
  std::vector<std::string> paths;  ///< Patterns: `bms/*`.
  bool terminating = true;         ///< Nobody further down the list is asked for these paths.
};

/// A file as snapshot and timestamp name it.
struct FileReference {
  std::string name;  ///< `targets.json`, without a version.
  std::int64_t version = 0;
  std::uint64_t length = 0;
  Sha256 sha256{};
};

using FileVersions = std::map<std::string, std::int64_t, std::less<>>;

/// What every metadata file says of itself.
struct FileHead {
  std::string type;
  std::int64_t version = 0;
  UtcInstant expires;
};

/// Signatures by distinct keys of a role.
struct SignatureCount {
  std::vector<std::string> signed_by;  ///< Key ids whose signature is valid.
  std::int64_t threshold = 0;
  [[nodiscard]] bool met() const noexcept {
    return threshold > 0 && signed_by.size() >= static_cast<std::size_t>(threshold);
  }
};

/// Root 1, consistent snapshots on, not signed.
/// @errors invalid_argument  a role whose threshold is not 1 .. number of keys; a key twice.
[[nodiscard]] Result<std::string> make_root(const RootRoles& roles, UtcInstant expires);
/// Targets 1 of a role, empty, not signed.
[[nodiscard]] std::string make_targets(UtcInstant expires);
[[nodiscard]] std::string make_snapshot(std::int64_t version, UtcInstant expires,
                                        std::span<const FileReference> files);
[[nodiscard]] std::string make_timestamp(std::int64_t version, UtcInstant expires,
                                         const FileReference& snapshot);

/// The file with another version and expiry and no signatures, all else kept.
/// @param version  1 or more.
/// @errors malformed. invalid_argument  the version.
[[nodiscard]] Result<std::string> with_version(std::string_view file, std::int64_t version,
                                               UtcInstant expires);

// Changes of a file keep its version, drop its signatures and leave members they do not know.

/// A root with other keys or thresholds. Keys that no role uses any more go.
/// @errors malformed. not_found  no such role or key. invalid_argument  as make_root().
[[nodiscard]] Result<std::string> with_change(std::string_view root, const RootChange& change);
/// A target, added or replaced. Its role is that of the file.
/// @errors malformed, bad_name. invalid_argument  no SHA-256, a negative counter, a security floor
///         above the release counter, text that is not ASCII, no hardware id.
[[nodiscard]] Result<std::string> with_target(std::string_view targets, const Target& target);
/// @errors malformed. not_found  no such target.
[[nodiscard]] Result<std::string> without_target(std::string_view targets, std::string_view path);
/// A delegation, added as the last one, or replaced in its place.
/// @errors malformed. invalid_argument  as make_root(); no path; the name of a top-level role.
[[nodiscard]] Result<std::string> with_delegation(std::string_view targets,
                                                  const Delegation& delegation);

/// What a signature is made of: the canonical form of `signed`.
/// @errors malformed.
[[nodiscard]] Result<std::string> signed_bytes(std::string_view file);
/// The file with one signature more, in the place of an earlier one by that key.
/// @errors malformed.
[[nodiscard]] Result<std::string> with_signature(std::string_view file, std::string_view key_id,
                                                 Bytes signature);

/// @errors malformed.
[[nodiscard]] Result<FileHead> read_head(std::string_view file);
/// Versions of the files that a snapshot or timestamp lists, by name (`targets.json`).
/// @errors malformed.
[[nodiscard]] Result<FileVersions> read_versions(std::string_view file);
/// The keys of one role as a root or a targets file delegates it. Keys that are not Ed25519 are not
/// among them; the threshold is the file's.
/// @errors malformed. not_found  no such role.
[[nodiscard]] Result<RoleKeys> read_role(const Crypto& crypto, std::string_view file,
                                         std::string_view role);
/// Names of the roles that a targets file delegates to, in order.
/// @errors malformed.
[[nodiscard]] Result<std::vector<std::string>> read_delegations(std::string_view targets);
/// @errors malformed.
[[nodiscard]] Result<SignatureCount> count_signatures(const Crypto& crypto, std::string_view file,
                                                      const RoleKeys& role);

}  // namespace ems::ota::tuf
