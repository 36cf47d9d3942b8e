// SPDX-License-Identifier: Apache-2.0
/// @file Modbus RTU server side of a line: bytes in, bytes out. Frames are delimited by content
/// (rtu.hpp), so a scheduler that splits them does no harm.
#pragma once

#include <array>
#include <cstdint>

#include "ems/core/bytes.hpp"
#include "ems/core/time.hpp"
#include "ems/protocol/modbus/rtu.hpp"
#include "ems/protocol/modbus/server.hpp"

namespace ems::firmware {

/// Monotonic since boot; they wrap.
struct RtuCounters {
  std::uint32_t answered = 0;  ///< Requests to this unit, refused ones included.
  std::uint32_t refused = 0;   ///< Of those, answered with an exception.
};

/// @thread_safety None; the main loop's.
class RtuServer {
 public:
  /// Room for a request to this board (at most 17 bytes) behind some noise. A longer frame is for
  /// another unit, and is noise too.
  static constexpr std::size_t kBufferSize = 64;
  /// A rest of a frame this old is noise: its end will not come.
  static constexpr Duration kFrameTimeout = milliseconds(200);

  /// @param unit       1 .. 247.
  /// @param registers  Outlives the server.
  RtuServer(std::uint8_t unit, protocol::modbus::RegisterAccess& registers) noexcept
      : unit_(unit), registers_(registers) {}

  /// Takes received bytes and answers at most one request, the newest: a master sends the next only
  /// after an answer, so an older one was given up. Requests to other units are skipped, and
  /// broadcasts too: what nobody answers, nobody knows to be obeyed.
  ///
  /// @param out  At least kRtuFrameSize bytes.
  /// @return     Bytes of `out` to send; 0: none.
  [[nodiscard]] std::size_t receive(Bytes bytes, Instant now, MutableBytes out) noexcept;

  [[nodiscard]] const RtuCounters& counters() const noexcept { return counters_; }

 private:
  [[nodiscard]] std::size_t answer(Bytes frame, MutableBytes out) noexcept;

  std::uint8_t unit_;
  protocol::modbus::RegisterAccess& registers_;
  RtuCounters counters_{};
  std::array<std::byte, kBufferSize> buffer_{};
  std::size_t size_ = 0;
  Instant received_at_{};
};

}  // namespace ems::firmware
