// SPDX-License-Identifier: Apache-2.0
// The decision, its state kept between the steps.
#include "control.hpp"

namespace ems::python {
namespace {

/// What was measured, each held until a newer one is given.
class Held {
 public:
  /// @param given  Any of the names below; None: unknown from now on. What is not there keeps its
  ///               value and grows older. A refused number changes nothing.
  void put(const py::dict& given, Instant now) {
    Held next = *this;
    for (const auto& [key, value] : given) {
      const auto name = key.cast<std::string>();
      try {
        next.put_one(name, value, now);
      } catch (const NativeError& error) {
        raise(error.code, error.offset, name + ": " + error.message);
      }
    }
    *this = next;
  }

  void give(decision::Inputs& inputs, Duration stale_after) const {
    inputs.pcc_power = {pcc_power_, stale_after};
    inputs.battery_power = {battery_power_, stale_after};
    inputs.frequency = {frequency_, stale_after};
    inputs.grid_connected = {grid_connected_, stale_after};
    inputs.energy_imported = {energy_imported_, stale_after};
    inputs.batteries.soc = {soc_, stale_after};
    inputs.batteries.soc_min = {own_extremes_ ? soc_min_ : soc_, stale_after};
    inputs.batteries.soc_max = {own_extremes_ ? soc_max_ : soc_, stale_after};
    inputs.batteries.temperature_min = {temperature_min_, stale_after};
    inputs.batteries.temperature_max = {temperature_max_, stale_after};
  }

 private:
  template <class Q>
  static void set(std::optional<Sample<Q>>& sample, py::handle value, int digits, Instant now) {
    sample.reset();
    if (value.is_none()) return;
    if constexpr (sizeof(typename Q::Rep) == sizeof(std::int32_t)) {
      sample = Sample<Q>{Q{count32_of(value, digits)}, now};
    } else {
      sample = Sample<Q>{Q{count_of(value, digits)}, now};
    }
  }

  void put_one(const std::string& name, py::handle value, Instant now) {
    if (name == "pcc_power_w") {
      set(pcc_power_, value, 0, now);
    } else if (name == "battery_power_w") {
      set(battery_power_, value, 0, now);
    } else if (name == "frequency_hz") {
      set(frequency_, value, 3, now);
    } else if (name == "grid_connected") {
      grid_connected_.reset();
      if (!value.is_none()) grid_connected_ = Sample<bool>{value.cast<bool>(), now};
    } else if (name == "energy_imported_wh") {
      set(energy_imported_, value, 0, now);
    } else if (name == "soc_pct") {
      set(soc_, value, 2, now);
    } else if (name == "soc_min_pct") {
      own_extremes_ = true;
      set(soc_min_, value, 2, now);
    } else if (name == "soc_max_pct") {
      own_extremes_ = true;
      set(soc_max_, value, 2, now);
    } else if (name == "temperature_min_degc") {
      set(temperature_min_, value, 3, now);
    } else if (name == "temperature_max_degc") {
      set(temperature_max_, value, 3, now);
    } else {
      raise(Errc::not_found, 0, "no such input");
    }
  }

  std::optional<Sample<Watt>> pcc_power_;
  std::optional<Sample<Watt>> battery_power_;
  std::optional<Sample<MilliHertz>> frequency_;
  std::optional<Sample<bool>> grid_connected_;
  std::optional<Sample<WattHour>> energy_imported_;
  std::optional<Sample<BasisPoints>> soc_;
  std::optional<Sample<BasisPoints>> soc_min_;
  std::optional<Sample<BasisPoints>> soc_max_;
  std::optional<Sample<MilliCelsius>> temperature_min_;
  std::optional<Sample<MilliCelsius>> temperature_max_;
  bool own_extremes_ = false;  ///< soc_min_pct or soc_max_pct was given once.
};

template <class T, class Read>
std::optional<T> maybe(const py::object& value, Read read) {
  if (value.is_none()) return std::nullopt;
  return read(value);
}

/// The GIL is its lock.
class Decision {
 public:
  Decision(const py::dict& policies, const py::object& stale_after_s, const py::object& capacity_wh)
      : config_(policies_of(policies)), stale_after_(duration_of(stale_after_s)) {
    if (stale_after_ <= Duration::zero()) raise(Errc::out_of_range, 0, "stale_after_s: above 0");
    if (!capacity_wh.is_none()) capacity_ = WattHour{count_of(capacity_wh, 0)};
    if (capacity_ < WattHour{}) raise(Errc::out_of_range, 0, "capacity_wh: must be >= 0");
  }

  /// @param given     See Held::put().
  /// @param commands  (setpoint, remote_setpoint, active_power_limit, dimming), each a row or None.
  /// @param wall      A row, or None: unset.
  /// @param tables    (ScheduleTable, PlanTable, PriceTable), each or None; they live for the call.
  py::dict step(const py::object& lo_w, const py::object& hi_w, const py::object& now_s,
                const py::dict& given, const py::object& gated_w, const py::tuple& commands,
                const std::optional<py::tuple>& wall, const py::tuple& tables) {
    const Instant now{duration_of(now_s)};
    if (now_ && now < *now_) raise(Errc::invalid_argument, 0, "now_s: must not go backwards");
    decision::Inputs inputs;
    inputs.envelope = {Watt{count32_of(lo_w, 0)}, Watt{count32_of(hi_w, 0)}};
    if (inputs.envelope.lo > inputs.envelope.hi) {
      raise(Errc::invalid_argument, 0, "envelope: the lower bound is above the upper one");
    }
    inputs.setpoint = maybe<decision::SetpointCommand>(commands[0], setpoint_of);
    inputs.remote_setpoint = maybe<decision::SetpointCommand>(commands[1], setpoint_of);
    inputs.active_power_limit = maybe<decision::LimitCommand>(commands[2], limit_of);
    inputs.dimming = maybe<decision::LimitCommand>(commands[3], limit_of);
    if (!gated_w.is_none()) {
      inputs.gated = Sample<Watt>{Watt{count32_of(gated_w, 0)}, now, Quality::substituted};
    }
    if (wall) inputs.wall = wall_of(*wall);
    if (const py::object table = tables[0]; !table.is_none()) {
      inputs.schedule = table.cast<const ScheduleHandle&>().table->entries;
    }
    if (const py::object table = tables[1]; !table.is_none()) {
      inputs.plan = table.cast<const PlanHandle&>().table->plan();
    }
    if (const py::object table = tables[2]; !table.is_none()) {
      inputs.prices = table.cast<const PriceHandle&>().table->table();
    }
    held_.put(given, now);
    held_.give(inputs, stale_after_);
    inputs.batteries.capacity = capacity_;
    now_ = now;
    const decision::Step step = decision::step(state_, config_, inputs, now);
    state_ = step.state;
    return to_dict(step.decision, now);
  }

 private:
  decision::Config config_;
  Duration stale_after_;
  WattHour capacity_{};  ///< 0: unknown.
  decision::State state_;
  std::optional<Instant> now_;
  Held held_;
};

}  // namespace

void register_decision(py::module_& module) {
  py::class_<Decision>(module, "Decision")
      .def(py::init<const py::dict&, const py::object&, const py::object&>())
      .def("step", &Decision::step);
}

}  // namespace ems::python
