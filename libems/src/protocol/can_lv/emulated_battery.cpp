// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ems/protocol/can_lv/emulator.hpp"

namespace ems::protocol::can_lv {
namespace {

/// One value with its time, and the places it may go to.
struct Given {
  std::int64_t value;
  Instant taken_at;
  Quality quality;

  template <class Q>
  bool into(std::optional<Sample<Q>>& place) const noexcept {
    const auto narrow = static_cast<typename Q::Rep>(value);
    place.reset();
    if (narrow == value) place = Sample<Q>{Q{narrow}, taken_at, quality};
    return true;
  }
  bool into(std::optional<Sample<bool>>& place) const noexcept {
    place = Sample<bool>{value == 1, taken_at, quality};
    return true;
  }
  bool into(std::optional<Sample<std::uint64_t>>& place) const noexcept {
    place = Sample<std::uint64_t>{static_cast<std::uint64_t>(value), taken_at, quality};
    return true;
  }
};

}  // namespace

bool set(EmulatedBattery& battery, Signal signal, std::int64_t value, Instant taken_at,
         Quality quality) noexcept {
  constexpr std::int64_t kMicroPerAmpHour = 1'000'000;
  const Given given{value, taken_at, quality};
  switch (signal) {
    case Signal::soc:
      return given.into(battery.soc);
    case Signal::soh:
      return given.into(battery.soh);
    case Signal::pack_voltage:
      return given.into(battery.pack_voltage);
    case Signal::pack_current:
      return given.into(battery.pack_current);
    case Signal::temperature:
      return given.into(battery.temperature);
    case Signal::charge_voltage_limit:
      return given.into(battery.charge_voltage_limit);
    case Signal::discharge_voltage_limit:
      return given.into(battery.discharge_voltage_limit);
    case Signal::charge_current_limit:
      return given.into(battery.charge_current_limit);
    case Signal::discharge_current_limit:
      return given.into(battery.discharge_current_limit);
    case Signal::charge_enable:
      return given.into(battery.charge_enable);
    case Signal::discharge_enable:
      return given.into(battery.discharge_enable);
    case Signal::alarms:
      return given.into(battery.alarms);
    case Signal::warnings:
      return given.into(battery.warnings);
    case Signal::cell_voltage_max:
      return given.into(battery.cell_voltage_max);
    case Signal::cell_voltage_min:
      return given.into(battery.cell_voltage_min);
    case Signal::cell_temp_max:
      return given.into(battery.cell_temp_max);
    case Signal::cell_temp_min:
      return given.into(battery.cell_temp_min);
    case Signal::module_count:
      battery.module_count =
          static_cast<std::uint8_t>(std::clamp<std::int64_t>(value, 1, UINT8_MAX));
      return true;
    case Signal::design_capacity:
      battery.capacity_ah = static_cast<std::uint16_t>(
          std::clamp<std::int64_t>(value / kMicroPerAmpHour, 0, UINT16_MAX));
      return true;
    default:
      return false;
  }
}

}  // namespace ems::protocol::can_lv
