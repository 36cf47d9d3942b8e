// SPDX-License-Identifier: Apache-2.0
#include "ems/io/ota/file_sink.hpp"

#include <dirent.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <span>
#include <utility>
#include <vector>

#include "ems/io/hex.hpp"
#include "ems/io/ota/openssl_crypto.hpp"
#include "posix_file.hpp"
#include "write_back.hpp"

namespace ems::io {
namespace {

using ota::HashAlgorithm;
using ota::tuf::Target;

constexpr std::size_t kChunk = std::size_t{256} * 1024;
constexpr unsigned kFileMode = 0644;

Failure io_failure(int error, const char* what) noexcept {
  return posix::failure(error, Errc::io, what);
}

/// Hash over the first `size` bytes of a file; false: it has fewer, or cannot be read.
bool hash_file(int fd, std::uint64_t size, HashAlgorithm algorithm, ota::Hasher& hasher,
               MutableBytes out) {
  std::vector<std::byte> buffer(kChunk);
  hasher.begin(algorithm);
  for (std::uint64_t at = 0; at < size;) {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, size - at));
    const std::int64_t got = posix::read_at(fd, at, std::span{buffer}.first(want));
    if (got <= 0) return false;
    hasher.update(Bytes{buffer}.first(static_cast<std::size_t>(got)));
    at += static_cast<std::uint64_t>(got);
  }
  (void)hasher.finish(out);
  return true;
}

bool has_hashes(int fd, const Target& target, ota::Hasher& hasher) {
  ota::Sha512 sum{};
  if (target.sha256) {
    if (!hash_file(fd, target.length, HashAlgorithm::sha256, hasher, sum)) return false;
    if (!std::equal(target.sha256->begin(), target.sha256->end(), sum.begin())) return false;
  }
  if (target.sha512) {
    if (!hash_file(fd, target.length, HashAlgorithm::sha512, hasher, sum)) return false;
    if (*target.sha512 != sum) return false;
  }
  return target.sha256 || target.sha512;
}

constexpr std::size_t kHashDigits = 16;
constexpr std::string_view kPart = ".part";

/// What a partial file has of its file's name: all of it, or its hash where that would be too long.
std::string stem_of(const std::string& name) {
  if (name.size() + kHashDigits + kPart.size() + 2 <= NAME_MAX) return name;
  return to_hex(OpenSslCrypto{}.sha256(std::as_bytes(std::span{name})));
}

/// `.NAME.HASH.part`: of this content only.
std::string part_name(const std::string& name, const Target& target) {
  const Bytes hash = target.sha256 ? Bytes{*target.sha256} : Bytes{*target.sha512};
  return "." + stem_of(name) + "." + to_hex(hash.first(kHashDigits / 2)) + std::string{kPart};
}

/// Removes what was begun of other contents of the same file: nobody will go on with it.
void remove_stale_parts(int folder, const std::string& name, const std::string& keep) {
  posix::Fd fd = posix::open_at(folder, ".", O_RDONLY | O_DIRECTORY);
  DIR* list = fd ? ::fdopendir(fd.get()) : nullptr;
  if (list == nullptr) return;
  (void)fd.release();
  const std::string begin = "." + stem_of(name) + ".";
  while (const dirent* entry = ::readdir(list)) {
    const std::string_view found{entry->d_name};
    if (found != keep && found.starts_with(begin) && found.ends_with(kPart) &&
        found.size() == begin.size() + kHashDigits + kPart.size()) {
      (void)::unlinkat(folder, entry->d_name, 0);
    }
  }
  ::closedir(list);
}

/// A plain file that nobody else can have open for writing through another name.
bool is_ours(int fd) noexcept {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == ::geteuid() &&
         info.st_nlink == 1 && (info.st_mode & 022U) == 0;
}

/// The partial file of an earlier attempt, or a new one.
posix::Fd open_part(int folder, const std::string& name) {
  posix::Fd fd = posix::open_at(folder, name, O_RDWR | O_NONBLOCK);
  if (fd && is_ours(fd.get())) return fd;
  if (fd || errno == ELOOP) (void)::unlinkat(folder, name.c_str(), 0);
  return posix::open_at(folder, name, O_RDWR | O_CREAT | O_EXCL, kFileMode);
}

}  // namespace

Result<FileSink> FileSink::open(const std::filesystem::path& file, const Target& target) {
  FileSink sink;
  sink.name_ = file.filename().string();
  if (!posix::is_file_name(sink.name_)) {
    return fail(Errc::invalid_argument, 0, "file sink: not a file's name");
  }
  if (!target.sha256 && !target.sha512) {
    return fail(Errc::invalid_argument, 0, "file sink: a target without a hash");
  }
  sink.target_ = target;
  sink.part_ = part_name(sink.name_, target);
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  sink.folder_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (sink.folder_ < 0) return io_failure(errno, "file sink: the folder cannot be opened");

  remove_stale_parts(sink.folder_, sink.name_, sink.part_);
  posix::Fd fd = open_part(sink.folder_, sink.part_);
  if (!fd) return io_failure(errno, "file sink: the partial file cannot be made");
  sink.fd_ = fd.release();
  if (::flock(sink.fd_, LOCK_EX | LOCK_NB) != 0) {
    return fail(Errc::unavailable, 0, "file sink: another program is downloading this");
  }
  sink.kept_ = static_cast<std::uint64_t>(std::max<std::int64_t>(posix::size_of(sink.fd_), 0));
  if (sink.kept_ > target.length) {
    if (::ftruncate(sink.fd_, 0) != 0) return io_failure(errno, "file sink: cannot be emptied");
    sink.kept_ = 0;
  }
  sink.size_ = sink.kept_;
  // Room for all of it, without changing what the file says it holds. Not every file system can.
  if (target.length > 0 &&
      ::fallocate(sink.fd_, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(target.length)) != 0 &&
      errno != EOPNOTSUPP) {
    const int error = errno;
    if (sink.kept_ == 0) sink.discard();
    return io_failure(error, "file sink: no room for the whole target");
  }
  if (::lseek(sink.fd_, static_cast<off_t>(sink.kept_), SEEK_SET) < 0) {
    return io_failure(errno, "file sink: the partial file cannot be positioned");
  }
  sink.write_back_ = std::make_unique<WriteBack>(sink.fd_, sink.size_);
  return sink;
}

