// SPDX-License-Identifier: Apache-2.0
/// @file The outgoing half of one Modbus TCP connection, shared by the strand and the watchdog.
/// Private to the links.
#pragma once

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "ems/core/bytes.hpp"
#include "ems/io/link/stop_path.hpp"
#include "ems/protocol/modbus/tcp.hpp"

namespace ems::io::detail {

/// Transaction numbers from here on are the watchdog's: their answers belong to nobody.
inline constexpr std::uint16_t kStopTransaction = 0xFF00;

/// Frames go in whole and leave in order, whoever puts them in, so nobody cuts another's frame: of
/// one that is half on the wire the rest is here, and leaves first.
///
/// The lock is held for copies and sends that do not wait, never longer; the watchdog tries it and
/// comes again. A stop goes through the strand's connection; through a second one of its own where
/// there is none, where the peer takes nothing, or where a stop before was not acknowledged by TCP.
/// The strand's connection is ended then, with all it has not delivered.
class TcpWriter {
 public:
  enum class Sent : std::uint8_t { all, waiting, broken };

  TcpWriter() = default;
  ~TcpWriter();
  TcpWriter(const TcpWriter&) = delete;
  TcpWriter& operator=(const TcpWriter&) = delete;

  // ---- the strand ------------------------------------------------------------------------------
  /// A connection is there. @param fd  Borrowed until detach().
  void attach(int fd);
  /// Call before the socket is closed: its number may be another file's afterwards.
  void detach() noexcept;
  /// Puts a frame in and sends what goes at once. @return broken also: no room, the peer takes
  /// nothing.
  [[nodiscard]] Sent put(Bytes frame) noexcept;
  /// Sends more; after `waiting`, when the socket takes bytes again.
  [[nodiscard]] Sent flush() noexcept;
  void set_stop(const StopPlan& plan);
  [[nodiscard]] std::uint64_t stops() const noexcept { return stops_.load(); }

  // ---- the watchdog, as StopPath ---------------------------------------------------------------
  void begin_stop() noexcept;
  [[nodiscard]] bool advance_stop() noexcept;
  void end_stop() noexcept;

 private:
  using Frame = std::vector<std::byte>;
  struct Unit {
    std::uint8_t unit = 0;
    std::vector<Frame> steps;
  };

  [[nodiscard]] Sent push() noexcept;
  [[nodiscard]] bool add(Bytes frame) noexcept;
  [[nodiscard]] std::size_t steps() const noexcept;
  [[nodiscard]] bool through_shared() noexcept;
  [[nodiscard]] bool through_spare() noexcept;
  void end_shared() noexcept;
  [[nodiscard]] bool open_spare() noexcept;
  void close_spare() noexcept;
  void left(std::size_t step) noexcept;

  std::atomic<std::uint64_t> stops_{0};
  std::mutex mutex_;  // Guards what follows, down to the watchdog's own.
  int fd_ = -1;
  sockaddr_storage peer_{};  ///< Of the newest connection: nothing is to be resolved later.
  socklen_t peer_size_ = 0;
  std::array<std::byte, 8'192> out_{};
  std::size_t begin_ = 0;  ///< out_[begin_, end_) is to be sent.
  std::size_t end_ = 0;
  std::vector<Unit> units_;

  // The watchdog's thread only.
  bool use_spare_ = false;
  bool tried_spare_ = false;  ///< One attempt to connect for each stop.
  bool connecting_ = false;
  int spare_ = -1;
  int blocked_ = 0;  ///< Attempts in a row that the peer took nothing.
  std::size_t step_ = 0;
};

}  // namespace ems::io::detail
