// SPDX-License-Identifier: Apache-2.0
// The board of this example. SIMULATED: a UART whose two rings a wire at 9600 baud fills and
// empties, and at the wire's other end a battery that speaks real JBD frames. In your product this
// file is your driver.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "ems/core/bytes.hpp"
#include "ems/sim/jbd_server.hpp"

/// Bytes between an interrupt and the program. When full, new bytes are lost, as in a real UART.
class Ring {
 public:
  void put(std::byte byte) {
    if (count_ == bytes_.size()) return;
    bytes_[(first_ + count_) % bytes_.size()] = byte;
    ++count_;
  }
  bool take(std::byte& byte) {
    if (count_ == 0) return false;
    byte = bytes_[first_];
    first_ = (first_ + 1) % bytes_.size();
    --count_;
    return true;
  }

 private:
  std::array<std::byte, 128> bytes_{};
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

struct Uart {
  Ring sent;
  Ring received;
};

/// The wire, and the battery at its other end.
class SimulatedWire {
 public:
  SimulatedWire(Uart& uart, ems::sim::FrameServer& battery) : uart_(uart), battery_(battery) {}

  /// Ten milliseconds of the line: at 9600 baud nine bytes each way.
  void run_10ms() {
    std::byte byte{};
    for (int i = 0; i < 9; ++i) {
      if (uart_.sent.take(byte) && !cut_) heard_.push_back(byte);
      if (next_ < answer_.size()) uart_.received.put(answer_[next_++]);
    }
    const ems::protocol::FrameScan frame = battery_.scan(heard_);
    if (frame.size == 0) return;
    answer_ = battery_.answer(ems::Bytes(heard_).subspan(frame.noise, frame.size));
    next_ = 0;
    heard_.clear();
  }
  void cut() { cut_ = true; }

 private:
  Uart& uart_;
  ems::sim::FrameServer& battery_;
  ems::sim::ByteVector heard_;
  ems::sim::ByteVector answer_;
  std::size_t next_ = 0;
  bool cut_ = false;
};
