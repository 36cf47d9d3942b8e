// SPDX-License-Identifier: Apache-2.0
#include "protocol/ascii/board.hpp"
#include "ems/protocol/pace/codec.hpp"
#include "protocol/pace/layout.hpp"

namespace ems::protocol::pace {
namespace {

void write_analog(Draft& info) noexcept {
  const std::size_t cells = ascii::cells_of(info);
  const std::size_t sensors = info.state().count(Signal::temperature, info.module());
  info.u8(static_cast<std::int64_t>(cells));
  info.cells(cells);
  info.u8(static_cast<std::int64_t>(sensors));
  info.sensors(sensors, kZero);
  const std::size_t at = info.zeros(kFullAt + 2 * kItemsNeeded);
  info.put(at, kAnalogFields);
  info.store(at + kItemsAt, FieldWire::u8, kItemsNeeded);
}

void write_status(Draft& info) noexcept {
  ascii::Raising raising(info);
  raising.codes(ascii::cells_of(info), Alarm::cell_undervoltage, Alarm::cell_overvoltage);
  raising.codes(info.state().count(Signal::temperature, info.module()), Alarm::undertemperature,
                Alarm::overtemperature);
  const std::size_t at = info.size();
  raising.code(Alarm::charge_overcurrent, Alarm::charge_overcurrent);
  raising.code(Alarm::pack_undervoltage, Alarm::pack_overvoltage);
  raising.code(Alarm::discharge_overcurrent, Alarm::discharge_overcurrent);
  info.zeros(at + kStatusSize - info.size());
  info.put(at, kStatusBytes);
  info.put(at, kStatusFlags);
  raising.events(at + kProtectionsAt, kProtectionBytes, kProtections);
  raising.events(at + kInstructionAt, 1, kInstructions, kInstructionsFrom);
  raising.events(at + kFaultAt, 1, kFaults, kFaultsFrom);
  raising.events(at + kWarningsAt, kWarningBytes, kWarnings, kWarningsFrom);
  ascii::write_balanced(info, at + kBalanceAt, kBalanceBytes);
}

bool write_info(const ascii::Asked& asked, const CodecOptions& options, Draft& info) noexcept {
  static_cast<void>(options);
  const BoardState& state = info.state();
  switch (asked.command) {
    case kAnalog:
      ascii::write_modules(asked, info, write_analog);
      return true;
    case kStatus:
      ascii::write_modules(asked, info, write_status);
      return true;
    case kPackCount:
      info.u8(state.value(Signal::module_count).value_or(1));
      return true;
    case kSoftware:
      info.text(state.text(TextField::software_version), kTextSize, ' ');
      return true;
    case kProduct:
      info.text(state.text(TextField::serial_number), kLongTextSize, ' ');
      return true;
    default:
      return false;
  }
}

}  // namespace

Answer answer(const CodecOptions& options, const BoardState& state, Bytes request,
              MutableBytes out) noexcept {
  return ascii::answer(codec(), options, state, request, out, write_info);
}

}  // namespace ems::protocol::pace
