// SPDX-License-Identifier: Apache-2.0
/// @file The client's trusted files in a folder.
#pragma once

#include "ems/io/ota/file_system.hpp"
#include "ems/ota/tuf/ports.hpp"

namespace ems::io {

/// Replaces files whole: written beside, synced, renamed, and the folder synced, so a power cut at
/// any moment leaves the old content or the new.
///
/// @thread_safety One caller.
class FileStore final : public ota::tuf::Store {
 public:
  /// @param files Borrowed for the store's life: Folder::open() of the place.
  explicit FileStore(FileSystem& files) noexcept : files_(files) {}

  Result<std::vector<std::byte>> read(std::string_view name, std::size_t size_max) override;
  /// After an error the old file stands, or, where only the folder's sync failed, the old or the
  /// new.
  Result<void> write(std::string_view name, Bytes data) override;
  Result<void> remove(std::string_view name) override;

 private:
  FileSystem& files_;
};

}  // namespace ems::io
