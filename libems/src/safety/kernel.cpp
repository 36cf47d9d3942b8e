// SPDX-License-Identifier: Apache-2.0
#include "ems/safety/kernel.hpp"

#include <algorithm>
#include <new>

#include "ems/safety/in_place.hpp"
#include "safety/battery.hpp"

namespace ems::safety {

namespace {

using detail::Battery;
using detail::Site;

constexpr BatteryVerdict kNoVerdict{};
constexpr auto kEveryDirection = static_cast<std::uint8_t>(Direction::both);

bool blank(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

/// Trips: with or without their time.
template <class Trips>
bool holds(const Trips& trips, TripCause cause, AssetId asset) noexcept {
  return std::any_of(trips.begin(), trips.end(), [cause, asset](const auto& trip) {
    return trip.cause == cause && trip.asset == asset;
  });
}

template <class Assets>
bool lists(const Assets& assets, AssetId asset) noexcept {
  return std::any_of(assets.begin(), assets.end(),
                     [asset](const auto& one) { return one.asset == asset; });
}
/// A trip of an asset that this configuration does not have concerns the whole site.
bool concerns_site(const Config& config, const Trip& trip) noexcept {
  return !lists(config.batteries, trip.asset) && !lists(config.inverters, trip.asset);
}
/// True when one of the two is a battery that feeds the other.
bool connected(const Config& config, AssetId a, AssetId b) noexcept {
  for (const InverterConfig& inverter : config.inverters) {
    for (std::size_t i = 0; i < config.batteries.size(); ++i) {
      const AssetId battery = config.batteries[i].asset;
      if (detail::feeds(inverter, i) &&
          ((battery == a && inverter.asset == b) || (battery == b && inverter.asset == a)))
        return true;
    }
  }
  return false;
}

/// True when the trip's cause is known to be gone. What cannot be laid to one battery (an
/// unreadable latch, an asset that is gone) needs all of them inside every threshold; an inverter
/// must carry no power by any of its batteries' limits.
bool cleared(const Trip& trip, const Site& site) noexcept {
  if (trip.cause == TripCause::estop) return !site.inputs.estop;
  const Config& config = site.config;
  const bool whole = trip.cause == TripCause::unreadable || concerns_site(config, trip);
  for (std::size_t i = 0; i < config.batteries.size(); ++i) {
    const Battery b{site, i};
    if (whole && !detail::all_clear(b)) return false;
    if (!whole && b.config.asset == trip.asset && !detail::cleared(trip.cause, b)) return false;
    for (std::size_t at = 0; at < config.inverters.size(); ++at) {
      const InverterConfig& inverter = config.inverters[at];
      if (inverter.asset == trip.asset && detail::feeds(inverter, i) &&
          detail::flows(b, at).value_or(true))
        return false;
    }
  }
  return true;
}

}  // namespace

/// The steps of one cycle, in order; a friend of State so that nothing else can write it.
class Kernel {
 public:
  /// @param step  Holds the state before; receives the next one and the output. In place, because
  ///              a microcontroller has no room for a second copy.
  Kernel(Step& step, const Config& config, const Inputs& inputs, Instant now) noexcept
      : state_(step.state),
        output_(step.output),
        config_(config),
        site_{config, inputs, now,
              state_.last_step_ ? now - *state_.last_step_ : Duration::zero()} {}

  void run() noexcept {
    const Instant now = site_.now;
    if (!state_.started_at_) state_.started_at_ = now;
    grace_ = now >= *state_.started_at_ && now - *state_.started_at_ < config_.start_grace;
    const bool valid = validate(config_).has_value();
    judge_lateness();
    if (site_.inputs.estop) add_trip(TripCause::estop, kSite);
    // Limits that validate() refuses are never acted on: the rules do not run on them.
    if (valid) {
      align();
      for (std::size_t i = 0; i < config_.inverters.size(); ++i) {
        const InverterState& inverter = state_.inverters_[i];
        if (detail::latches(inverter.obedience))
          add_trip(TripCause::limit_disobeyed, inverter.asset);
      }
      for (std::size_t i = 0; i < config_.batteries.size(); ++i) run_battery(i);
      for (std::size_t i = 0; i < config_.inverters.size(); ++i) run_inverter(i);
    } else {
      announce_trips();
      refuse();
    }
    announce(state_.config_announced_, !valid,
             {Severity::critical, kSite, "configuration_invalid"});
    output_.site = valid && !state_.late_ ? SafetyState::normal : SafetyState::safe;
    for (const BatteryVerdict& battery : output_.batteries)
      output_.site = detail::worst(output_.site, battery.state);
    if (state_.tripped()) output_.site = SafetyState::tripped;
  }

