// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/longevity.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "decision/soc_stop.hpp"
#include "ems/core/assert.hpp"

namespace ems::decision {

namespace {

constexpr std::int64_t kWhole = 1'000'000;  // Of a Ratio.

Watt to_watt(std::int64_t w) noexcept {
  constexpr std::int64_t kMax = std::numeric_limits<std::int32_t>::max();
  return Watt{static_cast<std::int32_t>(std::clamp<std::int64_t>(w, -kMax, kMax))};
}

/// What is let through `inside` basis points inside an edge of the band; nullopt: everything. Below
/// 0 it is asked for in the other direction.
std::optional<Watt> let_through(const ComfortBandConfig& config, BasisPoints inside) noexcept {
  const std::int32_t taper = config.taper.count();
  if (inside >= config.taper && inside > BasisPoints{}) return std::nullopt;
  if (inside > BasisPoints{}) return Watt{mul_div(config.power.count(), inside.count(), taper)};
  if (inside <= -config.taper && inside < BasisPoints{}) return -config.restore;
  return taper == 0 ? Watt{} : Watt{mul_div(config.restore.count(), inside.count(), taper)};
}

/// Share of full power between `zero` and `full`, 0 .. 1e6.
std::int64_t share_of(std::int64_t value, std::int64_t zero, std::int64_t full) noexcept {
  return std::clamp<std::int64_t>((value - zero) * kWhole / (full - zero), 0, kWhole);
}

}  // namespace

PolicyOutput comfort_band(const ComfortBandConfig& config, const BatterySummary& batteries,
                          Instant now) noexcept {
  EMS_ASSERT(validate(config).has_value());
  PolicyOutput output = output_of(PolicyId::comfort_band, PolicyStatus::stale);
  if (!batteries.soc_min.usable(now) || !batteries.soc_max.usable(now)) return output;

  const auto discharge = let_through(config, batteries.soc_min.sample->value - config.soc_min);
  const auto charge = let_through(config, config.soc_max - batteries.soc_max.sample->value);
  output.status = discharge || charge ? PolicyStatus::acting : PolicyStatus::watching;
  if (!discharge && !charge) return output;
  Band band;
  if (discharge) band.hi = *discharge;
  if (charge) band.lo = -*charge;
  output.demand.preference = band;
  return output;
}

PolicyOutput gentle_current(const GentleCurrentConfig& config,
                            const BatterySummary& batteries) noexcept {
  EMS_ASSERT(validate(config).has_value());
  if (batteries.capacity <= WattHour{}) {
    return output_of(PolicyId::gentle_current, PolicyStatus::stale);
  }
  PolicyOutput output = output_of(PolicyId::gentle_current, PolicyStatus::acting);
  const auto power = [&batteries](Ratio rate) {
    return to_watt((batteries.capacity * rate.count()).count() / kWhole);  // Saturates.
  };
  output.demand.preference = Band{-power(config.charge_rate), power(config.discharge_rate)};
  return output;
}

PolicyOutput gentle_temperature(const GentleTemperatureConfig& config,
                                const BatterySummary& batteries, Instant now) noexcept {
  EMS_ASSERT(validate(config).has_value());
  PolicyOutput output = output_of(PolicyId::gentle_temperature, PolicyStatus::stale);
  if (!batteries.temperature_min.usable(now) || !batteries.temperature_max.usable(now)) {
    return output;
  }
  const std::int64_t cold = share_of(batteries.temperature_min.sample->value.count(),
                                     config.cold_zero.count(), config.cold_full.count());
  const std::int64_t hot = share_of(batteries.temperature_max.sample->value.count(),
                                    config.hot_zero.count(), config.hot_full.count());
  const std::int64_t share = std::min(cold, hot);
  output.status = share == kWhole ? PolicyStatus::watching : PolicyStatus::acting;
  if (share == kWhole) return output;
  const Watt power = to_watt(config.power.count() * share / kWhole);
  output.demand.preference = Band{-power, power};
  return output;
}

Result<void> validate(const ComfortBandConfig& config) noexcept {
  if (!is_share(config.soc_min) || !is_share(config.soc_max) || config.soc_min >= config.soc_max) {
    return fail(Errc::out_of_range, 0, "comfort_band: soc_min and soc_max are no band");
  }
  if (config.taper < BasisPoints{} || config.taper * 2 > config.soc_max - config.soc_min) {
    return fail(Errc::out_of_range, 0, "comfort_band.taper is below 0 or above half the band");
  }
  if (config.power <= Watt{}) {
    return fail(Errc::out_of_range, 0, "comfort_band.power is not above 0");
  }
  if (config.restore < Watt{})
    return fail(Errc::out_of_range, 0, "comfort_band.restore is below 0");
  return {};
}

Result<void> validate(const GentleCurrentConfig& config) noexcept {
  if (config.charge_rate <= Ratio{} || config.discharge_rate <= Ratio{}) {
    return fail(Errc::out_of_range, 0, "gentle_current: a rate is not above 0");
  }
  return {};
}

Result<void> validate(const GentleTemperatureConfig& config) noexcept {
  if (config.cold_zero >= config.cold_full || config.cold_full > config.hot_full ||
      config.hot_full >= config.hot_zero) {
    return fail(Errc::out_of_range, 0, "gentle_temperature: the four temperatures do not ascend");
  }
  if (config.power <= Watt{}) {
    return fail(Errc::out_of_range, 0, "gentle_temperature.power is not above 0");
  }
  return {};
}

}  // namespace ems::decision
