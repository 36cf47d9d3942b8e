// SPDX-License-Identifier: Apache-2.0
/// @file A CMSDK UART behind two rings.
#pragma once

#include <array>
#include <cstdint>

#include "boards/mps2-an385/chip.hpp"
#include "hal/board.hpp"

namespace ems::mps2 {

/// Bytes between an interrupt and the main loop; N - 1 fit. N is a power of two.
template <std::size_t N>
class Ring {
  static_assert((N & (N - 1)) == 0 && N <= 0x8000);

 public:
  [[nodiscard]] bool empty() const noexcept { return head_ == tail_; }
  [[nodiscard]] std::size_t room() const noexcept { return N - 1 - ((head_ - tail_) & kMask); }
  /// Drops the byte when there is no room: the frame it belonged to fails its checksum.
  void push(std::uint8_t byte) noexcept {
    if (room() == 0) return;
    bytes_[head_] = byte;
    head_ = static_cast<std::uint16_t>((head_ + 1U) & kMask);
  }
  /// @pre !empty().
  [[nodiscard]] std::uint8_t pop() noexcept {
    const std::uint8_t byte = bytes_[tail_];
    tail_ = static_cast<std::uint16_t>((tail_ + 1U) & kMask);
    return byte;
  }

 private:
  static constexpr unsigned kMask = N - 1;
  std::array<std::uint8_t, N> bytes_{};
  std::uint16_t head_ = 0;  // Read and written with interrupts off.
  std::uint16_t tail_ = 0;
};

/// @memory Rx + Tx bytes. There is one of each UART, so its rings are static: zero at first, they
///         cost no flash, as they would beside the vtable's address.
template <std::uintptr_t Base, std::size_t Rx, std::size_t Tx>
class Uart final : public hal::SerialPort {
 public:
  void start(std::uint32_t baud) noexcept {
    kRegisters.baud_divisor.write(kClockHz / baud);
    kRegisters.control.write(UartRegisters::kTxEnable | UartRegisters::kRxEnable |
                             UartRegisters::kTxInterrupt | UartRegisters::kRxInterrupt);
  }

  [[nodiscard]] std::size_t read(MutableBytes out) noexcept override {
    const InterruptsOff off;
    std::size_t size = 0;
    while (size < out.size() && !received_.empty()) out[size++] = std::byte{received_.pop()};
    return size;
  }
  bool write(Bytes bytes) noexcept override {
    const InterruptsOff off;
    if (to_send_.room() < bytes.size()) return false;
    for (const std::byte byte : bytes) to_send_.push(std::to_integer<std::uint8_t>(byte));
    send();
    return true;
  }

  /// The interrupt of either direction. The flag is cleared before the data is taken: a byte that
  /// arrives in between sets it again.
  void interrupt() noexcept {
    kRegisters.interrupt.write(UartRegisters::kTxPending | UartRegisters::kRxPending);
    while ((kRegisters.state.read() & UartRegisters::kRxFull) != 0) {
      received_.push(static_cast<std::uint8_t>(kRegisters.data.read()));
    }
    send();
  }

 private:
  static constexpr UartRegisters kRegisters{Base};

  void send() noexcept {
    while (!to_send_.empty() && (kRegisters.state.read() & UartRegisters::kTxFull) == 0) {
      kRegisters.data.write(to_send_.pop());
    }
  }

  inline static constinit Ring<Rx> received_{};
  inline static constinit Ring<Tx> to_send_{};
};

}  // namespace ems::mps2
