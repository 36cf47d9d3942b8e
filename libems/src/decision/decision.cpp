// SPDX-License-Identifier: Apache-2.0
#include "ems/decision/decision.hpp"

#include "ems/core/assert.hpp"

namespace ems::decision {

namespace {

/// One cycle: the policies in the order of policies.def; resolve() asserts it.
class Cycle {
 public:
  Cycle(const State& state, const Config& config, const Inputs& inputs, Instant now) noexcept
      : config_(config), in_(inputs), now_(now), out_{.state = state, .decision = {}} {
    out_.decision.at = now;
    const NetLoadStep seen =
        net_load(state.net_load, config.net_load, in_.pcc_power, in_.battery_power, now);
    out_.state.net_load = seen.state;
    out_.decision.net_load = seen.net_load;
  }

  [[nodiscard]] Step run() noexcept {
    grid_code();
    limits_at_the_meter();
    commands_of_people();
    economic();
    longevity();
    StaticVector<Demand, kPoliciesMax> demands;
    for (const PolicyOutput& output : out_.decision.policies) demands.push_back(output.demand);
    out_.decision.resolution = resolve(in_.envelope, demands.view());
    return out_;
  }

 private:
  void grid_code() noexcept {
    if (config_.active_power_limit) {
      constexpr PolicyId kWho = PolicyId::active_power_limit;
      const ActivePowerLimitConfig& own = *config_.active_power_limit;
      add(active_power_limit(own, in_.active_power_limit, now_));
      keep(out_.decision.active_power_limit, in_.active_power_limit, own.lease_max);
      saw_limit(kWho, Input::active_power_limit, in_.active_power_limit, own.lease_max);
    }
    if (config_.frequency_droop) {
      constexpr PolicyId kWho = PolicyId::frequency_droop;
      const FrequencyDroopStep step = frequency_droop(
          out_.state.frequency_droop, *config_.frequency_droop, in_.frequency, power_now(), now_);
      out_.state.frequency_droop = step.state;
      if (step.output.demand.constraint) out_.decision.droop_start = step.state.start;
      add(step.output);
      saw(kWho, Input::frequency, in_.frequency,
          usable(config_.frequency_droop->grid, in_.frequency, now_));
      saw(kWho, Input::battery_power, in_.battery_power);
    }
    if (config_.ramp) {
      const bool measured = !gated() && in_.battery_power.usable(now_);
      const RampStep step =
          ramp(out_.state.ramp, *config_.ramp, measured ? in_.battery_power.sample : gated(), now_);
      out_.state.ramp = step.state;
      add(step.output);
      saw_gated(PolicyId::ramp);
      if (measured) saw(PolicyId::ramp, Input::battery_power, in_.battery_power);
    }
  }

  void limits_at_the_meter() noexcept {
    if (config_.dimming) {
      const DimmingConfig& own = *config_.dimming;
      const DimmingStep step = dimming(out_.state.dimming, own, in_.dimming, now_);
      out_.state.dimming = step.state;
      add(step.output);
      keep(out_.decision.dimming, in_.dimming, own.lease_max);
      saw_limit(PolicyId::dimming, Input::dimming, in_.dimming, own.lease_max);
    }
    if (config_.import_limit) {
      const ImportLimitStep step = import_limit(out_.state.import_limit, *config_.import_limit,
                                                out_.decision.net_load, gated(), now_);
      out_.state.import_limit = step.state;
      out_.decision.import_limit = config_.import_limit->limit;
      add(step.output);
      saw_net_load(PolicyId::import_limit);
      saw_gated(PolicyId::import_limit);
    }
    if (config_.export_limit) {
      out_.decision.export_limit = config_.export_limit->limit;
      add(export_limit(*config_.export_limit, out_.decision.net_load));
      saw_net_load(PolicyId::export_limit);
    }
    if (config_.demand_limit) {
      constexpr PolicyId kWho = PolicyId::demand_limit;
      const DemandLimitStep step =
          demand_limit(out_.state.demand_limit, *config_.demand_limit, out_.decision.net_load,
                       in_.pcc_power, in_.energy_imported, in_.wall, gated(), now_);
      out_.state.demand_limit = step.state;
      out_.decision.demand = step.window;
      add(step.output);
      saw_net_load(kWho);
      saw_gated(kWho);
      if (in_.energy_imported.sample) saw(kWho, Input::energy_imported, in_.energy_imported);
      saw_wall(kWho);
    }
    if (config_.backup_reserve) {
      constexpr PolicyId kWho = PolicyId::backup_reserve;
      const BackupReserveStep step =
          backup_reserve(out_.state.backup_reserve, *config_.backup_reserve, in_.batteries.soc,
                         in_.grid_connected, now_);
      out_.state.backup_reserve = step.state;
      add(step.output);
      saw(kWho, Input::soc, in_.batteries.soc);
      saw(kWho, Input::grid_connected, in_.grid_connected);
    }
  }

