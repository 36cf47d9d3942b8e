// SPDX-License-Identifier: Apache-2.0
// Commands of a running site: taken once, followed until they end, every state recorded. What each
// kind does when its time is over is in docs/explanation/commands.md.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "ems/runtime/decision_view.hpp"
#include "ems/runtime/latch_record.hpp"
#include "ems/runtime/site.hpp"
#include "runtime/on_strand.hpp"

namespace ems::runtime {
namespace {

constexpr std::string_view kSafety = "safety";

std::string describe(const Error& error) {
  return std::string(to_string(error.code)) + ": " + error.what;
}

std::vector<std::byte> to_bytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::string_view name_of(CommandOrigin origin) {
  return origin == CommandOrigin::local ? "local" : "remote";
}

/// Which of a site's policies hears a set-point of that origin.
decision::PolicyId policy_of(const decision::Config& config, bool remote) {
  return remote && config.remote_setpoint ? decision::PolicyId::remote_setpoint
                                          : decision::PolicyId::setpoint;
}

}  // namespace

Result<CommandStep> Site::command(const Command& asked) {
  const Command given = tidied(asked);
  if (Result<void> good = check_command(given); !good) return fail(good.error());
  const bool stop = std::holds_alternative<EmergencyStopAction>(given.action);
  // A stop that came in time acts whenever the strand gets to it.
  const bool whenever = stop && given.ttl > Duration::zero();
  const Instant due = whenever ? Instant{Duration::max()} : parts_.clock.now() + given.ttl;
  return on_strand([this, given, due] { return take_command(given, due); }, stop);
}

Result<std::vector<CommandView>> Site::commands() {
  return on_strand([this]() -> Result<std::vector<CommandView>> {
    if (stopping_) return fail(Errc::unavailable, 0, "the site is ending");
    return book_.newest_first();
  });
}

Result<CommandStep> Site::take_command(Command command, Instant due) {
  // While the inverters are told their last word, an emergency stop makes it another one.
  const bool stop = std::holds_alternative<EmergencyStopAction>(command.action);
  if (stopping_ && !(stop && stopped_)) {
    return fail(Errc::unavailable, 0, "the site is ending");
  }
  const Instant now = parts_.clock.now();
  const UtcInstant utc = parts_.clock.utc();
  if (command.id.empty()) {
    command.id = book_.make_id(utc);
  } else {
    const Result<std::optional<CommandStep>> known = book_.known(command, now);
    if (!known && !stop) return fail(known.error());
    if (known && *known) return **known;
    if (!known) {  // A stop under somebody else's id stops all the same, under one of its own.
      const std::string asked = std::exchange(command.id, book_.make_id(utc));
      Result<CommandStep> step = take_command(std::move(command), due);
      if (step) step->id = asked;
      return step;
    }
  }
  if (!book_.make_room(command, now)) {
    return fail(Errc::resource_exhausted, 0, "too many commands within their time to live");
  }
  CommandStep step{command.id, CommandState::accepted, {}, utc};
  Result<void> acted;
  if (now >= due) {
    step.state = CommandState::expired;
    step.message = "its time to live ran out before the site took it";
  } else {
    acted = act(command, step, now);
    if (!acted) {
      step.state = CommandState::rejected;
      step.message = describe(acted.error());
    }
  }
  const CommandState state = step.state;
  // In the book it is accepted first, so that who watches sees every step in order.
  const bool passes = state == CommandState::executing || state == CommandState::done;
  if (passes) step.state = CommandState::accepted;
  CommandStep first = step;
  if (passes) first.message.clear();
  book_.add(command, first, acted ? std::nullopt : std::optional(acted.error().code), now);
  store_commands();
  const std::string text =
      std::string(kind_of(command.action)) + "\n" + command.actor + "\nid=" + command.id +
      " origin=" + std::string(name_of(command.origin)) +
      " ttl_ms=" + std::to_string(command.ttl.count() / 1'000) + " " + text_of(command.action);
  parts_.store.append(telemetry::Stream::audit, utc, telemetry::RecordType::command,
                      to_bytes(text));
  record_step(*book_.find(command.id));
  if (passes) {
    step.state = state;
    step_command(step);
  }
  if (!acted) return fail(acted.error());
  return book_.find(command.id)->step;
}

Result<void> Site::may_command() const {
  if (loop_.config().arming != safety::Arming::armed) {
    return fail(Errc::disarmed, 0, "control is not armed, or its limits are not accepted");
  }
  if (loop_.safety_state().tripped()) {
    return fail(Errc::latched, 0, "a trip is latched; reset it first");
  }
  return {};
}

Result<void> Site::give(const Command& command, Slot slot, Duration lease, Duration lease_max,
                        Instant now) {
  if (lease > lease_max) {
    return fail(Errc::out_of_range, 0, "the lease is longer than the policy's lease_max_s");
  }
  end_live(slot, CommandState::done, "replaced by " + command.id);
  LiveCommand& live = live_[static_cast<std::size_t>(slot)];
  live = LiveCommand{};
  live.id = command.id;
  live.lease_end = now + lease;
  ++command_tag_;
  return {};
}

Result<void> Site::give(const Command& command, const SetpointAction& action, Instant now) {
  const ControlConfig& config = loop_.config();
  const bool remote = command.origin == CommandOrigin::remote;
  const auto& policy = remote && config.decision.remote_setpoint ? config.decision.remote_setpoint
                                                                 : config.decision.setpoint;
  if (!policy) {
    return fail(Errc::failed_precondition, 0, "the site file has no policy for this set-point");
  }
  if (Result<void> may = may_command(); !may) return may;
  const Watt rated = rated_of(config);
  if (action.power > rated || action.power < -rated) {
    return fail(Errc::out_of_range, 0, "beyond the rated power of the site's inverters");
  }
  const Slot slot = remote ? Slot::remote_setpoint : Slot::setpoint;
  if (Result<void> given = give(command, slot, action.lease, policy->lease_max, now); !given) {
    return given;
  }
  LiveCommand& live = live_[static_cast<std::size_t>(slot)];
  live.setpoint = decision::SetpointCommand{action.power, now, live.lease_end,
                                            decision::ActorName(command.actor), command_tag_};
  return {};
}

Result<void> Site::act(const Command& command, CommandStep& step, Instant now) {
  const decision::Config& policies = loop_.config().decision;
  const auto limit = [&](Slot slot, const auto& policy, Duration lease,
                         const decision::PowerLimits& limits) -> Result<void> {
    if (!policy) {
      return fail(Errc::failed_precondition, 0, "the site file has no policy for this limit");
    }
    // It is taken while control is disarmed or tripped, too: a limit must not be lost.
    if (Result<void> given = give(command, slot, lease, policy->lease_max, now); !given) {
      return given;
    }
    LiveCommand& live = live_[static_cast<std::size_t>(slot)];
    live.limit = decision::LimitCommand{limits, now, live.lease_end,
                                        decision::ActorName(command.actor), command_tag_};
    return {};
  };
  if (const auto* setpoint = std::get_if<SetpointAction>(&command.action)) {
    return give(command, *setpoint, now);
  }
  if (const auto* apl = std::get_if<ActivePowerLimitAction>(&command.action)) {
    return limit(Slot::active_power_limit, policies.active_power_limit, apl->lease,
                 {apl->discharge_max, apl->charge_max});
  }
  if (const auto* dim = std::get_if<DimmingAction>(&command.action)) {
    return limit(Slot::dimming, policies.dimming, dim->lease, {std::nullopt, dim->charge_max});
  }
  if (std::holds_alternative<EmergencyStopAction>(command.action)) {
    stop_now();
    if (stops_.size() >= kCommandsMax) stops_.erase(stops_.begin());
    stops_.push_back(command.id);
    step.state = CommandState::executing;
    return {};
  }
  if (const auto* outputs = std::get_if<BatterySwitchAction>(&command.action)) {
    return give_order(command, outputs->battery, outputs->outputs, std::nullopt, now);
  }
  if (const auto* limits = std::get_if<BatteryLimitsAction>(&command.action)) {
    return give_order(command, limits->battery, limits->limits, limits->lease, now);
  }
  if (const auto* balance = std::get_if<BatteryBalanceAction>(&command.action)) {
    return give_order(command, balance->battery, balance->balancing, std::nullopt, now);
  }
  // The rest is done when it is taken.
  step.state = CommandState::done;
  if (const auto* reset = std::get_if<ResetAction>(&command.action)) {
    return reset_latch(command, *reset);
  }
  if (const auto* ack = std::get_if<AcknowledgeAlarmAction>(&command.action)) {
    return change_alarm(alarms_.acknowledge(ack->alarm, command.actor, ack->comment, moment()));
  }
  if (const auto* shelf = std::get_if<ShelveAlarmAction>(&command.action)) {
    return change_alarm(
        alarms_.shelve(shelf->alarm, shelf->duration, command.actor, shelf->reason, moment()));
  }
  clear_setpoint(command);
  return {};
}

/// Output first: the stop leaves with this call, before anything is recorded.
void Site::stop_now() {
  estop_requested_ = true;
  std::array<LiveCommand, 2> ended{live_[0], live_[1]};
  live_[0].setpoint.reset();
  live_[1].setpoint.reset();
  tick();
  if (stopping_) say_last_word();
  for (std::size_t i = 0; i < ended.size(); ++i) {
    live_[i].overruled_by = kSafety;
    end_live(static_cast<Slot>(i), CommandState::failed, "an emergency stop was ordered");
  }
}

void Site::clear_setpoint(const Command& command) {
  const Slot slot =
      command.origin == CommandOrigin::remote ? Slot::remote_setpoint : Slot::setpoint;
  end_live(slot, CommandState::done, "taken back by " + command.actor);
}

Result<void> Site::reset_latch(const Command& command, const ResetAction& action) {
  if (command.origin != CommandOrigin::local) {
    return fail(Errc::permission_denied, 0, "a technician resets at the site");
  }
  // Whoever reaches the local interface has the role technician (DESIGN section 5).
  const Result<void> done = loop_.reset(image_.image(), parts_.clock.now(),
                                        {safety::Role::technician, command.actor, action.cause});
  if (!done) return done;
  parts_.store.put(std::string(kLatchKey), encode_latch(loop_.safety_state().latch()));
  alarms_.reset(command.actor);
  for (const std::string& id : std::exchange(stops_, {})) {
    step_command({id, CommandState::done, "reset by " + command.actor, parts_.clock.utc()});
  }
  return {};
}

/// A person at the site goes before the server where both speak through one policy.
void Site::commands_into(TickInputs& inputs, Instant now) const {
  const auto setpoint = [&](Slot slot) -> std::optional<decision::SetpointCommand> {
    const LiveCommand& live = live_[static_cast<std::size_t>(slot)];
    if (!live.setpoint || now >= live.lease_end) return std::nullopt;
    return live.setpoint;
  };
  inputs.setpoint = setpoint(Slot::setpoint);
  inputs.remote_setpoint = setpoint(Slot::remote_setpoint);
  if (!loop_.config().decision.remote_setpoint && !inputs.setpoint) {
    inputs.setpoint = std::exchange(inputs.remote_setpoint, std::nullopt);
  }
  // An expired limit stays: what follows it is the policy's to say.
  inputs.active_power_limit = live_[static_cast<std::size_t>(Slot::active_power_limit)].limit;
  inputs.dimming = live_[static_cast<std::size_t>(Slot::dimming)].limit;
}

void Site::begin_force(Slot slot) {
  LiveCommand& live = live_[static_cast<std::size_t>(slot)];
  if (live.executing) return;
  live.executing = true;
  CommandStep step{live.id, CommandState::executing, {}, parts_.clock.utc()};
  if (live.shortfall > Watt{}) {
    step.message = live.overruled_by + " leaves " + power_text(live.shortfall) + " less";
    step.overruled_by = live.overruled_by;
    step.shortfall = live.shortfall;
  }
  step_command(std::move(step));
}

/// What a set-point came to in this tick: in force when the orders carry some of it.
void Site::follow_setpoint(Slot slot, const Tick& tick) {
  LiveCommand& live = live_[static_cast<std::size_t>(slot)];
  if (!live.setpoint) return;
  const auto& decision = tick.decision;
  const decision::PolicyId policy =
      policy_of(loop_.config().decision, slot == Slot::remote_setpoint);
  const auto& heard =
      policy == decision::PolicyId::remote_setpoint ? decision.remote_setpoint : decision.setpoint;
  const Watt wanted = live.setpoint->power;
  const Watt missing = Watt{std::abs((wanted - tick.gated).count())};
  const Watt whole = Watt{std::abs(wanted.count())};
  live.shortfall = missing;
  if (!heard || heard->tag != live.setpoint->tag) {
    live.overruled_by = heard ? std::string(heard->actor.view()) : std::string(kSafety);
    return;
  }
  live.overruled_by.clear();
  if (missing > Watt{}) {
    live.overruled_by = decision.target() == wanted ? kSafety : to_string(policy);
    for (const decision::Conflict& conflict : decision.resolution.conflicts) {
      if (conflict.policy == policy) live.overruled_by = to_string(conflict.bound_by);
    }
  }
  if (missing == Watt{} || missing < whole) begin_force(slot);
}

void Site::follow_commands(const Tick& tick, Instant now) {
  bool confirmed = false;
  for (const auto& driver : inverters_) confirmed = confirmed || driver->holds().has_value();
  for (std::size_t i = 0; i < kSlotCount; ++i) {
    const Slot slot = static_cast<Slot>(i);
    LiveCommand& live = live_[i];
    if (live.id.empty()) continue;
    if (now >= live.lease_end) {
      end_live(slot, CommandState::done, "its lease ended");
      continue;
    }
    if (live.limit) {
      begin_force(slot);  // The decision of this tick was made under it.
    } else {
      follow_setpoint(slot, tick);
    }
    live.taken = live.taken || (live.executing && confirmed);
  }
  if (!stops_.empty()) follow_stops();
  follow_orders(now);
}

/// A stop is done when every inverter confirmed it; one that was never reached has not.
void Site::follow_stops() {
  const bool armed = loop_.config().arming == safety::Arming::armed;
  const auto stopped = [](const auto& driver) {
    const std::optional<CommandKind> kind = driver->holds();
    return kind == CommandKind::stop || kind == CommandKind::open;
  };
  if (armed && !std::all_of(inverters_.begin(), inverters_.end(), stopped)) return;
  const std::string all = std::to_string(inverters_.size());
  const std::string message = !armed ? "latched; control is disarmed, nothing was sent"
                                     : "latched; confirmed by " + all + " of " + all + " inverters";
  for (const std::string& id : std::exchange(stops_, {})) {
    step_command({id, CommandState::done, message, parts_.clock.utc()});
  }
}

/// Ends what a slot holds. `done` becomes failed for what never was in force or no inverter took.
void Site::end_live(Slot slot, CommandState state, const std::string& message) {
  LiveCommand& live = live_[static_cast<std::size_t>(slot)];
  if (live.id.empty()) {
    live.setpoint.reset();
    return;
  }
  CommandStep step{std::exchange(live.id, {}), state, message, parts_.clock.utc()};
  if (live.setpoint) {
    const auto refused = std::find_if(inverters_.begin(), inverters_.end(), [](const auto& driver) {
      return driver->write_error().has_value();
    });
    if (!live.executing) {
      step.state = CommandState::failed;
      step.message += "; it never was in force";
    } else if (!live.taken && refused != inverters_.end()) {
      const std::size_t index = static_cast<std::size_t>(refused - inverters_.begin());
      step.state = CommandState::failed;
      step.message += "; " +
                      std::string(to_name(loop_.config().safety.inverters[index].asset).view()) +
                      " refused it: " + describe(*(*refused)->write_error());
    }
    if (live.shortfall > Watt{} && !live.overruled_by.empty()) {
      step.overruled_by = live.overruled_by;
      step.shortfall = live.shortfall;
      step.message +=
          "; " + live.overruled_by + " left " + power_text(live.shortfall) + " less than asked for";
    }
    live.setpoint.reset();
  }
  step_command(std::move(step));
}

void Site::step_command(CommandStep step) {
  if (!book_.set(step)) return;
  store_commands();  // Kept before it is told: who hears of a step finds it after a restart, too.
  record_step(*book_.find(step.id));
}

/// One line of the log and one record of stream 0; the server hears it, too.
void Site::record_step(const CommandView& command) {
  const CommandStep& step = command.step;
  parts_.log->warn("event=command id={} kind={} actor=\"{}\" origin={} state={} message=\"{}\"",
                   step.id, command.kind, command.actor, name_of(command.origin),
                   to_string(step.state), step.message);
  const std::string text = std::string(to_string(step.state)) + "\n" + command.actor +
                           "\nid=" + step.id + " kind=" + command.kind + " " + step.message;
  parts_.store.append(telemetry::Stream::audit, step.at, telemetry::RecordType::command_state,
                      to_bytes(text));
  if (parts_.command_step) parts_.command_step(step, command.origin);
}

void Site::store_commands() {
  parts_.store.put(std::string(kCommandBookKey), to_bytes(book_.to_text()));
}

}  // namespace ems::runtime
