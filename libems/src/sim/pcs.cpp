// SPDX-License-Identifier: Apache-2.0
#include "ems/sim/pcs.hpp"

#include <algorithm>
#include <cmath>

#include "ems/core/assert.hpp"
#include "text.hpp"

namespace ems::sim {
namespace {
constexpr double kThrottleTolerance_w = 1e-3;
}

Pcs::Pcs(const PcsConfig& config) : config_(config) {
  EMS_ASSERT(config.rating_w > 0 && config.ramp_w_per_s > 0);
  EMS_ASSERT(config.efficiency > 0 && config.efficiency <= 1);
  EMS_ASSERT(config.dead_time >= Duration::zero());
}

double Pcs::wanted_w() const noexcept {
  if (!control_.enabled) return 0.0;
  const double watts =
      control_.percent ? control_.share_pct / 100.0 * config_.rating_w : control_.watts;
  return std::clamp(watts, -config_.rating_w, config_.rating_w);
}

void Pcs::write(const PcsControl& control, bool restart_timer, Instant now) {
  control_ = control;
  if (!control.enabled || control.revert_after <= Duration::zero()) {
    timer_runs_ = false;
  } else if (restart_timer) {
    timer_runs_ = true;
    revert_at_ = now + control.revert_after;
  }
  pending_.push_back({now + config_.dead_time, wanted_w()});
}

double Pcs::advance(Instant now, double dt_s) {
  EMS_ASSERT(dt_s > 0.0);
  if (timer_runs_ && now >= revert_at_) {
    timer_runs_ = false;
    ++reverts_;
    control_.enabled = control_.enabled_revert;
    control_.watts = control_.watts_revert;
    control_.share_pct = control_.share_revert_pct;
    pending_.push_back({now + config_.dead_time, wanted_w()});
  }
  while (!pending_.empty() && pending_.front().at <= now) {
    target_w_ = pending_.front().watts;
    pending_.pop_front();
  }
  const double step_w = config_.ramp_w_per_s * dt_s;
  asked_w_ = output_w_ + std::clamp(target_w_ - output_w_, -step_w, step_w);
  return asked_w_;
}

void Pcs::settle(double ac_w) {
  throttled_ = std::abs(ac_w - asked_w_) > kThrottleTolerance_w;
  // Where the battery let all of it through, keep the exact figure: no drift by rounding.
  output_w_ = throttled_ ? ac_w : asked_w_;
}

double Pcs::dc_of_ac(double ac_w) const noexcept {
  return ac_w > 0.0 ? ac_w / config_.efficiency : ac_w * config_.efficiency;
}

double Pcs::ac_of_dc(double dc_w) const noexcept {
  return dc_w > 0.0 ? dc_w * config_.efficiency : dc_w / config_.efficiency;
}

Duration Pcs::remaining(Instant now) const noexcept {
  return timer_runs_ && revert_at_ > now ? revert_at_ - now : Duration::zero();
}

}  // namespace ems::sim
