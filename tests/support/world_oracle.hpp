// SPDX-License-Identifier: Apache-2.0
/// @file What may leave the gate, worked out a second time from what the agent was told: in
/// doubles, without the kernel's tables, verdicts or state. It may allow more than the kernel does
/// (the kernel knows more rules); never less.
#pragma once

#include <array>
#include <string>

#include "support/world_told.hpp"

namespace ems::test {

/// Something that forbids until it has been good for long enough.
struct Hold {
  bool blocked = true;  ///< Nothing was shown yet.
  Duration good_for{};
  bool was_good = false;

  bool step(bool bad, bool clear, Duration passed, Duration clear_after) {
    if (bad) blocked = true;
    if (bad || !clear) {
      was_good = false;
      return blocked;
    }
    good_for = was_good ? good_for + passed : Duration::zero();
    was_good = true;
    if (good_for >= clear_after) blocked = false;
    return blocked;
  }
};

/// Linear between its points, held outside; 1 is everything.
template <class Q>
double share_of(const safety::DerateCurve<Q>& curve, double x) {
  const auto at = [&curve](std::size_t i) {
    return std::pair(static_cast<double>(curve[i].x.count()),
                     static_cast<double>(curve[i].share.count()) / 10'000.0);
  };
  if (curve.empty()) return 1.0;
  if (x <= at(0).first) return at(0).second;
  for (std::size_t i = 1; i < curve.size(); ++i) {
    const auto [x0, y0] = at(i - 1);
    const auto [x1, y1] = at(i);
    if (x <= x1) return y0 + (y1 - y0) * (x - x0) / (x1 - x0);
  }
  return at(curve.size() - 1).second;
}

/// What one battery may do, as currents in mA, magnitudes.
struct Allowed {
  double charge_ma = 0.0;
  double discharge_ma = 0.0;
  double voltage_mv = 0.0;
};

/// One battery.
class BatteryOracle {
 public:
  explicit BatteryOracle(const safety::BatteryConfig& config) : config_(config) {}

  Allowed step(const std::array<Heard, kBatteryFields>& heard, Instant now, Duration passed) {
    const safety::Limits& limits = config_.limits;
    look(heard, now);
    const Duration clear = limits.input_clear_after;
    bool charge = true;
    bool discharge = true;
    std::size_t next = 0;
    const auto hold = [&](bool bad, bool good, Duration after) {
      return holds_[next++].step(bad, good, passed, after);
    };
    const auto upper = [&](bool known, double value, const auto& t) {
      return hold(!known || value >= number(t.trip), known && value < number(t.clear),
                  t.clear_after);
    };
    const auto lower = [&](bool known, double value, const auto& t) {
      return hold(!known || value <= number(t.trip), known && value > number(t.clear),
                  t.clear_after);
    };
    const auto needs = [&](bool known) { return hold(!known, known, clear); };

    const bool blind = needs(cells_) | needs(temps_) | needs(voltage_) | needs(current_) |
                       needs(soc_) | needs(hazards_);
    const bool apart = upper(cells_, cell_max_ - cell_min_, limits.cell_imbalance) |
                       upper(temps_, temp_max_ - temp_min_, limits.temperature_spread);
    if (blind || apart) charge = discharge = false;
    if (upper(cells_, cell_max_, limits.cell_voltage_max) |
        upper(temps_, temp_max_, limits.charge_temp_max) |
        lower(temps_, temp_min_, limits.charge_temp_min) | upper(soc_, soc_bp_, limits.soc_max) |
        upper(current_, -current_ma_, limits.charge_overcurrent)) {
      charge = false;
    }
    if (lower(cells_, cell_min_, limits.cell_voltage_min) |
        upper(temps_, temp_max_, limits.discharge_temp_max) |
        lower(temps_, temp_min_, limits.discharge_temp_min) | lower(soc_, soc_bp_, limits.soc_min) |
        upper(current_, current_ma_, limits.discharge_overcurrent)) {
      discharge = false;
    }
    const double n = config_.cells_in_series;
    if (hold(!voltage_ || voltage_mv_ >= n * number(limits.cell_voltage_max.trip),
             voltage_ && voltage_mv_ < n * number(limits.cell_voltage_max.clear),
             limits.cell_voltage_max.clear_after)) {
      charge = false;
    }
    if (hold(!voltage_ || voltage_mv_ <= n * number(limits.cell_voltage_min.trip),
             voltage_ && voltage_mv_ > n * number(limits.cell_voltage_min.clear),
             limits.cell_voltage_min.clear_after)) {
      discharge = false;
    }
    const bool charge_asks = asks(heard, kChargeLimit, kChargeFet, now);
    const bool discharge_asks = asks(heard, kDischargeLimit, kDischargeFet, now);
    if (needs(charge_asks)) charge = false;
    if (needs(discharge_asks)) discharge = false;

    used_ = next;
    Allowed allowed;
    allowed.voltage_mv = voltage_mv_;
    if (charge) {
      allowed.charge_ma = number(limits.charge_current_max) * charge_share(limits);
      if (heard[kChargeLimit].there) cap(allowed.charge_ma, heard[kChargeLimit]);
    }
    if (discharge) {
      allowed.discharge_ma = number(limits.discharge_current_max) * discharge_share(limits);
      if (heard[kDischargeLimit].there) cap(allowed.discharge_ma, heard[kDischargeLimit]);
    }
    return allowed;
  }

  /// After step(): a latching threshold is reached by what was told, beyond doubt.
  [[nodiscard]] bool must_trip(const std::array<Heard, kBatteryFields>& heard, Instant now) const {
    const safety::Limits& limits = config_.limits;
    const auto is = [&](BatteryField field) {
      return heard[field].usable(now, limits.stale_after_max) && fits(heard[field]);
    };
    if (is(kSmoke) && heard[kSmoke].value != 0) return true;
    if (is(kGas) && heard[kGas].value != 0) return true;
    if (is(kInsulation) &&
        static_cast<double>(heard[kInsulation].value) <= number(limits.insulation_latch_min)) {
      return true;
    }
    if (temps_ && (temp_max_ >= number(limits.temp_latch_max) ||
                   temp_min_ <= number(limits.temp_latch_min))) {
      return true;
    }
    // Cells that the terminals contradict, or cannot confirm, are no proof.
    if (!cells_ || !voltage_ || std::abs(cell_sum_ - voltage_mv_) > 10.0 * kWorldCells)
      return false;
    return cell_max_ >= number(limits.cell_voltage_latch_max) ||
           cell_min_ <= number(limits.cell_voltage_latch_min);
  }
  /// Numbers of the holds that forbid, in the order of step().
  [[nodiscard]] std::string blocked() const {
    std::string all;
    for (std::size_t i = 0; i < used_; ++i) {
      if (holds_[i].blocked) all.append(" ").append(std::to_string(i));
    }
    return all;
  }
  [[nodiscard]] double current_ma() const { return current_ma_; }
  [[nodiscard]] bool current_known() const { return current_; }

 private:
  template <class Q>
  static double number(Q quantity) {
    return static_cast<double>(quantity.count());
  }
  static void cap(double& most, const Heard& heard) {
    most = std::min(most, std::max(0.0, static_cast<double>(heard.value)));
  }
  /// 32 bits: what a value of the catalogue that large means nobody knows.
  static bool fits(const Heard& heard) {
    return heard.value == static_cast<std::int32_t>(heard.value);
  }

  void look(const std::array<Heard, kBatteryFields>& heard, Instant now) {
    const Duration most = config_.limits.stale_after_max;
    const auto usable = [&](std::size_t f) { return heard[f].usable(now, most) && fits(heard[f]); };
    const auto value = [&](std::size_t f) { return static_cast<double>(heard[f].value); };
    cells_ = true;
    cell_sum_ = 0.0;
    for (std::size_t i = kCell1; i < kCell1 + kWorldCells; ++i) {
      cells_ = cells_ && usable(i);
      cell_sum_ += value(i);
      cell_max_ = i == kCell1 ? value(i) : std::max(cell_max_, value(i));
      cell_min_ = i == kCell1 ? value(i) : std::min(cell_min_, value(i));
    }
    // How many sensors there are nobody declares: one that was silent since start is not missed.
    const std::size_t first = heard[kTemp1].there ? kTemp1 : kTemp2;
    const std::size_t last = heard[kTemp2].there ? kTemp2 : kTemp1;
    temps_ = usable(first) && usable(last);
    temp_max_ = std::max(value(first), value(last));
    temp_min_ = std::min(value(first), value(last));
    voltage_ = usable(kPackVoltage);
    voltage_mv_ = value(kPackVoltage);
    current_ = usable(kPackCurrent);
    current_ma_ = value(kPackCurrent);
    soc_bp_ = value(kSoc);
    soc_ = usable(kSoc) && soc_bp_ >= 0.0 && soc_bp_ <= 10'000.0;
    hazards_ = true;
    for (const std::size_t f : {kSmoke, kGas, kInsulation, kContactorClosed}) {
      hazards_ = hazards_ && (!heard[f].there || usable(f));
    }
  }
  [[nodiscard]] bool asks(const std::array<Heard, kBatteryFields>& heard, std::size_t limit,
                          std::size_t fet, Instant now) const {
    const Duration most = config_.limits.stale_after_max;
    const bool amps = !heard[limit].there || (heard[limit].usable(now, most) &&
                                              fits(heard[limit]) && heard[limit].value > 0);
    const bool on = !heard[fet].there || (heard[fet].usable(now, most) && heard[fet].value == 1);
    return amps && on;
  }
  [[nodiscard]] double charge_share(const safety::Limits& limits) const {
    return std::min({share_of(limits.charge_voltage_derate, cell_max_),
                     share_of(limits.charge_temp_derate, temp_max_),
                     share_of(limits.charge_temp_derate, temp_min_),
                     share_of(limits.cell_imbalance_derate, cell_max_ - cell_min_)});
  }
  [[nodiscard]] double discharge_share(const safety::Limits& limits) const {
    return std::min({share_of(limits.discharge_voltage_derate, cell_min_),
                     share_of(limits.discharge_temp_derate, temp_max_),
                     share_of(limits.cell_imbalance_derate, cell_max_ - cell_min_)});
  }

  const safety::BatteryConfig& config_;
  std::array<Hold, 24> holds_{};
  std::size_t used_ = 0;
  bool cells_ = false;
  bool temps_ = false;
  bool voltage_ = false;
  bool current_ = false;
  bool soc_ = false;
  bool hazards_ = false;
  double cell_sum_ = 0.0;
  double cell_max_ = 0.0;
  double cell_min_ = 0.0;
  double temp_max_ = 0.0;
  double temp_min_ = 0.0;
  double voltage_mv_ = 0.0;
  double current_ma_ = 0.0;
  double soc_bp_ = 0.0;
};

/// The whole site: bounds, latches, the clock.
class FleetOracle {
 public:
  explicit FleetOracle(const runtime::ControlConfig& config) : config_(config) { restart({}); }

  /// The agent is new; what it had written down about latches it still knows.
  void restart(const std::array<bool, 3>& tripped) {
    batteries_.clear();
    for (const safety::BatteryConfig& battery : config_.safety.batteries) {
      batteries_.emplace_back(battery);
    }
    tripped_ = tripped;
    last_.reset();
    good_ticks_ = kGood;
  }
  void reset_accepted() {
    tripped_ = {};
    batteries_.clear();
    for (const safety::BatteryConfig& battery : config_.safety.batteries) {
      batteries_.emplace_back(battery);
    }
  }

  /// Hears one tick.
  void step(const WorldTold& told, bool estop, Instant now) {
    const Duration period = config_.safety.tick_period;
    const bool back = last_ && now < *last_;
    const Duration passed = last_ && !back ? now - *last_ : Duration::zero();
    // Late by 10 ticks: SAFE until 10 good ones were seen. One tick of doubt is the kernel's.
    if (back || passed >= period * 12) {
      good_ticks_ = 0;
    } else {
      good_ticks_ = std::min(kGood, good_ticks_ + 1);
    }
    last_ = now;
    estop_ = estop;
    for (std::size_t b = 0; b < batteries_.size(); ++b) {
      allowed_[b] = batteries_[b].step(told.battery_heard(b), now, passed);
      if (estop || batteries_[b].must_trip(told.battery_heard(b), now)) tripped_[b] = true;
      if (tripped_[b] || good_ticks_ < kGood - 1) {
        allowed_[b].charge_ma = allowed_[b].discharge_ma = 0.0;
      }
    }
  }

  /// What is wrong with the orders of this tick; empty: nothing.
  [[nodiscard]] std::string judge(const runtime::Tick& tick, const WorldTold& told,
                                  Instant now) const {
    std::array<double, 3> current_ma{};
    for (std::size_t i = 0; i < config_.safety.inverters.size(); ++i) {
      const safety::InverterConfig& inverter = config_.safety.inverters[i];
      const auto& order = tick.orders[i].command;
      if (!order) return "no order though armed";
      const bool moves = order->kind == CommandKind::follow;
      if (order->kind == CommandKind::form) return "forms though islanding is not there";
      if (!moves && order->p != 0_w) return "a power beside an order that has none";
      for (std::size_t b = 0; b < batteries_.size(); ++b) {
        const bool feeds = (inverter.batteries >> b & 1U) != 0;
        if (feeds && tripped_[b] && (moves || order->kind == CommandKind::standby)) {
          return "SAF-031: power through a tripped battery";
        }
      }
      if (!moves) continue;
      const std::string wrong = add_current(tick, told, i, now, current_ma);
      if (!wrong.empty()) return wrong;
    }
    for (std::size_t b = 0; b < batteries_.size(); ++b) {
      const double slack = 20.0;
      if (current_ma[b] > allowed_[b].discharge_ma + slack) {
        return "SAF-036: discharges battery " + std::to_string(b + 1) + " with " +
               std::to_string(current_ma[b]) + " mA, allowed " +
               std::to_string(allowed_[b].discharge_ma);
      }
      if (-current_ma[b] > allowed_[b].charge_ma + slack) {
        return "SAF-036: charges battery " + std::to_string(b + 1) + " with " +
               std::to_string(-current_ma[b]) + " mA, allowed " +
               std::to_string(allowed_[b].charge_ma);
      }
    }
    return {};
  }

  [[nodiscard]] bool tripped(std::size_t b) const { return tripped_[b]; }
  [[nodiscard]] bool estop() const { return estop_; }
  [[nodiscard]] const Allowed& allowed(std::size_t b) const { return allowed_[b]; }
  [[nodiscard]] const BatteryOracle& battery_oracle(std::size_t b) const { return batteries_[b]; }

 private:
  static constexpr int kGood = 10;

  /// Adds the current that an order asks of each battery behind its inverter.
  std::string add_current(const runtime::Tick& tick, const WorldTold& told, std::size_t i,
                          Instant now, std::array<double, 3>& current_ma) const {
    const safety::InverterConfig& inverter = config_.safety.inverters[i];
    const Watt order = tick.orders[i].command->p;
    if (order > inverter.discharge_max || order < -inverter.charge_max) return "over the rating";
    const auto p = static_cast<double>(order.count());
    const Heard& pv = told.inverter_heard(i)[kDcPv];
    const bool pv_known = inverter.has_dc_pv && pv.usable(now, seconds(10)) && pv.value >= 0;
    const bool pv_off = tick.safety.inverters[i].curtail_pv && inverter.can_curtail_pv;
    if (inverter.has_dc_pv && !pv_known && (p < 0.0 || !pv_off)) {
      return "dc PV unknown: neither switched off nor standing by, or charging beside it";
    }
    const double pv_w = pv_known && !pv_off ? static_cast<double>(pv.value) : 0.0;
    const double efficiency = static_cast<double>(inverter.efficiency.count()) / 10'000.0;
    double dc_w = p > 0.0 ? p / efficiency : p;
    dc_w -= pv_w;
    const auto parallel = static_cast<double>(__builtin_popcount(inverter.batteries));
    for (std::size_t b = 0; b < batteries_.size(); ++b) {
      if ((inverter.batteries >> b & 1U) == 0 || dc_w == 0.0) continue;
      if (allowed_[b].voltage_mv <= 0.0) return "power without a voltage";
      current_ma[b] += dc_w / parallel / allowed_[b].voltage_mv * 1e6;
    }
    return {};
  }

  const runtime::ControlConfig& config_;
  std::vector<BatteryOracle> batteries_;
  std::array<Allowed, 3> allowed_{};
  std::array<bool, 3> tripped_{};
  bool estop_ = false;
  std::optional<Instant> last_;
  int good_ticks_ = kGood;
};

}  // namespace ems::test
