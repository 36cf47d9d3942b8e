// SPDX-License-Identifier: Apache-2.0
#include "ems/ota/tuf/trusted_set.hpp"

#include <utility>

#include "ems/core/assert.hpp"

namespace ems::ota::tuf {

TrustedSet::TrustedSet(const Crypto& crypto, const Limits& limits, UtcInstant now, Duration grace)
    : crypto_(crypto), limits_(limits), now_(now), grace_(grace) {}

bool TrustedSet::signed_by(TopRole role, const Metadata& file) const {
  return threshold_met(crypto_, file, root().keys, root().role(role));
}

Result<void> TrustedSet::check_expiry(const Metadata& file) const {
  if (now_ < file.expires + grace_) return {};
  return fail(Errc::expired, 0, "metadata: expired; either nobody renewed it or it is an old copy");
}

Result<void> TrustedSet::check_bytes(const FileMeta& meta, Bytes file) const {
  if (meta.hashes) {
    if (!meta.hashes->known()) {
      return fail(Errc::unsupported_hash, 0, "metadata: only hashes of unknown algorithms");
    }
    if ((meta.hashes->sha256 && *meta.hashes->sha256 != crypto_.sha256(file)) ||
        (meta.hashes->sha512 && *meta.hashes->sha512 != crypto_.sha512(file))) {
      return fail(Errc::hash, 0, "metadata: not the bytes that the file above it names");
    }
  }
  if (meta.length && *meta.length != file.size()) {
    return fail(Errc::length, 0, "metadata: not the length that the file above it names");
  }
  return {};
}

Result<void> TrustedSet::trust_root(Bytes file) {
  Result<Root> root = parse_root(file, limits_.root_size, crypto_);
  if (!root) return fail(root.error());
  if (!threshold_met(crypto_, *root, root->keys, root->role(TopRole::root))) {
    return fail(Errc::signature, 0, "root: does not vouch for itself");
  }
  root_ = std::move(*root);
  return {};
}

Result<void> TrustedSet::next_root(Bytes file) {
  Result<Root> next = parse_root(file, limits_.root_size, crypto_);
  if (!next) return fail(next.error());
  if (!signed_by(TopRole::root, *next)) {
    return fail(Errc::signature, 0, "root: too few signatures by the keys of the root before");
  }
  if (!threshold_met(crypto_, *next, next->keys, next->role(TopRole::root))) {
    return fail(Errc::signature, 0, "root: too few signatures by its own keys");
  }
  if (next->version - 1 != root().version) {
    return fail(Errc::rollback, 0, "root: not the version after the trusted one");
  }
  root_ = std::move(*next);
  return {};
}

Result<void> TrustedSet::end_root_chain() const { return check_expiry(root()); }

const Root& TrustedSet::root() const noexcept {
  EMS_ASSERT(root_.has_value());
  return *root_;
}

void TrustedSet::recall_timestamp(Bytes file) {
  Result<Timestamp> old = parse_timestamp(file, limits_.timestamp_size);
  if (old && signed_by(TopRole::timestamp, *old)) timestamp_ = std::move(*old);
}

void TrustedSet::recall_snapshot(Bytes file) {
  Result<Snapshot> old = parse_snapshot(file, limits_.snapshot_size);
  if (old && signed_by(TopRole::snapshot, *old)) snapshot_ = std::move(*old);
}

Result<bool> TrustedSet::timestamp(Bytes file) {
  Result<Timestamp> next = parse_timestamp(file, limits_.timestamp_size);
  if (!next) return fail(next.error());
  if (!signed_by(TopRole::timestamp, *next)) {
    return fail(Errc::signature, 0, "timestamp: too few signatures");
  }
  if (timestamp_ && next->version == timestamp_->version) {
    const Result<void> fresh = check_expiry(*timestamp_);
    if (!fresh) return fail(fresh.error());
    return false;
  }
  if (timestamp_ && next->version < timestamp_->version) {
    return fail(Errc::rollback, 0, "timestamp: older than the trusted one");
  }
  if ((timestamp_ && next->snapshot.version < timestamp_->snapshot.version) ||
      (snapshot_ && next->snapshot.version < snapshot_->version)) {
    return fail(Errc::rollback, 0, "timestamp: of a snapshot older than the trusted one");
  }
  const Result<void> fresh = check_expiry(*next);
  if (!fresh) return fail(fresh.error());
  timestamp_ = std::move(*next);
  return true;
}

const FileMeta& TrustedSet::snapshot_meta() const noexcept {
  EMS_ASSERT(timestamp_.has_value());
  return timestamp_->snapshot;
}

Result<void> TrustedSet::snapshot(Bytes file) {
  const Result<void> bytes = check_bytes(snapshot_meta(), file);
  if (!bytes) return fail(bytes.error());
  Result<Snapshot> next = parse_snapshot(file, limits_.snapshot_size);
  if (!next) return fail(next.error());
  if (!signed_by(TopRole::snapshot, *next)) {
    return fail(Errc::signature, 0, "snapshot: too few signatures");
  }
  if (next->version != snapshot_meta().version) {
    return fail(Errc::version, 0, "snapshot: not the version that the timestamp names");
  }
  if (snapshot_) {
    for (const auto& [name, before] : snapshot_->files) {
      const auto now = next->files.find(name);
      if (now == next->files.end() || now->second.version < before.version) {
        return fail(Errc::rollback, 0, "snapshot: a file it listed is gone or older");
      }
    }
  }
  const Result<void> fresh = check_expiry(*next);
  if (!fresh) return fail(fresh.error());
  snapshot_ = std::move(*next);
  return {};
}

Result<FileMeta> TrustedSet::targets_meta(std::string_view role) const {
  EMS_ASSERT(snapshot_.has_value());
  const auto found = snapshot_->files.find(std::string(role) + ".json");
  if (found == snapshot_->files.end()) {
    return fail(Errc::not_in_snapshot, 0, "targets: a role that the snapshot does not list");
  }
  return found->second;
}

Result<Targets> TrustedSet::check_targets(std::string_view name, const KeyRing& keys,
                                          const Role& role, Bytes file) const {
  const Result<FileMeta> meta = targets_meta(name);
  if (!meta) return fail(meta.error());
  const Result<void> bytes = check_bytes(*meta, file);
  if (!bytes) return fail(bytes.error());
  Result<Targets> next = parse_targets(file, limits_.targets_size, crypto_);
  if (!next) return fail(next.error());
  if (!threshold_met(crypto_, *next, keys, role)) {
    return fail(Errc::signature, 0, "targets: too few signatures");
  }
  if (next->version != meta->version) {
    return fail(Errc::version, 0, "targets: not the version that the snapshot names");
  }
  const Result<void> fresh = check_expiry(*next);
  if (!fresh) return fail(fresh.error());
  return next;
}

Result<void> TrustedSet::targets(Bytes file) {
  Result<Targets> next = check_targets("targets", root().keys, root().role(TopRole::targets), file);
  if (!next) return fail(next.error());
  targets_ = std::move(*next);
  return {};
}

const Targets& TrustedSet::targets() const noexcept {
  EMS_ASSERT(targets_.has_value());
  return *targets_;
}

Result<const Targets*> TrustedSet::delegated(const Targets& delegator, const DelegatedRole& role,
                                             Bytes file) {
  Result<Targets> next = check_targets(role.name, delegator.keys, role, file);
  if (!next) return fail(next.error());
  const auto [at, added] = delegated_.emplace(role.name, std::move(*next));
  EMS_ASSERT(added);  // Others hold pointers to what is there.
  return &at->second;
}

Result<const Targets*> TrustedSet::delegated(const Targets& delegator,
                                             const DelegatedRole& role) const {
  const auto found = delegated_.find(role.name);
  if (found == delegated_.end()) return nullptr;
  if (!threshold_met(crypto_, found->second, delegator.keys, role)) {
    return fail(Errc::signature, 0, "targets: another delegator's keys did not sign it");
  }
  return &found->second;
}

}  // namespace ems::ota::tuf
