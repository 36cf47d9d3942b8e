// SPDX-License-Identifier: Apache-2.0
#include "ems/safety/kernel.hpp"

#include <algorithm>

#include "ems/safety/in_place.hpp"
#include "safety/rule_engine.hpp"

namespace ems::safety {

namespace {

constexpr TripCause kThresholds[] = {TripCause::cell_overvoltage, TripCause::cell_undervoltage,
                                     TripCause::overtemperature, TripCause::undertemperature};

constexpr BatteryVerdict kNoVerdict{};

bool blank(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

bool same_trip(const Trip& a, const Trip& b) noexcept {
  return a.cause == b.cause && a.asset == b.asset;
}
bool holds(const Latch& latch, const Trip& trip) noexcept {
  return std::any_of(latch.begin(), latch.end(),
                     [&trip](const Trip& t) { return same_trip(t, trip); });
}

bool knows_battery(const Config& config, AssetId asset) noexcept {
  return std::any_of(config.batteries.begin(), config.batteries.end(),
                     [asset](const BatteryConfig& b) { return b.asset == asset; });
}
/// A trip of an asset that is no battery of this configuration concerns the whole site.
bool concerns_site(const Config& config, const Trip& trip) noexcept {
  return !knows_battery(config, trip.asset);
}

Severity severity_of(Action action) noexcept {
  switch (action) {
    case Action::warn:
    case Action::derate:
      return Severity::warning;
    case Action::inhibit:
      return Severity::alarm;
    case Action::latch:
      break;
  }
  return Severity::critical;
}

/// Rules that say "missing" in their own name, or have no other rule that says it for them.
bool announces_missing(Rule rule) noexcept {
  switch (rule) {
    case Rule::bms_charge_limit:
    case Rule::bms_discharge_limit:
    case Rule::bms_charge_off:
    case Rule::bms_discharge_off:
    case Rule::cell_voltages_missing:
    case Rule::pack_voltage_missing:
    case Rule::pack_current_missing:
    case Rule::soc_missing:
    case Rule::temperatures_missing:
      return true;
    default:
      return false;
  }
}

const Reason* find_reason(const BatteryVerdict& verdict, Rule rule) noexcept {
  for (const Reason& reason : verdict.reasons) {
    if (reason.rule == rule) return &reason;
  }
  return nullptr;
}

bool worth_announcing(const Reason& reason, const BatteryVerdict& verdict, bool grace) noexcept {
  if (reason.cause == Cause::exceeded) return true;
  if (reason.cause == Cause::waiting || grace) return false;
  // While the plausibility check is what made the inputs uncertain, it alone speaks.
  return announces_missing(reason.rule) && !verdict.plausibility_failed;
}

}  // namespace

/// The steps of one cycle, in order; a friend of State so that nothing else can write it.
class Kernel {
 public:
  /// @param step  Holds the state before; receives the next one and the output. In place, because
  ///              a microcontroller has no room for a second copy.
  Kernel(Step& step, const Config& config, const Inputs& inputs, Instant now) noexcept
      : config_(config), inputs_(inputs), now_(now), step_(step) {}

  void run() noexcept {
    State& s = step_.state;
    passed_ = s.last_step_ ? now_ - *s.last_step_ : Duration::zero();
    if (!s.started_at_) s.started_at_ = now_;
    grace_ = now_ >= *s.started_at_ && now_ - *s.started_at_ < config_.start_grace;
    const bool valid = validate(config_).has_value();
    judge_lateness();
    collect_trips();
    announce_trips();
    // Limits that validate() refuses are never acted on: the rules do not run on them.
    if (valid) {
      run_batteries();
    } else {
      refuse_batteries();
    }
    run_inverters(valid);
    announce(s.config_announced_, !valid, {Severity::critical, kSite, "configuration_invalid"});
    finish(valid);
  }

  static Result<void> reset(State& state, const Config& config, const Inputs& inputs,
                            Instant now) noexcept {
    if (state.latch_.empty())
      return fail(Errc::failed_precondition, 0, "reset: nothing is latched");
    for (std::size_t i = 0; i < state.latch_.size(); ++i) {
      if (inputs.estop || !cleared(state.latch_[i], config, inputs, now))
        return fail(Errc::failed_precondition, i + 1,
                    "reset: the cause of a trip is still there, or cannot be judged");
    }
    state.latch_.clear();
    for (BatteryState& battery : state.batteries_) {
      battery.started = false;
      for (RuleState& rule : battery.rules) {
        rule.active = true;
        rule.timing = false;
      }
    }
    return {};
  }

  static State latched(const Latch& latch, Instant now) noexcept {
    State state;
    state.latch_ = latch;
    for (Trip& trip : state.latch_) trip.since = now;
    return state;
  }

