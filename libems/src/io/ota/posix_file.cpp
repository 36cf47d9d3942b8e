// SPDX-License-Identifier: Apache-2.0
#include "posix_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

namespace ems::io::posix {

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Failure failure(int error, Errc otherwise, const char* what) noexcept {
  if (error == ENOSPC || error == EDQUOT) return fail(Errc::disk_full, 0, what);
  if (error == EROFS) return fail(Errc::read_only, 0, what);
  return fail(otherwise, 0, what);
}

bool is_file_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= NAME_MAX && name != "." && name != ".." &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

Fd open_at(int folder, const std::string& name, int flags, unsigned mode) noexcept {
  for (;;) {
    const int fd = ::openat(folder, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd >= 0 || errno != EINTR) return Fd{fd};
  }
}

std::int64_t size_of(int fd) noexcept {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? info.st_size : -1;
}

int write_all(int fd, Bytes data) noexcept {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    data = data.subspan(static_cast<std::size_t>(n));
  }
  return 0;
}

std::int64_t read_at(int fd, std::uint64_t at, MutableBytes out) noexcept {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n =
        ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(at + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return static_cast<std::int64_t>(done);
}

int sync(int fd) noexcept {
  while (::fsync(fd) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

}  // namespace ems::io::posix
