// SPDX-License-Identifier: Apache-2.0
#include "ems/io/ota/directory_fetcher.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "posix_file.hpp"
#include "url.hpp"

namespace ems::io {
namespace {

constexpr std::size_t kChunk = std::size_t{256} * 1024;

/// What a web server looks for; nothing where that is no single part of a path, or no other one.
std::optional<std::string> decoded(std::string_view part) {
  auto out = percent_decoded(part);
  if (!out || *out == part || !posix::is_file_name(*out)) return std::nullopt;
  return out;
}

posix::Fd open_part(int folder, std::string_view part, int flags) {
  posix::Fd fd = posix::open_at(folder, std::string{part}, flags);
  if (fd || (errno != ENOENT && errno != ENAMETOOLONG)) return fd;
  if (const auto other = decoded(part)) return posix::open_at(folder, *other, flags);
  errno = ENOENT;
  return fd;
}

Result<posix::Fd> open_below(int folder, std::string_view path) {
  posix::Fd at;
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (!posix::is_file_name(part) && !decoded(part)) {  // Encoding may make it too long.
      return fail(Errc::download, begin, "folder: a path that could leave it");
    }
    const bool last = end == path.size();
    at = open_part(at ? at.get() : folder, part,
                   last ? O_RDONLY | O_NONBLOCK : O_RDONLY | O_DIRECTORY);
    if (!at && errno == ENOENT) return fail(Errc::not_found, 0, "folder: no such file");
    if (!at) return fail(Errc::download, 0, "folder: a link, or a file that cannot be opened");
    if (last) return at;
    begin = end + 1;
  }
}

Result<std::pair<posix::Fd, std::uint64_t>> open_file(int folder, std::string_view path,
                                                      std::uint64_t size_max) {
  auto file = open_below(folder, path);
  if (!file) return fail(file.error());
  const std::int64_t size = posix::size_of(file->get());
  if (size < 0) return fail(Errc::download, 0, "folder: not a plain file");
  if (static_cast<std::uint64_t>(size) > size_max) {
    return fail(Errc::too_large, 0, "folder: a file with more bytes than allowed");
  }
  return std::pair{std::move(*file), static_cast<std::uint64_t>(size)};
}

}  // namespace

Result<DirectoryFetcher> DirectoryFetcher::open(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fail(Errc::download, 0, "folder: not one that can be opened");
  return DirectoryFetcher{fd};
}

DirectoryFetcher::DirectoryFetcher(DirectoryFetcher&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}
DirectoryFetcher& DirectoryFetcher::operator=(DirectoryFetcher&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
DirectoryFetcher::~DirectoryFetcher() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::vector<std::byte>> DirectoryFetcher::metadata(std::string_view name,
                                                          std::size_t size_max) {
  const auto file = open_file(fd_, name, size_max);
  if (!file) return fail(file.error());
  std::vector<std::byte> data(static_cast<std::size_t>(file->second));
  const std::int64_t got = posix::read_at(file->first.get(), 0, data);
  if (got < 0) return fail(Errc::download, 0, "folder: a file cannot be read");
  data.resize(static_cast<std::size_t>(got));
  return data;
}

Result<void> DirectoryFetcher::target(std::string_view path, std::uint64_t from, std::uint64_t size,
                                      ota::tuf::Sink& sink) {
  const auto file = open_file(fd_, path, size);
  if (!file) return fail(file.error());
  std::vector<std::byte> buffer(kChunk);
  for (std::uint64_t at = from; at < file->second;) {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, file->second - at));
    const std::int64_t got = posix::read_at(file->first.get(), at, std::span{buffer}.first(want));
    if (got < 0) return fail(Errc::download, 0, "folder: a file cannot be read");
    if (got == 0) break;  // It became shorter: the client finds the length wrong.
    const Bytes piece = Bytes{buffer}.first(static_cast<std::size_t>(got));
    if (const auto taken = sink.write(piece); !taken) return taken;
    at += static_cast<std::uint64_t>(got);
  }
  return {};
}

}  // namespace ems::io
