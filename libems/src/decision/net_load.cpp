// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/net_load.hpp"

#include "ems/core/assert.hpp"

namespace ems::decision {

std::optional<NetLoad> net_load(const std::optional<NetLoad>& previous, const NetLoadConfig& config,
                                const MeasuredPower& pcc, const MeasuredPower& battery,
                                Instant now) noexcept {
  EMS_ASSERT(config.pair_skew_max >= Duration::zero());
  if (!pcc.usable(now) || !battery.usable(now)) return std::nullopt;

  NetLoad newest{pcc.sample->value + battery.sample->value, pcc.sample->taken_at,
                 battery.sample->taken_at, battery.sample->value, Watt{}};
  const bool near = newest.skew() <= config.pair_skew_max;
  if (!previous) return near ? std::optional(newest) : std::nullopt;

  // A sample keeps its nearest partner: a later one may already hold the answer to it.
  const bool shares_a_sample =
      newest.pcc_at == previous->pcc_at || newest.battery_at == previous->battery_at;
  // The battery's must be the later one: only then did its move since the pair before happen in
  // sight, and bounds what it moved between the two.
  const bool in_sight = newest.battery_at >= newest.pcc_at;
  if (near && in_sight && (!shares_a_sample || newest.skew() < previous->skew())) {
    if (newest.skew() > Duration::zero()) {
      newest.uncertainty =
          max_of(newest.battery, previous->battery) - min_of(newest.battery, previous->battery);
    }
    newest.power = clamp_to(previous->power, newest.power - newest.uncertainty,
                            newest.power + newest.uncertainty);
    return newest;
  }

  // The pair renews as often as the slower of its two inputs; both were just found alive.
  const Instant older =
      previous->pcc_at < previous->battery_at ? previous->pcc_at : previous->battery_at;
  if (now - older < max_of(pcc.stale_after, battery.stale_after)) return previous;
  return std::nullopt;
}

}  // namespace ems::decision
