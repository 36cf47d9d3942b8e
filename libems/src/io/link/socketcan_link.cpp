// SPDX-License-Identifier: Apache-2.0
// The kernel's CAN sockets. Elsewhere than on Linux there are none.
#include <array>
#include <asio/buffer.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <string>
#include <utility>

#include "ems/io/link/can_adapters.hpp"
#include "io/link/can_core.hpp"

#ifdef __linux__
#include <linux/can.h>
#include <linux/can/error.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#endif

namespace ems::io {

#ifdef __linux__
namespace {

constexpr const char* kRefused = "the system refused the CAN interface";

using protocol::CanRecord;
using protocol::CanRecordKind;

CanRecord record_of(const ::can_frame& frame) {
  CanRecord record;
  record.extended = (frame.can_id & CAN_EFF_FLAG) != 0;
  record.id = frame.can_id & (record.extended ? CAN_EFF_MASK : CAN_SFF_MASK);
  if ((frame.can_id & CAN_ERR_FLAG) != 0) {
    record = {};
    record.kind = CanRecordKind::error;
    record.id = frame.can_id & CAN_ERR_MASK;
  } else if ((frame.can_id & CAN_RTR_FLAG) != 0) {
    record.kind = CanRecordKind::remote;
  }
  record.size = std::min<std::uint8_t>(frame.can_dlc, CAN_MAX_DLEN);
  std::memcpy(record.data.data(), frame.data, record.payload().size());
  return record;
}

::can_frame frame_of(const protocol::CanFrame& frame) {
  ::can_frame out{};
  out.can_id = frame.id | (frame.extended ? CAN_EFF_FLAG : 0U) | (frame.remote ? CAN_RTR_FLAG : 0U);
  out.can_dlc = frame.size;
  std::memcpy(out.data, frame.data.data(), frame.payload().size());
  return out;
}

class SocketcanCore final : public detail::CanCore {
 public:
  SocketcanCore(asio::any_io_executor executor, std::string interface_name, OpenCanSocket opener)
      : CanCore(std::move(executor), "socketcan:" + interface_name),
        interface_name_(std::move(interface_name)),
        opener_(std::move(opener)),
        socket_(executor_) {}

 private:
  std::shared_ptr<SocketcanCore> self() {
    return std::static_pointer_cast<SocketcanCore>(shared_from_this());
  }

  void start() override {
    LinkError error;
    const int fd = opener_(interface_name_, error);
    if (fd < 0) return failed_later({error.error, name_ + ": " + error.message});
    socket_.assign(fd);
    asio::post(executor_, [self = self(), generation = generation_] {
      if (self->generation_ != generation) return;
      self->opened();
      if (self->generation_ == generation) self->receive();
    });
  }

  void stop() override {
    std::error_code ignored;  // Closing a socket that is broken already may fail: it is gone.
    socket_.close(ignored);
  }

  // A read gives one whole frame: the socket keeps messages apart.
  void receive() {
    socket_.async_read_some(
        asio::buffer(&frame_, sizeof frame_),
        [self = self(), generation = generation_](const std::error_code& error, std::size_t size) {
          if (self->generation_ != generation) return;
          if (error) return self->lost(error.message());
          self->take(size);
          if (self->generation_ == generation) self->receive();
        });
  }

  void take(std::size_t size) {
    if (size != sizeof frame_) {
      ++counters_.refused;
      return;
    }
    if ((frame_.can_id & CAN_ERR_FLAG) != 0 && (frame_.can_id & CAN_ERR_BUSOFF) != 0) {
      return lost("the controller has left the bus (bus-off)");
    }
    deliver(record_of(frame_));
  }

  void lost(const std::string& why) {
    failed({fail(Errc::io, 0, "the CAN interface is lost").error, name_ + ": " + why});
  }

  Result<void> send(const protocol::CanFrame& frame) override {
    const ::can_frame out = frame_of(frame);
    if (::send(socket_.native_handle(), &out, sizeof out, MSG_DONTWAIT | MSG_NOSIGNAL) ==
        static_cast<ssize_t>(sizeof out)) {
      return {};
    }
    const bool full = errno == ENOBUFS || errno == EAGAIN || errno == EWOULDBLOCK;
    if (full) return fail(Errc::resource_exhausted, 0, "link: the interface's queue is full");
    return fail(Errc::io, 0, kRefused);
  }

  std::string interface_name_;
  OpenCanSocket opener_;
  asio::posix::stream_descriptor socket_;
  ::can_frame frame_{};
};

}  // namespace

int open_can_socket(const std::string& interface_name, LinkError& error) {
  const auto refuse = [&error](int number) {
    error = {fail(Errc::io, 0, kRefused).error, number == EAFNOSUPPORT || number == EPROTONOSUPPORT
                                                    ? "this kernel has no CAN"
                                                    : std::generic_category().message(number)};
    return -1;
  };
  ::ifreq request{};
  if (interface_name.empty() || interface_name.size() >= sizeof request.ifr_name) {
    return refuse(ENODEV);
  }
  const int fd = ::socket(PF_CAN, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, CAN_RAW);
  if (fd < 0) return refuse(errno);
  std::memcpy(request.ifr_name, interface_name.data(), interface_name.size());
  ::sockaddr_can address{};
  address.can_family = AF_CAN;
  const ::can_err_mask_t errors = CAN_ERR_BUSOFF;
  const bool bound = [&] {
    if (::ioctl(fd, SIOCGIFINDEX, &request) != 0) return false;
    address.can_ifindex = request.ifr_ifindex;
    if (::ioctl(fd, SIOCGIFFLAGS, &request) != 0) return false;
    if ((request.ifr_flags & IFF_UP) == 0) {
      errno = ENETDOWN;
      return false;
    }
    return ::setsockopt(fd, SOL_CAN_RAW, CAN_RAW_ERR_FILTER, &errors, sizeof errors) == 0 &&
           ::bind(fd, reinterpret_cast<const ::sockaddr*>(&address), sizeof address) == 0;
  }();
  if (bound) return fd;
  const int number = errno;
  ::close(fd);
  return refuse(number);
}

std::unique_ptr<CanLink> make_socketcan_link(asio::any_io_executor executor,
                                             std::string interface_name, OpenCanSocket opener) {
  EMS_ASSERT(opener != nullptr);
  return std::make_unique<detail::CoreCanLink>(std::make_shared<SocketcanCore>(
      std::move(executor), std::move(interface_name), std::move(opener)));
}

#else

int open_can_socket(const std::string&, LinkError& error) {
  error = {fail(Errc::unimplemented, 0, "SocketCAN is Linux only").error,
           "SocketCAN is Linux only"};
  return -1;
}

namespace {

/// It never opens.
class NoSocketcanCore final : public detail::CanCore {
 public:
  NoSocketcanCore(asio::any_io_executor executor, const std::string& interface_name)
      : CanCore(std::move(executor), "socketcan:" + interface_name) {}

 private:
  void start() override { failed_later(error_of(Errc::unimplemented, "SocketCAN is Linux only")); }
  void stop() override {}
  Result<void> send(const protocol::CanFrame&) override {
    return fail(Errc::unimplemented, 0, "SocketCAN is Linux only");
  }
};

}  // namespace

std::unique_ptr<CanLink> make_socketcan_link(asio::any_io_executor executor,
                                             std::string interface_name, OpenCanSocket) {
  return std::make_unique<detail::CoreCanLink>(
      std::make_shared<NoSocketcanCore>(std::move(executor), interface_name));
}

#endif

}  // namespace ems::io