 private:
  void judge_lateness() noexcept {
    State& s = step_.state;
    const std::int64_t period = std::max<std::int64_t>(1, config_.tick_period.count());
    std::int64_t late = 0;
    bool good = true;
    if (s.last_step_) {
      const std::int64_t delta = (now_ - *s.last_step_).count();
      late = std::max<std::int64_t>(0, delta / period - 1);
      if (delta < 0) late = kLateTicksSafe;  // A clock fault: nothing is known about the tick.
      good = delta > 0 && late < kLateTicksWarn;
    }
    s.last_step_ = now_;
    if (late >= kLateTicksSafe) {
      s.late_ = true;
      s.good_ticks_ = 0;
    } else if (s.late_) {
      s.good_ticks_ = good ? s.good_ticks_ + 1 : 0;
      s.late_ = s.good_ticks_ < kGoodTicksToClear;
    }
    step_.output.late_ticks = late;
    announce(s.warn_announced_, late >= kLateTicksWarn, {Severity::warning, kSite, "tick_late"},
             late);
    announce(s.late_announced_, s.late_, {Severity::critical, kSite, "control_late"}, late);
  }

  void collect_trips() noexcept {
    if (inputs_.estop) add_trip({TripCause::estop, kSite, now_});
    for (std::size_t i = 0; i < config_.batteries.size(); ++i) {
      const BatteryConfig& battery = config_.batteries[i];
      const BatteryInputs* in = detail::matching(inputs_.batteries, i, battery.asset);
      if (in == nullptr) continue;
      for (const TripCause cause : kThresholds) {
        const auto reached = detail::latch_reached(cause, battery.limits, *in, now_);
        if (reached.value_or(false)) add_trip({cause, battery.asset, now_});
      }
    }
  }

  void add_trip(const Trip& trip) noexcept {
    Latch& latch = step_.state.latch_;
    if (holds(latch, trip)) return;
    // Full only when trips of unknown assets fill it, and those already trip the whole site.
    (void)latch.try_push_back(trip);
  }

  void announce_trips() noexcept {
    State& s = step_.state;
    for (const Trip& trip : s.latch_) {
      if (holds(s.announced_latch_, trip)) continue;
      if (!push({Severity::critical, trip.asset, to_string(trip.cause).data()})) return;
      if (!s.announced_latch_.try_push_back(trip)) return;
    }
    for (std::size_t i = 0; i < s.announced_latch_.size();) {
      const Trip trip = s.announced_latch_[i];
      if (holds(s.latch_, trip)) {
        ++i;
        continue;
      }
      if (!push({Severity::critical, trip.asset, to_string(trip.cause).data(), false})) return;
      s.announced_latch_.erase_at(i);
    }
  }

  /// Earliest trip that concerns the site, or also one of the batteries in `mask`.
  [[nodiscard]] std::optional<Instant> tripped_since(std::uint8_t mask) const noexcept {
    std::optional<Instant> since;
    for (const Trip& trip : step_.state.latch_) {
      bool concerns = concerns_site(config_, trip);
      for (std::size_t i = 0; i < config_.batteries.size(); ++i) {
        const bool feeds = (static_cast<unsigned>(mask) >> i & 1U) != 0;
        concerns = concerns || (feeds && config_.batteries[i].asset == trip.asset);
      }
      if (concerns && (!since || trip.since < *since)) since = trip.since;
    }
    return since;
  }

  void run_batteries() noexcept {
    static constexpr BatteryInputs kNothing{};
    static constexpr BatteryState kUnknown{};
    State& s = step_.state;
    for (std::size_t i = 0; i < config_.batteries.size(); ++i) {
      const BatteryConfig& battery = config_.batteries[i];
      const BatteryInputs* in = detail::matching(inputs_.batteries, i, battery.asset);
      BatteryState& state = s.batteries_[i];
      if (state.asset != battery.asset) state = kUnknown;  // Another battery: nothing shown.
      const detail::BatteryContext context{
          .config = battery,
          .in = in == nullptr ? kNothing : *in,
          .now = now_,
          .passed = passed_,
          .grace = grace_,
          .forbid = s.late_,
          .tripped = tripped_since(static_cast<std::uint8_t>(1U << i)).has_value(),
      };
      BatteryVerdict& verdict = step_.output.batteries.push_back(kNoVerdict);
      detail::step_battery(state, verdict, context);
      announce_rules(state, verdict);
    }
  }

  void refuse_batteries() noexcept {
    for (std::size_t i = 0; i < config_.batteries.size(); ++i) {
      BatteryVerdict& verdict = step_.output.batteries.push_back(kNoVerdict);
      verdict.asset = config_.batteries[i].asset;
      const bool tripped = tripped_since(static_cast<std::uint8_t>(1U << i)).has_value();
      verdict.state = tripped ? SafetyState::tripped : SafetyState::safe;
    }
  }

