// SPDX-License-Identifier: Apache-2.0
/// @file The links of `emsctl sim`: pseudo terminals and TCP connections in front of sim::Site.
#pragma once

#include <array>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "ems/core/result.hpp"
#include "ems/sim/site.hpp"

namespace ems::cli {

/// Sends replies in order, each after its delay. Keep it in a shared_ptr: timers and writes hold
/// it.
template <class Stream>
class ReplySender;

/// A pseudo terminal in raw mode with a device behind it. The far side stays open here, so that
/// the line survives readers that come and go.
class PtyDevice {
 public:
  /// @errors io  no pseudo terminal to be had.
  static Result<std::unique_ptr<PtyDevice>> open(asio::io_context& io, sim::Site& site,
                                                 sim::Device device);
  ~PtyDevice();
  PtyDevice(const PtyDevice&) = delete;
  PtyDevice& operator=(const PtyDevice&) = delete;

  /// Path of the far side, for the agent to open.
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  PtyDevice(asio::io_context& io, sim::Site& site, sim::Device device, int master, int slave,
            std::string path);
  void read_next();

  asio::io_context& io_;
  std::shared_ptr<asio::posix::stream_descriptor> master_;
  int slave_;
  std::string path_;
  sim::Port port_;
  std::int64_t last_byte_ms_ = 0;
  std::array<std::byte, 512> buffer_{};
  std::shared_ptr<ReplySender<asio::posix::stream_descriptor>> sender_;
};

/// Modbus TCP on 127.0.0.1; every connection is a conversation of its own.
class TcpDevice {
 public:
  /// @param port  0: any free one.
  /// @errors io   the port cannot be bound.
  static Result<std::unique_ptr<TcpDevice>> open(asio::io_context& io, sim::Site& site,
                                                 sim::Device device, std::uint16_t port);
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  TcpDevice(asio::io_context& io, sim::Site& site, sim::Device device,
            asio::ip::tcp::acceptor acceptor);
  void accept_next();

  asio::io_context& io_;
  sim::Site& site_;
  sim::Device device_;
  asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_;
};

/// Lines of the control channel on stdin. Without a usable stdin it says nothing.
class ControlLines {
 public:
  using Handler = std::function<void(const std::string& line)>;
  ControlLines(asio::io_context& io, Handler handler);

 private:
  void read_next();

  static constexpr std::size_t kLineMax = 4096;  ///< A longer line is dropped whole.

  asio::posix::stream_descriptor input_;
  Handler handler_;
  std::array<char, 1024> buffer_{};
  std::string line_;
  bool too_long_ = false;
};

}  // namespace ems::cli
