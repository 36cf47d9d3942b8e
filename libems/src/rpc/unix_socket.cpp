// SPDX-License-Identifier: Apache-2.0
#include "rpc/unix_socket.hpp"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace ems::rpc {

namespace {

constexpr const char* kGroup = "ems";
constexpr mode_t kMode = 0660;

// Somebody accepts connections there.
bool is_alive(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return true;  // Unknown: do not take the name away.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int done = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const bool refused = done != 0 && errno == ECONNREFUSED;
  (void)::close(fd);  // Nothing was written.
  return !refused;
}

}  // namespace

Result<std::string> socket_address(const std::filesystem::path& path) {
  const std::string text = path.string();
  if (text.empty() || text.size() >= sizeof(sockaddr_un::sun_path) ||
      text.find('\0') != std::string::npos) {
    return fail(Errc::invalid_argument, 0, "socket path: 1 to 107 bytes");
  }
  return "unix:" + text;
}

Result<void> remove_dead_socket(const std::filesystem::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return fail(Errc::io, 0, "the socket's folder cannot be read");
  }
  if (!S_ISSOCK(status.st_mode)) {
    return fail(Errc::already_exists, 0, "a file that is not a socket has that name");
  }
  if (is_alive(path.string())) {
    return fail(Errc::already_exists, 0, "another process answers at the socket");
  }
  if (::unlink(path.c_str()) == 0) return {};
  return fail(Errc::io, 0, "a dead socket cannot be removed");
}

PrivateFolder::PrivateFolder(const std::filesystem::path& parent) {
  std::string name = (parent / ".XXXXXX").string();
  if (::mkdtemp(name.data()) != nullptr) path_ = name;  // Mode 0700, mkdtemp(3).
}

PrivateFolder::~PrivateFolder() {
  if (made()) (void)::rmdir(path_.c_str());  // Empty: what was made in it has moved.
}

Result<void> restrict_socket(const std::filesystem::path& path) {
  group entry{};
  group* found = nullptr;
  std::array<char, 16384> buffer{};
  if (::getgrnam_r(kGroup, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    // Not in the group and not root: the group stays ours, which is narrower.
    (void)::chown(path.c_str(), static_cast<uid_t>(-1), found->gr_gid);
  }
  if (::chmod(path.c_str(), kMode) == 0) return {};
  return fail(Errc::io, 0, "the socket's mode cannot be set");
}

}  // namespace ems::rpc
