// SPDX-License-Identifier: Apache-2.0
/// @file The files that are trusted in one update cycle, and the rules by which another joins them.
/// Pure: bytes go in, a class comes out; what is fetched and stored, the client decides.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/ota/tuf/client.hpp"
#include "ems/ota/tuf/metadata.hpp"

namespace ems::ota::tuf {

/// A file is trusted once its function succeeded; one that is refused leaves the set as it was.
/// The functions are called in the order in which they stand here.
///
/// @thread_safety One caller.
/// @source TUF specification 1.0.34, sections 5.2 to 5.7.
class TrustedSet {
 public:
  /// @param crypto Borrowed.
  /// @param now    The fixed start of the cycle.
  /// @param grace  How long past its expiry a file still counts.
  TrustedSet(const Crypto& crypto, const Limits& limits, UtcInstant now, Duration grace);

  /// A root that was trusted before, or the first one: it must only stand for itself.
  /// @errors malformed, too_large, bad_key, signature.
  Result<void> trust_root(Bytes file);
  /// The root after the trusted one: signed by the keys of both, its version one more.
  /// @errors malformed, too_large, bad_key, signature, rollback.
  Result<void> next_root(Bytes file);
  /// No newer root is there: the trusted one must not have expired.
  /// @errors expired.
  Result<void> end_root_chain() const;
  /// @pre trust_root() succeeded.
  [[nodiscard]] const Root& root() const noexcept;

  /// Files of an earlier cycle: nothing new may be older than they are. One that the root's keys do
  /// not vouch for, or that cannot be read, is forgotten; expiry does not matter.
  void recall_timestamp(Bytes file);
  void recall_snapshot(Bytes file);

  /// @return false: of the recalled timestamp's version, which is used on; nothing to store.
  /// @errors malformed, too_large, signature, rollback, expired.
  Result<bool> timestamp(Bytes file);
  /// How the timestamp names the snapshot.
  /// @pre timestamp() succeeded.
  [[nodiscard]] const FileMeta& snapshot_meta() const noexcept;

  /// @errors hash, unsupported_hash, length, malformed, too_large, signature, version, rollback,
  ///         expired.
  Result<void> snapshot(Bytes file);
  /// How the snapshot names a role's file.
  /// @pre snapshot() succeeded.
  /// @errors not_in_snapshot.
  [[nodiscard]] Result<FileMeta> targets_meta(std::string_view role) const;

  /// @errors As snapshot() without rollback; bad_key, not_in_snapshot, unimplemented.
  Result<void> targets(Bytes file);
  /// @pre targets() succeeded.
  [[nodiscard]] const Targets& targets() const noexcept;

  /// A delegated role's file, on the word of one delegator.
  /// @pre No file of that role is trusted yet: the other overload says so.
  /// @errors As targets().
  Result<const Targets*> delegated(const Targets& delegator, const DelegatedRole& role, Bytes file);
  /// The same for a role that is trusted already, on another delegator's word.
  /// @return nullptr: no file of that role is trusted yet.
  /// @errors signature.
  Result<const Targets*> delegated(const Targets& delegator, const DelegatedRole& role) const;

 private:
  [[nodiscard]] bool signed_by(TopRole role, const Metadata& file) const;
  [[nodiscard]] Result<void> check_expiry(const Metadata& file) const;
  [[nodiscard]] Result<void> check_bytes(const FileMeta& meta, Bytes file) const;
  [[nodiscard]] Result<Targets> check_targets(std::string_view name, const KeyRing& keys,
                                              const Role& role, Bytes file) const;

  const Crypto& crypto_;
  Limits limits_;
  UtcInstant now_;
  Duration grace_;
  std::optional<Root> root_;
  std::optional<Timestamp> timestamp_;  ///< Recalled, then current.
  std::optional<Snapshot> snapshot_;    ///< Likewise.
  std::optional<Targets> targets_;
  std::map<std::string, Targets, std::less<>> delegated_;
};

/// Where a target was found.
struct Found {
  const TargetEntry* target;
  std::string role;
};

/// Gives a delegated role's file on its delegator's word.
using LoadRole = std::function<Result<const Targets*>(const Targets&, const DelegatedRole&)>;

/// Looks for a target: pre-order, depth first, delegations in their order. Each delegation is
/// followed once, so that a role with two delegators is vouched for by both.
///
/// @param roles_max  Delegations that are followed; more are as if they were not there.
/// @errors        not_found; what `load` answered, which ends the search.
/// @thread_safety Yes.
/// @source        TUF specification 1.0.34, section 5.6.7.
[[nodiscard]] Result<Found> find_target(const Targets& top, std::string_view path,
                                        std::uint32_t roles_max, const Crypto& crypto,
                                        const LoadRole& load);

}  // namespace ems::ota::tuf
