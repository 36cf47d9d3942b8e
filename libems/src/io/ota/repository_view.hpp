// SPDX-License-Identifier: Apache-2.0
/// @file What a repository's folder holds: what clients see, and what is staged. Private to io.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ems/core/result.hpp"
#include "ems/ota/crypto.hpp"
#include "ems/ota/tuf/repository.hpp"

namespace ems::io::repository {

inline constexpr std::size_t kFileMax = 5'000'000;  ///< The client's largest: targets.

/// `4.targets.json`.
[[nodiscard]] std::string versioned(std::int64_t version, std::string_view role);
/// @errors version  it is the last one there is.
[[nodiscard]] Result<std::int64_t> version_after(std::int64_t version);

/// The newest of what clients see. Empty texts: nothing was published yet.
struct Published {
  std::int64_t root_version = 0;
  std::string root;
  std::int64_t timestamp_version = 0;
  std::string timestamp;
  std::int64_t snapshot_version = 0;
  std::string snapshot;
  ota::tuf::FileVersions files;  ///< Of the snapshot: targets and delegated roles.

  /// @errors malformed, io.
  [[nodiscard]] static Result<Published> read(const std::filesystem::path& metadata);
};

struct View {
  std::filesystem::path metadata;
  Published published;
  std::map<std::string, std::string, std::less<>> staged;  ///< Text by role.

  /// @param with_staged  false: as if nothing were staged.
  static Result<View> read(const std::filesystem::path& folder, bool with_staged);

  /// The staged text of root, targets or a delegated role, else the published one.
  /// @errors not_found.
  [[nodiscard]] Result<std::string> text(std::string_view role) const;
  /// Version that clients know; 0: none.
  [[nodiscard]] std::int64_t version_before(std::string_view role) const;
  /// Who must sign: see RoleState::signatures.
  /// @errors not_found  nobody delegates to it.
  [[nodiscard]] Result<std::vector<ota::tuf::RoleKeys>> authorities(const ota::Crypto& crypto,
                                                                    std::string_view role) const;
  /// Targets and every role that is delegated to, below whom it may be found.
  /// @param delegators  Roles, none of `targets`.
  struct Role {
    std::string name;
    std::vector<std::string> delegators;
  };
  [[nodiscard]] Result<std::vector<Role>> targets_roles() const;
};

}  // namespace ems::io::repository
