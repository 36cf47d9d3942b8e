// SPDX-License-Identifier: Apache-2.0
// A battery in Deye's own profile: the current of 150 and 356 counts discharging positive.
#include <algorithm>

#include "protocol/can_lv/spoken.hpp"

namespace ems::protocol::can_lv {
namespace {

constexpr std::int64_t kBasisPointsPerPercent = 100;
constexpr std::int64_t kBasisPointsPerPermille = 10;
constexpr std::int64_t kTenthsPerAmpHour = 10;
constexpr std::size_t kPackNameSize = 5;
constexpr std::size_t kTables = 7;
constexpr unsigned kInternalBit = 24;       // Table 3: the front end does not answer.
constexpr unsigned kCommunicationBit = 29;  // Table 3: internal communication.
constexpr unsigned kWarningsFrom = 32;      // Tables 4 and 5.

/// Byte n of frames 110 and 359 is table n.
constexpr AlarmRow kAlarms[] = {
    {mask_of({Alarm::cell_overvoltage}), 0},
    {mask_of({Alarm::cell_undervoltage}), 1},
    {mask_of({Alarm::pack_overvoltage}), 2},
    {mask_of({Alarm::pack_undervoltage}), 3},
    {mask_of({Alarm::charge_overcurrent}), 4},
    {mask_of({Alarm::discharge_overcurrent}), 5},
    {mask_of({Alarm::charge_overtemperature}), 6},
    {mask_of({Alarm::charge_undertemperature}), 7},
    {mask_of({Alarm::discharge_overtemperature}), 8},
    {mask_of({Alarm::discharge_undertemperature}), 9},
    {mask_of({Alarm::cell_imbalance}), 10},
    {mask_of({Alarm::mosfet_overtemperature}), 12},
    {mask_of({Alarm::short_circuit}), 20},
    {mask_of({Alarm::undertemperature}), 21},
    {mask_of({Alarm::overtemperature}), 22},
    {mask_of({Alarm::internal_failure}), kInternalBit},
    {mask_of({Alarm::contactor_failure}), 27},
    {mask_of({Alarm::communication_failure}), kCommunicationBit},
    {mask_of({Alarm::precharge_failure}), 49},
};

/// Warnings have tables 0 and 1 only: hot is hot for charging and for discharging.
constexpr AlarmRow kWarnings[] = {
    {mask_of({Alarm::cell_overvoltage}), 0},
    {mask_of({Alarm::cell_undervoltage}), 1},
    {mask_of({Alarm::pack_overvoltage}), 2},
    {mask_of({Alarm::pack_undervoltage}), 3},
    {mask_of({Alarm::charge_overcurrent}), 4},
    {mask_of({Alarm::discharge_overcurrent, Alarm::short_circuit}), 5},
    {mask_of({Alarm::charge_overtemperature, Alarm::overtemperature}), 6},
    {mask_of({Alarm::charge_undertemperature, Alarm::undertemperature}), 7},
    {mask_of({Alarm::discharge_overtemperature, Alarm::overtemperature}), 8},
    {mask_of({Alarm::discharge_undertemperature, Alarm::undertemperature}), 9},
    {mask_of({Alarm::cell_imbalance}), 10},
    {mask_of({Alarm::mosfet_overtemperature}), 12},
};

std::uint64_t tables(const Spoken& spoken) noexcept {
  std::uint64_t without_warning = 0;
  std::uint64_t without_bit = 0;
  const std::uint64_t warned = bits_of(spoken.warnings, kWarnings, without_warning);
  std::uint64_t word = bits_of(spoken.alarms | without_warning, kAlarms, without_bit);
  if (without_bit != 0) word |= std::uint64_t{1} << kInternalBit;
  if (spoken.lost()) word |= std::uint64_t{1} << kCommunicationBit;
  return word | warned << kWarningsFrom;
}

/// @param state  Byte 7.
CanFrame table_frame(FrameId id, std::uint64_t word, unsigned state) noexcept {
  Writer out(id);
  for (std::size_t i = 0; i < kTables; ++i) out.u8(static_cast<unsigned>(word >> (8 * i) & 0xFFU));
  out.u8(state);
  return out.frame();
}

CanFrame name_frame(const EmulatedBattery& battery) noexcept {
  CanFrame frame = manufacturer_frame("DY001");  // The form is fixed: "DY", number of the pack.
  store_u8(frame.data, kPackNameSize, 0);
  const std::int64_t tenths = battery.capacity_ah * kTenthsPerAmpHour;
  store_le16(frame.data, kPackNameSize + 1,
             static_cast<std::uint16_t>(tenths < kU16Max ? tenths : 0));
  return frame;
}

/// Tenths of a degree, away from the middle.
std::int64_t tenths(std::int64_t millicelsius, bool up) noexcept {
  const std::int64_t down = millicelsius / kTenth - (millicelsius % kTenth < 0 ? 1 : 0);
  return up && millicelsius % kTenth != 0 ? down + 1 : down;
}

void add_measured(const Spoken& spoken, Burst& burst) noexcept {
  if (!spoken.voltage || !spoken.current) return;
  if (spoken.soc) {
    Writer pack(FrameId::deye_pack);
    pack.u16(*spoken.voltage / 10);
    pack.u16(*spoken.current);
    pack.u16(*spoken.soc / kBasisPointsPerPermille);
    if (spoken.soh) pack.u16(*spoken.soh / kBasisPointsPerPermille);
    burst.push_back(pack.frame());
  }
  Writer measured(FrameId::measured);
  measured.u16(*spoken.voltage);
  measured.u16(*spoken.current);
  if (spoken.temperature) {
    measured.u16(*spoken.temperature);
    measured.pad();
  }
  burst.push_back(measured.frame());
}

void add_modules(const EmulatedBattery& battery, const Spoken& spoken, Burst& burst) noexcept {
  const std::uint8_t count = battery.module_count;
  Writer out(FrameId::deye_modules);
  out.u8(spoken.alive ? count : 0);
  out.u8(spoken.charge ? 0 : count);
  out.u8(spoken.discharge ? 0 : count);
  out.u8(0);
  out.u8(count);
  burst.push_back(out.pad().frame());
}

}  // namespace

void speak_deye(const EmulatedBattery& battery, const Spoken& spoken, Burst& burst) noexcept {
  const std::uint64_t word = tables(spoken);
  const unsigned switches = kParallelComplete | (spoken.charge ? kChargeFetClosed : 0U) |
                            (spoken.discharge ? kDischargeFetClosed : 0U);
  burst.push_back(table_frame(FrameId::deye_alarms, word, switches));
  Writer limits(FrameId::limits);
  limits.u16(spoken.ceiling);
  limits.u16(spoken.charge_limit);
  limits.u16(spoken.discharge_limit);
  if (spoken.floor) limits.u16(*spoken.floor);
  burst.push_back(limits.frame());
  if (spoken.soc) {
    Writer out(FrameId::state);
    out.u16(*spoken.soc / kBasisPointsPerPercent);
    if (spoken.soh) {
      out.u16(*spoken.soh / kBasisPointsPerPercent);
      out.pad();
    }
    burst.push_back(out.frame());
  }
  add_measured(spoken, burst);
  burst.push_back(table_frame(FrameId::alarms, word, 0));
  Writer requests(FrameId::requests);
  requests.u8((spoken.charge ? kChargeEnable : 0U) | (spoken.discharge ? kDischargeEnable : 0U));
  burst.push_back(requests.pad().frame());
  burst.push_back(name_frame(battery));
  if (spoken.cells) {
    Writer out(FrameId::deye_extremes);
    out.u16(spoken.cells->millivolts_max);
    out.u16(spoken.cells->millivolts_min);
    out.u16(tenths(spoken.cells->millicelsius_max, true));
    out.u16(tenths(spoken.cells->millicelsius_min, false));
    burst.push_back(out.frame());
  }
  add_modules(battery, spoken, burst);
  Writer array(FrameId::name);
  array.u16(spoken.charge_limit);
  array.u16(spoken.discharge_limit);
  burst.push_back(array.pad().frame());
}

}  // namespace ems::protocol::can_lv
