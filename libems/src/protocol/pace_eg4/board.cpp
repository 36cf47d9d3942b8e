// SPDX-License-Identifier: Apache-2.0
#include "protocol/ascii/board.hpp"
#include "ems/protocol/pace_eg4/codec.hpp"
#include "protocol/pace_eg4/layout.hpp"

namespace ems::protocol::pace_eg4 {
namespace {

constexpr std::int64_t kConstant = 0x10;  // As captured.

/// The count does not count the board's own, which come last.
std::int64_t stated(std::size_t sensors) noexcept {
  return static_cast<std::int64_t>(sensors < kBoardSensors ? sensors : sensors - kBoardSensors);
}

void write_analog(Draft& info) noexcept {
  const std::size_t cells = ascii::cells_of(info);
  const std::size_t sensors = info.state().count(Signal::temperature);
  info.u8(static_cast<std::int64_t>(cells));
  info.cells(cells);
  info.u8(stated(sensors));
  info.sensors(sensors, kZero);
  const std::size_t at = info.zeros(kAnalogSizeSeen);
  info.put(at, kAnalogFields);
  info.store(at + kAnalogMarkAt, FieldWire::u8, kAnalogMark);
}

void write_status(Draft& info) noexcept {
  const std::size_t sensors = info.state().count(Signal::temperature);
  ascii::Raising raising(info);
  raising.codes(ascii::cells_of(info), Alarm::cell_undervoltage, Alarm::cell_overvoltage);
  const std::size_t sensors_at = info.size();
  raising.codes(sensors, Alarm::undertemperature, Alarm::overtemperature);
  info.store(sensors_at, FieldWire::u8, stated(sensors));
  const std::size_t at = info.size();
  raising.code(Alarm::discharge_overcurrent, Alarm::charge_overcurrent);
  raising.code(Alarm::pack_undervoltage, Alarm::pack_overvoltage);
  info.zeros(at + kStatusSizeSeen - info.size());
  info.store(at + kStatusMarkAt, FieldWire::u8, kStatusMark);
  info.put(at, kStatusFields);
  info.put(at, kSwitches);
  raising.events(at + kEventsAt, kEventBytes, kEvents);
  info.put(at, kBalancing);
}

bool write_info(const ascii::Asked& asked, const CodecOptions& options, Draft& info) noexcept {
  static_cast<void>(options);
  if (asked.command != kAnalog && asked.command != kStatus) return false;
  info.u8(kConstant);
  info.u8(asked.pack);
  if (asked.command == kAnalog) {
    write_analog(info);
  } else {
    write_status(info);
  }
  return true;
}

}  // namespace

Answer answer(const CodecOptions& options, const BoardState& state, Bytes request,
              MutableBytes out) noexcept {
  return ascii::answer(codec(), options, state, request, out, write_info);
}

}  // namespace ems::protocol::pace_eg4
