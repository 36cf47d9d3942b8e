// SPDX-License-Identifier: Apache-2.0
#include "ems/safety/gate.hpp"

#include <algorithm>
#include <iterator>

namespace ems::safety {

namespace {

/// Largest root r with r * r <= value.
std::int64_t isqrt(std::int64_t value) noexcept {
  std::int64_t root = 0;
  for (std::int64_t bit = std::int64_t{1} << 31; bit != 0; bit >>= 1) {
    const std::int64_t candidate = root + bit;
    if (candidate <= value / candidate) root = candidate;
  }
  return root;
}

/// Room for reactive power beside `p`: sqrt(S^2 - P^2), rounded down; 0 when P alone fills S.
Var reactive_room(VoltAmp apparent, Watt p) noexcept {
  const std::int64_t s = apparent.count();
  const std::int64_t active = p.count();
  const std::int64_t room = s * s - active * active;
  return Var{room <= 0 ? 0 : static_cast<std::int32_t>(isqrt(room))};
}

/// Order of strength among the commands that the gate can let through; -1: not one of them.
int strength(CommandKind kind) noexcept {
  constexpr CommandKind kAscending[] = {CommandKind::follow, CommandKind::standby,
                                        CommandKind::stop, CommandKind::open};
  const auto* at = std::find(std::begin(kAscending), std::end(kAscending), kind);
  return at == std::end(kAscending) ? -1 : static_cast<int>(at - kAscending);
}

GateResult follow(const InverterVerdict& verdict, const InverterCommand& wanted) noexcept {
  InverterCommand command{CommandKind::follow, verdict.ac.nearest(wanted.p), wanted.q};
  const bool moving = verdict.state == SafetyState::normal || verdict.state == SafetyState::derated;
  const Var room = moving ? reactive_room(verdict.apparent_max, command.p) : Var::zero();
  command.q = clamp_to(wanted.q, -room, room);
  const GateReason why = command.p != wanted.p   ? GateReason::active_power
                         : command.q != wanted.q ? GateReason::reactive_power
                                                 : GateReason::none;
  return {command, why != GateReason::none, why};
}

}  // namespace

GateResult gate(const Output& output, std::size_t inverter, const InverterCommand& wanted,
                Arming arming) noexcept {
  if (arming != Arming::armed) return {std::nullopt, true, GateReason::disarmed};
  const auto send = [&wanted](CommandKind kind, GateReason why) {
    const InverterCommand command{kind, Watt::zero(), Var::zero()};
    return GateResult{command, command != wanted, why};
  };
  if (inverter >= output.inverters.size())
    return send(CommandKind::stop, GateReason::unknown_inverter);
  const InverterVerdict& verdict = output.inverters[inverter];
  const int forced = strength(verdict.command);
  if (forced < 0 || verdict.ac.lo > verdict.ac.hi)
    return send(CommandKind::stop, GateReason::forced);
  const int asked = strength(wanted.kind);
  if (asked < 0)
    return verdict.command == CommandKind::open
               ? send(CommandKind::open, GateReason::forced)
               : send(CommandKind::stop, GateReason::unknown_command);
  if (forced > asked) return send(verdict.command, GateReason::forced);
  if (wanted.kind == CommandKind::open && !verdict.may_open)
    return send(CommandKind::stop, GateReason::breaking_limit);
  if (wanted.kind != CommandKind::follow) return send(wanted.kind, GateReason::none);
  return follow(verdict, wanted);
}

std::string_view to_string(GateReason why) noexcept {
  constexpr const char* kNames[] = {"none",         "disarmed",        "unknown_inverter",
                                    "forced",       "unknown_command", "breaking_limit",
                                    "active_power", "reactive_power"};
  const auto at = static_cast<std::size_t>(why);
  return at < std::size(kNames) ? kNames[at] : "unknown_command";
}

}  // namespace ems::safety
