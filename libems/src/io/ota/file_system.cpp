// SPDX-License-Identifier: Apache-2.0
#include "ems/io/ota/file_system.hpp"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>

#include "posix_file.hpp"

namespace ems::io {
namespace {

constexpr unsigned kFolderMode = 0700;
constexpr unsigned kFileMode = 0600;

/// The mode of a folder; 0: it cannot be told.
unsigned mode_of(int folder) noexcept {
  struct stat info {};
  return ::fstat(folder, &info) == 0 ? info.st_mode & 07777U : 0;
}

Failure bad_name() noexcept { return fail(Errc::store, 0, "store: not a file's name"); }

}  // namespace

Result<Folder> Folder::open(const std::filesystem::path& path) {
  const bool made = ::mkdir(path.c_str(), kFolderMode) == 0;
  if (!made && errno != EEXIST) {
    return posix::failure(errno, Errc::store, "store: the folder cannot be made");
  }
  posix::Fd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd) return posix::failure(errno, Errc::store, "store: not a folder that can be opened");
  const unsigned mode = mode_of(fd.get());
  if ((mode & S_ISVTX) != 0) return fail(Errc::store, 0, "store: a folder that others share");
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(Errc::store, 0, "store: another program uses the folder");
  }
  if (mode != kFolderMode && ::fchmod(fd.get(), kFolderMode) != 0) {
    return posix::failure(errno, Errc::store, "store: the folder cannot be kept from others");
  }
  if (made) {  // The folder's own name is its parent's business.
    const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
    const posix::Fd above{::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!above) return posix::failure(errno, Errc::store, "store: the parent cannot be opened");
    if (const int error = posix::sync(above.get()); error != 0) {
      return posix::failure(error, Errc::store, "store: the parent cannot be synced");
    }
  }
  return Folder{fd.release()};
}

Folder::Folder(Folder&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
Folder& Folder::operator=(Folder&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
Folder::~Folder() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::vector<std::byte>> Folder::read(std::string_view name, std::size_t size_max) {
  if (!posix::is_file_name(name)) return bad_name();
  const posix::Fd file = posix::open_at(fd_, std::string{name}, O_RDONLY | O_NONBLOCK);
  if (!file) return fail(errno == ENOENT ? Errc::not_found : Errc::store, 0, "store: no such file");
  const std::int64_t size = posix::size_of(file.get());
  if (size < 0) return fail(Errc::store, 0, "store: not a plain file");
  if (static_cast<std::uint64_t>(size) > size_max) {
    return fail(Errc::too_large, 0, "store: a file longer than it may be");
  }
  std::vector<std::byte> data(static_cast<std::size_t>(size));
  const std::int64_t got = posix::read_at(file.get(), 0, data);
  if (got < 0) return fail(Errc::store, 0, "store: a file cannot be read");
  data.resize(static_cast<std::size_t>(got));
  return data;
}

Result<int> Folder::create(std::string_view name) {
  if (!posix::is_file_name(name)) return bad_name();
  posix::Fd file = posix::open_at(fd_, std::string{name}, O_WRONLY | O_CREAT | O_EXCL, kFileMode);
  if (!file) {
    if (errno == EEXIST) return fail(Errc::already_exists, 0, "store: the file is there");
    return posix::failure(errno, Errc::store, "store: a file cannot be made");
  }
  return file.release();
}

Result<void> Folder::write(int file, Bytes data) {
  if (const int error = posix::write_all(file, data); error != 0) {
    return posix::failure(error, Errc::store, "store: a file cannot be written");
  }
  return {};
}

Result<void> Folder::sync(int file) {
  if (const int error = posix::sync(file); error != 0) {
    return posix::failure(error, Errc::store, "store: a file cannot be synced");
  }
  return {};
}

void Folder::close(int file) noexcept { ::close(file); }

Result<void> Folder::rename(std::string_view from, std::string_view to) {
  if (!posix::is_file_name(from) || !posix::is_file_name(to)) return bad_name();
  if (::renameat(fd_, std::string{from}.c_str(), fd_, std::string{to}.c_str()) != 0) {
    return posix::failure(errno, Errc::store, "store: a file cannot be put into its place");
  }
  return {};
}

Result<void> Folder::remove(std::string_view name) {
  if (!posix::is_file_name(name)) return bad_name();
  if (::unlinkat(fd_, std::string{name}.c_str(), 0) != 0) {
    if (errno == ENOENT) return fail(Errc::not_found, 0, "store: no such file");
    return posix::failure(errno, Errc::store, "store: a file cannot be removed");
  }
  return {};
}

Result<void> Folder::sync_folder() {
  if (const int error = posix::sync(fd_); error != 0) {
    return posix::failure(error, Errc::store, "store: the folder cannot be synced");
  }
  return {};
}

}  // namespace ems::io
