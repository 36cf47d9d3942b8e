// SPDX-License-Identifier: Apache-2.0
#include "io/link/tcp_writer.hpp"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "ems/core/assert.hpp"

namespace ems::io::detail {
namespace {

namespace modbus = protocol::modbus;

// A peer that takes nothing for so many attempts, kStopPause apart, gets a second connection.
constexpr int kBlockedMax = 5;

ssize_t send_now(int fd, const std::byte* data, std::size_t size) noexcept {
  return ::send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool would_wait() noexcept { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

// Bytes that the peer's TCP has not acknowledged.
int unacknowledged(int fd) noexcept {
  int bytes = 0;
  return ::ioctl(fd, SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

}  // namespace

TcpWriter::~TcpWriter() { close_spare(); }

// ---- the strand --------------------------------------------------------------------------------

void TcpWriter::attach(int fd) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  const bool known = ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
  const std::lock_guard lock(mutex_);
  fd_ = fd;
  begin_ = end_ = 0;
  if (known) {
    peer_ = peer;
    peer_size_ = size;
  }
}

void TcpWriter::detach() noexcept {
  const std::lock_guard lock(mutex_);
  fd_ = -1;
  begin_ = end_ = 0;
}

TcpWriter::Sent TcpWriter::put(Bytes frame) noexcept {
  const std::lock_guard lock(mutex_);
  return add(frame) ? push() : Sent::broken;
}

TcpWriter::Sent TcpWriter::flush() noexcept {
  const std::lock_guard lock(mutex_);
  return push();
}

void TcpWriter::set_stop(const StopPlan& plan) {
  Unit made{plan.unit, {}};
  for (const std::vector<std::byte>& pdu : plan.pdus) {
    Frame frame(modbus::kTcpFrameSize);
    const auto transaction = static_cast<std::uint16_t>(kStopTransaction + made.steps.size());
    const Result<std::size_t> size = modbus::encode_tcp(transaction, plan.unit, pdu, frame);
    EMS_ASSERT(size && "a stop is of PDUs that fit");
    frame.resize(*size);
    made.steps.push_back(std::move(frame));
  }
  const std::lock_guard lock(mutex_);
  const auto known = std::find_if(units_.begin(), units_.end(),
                                  [&made](const Unit& unit) { return unit.unit == made.unit; });
  if (known != units_.end()) {
    known->steps.swap(made.steps);
  } else {
    units_.push_back(std::move(made));
  }
}

// ---- both, with the lock held ------------------------------------------------------------------

bool TcpWriter::add(Bytes frame) noexcept {
  if (frame.size() > out_.size() - end_) {
    std::copy(out_.begin() + static_cast<std::ptrdiff_t>(begin_),
              out_.begin() + static_cast<std::ptrdiff_t>(end_), out_.begin());
    end_ -= std::exchange(begin_, 0);
    if (frame.size() > out_.size() - end_) return false;
  }
  std::copy(frame.begin(), frame.end(), out_.begin() + static_cast<std::ptrdiff_t>(end_));
  end_ += frame.size();
  return true;
}

TcpWriter::Sent TcpWriter::push() noexcept {
  if (fd_ < 0) return Sent::broken;
  while (begin_ < end_) {
    const ssize_t sent = send_now(fd_, out_.data() + begin_, end_ - begin_);
    if (sent < 0) return would_wait() ? Sent::waiting : Sent::broken;
    begin_ += static_cast<std::size_t>(sent);
  }
  begin_ = end_ = 0;
  return Sent::all;
}

std::size_t TcpWriter::steps() const noexcept {
  std::size_t most = 0;
  for (const Unit& unit : units_) most = std::max(most, unit.steps.size());
  return most;
}

// ---- the watchdog ------------------------------------------------------------------------------

void TcpWriter::begin_stop() noexcept {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  // What TCP still has from the stop before did not arrive there.
  const bool dead = lock && step_ > 0 && fd_ >= 0 && unacknowledged(fd_) > 0;
  use_spare_ = dead || spare_ >= 0;
  tried_spare_ = false;
  blocked_ = 0;
  step_ = 0;
}

bool TcpWriter::advance_stop() noexcept {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return false;
  if (step_ >= steps()) return true;
  return use_spare_ ? through_spare() : through_shared();
}

void TcpWriter::end_stop() noexcept {
  close_spare();
  use_spare_ = false;
  step_ = 0;
}

void TcpWriter::left(std::size_t step) noexcept {
  if (step == 0) stops_.fetch_add(1);
}

bool TcpWriter::through_shared() noexcept {
  const Sent before = push();  // What the strand left, the rest of a frame perhaps.
  if (before == Sent::waiting && ++blocked_ < kBlockedMax) return false;
  if (before != Sent::all) {
    use_spare_ = true;
    step_ = 0;
    return through_spare();
  }
  left(step_);
  for (const Unit& unit : units_) {
    if (step_ >= unit.steps.size()) continue;
    if (!add(unit.steps[step_])) break;  // Cannot be: the buffer is empty.
  }
  (void)push();  // The rest leaves first the next time, or makes the peer one that takes nothing.
  return ++step_ >= steps();
}

bool TcpWriter::open_spare() noexcept {
  if (spare_ >= 0) return true;
  if (tried_spare_ || peer_size_ == 0) return false;
  tried_spare_ = true;
  spare_ = ::socket(peer_.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (spare_ < 0) return false;
  const int on = 1;
  ::setsockopt(spare_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // Comfort: it works without.
  connecting_ = true;
  if (::connect(spare_, reinterpret_cast<const sockaddr*>(&peer_), peer_size_) == 0) return true;
  if (errno == EINPROGRESS) return true;
  close_spare();
  return false;
}

/// Ends the strand's connection, and what TCP has of it undelivered: it would arrive after the
/// stop. The descriptor stays the strand's, which finds the connection lost.
void TcpWriter::end_shared() noexcept {
  if (fd_ < 0) return;
  sockaddr none{};
  none.sa_family = AF_UNSPEC;  // connect(2): dissolves the association; Linux resets the peer.
  (void)::connect(fd_, &none, sizeof none);
  fd_ = -1;
  begin_ = end_ = 0;
}

void TcpWriter::close_spare() noexcept {
  if (spare_ >= 0) ::close(std::exchange(spare_, -1));
  connecting_ = false;
}

bool TcpWriter::through_spare() noexcept {
  end_shared();
  if (!open_spare()) return peer_size_ == 0;  // Never connected, never commanded: nothing to stop.
  if (connecting_) {
    pollfd item{spare_, POLLOUT, 0};
    if (::poll(&item, 1, 0) <= 0) return false;
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(spare_, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
      close_spare();
      return false;
    }
    connecting_ = false;
    step_ = 0;
  }
  std::array<std::byte, 512> answers;  // Nobody waits for them.
  ssize_t received = 0;
  while ((received = ::recv(spare_, answers.data(), answers.size(), MSG_DONTWAIT)) > 0) {
  }
  bool good = received < 0 && would_wait();
  if (good) left(step_);
  for (const Unit& unit : units_) {
    if (!good || step_ >= unit.steps.size()) continue;
    const Frame& frame = unit.steps[step_];
    good = send_now(spare_, frame.data(), frame.size()) == static_cast<ssize_t>(frame.size());
  }
  if (!good) {  // Half a frame, or a peer that went: what is sent next must begin a frame.
    close_spare();
    step_ = 0;
    return false;
  }
  return ++step_ >= steps();
}

}  // namespace ems::io::detail