  static Result<void> reset(State& state, const Site& site) noexcept {
    if (state.latch_.empty())
      return fail(Errc::failed_precondition, 0, "reset: nothing is latched");
    for (std::size_t i = 0; i < state.latch_.size(); ++i) {
      if (site.inputs.estop || !cleared(state.latch_[i], site))
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

 private:
  void judge_lateness() noexcept {
    const std::int64_t period = std::max<std::int64_t>(1, config_.tick_period.count());
    std::int64_t late = 0;
    bool good = true;
    if (state_.last_step_) {
      const std::int64_t delta = site_.passed.count();
      late = std::max<std::int64_t>(0, delta / period - 1);
      if (delta < 0) late = kLateTicksSafe;  // A clock fault: nothing is known about the tick.
      good = delta > 0 && late < kLateTicksWarn;
    }
    state_.last_step_ = site_.now;
    if (late >= kLateTicksSafe) {
      state_.late_ = true;
      state_.good_ticks_ = 0;
    } else if (state_.late_) {
      state_.good_ticks_ = good ? state_.good_ticks_ + 1 : 0;
      state_.late_ = state_.good_ticks_ < kGoodTicksToClear;
    }
    output_.late_ticks = late;
    announce(state_.warn_announced_, late >= kLateTicksWarn,
             {Severity::warning, kSite, "tick_late"}, late);
    announce(state_.late_announced_, state_.late_, {Severity::critical, kSite, "control_late"},
             late);
  }

  void add_trip(TripCause cause, AssetId asset) noexcept {
    if (holds(state_.latch_, cause, asset)) return;
    // Full only when trips of unknown assets fill it, and those already trip the whole site.
    (void)state_.latch_.try_push_back({cause, asset, site_.now});
  }

  /// Clearing events go first, so that what is announced is never more than a latch holds.
  void announce_trips() noexcept {
    auto& announced = state_.announced_latch_;
    for (std::size_t i = 0; i < announced.size();) {
      const auto [cause, asset] = announced[i];
      if (holds(state_.latch_, cause, asset)) {
        ++i;
        continue;
      }
      if (!push_trip(cause, asset, false)) return;
      announced.erase_at(i);
    }
    for (const Trip& trip : state_.latch_) {
      if (holds(announced, trip.cause, trip.asset)) continue;
      if (!push_trip(trip.cause, trip.asset, true)) return;
      announced.push_back({trip.cause, trip.asset});
    }
  }
  bool push_trip(TripCause cause, AssetId asset, bool active) noexcept {
    return output_.events.try_push_back(
        {Severity::critical, asset, to_string(cause).data(), active});
  }

  /// Earliest trip that concerns a battery or an inverter: its own, the site's, or that of an
  /// inverter or a battery on the other end of its cable.
  [[nodiscard]] std::optional<Instant> tripped_since(AssetId asset) const noexcept {
    for (const Trip& trip : state_.latch_) {  // In the order they came.
      if (trip.asset == asset || concerns_site(config_, trip) ||
          connected(config_, trip.asset, asset))
        return trip.since;
    }
    return std::nullopt;
  }

  /// Another asset in the same place starts again: nothing was shown.
  void align() noexcept {
    for (std::size_t i = 0; i < config_.batteries.size(); ++i) {
      if (state_.batteries_[i].asset != config_.batteries[i].asset) {
        new (&state_.batteries_[i]) BatteryState{};  // In place: a chip has no stack for a second.
        state_.batteries_[i].asset = config_.batteries[i].asset;
      }
    }
    for (std::size_t i = 0; i < config_.inverters.size(); ++i) {
      if (state_.inverters_[i].asset != config_.inverters[i].asset)
        state_.inverters_[i] = {config_.inverters[i].asset, {}, false};
    }
  }

  void run_battery(std::size_t i) noexcept {
    const Battery b{site_, i};
    const detail::Values values(b);
    BatteryState& state = state_.batteries_[i];
    state.seen = static_cast<std::uint16_t>(state.seen | values.given());
    detail::observe(state.plausibility, b);
    collect_trips(state, b, values);
    announce_trips();
    BatteryVerdict& verdict = output_.batteries.push_back(kNoVerdict);
    detail::step_battery(state, verdict, output_.events, b, values,
                         {.grace = grace_,
                          .forbid = state_.late_,
                          .tripped = tripped_since(b.config.asset).has_value()});
    state.plausibility.open_ordered = false;  // Said again below, by the inverters' verdicts.
    detail::obey(state.plausibility.obedience, b, verdict);
  }

  void collect_trips(BatteryState& state, const Battery& b, const detail::Values& values) noexcept {
    auto cause = detail::kFirstOwnCause;
    for (std::uint32_t& timer : state.latching) {
      const std::optional<bool> reached = detail::latch_reached(cause, b, values);
      // What cannot be judged lets the time stand; only a value inside starts it again.
      if (!reached.value_or(true)) timer = 0;
      const bool hazard = cause == TripCause::smoke || cause == TripCause::gas;
      if (reached.value_or(false) &&
          detail::timed(timer, site_.passed, hazard ? Duration::zero() : b.limits.latch_after))
        add_trip(cause, b.config.asset);
      cause = static_cast<TripCause>(static_cast<unsigned>(cause) + 1);
    }
    if (detail::contactor_latches(state.plausibility, b.limits))
      add_trip(TripCause::contactor, b.config.asset);
    if (detail::latches(state.plausibility.obedience))
      add_trip(TripCause::limit_disobeyed, b.config.asset);
  }

  /// A configuration that is refused: SAFE, or TRIPPED; every inverter stopped.
  void refuse() noexcept {
    for (const BatteryConfig& battery : config_.batteries) {
      BatteryVerdict& verdict = output_.batteries.push_back(kNoVerdict);
      verdict.asset = battery.asset;
      verdict.state = tripped_since(battery.asset) ? SafetyState::tripped : SafetyState::safe;
    }
    for (const InverterConfig& inverter : config_.inverters) {
      InverterVerdict& verdict = output_.inverters.push_back({});
      verdict.asset = inverter.asset;
      verdict.state = SafetyState::safe;
      verdict.curtail_pv = inverter.has_dc_pv;
    }
  }

  void run_inverter(std::size_t i) noexcept {
    const InverterConfig& inverter = config_.inverters[i];
    InverterState& state = state_.inverters_[i];
    const InverterVerdict& verdict = output_.inverters.push_back(
        detail::envelope(site_, i, output_.batteries.view(), tripped_since(inverter.asset)));
    detail::obey(state.obedience, site_, i, verdict);
    for (std::size_t b = 0; b < config_.batteries.size(); ++b) {
      if (site_.inputs.armed && verdict.command == CommandKind::open && detail::feeds(inverter, b))
        state_.batteries_[b].plausibility.open_ordered = true;
    }
    announce(state.announced, state.obedience.times > 0,
             {Severity::warning, inverter.asset, to_string(Rule::limit_disobeyed).data()},
             state.obedience.times);
  }

  void announce(bool& announced, bool active, const Event& event, std::int64_t value = 0) noexcept {
    detail::announce(output_.events, announced, active, event, value);
  }

  State& state_;
  Output& output_;
  const Config& config_;
  Site site_;
  bool grace_ = false;
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
  return Kernel::reset(state, {config, inputs, now});
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
  return restore_latch(latch, now);
}

State State::restore_latch(const Latch& latch, Instant now) noexcept {
  State state;
  state.latch_ = latch;
  for (Trip& trip : state.latch_) trip.since = now;
  return state;
}

}  // namespace ems::safety
