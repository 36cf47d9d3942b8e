// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "ems/core/assert.hpp"
#include "safety/battery.hpp"

namespace ems::safety::detail {

namespace {

constexpr std::int64_t kWhole = 10'000;            // Basis points.
constexpr std::int64_t kMicroPerWatt = 1'000'000;  // mV * mA.

Watt to_watt(std::int64_t w) noexcept {
  constexpr std::int64_t kMax = std::numeric_limits<std::int32_t>::max();
  return Watt{static_cast<std::int32_t>(std::clamp<std::int64_t>(w, 0, kMax))};
}

/// This inverter's share of a current, by rating among all that the battery feeds; rounded down.
std::int64_t share(const InverterContext& c, std::size_t battery, MilliAmp current,
                   Watt InverterConfig::*rating) noexcept {
  std::int64_t all = 0;
  for (const InverterConfig& inverter : c.config.inverters) {
    if (feeds(inverter, battery)) all += (inverter.*rating).count();
  }
  const std::int64_t mine = (c.config.inverters[c.index].*rating).count();
  EMS_ASSERT(all > 0);  // It feeds this one, and ratings are above 0.
  return static_cast<std::int64_t>(current.count()) * mine / all;
}

/// What the batteries may take and give at dc, in W, rounded down; 0 when anything is unknown.
struct DcPower {
  std::int64_t charge = 0;
  std::int64_t discharge = 0;
};

DcPower dc_power(const InverterContext& c) noexcept {
  const InverterConfig& inverter = c.config.inverters[c.index];
  constexpr std::int64_t kUnset = std::numeric_limits<std::int64_t>::max();
  std::int64_t count = 0;
  std::int64_t charge_ma = kUnset;
  std::int64_t discharge_ma = kUnset;
  std::int64_t voltage_mv = kUnset;
  for (std::size_t i = 0; i < c.batteries.size(); ++i) {
    if (!feeds(inverter, i)) continue;
    const BatteryVerdict& battery = c.batteries[i];
    const BatteryConfig& config = c.config.batteries[i];
    const BatteryInputs& in = matching(c.inputs.batteries, i, config.asset);
    const auto voltage = value_of(in.pack_voltage, config.limits, c.now);
    if (!voltage) return {};
    ++count;
    charge_ma =
        std::min(charge_ma, share(c, i, battery.charge_current_max, &InverterConfig::charge_max));
    discharge_ma = std::min(
        discharge_ma, share(c, i, battery.discharge_current_max, &InverterConfig::discharge_max));
    voltage_mv = std::min<std::int64_t>(voltage_mv, *voltage);
  }
  EMS_ASSERT(count > 0);  // An inverter without batteries is refused.
  if (voltage_mv <= 0) return {};
  // 1e6 mA * 8 * 2^31 mV stays far inside int64.
  return {charge_ma * count * voltage_mv / kMicroPerWatt,
          discharge_ma * count * voltage_mv / kMicroPerWatt};
}

/// Zero at ac with nothing else to keep safe; with dc PV that may flow into the batteries, PV is
/// switched off where the device can, else the inverter stands by.
void forbid_pv_into_battery(InverterVerdict& verdict, const InverterConfig& inverter) noexcept {
  verdict.curtail_pv = true;
  if (!inverter.can_curtail_pv) verdict.command = CommandKind::standby;
}

/// The interval of an inverter without dc PV, or whose dc PV delivers nothing. Charging counts the
/// inverter as lossless, so that no real efficiency can exceed the battery's limit.
Interval battery_only(const InverterConfig& inverter, const DcPower& dc) noexcept {
  const std::int64_t hi = dc.discharge * inverter.efficiency.count() / kWhole;
  return {-min_of(inverter.charge_max, to_watt(dc.charge)),
          min_of(inverter.discharge_max, to_watt(hi))};
}

/// The interval with `pv` W arriving on the same dc bus. What the batteries may not take of it must
/// leave through ac.
void with_pv(InverterVerdict& verdict, const InverterConfig& inverter, const DcPower& dc,
             std::int64_t pv) noexcept {
  const std::int64_t efficiency = inverter.efficiency.count();
  const Watt hi =
      min_of(inverter.discharge_max, to_watt((dc.discharge + pv) * efficiency / kWhole));
  if (dc.charge >= pv) {
    verdict.ac = {-min_of(inverter.charge_max, to_watt(dc.charge - pv)), hi};
    return;
  }
  // Rounded up: a watt too little would charge.
  const Watt forced = to_watt(((pv - dc.charge) * efficiency + kWhole - 1) / kWhole);
  if (forced > inverter.discharge_max) {
    verdict.ac = {inverter.discharge_max, inverter.discharge_max};
    verdict.curtail_pv = true;
    if (!inverter.can_curtail_pv) {
      verdict.ac = {};
      verdict.command = CommandKind::stop;
    }
    return;
  }
  verdict.ac = {forced, max_of(forced, hi)};
}

bool below_breaking_limit(const InverterContext& c) noexcept {
  bool below = false;
  for (std::size_t i = 0; i < c.config.batteries.size(); ++i) {
    if (!feeds(c.config.inverters[c.index], i)) continue;
    const BatteryConfig& config = c.config.batteries[i];
    const BatteryInputs& in = matching(c.inputs.batteries, i, config.asset);
    const auto current = value_of(in.pack_current, config.limits, c.now);
    if (!current || magnitude(*current) >= config.breaking_current_max.count()) return false;
    below = true;
  }
  return below;
}

}  // namespace

InverterVerdict envelope(const InverterContext& c) noexcept {
  const InverterConfig& inverter = c.config.inverters[c.index];
  InverterVerdict verdict;
  verdict.asset = inverter.asset;
  verdict.apparent_max = inverter.apparent_max;
  verdict.state = SafetyState::normal;
  for (std::size_t i = 0; i < c.batteries.size(); ++i) {
    if (feeds(inverter, i)) verdict.state = worst(verdict.state, c.batteries[i].state);
  }
  verdict.may_open = below_breaking_limit(c);

  if (c.tripped_since) {
    const Duration since = c.now - *c.tripped_since;
    const bool overdue = since >= kOpenAfter || since < Duration::zero();
    verdict.state = SafetyState::tripped;
    // Stop in the tick of the trip; the contactor follows once it can break the current.
    const bool stopped_before = since != Duration::zero();
    verdict.may_open = stopped_before && (verdict.may_open || overdue);
    verdict.command = verdict.may_open ? CommandKind::open : CommandKind::stop;
    verdict.curtail_pv = inverter.has_dc_pv;
    return verdict;
  }

  verdict.command = CommandKind::follow;
  const DcPower dc = dc_power(c);
  if (!inverter.has_dc_pv) {
    verdict.ac = battery_only(inverter, dc);
    return verdict;
  }
  const InverterInputs& in = matching(c.inputs.inverters, c.index, inverter.asset);
  const bool known = in.dc_pv_power && in.dc_pv_power->usable(c.now, kPvStaleAfterMax);
  const std::int64_t pv =
      known ? std::max<std::int32_t>(0, in.dc_pv_power->sample.value.count()) : 0;
  if (known && pv == 0) {
    verdict.ac = battery_only(inverter, dc);
  } else if (!known || (dc.charge == 0 && dc.discharge == 0)) {
    // SAFE with dc PV, or PV of unknown power: with it off, only discharging can be bounded.
    verdict.ac = {Watt::zero(), battery_only(inverter, dc).hi};
    forbid_pv_into_battery(verdict, inverter);
  } else {
    with_pv(verdict, inverter, dc, pv);
  }
  return verdict;
}

}  // namespace ems::safety::detail
