// SPDX-License-Identifier: Apache-2.0
/// @file What must hold in every tick of a fleet world, whatever went wrong before. Each answer
/// names the requirement (docs/safety/requirements.md) or the sentence of DESIGN that was broken.
#pragma once

#include <map>
#include <string>

#include "support/fleet_world.hpp"

namespace ems::test {

/// How long something has been so without a break.
class Lasting {
 public:
  /// @return True when `is` has held for longer than `bound`.
  bool longer(bool is, Duration bound, Instant now) {
    if (is && !is_) since_ = now;
    is_ = is;
    return is_ && now - since_ > bound;
  }

 private:
  bool is_ = false;
  Instant since_{};
};

struct FleetCounts {
  std::uint64_t ticks = 0;
  std::uint64_t moving = 0;        ///< Ticks with power ordered.
  std::uint64_t safe = 0;          ///< Ticks in SAFE or INIT.
  std::uint64_t tripped = 0;       ///< Ticks in TRIPPED.
  std::uint64_t estop = 0;         ///< Ticks in which a stop was asked for.
  std::uint64_t at_limit = 0;      ///< Ticks in which a true cell stood at its limit.
  std::uint64_t lost_inputs = 0;   ///< Losses compared.
  std::uint64_t leases_ended = 0;  ///< Ticks with a command whose lease had ended.
  std::uint64_t disobeyed = 0;     ///< Ticks in which a current was beyond what was allowed.
  std::uint64_t conflicts = 0;     ///< Ticks in which demands did not fit.
  std::uint64_t explained = 0;     ///< Decisions put into words.
};

class FleetJudge {
 public:
  // From a sample to the plant: poll, link, tick, link, dead time, ramp; and as much again.
  static constexpr Duration kReaction = seconds(4);
  // Three seconds until a limit is due, five times three beyond it, a sample's age; half as much
  // again for a limit that goes on tightening.
  static constexpr Duration kTripWithin = seconds(30);

  explicit FleetJudge(FleetWorld& world) : world_(world) {}

  /// @param ran  The agent ran in this tick.
  /// @return     What is wrong; empty: nothing.
  std::string watch(bool ran) {
    ++counts_.ticks;
    std::string wrong = truth(ran);
    if (wrong.empty() && ran) wrong = orders();
    if (wrong.empty() && ran) wrong = leases();
    if (wrong.empty() && ran) wrong = explained();
    if (wrong.empty() && ran && counts_.ticks % 16 == 0) wrong = lost_input();
    if (wrong.empty()) wrong = world_.wrong_reset();
    return wrong;
  }
  [[nodiscard]] const FleetCounts& counts() const { return counts_; }

 private:
  std::string orders() {
    const runtime::Tick& tick = world_.tick();
    counts_.moving += tick.gated != 0_w ? 1U : 0U;
    const auto site = tick.safety.site;
    counts_.safe +=
        site == safety::SafetyState::safe || site == safety::SafetyState::init ? 1U : 0U;
    counts_.tripped += site == safety::SafetyState::tripped ? 1U : 0U;
    if (world_.oracle().estop()) {  // SAF-030, SAF-031: in the same tick, on every inverter.
      ++counts_.estop;
      for (const safety::GateResult& order : tick.orders) {
        const CommandKind kind = order.command ? order.command->kind : CommandKind::follow;
        if (kind != CommandKind::stop && kind != CommandKind::open) {
          return "SAF-030: no stop in the tick of the emergency stop";
        }
      }
    }
    for (std::size_t b = 0; b < world_.config().batteries.size(); ++b) {
      const bool latched = tick.safety.batteries[b].state == safety::SafetyState::tripped;
      if (world_.oracle().tripped(b) && !latched) {
        return "SAF-030 .. SAF-032: a reason to trip was told and nothing latched";
      }
    }
    return world_.oracle().judge(tick, world_.told(), world_.agent_now());
  }

