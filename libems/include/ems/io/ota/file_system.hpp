// SPDX-License-Identifier: Apache-2.0
/// @file The few operations on the files of one folder that durable writing is made of. A test
/// implements them in memory and cuts the power between any two.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <vector>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"

namespace ems::io {

/// One folder without folders in it. Names are single parts; another is an error, never followed.
///
/// @thread_safety One caller.
class FileSystem {
 public:
  /// @param size_max A longer file is not read.
  /// @errors not_found, too_large, store.
  virtual Result<std::vector<std::byte>> read(std::string_view name, std::size_t size_max) = 0;
  /// Makes an empty file and keeps it open until close().
  /// @return A handle for write(), sync() and close().
  /// @errors already_exists, disk_full, read_only, store.
  virtual Result<int> create(std::string_view name) = 0;
  /// Appends all of `data`.
  /// @errors disk_full, read_only, store.
  virtual Result<void> write(int file, Bytes data) = 0;
  /// Returns when the file's content would outlive a power cut. Its name may not: sync_folder().
  /// @errors disk_full, store.
  virtual Result<void> sync(int file) = 0;
  virtual void close(int file) noexcept = 0;
  /// `to` is replaced whole.
  /// @errors disk_full, read_only, store.
  virtual Result<void> rename(std::string_view from, std::string_view to) = 0;
  /// @errors not_found, read_only, store.
  virtual Result<void> remove(std::string_view name) = 0;
  /// Returns when what create(), rename() and remove() did would outlive a power cut.
  /// @errors disk_full, store.
  virtual Result<void> sync_folder() = 0;

 protected:
  FileSystem() = default;
  FileSystem(const FileSystem&) = default;
  FileSystem& operator=(const FileSystem&) = default;
  ~FileSystem() = default;
};

/// A folder of this machine, held open: renaming or replacing its path changes nothing. Symbolic
/// links in it are refused.
class Folder final : public FileSystem {
 public:
  /// Opens or makes the folder (its parent must be there), gives it mode 0700 and locks it: a
  /// second program that opens it is refused.
  /// @errors store  not a folder, not ours, in use, or sticky as /tmp is: others share it;
  /// read_only, disk_full.
  static Result<Folder> open(const std::filesystem::path& path);
  Folder(Folder&& other) noexcept;
  Folder& operator=(Folder&& other) noexcept;
  ~Folder();

  Result<std::vector<std::byte>> read(std::string_view name, std::size_t size_max) override;
  Result<int> create(std::string_view name) override;
  Result<void> write(int file, Bytes data) override;
  Result<void> sync(int file) override;
  void close(int file) noexcept override;
  Result<void> rename(std::string_view from, std::string_view to) override;
  Result<void> remove(std::string_view name) override;
  Result<void> sync_folder() override;

 private:
  explicit Folder(int fd) noexcept : fd_(fd) {}
  int fd_;
};

}  // namespace ems::io
