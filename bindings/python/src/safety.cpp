// SPDX-License-Identifier: Apache-2.0
// Limits and the safety kernel, its state kept between the steps.
#include <algorithm>
#include <array>

#include "control.hpp"
#include "ems/io/config/limits_config.hpp"
#include "ems/model/catalogue.hpp"
#include "ems/safety/gate.hpp"

namespace ems::python {
namespace {

/// Every error of the file in one message; code and line of the first.
[[noreturn]] void raise_all(const std::vector<io::ConfigError>& errors) {
  std::string message = io::to_text(errors);
  if (!message.empty()) message.pop_back();
  raise(errors.front().code, errors.front().line, std::move(message));
}

/// @return (limits, canonical text, hash).
py::tuple parse_limits(const std::string& yaml, const std::string& path) {
  const io::Loaded<io::LimitsConfig> loaded = io::parse_limits_config(yaml, path);
  if (!loaded) raise_all(loaded.errors);
  return py::make_tuple(LimitsHandle{loaded.value->chemistry, loaded.value->limits},
                        io::canonical_limits(loaded.value->chemistry, loaded.value->limits),
                        loaded.value->hash.hex());
}

CommandKind command_of(const std::string& name) {
  for (const CommandKind kind : {CommandKind::stop, CommandKind::follow, CommandKind::form,
                                 CommandKind::standby, CommandKind::open}) {
    if (name == to_string(kind)) return kind;
  }
  raise(Errc::invalid_argument, 0, "no such command: " + name);
}

safety::Role role_of(const std::string& name) {
  if (name == "viewer") return safety::Role::viewer;
  if (name == "operator") return safety::Role::operator_;
  if (name == "technician") return safety::Role::technician;
  raise(Errc::invalid_argument, 0, "no such role: " + name);
}

/// Bits of some names, each bit at its name's place in `known`.
template <std::size_t N>
std::uint16_t bits_of(py::handle names, const std::array<const char*, N>& known) {
  std::uint16_t bits = 0;
  for (const py::handle item : names.cast<py::sequence>()) {
    const auto name = item.cast<std::string>();
    const auto found = std::ranges::find(known, name);
    if (found == known.end()) raise(Errc::not_found, 0, "no such input: " + name);
    bits = static_cast<std::uint16_t>(bits | 1U << (found - known.begin()));
  }
  return bits;
}
constexpr std::array kHazards = {"insulation", "smoke", "gas", "contactor"};
constexpr std::array kBmsSignals = {"charge_voltage_limit_v",
                                    "discharge_voltage_limit_v",
                                    "charge_current_limit_a",
                                    "discharge_current_limit_a",
                                    "charge_fet_on",
                                    "discharge_fet_on",
                                    "charge_enable",
                                    "discharge_enable",
                                    "alarms"};

/// Bits of the names of alarms.def, as decode() gives them.
std::uint64_t alarm_bits(const py::list& names) {
  std::uint64_t bits = 0;
  for (const py::handle item : names) {
    const auto name = item.cast<std::string>();
    unsigned bit = 0;
    while (bit < 64 && alarm_name(bit) != name) ++bit;
    if (bit == 64) raise(Errc::not_found, 0, "no such alarm: " + name);
    bits |= std::uint64_t{1} << bit;
  }
  return bits;
}

safety::Config config_of(const py::list& batteries, const py::list& inverters,
                         const py::object& tick_s) {
  safety::Config config;
  config.tick_period = duration_of(tick_s);
  for (const py::handle item : batteries) {
    // limits, cells, breaking_current_max_a, fuse_current_a, capacity_ah, hazards, bms_required
    const auto row = item.cast<py::tuple>();
    const auto& limits = row[0].cast<const LimitsHandle&>();
    safety::BatteryConfig one;
    one.asset = battery(static_cast<std::uint16_t>(config.batteries.size() + 1));
    one.chemistry = limits.chemistry;
    one.limits = limits.limits;
    const std::int64_t cells = count_of(row[1], 0);
    if (cells < 1 || cells > 1000) raise(Errc::out_of_range, 0, "cells: 1 .. 1000");
    one.cells_in_series = static_cast<std::uint16_t>(cells);
    one.breaking_current_max = MilliAmp{count32_of(row[2], 3)};
    if (!row[3].is_none()) one.fuse_current = MilliAmp{count32_of(row[3], 3)};
    if (!row[4].is_none()) one.capacity = MicroAmpHour{count_of(row[4], 6)};
    one.hazards_wired = static_cast<std::uint8_t>(bits_of(row[5], kHazards));
    one.bms_required = bits_of(row[6], kBmsSignals);
    if (!config.batteries.try_push_back(one)) {
      raise(Errc::out_of_range, safety::kMaxBatteries, "more batteries than a site can have");
    }
  }
  for (const py::handle item : inverters) {
    // rated_power_w, efficiency_pct, batteries (from 1), has_dc_pv, can_curtail_pv
    const auto row = item.cast<py::tuple>();
    safety::InverterConfig one;
    one.asset = inverter(static_cast<std::uint16_t>(config.inverters.size() + 1));
    const std::int32_t rated = count32_of(row[0], 0);
    one.apparent_max = VoltAmp{rated};
    one.charge_max = Watt{rated};
    one.discharge_max = Watt{rated};
    one.efficiency = BasisPoints{count32_of(row[1], 2)};
    for (const py::handle number : row[2].cast<py::sequence>()) {
      const std::int64_t index = count_of(number, 0);
      if (index < 1 || index > static_cast<std::int64_t>(config.batteries.size())) {
        raise(Errc::not_found, config.inverters.size(), "inverter: no such battery");
      }
      one.batteries = static_cast<std::uint8_t>(one.batteries | 1U << (index - 1));
    }
    one.has_dc_pv = row[3].cast<bool>();
    one.can_curtail_pv = row[4].cast<bool>();
    if (!config.inverters.try_push_back(one)) {
      raise(Errc::out_of_range, safety::kMaxInverters, "more inverters than a site can have");
    }
  }
  take(safety::validate(config));
  return config;
}

/// The kernel with its image and state. The GIL is its lock.
class Safety {
 public:
  Safety(const py::list& batteries, const py::list& inverters, const py::object& tick_s,
         const py::object& stale_after_s, std::int64_t estop_inputs)
      : config_(config_of(batteries, inverters, tick_s)), stale_after_(duration_of(stale_after_s)) {
    if (estop_inputs < 0 || estop_inputs > 255) raise(Errc::out_of_range, 0, "estop_inputs");
    estop_inputs_ = static_cast<std::size_t>(estop_inputs);
    if (stale_after_ <= Duration::zero()) raise(Errc::out_of_range, 0, "stale_after_s: above 0");
  }