  /// What really happens to the cells.
  std::string truth(bool ran) {
    const Instant now = world_.now();
    const std::uint64_t resets = world_.happened(Happened::reset);
    const bool judging = ran && resets == resets_;
    resets_ = resets;
    for (std::size_t b = 0; b < world_.config().batteries.size(); ++b) {
      const sim::BatteryState& truth = world_.plant().battery(b);
      const safety::Limits& limits = world_.config().safety.batteries[b].limits;
      double highest = truth.cell_v[0];
      double lowest = truth.cell_v[0];
      for (const double v : truth.cell_v) {
        highest = std::max(highest, v);
        lowest = std::min(lowest, v);
      }
      const bool calm = world_.calm(b);
      const double warm = std::max(truth.temperature_degc[0], truth.temperature_degc[1]) * 1'000.0;
      const double cold = std::min(truth.temperature_degc[0], truth.temperature_degc[1]) * 1'000.0;
      const auto at = [](auto threshold) { return static_cast<double>(threshold.trip.count()); };
      const bool full = highest * 1'000.0 >= at(limits.cell_voltage_max) + 0.6;
      const bool empty = lowest * 1'000.0 <= at(limits.cell_voltage_min) - 0.6;
      counts_.at_limit += full || empty ? 1U : 0U;
      const bool charges = truth.current_a < -0.5 - pv_step_a(b);
      const bool discharges = truth.current_a > 0.5;
      const bool no_charge = full || warm >= at(limits.charge_temp_max) + 1.0 ||
                             cold <= at(limits.charge_temp_min) - 1.0;
      const bool no_discharge = empty || warm >= at(limits.discharge_temp_max) + 1.0 ||
                                cold <= at(limits.discharge_temp_min) - 1.0;
      Lastings& lasting = lasting_[b];
      if (lasting.charge.longer(calm && no_charge && charges, kReaction, now)) {
        return "SAF-002, SAF-006, SAF-007: cells at a limit are charged for longer than the "
               "reaction";
      }
      if (lasting.discharge.longer(calm && no_discharge && discharges, kReaction, now)) {
        return "SAF-003, SAF-008: cells at a limit are discharged for longer than the reaction";
      }
      const double most = static_cast<double>(limits.charge_current_max.count()) / 1'000.0;
      const bool too_much = std::abs(truth.current_a) > most * 1.02 + 1.0 + pv_step_a(b);
      if (lasting.current.longer(calm && too_much, kReaction, now)) {
        return "DESIGN 3, dc bounds: more current than the maximum for longer than the reaction";
      }
      if (std::string wrong = disobedience(b, lasting, now, judging); !wrong.empty()) return wrong;
    }
    return {};
  }

  /// The sun moves between two readings of dc PV: a tenth of its peak.
  [[nodiscard]] double pv_step_a(std::size_t b) const {
    double watts = 0.0;
    for (const PlantInverter& inverter : world_.plant().inverters()) {
      if (WorldPlant::feeds(inverter, b)) watts += 0.1 * inverter.pv_peak_w;
    }
    return watts / 50.0;
  }

  struct Lastings {
    Lasting charge;
    Lasting discharge;
    Lasting current;
    Lasting beyond;
  };

  /// Nearer to a limit than the declared tolerance, and what the sensors are off by, nobody can
  /// tell disobedience.
  static double tellable_ma(const safety::Limits& limits) {
    const safety::PlausibilityLimits& declared = limits.plausibility;
    const std::int32_t largest =
        std::max(limits.charge_current_max, limits.discharge_current_max).count();
    const double share = static_cast<double>(declared.obey_tolerance.count()) / 10'000.0;
    return std::max(share * largest, static_cast<double>(declared.obey_floor.count())) + 1'000.0;
  }

  /// Whoever goes on against its limits is TRIPPED within the declared time. An agent that does not
  /// run, or was just reset, begins to count again.
  std::string disobedience(std::size_t b, Lastings& lasting, Instant now, bool judging) {
    const Allowed& allowed = world_.oracle().allowed(b);
    const double current = world_.oracle().battery_oracle(b).current_ma();
    const double margin = tellable_ma(world_.config().safety.batteries[b].limits);
    const bool beyond = current > allowed.discharge_ma * 1.1 + margin ||
                        -current > allowed.charge_ma * 1.1 + margin;
    const bool seen = judging && world_.well_seen(b) && beyond;
    counts_.disobeyed += seen ? 1U : 0U;
    if (!lasting.beyond.longer(seen, kTripWithin, now)) return {};
    for (const safety::Trip& trip : world_.state().latch()) {
      if (trip.asset == kSite || trip.asset == battery(static_cast<std::uint16_t>(b + 1)))
        return {};
      for (std::size_t i = 0; i < world_.plant().inverters().size(); ++i) {
        const bool feeds = WorldPlant::feeds(world_.plant().inverters()[i], b);
        if (feeds && trip.asset == inverter(static_cast<std::uint16_t>(i + 1))) return {};
      }
    }
    return "DESIGN 3, only these latch: a limit was disobeyed for 30 s and nothing tripped";
  }

