// SPDX-License-Identifier: Apache-2.0
#include "ems/sim/plant.hpp"

#include <algorithm>
#include <cmath>

#include "ems/core/assert.hpp"
#include "ems/sim/random.hpp"
#include "text.hpp"

namespace ems::sim {
namespace {
constexpr std::uint64_t kVoltageStream = 21;  // One stream per phase from here.
constexpr std::uint64_t kFrequencyStream = 31;
constexpr double kVoltageSpread_v = 1.5;
constexpr double kFrequencySpread_hz = 0.02;
constexpr double kGridNoise_s = 10.0;
}  // namespace

Plant::Plant(const PlantConfig& config, std::uint64_t seed)
    : config_(config), seed_(seed), battery_(config.battery, seed), pcs_(config.pcs) {
  observe(config_.profile.at(now_));
}

void Plant::step(Duration dt) {
  EMS_ASSERT(dt >= Duration::zero());
  carry_ += dt;
  while (carry_ >= kPhysicsStep) {
    carry_ -= kPhysicsStep;
    physics_step();
  }
}

void Plant::physics_step() {
  const double dt_s = text::s_of(kPhysicsStep);
  now_ = now_ + kPhysicsStep;
  const double wanted_w = pcs_.advance(now_, dt_s);
  const double dc_w = battery_.step(dt_s, pcs_.dc_of_ac(wanted_w));
  pcs_.settle(pcs_.ac_of_dc(dc_w));
  observe(config_.profile.at(now_));

  SiteBooks& books = state_.books;
  const double ac_w = state_.battery_ac_w;
  books.load_j += state_.load_w * dt_s;
  books.pv_j += state_.pv_w * dt_s;
  (state_.grid_w >= 0.0 ? books.grid_import_j : books.grid_export_j) +=
      std::abs(state_.grid_w) * dt_s;
  (ac_w >= 0.0 ? books.battery_discharge_j : books.battery_charge_j) += std::abs(ac_w) * dt_s;
  books.conversion_loss_j += (dc_w - ac_w) * dt_s;
  for (std::size_t i = 0; i < kPhases; ++i) {
    auto& side = state_.phase_w[i] >= 0.0 ? books.phase_import_j : books.phase_export_j;
    side[i] += std::abs(state_.phase_w[i]) * dt_s;
  }
}

void Plant::observe(const ProfilePower& power) {
  const double noise_at = text::s_of(now_.since_zero()) / kGridNoise_s;
  state_.at = now_;
  state_.load_w = power.load_w + extra_load_w_;
  state_.pv_w = power.pv_w;
  state_.battery_ac_w = pcs_.output_w();
  state_.grid_w = state_.load_w - state_.pv_w - state_.battery_ac_w;
  for (std::size_t i = 0; i < kPhases; ++i) {
    state_.phase_w[i] = state_.load_w * config_.load_share[i] -
                        (state_.pv_w + state_.battery_ac_w) / static_cast<double>(kPhases);
    state_.phase_v[i] = config_.grid_voltage_v +
                        kVoltageSpread_v * smooth_noise(seed_, kVoltageStream + i, noise_at);
  }
  state_.frequency_hz = config_.grid_frequency_hz +
                        kFrequencySpread_hz * smooth_noise(seed_, kFrequencyStream, noise_at);
  state_.battery = battery_.state();
  state_.control = pcs_.control();
  state_.setpoint_w = pcs_.target_w();
  state_.throttled = pcs_.throttled();
  state_.revert_remaining = pcs_.remaining(now_);
}

void Plant::write_pcs(const PcsControl& control, bool restart_timer) {
  pcs_.write(control, restart_timer, now_);
  state_.control = pcs_.control();
  state_.revert_remaining = pcs_.remaining(now_);
}

void Plant::command_switches(bool charge_on, bool discharge_on) {
  battery_.command_switches(charge_on, discharge_on);
}

}  // namespace ems::sim
