// SPDX-License-Identifier: Apache-2.0
/// @file What a board gives to the application: serial ports, contacts, relays, a clock, a memory
/// for the latch, and sleep. A port to another chip implements this and nothing else.
#pragma once

#include <cstddef>

#include "app/controller.hpp"
#include "ems/core/bytes.hpp"
#include "ems/core/time.hpp"

namespace ems::hal {

/// A UART with receive and transmit rings behind interrupts. No call waits.
class SerialPort {
 public:
  /// Takes what has arrived, at most `out`. @return  Bytes written to `out`.
  [[nodiscard]] virtual std::size_t read(MutableBytes out) noexcept = 0;
  /// Queues all of `bytes`, or nothing when there is no room: a frame is never sent in part.
  virtual bool write(Bytes bytes) noexcept = 0;

 protected:
  SerialPort() = default;
  SerialPort(const SerialPort&) = default;
  SerialPort& operator=(const SerialPort&) = default;
  ~SerialPort() = default;
};

/// One board.
///
/// @thread_safety The main loop's, but for fail_safe().
class Board {
 public:
  /// Monotonic since start.
  [[nodiscard]] virtual Instant now() noexcept = 0;
  [[nodiscard]] virtual SerialPort& console() noexcept = 0;
  [[nodiscard]] virtual SerialPort& battery() noexcept = 0;
  [[nodiscard]] virtual SerialPort& host() noexcept = 0;
  [[nodiscard]] virtual firmware::DigitalInputs inputs() noexcept = 0;
  virtual void set_relays(const firmware::Relays& relays) noexcept = 0;
  /// Memory that outlives a power cut; at least kLatchRecordSize bytes. A write that was cut off is
  /// found by the record's checksum.
  [[nodiscard]] virtual MutableBytes latch_memory() noexcept = 0;
  [[nodiscard]] virtual firmware::StackUse stack_use() noexcept = 0;
  /// Sleeps until an interrupt: a byte, or the tick timer. Returns at once when one came since the
  /// last call.
  virtual void sleep() noexcept = 0;
  /// Opens all relays and starts the chip again. From any context; needs no other part to work.
  [[noreturn]] virtual void fail_safe() noexcept = 0;

 protected:
  Board() = default;
  Board(const Board&) = default;
  Board& operator=(const Board&) = default;
  ~Board() = default;
};

}  // namespace ems::hal
