// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/policies.hpp"

#include "ems/core/assert.hpp"

namespace ems::decision {

namespace {

PolicyOutput output_of(PolicyId policy, PolicyStatus status) noexcept {
  const PolicyInfo* info = find_policy(policy);
  EMS_ASSERT(info != nullptr);
  return {.demand = {.policy = policy, .level = info->level, .constraint = {}, .preference = {}},
          .status = status};
}

}  // namespace

ImportLimitStep import_limit(const ImportLimitState& state, const ImportLimitConfig& config,
                             const std::optional<NetLoad>& net_load,
                             const std::optional<Sample<Watt>>& gated, Instant now) noexcept {
  EMS_ASSERT(config.limit >= Watt{});
  EMS_ASSERT(config.hold > Duration::zero());

  if (net_load) {
    PolicyOutput output = output_of(PolicyId::import_limit, PolicyStatus::acting);
    output.demand.constraint = Band::at_least(net_load->power - config.limit);
    return {.state = {.fresh_at = now, .held = std::nullopt}, .output = output};
  }

  ImportLimitState next = state;
  if (!next.held) next.held = gated ? max_of(gated->value, Watt{}) : Watt{};
  const bool lease_lives = next.fresh_at && now - *next.fresh_at < config.hold;
  PolicyOutput output = output_of(PolicyId::import_limit,
                                  lease_lives ? PolicyStatus::holding : PolicyStatus::fallback);
  output.demand.constraint = Band::point(lease_lives ? *next.held : Watt{});
  return {.state = next, .output = output};
}

Instant lease_end_of(const SetpointConfig& config, const SetpointCommand& command) noexcept {
  const Instant longest = command.given_at + config.lease_max;
  return command.lease_end < longest ? command.lease_end : longest;
}

PolicyOutput setpoint(const SetpointConfig& config, const std::optional<SetpointCommand>& command,
                      Instant now) noexcept {
  EMS_ASSERT(config.lease_max > Duration::zero());
  if (!command) return output_of(PolicyId::setpoint, PolicyStatus::no_demand);
  if (command->given_at > now) {  // A clock fault is no command.
    return output_of(PolicyId::setpoint, PolicyStatus::stale);
  }
  if (now >= lease_end_of(config, *command)) {
    return output_of(PolicyId::setpoint, PolicyStatus::expired);
  }
  PolicyOutput output = output_of(PolicyId::setpoint, PolicyStatus::acting);
  output.demand.preference = Band::point(command->power);
  return output;
}

PolicyOutput self_consumption(const SelfConsumptionConfig& config,
                              const std::optional<NetLoad>& net_load) noexcept {
  EMS_ASSERT(config.deadband >= Watt{});
  if (!net_load) return output_of(PolicyId::self_consumption, PolicyStatus::stale);
  PolicyOutput output = output_of(PolicyId::self_consumption, PolicyStatus::acting);
  const Watt middle = net_load->power - config.pcc_target;
  output.demand.preference = Band{middle - config.deadband, middle + config.deadband};
  return output;
}

}  // namespace ems::decision
