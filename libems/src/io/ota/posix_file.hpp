// SPDX-License-Identifier: Apache-2.0
// Plain files by descriptor: what the store, the folder fetcher and the file sink share.
#pragma once

#include <fcntl.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"

namespace ems::io::posix {

/// Owns a descriptor; -1 is none.
class Fd {
 public:
  explicit Fd(int fd = -1) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

/// Class of an errno: disk_full, read_only, else `otherwise`.
[[nodiscard]] Failure failure(int error, Errc otherwise, const char* what) noexcept;

/// One part of a path: not empty, `.` or `..`, no `/` and no zero byte, at most 255 bytes.
[[nodiscard]] bool is_file_name(std::string_view name) noexcept;

/// openat() that follows no link at the end, is closed on exec and is tried again after EINTR.
[[nodiscard]] Fd open_at(int folder, const std::string& name, int flags,
                         unsigned mode = 0) noexcept;

/// Bytes of a plain file; -1: it is something else.
[[nodiscard]] std::int64_t size_of(int fd) noexcept;

/// Writes everything at the descriptor's position. @return 0 or an errno.
[[nodiscard]] int write_all(int fd, Bytes data) noexcept;

/// Reads `out.size()` bytes from `at`, fewer only at the end of the file.
/// @return Bytes read; -1 and errno.
[[nodiscard]] std::int64_t read_at(int fd, std::uint64_t at, MutableBytes out) noexcept;

/// fsync, tried again after EINTR. @return 0 or an errno.
[[nodiscard]] int sync(int fd) noexcept;

}  // namespace ems::io::posix
