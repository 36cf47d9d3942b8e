// SPDX-License-Identifier: Apache-2.0
/// @file Registers of the Arm MPS2 AN385 image that this board uses.
///
/// @source Arm Application Note AN385; Cortex-M System Design Kit TRM (APB UART, APB timer);
/// Armv7-M
///         Architecture Reference Manual (NVIC, SCB). QEMU 7.2 models all of them.
#pragma once

#include <cstdint>

namespace ems::mps2 {

/// One 32-bit register.
class Register {
 public:
  constexpr explicit Register(std::uintptr_t address) noexcept : address_(address) {}
  [[nodiscard]] std::uint32_t read() const noexcept { return *pointer(); }
  void write(std::uint32_t value) const noexcept { *pointer() = value; }

 private:
  [[nodiscard]] volatile std::uint32_t* pointer() const noexcept {
    return reinterpret_cast<volatile std::uint32_t*>(address_);
  }
  std::uintptr_t address_;
};

inline constexpr std::uint32_t kClockHz = 25'000'000;

/// CMSDK APB UART.
struct UartRegisters {
  Register data;
  Register state;      ///< kTxFull, kRxFull
  Register control;    ///< kTxEnable ...
  Register interrupt;  ///< Read: pending; write 1: clear.
  Register baud_divisor;
  static constexpr std::uint32_t kTxFull = 1, kRxFull = 2;
  static constexpr std::uint32_t kTxEnable = 1, kRxEnable = 2, kTxInterrupt = 4, kRxInterrupt = 8;
  static constexpr std::uint32_t kTxPending = 1, kRxPending = 2;
  constexpr explicit UartRegisters(std::uintptr_t base) noexcept
      : data(base),
        state(base + 4),
        control(base + 8),
        interrupt(base + 12),
        baud_divisor(base + 16) {}
};
inline constexpr std::uintptr_t kUart0 = 0x4000'4000;
inline constexpr std::uintptr_t kUart1 = 0x4000'5000;
inline constexpr std::uintptr_t kUart2 = 0x4000'6000;
inline constexpr std::uintptr_t kUart3 = 0x4000'7000;

/// CMSDK APB timer; counts down from `reload`.
struct TimerRegisters {
  Register control;  ///< kEnable, kInterrupt
  Register value;
  Register reload;
  Register interrupt;  ///< Write 1: clear.
  static constexpr std::uint32_t kEnable = 1, kInterrupt = 8;
  constexpr explicit TimerRegisters(std::uintptr_t base) noexcept
      : control(base), value(base + 4), reload(base + 8), interrupt(base + 12) {}
};
inline constexpr TimerRegisters kFreeTimer{0x4000'0000};  ///< TIMER0: the clock.
inline constexpr TimerRegisters kTickTimer{0x4000'1000};  ///< TIMER1: wakes the main loop.

/// User LEDs 0 .. 7 of the board controller (CFG_REG1): here they stand for the relay coils.
inline constexpr Register kLeds{0x4002'F004};

inline constexpr Register kInterruptEnable{0xE000'E100};  ///< NVIC_ISER0
inline constexpr Register kResetControl{0xE000'ED0C};     ///< SCB_AIRCR
inline constexpr std::uint32_t kResetRequest = 0x05FA'0004;

/// PSRAM. The board's profile keeps it powered (QEMU: a file behind it), so the latch lives here.
inline constexpr std::uintptr_t kRetainedMemory = 0x2100'0000;

/// No interrupt comes in while one of these lives.
class InterruptsOff {
 public:
  InterruptsOff() noexcept {
    asm volatile("mrs %0, primask\n cpsid i" : "=r"(before_) : : "memory");
  }
  ~InterruptsOff() noexcept { asm volatile("msr primask, %0" : : "r"(before_) : "memory"); }
  InterruptsOff(const InterruptsOff&) = delete;
  InterruptsOff& operator=(const InterruptsOff&) = delete;

 private:
  std::uint32_t before_;
};

}  // namespace ems::mps2
