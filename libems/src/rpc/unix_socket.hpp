// SPDX-License-Identifier: Apache-2.0
/// @file The unix socket of SiteServer: what must hold before and after gRPC binds it.
#pragma once

#include <filesystem>
#include <string>

#include "ems/core/result.hpp"

namespace ems::rpc {

/// `unix:PATH` for gRPC.
/// @errors invalid_argument  empty, or longer than sockaddr_un holds (107 bytes, unix(7)).
[[nodiscard]] Result<std::string> socket_address(const std::filesystem::path& path);

/// Removes a socket that nobody answers at.
/// @errors already_exists  somebody answers, or it is not a socket. io  it cannot be removed.
[[nodiscard]] Result<void> remove_dead_socket(const std::filesystem::path& path);

/// A folder of mode 0700 with a random name, for the time it takes to make something in it.
class PrivateFolder {
 public:
  explicit PrivateFolder(const std::filesystem::path& parent);
  ~PrivateFolder();
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  [[nodiscard]] bool made() const noexcept { return !path_.empty(); }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// Mode 0660, group `ems` when there is one and it is ours to give; else the group stays.
/// @errors io  the mode could not be set.
[[nodiscard]] Result<void> restrict_socket(const std::filesystem::path& path);

}  // namespace ems::rpc
