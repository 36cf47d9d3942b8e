// SPDX-License-Identifier: Apache-2.0
#include "ems/safety/kernel.hpp"

#include <algorithm>
#include <new>

#include "ems/safety/in_place.hpp"
#include "safety/battery.hpp"

namespace ems::safety {

namespace {

constexpr BatteryVerdict kNoVerdict{};
constexpr auto kEveryDirection = static_cast<std::uint8_t>(Direction::both);

bool blank(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

TripName name_of(const Trip& trip) noexcept { return {trip.cause, trip.asset}; }
TripName name_of(const TripName& name) noexcept { return name; }
template <class Trips>
bool holds(const Trips& trips, const TripName& name) noexcept {
  return std::any_of(trips.begin(), trips.end(),
                     [&name](const auto& trip) { return name_of(trip) == name; });
}

bool knows_battery(const Config& config, AssetId asset) noexcept {
  return std::any_of(config.batteries.begin(), config.batteries.end(),
                     [asset](const BatteryConfig& b) { return b.asset == asset; });
}
bool knows_inverter(const Config& config, AssetId asset) noexcept {
  return std::any_of(config.inverters.begin(), config.inverters.end(),
                     [asset](const InverterConfig& i) { return i.asset == asset; });
}
/// A trip of an asset that this configuration does not have concerns the whole site.
bool concerns_site(const Config& config, const Trip& trip) noexcept {
  return !knows_battery(config, trip.asset) && !knows_inverter(config, trip.asset);
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
    if (inputs_.estop) add_trip({TripCause::estop, kSite, now_});
    // Limits that validate() refuses are never acted on: the rules do not run on them.
    if (valid) {
      align();
      for (std::size_t i = 0; i < config_.inverters.size(); ++i) {
        if (detail::latches(s.inverters_[i].obedience))
          add_trip({TripCause::limit_disobeyed, s.inverters_[i].asset, now_});
      }
      for (std::size_t i = 0; i < config_.batteries.size(); ++i) run_battery(i);
      run_inverters();
    } else {
      announce_trips();
      refuse();
    }
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
      for (RuleState& rule : battery.rules) {
        rule.active = true;
        rule.timer = 0;
      }
      battery.latching = {};
      battery.heat = {};
      new (&battery.plausibility) PlausibilityState{};
      battery.alarms_forbid = kEveryDirection;
      battery.started = false;
    }
    for (InverterState& inverter : state.inverters_) new (&inverter.obedience) ObedienceState{};
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

  void add_trip(const Trip& trip) noexcept {
    Latch& latch = step_.state.latch_;
    if (holds(latch, name_of(trip))) return;
    // Full only when trips of unknown assets fill it, and those already trip the whole site.
    (void)latch.try_push_back(trip);
  }

  /// Clearing events go first, so that what is announced is never more than a latch holds.
  void announce_trips() noexcept {
    State& s = step_.state;
    for (std::size_t i = 0; i < s.announced_latch_.size();) {
      const TripName trip = s.announced_latch_[i];
      if (holds(s.latch_, trip)) {
        ++i;
        continue;
      }
      if (!push({Severity::critical, trip.asset, to_string(trip.cause).data(), false})) return;
      s.announced_latch_.erase_at(i);
    }
    for (const Trip& trip : s.latch_) {
      if (holds(s.announced_latch_, name_of(trip))) continue;
      if (!push({Severity::critical, trip.asset, to_string(trip.cause).data()})) return;
      s.announced_latch_.push_back(name_of(trip));
    }
  }

  /// Earliest trip that concerns the site, one of the batteries in `mask`, or `inverter`.
  [[nodiscard]] std::optional<Instant> tripped_since(unsigned mask,
                                                     AssetId inverter = kSite) const noexcept {
    for (const Trip& trip : step_.state.latch_) {  // In the order they came.
      if (concerns(trip, mask, inverter)) return trip.since;
    }
    return std::nullopt;
  }
  [[nodiscard]] bool concerns(const Trip& trip, unsigned mask, AssetId inverter) const noexcept {
    if (trip.asset == inverter || concerns_site(config_, trip)) return true;
    for (std::size_t i = 0; i < config_.batteries.size(); ++i) {
      if ((mask >> i & 1U) != 0 && config_.batteries[i].asset == trip.asset) return true;
    }
    return false;
  }
  /// What concerns a battery: its own trips, the site's, and those of the inverters on it.
  [[nodiscard]] bool battery_tripped(std::size_t index) const noexcept {
    const unsigned mask = 1U << index;
    bool tripped = tripped_since(mask).has_value();
    for (const InverterConfig& inverter : config_.inverters) {
      tripped = tripped ||
                (detail::feeds(inverter, index) && tripped_since(mask, inverter.asset).has_value());
    }
    return tripped;
  }

  /// Another asset in the same place starts again: nothing was shown.
  void align() noexcept {
    State& s = step_.state;
    for (std::size_t i = 0; i < config_.batteries.size(); ++i) {
      if (s.batteries_[i].asset != config_.batteries[i].asset) {
        new (&s.batteries_[i]) BatteryState{};  // In place: a chip has no stack for a second one.
        s.batteries_[i].asset = config_.batteries[i].asset;
      }
    }
    for (std::size_t i = 0; i < config_.inverters.size(); ++i) {
      if (s.inverters_[i].asset != config_.inverters[i].asset)
        s.inverters_[i] = {config_.inverters[i].asset, {}, false};
    }
  }

  void run_battery(std::size_t i) noexcept {
    const BatteryConfig& config = config_.batteries[i];
    const BatteryInputs& in = detail::matching(inputs_.batteries, i, config.asset);
    BatteryState& state = step_.state.batteries_[i];
    const detail::Values values(in, config.limits, now_);
    const detail::PlausibilityContext seen{config_, inputs_, i, in, now_, elapsed()};
    state.seen = static_cast<std::uint16_t>(state.seen | values.given());
    detail::observe(state.plausibility, seen);
    collect_trips(state, config, values, in);
    announce_trips();
    BatteryVerdict& verdict = step_.output.batteries.push_back(kNoVerdict);
    detail::step_battery(state, verdict, step_.output.events,
                         {.config = config,
                          .values = values,
                          .plausibility = seen,
                          .passed = passed_,
                          .grace = grace_,
                          .forbid = step_.state.late_,
                          .tripped = battery_tripped(i)});
    state.plausibility.open_ordered = false;  // Said again below, by the inverters' verdicts.
    if (inputs_.armed) {
      detail::obey(state.plausibility, seen, verdict);
    } else {
      state.plausibility.obedience = {};
    }
  }

  void collect_trips(BatteryState& state, const BatteryConfig& config, const detail::Values& values,
                     const BatteryInputs& in) noexcept {
    const Limits& limits = config.limits;
    for (std::size_t i = 0; i < state.latching.size(); ++i) {
      const auto cause =
          static_cast<TripCause>(static_cast<std::size_t>(detail::kFirstOwnCause) + i);
      std::uint32_t& timer = state.latching[i];
      const std::optional<bool> reached = detail::latch_reached(cause, limits, values, in, now_);
      // What cannot be judged lets the time stand; only a value inside starts it again.
      if (!reached.value_or(true)) timer = 0;
      const bool hazard = cause == TripCause::smoke || cause == TripCause::gas;
      if (reached.value_or(false) &&
          detail::timed(timer, passed_, hazard ? Duration::zero() : limits.latch_after))
        add_trip({cause, config.asset, now_});
    }
    if (detail::contactor_latches(state.plausibility, limits))
      add_trip({TripCause::contactor, config.asset, now_});
    if (detail::latches(state.plausibility.obedience))
      add_trip({TripCause::limit_disobeyed, config.asset, now_});
  }

  /// A configuration that is refused: SAFE, or TRIPPED; every inverter stopped.
  void refuse() noexcept {
    for (std::size_t i = 0; i < config_.batteries.size(); ++i) {
      BatteryVerdict& verdict = step_.output.batteries.push_back(kNoVerdict);
      verdict.asset = config_.batteries[i].asset;
      verdict.state = battery_tripped(i) ? SafetyState::tripped : SafetyState::safe;
    }
    for (const InverterConfig& inverter : config_.inverters) {
      InverterVerdict verdict;
      verdict.asset = inverter.asset;
      verdict.state = SafetyState::safe;
      verdict.curtail_pv = inverter.has_dc_pv;
      step_.output.inverters.push_back(verdict);
    }
  }

  void run_inverters() noexcept {
    for (std::size_t i = 0; i < config_.inverters.size(); ++i) {
      const InverterConfig& inverter = config_.inverters[i];
      InverterState& state = step_.state.inverters_[i];
      const InverterVerdict& verdict = step_.output.inverters.push_back(
          detail::envelope({.config = config_,
                            .index = i,
                            .inputs = inputs_,
                            .batteries = step_.output.batteries,
                            .tripped_since = tripped_since(inverter.batteries, inverter.asset),
                            .now = now_}));
      const InverterInputs& in = detail::matching(inputs_.inverters, i, inverter.asset);
      if (inputs_.armed) {
        detail::obey(state.obedience, config_, i, in, verdict, now_, elapsed());
      } else {
        state.obedience = {};
      }
      for (std::size_t b = 0; b < config_.batteries.size(); ++b) {
        if (inputs_.armed && verdict.command == CommandKind::open && detail::feeds(inverter, b))
          step_.state.batteries_[b].plausibility.open_ordered = true;
      }
      announce(state.announced, state.obedience.times > 0,
               {Severity::warning, inverter.asset, to_string(Rule::limit_disobeyed).data()},
               state.obedience.times);
    }
  }

  void finish(bool valid) noexcept {
    SafetyState site = valid && !step_.state.late_ ? SafetyState::normal : SafetyState::safe;
    for (const BatteryVerdict& battery : step_.output.batteries)
      site = detail::worst(site, battery.state);
    if (step_.state.tripped()) site = SafetyState::tripped;
    step_.output.site = site;
  }

  [[nodiscard]] Duration elapsed() const noexcept { return max_of(passed_, Duration::zero()); }

  bool push(const Event& event) noexcept { return step_.output.events.try_push_back(event); }
  void announce(bool& announced, bool active, const Event& event, std::int64_t value = 0) noexcept {
    detail::announce(step_.output.events, announced, active, event, value);
  }

  /// True when the trip's cause is known to be gone.
  static bool cleared(const Trip& trip, const Config& config, const Inputs& inputs,
                      Instant now) noexcept {
    if (trip.cause == TripCause::estop) return !inputs.estop;
    const bool site = trip.cause == TripCause::unreadable || concerns_site(config, trip);
    for (std::size_t i = 0; i < config.batteries.size(); ++i) {
      const BatteryConfig& battery = config.batteries[i];
      if (!site && battery.asset != trip.asset) continue;
      const BatteryInputs& in = detail::matching(inputs.batteries, i, battery.asset);
      // What cannot be laid to one battery (an unreadable latch, an asset that is gone) needs all
      // of them inside every threshold.
      const bool gone =
          site ? detail::all_clear(battery, in, now) : cleared(trip.cause, battery, in, now);
      if (!gone) return false;
    }
    for (std::size_t i = 0; i < config.inverters.size(); ++i) {
      const InverterConfig& inverter = config.inverters[i];
      if (inverter.asset == trip.asset && !inverter_rests(config, i, inputs, now)) return false;
    }
    return true;
  }
  static bool cleared(TripCause cause, const BatteryConfig& battery, const BatteryInputs& in,
                      Instant now) noexcept {
    const Limits& limits = battery.limits;
    if (cause == TripCause::contactor)
      return !detail::contactor_contradicts(in, limits, now).value_or(true);
    if (cause == TripCause::limit_disobeyed) return !detail::flows(in, limits, now).value_or(true);
    const detail::Values values(in, limits, now);
    return !detail::latch_reached(cause, limits, values, in, now).value_or(true);
  }
  /// The inverter of a trip carries no power; its batteries' limits say what counts as none.
  static bool inverter_rests(const Config& config, std::size_t index, const Inputs& inputs,
                             Instant now) noexcept {
    const InverterConfig& inverter = config.inverters[index];
    const InverterInputs& in = detail::matching(inputs.inverters, index, inverter.asset);
    for (std::size_t i = 0; i < config.batteries.size(); ++i) {
      if (detail::feeds(inverter, i) &&
          detail::flows(in, inverter, config.batteries[i].limits, now).value_or(true))
        return false;
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
