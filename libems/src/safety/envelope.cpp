// SPDX-License-Identifier: Apache-2.0
#include "ems/core/assert.hpp"
#include "safety/battery.hpp"

namespace ems::safety::detail {

namespace {

constexpr std::int64_t kMicroPerWatt = 1'000'000;  // mV * mA.

Watt to_watt(std::int64_t w) noexcept { return Watt{narrow(std::max<std::int64_t>(w, 0))}; }

/// The inverter's share of a current, by rating among all that the battery feeds; rounded down.
std::int64_t share(const Battery& b, const InverterConfig& inverter, MilliAmp current,
                   Watt InverterConfig::*rating) noexcept {
  std::int64_t all = 0;
  for (const InverterConfig& other : b.site.config.inverters) {
    if (feeds(other, b.index)) all += (other.*rating).count();
  }
  EMS_ASSERT(all > 0);  // It feeds this one, and ratings are above 0.
  return std::int64_t{current.count()} * (inverter.*rating).count() / all;
}

/// What the batteries may take and give at dc, in W, rounded down; 0 when anything is unknown.
struct DcPower {
  std::int64_t charge = 0;
  std::int64_t discharge = 0;
};

DcPower dc_power(const Site& site, const InverterConfig& inverter,
                 std::span<const BatteryVerdict> batteries) noexcept {
  constexpr std::int64_t kUnset = std::numeric_limits<std::int64_t>::max();
  std::int64_t count = 0;
  std::int64_t charge_ma = kUnset;
  std::int64_t discharge_ma = kUnset;
  std::int64_t voltage_mv = kUnset;
  for (std::size_t i = 0; i < batteries.size(); ++i) {
    if (!feeds(inverter, i)) continue;
    const Battery b{site, i};
    const auto voltage = b.value(b.in.pack_voltage);
    if (!voltage) return {};
    ++count;
    const MilliAmp charge = batteries[i].charge_current_max;
    const MilliAmp discharge = batteries[i].discharge_current_max;
    charge_ma = std::min(charge_ma, share(b, inverter, charge, &InverterConfig::charge_max));
    discharge_ma =
        std::min(discharge_ma, share(b, inverter, discharge, &InverterConfig::discharge_max));
    voltage_mv = std::min<std::int64_t>(voltage_mv, *voltage);
  }
  EMS_ASSERT(count > 0);  // An inverter without batteries is refused.
  if (voltage_mv <= 0) return {};
  // 1e6 mA * 8 * 2^31 mV stays far inside int64.
  return {charge_ma * count * voltage_mv / kMicroPerWatt,
          discharge_ma * count * voltage_mv / kMicroPerWatt};
}

/// The interval of an inverter without dc PV, or whose dc PV delivers nothing. Charging counts the
/// inverter as lossless, so that no real efficiency can exceed the battery's limit.
Interval battery_only(const InverterConfig& inverter, const DcPower& dc) noexcept {
  const Watt hi = to_watt(share_of(dc.discharge, inverter.efficiency));
  return {-min_of(inverter.charge_max, to_watt(dc.charge)), min_of(inverter.discharge_max, hi)};
}

/// The interval with `pv` W arriving on the same dc bus. What the batteries may not take of it must
/// leave through ac.
void with_pv(InverterVerdict& verdict, const InverterConfig& inverter, const DcPower& dc,
             std::int64_t pv) noexcept {
  const Watt most = inverter.discharge_max;
  const Watt hi = min_of(most, to_watt(share_of(dc.discharge + pv, inverter.efficiency)));
  // Rounded up: a watt too little would charge.
  const std::int64_t surplus = (pv - dc.charge) * inverter.efficiency.count();
  const Watt forced = to_watt((surplus + kWhole - 1) / kWhole);
  if (dc.charge >= pv) {
    verdict.ac = {-min_of(inverter.charge_max, to_watt(dc.charge - pv)), hi};
  } else if (forced <= most) {
    verdict.ac = {forced, max_of(forced, hi)};
  } else {
    verdict.curtail_pv = true;
    if (inverter.can_curtail_pv) {
      verdict.ac = {most, most};
    } else {
      verdict.command = CommandKind::stop;
    }
  }
}

bool below_breaking_limit(const Site& site, const InverterConfig& inverter) noexcept {
  bool below = false;
  for (std::size_t i = 0; i < site.config.batteries.size(); ++i) {
    if (!feeds(inverter, i)) continue;
    const Battery b{site, i};
    const auto current = b.value(b.in.pack_current);
    if (!current || magnitude(*current) >= b.config.breaking_current_max.count()) return false;
    below = true;
  }
  return below;
}

}  // namespace

InverterVerdict envelope(const Site& site, std::size_t index,
                         std::span<const BatteryVerdict> batteries,
                         std::optional<Instant> tripped_since) noexcept {
  const InverterConfig& inverter = site.config.inverters[index];
  InverterVerdict verdict;
  verdict.asset = inverter.asset;
  verdict.apparent_max = inverter.apparent_max;
  verdict.state = SafetyState::normal;
  for (std::size_t i = 0; i < batteries.size(); ++i) {
    if (feeds(inverter, i)) verdict.state = worst(verdict.state, batteries[i].state);
  }
  verdict.may_open = below_breaking_limit(site, inverter);

  if (tripped_since) {
    const Duration since = site.now - *tripped_since;
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
  const DcPower dc = dc_power(site, inverter, batteries);
  const OptionalInput<Watt>& input = site.inverter(index).dc_pv_power;
  const bool known = !inverter.has_dc_pv || (input && input->usable(site.now, kPvStaleAfterMax));
  const std::int64_t pv =
      inverter.has_dc_pv && known ? std::max<std::int32_t>(0, input->sample.value.count()) : 0;
  if (known && pv == 0) {
    verdict.ac = battery_only(inverter, dc);
  } else if (!known || (dc.charge == 0 && dc.discharge == 0)) {
    // SAFE with dc PV, or PV of unknown power: with it off, only discharging can be bounded. PV
    // that may flow into the batteries is switched off where the device can, else it stands by.
    verdict.ac = {Watt::zero(), battery_only(inverter, dc).hi};
    verdict.curtail_pv = true;
    if (!inverter.can_curtail_pv) verdict.command = CommandKind::standby;
  } else {
    with_pv(verdict, inverter, dc, pv);
  }
  return verdict;
}

}  // namespace ems::safety::detail
