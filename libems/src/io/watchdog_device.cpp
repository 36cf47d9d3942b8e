// SPDX-License-Identifier: Apache-2.0
#include "ems/io/watchdog_device.hpp"

#include <fcntl.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ems::io {
namespace {

constexpr int kTimeoutSeconds = static_cast<int>(kWatchdogDeviceTimeout.count() / 1'000'000);
/// It is petted once a second: a shorter time would restart a healthy machine.
constexpr int kTimeoutSecondsMin = 3;

Failure refused(const char* what) { return fail(Errc::io, static_cast<std::size_t>(errno), what); }

}  // namespace

Result<WatchdogDevice> WatchdogDevice::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return refused("the watchdog device cannot be opened");
  WatchdogDevice device(fd);
  watchdog_info info{};
  if (::ioctl(fd, WDIOC_GETSUPPORT, &info) != 0) {
    device.fd_ = -1;
    ::close(fd);  // Not a watchdog: nothing was armed.
    return fail(Errc::failed_precondition, 0, "this is no watchdog device");
  }
  int timeout = kTimeoutSeconds;
  if (::ioctl(fd, WDIOC_SETTIMEOUT, &timeout) != 0 &&
      ::ioctl(fd, WDIOC_GETTIMEOUT, &timeout) != 0) {
    timeout = kTimeoutSeconds;  // A driver that does not say; there are few.
  }
  if (timeout < kTimeoutSecondsMin) {
    (void)device.disarm();
    return fail(Errc::failed_precondition, static_cast<std::size_t>(timeout),
                "the watchdog device restarts sooner than in 3 s");
  }
  return device;
}

WatchdogDevice::~WatchdogDevice() {
  if (fd_ >= 0) ::close(fd_);
}

WatchdogDevice::WatchdogDevice(WatchdogDevice&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

WatchdogDevice& WatchdogDevice::operator=(WatchdogDevice&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Result<void> WatchdogDevice::put(char byte) noexcept {
  if (fd_ < 0) return fail(Errc::failed_precondition, 0, "the watchdog device is closed");
  if (::write(fd_, &byte, 1) != 1) return refused("the watchdog device takes no write");
  return {};
}

Result<void> WatchdogDevice::pet() noexcept { return put('\0'); }

Result<void> WatchdogDevice::disarm() noexcept {
  const Result<void> done = put('V');
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  return done;
}

}  // namespace ems::io