FileSink::FileSink() = default;

FileSink::FileSink(FileSink&& other) noexcept
    : folder_(std::exchange(other.folder_, -1)),
      fd_(std::exchange(other.fd_, -1)),
      name_(std::move(other.name_)),
      part_(std::move(other.part_)),
      target_(std::move(other.target_)),
      kept_(other.kept_),
      size_(other.size_),
      write_back_(std::move(other.write_back_)) {}
FileSink& FileSink::operator=(FileSink&& other) noexcept {
  std::swap(folder_, other.folder_);
  std::swap(fd_, other.fd_);
  name_.swap(other.name_);
  part_.swap(other.part_);
  std::swap(target_, other.target_);
  std::swap(kept_, other.kept_);
  std::swap(size_, other.size_);
  write_back_.swap(other.write_back_);
  return *this;
}
FileSink::~FileSink() { close(); }

void FileSink::close() noexcept {
  write_back_.reset();  // It ends before the descriptor does.
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  if (folder_ >= 0) ::close(std::exchange(folder_, -1));
}

Result<void> FileSink::write(Bytes data) {
  if (fd_ < 0) return fail(Errc::failed_precondition, 0, "file sink: it is closed");
  if (data.size() > target_.length - size_) {
    return fail(Errc::too_large, 0, "file sink: more bytes than the target has");
  }
  if (const int error = posix::write_all(fd_, data); error != 0) {
    return io_failure(error, "file sink: the partial file cannot be written");
  }
  size_ += data.size();
  write_back_->written(size_);
  return {};
}

Result<void> FileSink::read_kept(std::uint64_t at, MutableBytes out) {
  if (at > kept_ || out.size() > kept_ - at) {
    return fail(Errc::out_of_range, 0, "file sink: more than was kept");
  }
  if (posix::read_at(fd_, at, out) != static_cast<std::int64_t>(out.size())) {
    return fail(Errc::io, 0, "file sink: the partial file cannot be read");
  }
  return {};
}

Result<void> FileSink::commit(ota::Hasher* read_back) {
  if (fd_ < 0) return fail(Errc::failed_precondition, 0, "file sink: it is closed");
  if (size_ != target_.length) return fail(Errc::length, 0, "file sink: not whole yet");
  if (const int error = posix::sync(fd_); error != 0) {
    return io_failure(error, "file sink: the file cannot be synced");
  }
  if (read_back != nullptr) {
    (void)::posix_fadvise(fd_, 0, 0, POSIX_FADV_DONTNEED);  // From the disk, not from memory.
    if (!has_hashes(fd_, target_, *read_back)) {
      return fail(Errc::hash, 0, "file sink: the disk holds other bytes than were written");
    }
  }
  if (::renameat(folder_, part_.c_str(), folder_, name_.c_str()) != 0) {
    return io_failure(errno, "file sink: the file cannot be put into its place");
  }
  if (const int error = posix::sync(folder_); error != 0) {
    return io_failure(error, "file sink: the folder cannot be synced");
  }
  close();
  return {};
}

void FileSink::discard() noexcept {
  if (folder_ >= 0) (void)::unlinkat(folder_, part_.c_str(), 0);
  close();
}

bool holds(const std::filesystem::path& file, const Target& target, ota::Hasher& hasher) {
  const posix::Fd fd = posix::open_at(AT_FDCWD, file.string(), O_RDONLY | O_NONBLOCK);
  if (!fd) return false;
  return posix::size_of(fd.get()) == static_cast<std::int64_t>(target.length) &&
         has_hashes(fd.get(), target, hasher);
}

Result<bool> fetch_to_file(ota::tuf::Client& client, const Target& target,
                           const std::filesystem::path& file) {
  OpenSslHasher sha256;
  OpenSslHasher sha512;
  if (holds(file, target, sha256)) return false;
  for (bool again = true;; again = false) {
    auto sink = FileSink::open(file, target);
    if (!sink) return fail(sink.error());
    const auto done = client.download(target, sha256, sha512, *sink);
    if (done) {
      const auto placed = sink->commit();
      return placed ? Result<bool>{true} : fail(placed.error());
    }
    const Errc code = done.error().code;
    const bool wrong = code == Errc::hash || code == Errc::length || code == Errc::too_large;
    const bool from_before = sink->kept() > 0;
    if (wrong) sink->discard();
    if (!wrong || !from_before || !again) return fail(done.error());
  }
}

}  // namespace ems::io
