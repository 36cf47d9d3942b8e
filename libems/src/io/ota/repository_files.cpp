// SPDX-License-Identifier: Apache-2.0
#include "io/ota/repository_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "ems/io/hex.hpp"
#include "ems/io/ota/openssl_crypto.hpp"
#include "io/ota/posix_file.hpp"

namespace ems::io::repository {

namespace fs = std::filesystem;

namespace {

constexpr const char* kIncoming = ".incoming";
constexpr mode_t kFileMode = 0644;  // Whatever the umask says: a web server reads it.
constexpr mode_t kFolderMode = 0755;

Result<void> sync_folder(const fs::path& folder) {
  const posix::Fd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  const int error = fd ? posix::sync(fd.get()) : errno;
  if (error != 0) return failed(error, "the folder cannot be synced");
  return {};
}

Result<void> make_folders(const fs::path& root, const fs::path& below) {
  fs::path at = root;
  for (const fs::path& part : below) {
    const fs::path parent = at;
    at /= part;
    if (::mkdir(at.c_str(), kFolderMode) != 0) {
      if (errno != EEXIST) return failed(errno, "the folder cannot be made");
      continue;
    }
    if (::chmod(at.c_str(), kFolderMode) != 0) return failed(errno, "the folder cannot be made");
    if (const auto durable = sync_folder(parent); !durable) return durable;
  }
  return {};
}

}  // namespace

Failure failed(int error, const char* what) noexcept {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return fail(Errc::not_found, 0, "no such file or folder");
    case EEXIST:
      return fail(Errc::already_exists, 0, "a file of that name is there already");
    case EACCES:
    case EPERM:
    case ELOOP:
      return fail(Errc::permission_denied, 0, what);
    default:
      return posix::failure(error, Errc::io, what);
  }
}

std::string hex_text(Bytes bytes) {
  std::string out = to_hex(bytes);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

Result<std::string> read_text(const fs::path& file, std::size_t size_max) {
  const posix::Fd fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd) return failed(errno, "the file cannot be read");
  const std::int64_t size = posix::size_of(fd.get());
  if (size < 0) return fail(Errc::io, 0, "it is not a plain file");
  if (static_cast<std::uint64_t>(size) > size_max) {
    return fail(Errc::too_large, 0, "the file is larger than any of its kind");
  }
  std::string text(static_cast<std::size_t>(size), '\0');
  const std::int64_t got = posix::read_at(fd.get(), 0, std::as_writable_bytes(std::span(text)));
  if (got != size) return fail(Errc::io, 0, "the file cannot be read");
  return text;
}

Result<Incoming> Incoming::make(const fs::path& staged) {
  const fs::path path = staged / kIncoming;
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {  // What a crash left is worth nothing.
    return failed(errno, "the file cannot be made");
  }
  posix::Fd fd = posix::open_at(AT_FDCWD, path.string(), O_WRONLY | O_CREAT | O_EXCL, kFileMode);
  if (!fd) return failed(errno, "the file cannot be made");
  return Incoming(path, fd.release());
}

Incoming::Incoming(fs::path path, int fd) noexcept : path_(std::move(path)), fd_(fd) {}
Incoming::Incoming(Incoming&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}
Incoming::~Incoming() {
  if (fd_ < 0) return;
  ::close(fd_);
  (void)::unlink(path_.c_str());  // Not wanted any more; the next make() would remove it.
}

Result<void> Incoming::write(Bytes data) {
  const int error = posix::write_all(fd_, data);
  if (error != 0) return failed(error, "the file cannot be written");
  return {};
}

Result<void> Incoming::name(const fs::path& root, const fs::path& below) {
  int error = ::fchmod(fd_, kFileMode) == 0 ? 0 : errno;
  if (error == 0) error = posix::sync(fd_);
  if (error != 0) return failed(error, "the file cannot be written");
  if (const auto made = make_folders(root, below.parent_path()); !made) return made;
  const fs::path to = root / below;
  if (::rename(path_.c_str(), to.c_str()) != 0) return failed(errno, "the file cannot be named");
  ::close(std::exchange(fd_, -1));  // Synced: nothing to lose.
  return sync_folder(to.parent_path());
}

Result<void> write_text(const fs::path& staged, const fs::path& root, const fs::path& below,
                        std::string_view text) {
  Result<Incoming> file = Incoming::make(staged);
  if (!file) return fail(file.error());
  if (const auto written = file->write(std::as_bytes(std::span(text))); !written) return written;
  return file->name(root, below);
}

Result<void> remove(const fs::path& file) {
  if (::unlink(file.c_str()) == 0) return sync_folder(file.parent_path());
  if (errno == ENOENT) return {};
  return failed(errno, "the file cannot be removed");
}

Result<Copied> copy(const fs::path& file, Incoming& out) {
  constexpr std::size_t kChunk = 256 * 1024;
  const posix::Fd fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd) return failed(errno, "the file cannot be read");
  if (posix::size_of(fd.get()) < 0) return fail(Errc::io, 0, "it is not a plain file");
  std::vector<std::byte> chunk(kChunk);
  OpenSslHasher hasher;
  hasher.begin(ota::HashAlgorithm::sha256);
  Copied copied{};
  for (;;) {
    const std::int64_t got = posix::read_at(fd.get(), copied.length, chunk);
    if (got < 0) return failed(errno, "the file cannot be read");
    if (got == 0) break;
    const Bytes piece = Bytes(chunk).first(static_cast<std::size_t>(got));
    hasher.update(piece);
    copied.length += piece.size();
    if (const auto written = out.write(piece); !written) return fail(written.error());
  }
  (void)hasher.finish(copied.sha256);  // 32 bytes, always.
  return copied;
}

}  // namespace ems::io::repository
