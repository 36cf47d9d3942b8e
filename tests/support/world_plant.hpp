// SPDX-License-Identifier: Apache-2.0
/// @file The plant of a fleet world: one to three batteries, one to three inverters, wired by seed.
/// It is what is true; nobody but the judge looks at it directly.
#pragma once

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

#include "ems/runtime/control_loop.hpp"
#include "ems/sim/battery.hpp"
#include "ems/sim/profile.hpp"

namespace ems::test {

inline constexpr std::size_t kWorldCells = 16;
inline constexpr double kWorldStep_s = 0.1;
inline constexpr double kWorldEfficiency = 0.96;  ///< Better than declared.

/// A generator whose numbers are the same everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::uint64_t raw() { return random_(); }
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n));
  }
  std::int64_t between(std::int64_t lo, std::int64_t hi) { return lo + below(hi - lo + 1); }
  bool one_in(std::int64_t n) { return below(n) == 0; }
  Duration up_to_s(std::int64_t most) { return milliseconds(1 + below(most * 1'000)); }

 private:
  std::mt19937_64 random_;
};

/// What an inverter makes of its orders.
enum class Conduct : std::uint8_t {
  obeys,
  ignores,   ///< Stays where it was ordered to be before.
  turned,    ///< Takes the sign the other way round.
  sticks,    ///< Its output does not move any more.
  no_stop,   ///< Goes on after stop and open.
  dawdles,   ///< Takes seconds to do anything.
  runs_away  ///< Full power, either way, whatever it is told.
};
inline constexpr std::size_t kConducts = 7;

struct PlantInverter {
  std::uint8_t batteries = 0;
  double rating_w = 0.0;
  double pv_peak_w = 0.0;  ///< On its dc bus.
  bool can_curtail = false;

  double output_w = 0.0;  ///< At ac; + delivers.
  double target_w = 0.0;
  double pv_w = 0.0;
  bool curtailed = false;
  bool forward = true;  ///< Which way it runs away.
  Conduct conduct = Conduct::obeys;
  Instant conduct_until{};
  Instant lease_end{};
  struct Late {
    Instant at;
    InverterCommand command;
    bool curtail;
  };
  std::deque<Late> pending{};
};

class WorldPlant {
 public:
  static constexpr Duration kLease = seconds(3);  ///< After it without an order: 0 W.
  static constexpr Duration kDeadTime = milliseconds(200);

  WorldPlant(const runtime::ControlConfig& config, Dice& dice)
      : profile_(sim::Profile::shaped(
            {.load_step_w = 4'000.0, .pv_peak_w = 9'000.0, .day = seconds(7'200)}, dice.raw())) {
    for (std::size_t b = 0; b < config.safety.batteries.size(); ++b) {
      sim::BatteryConfig one;
      one.cells = kWorldCells;
      one.capacity_ah = static_cast<double>(config.batteries[b].capacity.count()) / 51.2;
      one.soc_start = 0.04 + 0.94 * static_cast<double>(dice.below(1'000)) / 1'000.0;
      one.soc_spread = dice.one_in(2) ? 0.003 : 0.05;  // Weak cells reach their limits first.
      one.thermal_mass_j_per_k = static_cast<double>(dice.between(1'000, 20'000));
      const std::int64_t climate = dice.below(8);
      const std::int64_t ambient = climate == 0   ? dice.between(-12, 4)
                                   : climate <= 2 ? dice.between(38, 52)
                                                  : dice.between(8, 37);
      one.ambient_degc = static_cast<double>(ambient);
      batteries_.emplace_back(one, dice.raw());
      contactor_closed_.push_back(true);
    }
    for (const safety::InverterConfig& inverter : config.safety.inverters) {
      PlantInverter one;
      one.batteries = inverter.batteries;
      one.rating_w = static_cast<double>(inverter.discharge_max.count());
      one.pv_peak_w = inverter.has_dc_pv ? one.rating_w * 0.8 : 0.0;
      one.can_curtail = inverter.can_curtail_pv;
      inverters_.push_back(one);
    }
  }

  void order(std::size_t i, const InverterCommand& command, bool curtail, Duration delay) {
    inverters_[i].pending.push_back({now_ + delay, command, curtail});
  }
  void misbehave(std::size_t i, Conduct conduct, Instant until, bool forward) {
    inverters_[i].conduct = conduct;
    inverters_[i].conduct_until = until;
    inverters_[i].forward = forward;
  }

  void step() {
    now_ = now_ + milliseconds(100);
    const sim::ProfilePower power = profile_.at(now_);
    load_w_ = power.load_w;
    pv_w_ = power.pv_w;
    std::vector<double> asked(batteries_.size(), 0.0);
    for (PlantInverter& inverter : inverters_) {
      drive(inverter, power.pv_w / 9'000.0);
      const double each = dc_of(inverter) / count(inverter);
      for (std::size_t b = 0; b < batteries_.size(); ++b) {
        if (feeds(inverter, b) && contactor_closed_[b]) asked[b] += each;
      }
    }
    std::vector<double> part(batteries_.size(), 1.0);
    for (std::size_t b = 0; b < batteries_.size(); ++b) {
      const double given = batteries_[b].step(kWorldStep_s, asked[b]);
      if (std::abs(asked[b]) > 1.0) part[b] = given / asked[b];
    }
    double ac_w = 0.0;
    for (PlantInverter& inverter : inverters_) {
      settle(inverter, part);
      ac_w += inverter.output_w;
    }
    grid_w_ = load_w_ - pv_w_ - ac_w;
    if (grid_w_ > 0.0) imported_j_ += grid_w_ * kWorldStep_s;
  }

  [[nodiscard]] static bool feeds(const PlantInverter& inverter, std::size_t battery) {
    return (inverter.batteries >> battery & 1U) != 0;
  }
  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] const sim::BatteryState& battery(std::size_t b) const {
    return batteries_[b].state();
  }
  [[nodiscard]] std::size_t batteries() const { return batteries_.size(); }
  [[nodiscard]] const std::vector<PlantInverter>& inverters() const { return inverters_; }
  [[nodiscard]] bool contactor_closed(std::size_t b) const { return contactor_closed_[b]; }
  [[nodiscard]] double grid_w() const { return grid_w_; }
  [[nodiscard]] double imported_wh() const { return imported_j_ / 3'600.0; }

 private:
  static double count(const PlantInverter& inverter) {
    return static_cast<double>(__builtin_popcount(inverter.batteries));
  }
  /// What its batteries must give for its output and its PV.
  static double dc_of(const PlantInverter& inverter) {
    const double ac = inverter.output_w;
    return (ac > 0.0 ? ac / kWorldEfficiency : ac * kWorldEfficiency) - inverter.pv_w;
  }

  void take(PlantInverter& inverter, const PlantInverter::Late& late) {
    const Conduct conduct = inverter.conduct;
    if (conduct == Conduct::ignores) return;
    const bool follow = late.command.kind == CommandKind::follow;
    if (!follow && conduct == Conduct::no_stop) return;
    const double watts = follow ? static_cast<double>(late.command.p.count()) : 0.0;
    inverter.target_w = conduct == Conduct::turned ? -watts : watts;
    // An inverter that stands by takes nothing from its PV either.
    inverter.curtailed = !follow || (late.curtail && inverter.can_curtail);
    inverter.lease_end = now_ + kLease;
    const bool opens = late.command.kind == CommandKind::open;
    for (std::size_t b = 0; b < batteries_.size(); ++b) {
      if (feeds(inverter, b)) contactor_closed_[b] = !opens;
    }
  }

  void drive(PlantInverter& inverter, double sun) {
    if (inverter.conduct != Conduct::obeys && now_ >= inverter.conduct_until) {
      inverter.conduct = Conduct::obeys;
    }
    const Duration slow =
        kDeadTime + (inverter.conduct == Conduct::dawdles ? seconds(4) : Duration::zero());
    while (!inverter.pending.empty() && inverter.pending.front().at + slow <= now_) {
      take(inverter, inverter.pending.front());
      inverter.pending.pop_front();
    }
    const bool holds = inverter.conduct == Conduct::ignores || inverter.conduct == Conduct::no_stop;
    if (now_ >= inverter.lease_end && !holds) {
      inverter.target_w = 0.0;
      inverter.curtailed = true;
    }
    double wanted = std::clamp(inverter.target_w, -inverter.rating_w, inverter.rating_w);
    if (inverter.conduct == Conduct::sticks) wanted = inverter.output_w;
    if (inverter.conduct == Conduct::runs_away) {
      wanted = inverter.forward ? inverter.rating_w : -inverter.rating_w;
    }
    const double most = 2.0 * inverter.rating_w * kWorldStep_s;  // Half a second to full power.
    inverter.output_w += std::clamp(wanted - inverter.output_w, -most, most);
    inverter.pv_w = inverter.curtailed ? 0.0 : inverter.pv_peak_w * sun;
    // What the batteries' switches refuse, the PV tracker does not take from the roof.
    if (dc_of(inverter) < 0.0 && !takes(inverter)) {
      inverter.pv_w = std::clamp(inverter.output_w / kWorldEfficiency, 0.0, inverter.pv_w);
    }
  }
  [[nodiscard]] bool takes(const PlantInverter& inverter) const {
    for (std::size_t b = 0; b < batteries_.size(); ++b) {
      if (feeds(inverter, b) && !(batteries_[b].state().charge_on && contactor_closed_[b])) {
        return false;
      }
    }
    return true;
  }
  void settle(PlantInverter& inverter, const std::vector<double>& part) {
    double dc = 0.0;
    const double each = dc_of(inverter) / count(inverter);
    for (std::size_t b = 0; b < batteries_.size(); ++b) {
      if (feeds(inverter, b) && contactor_closed_[b]) dc += each * part[b];
    }
    const double all = dc + inverter.pv_w;
    inverter.output_w = all > 0.0 ? all * kWorldEfficiency : all / kWorldEfficiency;
  }

  sim::Profile profile_;
  std::vector<sim::Battery> batteries_;
  std::vector<PlantInverter> inverters_;
  std::vector<bool> contactor_closed_;
  Instant now_{};
  double load_w_ = 0.0;
  double pv_w_ = 0.0;
  double grid_w_ = 0.0;
  double imported_j_ = 0.0;
};

}  // namespace ems::test
