// SPDX-License-Identifier: Apache-2.0
/// @file The CAN buses there are: the kernel's, and those behind a serial line, TCP or UDP. The
/// messages are protocol/slcan.hpp, socketcand.hpp and cannelloni.hpp.
#pragma once

#include <asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "ems/core/result.hpp"
#include "ems/io/link/can_link.hpp"

namespace ems::io {

struct SlcanOptions {
  std::uint32_t bit_rate = 500'000;  ///< One of protocol::kSlcanBitRates.
  bool listen_only = false;          ///< Frames written are refused: failed_precondition.
};

/// A serial adapter that speaks slcan, on a tty, a pty or behind TCP.
///
/// Its channel is closed, gets the bit rate and is opened. An adapter that answers nothing within
/// 0.3 s, or among noise, is taken to be open: some never answer. At close() its channel is closed.
///
/// open(): as ByteLink, and
///         invalid_argument  the adapter has no such bit rate;
///         device_error      it refuses to open its channel.
/// @param stream  The adapter's line: make_serial_link(), make_tcp_link().
[[nodiscard]] std::unique_ptr<CanLink> make_slcan_link(asio::any_io_executor executor,
                                                       std::unique_ptr<ByteLink> stream,
                                                       const SlcanOptions& options);

/// A bus that a socketcand serves, in its raw mode. Remote frames cannot be written.
///
/// open(): as ByteLink, and
///         invalid_argument  no bus can have this name;
///         device_error      the server refuses; the message is its own;
///         timeout           it has not opened the bus within 5 s.
/// @param stream  The server: make_tcp_link().
/// @param bus     As the server calls it: `can0`.
[[nodiscard]] std::unique_ptr<CanLink> make_socketcand_link(asio::any_io_executor executor,
                                                            std::unique_ptr<ByteLink> stream,
                                                            std::string bus);

struct CannelloniOptions {
  std::string host;  ///< The peer: a name or an address. Datagrams of others are counted and gone.
  std::uint16_t port = 20'000;          ///< Of the peer.
  std::string listen_host = "0.0.0.0";  ///< An address of this machine; `::` for IPv6.
  std::uint16_t listen_port = 20'000;
};

/// A bus that a cannelloni carries over UDP. Each frame written is a datagram. UDP tells neither
/// whether the peer is there nor who it is: see docs/protocols/cannelloni.md.
///
/// open(): io       the address is taken, or the host is unknown;
///         timeout  the host's name is not resolved within 5 s.
[[nodiscard]] std::unique_ptr<CanLink> make_cannelloni_link(asio::any_io_executor executor,
                                                            CannelloniOptions options);

/// Opens a raw CAN socket that is bound to an interface. Gives the descriptor, or -1 and `error`.
using OpenCanSocket = std::function<int(const std::string& interface_name, LinkError& error)>;

/// The kernel's: io (no such interface, it is down, or the kernel has no CAN), unimplemented (a
/// system other than Linux).
[[nodiscard]] int open_can_socket(const std::string& interface_name, LinkError& error);

/// An interface of the kernel (SocketCAN): `can0`, `vcan0`. Its bit rate is set outside, with `ip
/// link`. When the controller leaves the bus (bus-off) the link is lost.
///
/// open(): as open_can_socket().
/// @param opener  Gives a socket on which a message is one struct can_frame.
[[nodiscard]] std::unique_ptr<CanLink> make_socketcan_link(asio::any_io_executor executor,
                                                           std::string interface_name,
                                                           OpenCanSocket opener = open_can_socket);

}  // namespace ems::io