  py::dict step(const py::dict& values, const py::object& now_s, bool estop, bool armed) {
    const Instant now{duration_of(now_s)};
    if (now_ && now < *now_) raise(Errc::invalid_argument, 0, "now_s: must not go backwards");
    put_values(image_, values, now, stale_after_);
    now_ = now;
    read(now);
    estop_ = estop;
    armed_ = armed;
    const safety::Inputs inputs = inputs_now();
    const safety::Step step = safety::step(state_, config_, inputs, now);
    state_ = step.state;
    output_ = step.output;
    return to_dict(output_);
  }

  /// (command or None, p_w, q_var, changed, why).
  py::tuple gate(std::int64_t number, const std::string& command, const py::object& p_w,
                 const py::object& q_var, bool armed) const {
    if (number < 1 || number > static_cast<std::int64_t>(config_.inverters.size())) {
      raise(Errc::not_found, 0, "gate: no such inverter");
    }
    const InverterCommand wanted{command_of(command), Watt{count32_of(p_w, 0)},
                                 Var{count32_of(q_var, 0)}};
    const safety::GateResult result =
        safety::gate(output_, static_cast<std::size_t>(number - 1), wanted,
                     armed ? safety::Arming::armed : safety::Arming::disarmed);
    py::object kind = py::none();
    if (result.command) kind = py::str(text(to_string(result.command->kind)));
    const InverterCommand sent = result.command.value_or(InverterCommand{});
    return py::make_tuple(kind, sent.p.count(), sent.q.count(), result.changed,
                          text(to_string(result.why)));
  }

  void reset(const std::string& name, const std::string& cause, const std::string& role) {
    if (!now_) raise(Errc::failed_precondition, 0, "reset: nothing was stepped yet");
    read(*now_);
    state_ =
        take(safety::reset(state_, config_, inputs_now(), *now_, {role_of(role), name, cause}));
  }

  [[nodiscard]] py::list latch() const { return to_list(state_.latch()); }

 private:
  void read(Instant now) {
    for (std::size_t i = 0; i < config_.batteries.size(); ++i) {
      const safety::BatteryConfig& one = config_.batteries[i];
      batteries_[i] = safety::read_inputs(image_.image(), one.asset, one.cells_in_series, now);
    }
    for (std::size_t i = 0; i < config_.inverters.size(); ++i) {
      inverters_[i] = safety::read_inverter_inputs(image_.image(), config_.inverters[i].asset);
    }
  }
  /// @pre something was stepped.
  [[nodiscard]] safety::Inputs inputs_now() const {
    safety::Inputs inputs;
    inputs.batteries = std::span(batteries_).first(config_.batteries.size());
    inputs.inverters = std::span(inverters_).first(config_.inverters.size());
    inputs.estop = estop_ || safety::read_estop(image_.image(), estop_inputs_, *now_);
    inputs.armed = armed_;
    return inputs;
  }

  safety::Config config_;
  Duration stale_after_;
  std::size_t estop_inputs_ = 0;
  bool estop_ = false;  ///< As the newest step was told.
  bool armed_ = true;
  runtime::SiteImage image_;
  std::optional<Instant> now_;
  safety::State state_;
  safety::Output output_;  ///< Of the newest step; before the first nothing is allowed.
  std::array<safety::BatteryInputs, safety::kMaxBatteries> batteries_{};
  std::array<safety::InverterInputs, safety::kMaxInverters> inverters_{};
};

}  // namespace

void register_safety(py::module_& module) {
  py::class_<LimitsHandle>(module, "Limits");
  module.def("parse_limits", &parse_limits);
  module.def("alarm_bits", &alarm_bits);
  py::class_<Safety>(module, "Safety")
      .def(py::init<const py::list&, const py::list&, const py::object&, const py::object&,
                    std::int64_t>())
      .def("step", &Safety::step)
      .def("gate", &Safety::gate)
      .def("reset", &Safety::reset)
      .def("latch", &Safety::latch);
}

}  // namespace ems::python