  void commands_of_people() noexcept {
    add_setpoint(PolicyId::setpoint, Input::setpoint, config_.setpoint, in_.setpoint,
                 out_.decision.setpoint);
    add_setpoint(PolicyId::remote_setpoint, Input::remote_setpoint, config_.remote_setpoint,
                 in_.remote_setpoint, out_.decision.remote_setpoint);
    if (config_.schedule) {
      constexpr PolicyId kWho = PolicyId::schedule;
      add(schedule(in_.schedule, in_.wall));
      std::optional<std::int64_t> value;
      if (out_.decision.policies.back().status == PolicyStatus::acting) {
        out_.decision.schedule = *find_entry(in_.schedule, in_.wall.utc);
        value = out_.decision.schedule->power.count();
      }
      saw_wall(kWho);
      saw(kWho, Input::schedule, value.has_value(), value ? Quality::good : Quality::bad, {},
          value);
    }
  }

  void economic() noexcept {
    if (config_.zero_export) {
      add(zero_export(*config_.zero_export, out_.decision.net_load));
      saw_net_load(PolicyId::zero_export);
    }
    if (config_.plan) plan();
    prices_and_windows();
    if (config_.self_consumption) {
      constexpr PolicyId kWho = PolicyId::self_consumption;
      const SelfConsumptionStep step =
          self_consumption(out_.state.self_consumption, *config_.self_consumption,
                           out_.decision.net_load, in_.batteries, now_);
      out_.state.self_consumption = step.state;
      add(step.output);
      saw_net_load(kWho);
      if (needs_soc(*config_.self_consumption)) saw(kWho, Input::soc, in_.batteries.soc);
    }
  }

  void plan() noexcept {
    const PlanOutput plan = follow_plan(*config_.plan, in_.plan, in_.wall, out_.decision.net_load);
    add(plan.output);
    out_.decision.plan = plan.slot;
    if (plan.slot) out_.decision.plan_id = in_.plan->id;
    saw_wall(PolicyId::plan);
    std::optional<std::int64_t> value;
    if (plan.slot) value = plan.slot->pcc_target.value_or(plan.slot->power).count();
    saw_table(PolicyId::plan, Input::plan,
              in_.plan ? std::optional(in_.plan->made_at) : std::nullopt, value);
    if (plan.slot && plan.slot->pcc_target) saw_net_load(PolicyId::plan);
  }

  /// The price decides whether windows count, and stands below them.
  void prices_and_windows() noexcept {
    PriceStep priced;
    if (config_.price) {
      priced = price(out_.state.price, *config_.price, in_.prices, in_.wall, in_.batteries, now_);
      out_.state.price = priced.state;
      out_.decision.price = priced.slot;
      if (priced.slot) out_.decision.currency = config_.price->currency;
    }
    if (config_.time_of_use) {
      constexpr PolicyId kWho = PolicyId::time_of_use;
      const TimeOfUseStep step = time_of_use(out_.state.time_of_use, *config_.time_of_use, in_.wall,
                                             in_.batteries, priced.slot.has_value(), now_);
      out_.state.time_of_use = step.state;
      if (step.state.window) {
        out_.decision.window = config_.time_of_use->windows[*step.state.window];
      }
      add(step.output);
      saw_wall(kWho);
      if (out_.decision.window && out_.decision.window->soc_stop) {
        saw(kWho, Input::soc, in_.batteries.soc);
      }
    }
    if (config_.price) {
      constexpr PolicyId kWho = PolicyId::price;
      add(priced.output);
      saw_wall(kWho);
      std::optional<std::int64_t> value;
      if (priced.slot) value = priced.slot->buy.count();
      saw_table(kWho, Input::price, in_.prices ? std::optional(in_.prices->made_at) : std::nullopt,
                value);
      saw(kWho, Input::soc, in_.batteries.soc);
    }
  }

