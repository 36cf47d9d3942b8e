// SPDX-License-Identifier: Apache-2.0
/// @file Peers for the Modbus tests: libmodbus as an independent server, a scripted TCP server, a
/// pty pair with our own RTU server, and a helper that runs one request to its end.
#pragma once

#include <arpa/inet.h>
#include <modbus.h>
#include <netinet/in.h>
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <asio/io_context.hpp>
#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ems/io/link/modbus_master.hpp"
#include "ems/protocol/modbus/rtu.hpp"
#include "ems/protocol/modbus/server.hpp"

namespace ems::test {

namespace modbus = protocol::modbus;

inline bool readable(int fd, int timeout_ms) {
  pollfd item{fd, POLLIN, 0};
  return ::poll(&item, 1, timeout_ms) > 0;
}

inline std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

/// libmodbus on 127.0.0.1: 200 holding and input registers; unit `silent_unit` is never answered.
class LibmodbusServer {
 public:
  static constexpr int kRegisters = 200;

  explicit LibmodbusServer(int silent_unit = -1)
      : silent_unit_(silent_unit),
        context_(::modbus_new_tcp("127.0.0.1", 0)),
        mapping_(::modbus_mapping_new(0, 0, kRegisters, kRegisters)),
        listener_(::modbus_tcp_listen(context_, 4)) {
    if (listener_ < 0) throw std::runtime_error("libmodbus cannot listen");
    port_ = port_of(listener_);
    ::modbus_set_indication_timeout(context_, 0, 20'000);
    for (int i = 0; i < kRegisters; ++i) {
      mapping_->tab_registers[i] = static_cast<std::uint16_t>(1000 + i);
      mapping_->tab_input_registers[i] = static_cast<std::uint16_t>(5000 + i);
    }
    thread_ = std::thread([this] { run(); });
  }
  ~LibmodbusServer() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
    ::modbus_mapping_free(mapping_);
    ::modbus_free(context_);
  }
  LibmodbusServer(const LibmodbusServer&) = delete;
  LibmodbusServer& operator=(const LibmodbusServer&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void run() {
    while (!stop_) {
      if (!readable(listener_, 20)) continue;
      ::modbus_tcp_accept(context_, &listener_);
      serve();
      ::modbus_close(context_);
    }
  }
  void serve() {
    std::array<std::uint8_t, MODBUS_TCP_MAX_ADU_LENGTH> query{};
    while (!stop_) {
      const int size = ::modbus_receive(context_, query.data());
      if (size < 0 && errno == ETIMEDOUT) continue;
      if (size < 0) return;
      if (size == 0 || query[6] == silent_unit_) continue;
      ::modbus_reply(context_, query.data(), size, mapping_);
    }
  }

  int silent_unit_;
  modbus_t* context_;
  modbus_mapping_t* mapping_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

/// A TCP server that answers each chunk it receives with what `script` says; nullopt closes.
class ScriptedServer {
 public:
  using Script = std::function<std::optional<std::vector<std::byte>>(Bytes)>;

  explicit ScriptedServer(Script script)
      : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 4) != 0) {
      throw std::runtime_error("cannot listen");
    }
    port_ = port_of(listener_);
    thread_ = std::thread([this] { run(); });
  }
  ~ScriptedServer() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void run() {
    while (!stop_) {
      if (!readable(listener_, 20)) continue;
      const int peer = ::accept(listener_, nullptr, nullptr);
      while (!stop_) {
        if (!readable(peer, 20)) continue;
        std::array<std::byte, 512> data{};
        const ssize_t size = ::read(peer, data.data(), data.size());
        if (size <= 0) break;
        const auto answer = script_(Bytes{data.data(), static_cast<std::size_t>(size)});
        if (!answer) break;
        if (::write(peer, answer->data(), answer->size()) < 0) break;
      }
      ::close(peer);
    }
  }

  Script script_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

/// A pty pair, raw. `host` is ours; programs open `device`.
class PtyPair {
 public:
  PtyPair() {
    std::array<char, 128> name{};
    if (::openpty(&host_, &device_fd_, name.data(), nullptr, nullptr) != 0) {
      throw std::runtime_error("no pty");
    }
    device_ = name.data();
    termios raw{};
    ::tcgetattr(device_fd_, &raw);
    ::cfmakeraw(&raw);
    ::tcsetattr(device_fd_, TCSANOW, &raw);
  }
  ~PtyPair() {
    unplug();
    ::close(device_fd_);
  }
  PtyPair(const PtyPair&) = delete;
  PtyPair& operator=(const PtyPair&) = delete;
  [[nodiscard]] int host() const { return host_; }
  [[nodiscard]] const std::string& device() const { return device_; }
  /// Closes our side: the program that has the device open sees the line go.
  void unplug() {
    if (host_ >= 0) ::close(std::exchange(host_, -1));
  }

 private:
  int host_ = -1;
  int device_fd_ = -1;
  std::string device_;
};

/// libmodbus as RTU unit 5 on the device side of a pty: registers 0..49 hold 700...
class LibmodbusRtuServer {
 public:
  static constexpr std::uint8_t kUnit = 5;

