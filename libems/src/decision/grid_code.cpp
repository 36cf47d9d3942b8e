// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/grid_code.hpp"

#include "ems/core/assert.hpp"

namespace ems::decision {

namespace {

/// The tighter of two sides; below 0 acts as 0.
std::optional<Watt> tighter(const std::optional<Watt>& a, const std::optional<Watt>& b) noexcept {
  if (!a && !b) return std::nullopt;
  return max_of(min_of(a.value_or(Watt::max()), b.value_or(Watt::max())), Watt{});
}

constexpr std::int64_t kMicro = 1'000'000;

/// Whole watts that `rate` allows in `elapsed`, with what was left over; keeps what is left over.
Watt reach(Watt rate, Duration elapsed, std::int32_t& rest_uw) noexcept {
  std::int64_t microwatts = 0;
  if (__builtin_mul_overflow(std::int64_t{rate.count()}, elapsed.count(), &microwatts) ||
      microwatts / kMicro >= Watt::max().count()) {
    rest_uw = 0;
    return Watt::max();
  }
  microwatts += rest_uw;
  rest_uw = static_cast<std::int32_t>(microwatts % kMicro);
  return Watt{static_cast<std::int32_t>(microwatts / kMicro)};
}

}  // namespace

// ---- active_power_limit ------------------------------------------------------------------------

PolicyOutput active_power_limit(const ActivePowerLimitConfig& config,
                                const std::optional<LimitCommand>& command, Instant now) noexcept {
  EMS_ASSERT(config.lease_max > Duration::zero());
  const bool commanded = alive(command, config.lease_max, now);
  const PowerLimits& lease = commanded ? command->limits : config.fallback;
  const std::optional<Watt> discharge_max =
      tighter(config.configured.discharge_max, lease.discharge_max);
  const std::optional<Watt> charge_max = tighter(config.configured.charge_max, lease.charge_max);

  PolicyOutput output = output_of(PolicyId::active_power_limit,
                                  commanded ? PolicyStatus::acting : PolicyStatus::fallback);
  const bool tightened = discharge_max != config.configured.discharge_max ||
                         charge_max != config.configured.charge_max;
  output.source = !tightened  ? LimitSource::configured
                  : commanded ? LimitSource::command
                              : LimitSource::fallback;
  if (!tightened) output.status = PolicyStatus::acting;
  Band band{.lo = {}, .hi = discharge_max};
  if (charge_max) band.lo = -*charge_max;
  output.demand.constraint = band;
  return output;
}

// ---- frequency_droop ---------------------------------------------------------------------------

bool usable(const GridProfile& grid, const Measured<MilliHertz>& frequency, Instant now) noexcept {
  if (!frequency.usable(now)) return false;
  if (now - frequency.sample->taken_at > grid.response) return false;
  const MilliHertz f = frequency.sample->value;
  const MilliHertz tenth{grid.f_nom.count() / 10};
  return grid.f_nom - tenth <= f && f <= grid.f_nom + tenth;
}

FrequencyDroopStep frequency_droop(const FrequencyDroopState& state,
                                   const FrequencyDroopConfig& config,
                                   const Measured<MilliHertz>& frequency,
                                   const std::optional<Watt>& power, Instant now) noexcept {
  const GridProfile& grid = config.grid;
  EMS_ASSERT(grid.f_nom > MilliHertz{} && grid.droop > BasisPoints{});
  EMS_ASSERT(config.reference > Watt{});

  FrequencyDroopStep out{.state = state,
                         .output = output_of(PolicyId::frequency_droop, PolicyStatus::watching)};
  const bool seen = usable(grid, frequency, now);
  MilliHertz above{};
  MilliHertz below{};
  if (seen) {
    above = frequency.sample->value - (grid.f_nom + grid.deadband_over);
    below = (grid.f_nom - grid.deadband_under) - frequency.sample->value;
  }
  const FrequencySide side = above > MilliHertz{}   ? FrequencySide::over
                             : below > MilliHertz{} ? FrequencySide::under
                                                    : FrequencySide::inside;
  if (side == FrequencySide::inside) {
    if (!seen) out.output.status = PolicyStatus::stale;
    if (state.side == FrequencySide::inside) return out;
    out.state.inside_since = state.inside_since.value_or(now);
    const bool released = now - *out.state.inside_since >= grid.release_after;
    if (released) out.state = {};
    if (released || !seen) return out;
  } else {
    out.state.inside_since.reset();
    if (side != state.side) {
      if (!power) {
        out.state = {};
        out.output.status = PolicyStatus::stale;
        return out;
      }
      out.state.side = side;
      out.state.start = *power;
    }
  }

  const MilliHertz beyond = max_of(max_of(above, below), MilliHertz{});
  const std::int32_t full = mul_div(grid.f_nom.count(), grid.droop.count(), 10'000);
  const Watt answer{mul_div(config.reference.count(), beyond.count(), full)};
  out.output.status = PolicyStatus::acting;
  out.output.demand.constraint = out.state.side == FrequencySide::over
                                     ? Band::at_most(out.state.start - answer)
                                     : Band::at_least(out.state.start + answer);
  return out;
}

// ---- ramp --------------------------------------------------------------------------------------

RampStep ramp(const RampState& state, const RampConfig& config,
              const std::optional<Sample<Watt>>& from, Instant now) noexcept {
  EMS_ASSERT(config.up_per_s > Watt{} && config.down_per_s > Watt{});
  EMS_ASSERT(config.step_max > Duration::zero());
  if (!from) return {.state = {}, .output = output_of(PolicyId::ramp, PolicyStatus::stale)};

  RampStep out{.state = state, .output = output_of(PolicyId::ramp, PolicyStatus::acting)};
  const Duration elapsed = clamp_to(now - from->taken_at, Duration::zero(), config.step_max);
  const Watt up = reach(config.up_per_s, elapsed, out.state.up_rest_uw);
  const Watt down = reach(config.down_per_s, elapsed, out.state.down_rest_uw);
  out.output.demand.constraint = Band{from->value - down, from->value + up};
  return out;
}

// ---- configuration -----------------------------------------------------------------------------

Result<void> validate(const ActivePowerLimitConfig& config) noexcept {
  const auto bad = [](const std::optional<Watt>& side) { return side && *side < Watt{}; };
  const PowerLimits& always = config.configured;
  const PowerLimits& fallback = config.fallback;
  if (bad(always.discharge_max) || bad(always.charge_max) || bad(fallback.discharge_max) ||
      bad(fallback.charge_max)) {
    return fail(Errc::out_of_range, 0, "active_power_limit: a limit is below 0");
  }
  if ((!always.discharge_max && !fallback.discharge_max) ||
      (!always.charge_max && !fallback.charge_max)) {
    return fail(Errc::out_of_range, 0, "active_power_limit: a side has neither limit nor fallback");
  }
  if (config.lease_max <= Duration::zero()) {
    return fail(Errc::out_of_range, 0, "active_power_limit.lease_max is not above 0");
  }
  return {};
}

Result<void> validate(const GridProfile& grid) noexcept {
  if (grid.f_nom < MilliHertz{40'000} || grid.f_nom > MilliHertz{70'000}) {
    return fail(Errc::out_of_range, 0, "frequency_droop: f_nom is not 40 .. 70 Hz");
  }
  const MilliHertz widest{grid.f_nom.count() / 20};
  const auto bad = [widest](MilliHertz band) { return band < MilliHertz{1} || band > widest; };
  if (bad(grid.deadband_over) || bad(grid.deadband_under)) {
    return fail(Errc::out_of_range, 0, "frequency_droop: a deadband is not 1 mHz .. f_nom / 20");
  }
  if (grid.droop < BasisPoints{100} || grid.droop > BasisPoints{2'000}) {
    return fail(Errc::out_of_range, 0, "frequency_droop: droop is not 1 .. 20 %");
  }
  if (grid.release_after < Duration::zero()) {
    return fail(Errc::out_of_range, 0, "frequency_droop: release_after is below 0");
  }
  if (grid.response <= Duration::zero()) {
    return fail(Errc::out_of_range, 0, "frequency_droop: response is not above 0");
  }
  return {};
}

Result<void> validate(const FrequencyDroopConfig& config) noexcept {
  if (config.reference <= Watt{}) {
    return fail(Errc::out_of_range, 0, "frequency_droop.reference is not above 0");
  }
  return validate(config.grid);
}

Result<void> validate(const RampConfig& config) noexcept {
  if (config.up_per_s <= Watt{} || config.down_per_s <= Watt{}) {
    return fail(Errc::out_of_range, 0, "ramp: a rate is not above 0");
  }
  if (config.step_max <= Duration::zero()) {
    return fail(Errc::out_of_range, 0, "ramp.step_max is not above 0");
  }
  return {};
}

}  // namespace ems::decision