  void announce_rules(BatteryState& state, const BatteryVerdict& verdict) noexcept {
    for (std::size_t i = 0; i < kRuleCount; ++i) {
      RuleState& rule = state.rules[i];
      const RuleInfo& info = rule_info(static_cast<Rule>(i));
      const Reason* reason = find_reason(verdict, info.rule);
      Event event{severity_of(info.action), verdict.asset, info.name};
      if (reason == nullptr) {
        announce(rule.announced, false, event);
        continue;
      }
      if (rule.announced || !worth_announcing(*reason, verdict, grace_)) continue;
      event.signal = reason->signal;
      announce(rule.announced, true, event, reason->value);
    }
  }

  void run_inverters(bool valid) noexcept {
    for (std::size_t i = 0; i < config_.inverters.size(); ++i) {
      const InverterConfig& inverter = config_.inverters[i];
      InverterVerdict verdict;
      verdict.asset = inverter.asset;
      verdict.state = SafetyState::safe;
      verdict.curtail_pv = inverter.has_dc_pv;
      if (valid) {
        verdict = detail::envelope({.config = config_,
                                    .index = i,
                                    .inputs = inputs_,
                                    .batteries = step_.output.batteries,
                                    .tripped_since = tripped_since(inverter.batteries),
                                    .now = now_});
      }
      step_.output.inverters.push_back(verdict);
    }
  }

  void finish(bool valid) noexcept {
    SafetyState site = valid && !step_.state.late_ ? SafetyState::normal : SafetyState::safe;
    for (const BatteryVerdict& battery : step_.output.batteries)
      site = detail::worst(site, battery.state);
    if (step_.state.tripped()) site = SafetyState::tripped;
    step_.output.site = site;
  }

  bool push(const Event& event) noexcept { return step_.output.events.try_push_back(event); }

  /// Gives a raising or clearing event out when `active` differs from what was announced. When
  /// there is no room, `announced` stays and the next cycle tries again.
  void announce(bool& announced, bool active, Event event, std::int64_t value = 0) noexcept {
    if (announced == active) return;
    event.active = active;
    event.value = value;
    if (push(event)) announced = active;
  }

  static bool battery_inside(const BatteryConfig& battery, std::size_t index, const Inputs& inputs,
                             std::span<const TripCause> causes, Instant now) noexcept {
    const BatteryInputs* in = detail::matching(inputs.batteries, index, battery.asset);
    if (in == nullptr) return false;
    for (const TripCause cause : causes) {
      if (detail::latch_reached(cause, battery.limits, *in, now).value_or(true)) return false;
    }
    return true;
  }

  static bool cleared(const Trip& trip, const Config& config, const Inputs& inputs,
                      Instant now) noexcept {
    if (trip.cause == TripCause::estop) return !inputs.estop;
    for (std::size_t i = 0; i < config.batteries.size(); ++i) {
      const BatteryConfig& battery = config.batteries[i];
      const bool this_one = battery.asset == trip.asset;
      // What cannot be laid to one battery (an unreadable latch, a battery that is gone) needs all
      // of them inside every threshold.
      const std::span<const TripCause> causes =
          this_one ? std::span<const TripCause>(&trip.cause, 1) : kThresholds;
      const bool asked = this_one || concerns_site(config, trip);
      if (asked && !battery_inside(battery, i, inputs, causes, now)) return false;
    }
    return true;
  }

  const Config& config_;
  const Inputs& inputs_;
  Instant now_;
  Duration passed_{};  ///< Since the cycle before.
  bool grace_ = false;
  Step& step_;
};

void step_in_place(Step& next, const Config& config, const Inputs& inputs, Instant now) noexcept {
  Output& output = next.output;
  output.batteries.clear();
  output.inverters.clear();
  output.events.clear();
  Kernel(next, config, inputs, now).run();
}

Step step(const State& state, const Config& config, const Inputs& inputs, Instant now) noexcept {
  Step next;
  next.state = state;
  Kernel(next, config, inputs, now).run();
  return next;
}

Result<void> reset_in_place(State& state, const Config& config, const Inputs& inputs, Instant now,
                            const ResetRequest& request) noexcept {
  if (request.role != Role::technician)
    return fail(Errc::permission_denied, 0, "reset: only a technician may reset a trip");
  if (blank(request.name))
    return fail(Errc::invalid_argument, 1, "reset: the name of the person is missing");
  if (blank(request.cause))
    return fail(Errc::invalid_argument, 2, "reset: the cause that was found is missing");
  return Kernel::reset(state, config, inputs, now);
}

Result<State> reset(const State& state, const Config& config, const Inputs& inputs, Instant now,
                    const ResetRequest& request) noexcept {
  State next = state;
  const Result<void> done = reset_in_place(next, config, inputs, now, request);
  if (!done) return fail(done.error());
  return next;
}

State State::tripped_unreadable(Instant now) noexcept {
  Latch latch;
  latch.push_back({TripCause::unreadable, kSite, now});
  return Kernel::latched(latch, now);
}

State State::restore_latch(const Latch& latch, Instant now) noexcept {
  return Kernel::latched(latch, now);
}

}  // namespace ems::safety
