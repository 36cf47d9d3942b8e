// SPDX-License-Identifier: Apache-2.0
#include "protocol/ant/fets.hpp"

#include <span>

namespace ems::protocol::ant {
namespace {

struct Code {
  std::uint8_t code = 0;
  Alarm alarm{};
};

constexpr Code kCharge[] = {
    {0x02, Alarm::cell_overvoltage},       {0x03, Alarm::charge_overcurrent},
    {0x05, Alarm::pack_overvoltage},       {0x06, Alarm::overtemperature},
    {0x07, Alarm::mosfet_overtemperature}, {0x08, Alarm::internal_failure},  // Current.
    {0x09, Alarm::internal_failure},       {0x0A, Alarm::overtemperature},   // Wire; board.
    {0x0C, Alarm::contactor_failure},      {0x0D, Alarm::contactor_failure},
    {0x10, Alarm::cell_overvoltage},       {0x11, Alarm::charge_undertemperature},
    {0x12, Alarm::cell_imbalance},         {0x14, Alarm::internal_failure},
};
constexpr Code kDischarge[] = {
    {0x02, Alarm::cell_undervoltage},     {0x03, Alarm::discharge_overcurrent},
    {0x04, Alarm::discharge_overcurrent}, {0x05, Alarm::pack_undervoltage},
    {0x06, Alarm::overtemperature},       {0x07, Alarm::mosfet_overtemperature},
    {0x08, Alarm::internal_failure},      {0x09, Alarm::internal_failure},
    {0x0A, Alarm::overtemperature},       {0x0C, Alarm::short_circuit},
    {0x0D, Alarm::contactor_failure},     {0x0E, Alarm::contactor_failure},
    {0x10, Alarm::cell_undervoltage},     {0x11, Alarm::discharge_undertemperature},
    {0x12, Alarm::cell_imbalance},        {0x13, Alarm::internal_failure},
};

std::uint64_t alarm_of(std::span<const Code> codes, std::uint8_t code) noexcept {
  for (const Code& row : codes) {
    if (row.code == code) return alarm_bit(row.alarm);
  }
  return 0;
}

/// @param doubted  A code that the reader would not believe.
template <class Doubted>
std::uint8_t code_of(std::span<const Code> codes, std::uint64_t alarms, bool on,
                     Doubted doubted) noexcept {
  if (on) return kFetOn;
  for (const Code& row : codes) {
    if ((alarms & alarm_bit(row.alarm)) != 0 && !doubted(row.code)) return row.code;
  }
  return 0;
}

}  // namespace

void give_fets(const Publisher& out, std::uint8_t charge, std::uint8_t discharge, bool known,
               bool alarms_known) {
  if (known) {
    out.flag(Signal::charge_fet_on, charge == kFetOn);
    out.flag(Signal::discharge_fet_on, discharge == kFetOn);
  } else {
    out.missing(Signal::charge_fet_on);
    out.missing(Signal::discharge_fet_on);
  }
  if (known && alarms_known) {
    out.value(Signal::alarms, static_cast<std::int64_t>(alarm_of(kCharge, charge) |
                                                        alarm_of(kDischarge, discharge)));
  } else {
    out.missing(Signal::alarms);
  }
  out.vendor("charge_fet_code", charge);
  out.vendor("discharge_fet_code", discharge);
}

FetCodes fets_of(const BoardState& state, std::optional<bool> half_full) noexcept {
  const std::optional<std::int64_t> said = state.value(Signal::alarms);
  const auto alarms = static_cast<std::uint64_t>(said.value_or(0));
  const std::optional<std::int64_t> charge = state.vendor("charge_fet_code");
  const std::optional<std::int64_t> discharge = state.vendor("discharge_fet_code");
  if (charge && discharge) {
    const FetCodes told{.charge = static_cast<std::uint8_t>(*charge & 0xFF),
                        .discharge = static_cast<std::uint8_t>(*discharge & 0xFF)};
    const auto agrees = [&state](Signal fet, std::uint8_t code) {
      const std::optional<std::int64_t> on = state.value(fet);
      return !on || (*on != 0) == (code == kFetOn);
    };
    const std::uint64_t raised =
        alarm_of(kCharge, told.charge) | alarm_of(kDischarge, told.discharge);
    if ((!said || raised == alarms) && agrees(Signal::charge_fet_on, told.charge) &&
        agrees(Signal::discharge_fet_on, told.discharge)) {
      return told;
    }
  }
  const auto too_full = [half_full](std::uint8_t code) {
    return of_voltage(code) && half_full && !*half_full;
  };
  const auto too_empty = [half_full](std::uint8_t code) {
    return of_voltage(code) && half_full && *half_full;
  };
  return {
      .charge = code_of(kCharge, alarms, state.is_on(Signal::charge_fet_on), too_full),
      .discharge = code_of(kDischarge, alarms, state.is_on(Signal::discharge_fet_on), too_empty)};
}

}  // namespace ems::protocol::ant
