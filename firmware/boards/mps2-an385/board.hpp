// SPDX-License-Identifier: Apache-2.0
/// @file The MPS2 AN385 board, as QEMU has it.
///
/// The emulator has no contacts and no relays. Stand-ins: the three relay coils are user LEDs 0 ..
/// 2, which QEMU's monitor can read (`xp /1xw 0x4002f004`); the e-stop circuit and the reset key
/// come over UART3 as letters from whoever plays the panel: `C` the e-stop circuit is closed, `O`
/// it is open, `R` the reset key is down, `r` it is up. Before the first letter the circuit is
/// open; start() waits a second for it.
#pragma once

#include "boards/mps2-an385/uart.hpp"
#include "hal/board.hpp"

namespace ems::mps2 {

class Mps2Board final : public hal::Board {
 public:
  /// Starts the clocks, the ports and their interrupts. Once, before anything else.
  void start() noexcept;
  void uart_interrupt() noexcept;
  void tick_interrupt() noexcept;

  [[nodiscard]] Instant now() noexcept override;
  [[nodiscard]] hal::SerialPort& console() noexcept override { return console_; }
  [[nodiscard]] hal::SerialPort& battery() noexcept override { return battery_; }
  [[nodiscard]] hal::SerialPort& host() noexcept override { return host_; }
  [[nodiscard]] firmware::DigitalInputs inputs() noexcept override;
  void set_relays(const firmware::Relays& relays) noexcept override;
  [[nodiscard]] MutableBytes latch_memory() noexcept override;
  [[nodiscard]] firmware::StackUse stack_use() noexcept override;
  void sleep() noexcept override;
  [[noreturn]] void fail_safe() noexcept override;

 private:
  Uart<kUart0, 16, 128> console_;
  Uart<kUart1, 128, 64> battery_;
  Uart<kUart2, 128, 256> host_;
  Uart<kUart3, 16, 16> panel_;
  firmware::DigitalInputs inputs_{};
  bool panel_heard_ = false;
  std::uint32_t elapsed_low_ = 0;  ///< Clock counts at the newest now().
  std::uint64_t elapsed_ = 0;
  volatile bool woken_ = false;
};

/// The one board. @thread_safety The interrupts' and the main loop's.
[[nodiscard]] Mps2Board& board() noexcept;

}  // namespace ems::mps2
