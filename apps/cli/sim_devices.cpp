// SPDX-License-Identifier: Apache-2.0
#include "sim_devices.hpp"

#include <fcntl.h>
#include <pty.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <asio/buffer.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <utility>

namespace ems::cli {
namespace {

/// A request whose rest does not come within this time is forgotten, like on a real line.
constexpr std::int64_t kLineIdle_ms = 500;
constexpr std::size_t kReplyQueue = 64;  ///< Replies waiting for their delay; more are dropped.

std::int64_t monotonic_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

template <class Stream>
class ReplySender : public std::enable_shared_from_this<ReplySender<Stream>> {
 public:
  ReplySender(asio::io_context& io, std::shared_ptr<Stream> stream)
      : timer_(io), stream_(std::move(stream)) {}

  void send(std::vector<sim::Reply> replies) {
    for (sim::Reply& reply : replies) {
      if (queue_.size() < kReplyQueue) queue_.push_back(std::move(reply));
    }
    if (!busy_) next();
  }

 private:
  void next() {
    busy_ = !queue_.empty();
    if (!busy_) return;
    auto self = this->shared_from_this();
    timer_.expires_after(std::chrono::microseconds(queue_.front().delay.count()));
    timer_.async_wait([self](const asio::error_code& error) {
      if (error) return;
      asio::async_write(*self->stream_, asio::buffer(self->queue_.front().bytes),
                        [self](const asio::error_code& failed, std::size_t) {
                          self->queue_.pop_front();
                          if (!failed) self->next();
                        });
    });
  }

  asio::steady_timer timer_;
  std::shared_ptr<Stream> stream_;
  std::deque<sim::Reply> queue_;
  bool busy_ = false;
};

// ---- pty ---------------------------------------------------------------------------------------

Result<std::unique_ptr<PtyDevice>> PtyDevice::open(asio::io_context& io, sim::Site& site,
                                                   sim::Device device) {
  int master = -1;
  int slave = -1;
  std::array<char, 128> path{};
  if (openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) {
    return fail(Errc::io, 0, "sim: no pseudo terminal");
  }
  termios settings{};
  const bool ready =
      ttyname_r(slave, path.data(), path.size()) == 0 && tcgetattr(slave, &settings) == 0;
  if (ready) cfmakeraw(&settings);
  if (!ready || tcsetattr(slave, TCSANOW, &settings) != 0 ||
      fcntl(master, F_SETFD, FD_CLOEXEC) != 0 || fcntl(slave, F_SETFD, FD_CLOEXEC) != 0) {
    close(master);
    close(slave);
    return fail(Errc::io, 0, "sim: pseudo terminal cannot be set up");
  }
  return std::unique_ptr<PtyDevice>(new PtyDevice(io, site, device, master, slave, path.data()));
}

PtyDevice::PtyDevice(asio::io_context& io, sim::Site& site, sim::Device device, int master,
                     int slave, std::string path)
    : io_(io),
      master_(std::make_shared<asio::posix::stream_descriptor>(io, master)),
      slave_(slave),
      path_(std::move(path)),
      port_(site, device),
      sender_(std::make_shared<ReplySender<asio::posix::stream_descriptor>>(io, master_)) {
  read_next();
}

PtyDevice::~PtyDevice() { close(slave_); }

void PtyDevice::read_next() {
  master_->async_read_some(asio::buffer(buffer_),
                           [this](const asio::error_code& error, std::size_t size) {
                             if (error) return;  // Only at shutdown: the far side is open here.
                             const std::int64_t now_ms = monotonic_ms();
                             if (now_ms - last_byte_ms_ > kLineIdle_ms) port_.idle();
                             last_byte_ms_ = now_ms;
                             sender_->send(port_.receive(Bytes(buffer_).first(size)));
                             read_next();
                           });
}

// ---- tcp ---------------------------------------------------------------------------------------

namespace {

class TcpConversation : public std::enable_shared_from_this<TcpConversation> {
 public:
  TcpConversation(asio::io_context& io, asio::ip::tcp::socket socket, sim::Site& site,
                  sim::Device device)
      : socket_(std::make_shared<asio::ip::tcp::socket>(std::move(socket))),
        port_(site, device),
        sender_(std::make_shared<ReplySender<asio::ip::tcp::socket>>(io, socket_)) {}

  void read_next() {
    socket_->async_read_some(
        asio::buffer(buffer_),
        [self = shared_from_this()](const asio::error_code& error, std::size_t size) {
          if (error) {
            asio::error_code ignored;
            self->socket_->close(ignored);  // NOLINT(bugprone-unused-return-value)
            return;
          }
          self->sender_->send(self->port_.receive(Bytes(self->buffer_).first(size)));
          self->read_next();
        });
  }

 private:
  std::shared_ptr<asio::ip::tcp::socket> socket_;
  sim::Port port_;
  std::shared_ptr<ReplySender<asio::ip::tcp::socket>> sender_;
  std::array<std::byte, 512> buffer_{};
};

}  // namespace

Result<std::unique_ptr<TcpDevice>> TcpDevice::open(asio::io_context& io, sim::Site& site,
                                                   sim::Device device, std::uint16_t port) {
  asio::error_code error;
  asio::ip::tcp::acceptor acceptor(io);
  const asio::ip::tcp::endpoint local(asio::ip::address_v4::loopback(), port);
  (void)acceptor.open(local.protocol(), error);
  if (!error) (void)acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) (void)acceptor.bind(local, error);
  if (!error) (void)acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return fail(Errc::io, 0, "sim: the TCP port of the PCS cannot be opened");
  return std::unique_ptr<TcpDevice>(new TcpDevice(io, site, device, std::move(acceptor)));
}

TcpDevice::TcpDevice(asio::io_context& io, sim::Site& site, sim::Device device,
                     asio::ip::tcp::acceptor acceptor)
    : io_(io),
      site_(site),
      device_(device),
      acceptor_(std::move(acceptor)),
      port_(acceptor_.local_endpoint().port()) {
  accept_next();
}

void TcpDevice::accept_next() {
  acceptor_.async_accept([this](const asio::error_code& error, asio::ip::tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) {
      asio::error_code ignored;
      (void)socket.set_option(asio::ip::tcp::no_delay(true), ignored);
      std::make_shared<TcpConversation>(io_, std::move(socket), site_, device_)->read_next();
    }
    accept_next();
  });
}

// ---- stdin -------------------------------------------------------------------------------------

ControlLines::ControlLines(asio::io_context& io, Handler handler)
    : input_(io), handler_(std::move(handler)) {
  struct stat info {};
  // A file or /dev/null cannot be waited for; a pipe, a terminal and a socket can.
  if (fstat(STDIN_FILENO, &info) != 0) return;
  if (!S_ISFIFO(info.st_mode) && !S_ISSOCK(info.st_mode) && isatty(STDIN_FILENO) == 0) return;
  const int copy = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return;
  asio::error_code error;
  (void)input_.assign(copy, error);
  if (error) {
    close(copy);
    return;
  }
  read_next();
}

void ControlLines::read_next() {
  input_.async_read_some(asio::buffer(buffer_),
                         [this](const asio::error_code& error, std::size_t size) {
                           if (error) return;  // End of input: the simulation goes on.
                           for (std::size_t i = 0; i < size; ++i) {
                             if (buffer_[i] != '\n') {
                               too_long_ = too_long_ || line_.size() >= kLineMax;
                               if (!too_long_) line_ += buffer_[i];
                               continue;
                             }
                             if (!too_long_) handler_(line_);
                             line_.clear();
                             too_long_ = false;
                           }
                           read_next();
                         });
}

}  // namespace ems::cli