  void longevity() noexcept {
    const BatterySummary& batteries = in_.batteries;
    if (config_.comfort_band) {
      constexpr PolicyId kWho = PolicyId::comfort_band;
      add(comfort_band(*config_.comfort_band, batteries, now_));
      saw(kWho, Input::soc_min, batteries.soc_min);
      saw(kWho, Input::soc_max, batteries.soc_max);
    }
    if (config_.gentle_current) {
      add(gentle_current(*config_.gentle_current, batteries));
      const bool known = batteries.capacity > WattHour{};
      std::optional<std::int64_t> value;
      if (known) value = batteries.capacity.count();
      saw(PolicyId::gentle_current, Input::capacity, known, known ? Quality::good : Quality::bad,
          {}, value);
    }
    if (config_.gentle_temperature) {
      constexpr PolicyId kWho = PolicyId::gentle_temperature;
      add(gentle_temperature(*config_.gentle_temperature, batteries, now_));
      saw(kWho, Input::temperature_min, batteries.temperature_min);
      saw(kWho, Input::temperature_max, batteries.temperature_max);
    }
  }

  void add_setpoint(PolicyId policy, Input input, const std::optional<SetpointConfig>& config,
                    const std::optional<SetpointCommand>& command,
                    std::optional<SetpointCommand>& record) noexcept {
    if (!config) return;
    add(setpoint(policy, *config, command, now_));
    keep(record, command, config->lease_max);
    std::optional<std::int64_t> value;
    if (command) value = command->power.count();
    saw_command(policy, input, command, config->lease_max, value);
  }

  /// Last command of the gate, if it may be looked at: trusted and not from the future. How old it
  /// may be is for whoever uses it.
  [[nodiscard]] std::optional<Sample<Watt>> gated() const noexcept {
    if (!in_.gated || !in_.gated->usable(now_, Duration::max())) return std::nullopt;
    return in_.gated;
  }
  /// What the batteries deliver: measured, or else what they were last told.
  [[nodiscard]] std::optional<Watt> power_now() const noexcept {
    if (in_.battery_power.usable(now_)) return in_.battery_power.sample->value;
    const std::optional<Sample<Watt>> told = gated();
    return told ? std::optional(told->value) : std::nullopt;
  }

  void add(const PolicyOutput& output) noexcept { out_.decision.policies.push_back(output); }

  /// Records a command in force with the lease it really has.
  template <class Command>
  void keep(std::optional<Command>& record, const std::optional<Command>& command,
            Duration lease_max) const noexcept {
    if (!alive(command, lease_max, now_)) return;
    record = command;
    record->lease_end = lease_end_of(*command, lease_max);
  }

