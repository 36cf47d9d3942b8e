// SPDX-License-Identifier: Apache-2.0
#include "io/link/serial_port.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace ems::io::detail {
namespace {

struct BaudRow {
  int baud;
  speed_t speed;
};
constexpr std::array kBauds = {
    BaudRow{1'200, B1200},     BaudRow{2'400, B2400},     BaudRow{4'800, B4800},
    BaudRow{9'600, B9600},     BaudRow{19'200, B19200},   BaudRow{38'400, B38400},
    BaudRow{57'600, B57600},   BaudRow{115'200, B115200}, BaudRow{230'400, B230400},
    BaudRow{460'800, B460800}, BaudRow{921'600, B921600}};

std::optional<speed_t> speed_of(int baud) noexcept {
  for (const BaudRow& row : kBauds) {
    if (row.baud == baud) return row.speed;
  }
  return std::nullopt;
}

bool make_raw(int fd, speed_t speed) noexcept {
  termios settings{};
  if (::tcgetattr(fd, &settings) != 0) return false;
  ::cfmakeraw(&settings);
  settings.c_cflag &= ~static_cast<tcflag_t>(CSTOPB | PARENB | CRTSCTS);
  settings.c_cflag |= static_cast<tcflag_t>(CS8 | CLOCAL | CREAD);
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VTIME] = 0;
  if (::cfsetispeed(&settings, speed) != 0 || ::cfsetospeed(&settings, speed) != 0) return false;
  return ::tcsetattr(fd, TCSANOW, &settings) == 0 && ::tcflush(fd, TCIOFLUSH) == 0;
}

}  // namespace

bool is_standard_baud(int baud) noexcept { return speed_of(baud).has_value(); }

LinkError system_error(const std::string& place, int error_number) {
  const bool busy = error_number == EBUSY || error_number == EWOULDBLOCK;
  const Failure failure = busy ? fail(Errc::unavailable, 0, "line is in use by another process")
                               : fail(Errc::io, 0, "the operating system refused the line");
  const std::string text =
      busy ? "in use by another process" : std::generic_category().message(error_number);
  return {failure.error, place + ": " + text};
}

std::optional<LinkError> lock_line(int fd, const std::string& device) {
  // TIOCEXCL keeps ordinary users out, the lock also keeps out those (root) it does not stop.
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0 || ::ioctl(fd, TIOCEXCL) != 0) {
    return system_error(device, errno);
  }
  return std::nullopt;
}

int open_serial(const SerialOptions& options, LinkError& error) {
  const auto speed = speed_of(options.baud);
  if (!speed) {
    error = {fail(Errc::invalid_argument, 0, "not a standard baud rate").error,
             options.device + ": " + std::to_string(options.baud) + " is not a standard baud rate"};
    return -1;
  }
  const int fd = ::open(options.device.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    error = system_error(options.device, errno);
    return -1;
  }
  std::optional<LinkError> failed = lock_line(fd, options.device);
  if (!failed && !make_raw(fd, *speed)) failed = system_error(options.device, errno);
  if (!failed) return fd;
  error = std::move(*failed);
  ::close(fd);
  return -1;
}

}  // namespace ems::io::detail
