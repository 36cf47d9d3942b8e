// SPDX-License-Identifier: Apache-2.0
#include "contractual_hold.hpp"
#include "ems/core/assert.hpp"
#include "ems/decision/contractual.hpp"

namespace ems::decision {

namespace {

constexpr std::int64_t kWattMicrosecondsPerWattHour = 3'600'000'000;

/// No import counts for more than this, so that an hour of it stays inside 64 bit.
constexpr Watt kImportCounted{std::int32_t{1} << 30};

WattMicrosecond energy(Watt power, Duration time) noexcept {
  return WattMicrosecond{power.count()} * time.count();
}

Watt saturated(std::int64_t watts) noexcept {
  constexpr std::int64_t kMin = Watt::min().count();
  constexpr std::int64_t kMax = Watt::max().count();
  return Watt{static_cast<std::int32_t>(watts < kMin ? kMin : watts > kMax ? kMax : watts)};
}

/// Rounded down, also below 0. @pre divisor > 0.
std::int64_t floor_div(std::int64_t value, std::int64_t divisor) noexcept {
  const std::int64_t quotient = value / divisor;
  return value % divisor < 0 ? quotient - 1 : quotient;
}

/// What `limit` moves in `time` when it takes `glide` for all of itself; rounded up.
Watt glided(Watt limit, Duration time, Duration glide) noexcept {
  return saturated(-floor_div(-energy(limit, time).count(), glide.count()));
}

/// Credit by the meter's counter: by the samples until it was first seen in this window, by it from
/// then on. nullopt while it says nothing.
std::optional<WattMicrosecond> counted(DemandLimitState& state, const DemandLimitConfig& config,
                                       const Measured<WattHour>& counter, Duration elapsed,
                                       Instant now) noexcept {
  if (!counter.usable(now)) return std::nullopt;
  const WattHour reading = counter.sample->value;
  const Duration at = max_of(elapsed - (now - counter.sample->taken_at), Duration::zero());
  if (!state.counter || reading < *state.counter) {  // A counter that fell was replaced.
    state.counter = reading;
    state.counter_offset = state.credit - energy(config.limit, at);
  }
  const std::int64_t imported = (reading - *state.counter).count();
  return state.counter_offset + energy(config.limit, at) -
         WattMicrosecond{kWattMicrosecondsPerWattHour} * imported;
}

/// Brings the window up to `wall` and says how it stands; nullopt while the clock is unset.
std::optional<DemandWindow> follow(DemandLimitState& state, const DemandLimitConfig& config,
                                   const MeasuredPower& pcc, const Measured<WattHour>& counter,
                                   const WallTime& wall, Duration since_last,
                                   Instant now) noexcept {
  if (!wall.set()) {
    state.window_start.reset();
    return std::nullopt;
  }
  const std::int64_t window = config.window.count();
  const Duration into = wall.utc.since_epoch() - config.offset;
  const Duration elapsed{into.count() - floor_div(into.count(), window) * window};
  const UtcInstant start = wall.utc + (-elapsed);
  if (state.window_start != start) {
    state.window_start = start;
    state.credit = {};
    state.counter.reset();
    state.by_counter = false;
  }
  // One sample speaks for the time since the last step, unless that was too long ago.
  if (pcc.usable(now) && since_last < pcc.stale_after) {
    const Watt import = clamp_to(pcc.sample->value, Watt{}, kImportCounted);
    state.credit += energy(config.limit - import, min_of(since_last, elapsed));
  }
  const WattMicrosecond limit_so_far = energy(config.limit, elapsed);
  state.credit = min_of(state.credit, limit_so_far);  // A clock that was set back.

  // What the counter once said stays said, also when it falls silent.
  const std::optional<WattMicrosecond> by_counter = counted(state, config, counter, elapsed, now);
  if (by_counter && *by_counter < state.credit) {
    state.credit = *by_counter;
    state.by_counter = true;
  }

  const Duration left = config.window - elapsed;
  const Watt mean = saturated(config.limit.count() + floor_div(state.credit.count(), left.count()));
  const Watt before_next = config.limit + glided(config.limit, left, config.glide);
  const std::int64_t imported = (limit_so_far - state.credit).count();
  return DemandWindow{
      .start = start,
      .left = left,
      .energy = WattHour{-floor_div(-imported, kWattMicrosecondsPerWattHour)},
      .by_counter = state.by_counter,
      .allowed = clamp_to(mean, Watt{}, min_of(config.import_max, before_next)),
  };
}

}  // namespace

DemandLimitStep demand_limit(const DemandLimitState& state, const DemandLimitConfig& config,
                             const std::optional<NetLoad>& net_load, const MeasuredPower& pcc,
                             const Measured<WattHour>& counter, const WallTime& wall,
                             const std::optional<Sample<Watt>>& gated, Instant now) noexcept {
  EMS_ASSERT(config.limit >= Watt{} && config.limit <= config.import_max);
  EMS_ASSERT(config.window > Duration::zero() && config.glide > Duration::zero());
  EMS_ASSERT(config.hold > Duration::zero());

  DemandLimitStep out{.state = state, .output = {}, .window = {}};
  const Duration since_last =
      state.stepped_at ? max_of(now - *state.stepped_at, Duration::zero()) : Duration::zero();
  out.window = follow(out.state, config, pcc, counter, wall, since_last, now);

  Watt allowed = out.window ? out.window->allowed : config.limit;
  if (state.stepped_at) {
    allowed = min_of(allowed, state.allowed + glided(config.limit, since_last, config.glide));
  }
  if (out.window) out.window->allowed = allowed;
  out.state.allowed = allowed;
  out.state.stepped_at = now;

  if (!net_load) {
    out.output = hold(out.state.hold, PolicyId::demand_limit, config.hold, gated, now);
    return out;
  }
  out.state.hold = {.fresh_at = now, .held = std::nullopt};
  out.output = output_of(PolicyId::demand_limit, PolicyStatus::acting);
  out.output.demand.constraint = Band::at_least(net_load->power - allowed);
  return out;
}

}  // namespace ems::decision
