// SPDX-License-Identifier: Apache-2.0
#include "witness.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <string_view>

namespace ems::fleet {
namespace {

constexpr std::size_t kHexSize = 32;
constexpr std::size_t kDigits = 20;
constexpr std::size_t kSize = kHexSize + 1 + kDigits + 1;

std::optional<Witness::Seen> parse(std::string_view text) {
  if (text.size() != kSize || text[kHexSize] != ' ' || text.back() != '\n') return std::nullopt;
  Witness::Seen seen;
  for (std::size_t i = 0; i < seen.generation.size(); ++i) {
    unsigned byte = 0;
    const char* at = text.data() + 2 * i;
    if (std::from_chars(at, at + 2, byte, 16).ptr != at + 2) return std::nullopt;
    seen.generation[i] = static_cast<std::byte>(byte);
  }
  const char* digits = text.data() + kHexSize + 1;
  if (std::from_chars(digits, digits + kDigits, seen.groups).ptr != digits + kDigits) {
    return std::nullopt;
  }
  return seen;
}

}  // namespace

Witness::~Witness() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::optional<Witness::Seen>> Witness::open(const std::string& path) {
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd_ < 0) {
    if (errno == EACCES || errno == EROFS || errno == EPERM) {
      return fail(Errc::read_only, 0, "fleet: the generation file cannot be written");
    }
    return fail(Errc::io, 0, "fleet: the generation file cannot be opened");
  }
  std::array<char, kSize + 1> buffer{};
  const ssize_t size = ::pread(fd_, buffer.data(), buffer.size(), 0);
  if (size < 0) return fail(Errc::io, 0, "fleet: the generation file cannot be read");
  return parse({buffer.data(), static_cast<std::size_t>(size)});
}

void Witness::write(const Seen& seen) noexcept {
  std::array<char, kSize + 1> buffer{};
  for (std::size_t i = 0; i < seen.generation.size(); ++i) {
    std::snprintf(buffer.data() + 2 * i, 3, "%02x", std::to_integer<unsigned>(seen.generation[i]));
  }
  std::snprintf(buffer.data() + kHexSize, kDigits + 3, " %020llu\n",
                static_cast<unsigned long long>(seen.groups));
  // A witness that cannot be written is behind: harmless, see the class comment.
  [[maybe_unused]] const ssize_t written = ::pwrite(fd_, buffer.data(), kSize, 0);
}

}  // namespace ems::fleet
