// SPDX-License-Identifier: Apache-2.0
#include "ems/sim/battery.hpp"

#include <algorithm>
#include <cmath>

#include "ems/core/assert.hpp"
#include "ems/sim/random.hpp"

namespace ems::sim {
namespace {

constexpr std::uint64_t kCapacityStream = 11;
constexpr std::uint64_t kResistanceStream = 12;
constexpr std::uint64_t kChargeStream = 13;
constexpr std::uint64_t kSensorStream = 14;
constexpr double kSecondsPerHour = 3600.0;
constexpr double kSensorSpread_k = 0.4;

// The flat curve that LFP is known for; points are ours, chosen to be plausible, and belong to no
// particular cell.
struct CurvePoint {
  double soc, volts;
};
constexpr CurvePoint kCurve[] = {
    {-0.02, 2.00}, {0.00, 2.50},  {0.02, 2.85},  {0.05, 3.05},  {0.10, 3.20},  {0.20, 3.25},
    {0.30, 3.28},  {0.40, 3.295}, {0.50, 3.305}, {0.60, 3.315}, {0.70, 3.330}, {0.80, 3.337},
    {0.90, 3.345}, {0.95, 3.355}, {0.98, 3.38},  {1.00, 3.45},  {1.02, 3.65},  {1.05, 3.95},
};
constexpr double kLowest = kCurve[0].soc;
constexpr double kHighest = std::end(kCurve)[-1].soc;

}  // namespace

double lfp_open_circuit_v(double soc) noexcept {
  const double x = std::clamp(soc, kLowest, kHighest);
  const auto* right = std::lower_bound(std::begin(kCurve) + 1, std::end(kCurve) - 1, x,
                                       [](const CurvePoint& p, double at) { return p.soc < at; });
  const auto& left = right[-1];
  return left.volts + (right->volts - left.volts) * (x - left.soc) / (right->soc - left.soc);
}

Battery::Battery(const BatteryConfig& config, std::uint64_t seed)
    : config_(config), seed_(seed), temperature_degc_(config.ambient_degc) {
  EMS_ASSERT(config.cells >= 1 && config.cells <= 32);
  EMS_ASSERT(config.capacity_ah > 0 && config.cell_resistance_ohm > 0);
  EMS_ASSERT(config.thermal_mass_j_per_k > 0 && config.temperature_sensors <= 8);
  cells_.reserve(config.cells);
  for (std::size_t i = 0; i < config.cells; ++i) {
    const double capacity_as = config.capacity_ah * kSecondsPerHour *
                               (1.0 + config.capacity_spread * spread(seed, kCapacityStream, i));
    const double soc =
        std::clamp(config.soc_start + config.soc_spread * spread(seed, kChargeStream, i), 0.0, 1.0);
    const double resistance_ohm =
        config.cell_resistance_ohm *
        (1.0 + config.resistance_spread * spread(seed, kResistanceStream, i));
    cells_.push_back({capacity_as, soc * capacity_as, resistance_ohm, 0.0});
  }
  measure(0.0);
}

double Battery::current_for(double demand_w) const {
  double open_v = 0.0;
  double resistance_ohm = 0.0;
  bool empty = false;
  bool full = false;
  for (const Cell& cell : cells_) {
    open_v += cell.open_v;
    resistance_ohm += cell.resistance_ohm;
    empty = empty || cell.soc <= kLowest;
    full = full || cell.soc >= kHighest;
  }
  if (demand_w > 0.0 && (empty || !state_.discharge_on)) return 0.0;
  if (demand_w < 0.0 && (full || !state_.charge_on)) return 0.0;
  // (open - R I) I = demand; beyond open^2 / 4R the cells cannot follow.
  const double root = std::max(0.0, open_v * open_v - 4.0 * resistance_ohm * demand_w);
  return 2.0 * demand_w / (open_v + std::sqrt(root)) *
         (root > 0.0 || demand_w <= 0.0 ? 1.0
                                        : open_v * open_v / (4.0 * resistance_ohm * demand_w));
}

double Battery::step(double dt_s, double demand_w) {
  EMS_ASSERT(dt_s > 0.0 && dt_s <= 0.1);
  const double current_a = current_for(demand_w);
  double open_v = 0.0;
  double heat_w = 0.0;
  for (Cell& cell : cells_) {
    open_v += cell.open_v;
    heat_w += current_a * current_a * cell.resistance_ohm;
    cell.charge_as -= current_a * dt_s;
  }
  const double terminal_w = open_v * current_a - heat_w;
  const double cooling_w =
      config_.thermal_conductance_w_per_k * (temperature_degc_ - config_.ambient_degc);
  temperature_degc_ += (heat_w - cooling_w) * dt_s / config_.thermal_mass_j_per_k;

  books_.chemical_j += open_v * current_a * dt_s;
  books_.ohmic_loss_j += heat_w * dt_s;
  books_.terminal_j += terminal_w * dt_s;
  books_.heat_to_ambient_j += cooling_w * dt_s;

  measure(current_a);
  protect(dt_s);
  return terminal_w;
}

void Battery::measure(double current_a) {
  double charge_as = 0.0;
  double capacity_as = 0.0;
  state_.cell_v.resize(cells_.size());
  state_.voltage_v = 0.0;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    Cell& cell = cells_[i];
    cell.soc = cell.charge_as / cell.capacity_as;
    cell.open_v = lfp_open_circuit_v(cell.soc);
    state_.cell_v[i] = cell.open_v - current_a * cell.resistance_ohm + cell.offset_v;
    state_.voltage_v += state_.cell_v[i];
    charge_as += cell.charge_as;
    capacity_as += cell.capacity_as;
  }
  state_.current_a = current_a;
  state_.soc_pct = std::clamp(100.0 * charge_as / capacity_as, 0.0, 100.0);
  state_.full_ah = config_.capacity_ah;
  state_.remaining_ah = config_.capacity_ah * state_.soc_pct / 100.0;
  state_.cycles = config_.cycles;
  state_.temperature_degc.resize(config_.temperature_sensors);
  for (std::size_t i = 0; i < state_.temperature_degc.size(); ++i) {
    state_.temperature_degc[i] =
        temperature_degc_ + kSensorSpread_k * spread(seed_, kSensorStream, i);
  }
}

