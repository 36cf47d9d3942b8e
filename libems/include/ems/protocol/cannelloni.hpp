// SPDX-License-Identifier: Apache-2.0
/// @file A CAN bus over UDP: datagrams of cannelloni, version 2. Sans I/O, heapless.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ems/core/bytes.hpp"
#include "ems/core/result.hpp"
#include "ems/protocol/can_record.hpp"

namespace ems::protocol {

/// Most bytes of one frame in a datagram.
inline constexpr std::size_t kCannelloniFrameMax = 4 + 1 + 1 + kCanFdDataSize;
inline constexpr std::size_t kCannelloniHeaderSize = 5;

/// One sound datagram: its frames, one after the other.
///
/// @thread_safety Not synchronised.
class CannelloniReader {
 public:
  /// Checks a datagram to its end, so that none is taken by halves.
  ///
  /// @param datagram  Borrowed for as long as the reader.
  /// @errors  header        not version 2, or no data (an acknowledgement); offset = the byte.
  ///          truncated     a frame ends behind the datagram; offset = its size.
  ///          length        a frame with more bytes than its kind can have, or bytes behind the
  ///                        last frame; offset = the byte.
  ///          out_of_range  an identifier that does not fit its width; offset = its first byte.
  /// @source  docs/protocols/cannelloni.md; vectors cannelloni-*.
  [[nodiscard]] static Result<CannelloniReader> open(Bytes datagram) noexcept;

  /// Its sequence number, 0 .. 255.
  [[nodiscard]] std::uint8_t sequence() const noexcept;
  /// The next frame, CAN FD and error frames among them; nullopt behind the last.
  [[nodiscard]] std::optional<CanRecord> next() noexcept;

 private:
  explicit CannelloniReader(Bytes datagram) noexcept : datagram_(datagram) {}

  Bytes datagram_;
  std::size_t at_ = kCannelloniHeaderSize;
};

/// Writes one datagram.
///
/// @param out     kCannelloniHeaderSize + kCannelloniFrameMax for each record always suffices.
/// @return        Bytes written.
/// @errors        resource_exhausted  `out` is too small, or more than 65 535 records; offset = the
///                                    record.
/// @thread_safety Pure function.
[[nodiscard]] Result<std::size_t> encode_cannelloni(std::uint8_t sequence,
                                                    std::span<const CanRecord> records,
                                                    MutableBytes out) noexcept;

/// What the sequence numbers of one peer say about the way they came. UDP loses, repeats and
/// reorders.
class CannelloniSequence {
 public:
  /// Behind the newest by at most so much, a datagram came late, or twice; by more, the peer has
  /// begun to count anew.
  static constexpr std::uint8_t kLateMax = 16;

  /// @return  Whether to take the datagram: what a late one says is older than what is known.
  [[nodiscard]] bool take(std::uint8_t sequence) noexcept;

  /// Numbers that were left out; what came late is among them.
  [[nodiscard]] std::uint32_t lost() const noexcept { return lost_; }
  /// Datagrams that were not taken.
  [[nodiscard]] std::uint32_t late() const noexcept { return late_; }

 private:
  std::optional<std::uint8_t> newest_{};
  std::uint32_t lost_ = 0;
  std::uint32_t late_ = 0;
};

}  // namespace ems::protocol
