// SPDX-License-Identifier: Apache-2.0
#include "protocol/ascii/board.hpp"
#include "ems/protocol/pylontech_rs485/codec.hpp"
#include "protocol/pylontech_rs485/layout.hpp"
#include "protocol/pylontech_rs485/replies.hpp"

namespace ems::protocol::pylontech_rs485 {
namespace {

using ascii::Asked;

/// In mAh; kNotHere where nothing is said of it.
std::int64_t capacity_of(const Draft& info, Signal signal) noexcept {
  constexpr std::int64_t kMicroPerMilli = 1'000;
  const auto said = info.state().value(signal, 0, info.module());
  return said ? nearest(*said, kMicroPerMilli) : kNotHere;
}

/// Whether a module has more than the narrow places can say: then all modules use the wide ones, as
/// captured stacks do.
bool needs_wide(const BoardState& state) noexcept {
  constexpr std::int64_t kNarrowMax = std::int64_t{kNotHere} * 1'000;
  return std::ranges::any_of(state.readings(), [](const Reading& reading) {
    const bool capacity =
        reading.signal == Signal::remaining_capacity || reading.signal == Signal::full_capacity;
    return capacity && reading.quality != Quality::bad && reading.value >= kNarrowMax;
  });
}

void write_analog(Draft& info) noexcept {
  const std::size_t cells = ascii::cells_of(info);
  const std::size_t sensors = info.state().count(Signal::temperature, info.module());
  info.u8(static_cast<std::int64_t>(cells));
  info.cells(cells);
  info.u8(static_cast<std::int64_t>(sensors));
  info.sensors(sensors);
  const std::int64_t remaining = capacity_of(info, Signal::remaining_capacity);
  const std::int64_t total = capacity_of(info, Signal::full_capacity);
  const bool wide = needs_wide(info.state());
  const std::size_t at = info.zeros(wide ? kWideSize : kNarrowSize);
  info.put(at, kAnalogFields);
  info.store(at + kItemsAt, FieldWire::u8, wide ? kWideItems : kNarrowItems);
  info.store(at + kRemainingAt, FieldWire::u16, wide ? kNotHere : remaining);
  info.store(at + kTotalAt, FieldWire::u16, wide ? kNotHere : total);
  if (!wide) return;
  for (const auto& [where, value] :
       {std::pair{kWideRemainingAt, remaining}, std::pair{kWideTotalAt, total}}) {
    info.store(at + where, FieldWire::u8, value >> 16);
    info.store(at + where + 1, FieldWire::u16, value);
  }
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
  info.zeros(at + kStatusSizeSeen - info.size());
  info.put(at, kStatusBytes);
  info.put(at, kStatusDetails);
  info.put(at, kStatusFlags);
  raising.events(at + kProtectionsAt, 1, kProtections);
  raising.events(at + kCellFaultsAt, kCellFaultBytes, {}, kCellFaultsFrom);
}

/// With the sign of a discharge current.
void write_discharge_limit(Draft& info, std::size_t at, std::int32_t step) noexcept {
  info.put(at, FieldWire::s16, amount(Signal::discharge_current_limit, -step));
}

void write_limits(Draft& info, std::int32_t step) noexcept {
  const std::size_t at = info.zeros(kLimitsSize);
  info.put(at, limit_fields(step));
  write_discharge_limit(info, at + kDischargeLimitAt, step);
  info.put(at, kLimitFlags);
  info.put(at, kForceFlags);
  const FlagBit first = kForceFlags[0];
  const FlagBit forced[] = {{first.at, first.bit, flag(Signal::force_charge)}};
  const bool named = info.state().vendor(kForceFlags[0].meaning.name).value_or(0) != 0 ||
                     info.state().vendor(kForceFlags[1].meaning.name).value_or(0) != 0;
  if (!named) info.put(at, forced);
}

void write_system_analog(Draft& info, std::int32_t step) noexcept {
  info.zeros(kSystemAnalogSize);
  info.put(kSystemCurrentAt, FieldWire::s16, ascii::charging(step));
  info.put(0, kSystemFields);
}

/// A word of warnings and one of alarms. Which bit says what nobody has published: the first, where
/// the state names none.
void write_system_alarms(Draft& info) noexcept {
  constexpr std::uint32_t kWord = 0xFFFF;
  const auto said = [&info](Signal signal) {
    return static_cast<std::uint64_t>(info.state().value(signal).value_or(0));
  };
  auto bits = static_cast<std::uint32_t>(said(Signal::vendor_alarms) >> kSystemAlarmsFrom);
  const auto raise = [&](Signal signal, unsigned shift) {
    const std::uint32_t word = bits >> shift & kWord;
    bits &= ~(kWord << shift);
    if (said(signal) != 0) bits |= (word != 0 ? word : 1U) << shift;
  };
  raise(Signal::warnings, 0);
  raise(Signal::alarms, 16);
  for (std::size_t i = 0; i < kSystemAlarmBytes; ++i) info.u8(bits >> 8 * i & 0xFF);
}

void write_parameters(Draft& info) noexcept {
  info.zeros(kParametersSize);
  for (const Parameter& row : kParameters) {
    const auto said = info.state().vendor(row.name);
    info.store(row.at, FieldWire::u16, row.temperature ? decikelvin_of(said) : said.value_or(0));
  }
  info.put(0, kParameterFields);
  write_discharge_limit(info, kParameterDischargeAt, kParameterStep);
}

bool write_info(const Asked& asked, const CodecOptions& options, Draft& info) noexcept {
  const SystemSteps steps = options.variant == kVariants[kSystemFine] ? kFineSteps : SystemSteps{};
  const BoardState& state = info.state();
  switch (static_cast<Command>(asked.command)) {
    case Command::analog:
      ascii::write_modules(asked, info, write_analog);
      return true;
    case Command::status:
      ascii::write_modules(asked, info, write_status);
      return true;
    case Command::parameters:
      write_parameters(info);
      return true;
    case Command::maker:
      ascii::write_maker(info);
      return true;
    case Command::system_analog:
      write_system_analog(info, steps.current);
      return true;
    case Command::system_alarms:
      write_system_alarms(info);
      return true;
    case Command::system_limits:
      write_limits(info, steps.limit);
      return true;
    case Command::pack_count:
      info.u8(state.value(Signal::module_count).value_or(1));
      return true;
    case Command::limits:
      info.u8(asked.pack);
      write_limits(info, SystemSteps{}.limit);
      return true;
    case Command::serial_number:
      info.u8(asked.pack);
      info.text(state.text(TextField::serial_number), kSerialSize - 1, ' ');
      return true;
    case Command::firmware:
      info.u8(asked.pack);
      ascii::write_version(info, state.text(TextField::firmware_version), kFirmwareParts);
      ascii::write_version(info, state.text(TextField::software_version), kMainlineParts);
      return true;
    case Command::protocol_version:
    case Command::set_limits:
      return true;
    case Command::turn_off:
      break;
  }
  return false;
}

}  // namespace

Answer answer(const CodecOptions& options, const BoardState& state, Bytes request,
              MutableBytes out) noexcept {
  return ascii::answer(codec(), options, state, request, out, write_info);
}

}  // namespace ems::protocol::pylontech_rs485
