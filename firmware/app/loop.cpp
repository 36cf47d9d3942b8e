// SPDX-License-Identifier: Apache-2.0
#include "app/loop.hpp"

#include <algorithm>
#include <string_view>

#include "ems/core/static_vector.hpp"

namespace ems::firmware {
namespace {

using Line = FixedString<112>;

void append_number(Line& line, std::uint64_t value) noexcept {
  std::array<char, 20> digits{};
  std::size_t at = digits.size();
  do {
    digits[--at] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  line.append({digits.data() + at, digits.size() - at});
}

void append_field(Line& line, std::string_view name, std::uint64_t value) noexcept {
  line.append(name);
  append_number(line, value);
}

std::string_view to_string(OperatingState state) noexcept {
  switch (state) {
    case OperatingState::waiting:
      return "waiting";
    case OperatingState::ready:
      return "ready";
    case OperatingState::host_silent:
      return "host_silent";
    case OperatingState::tripped:
      return "tripped";
  }
  return "tripped";
}

void write_line(hal::SerialPort& port, std::string_view text) noexcept {
  (void)port.write(std::as_bytes(std::span{text}));  // A full console loses lines, nothing else.
}

}  // namespace

Loop::Loop(hal::Board& board, const Settings& settings, const protocol::PollCodec& codec) noexcept
    : board_(board),
      period_(settings.safety.tick_period),
      next_tick_((board.set_relays({}), board.now())),
      controller_(settings, codec, Bytes{board.latch_memory()}.first(kLatchRecordSize),
                  next_tick_) {
  write_line(board_.console(), "libems-io boot relays=open\n");
}

void Loop::move_battery_bytes(Instant now) noexcept {
  std::array<std::byte, protocol::kRequestSize> bytes{};
  while (const std::size_t size = board_.battery().read(bytes)) {
    controller_.from_battery(Bytes{bytes}.first(size), now);
  }
  const protocol::PollerAction action = controller_.poll_battery(now, bytes);
  // A request that finds no room is one that gets no answer: the poller repeats it.
  if (action.size != 0) (void)board_.battery().write(Bytes{bytes}.first(action.size));
}

void Loop::move_host_bytes(Instant now) noexcept {
  std::array<std::byte, protocol::kRequestSize> bytes{};
  std::array<std::byte, protocol::modbus::kRtuFrameSize> response{};
  while (const std::size_t size = board_.host().read(bytes)) {
    const std::size_t answer = controller_.from_host(Bytes{bytes}.first(size), now, response);
    if (answer != 0) (void)board_.host().write(Bytes{response}.first(answer));
  }
}

void Loop::tick(Instant now) noexcept {
  next_tick_ = next_tick_ + period_;
  if (next_tick_ <= now) next_tick_ = now + period_;  // Missed ticks are counted, not made up for.
  board_.set_relays(controller_.tick(board_.inputs(), now));
  if (const std::optional<LatchRecord> record = controller_.latch_to_store()) {
    std::copy(record->begin(), record->end(), board_.latch_memory().begin());
  }
  controller_.stack_use(board_.stack_use());
}

void Loop::report(Instant now) noexcept {
  const Status& status = controller_.status();
  if (status.relays == reported_ && status.state == reported_state_) return;
  reported_ = status.relays;
  reported_state_ = status.state;
  Line line{"relays"};
  append_field(line, " charge=", status.relays.charge_enable ? 1 : 0);
  append_field(line, " discharge=", status.relays.discharge_enable ? 1 : 0);
  append_field(line, " main=", status.relays.main_contactor ? 1 : 0);
  line.append(" state=");
  line.append(to_string(status.state));
  append_field(line, " alarms=", status.alarms);
  append_field(line, " rules=", status.rules);
  append_field(line, " t_ms=",
               static_cast<std::uint64_t>(now.since_zero().count() / milliseconds(1).count()));
  line.append("\n");
  write_line(board_.console(), line.view());
}

void Loop::once() noexcept {
  const Instant now = board_.now();
  move_battery_bytes(now);
  move_host_bytes(now);
  if (now < next_tick_) return;
  tick(now);
  report(now);
}

}  // namespace ems::firmware