  explicit LibmodbusRtuServer(const std::string& device)
      : context_(::modbus_new_rtu(device.c_str(), 9600, 'N', 8, 1)),
        mapping_(::modbus_mapping_new(0, 0, 50, 50)) {
    ::modbus_set_slave(context_, kUnit);
    if (::modbus_connect(context_) != 0) throw std::runtime_error("libmodbus cannot open the pty");
    ::modbus_set_indication_timeout(context_, 0, 20'000);
    for (int i = 0; i < 50; ++i) mapping_->tab_registers[i] = static_cast<std::uint16_t>(700 + i);
    thread_ = std::thread([this] { run(); });
  }
  ~LibmodbusRtuServer() {
    stop_ = true;
    thread_.join();
    ::modbus_close(context_);
    ::modbus_mapping_free(mapping_);
    ::modbus_free(context_);
  }
  LibmodbusRtuServer(const LibmodbusRtuServer&) = delete;
  LibmodbusRtuServer& operator=(const LibmodbusRtuServer&) = delete;

 private:
  void run() {
    std::array<std::uint8_t, MODBUS_RTU_MAX_ADU_LENGTH> query{};
    while (!stop_) {
      const int size = ::modbus_receive(context_, query.data());
      if (size > 0) ::modbus_reply(context_, query.data(), size, mapping_);
    }
  }

  modbus_t* context_;
  modbus_mapping_t* mapping_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

/// Our own L1 server on the host side of a pty. Units 1 and 2 answer; unit 9 is silent; register 66
/// answers with a broken CRC.
class RtuServer final : public modbus::RegisterAccess {
 public:
  static constexpr std::uint16_t kBrokenCrcAt = 66;

  explicit RtuServer(int fd) : fd_(fd), thread_([this] { run(); }) {}
  ~RtuServer() {
    stop_ = true;
    thread_.join();
  }
  RtuServer(const RtuServer&) = delete;
  RtuServer& operator=(const RtuServer&) = delete;

  std::optional<modbus::ExceptionCode> read(modbus::Function, std::uint16_t address,
                                            std::span<std::uint16_t> out) override {
    if (address + out.size() > cells_.size()) return modbus::ExceptionCode::illegal_data_address;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = cells_[address + i];
    return std::nullopt;
  }
  std::optional<modbus::ExceptionCode> write(std::uint16_t address,
                                             std::span<const std::uint16_t> values) override {
    if (address + values.size() > cells_.size()) {
      return modbus::ExceptionCode::illegal_data_address;
    }
    for (std::size_t i = 0; i < values.size(); ++i) cells_[address + i] = values[i];
    return std::nullopt;
  }

 private:
  void run() {
    std::vector<std::byte> received;
    while (!stop_) {
      if (!readable(fd_, 20)) continue;
      std::array<std::byte, 512> data{};
      const ssize_t size = ::read(fd_, data.data(), data.size());
      if (size <= 0) return;
      received.insert(received.end(), data.begin(), data.begin() + size);
      while (take_frame(received)) {
      }
    }
  }
  bool take_frame(std::vector<std::byte>& received) {
    const protocol::FrameScan found = modbus::scan_rtu_request(received);
    received.erase(received.begin(), received.begin() + static_cast<std::ptrdiff_t>(found.noise));
    if (found.size == 0) return false;
    const std::vector<std::byte> frame(received.begin(),
                                       received.begin() + static_cast<std::ptrdiff_t>(found.size));
    received.erase(received.begin(), received.begin() + static_cast<std::ptrdiff_t>(found.size));
    const auto request = modbus::decode_rtu(frame);
    if (!request || (request->unit != 1 && request->unit != 2)) return true;
    std::array<std::byte, modbus::kPduSize> pdu{};
    const std::size_t pdu_size = modbus::serve(request->pdu, *this, pdu);
    std::array<std::byte, modbus::kRtuFrameSize> answer{};
    const auto size = modbus::encode_rtu(request->unit, Bytes{pdu.data(), pdu_size}, answer);
    if (!size) return true;
    const auto asked = modbus::decode_request(request->pdu);
    if (asked && asked->address == kBrokenCrcAt) answer[*size - 1] ^= std::byte{0x5A};
    return ::write(fd_, answer.data(), *size) > 0;
  }

  int fd_;
  std::array<std::uint16_t, 100> cells_ = [] {
    std::array<std::uint16_t, 100> cells{};
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = static_cast<std::uint16_t>(300 + i);
    return cells;
  }();
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

inline std::vector<std::byte> read_pdu(
    std::uint16_t address, std::uint16_t count,
    modbus::Function function = modbus::Function::read_holding_registers) {
  std::vector<std::byte> pdu(5);
  if (!modbus::encode_read_request(function, address, count, pdu)) throw std::logic_error("pdu");
  return pdu;
}

/// Runs the loop until `done` or 10 s.
inline bool run_until(asio::io_context& io, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  io.restart();
  while (!done() && std::chrono::steady_clock::now() < deadline) {
    io.run_one_for(std::chrono::milliseconds(50));
    if (io.stopped()) io.restart();
  }
  return done();
}

/// One request to its end. A result that never comes is `internal`.
inline Result<io::ModbusResponse> transact(asio::io_context& io, io::ModbusMaster& master,
                                           const io::ModbusRequest& request) {
  std::optional<Result<io::ModbusResponse>> result;
  master.transact(request, [&result](Result<io::ModbusResponse> r) { result = std::move(r); });
  if (result) return fail(Errc::internal, 1, "called from within transact()");
  run_until(io, [&result] { return result.has_value(); });
  if (!result) return fail(Errc::internal, 0, "the callback never came");
  return *result;
}

/// First register of a read answer.
inline int first_register(const Result<io::ModbusResponse>& response) {
  return response && response->size() >= 4 ? load_be16(*response, 2) : -1;
}

}  // namespace ems::test
