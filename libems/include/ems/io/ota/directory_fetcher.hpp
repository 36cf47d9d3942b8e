// SPDX-License-Identifier: Apache-2.0
/// @file A repository in a folder: offline media, a mounted share.
#pragma once

#include <filesystem>

#include "ems/ota/tuf/ports.hpp"

namespace ems::io {

/// Reads below one folder only: a symbolic link, `..` or a name that begins with `/` is refused,
/// and so is whatever is no plain file. Each part of a name is looked for as the client wrote it,
/// percent-encoded, and then as a web server would: decoded.
///
/// @thread_safety One caller.
class DirectoryFetcher final : public ota::tuf::Fetcher {
 public:
  /// @errors download  not a folder, or not readable.
  static Result<DirectoryFetcher> open(const std::filesystem::path& folder);
  DirectoryFetcher(DirectoryFetcher&& other) noexcept;
  DirectoryFetcher& operator=(DirectoryFetcher&& other) noexcept;
  ~DirectoryFetcher();

  Result<std::vector<std::byte>> metadata(std::string_view name, std::size_t size_max) override;
  Result<void> target(std::string_view path, std::uint64_t from, std::uint64_t size,
                      ota::tuf::Sink& sink) override;

 private:
  explicit DirectoryFetcher(int fd) noexcept : fd_(fd) {}
  int fd_;
};

}  // namespace ems::io
