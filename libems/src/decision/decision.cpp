// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/decision.hpp"

#include "ems/core/assert.hpp"

namespace ems::decision {

namespace {

void add_age(Decision& decision, PolicyId policy, Input input, bool usable,
             std::optional<Instant> taken_at) noexcept {
  std::optional<Duration> age;
  if (taken_at) age = decision.at - *taken_at;
  decision.inputs.push_back({policy, input, usable, age});
}

void add_measured(Decision& decision, PolicyId policy, const Inputs& inputs) noexcept {
  const auto add = [&](Input input, const MeasuredPower& power) {
    std::optional<Instant> taken_at;
    if (power.sample) taken_at = power.sample->taken_at;
    add_age(decision, policy, input, power.usable(decision.at), taken_at);
  };
  add(Input::pcc_power, inputs.pcc_power);
  add(Input::battery_power, inputs.battery_power);
}

/// The command of the gate that may be held: trusted and not from the future. Its age is bounded by
/// the hold itself.
std::optional<Sample<Watt>> usable_gated(const Inputs& inputs, Instant now) noexcept {
  if (!inputs.gated || !inputs.gated->usable(now, Duration::max())) return std::nullopt;
  return inputs.gated;
}

}  // namespace

Result<void> validate(const Config& config) noexcept {
  if (config.net_load.pair_skew_max < Duration::zero()) {
    return fail(Errc::out_of_range, 0, "net_load.pair_skew_max is below 0");
  }
  if (config.import_limit) {
    if (config.import_limit->limit < Watt{}) {
      return fail(Errc::out_of_range, 0, "import_limit.limit is below 0");
    }
    if (config.import_limit->hold <= Duration::zero()) {
      return fail(Errc::out_of_range, 0, "import_limit.hold is not above 0");
    }
  }
  if (config.setpoint && config.setpoint->lease_max <= Duration::zero()) {
    return fail(Errc::out_of_range, 0, "setpoint.lease_max is not above 0");
  }
  if (config.self_consumption && config.self_consumption->deadband < Watt{}) {
    return fail(Errc::out_of_range, 0, "self_consumption.deadband is below 0");
  }
  return {};
}

std::string_view to_string(Input input) noexcept {
  switch (input) {
    case Input::pcc_power:
      return "pcc_power";
    case Input::battery_power:
      return "battery_power";
    case Input::gated:
      return "gated";
    case Input::setpoint:
      return "setpoint";
  }
  return "unknown";
}

const PolicyOutput* Decision::find(PolicyId policy) const noexcept {
  for (const PolicyOutput& output : policies) {
    if (output.demand.policy == policy) return &output;
  }
  return nullptr;
}

Step step(const State& state, const Config& config, const Inputs& inputs, Instant now) noexcept {
  Step out{.state = state, .decision = {}};
  Decision& decision = out.decision;
  decision.at = now;

  out.state.net_load =
      net_load(state.net_load, config.net_load, inputs.pcc_power, inputs.battery_power, now);
  decision.net_load = out.state.net_load;

  // In the order of policies.def; resolve() asserts it.
  if (config.import_limit) {
    const std::optional<Sample<Watt>> gated = usable_gated(inputs, now);
    const ImportLimitStep limit =
        import_limit(state.import_limit, *config.import_limit, decision.net_load, gated, now);
    out.state.import_limit = limit.state;
    decision.policies.push_back(limit.output);
    decision.import_limit = config.import_limit->limit;
    add_measured(decision, PolicyId::import_limit, inputs);
    std::optional<Instant> gated_at;
    if (inputs.gated) gated_at = inputs.gated->taken_at;
    add_age(decision, PolicyId::import_limit, Input::gated, gated.has_value(), gated_at);
  }
  if (config.setpoint) {
    const PolicyOutput output = setpoint(*config.setpoint, inputs.setpoint, now);
    const bool acting = output.status == PolicyStatus::acting;
    if (acting) {
      decision.setpoint = inputs.setpoint;
      decision.setpoint->lease_end = lease_end_of(*config.setpoint, *inputs.setpoint);
    }
    decision.policies.push_back(output);
    std::optional<Instant> given_at;
    if (inputs.setpoint) given_at = inputs.setpoint->given_at;
    add_age(decision, PolicyId::setpoint, Input::setpoint, acting, given_at);
  }
  if (config.self_consumption) {
    decision.policies.push_back(self_consumption(*config.self_consumption, decision.net_load));
    add_measured(decision, PolicyId::self_consumption, inputs);
  }

  StaticVector<Demand, kPoliciesMax> demands;
  for (const PolicyOutput& output : decision.policies) demands.push_back(output.demand);
  decision.resolution = resolve(inputs.envelope, demands.view());
  return out;
}

bool differs(const Decision& before, const Decision& after, Watt deadband) noexcept {
  EMS_ASSERT(deadband >= Watt{});
  const Resolution& a = before.resolution;
  const Resolution& b = after.resolution;
  if (a.winner != b.winner) return true;
  for (std::size_t i = 0; i < kLevelCount; ++i) {
    if (a.levels[i].lo_by != b.levels[i].lo_by || a.levels[i].hi_by != b.levels[i].hi_by) {
      return true;
    }
  }
  if (a.conflicts.size() != b.conflicts.size()) return true;
  for (std::size_t i = 0; i < a.conflicts.size(); ++i) {
    const Conflict& was = a.conflicts[i];
    const Conflict& is = b.conflicts[i];
    // Its size follows the inputs every second; who, what and against whom is the news.
    if (was.policy != is.policy || was.kind != is.kind || was.bound_by != is.bound_by) return true;
  }
  const Watt moved = max_of(a.target, b.target) - min_of(a.target, b.target);
  return moved > deadband;
}

}  // namespace ems::decision
