// SPDX-License-Identifier: Apache-2.0
/// @file The main loop between a board and the controller.
#pragma once

#include "app/controller.hpp"
#include "hal/board.hpp"

namespace ems::firmware {

/// Moves bytes, runs the tick when it is due, sets the relays, stores the latch, writes a console
/// line when the relays or the state change.
///
/// @thread_safety None.
class Loop {
 public:
  /// Opens all relays first of all. References outlive the loop. @requirement SAF-060.
  Loop(hal::Board& board, const Settings& settings, const protocol::PollCodec& codec) noexcept;

  /// Everything that is to be done now. Call it after each Board::sleep().
  void once() noexcept;

 private:
  // Never inlined: the stack then holds the buffers of one of them at a time.
  [[gnu::noinline]] void move_battery_bytes(Instant now) noexcept;
  [[gnu::noinline]] void move_host_bytes(Instant now) noexcept;
  [[gnu::noinline]] void tick(Instant now) noexcept;
  [[gnu::noinline]] void report(Instant now) noexcept;

  hal::Board& board_;
  Duration period_;
  Instant next_tick_;
  Controller controller_;
  Relays reported_{};
  OperatingState reported_state_ = OperatingState::waiting;
};

}  // namespace ems::firmware
