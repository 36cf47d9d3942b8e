// SPDX-License-Identifier: Apache-2.0
#include <iterator>

#include "safety/view.hpp"

namespace ems::safety {

namespace {

using detail::kWhole;

constexpr std::int64_t kMilliVoltPerKiloOhm = 10'000;  // 100 Ohm per volt.

Result<void> validate_battery(const Config& config, std::size_t at) noexcept {
  const BatteryConfig& battery = config.batteries[at];
  for (std::size_t i = 0; i < at; ++i) {
    if (config.batteries[i].asset == battery.asset)
      return fail(Errc::already_exists, at, "configuration: a battery is listed twice");
  }
  const bool battery_asset = battery.asset.kind == AssetKind::battery && battery.asset.module == 0;
  if (!battery_asset || battery.cells_in_series == 0)
    return fail(Errc::out_of_range, at, "configuration: not a battery, or without cells");
  if (battery.breaking_current_max < MilliAmp::zero() || battery.fuse_current < MilliAmp::zero() ||
      battery.capacity < MicroAmpHour::zero())
    return fail(Errc::out_of_range, at,
                "configuration: a battery's breaking current, fuse or capacity is negative");
  const Limits& l = battery.limits;
  if (const Result<void> limits = validate(l, battery.chemistry); !limits)
    return fail(limits.error().code, at, limits.error().what);
  if (battery.fuse_current > MilliAmp::zero() &&
      max_of(l.charge_current_max, l.discharge_current_max) > battery.fuse_current)
    return fail(Errc::out_of_range, at, "configuration: a current maximum is above the fuse");
  const std::int64_t pack_mv =
      std::int64_t{l.cell_voltage_max.trip.count()} * battery.cells_in_series;
  const bool insulation = (battery.hazards_wired & hazard_bit(HazardInput::insulation)) != 0;
  if (insulation && l.insulation_latch_min.count() * kMilliVoltPerKiloOhm < pack_mv)
    return fail(Errc::out_of_range, at,
                "configuration: insulation_latch_min is below 100 Ohm per volt");
  return {};
}

Result<void> validate_inverter(const Config& config, std::size_t at) noexcept {
  const InverterConfig& inverter = config.inverters[at];
  for (std::size_t i = 0; i < at; ++i) {
    if (config.inverters[i].asset == inverter.asset)
      return fail(Errc::already_exists, at, "configuration: an inverter is listed twice");
  }
  const unsigned beyond = static_cast<unsigned>(inverter.batteries) >> config.batteries.size();
  if (inverter.batteries == 0 || beyond != 0)
    return fail(Errc::not_found, at,
                "configuration: an inverter names no battery, or a missing one");
  const Watt nameplate{inverter.apparent_max.count()};
  const bool rated = inverter.asset.kind == AssetKind::inverter &&
                     inverter.charge_max > Watt::zero() && inverter.charge_max <= nameplate &&
                     inverter.discharge_max > Watt::zero() && inverter.discharge_max <= nameplate;
  if (!rated)
    return fail(Errc::out_of_range, at, "configuration: an inverter's rating is out of range");
  if (inverter.efficiency <= BasisPoints::zero() || inverter.efficiency.count() > kWhole)
    return fail(Errc::out_of_range, at, "configuration: an inverter's efficiency is out of range");
  return {};
}

}  // namespace

Result<void> validate(const Config& config) noexcept {
  if (config.batteries.empty()) return fail(Errc::not_found, 0, "configuration: no battery");
  if (config.tick_period <= Duration::zero() || config.tick_period > kTickPeriodMax ||
      config.start_grace < Duration::zero()) {
    return fail(Errc::out_of_range, 0, "configuration: tick period or start grace out of range");
  }
  for (std::size_t i = 0; i < config.batteries.size(); ++i) {
    if (const Result<void> checked = validate_battery(config, i); !checked) return checked;
  }
  for (std::size_t i = 0; i < config.inverters.size(); ++i) {
    if (const Result<void> checked = validate_inverter(config, i); !checked) return checked;
  }
  return {};
}

std::string_view to_string(SafetyState state) noexcept {
  constexpr const char* kNames[] = {"init", "normal", "derated", "safe", "tripped"};
  const auto at = static_cast<std::size_t>(state);
  return at < std::size(kNames) ? kNames[at] : "tripped";
}

std::string_view to_string(TripCause cause) noexcept {
  constexpr const char* kNames[] = {"latch_unreadable",
                                    "estop",
                                    "cell_overvoltage_trip",
                                    "cell_undervoltage_trip",
                                    "overtemperature_trip",
                                    "undertemperature_trip",
                                    "smoke_trip",
                                    "gas_trip",
                                    "insulation_trip",
                                    "contactor_trip",
                                    "limit_disobeyed_trip"};
  const auto at = static_cast<std::size_t>(cause);
  return at < std::size(kNames) ? kNames[at] : kNames[0];
}

}  // namespace ems::safety
