// SPDX-License-Identifier: Apache-2.0
/// @file Several devices behind one byte stream: the modules of a battery on one RS485 line. Sans
/// I/O, like the Pollers it drives.
///
/// One request is on the line at a time. The devices take turns, one exchange each. A silent one
/// costs the others a reply timeout and the silence after it (in which its late reply is dropped)
/// per attempt; in its recovery waits it does not hold the line.
#pragma once

#include <cstddef>
#include <span>

#include "ems/protocol/poller.hpp"

namespace ems::protocol {

/// See the file's comment.
///
/// @memory        Two words; never allocates.
/// @thread_safety Not synchronised: one strand drives it and its pollers.
class BusPoller {
 public:
  /// @param devices  1 .. 255 pollers, one per module in the order of the modules; the array and
  ///                 they outlive this. Nobody else calls their link_up(), link_down(), next() or
  ///                 receive().
  explicit BusPoller(std::span<Poller* const> devices) noexcept;

  /// The byte stream is open, or gone: for all devices. See Poller.
  void link_up(Instant now) noexcept;
  void link_down(Instant now) noexcept;

  /// Advances time. At most one request per call.
  /// @param now  Not earlier than in any call before.
  /// @param out  At least kRequestSize bytes.
  [[nodiscard]] PollerAction next(Instant now, MutableBytes out) noexcept;

  /// Takes bytes from the stream, in pieces of any size. Whose they are is known from the request
  /// on the line; bytes that come unasked are noise.
  ///
  /// @param sink  Gets the values of a sound reply. With more than one device they are those of
  ///              module 1, 2, ... unless the codec says a module itself.
  void receive(Bytes bytes, Instant now, ReadingSink& sink) noexcept;

  /// `online` when every device is; `offline` while the link is down; else `recovering`.
  [[nodiscard]] LinkHealth health() const noexcept;
  /// Place in `devices` of the one whose turn it is.
  [[nodiscard]] std::size_t turn() const noexcept { return turn_; }

 private:
  std::span<Poller* const> devices_;
  std::size_t turn_ = 0;
};

}  // namespace ems::protocol
