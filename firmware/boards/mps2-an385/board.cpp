// SPDX-License-Identifier: Apache-2.0
#include "boards/mps2-an385/board.hpp"

#include <algorithm>
#include <limits>

extern "C" {
extern std::uint32_t ems_stack_top;
extern std::uint32_t ems_stack_bottom;
}

namespace ems::mps2 {
namespace {

constexpr std::uint32_t kWakeHz = 100;
constexpr std::uint32_t kCountsPerMicrosecond = kClockHz / 1'000'000;
constexpr std::uint32_t kStackPaint = 0xC5C5'C5C5;  // startup.c
constexpr std::uint32_t kInterrupts =
    0x3FU | 1U << 9U | 1U << 18U | 1U << 19U;  // UART0 .. 2, TIMER1, UART3.
constexpr std::uint32_t kBatteryBaud = 9600;
constexpr std::uint32_t kHostBaud = 9600;
constexpr Duration kPanelPatience = seconds(1);
constexpr std::uint32_t kConsoleBaud = 115'200;

constexpr std::uint32_t kChargeCoil = 1;
constexpr std::uint32_t kDischargeCoil = 2;
constexpr std::uint32_t kMainCoil = 4;

constinit Mps2Board the_board;

}  // namespace

Mps2Board& board() noexcept { return the_board; }

void Mps2Board::start() noexcept {
  kLeds.write(0);
  kFreeTimer.reload.write(std::numeric_limits<std::uint32_t>::max());
  kFreeTimer.value.write(std::numeric_limits<std::uint32_t>::max());
  kFreeTimer.control.write(TimerRegisters::kEnable);
  kTickTimer.reload.write(kClockHz / kWakeHz);
  kTickTimer.control.write(TimerRegisters::kEnable | TimerRegisters::kInterrupt);
  console_.start(kConsoleBaud);
  battery_.start(kBatteryBaud);
  host_.start(kHostBaud);
  panel_.start(kConsoleBaud);
  kInterruptEnable.write(kInterrupts);
  // A wire has a level from the first moment on; whoever plays it needs a moment to say which.
  const Instant give_up = now() + kPanelPatience;
  while (!panel_heard_ && now() < give_up) {
    (void)inputs();
    sleep();
  }
}

void Mps2Board::uart_interrupt() noexcept {
  console_.interrupt();
  battery_.interrupt();
  host_.interrupt();
  panel_.interrupt();
  woken_ = true;
}

void Mps2Board::tick_interrupt() noexcept {
  kTickTimer.interrupt.write(1);
  woken_ = true;
}

// Called many times a second, so the 32-bit counter (171 s) never goes round unseen.
Instant Mps2Board::now() noexcept {
  const std::uint32_t counted = ~kFreeTimer.value.read();
  elapsed_ += counted - elapsed_low_;
  elapsed_low_ = counted;
  return Instant{microseconds(static_cast<std::int64_t>(elapsed_ / kCountsPerMicrosecond))};
}

firmware::DigitalInputs Mps2Board::inputs() noexcept {
  std::array<std::byte, 16> letters{};
  const std::size_t size = panel_.read(letters);
  panel_heard_ = panel_heard_ || size != 0;
  for (const std::byte letter : Bytes{letters}.first(size)) {
    if (letter == std::byte{'C'}) inputs_.estop_closed = true;
    if (letter == std::byte{'O'}) inputs_.estop_closed = false;
    if (letter == std::byte{'R'}) inputs_.reset_pressed = true;
    if (letter == std::byte{'r'}) inputs_.reset_pressed = false;
  }
  return inputs_;
}

void Mps2Board::set_relays(const firmware::Relays& relays) noexcept {
  kLeds.write((relays.charge_enable ? kChargeCoil : 0U) |
              (relays.discharge_enable ? kDischargeCoil : 0U) |
              (relays.main_contactor ? kMainCoil : 0U));
}

MutableBytes Mps2Board::latch_memory() noexcept {
  return {reinterpret_cast<std::byte*>(kRetainedMemory), firmware::kLatchRecordSize};
}

firmware::StackUse Mps2Board::stack_use() noexcept {
  const std::uint32_t* const top = &ems_stack_top;
  const std::uint32_t* const bottom = &ems_stack_bottom;
  const std::uint32_t* const used =
      std::find_if(bottom, top, [](std::uint32_t word) { return word != kStackPaint; });
  const auto bytes = [top](const std::uint32_t* from) {
    return static_cast<std::uint16_t>((top - from) * static_cast<std::ptrdiff_t>(sizeof *from));
  };
  return {.used_max = bytes(used), .size = bytes(bottom)};
}

void Mps2Board::sleep() noexcept {
  asm volatile("cpsid i" ::: "memory");
  if (!woken_) asm volatile("wfi" ::: "memory");  // Wakes for a pending interrupt, masked or not.
  asm volatile("cpsie i" ::: "memory");
  woken_ = false;
}

void Mps2Board::fail_safe() noexcept {
  asm volatile("cpsid i" ::: "memory");
  kLeds.write(0);
  kResetControl.write(kResetRequest);
  for (;;) asm volatile("wfi" ::: "memory");
}

}  // namespace ems::mps2

extern "C" {
void ems_uart_irq() { ems::mps2::board().uart_interrupt(); }
void ems_tick_irq() { ems::mps2::board().tick_interrupt(); }
[[noreturn]] void ems_fault() { ems::mps2::board().fail_safe(); }
}