void Battery::guard(Protection which, double dt_s, bool broken, bool released) {
  const auto bit = static_cast<std::size_t>(which);
  const auto mask = static_cast<std::uint16_t>(1u << bit);
  Guard& guard = guards_[bit];
  if ((state_.protection & mask) != 0) {
    guard.held_s += dt_s;
    if (released) {
      state_.protection = static_cast<std::uint16_t>(state_.protection & ~mask);
      guard = {};
    }
    return;
  }
  guard.broken_s = broken ? guard.broken_s + dt_s : 0.0;
  if (guard.broken_s >= config_.bms.delay_s) {
    state_.protection = static_cast<std::uint16_t>(state_.protection | mask);
    ++state_.protection_count[bit];
    guard = {};
  }
}

void Battery::protect(double dt_s) {
  const BmsConfig& bms = config_.bms;
  const auto [low, high] = std::minmax_element(state_.cell_v.begin(), state_.cell_v.end());
  const double t = temperature_degc_;
  const double i = state_.current_a;
  const auto held = [this, &bms](Protection which) {
    return guards_[static_cast<std::size_t>(which)].held_s >= bms.overcurrent_hold_s;
  };
  using enum Protection;
  guard(cell_overvoltage, dt_s, *high >= bms.cell_overvoltage_v.trip,
        *high <= bms.cell_overvoltage_v.release);
  guard(cell_undervoltage, dt_s, *low <= bms.cell_undervoltage_v.trip,
        *low >= bms.cell_undervoltage_v.release);
  guard(charge_overtemperature, dt_s, t >= bms.charge_overtemperature_degc.trip,
        t <= bms.charge_overtemperature_degc.release);
  guard(charge_undertemperature, dt_s, t <= bms.charge_undertemperature_degc.trip,
        t >= bms.charge_undertemperature_degc.release);
  guard(discharge_overtemperature, dt_s, t >= bms.discharge_overtemperature_degc.trip,
        t <= bms.discharge_overtemperature_degc.release);
  guard(discharge_undertemperature, dt_s, t <= bms.discharge_undertemperature_degc.trip,
        t >= bms.discharge_undertemperature_degc.release);
  guard(charge_overcurrent, dt_s, -i >= bms.charge_overcurrent_a, held(charge_overcurrent));
  guard(discharge_overcurrent, dt_s, i >= bms.discharge_overcurrent_a, held(discharge_overcurrent));

  const auto bits = [](auto... which) {
    return static_cast<std::uint16_t>(((1u << static_cast<unsigned>(which)) | ...));
  };
  const std::uint16_t no_charge =
      bits(cell_overvoltage, charge_overtemperature, charge_undertemperature, charge_overcurrent);
  const std::uint16_t no_discharge = bits(cell_undervoltage, discharge_overtemperature,
                                          discharge_undertemperature, discharge_overcurrent);
  state_.charge_on = charge_commanded_ && (state_.protection & no_charge) == 0;
  state_.discharge_on = discharge_commanded_ && (state_.protection & no_discharge) == 0;
}

void Battery::command_switches(bool charge_on, bool discharge_on) {
  charge_commanded_ = charge_on;
  discharge_commanded_ = discharge_on;
}

void Battery::offset_cell(std::size_t cell, double add_v) {
  EMS_ASSERT(cell < cells_.size());
  cells_[cell].offset_v += add_v;
}

void Battery::clear_offsets() {
  for (Cell& cell : cells_) cell.offset_v = 0.0;
}

double Battery::stored_j() const {
  // Trapezoids over the curve's own corners are exact: the curve is a polygon.
  double sum_j = 0.0;
  for (const Cell& cell : cells_) {
    const double soc = cell.charge_as / cell.capacity_as;
    double left = 0.0;
    const auto add_to = [&](double right) {
      sum_j += 0.5 * (lfp_open_circuit_v(left) + lfp_open_circuit_v(right)) * (right - left) *
               cell.capacity_as;
      left = right;
    };
    if (soc >= 0.0) {
      for (const CurvePoint& corner : kCurve) {
        if (corner.soc > 0.0 && corner.soc < soc) add_to(corner.soc);
      }
    }
    add_to(soc);
  }
  return sum_j;
}

}  // namespace ems::sim
