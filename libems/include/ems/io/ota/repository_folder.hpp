// SPDX-License-Identifier: Apache-2.0
/// @file A repository of updates in a folder that any web server serves.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/io/ota/signing_key.hpp"
#include "ems/ota/tuf/repository.hpp"

namespace ems::io {

/// How far a role's files have come.
struct RoleState {
  std::string role;
  std::int64_t version = 0;
  UtcInstant expires;
  std::string digest;  ///< SHA-256 of what is signed, hex: signers compare it.
  /// One for each who asks for signatures: of a root its own keys, then those of the root before
  /// it; of a delegated role each that delegates to it.
  std::vector<ota::tuf::SignatureCount> signatures;
  [[nodiscard]] bool complete() const noexcept;
};

/// `metadata/` and `targets/` are what clients see, `staged/` (0700) is what waits for signatures.
/// Every file appears whole and durable; a client that reads meanwhile sees the old state or the
/// new one. A lock keeps a second program out.
///
/// Every function that makes a file stages it: nothing reaches clients before publish(). A file
/// beyond JsonLimits, which clients have too, is not staged: malformed, too_large. Where clients
/// see the last version there is (2^63 - 1), nothing follows it: version.
///
/// @thread_safety One caller.
class RepositoryFolder {
 public:
  /// Makes the folder and stages root 1 and an empty targets 1.
  /// @errors already_exists  there is a repository. invalid_argument  as make_root().
  ///         io, permission_denied, read_only, disk_full, of all functions.
  [[nodiscard]] static Result<RepositoryFolder> init(const std::filesystem::path& folder,
                                                     const ota::tuf::RootRoles& roles,
                                                     UtcInstant root_expires,
                                                     UtcInstant targets_expire);
  /// @errors not_found  no repository there. aborted  another program works on it.
  [[nodiscard]] static Result<RepositoryFolder> open(const std::filesystem::path& folder);

  /// Copies `file` to its consistent name and stages its role's next version with it.
  /// @param target  Length and hashes are made here. Its role: `targets` or a delegated one.
  /// @errors bad_name, invalid_argument  as with_target(). not_found  no such file or role.
  Result<void> add(const std::filesystem::path& file, ota::tuf::Target target, UtcInstant expires);
  /// Stages its role's next version without the target; the file stays for clients that still
  /// trust the version before.
  /// @errors not_found.
  Result<void> remove(std::string_view role, std::string_view path, UtcInstant expires);
  /// Stages a version of a role with the same content, because the published one runs out.
  /// @errors not_found.
  Result<void> renew(std::string_view role, UtcInstant expires);
  /// Stages the next targets with the delegation, and the delegated role's empty first version.
  /// @errors invalid_argument.
  Result<void> delegate(const ota::tuf::Delegation& delegation, UtcInstant expires);
  /// Stages the next root. The same content and a new expiry where there is no change.
  /// @errors not_found, invalid_argument  as with_change().
  Result<void> rotate(std::span<const ota::tuf::RootChange> changes, UtcInstant expires);

  /// Signs a staged role.
  /// @errors not_found  nothing of that role is staged. permission_denied  not one of its keys.
  Result<RoleState> sign(std::string_view role, const SigningKey& key);

  /// What publish() needs.
  struct Online {
    std::span<const SigningKey> keys;  ///< Of snapshot and timestamp; of both roots at a rotation.
    UtcInstant now;
    UtcInstant snapshot_expires;
    UtcInstant timestamp_expires;
    bool staged = true;  ///< false: only a new timestamp, and a new snapshot if its key is there.
  };
  /// Publishes what is staged under a new snapshot and timestamp, after checking the whole as a
  /// client would. Where the new root changes nothing that the old one needs, it comes after the
  /// timestamp, else before.
  /// @errors signature  fewer signatures than the threshold. expired. version  a staged file does
  ///         not follow the published one. not_found  a delegated role without a file.
  ///         Nothing that a client sees has changed. A delegated role that is out already may have
  ///         expired: that harms its own paths only.
  Result<void> publish(const Online& online);

  /// What is staged: root, targets, delegated roles.
  /// @errors malformed. not_found  nobody delegates to a staged role.
  [[nodiscard]] Result<std::vector<RoleState>> staged();
  /// What clients see: root, targets, delegated roles, snapshot, timestamp.
  /// @errors malformed. not_found  a file that another one names.
  [[nodiscard]] Result<std::vector<RoleState>> published();

  /// The role that the last error was about.
  [[nodiscard]] const std::string& subject() const noexcept { return subject_; }

  RepositoryFolder(RepositoryFolder&& other) noexcept;
  RepositoryFolder& operator=(RepositoryFolder&& other) noexcept;
  ~RepositoryFolder();

 private:
  using Change = std::function<Result<std::string>(const std::string&)>;
  RepositoryFolder(std::filesystem::path folder, int lock) noexcept;
  std::filesystem::path folder_;
  int lock_;
  std::string subject_;

  Result<void> stage(std::string_view role, UtcInstant expires, const Change& change);
};

}  // namespace ems::io
