// SPDX-License-Identifier: Apache-2.0
/// @file A target's bytes on their way into a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "ems/ota/tuf/client.hpp"
#include "ems/ota/tuf/ports.hpp"

namespace ems::io {

class WriteBack;

/// Collects a target in `.NAME.HASH.part` beside its place and moves it there when it is whole.
/// A NAME of more than 232 bytes stands there as its SHA-256.
///
/// The room for all of it is reserved first. A sink that is destroyed without commit() or discard()
/// leaves the partial file, and the next download of the same content goes on from there. The disk
/// begins while the bytes come, told to by a thread where they are many.
///
/// @thread_safety One caller.
class FileSink final : public ota::tuf::Sink {
 public:
  /// @param file   Where the content will stand; its folder must be there.
  /// @param target Its length and hashes: at least one.
  /// @errors invalid_argument  no hash, or no file name.
  ///         unavailable       another program is downloading the same content there.
  ///         disk_full         no room for all of it. read_only, io.
  static Result<FileSink> open(const std::filesystem::path& file, const ota::tuf::Target& target);
  FileSink(FileSink&& other) noexcept;
  FileSink& operator=(FileSink&& other) noexcept;
  ~FileSink();

  /// @errors too_large  beyond the target's length; disk_full, io.
  Result<void> write(Bytes data) override;
  [[nodiscard]] std::uint64_t kept() const noexcept override { return kept_; }
  Result<void> read_kept(std::uint64_t at, MutableBytes out) override;

  /// Makes the content durable and puts it into its place, whatever stood there.
  /// @param read_back Where given, what the disk holds is read and hashed once more before.
  /// @errors length  not whole yet; hash  the disk gives other bytes; disk_full, io.
  Result<void> commit(ota::Hasher* read_back = nullptr);
  /// Removes the partial file: its bytes were wrong.
  void discard() noexcept;

 private:
  FileSink();
  void close() noexcept;

  int folder_ = -1;
  int fd_ = -1;
  std::string name_;
  std::string part_;
  ota::tuf::Target target_;
  std::uint64_t kept_ = 0;
  std::uint64_t size_ = 0;
  std::unique_ptr<WriteBack> write_back_;
};

/// Whether a plain file holds a target's bytes: its length and every hash that is known.
///
/// @return false  other bytes, no such file, or a symbolic link.
/// @thread_safety Yes, with a hasher each.
[[nodiscard]] bool holds(const std::filesystem::path& file, const ota::tuf::Target& target,
                         ota::Hasher& hasher);

/// Brings a found target into a file: nothing is fetched where the file holds it, an interrupted
/// download goes on, and a partial file of wrong bytes is given up for a new one once.
///
/// @param target Of `client`'s find().
/// @return true  it was fetched; false  it was there.
/// @errors Of Client::download(), FileSink::open() and commit().
/// @thread_safety As the client.
Result<bool> fetch_to_file(ota::tuf::Client& client, const ota::tuf::Target& target,
                           const std::filesystem::path& file);

}  // namespace ems::io