  std::string leases() {
    const runtime::TickInputs& in = world_.inputs();
    const decision::Decision& decision = world_.tick().decision;
    const Instant now = world_.agent_now();
    const auto over = [&](const auto& command) { return command && command->lease_end <= now; };
    const auto asks = [](const decision::PolicyOutput* output) {
      return output != nullptr && (output->demand.preference || output->demand.constraint);
    };
    const bool person = !in.setpoint || over(in.setpoint);
    const bool remote = !in.remote_setpoint || over(in.remote_setpoint);
    if (person && asks(decision.find(decision::PolicyId::setpoint))) {
      return "DESIGN 3, leases: a set-point acts after its lease";
    }
    if (remote && asks(decision.find(decision::PolicyId::remote_setpoint))) {
      return "DESIGN 3, leases: a remote set-point acts after its lease";
    }
    counts_.leases_ended += over(in.setpoint) || over(in.remote_setpoint) ||
                                    over(in.active_power_limit) || over(in.dimming)
                                ? 1U
                                : 0U;
    return limit_leases(in, decision, over);
  }
  /// A limit whose lease ended is the configured fallback, not "unlimited".
  template <class Over>
  std::string limit_leases(const runtime::TickInputs& in, const decision::Decision& decision,
                           const Over& over) const {
    const decision::Config& config = world_.config().decision;
    const bool silent = !in.active_power_limit || over(in.active_power_limit);
    if (config.active_power_limit && silent) {
      const auto* output = decision.find(decision::PolicyId::active_power_limit);
      const decision::ActivePowerLimitConfig& limit = *config.active_power_limit;
      const Watt hi = min_of(*limit.configured.discharge_max, *limit.fallback.discharge_max);
      const Watt lo = -min_of(*limit.configured.charge_max, *limit.fallback.charge_max);
      if (output == nullptr || output->demand.constraint != decision::Band{lo, hi}) {
        return "DESIGN 3, leases: the operator's limit did not fall back to what is configured";
      }
    }
    const bool undimmed = !in.dimming || over(in.dimming);
    if (config.dimming && undimmed) {
      const auto* output = decision.find(decision::PolicyId::dimming);
      const Watt most = max_of(config.dimming->failsafe, config.dimming->protective);
      const bool held = output != nullptr && output->demand.constraint &&
                        output->demand.constraint->lo && *output->demand.constraint->lo >= -most;
      if (!held) return "DESIGN 3, leases: without a command dimming is neither failsafe nor more";
    }
    return {};
  }

  std::string explained() {
    const runtime::Tick& tick = world_.tick();
    counts_.conflicts += tick.decision.resolution.conflicts.empty() ? 0U : 1U;
    std::string wrong = unexplained(tick.decision, tick.distribution);
    if (wrong.empty() && (counts_.ticks % 600 == 0 || !stored_ ||
                          decision::differs(*stored_, tick.decision, Watt{50}))) {
      stored_ = tick.decision;
      ++counts_.explained;
      wrong = unworded(tick.decision, tick.distribution);
    }
    return wrong.empty() ? wrong : "DESIGN 3, every watt is explained: " + wrong;
  }

  /// The same cycle with one input less allows nothing more.
  std::string lost_input() {
    const runtime::ControlConfig& config = world_.config();
    const Instant now = world_.agent_now();
    std::vector<safety::BatteryInputs> batteries;
    std::vector<safety::InverterInputs> inverters;
    for (const safety::BatteryConfig& one : config.safety.batteries) {
      batteries.push_back(
          safety::read_inputs(world_.told().image(), one.asset, one.cells_in_series, now));
    }
    for (const safety::InverterConfig& one : config.safety.inverters) {
      inverters.push_back(safety::read_inverter_inputs(world_.told().image(), one.asset));
    }
    lose(batteries[static_cast<std::size_t>(
        world_.judge_dice().below(static_cast<std::int64_t>(batteries.size())))]);
    const safety::Inputs inputs{.batteries = batteries,
                                .inverters = inverters,
                                .estop = world_.oracle().estop(),
                                .armed = true};
    const safety::Output worse =
        safety::step(world_.state_before(), config.safety, inputs, now).output;
    const safety::Output& full = world_.tick().safety;
    ++counts_.lost_inputs;
    for (std::size_t b = 0; b < batteries.size(); ++b) {
      if (worse.batteries[b].charge_current_max > full.batteries[b].charge_current_max ||
          worse.batteries[b].discharge_current_max > full.batteries[b].discharge_current_max) {
        return "SAF-016, SAF-040: an input less allows more";
      }
    }
    return {};
  }
  void lose(safety::BatteryInputs& in) {
    const std::int64_t which = world_.judge_dice().below(11);
    if (which == 0) in.pack_voltage.reset();
    if (which == 1) in.pack_current.reset();
    if (which == 2) in.soc.reset();
    if (which == 3) in.cell_voltage_max.reset();
    if (which == 4) in.cell_voltage_min.reset();
    if (which == 5) in.temp_max.reset();
    if (which == 6) in.temp_min.reset();
    if (which == 7) in.charge_current_limit.reset();
    if (which == 8) in.charge_fet_on.reset();
    if (which == 9) in.smoke_detected.reset();
    if (which == 10) in.contactor_closed.reset();
  }

  FleetWorld& world_;
  FleetCounts counts_;
  std::array<Lastings, 3> lasting_{};
  std::uint64_t resets_ = 0;
  std::optional<decision::Decision> stored_;
};

}  // namespace ems::test
