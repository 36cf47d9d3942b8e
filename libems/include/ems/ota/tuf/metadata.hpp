// SPDX-License-Identifier: Apache-2.0
/// @file The four kinds of metadata file, read and checked in their form; and keys counted towards
/// a threshold. Nothing here says that a file may be trusted: TrustedSet does.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/ota/crypto.hpp"
#include "ems/ota/tuf/client.hpp"
#include "ems/ota/tuf/json.hpp"

namespace ems::ota::tuf {

/// A public key that passed check_key().
struct Key {
  std::optional<Scheme> scheme;  ///< none: of a kind libems does not know. Kept, never counted.
  std::vector<std::byte> bytes;  ///< As Crypto takes it; empty without a scheme.
};

/// Keys by their id, which is a name and nothing else: two ids may name one key.
using KeyRing = std::map<std::string, Key, std::less<>>;

/// Whose signatures a file needs.
struct Role {
  std::vector<std::string> keyids;  ///< Each once; one without a key is allowed and never counted.
  std::int64_t threshold = 1;       ///< At least 1.
};

struct Signature {
  std::string keyid;  ///< Once in a file.
  std::string sig;    ///< As it stands in the file; empty where nobody signed yet.
};

/// What every file has.
struct Metadata {
  std::int64_t version = 0;  ///< At least 1.
  UtcInstant expires;        ///< From then on it is worth nothing.
  std::vector<Signature> signatures;
  std::vector<std::byte> message;  ///< What was signed: the canonical form of `signed`.
};

/// Hashes of a file or target. At least one is listed; not all need be of a kind libems knows.
struct Hashes {
  std::optional<Sha256> sha256;
  std::optional<Sha512> sha512;
  [[nodiscard]] bool known() const noexcept { return sha256 || sha512; }
};

/// How another file names a metadata file.
struct FileMeta {
  std::int64_t version = 0;
  std::optional<std::uint64_t> length;
  std::optional<Hashes> hashes;
};

/// The top-level roles, as Root::roles counts them.
enum class TopRole : std::uint8_t { root, timestamp, snapshot, targets };
inline constexpr std::array<std::string_view, 4> kTopRoles{"root", "timestamp", "snapshot",
                                                           "targets"};

struct Root : Metadata {
  bool consistent_snapshot = false;
  KeyRing keys;
  std::array<Role, 4> roles;
  [[nodiscard]] const Role& role(TopRole role) const noexcept {
    return roles[static_cast<std::size_t>(role)];
  }
};

struct Timestamp : Metadata {
  FileMeta snapshot;
};

struct Snapshot : Metadata {
  std::map<std::string, FileMeta, std::less<>> files;  ///< `targets.json`, `bms.json`.
};

/// `custom.ems` of a target, or why it cannot be read; none: the target has no such member.
using DeviceCustom = std::optional<Result<DeviceTarget>>;

struct TargetEntry {
  std::uint64_t length = 0;
  Hashes hashes;
  DeviceCustom custom;
};

/// A role that a targets file hands some paths to.
struct DelegatedRole : Role {
  std::string name;  ///< Any text but none and those of kTopRoles.
  bool terminating = false;
  std::vector<std::string> paths;               ///< Patterns; or
  std::vector<std::string> path_hash_prefixes;  ///< the first digits of a path's SHA-256.
};

struct Targets : Metadata {
  std::map<std::string, TargetEntry, std::less<>> targets;
  KeyRing keys;                      ///< Of the delegations.
  std::vector<DelegatedRole> roles;  ///< In order; each name once.
};

/// Reads a file: its form whole, the keys it carries, no signature.
///
/// Strict: specification 1.x, the `_type` asked for, versions and thresholds of at least 1, each
/// key id once in a role and once among the signatures, dates as `2027-01-01T00:00:00Z`. Members
/// nobody knows are signed like all others and ignored.
///
/// @param size_max  Bytes.
/// @errors        too_large; malformed  at the byte; bad_key.
///                unimplemented  a delegation with succinct roles (TAP 15).
/// @thread_safety Yes, as everything here.
/// @source        TUF specification 1.0.34, sections 4.2 to 4.6.
[[nodiscard]] Result<Root> parse_root(Bytes file, std::size_t size_max, const Crypto& crypto);
[[nodiscard]] Result<Timestamp> parse_timestamp(Bytes file, std::size_t size_max);
[[nodiscard]] Result<Snapshot> parse_snapshot(Bytes file, std::size_t size_max);
[[nodiscard]] Result<Targets> parse_targets(Bytes file, std::size_t size_max, const Crypto& crypto);

/// The `keys` of a root or of delegations.
/// @errors malformed; bad_key  a key of a known kind that check_key() refuses.
[[nodiscard]] Result<KeyRing> parse_keys(JsonValue keys, const Crypto& crypto);

/// Whether at least `role.threshold` distinct public keys of the role signed `file`. A signature
/// that does not count, for whatever reason, takes nothing away.
///
/// @source TUF specification 1.0.34, section 4.2.1; an id more for the same key counts once.
[[nodiscard]] bool threshold_met(const Crypto& crypto, const Metadata& file, const KeyRing& keys,
                                 const Role& role);

/// Exactly `YYYY-MM-DDTHH:MM:SSZ`, a day of the calendar, years 0001 to 9999.
/// @errors malformed.
[[nodiscard]] Result<UtcInstant> parse_date(std::string_view text) noexcept;

/// Whether a pattern covers a target's path: as many parts between `/` in both, and in each part
/// `?` is one character and `*` any number of them. Nothing else is special; a pattern with `[`
/// covers nothing, as readers disagree on what it means.
/// @source TUF specification 1.0.34, section 4.5 (PATHPATTERN).
[[nodiscard]] bool path_matches(std::string_view pattern, std::string_view path) noexcept;

/// Whether a role is asked for a target.
[[nodiscard]] bool covers(const DelegatedRole& role, std::string_view path, const Crypto& crypto);

/// `custom.ems`: `hardware_ids` and `release_counter` must be there for a device to take the
/// target.
/// @errors malformed  a member of another type, a negative number, text that is not ASCII.
[[nodiscard]] Result<DeviceTarget> parse_device_target(JsonValue ems);

/// What stands between a found target and a device, in this order: hardware id, counters, payload
/// type, size. What Device does not set is not asked.
/// @errors wrong_hardware, rollback, no_space; those of parse_device_target().
[[nodiscard]] Result<void> check_device(const Device& device, const TargetEntry& target);

}  // namespace ems::ota::tuf
