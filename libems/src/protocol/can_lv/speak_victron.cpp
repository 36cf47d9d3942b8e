// SPDX-License-Identifier: Apache-2.0
// A battery as SMA's paper and Victron's CAN-bms have it: alarms in pairs, no enables: a limit of 0
// forbids.
#include <array>

#include "protocol/can_lv/spoken.hpp"

namespace ems::protocol::can_lv {
namespace {

constexpr std::int64_t kBasisPointsPerPercent = 100;
constexpr std::int64_t kMilliPerDegree = 1'000;
constexpr std::int64_t kKelvinAtZero = 273;
constexpr std::int64_t kUnsignedInvalid = 0xFFFF;
constexpr std::int64_t kSignedInvalid = kS16Min;
constexpr unsigned kInternalPair = 11;

constexpr AlarmRow kPairs[] = {
    {mask_of({Alarm::pack_overvoltage, Alarm::cell_overvoltage}), 1},
    {mask_of({Alarm::pack_undervoltage, Alarm::cell_undervoltage}), 2},
    {mask_of(
         {Alarm::overtemperature, Alarm::discharge_overtemperature, Alarm::mosfet_overtemperature}),
     3},
    {mask_of({Alarm::undertemperature, Alarm::discharge_undertemperature}), 4},
    {mask_of({Alarm::charge_overtemperature}), 5},
    {mask_of({Alarm::charge_undertemperature}), 6},
    {mask_of({Alarm::discharge_overcurrent}), 7},
    {mask_of({Alarm::charge_overcurrent}), 8},
    {mask_of({Alarm::contactor_failure, Alarm::precharge_failure}), 9},
    {mask_of({Alarm::short_circuit}), 10},
    {mask_of({Alarm::internal_failure}), kInternalPair},
    {mask_of({Alarm::cell_imbalance}), 12},
};

/// Half a frame 35A. Only what is known may be said to be inactive.
std::array<std::uint8_t, 4> pairs(std::uint64_t mask, bool known, bool internal) noexcept {
  std::uint64_t rest = 0;
  std::uint64_t active = bits_of(mask, kPairs, rest);
  if (rest != 0 || internal) active |= std::uint64_t{1} << kInternalPair;
  std::array<std::uint8_t, 4> bytes{};
  for (unsigned pair = 0; pair < kPairsNamed; ++pair) {
    const bool on = (active >> pair & 1U) != 0;
    const unsigned value = on ? kPairActive : known ? kPairInactive : 0;
    bytes[pair / 4] = static_cast<std::uint8_t>(bytes[pair / 4] | value << (pair % 4 * 2));
  }
  return bytes;
}

CanFrame alarm_frame(const Spoken& spoken) noexcept {
  Writer out(FrameId::alarm_pairs);
  const auto alarms = pairs(spoken.alarms, spoken.alarms_known, false);
  const auto warnings = pairs(spoken.warnings, spoken.warnings_known, spoken.lost());
  for (const std::uint8_t byte : alarms) out.u8(byte);
  for (const std::uint8_t byte : warnings) out.u8(byte);
  return out.frame();
}

/// Whole kelvins, away from the middle.
std::int64_t kelvins(std::int64_t millicelsius, bool up) noexcept {
  const std::int64_t above = millicelsius + kKelvinAtZero * kMilliPerDegree;
  return (up ? above + kMilliPerDegree - 1 : above) / kMilliPerDegree;
}

void add_extras(const EmulatedBattery& battery, const Spoken& spoken, Burst& burst) noexcept {
  const std::uint8_t count = battery.module_count;
  Writer modules(FrameId::modules);
  modules.u16(spoken.alive ? count : 0);
  modules.u16(spoken.charge ? 0 : count);
  modules.u16(spoken.discharge ? 0 : count);
  modules.u16(spoken.alive ? 0 : count);
  burst.push_back(modules.frame());
  if (spoken.cells) {
    Writer out(FrameId::cell_extremes);
    out.u16(spoken.cells->millivolts_min);
    out.u16(spoken.cells->millivolts_max);
    out.u16(kelvins(spoken.cells->millicelsius_min, false));
    out.u16(kelvins(spoken.cells->millicelsius_max, true));
    burst.push_back(out.frame());
  }
  if (battery.capacity_ah != 0) {
    Writer out(FrameId::capacity);
    out.u16(battery.capacity_ah);
    burst.push_back(out.pad().frame());
  }
}

}  // namespace

void speak_victron(const EmulatedBattery& battery, const Spoken& spoken, bool victron,
                   Burst& burst) noexcept {
  Writer limits(FrameId::limits);
  limits.u16(spoken.ceiling);
  limits.u16(spoken.charge_limit);
  limits.u16(spoken.discharge_limit);
  limits.u16(spoken.floor.value_or(kUnsignedInvalid));
  burst.push_back(limits.frame());
  if (spoken.soc) {
    Writer out(FrameId::state);
    out.u16(*spoken.soc / kBasisPointsPerPercent);
    out.u16(spoken.soh ? *spoken.soh / kBasisPointsPerPercent : kUnsignedInvalid);
    out.u16(*spoken.soc);
    burst.push_back(out.pad().frame());
  }
  if (spoken.voltage && spoken.current) {
    Writer out(FrameId::measured);
    out.u16(*spoken.voltage);
    out.u16(-*spoken.current);
    out.u16(spoken.temperature.value_or(kSignedInvalid));
    burst.push_back(out.pad().frame());
  }
  burst.push_back(alarm_frame(spoken));
  burst.push_back(
      manufacturer_frame(battery.manufacturer.empty() ? "LIBEMS" : battery.manufacturer));
  Writer product(FrameId::product);
  product.u16(0);
  product.u16(battery.version);
  product.u16(battery.capacity_ah);
  burst.push_back(product.pad().frame());
  if (victron) add_extras(battery, spoken, burst);
}

}  // namespace ems::protocol::can_lv
