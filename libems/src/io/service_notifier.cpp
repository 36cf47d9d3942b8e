// SPDX-License-Identifier: Apache-2.0
#include "ems/io/service_notifier.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace ems::io {
namespace {

constexpr Duration kStatusInterval = seconds(5);

Result<std::int64_t> positive(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value <= 0) {
    return fail(Errc::syntax, 0, "WATCHDOG_USEC or WATCHDOG_PID is no positive number");
  }
  return value;
}

std::string variable(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? std::string{} : std::string{text};
}

}  // namespace

Result<ServiceNotifier> ServiceNotifier::make(ServiceEnvironment environment) {
  std::string& socket = environment.notify_socket;
  const bool usable = socket.size() > 1 && socket.size() < sizeof(sockaddr_un::sun_path) &&
                      (socket.front() == '/' || socket.front() == '@');
  if (!socket.empty() && !usable) {
    return fail(Errc::invalid_argument, 0, "NOTIFY_SOCKET is no unix socket");
  }
  std::optional<Duration> watchdog;
  if (!socket.empty() && !environment.watchdog_usec.empty()) {
    const Result<std::int64_t> usec = positive(environment.watchdog_usec);
    if (!usec) return fail(usec.error());
    bool for_us = true;
    if (!environment.watchdog_pid.empty()) {
      const Result<std::int64_t> pid = positive(environment.watchdog_pid);
      if (!pid) return fail(pid.error());
      for_us = *pid == ::getpid();
    }
    if (for_us) watchdog = microseconds(*usec);
  }
  return ServiceNotifier{std::move(socket), watchdog};
}

Result<ServiceNotifier> ServiceNotifier::from_environment() {
  return make({variable("NOTIFY_SOCKET"), variable("WATCHDOG_USEC"), variable("WATCHDOG_PID")});
}

Duration ServiceNotifier::interval() const noexcept {
  return watchdog_ ? microseconds(watchdog_->count() / 3) : kStatusInterval;
}

Result<void> ServiceNotifier::send(std::string_view state) const {
  if (!supervised()) return {};
  const auto refused = [] {
    return fail(Errc::io, static_cast<std::size_t>(errno),
                "the service manager does not take the datagram");
  };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_.front() == '@') address.sun_path[0] = '\0';  // An abstract name; no NUL ends it.
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  // A socket per message: the manager may have been restarted, and its socket with it.
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return refused();
  const auto* to = reinterpret_cast<const sockaddr*>(&address);
  const ssize_t sent = ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, to, length);
  const Result<void> done = sent < 0 ? Result<void>{refused()} : Result<void>{};
  ::close(fd);
  return done;
}

}  // namespace ems::io