  void saw(PolicyId policy, Input input, bool usable, Quality quality, std::optional<Duration> age,
           std::optional<std::int64_t> value) noexcept {
    out_.decision.inputs.push_back({policy, input, usable, quality, age, value});
  }
  template <class Q>
  void saw(PolicyId policy, Input input, const Measured<Q>& measured, bool usable) noexcept {
    if (!measured.sample) return saw(policy, input, false, Quality::bad, {}, {});
    const Sample<Q>& sample = *measured.sample;
    saw(policy, input, usable, sample.quality, now_ - sample.taken_at, count_of(sample.value));
  }
  template <class Q>
  void saw(PolicyId policy, Input input, const Measured<Q>& measured) noexcept {
    saw(policy, input, measured, measured.usable(now_));
  }
  void saw_net_load(PolicyId policy) noexcept {
    saw(policy, Input::pcc_power, in_.pcc_power);
    saw(policy, Input::battery_power, in_.battery_power);
  }
  void saw_gated(PolicyId policy) noexcept {
    saw(policy, Input::gated, Measured<Watt>{in_.gated, Duration::max()});
  }
  template <class Command>
  void saw_command(PolicyId policy, Input input, const std::optional<Command>& command,
                   Duration lease_max, std::optional<std::int64_t> value) noexcept {
    std::optional<Duration> age;
    if (command) age = now_ - command->given_at;
    saw(policy, input, alive(command, lease_max, now_), command ? Quality::good : Quality::bad, age,
        value);
  }
  void saw_limit(PolicyId policy, Input input, const std::optional<LimitCommand>& command,
                 Duration lease_max) noexcept {
    std::optional<std::int64_t> value;
    if (command && command->limits.charge_max) value = (-*command->limits.charge_max).count();
    if (command && command->limits.discharge_max && policy != PolicyId::dimming) {
      value = command->limits.discharge_max->count();
    }
    saw_command(policy, input, command, lease_max, value);
  }
  void saw_wall(PolicyId policy) noexcept {
    constexpr Quality kQualities[] = {Quality::bad, Quality::uncertain, Quality::good};
    const WallTime& wall = in_.wall;
    if (!wall.set()) return saw(policy, Input::wall_clock, false, Quality::bad, {}, {});
    saw(policy, Input::wall_clock, true, kQualities[static_cast<std::size_t>(wall.quality)],
        wall.quality == ClockQuality::holdover ? wall.unsynced : Duration::zero(),
        wall.utc.since_epoch().count() / 1'000'000);
  }
  /// A table that was given, and what it says about now; usable when it says something.
  void saw_table(PolicyId policy, Input input, std::optional<UtcInstant> made_at,
                 std::optional<std::int64_t> value) noexcept {
    std::optional<Duration> age;
    if (made_at && in_.wall.set()) age = in_.wall.utc - *made_at;
    saw(policy, input, value.has_value(), made_at ? Quality::good : Quality::bad, age, value);
  }
  [[nodiscard]] static constexpr std::int64_t count_of(bool value) noexcept { return value; }
  template <class Tag, class Rep>
  [[nodiscard]] static constexpr std::int64_t count_of(Quantity<Tag, Rep> value) noexcept {
    return value.count();
  }

  const Config& config_;
  const Inputs& in_;
  Instant now_;
  Step out_;
};

template <class Policy>
Result<void> check(const std::optional<Policy>& config) noexcept {
  return config ? validate(*config) : Result<void>{};
}

}  // namespace

Result<void> validate(const Config& config) noexcept {
  if (config.net_load.pair_skew_max < Duration::zero()) {
    return fail(Errc::out_of_range, 0, "net_load.pair_skew_max is below 0");
  }
  for (const Result<void>& checked :
       {check(config.active_power_limit), check(config.frequency_droop), check(config.ramp),
        check(config.dimming), check(config.import_limit), check(config.export_limit),
        check(config.demand_limit), check(config.backup_reserve), check(config.zero_export),
        check(config.plan), check(config.time_of_use), check(config.price),
        check(config.self_consumption), check(config.comfort_band), check(config.gentle_current),
        check(config.gentle_temperature)}) {
    if (!checked) return checked;
  }
  if (config.setpoint && config.setpoint->lease_max <= Duration::zero()) {
    return fail(Errc::out_of_range, 0, "setpoint.lease_max is not above 0");
  }
  if (config.remote_setpoint && config.remote_setpoint->lease_max <= Duration::zero()) {
    return fail(Errc::out_of_range, 0, "remote_setpoint.lease_max is not above 0");
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
    case Input::frequency:
      return "frequency";
    case Input::active_power_limit:
      return "active_power_limit";
    case Input::dimming:
      return "dimming";
    case Input::remote_setpoint:
      return "remote_setpoint";
    case Input::schedule:
      return "schedule";
    case Input::wall_clock:
      return "wall_clock";
    case Input::energy_imported:
      return "energy_imported";
    case Input::soc:
      return "soc";
    case Input::grid_connected:
      return "grid_connected";
    case Input::soc_min:
      return "soc_min";
    case Input::soc_max:
      return "soc_max";
    case Input::temperature_min:
      return "temperature_min";
    case Input::temperature_max:
      return "temperature_max";
    case Input::plan:
      return "plan";
    case Input::price:
      return "price";
    case Input::capacity:
      return "capacity";
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
  return Cycle(state, config, inputs, now).run();
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
