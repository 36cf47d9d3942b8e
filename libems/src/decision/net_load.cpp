// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/net_load.hpp"

#include "ems/core/assert.hpp"

namespace ems::decision {

namespace {

void widen(std::optional<WaitingSample>& waiting, Watt battery) noexcept {
  if (!waiting) return;
  waiting->lo = min_of(waiting->lo, battery);
  waiting->hi = max_of(waiting->hi, battery);
}

/// A new meter sample begins to wait, unless it is known. With two waiting already, it takes the
/// later one's place: the first must not starve, and of the others the newest says most.
void enqueue(NetLoadState& state, const Sample<Watt>& pcc, Watt battery) noexcept {
  const auto known = [&pcc](const auto& older) { return older && pcc.taken_at <= older->pcc_at; };
  if (known(state.pair) || known(state.first) || known(state.latest)) return;
  const Watt before = state.battery.value_or(battery);
  (state.first ? state.latest : state.first) =
      WaitingSample{pcc.value, pcc.taken_at, before, before};
}

NetLoad add(const WaitingSample& waiting, const Sample<Watt>& battery,
            const std::optional<NetLoad>& previous) noexcept {
  NetLoad pair{waiting.pcc + battery.value, waiting.pcc_at, battery.taken_at, battery.value,
               waiting.hi - waiting.lo};
  if (pair.skew() == Duration::zero()) {
    pair.uncertainty = Watt{};
  } else if (previous) {
    pair.power = clamp_to(previous->power, waiting.pcc + waiting.lo, waiting.pcc + waiting.hi);
  }
  return pair;
}

}  // namespace

NetLoadStep net_load(const NetLoadState& state, const NetLoadConfig& config,
                     const MeasuredPower& pcc, const MeasuredPower& battery, Instant now) noexcept {
  EMS_ASSERT(config.pair_skew_max >= Duration::zero());
  if (!pcc.usable(now) || !battery.usable(now)) return {};

  NetLoadState next = state;
  enqueue(next, *pcc.sample, battery.sample->value);
  widen(next.first, battery.sample->value);
  widen(next.latest, battery.sample->value);
  next.battery = battery.sample->value;

  const Instant battery_at = battery.sample->taken_at;
  const auto fits = [&](const std::optional<WaitingSample>& waiting) {
    return waiting && waiting->pcc_at <= battery_at &&
           battery_at - waiting->pcc_at <= config.pair_skew_max;
  };
  if (fits(next.latest)) {
    next.pair = add(*next.latest, *battery.sample, next.pair);
    next.first.reset();
    next.latest.reset();
  } else if (fits(next.first)) {
    next.pair = add(*next.first, *battery.sample, next.pair);
    next.first = next.latest;
    next.latest.reset();
  } else if (next.first && battery_at - next.first->pcc_at > config.pair_skew_max) {
    next.first = next.latest;  // Nothing will fit any more.
    next.latest.reset();
  } else if (!next.pair && next.first && next.first->pcc_at - battery_at <= config.pair_skew_max) {
    next.pair = add(*next.first, *battery.sample, std::nullopt);  // Better than nothing to start.
    next.first.reset();
  }

  if (next.pair) {
    // The pair renews as often as the slower of its two inputs; both were just found alive.
    const Instant older =
        next.pair->pcc_at < next.pair->battery_at ? next.pair->pcc_at : next.pair->battery_at;
    if (now - older >= max_of(pcc.stale_after, battery.stale_after)) next.pair.reset();
  }
  return {.state = next, .net_load = next.pair};
}

}  // namespace ems::decision
