// SPDX-License-Identifier: Apache-2.0
// The decision, its state kept between the steps.
#include "control.hpp"

namespace ems::python {
namespace {

constexpr std::size_t kActorMax = 48;  ///< Bytes that decision::ActorName holds.

/// One measured power, held until a newer one is given.
class HeldPower {
 public:
  /// None: unknown from now on.
  void put(const py::object& power_w, Instant now) {
    power_.sample.reset();
    if (!power_w.is_none()) power_.sample = Sample<Watt>{Watt{count32_of(power_w, 0)}, now};
  }
  [[nodiscard]] decision::MeasuredPower get(Duration stale_after) const {
    return {power_.sample, stale_after};
  }

 private:
  decision::MeasuredPower power_;
};

decision::SetpointCommand setpoint_of(const py::tuple& row) {
  decision::SetpointCommand command;  // power_w, given_at_s, lease_s, actor
  command.power = Watt{count32_of(row[0], 0)};
  command.given_at = Instant{duration_of(row[1])};
  command.lease_end = command.given_at + duration_of(row[2]);
  const auto actor = row[3].cast<std::string>();
  if (actor.size() > kActorMax) raise(Errc::length, 0, "setpoint: the actor's name is too long");
  command.actor = decision::ActorName(std::string_view(actor));
  return command;
}

/// The GIL is its lock.
class Decision {
 public:
  Decision(const py::dict& policies, const py::object& stale_after_s)
      : config_(policies_of(policies)), stale_after_(duration_of(stale_after_s)) {
    if (stale_after_ <= Duration::zero()) raise(Errc::out_of_range, 0, "stale_after_s: above 0");
  }

  /// @param measured  Any of pcc_power_w and battery_power_w; one that is not there keeps its value
  ///                  and grows older.
  py::dict step(const py::object& lo_w, const py::object& hi_w, const py::object& now_s,
                const py::dict& measured, const py::object& gated_w,
                const std::optional<py::tuple>& setpoint) {
    const Instant now{duration_of(now_s)};
    if (now_ && now < *now_) raise(Errc::invalid_argument, 0, "now_s: must not go backwards");
    decision::Inputs inputs;
    inputs.envelope = {Watt{count32_of(lo_w, 0)}, Watt{count32_of(hi_w, 0)}};
    if (inputs.envelope.lo > inputs.envelope.hi) {
      raise(Errc::invalid_argument, 0, "envelope: the lower bound is above the upper one");
    }
    if (setpoint) inputs.setpoint = setpoint_of(*setpoint);
    if (!gated_w.is_none()) {
      inputs.gated = Sample<Watt>{Watt{count32_of(gated_w, 0)}, now, Quality::substituted};
    }
    if (measured.contains("pcc_power_w")) pcc_.put(measured["pcc_power_w"], now);
    if (measured.contains("battery_power_w")) battery_.put(measured["battery_power_w"], now);
    inputs.pcc_power = pcc_.get(stale_after_);
    inputs.battery_power = battery_.get(stale_after_);
    now_ = now;
    const decision::Step step = decision::step(state_, config_, inputs, now);
    state_ = step.state;
    return to_dict(step.decision, now);
  }

 private:
  decision::Config config_;
  Duration stale_after_;
  decision::State state_;
  std::optional<Instant> now_;
  HeldPower pcc_;
  HeldPower battery_;
};

}  // namespace

void register_decision(py::module_& module) {
  py::class_<Decision>(module, "Decision")
      .def(py::init<const py::dict&, const py::object&>())
      .def("step", &Decision::step);
}

}  // namespace ems::python
