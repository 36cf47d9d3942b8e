// SPDX-License-Identifier: Apache-2.0
/// @file Files of a repository's folder: read whole, appear whole. Private to io.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "ems/core/result.hpp"
#include "ems/ota/crypto.hpp"

namespace ems::io::repository {

/// not_found, already_exists, permission_denied, disk_full, read_only, else io.
[[nodiscard]] Failure failed(int error, const char* what) noexcept;

/// Lower-case digits, as metadata writes hashes.
[[nodiscard]] std::string hex_text(Bytes bytes);

/// @errors not_found, permission_denied, io; too_large.
[[nodiscard]] Result<std::string> read_text(const std::filesystem::path& file,
                                            std::size_t size_max);

/// A file that is being written in `staged`, and will appear elsewhere whole and durable. One that
/// gets no name is removed.
class Incoming {
 public:
  [[nodiscard]] static Result<Incoming> make(const std::filesystem::path& staged);
  Result<void> write(Bytes data);
  /// Makes it durable under that name, 0644, making its folders.
  /// @param root  The folder from which on folders are made.
  Result<void> name(const std::filesystem::path& root, const std::filesystem::path& below);

  Incoming(Incoming&& other) noexcept;
  Incoming& operator=(Incoming&&) = delete;
  ~Incoming();

 private:
  Incoming(std::filesystem::path path, int fd) noexcept;
  std::filesystem::path path_;
  int fd_;
};

/// Writes one file whole.
Result<void> write_text(const std::filesystem::path& staged, const std::filesystem::path& root,
                        const std::filesystem::path& below, std::string_view text);

/// Removes a file durably; one that is not there is no error.
Result<void> remove(const std::filesystem::path& file);

struct Copied {
  std::uint64_t length;
  ota::Sha256 sha256;
};
/// Copies a file into `out`, hashing it on the way.
Result<Copied> copy(const std::filesystem::path& file, Incoming& out);

}  // namespace ems::io::repository
