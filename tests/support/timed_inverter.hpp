// SPDX-License-Identifier: Apache-2.0
/// @file A simulated SunSpec inverter on a real link (TCP on loopback, RTU on a pty) that notes
/// when each write arrived. Its plant lives in wall time, so leases end by themselves.
#pragma once

#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "ems/protocol/modbus/tcp.hpp"
#include "ems/sim/sunspec_server.hpp"
#include "support/modbus_peers.hpp"

namespace ems::test {

class TimedInverter {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Write {
    Time at;  ///< The first byte of its frame was seen.
    std::uint16_t address = 0;
    std::vector<std::uint16_t> values;
    std::size_t connection = 0;  ///< TCP: counted from 1.
  };
  enum class Wire { tcp, rtu };

  explicit TimedInverter(Wire wire) : wire_(wire) {
    if (wire == Wire::tcp) {
      listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
          ::listen(listener_, 8) != 0) {
        throw std::runtime_error("cannot listen");
      }
      port_ = port_of(listener_);
    } else {
      pty_.emplace();
      peers_.push_back({pty_->host(), 0, {}, {}});
    }
    thread_ = std::thread([this] { run(); });
  }
  ~TimedInverter() {
    stop_ = true;
    thread_.join();
    if (listener_ >= 0) ::close(listener_);
    for (const Peer& peer : peers_) {
      if (wire_ == Wire::tcp) ::close(peer.fd);
    }
  }
  TimedInverter(const TimedInverter&) = delete;
  TimedInverter& operator=(const TimedInverter&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::string& device() const { return pty_->device(); }
  /// Everything written since start or forget().
  [[nodiscard]] std::vector<Write> writes() const {
    const std::lock_guard lock(mutex_);
    return writes_;
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    writes_.clear();
  }
  /// Power it is told to deliver; 0 when its lease ended.
  [[nodiscard]] double setpoint() const { return setpoint_; }
  /// Frames that were none, on any connection: somebody cut another's.
  [[nodiscard]] int nonsense() const { return nonsense_; }
  /// From now on reads nothing from the connections that are open.
  void turn_deaf() { deaf_ = true; }

 private:
  struct Peer {
    int fd = -1;
    std::size_t number = 0;
    std::vector<std::byte> received;
    Time since{};
    bool deaf = false;
  };

  void run() {
    Time last = std::chrono::steady_clock::now();
    while (!stop_) {
      std::vector<pollfd> items;
      if (listener_ >= 0) items.push_back({listener_, POLLIN, 0});
      for (const Peer& peer : peers_) {
        items.push_back({peer.fd, static_cast<short>(peer.deaf ? 0 : POLLIN), 0});
      }
      ::poll(items.data(), items.size(), 1);
      const Time now = std::chrono::steady_clock::now();
      plant_.step(
          microseconds(std::chrono::duration_cast<std::chrono::microseconds>(now - last).count()));
      last = now;
      const std::size_t first = listener_ >= 0 ? 1 : 0;
      for (std::size_t i = items.size(); i-- > first;) {
        if ((items[i].revents & (POLLIN | POLLHUP)) != 0) read(i - first, now);
      }
      if (deaf_.exchange(false)) {
        for (Peer& peer : peers_) peer.deaf = true;
      }
      if (listener_ >= 0 && (items[0].revents & POLLIN) != 0) {
        peers_.push_back({::accept(listener_, nullptr, nullptr), ++accepted_, {}, {}});
      }
      setpoint_ = plant_.state().setpoint_w;
    }
  }
  void read(std::size_t index, Time now) {
    Peer& peer = peers_[index];
    std::array<std::byte, 512> data{};
    const ssize_t size = ::read(peer.fd, data.data(), data.size());
    if (size <= 0) {
      if (wire_ == Wire::rtu) return;
      ::close(peer.fd);
      peers_.erase(peers_.begin() + static_cast<std::ptrdiff_t>(index));
      return;
    }
    if (peer.received.empty()) peer.since = now;
    peer.received.insert(peer.received.end(), data.begin(), data.begin() + size);
    while (take_frame(peer)) peer.since = now;
  }
  bool take_frame(Peer& peer) {
    const protocol::FrameScan found = wire_ == Wire::tcp ? modbus::scan_tcp(peer.received)
                                                         : modbus::scan_rtu_request(peer.received);
    if (found.noise > 0) ++nonsense_;
    const auto begin = peer.received.begin();
    peer.received.erase(begin, begin + static_cast<std::ptrdiff_t>(found.noise));
    if (found.size == 0) return false;
    const std::vector<std::byte> frame(
        peer.received.begin(), peer.received.begin() + static_cast<std::ptrdiff_t>(found.size));
    peer.received.erase(peer.received.begin(),
                        peer.received.begin() + static_cast<std::ptrdiff_t>(found.size));
    std::array<std::byte, modbus::kPduSize> pdu{};
    std::array<std::byte, modbus::kTcpFrameSize> answer{};
    if (wire_ == Wire::tcp) {
      const auto request = modbus::decode_tcp(frame);
      note(request->pdu, peer);
      const std::size_t n = modbus::serve(request->pdu, registers_, pdu);
      const auto size =
          modbus::encode_tcp(request->transaction, request->unit, Bytes{pdu}.first(n), answer);
      (void)!::write(peer.fd, answer.data(), *size);
    } else {
      const auto request = modbus::decode_rtu(frame);
      if (!request || request->unit != 1) return true;
      note(request->pdu, peer);
      const std::size_t n = modbus::serve(request->pdu, registers_, pdu);
      const auto size = modbus::encode_rtu(1, Bytes{pdu}.first(n), answer);
      (void)!::write(peer.fd, answer.data(), *size);
    }
    return true;
  }
  void note(Bytes pdu, const Peer& peer) {
    if (pdu[0] != std::byte{16}) return;
    Write write{peer.since, load_be16(pdu, 1), {}, peer.number};
    for (std::size_t at = 6; at + 1 < pdu.size(); at += 2) {
      write.values.push_back(load_be16(pdu, at));
    }
    const std::lock_guard lock(mutex_);
    writes_.push_back(std::move(write));
  }

  Wire wire_;
  std::optional<PtyPair> pty_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::size_t accepted_ = 0;
  std::vector<Peer> peers_;  ///< The thread's.
  sim::Plant plant_{sim::PlantConfig{}, 1};
  sim::SunSpecServer registers_{plant_, [this] { return plant_.state(); }};
  std::atomic<double> setpoint_{0};
  std::atomic<int> nonsense_{0};
  std::atomic<bool> deaf_{false};
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::vector<Write> writes_;
  std::thread thread_;
};

/// Waits on a condition, not on time: true as soon as it holds, false after the deadline.
template <class F>
bool soon(const F& condition, std::chrono::milliseconds deadline = std::chrono::seconds(20)) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // Looks again; proves nothing.
  }
  return true;
}

}  // namespace ems::test
