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

}  // namespace ems::protocol::ant
