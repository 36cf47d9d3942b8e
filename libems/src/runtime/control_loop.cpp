// SPDX-License-Identifier: Apache-2.0
#include "ems/runtime/control_loop.hpp"

#include "ems/decision/battery_summary.hpp"

namespace ems::runtime {
namespace {

template <class Q>
decision::Measured<Q> measured(const ProcessImage& image, AssetId asset, Signal signal) noexcept {
  const ImageEntry* entry = image.find({asset, signal, 0});
  if (entry == nullptr) return {};
  return {image.get<Q>(asset, signal), entry->stale_after};
}

decision::MeasuredPower measured(const ProcessImage& image, AssetId asset) noexcept {
  return measured<Watt>(image, asset, Signal::active_power);
}

template <class Q>
decision::Measured<Q> measured(const safety::OptionalInput<Q>& input) noexcept {
  if (!input) return {};
  return {input->sample, input->stale_after};
}

bool feeds(const safety::InverterConfig& inverter, std::size_t battery) noexcept {
  return (inverter.batteries >> battery & 1U) != 0;
}

/// What safety lets through one inverter; a verdict that passes no follow command leaves nothing.
Interval let_through(const safety::InverterVerdict& verdict) noexcept {
  return verdict.command == CommandKind::follow ? verdict.ac : Interval{};
}

/// The part of a battery's capacity that one of its inverters speaks for: by rating.
WattHour capacity_at(const ControlConfig& config, std::size_t battery,
                     std::size_t inverter) noexcept {
  std::int64_t all = 0;
  for (std::size_t i = 0; i < config.inverters.size(); ++i) {
    if (feeds(config.safety.inverters[i], battery)) all += config.inverters[i].rated.count();
  }
  const std::int64_t mine = config.inverters[inverter].rated.count();
  const std::int64_t capacity = config.batteries[battery].capacity.count();
  return all <= mine ? WattHour{capacity}
                     : WattHour{capacity / all * mine + capacity % all * mine / all};
}

/// The inverters as distribute sees them, and the batteries that they borrow.
struct Fleet {
  std::array<std::array<distribute::Battery, safety::kMaxBatteries>, safety::kMaxInverters>
      batteries{};
  std::array<distribute::Inverter, safety::kMaxInverters> inverters{};
};

/// Part `k` of `parts` of a power; the first ones have the odd watts, so that a larger power never
/// makes a part smaller, and bounds stay in order.
Watt part_of(Watt power, std::size_t k, std::int32_t parts) noexcept {
  const std::int32_t odd = power.count() % parts;
  const std::int32_t sign = odd < 0 ? -1 : 1;
  const bool has_one = static_cast<std::int32_t>(k) < odd * sign;
  return Watt{power.count() / parts + (has_one ? sign : 0)};
}

/// Batteries on one dc bus share its bounds equally, as the kernel does.
void fill(Fleet& fleet, const ControlConfig& config, std::span<const safety::BatteryInputs> inputs,
          const safety::Output& output, std::uint8_t ready, Instant now) noexcept {
  for (std::size_t i = 0; i < config.safety.inverters.size(); ++i) {
    auto& own = fleet.batteries[i];
    std::size_t count = 0;
    for (std::size_t b = 0; b < config.safety.batteries.size(); ++b) {
      if (!feeds(config.safety.inverters[i], b)) continue;
      const safety::Limits& limits = config.safety.batteries[b].limits;
      distribute::Battery& battery = own[count++];
      battery.capacity = capacity_at(config, b, i);
      battery.soc_min = limits.soc_min.trip;
      battery.soc_max = limits.soc_max.trip;
      const auto& soc = inputs[b].soc;
      const bool known = soc && soc->usable(now, soc->stale_after) && soc->sample.value >= 0_bp &&
                         soc->sample.value <= 10'000_bp;
      if (known) battery.soc = soc->sample.value;
    }
    const Interval ac = let_through(output.inverters[i]);
    const auto parts = static_cast<std::int32_t>(count);
    for (std::size_t k = 0; k < count; ++k) {
      own[k].bounds = {part_of(ac.lo, k, parts), part_of(ac.hi, k, parts)};
    }
    const Watt rated = config.inverters[i].rated;
    fleet.inverters[i] = {.available = (ready >> i & 1U) != 0,
                          .rating = {-rated, rated},
                          .batteries = std::span(own).first(count),
                          .phases = config.inverters[i].phases};
  }
}

decision::BatterySummary summary_of(const ControlConfig& config,
                                    std::span<const safety::BatteryInputs> inputs,
                                    const safety::Output& output, std::uint8_t ready,
                                    Instant now) noexcept {
  std::array<decision::BatteryView, safety::kMaxBatteries> views{};
  for (std::size_t b = 0; b < config.safety.batteries.size(); ++b) {
    views[b] = {.soc = measured(inputs[b].soc),
                .temperature_min = measured(inputs[b].temp_min),
                .temperature_max = measured(inputs[b].temp_max),
                .capacity = config.batteries[b].capacity};
    for (std::size_t i = 0; i < config.safety.inverters.size(); ++i) {
      const bool moves = (ready >> i & 1U) != 0 && let_through(output.inverters[i]) != Interval{};
      views[b].can_move = views[b].can_move || (moves && feeds(config.safety.inverters[i], b));
    }
  }
  return decision::summarise(std::span(views).first(config.safety.batteries.size()), now);
}

}  // namespace

Watt rated_of(const ControlConfig& config) noexcept {
  Watt sum{};
  for (const InverterTraits& inverter : config.inverters) sum += inverter.rated;
  return sum;
}

ControlLoop::ControlLoop(const ControlConfig& config, const safety::State& state) noexcept
    : config_(config), safety_(state) {
  EMS_ASSERT(safety::validate(config_.safety).has_value());
  EMS_ASSERT(decision::validate(config_.decision).has_value());
  EMS_ASSERT(config_.batteries.size() == config_.safety.batteries.size());
  EMS_ASSERT(config_.inverters.size() == config_.safety.inverters.size());
}

void ControlLoop::read(const ProcessImage& image, Instant now) noexcept {
  for (std::size_t i = 0; i < config_.safety.batteries.size(); ++i) {
    const safety::BatteryConfig& battery = config_.safety.batteries[i];
    battery_inputs_[i] = safety::read_inputs(image, battery.asset, battery.cells_in_series, now);
  }
  for (std::size_t i = 0; i < config_.safety.inverters.size(); ++i) {
    inverter_inputs_[i] = safety::read_inverter_inputs(image, config_.safety.inverters[i].asset);
  }
}

decision::MeasuredPower ControlLoop::pcc_power(const ProcessImage& image) const noexcept {
  return config_.pcc_meter ? measured(image, *config_.pcc_meter) : decision::MeasuredPower{};
}

decision::MeasuredPower ControlLoop::battery_power(const ProcessImage& image) const noexcept {
  decision::MeasuredPower sum{};
  for (std::size_t i = 0; i < config_.safety.inverters.size(); ++i) {
    const decision::MeasuredPower one = measured(image, config_.safety.inverters[i].asset);
    sum = i == 0 ? one : sum + one;
  }
  return sum;
}

decision::MeasuredPower ControlLoop::battery_power(const ProcessImage& image,
                                                   std::uint8_t ready) const noexcept {
  decision::MeasuredPower sum{};
  bool first = true;
  for (std::size_t i = 0; i < config_.safety.inverters.size(); ++i) {
    if ((ready >> i & 1U) == 0) continue;
    const decision::MeasuredPower one = measured(image, config_.safety.inverters[i].asset);
    sum = first ? one : sum + one;
    first = false;
  }
  return sum;
}

decision::Measured<MilliHertz> ControlLoop::frequency(const ProcessImage& image,
                                                      Instant now) const noexcept {
  decision::Measured<MilliHertz> first{};
  const auto usable = [&](AssetId asset) {
    const auto one = measured<MilliHertz>(image, asset, Signal::frequency);
    if (!first.sample || one.usable(now)) first = one;
    return one.usable(now);
  };
  if (config_.pcc_meter && usable(*config_.pcc_meter)) return first;
  for (const safety::InverterConfig& inverter : config_.safety.inverters) {
    if (usable(inverter.asset)) break;
  }
  return first;
}

decision::Measured<bool> ControlLoop::grid_connected(const ProcessImage& image) const noexcept {
  decision::Measured<bool> all{};
  for (const safety::InverterConfig& inverter : config_.safety.inverters) {
    const ImageEntry* entry = image.find({inverter.asset, Signal::grid_connected, 0});
    if (entry == nullptr) return {};
    const Sample<bool> one{entry->sample.value != 0, entry->sample.taken_at, entry->sample.quality};
    if (!all.sample) {
      all = {one, entry->stale_after};
      continue;
    }
    all.sample->value = all.sample->value || one.value;
    if (one.taken_at < all.sample->taken_at) all.sample->taken_at = one.taken_at;
    if (one.quality < all.sample->quality) all.sample->quality = one.quality;
    all.stale_after = min_of(all.stale_after, entry->stale_after);
  }
  return all;
}

Tick ControlLoop::tick(const ProcessImage& image, const TickInputs& inputs, Instant now) noexcept {
  Tick tick;
  read(image, now);

  // Safety opens the tick: the envelope.
  const std::size_t battery_count = config_.safety.batteries.size();
  const std::size_t inverter_count = config_.safety.inverters.size();
  safety::Inputs safety_inputs;
  safety_inputs.batteries = std::span(battery_inputs_).first(battery_count);
  safety_inputs.inverters = std::span(inverter_inputs_).first(inverter_count);
  estop_ = inputs.estop;
  safety_inputs.estop = estop_ || safety::read_estop(image, config_.estop_inputs, now);
  safety_inputs.armed = config_.arming == safety::Arming::armed;
  safety::Step step = safety::step(safety_, config_.safety, safety_inputs, now);
  tick.latch_changed = !(step.state.latch() == safety_.latch());
  safety_ = step.state;
  tick.safety = step.output;

  // Bounds bottom-up.
  Fleet everything;
  fill(everything, config_, safety_inputs.batteries, tick.safety, inputs.inverters_ready, now);
  const auto fleet = std::span(everything.inverters).first(inverter_count);

  // Decision narrows it; distribute splits what is left.
  decision::Inputs decision_inputs;
  decision_inputs.envelope = distribute::site_bounds(fleet);
  decision_inputs.pcc_power = pcc_power(image);
  decision_inputs.battery_power = battery_power(image, inputs.inverters_ready);
  decision_inputs.gated = gated_;
  decision_inputs.setpoint = inputs.setpoint;
  decision_inputs.remote_setpoint = inputs.remote_setpoint;
  decision_inputs.active_power_limit = inputs.active_power_limit;
  decision_inputs.dimming = inputs.dimming;
  decision_inputs.frequency = frequency(image, now);
  decision_inputs.grid_connected = grid_connected(image);
  if (config_.pcc_meter) {
    decision_inputs.energy_imported =
        measured<WattHour>(image, *config_.pcc_meter, Signal::energy_imported);
  }
  decision_inputs.wall = inputs.wall;
  decision_inputs.batteries =
      summary_of(config_, safety_inputs.batteries, tick.safety, inputs.inverters_ready, now);
  decision_inputs.schedule = inputs.schedule;
  decision_inputs.plan = inputs.plan;
  decision_inputs.prices = inputs.prices;
  decision::Step decided = decision::step(decision_, config_.decision, decision_inputs, now);
  decision_ = decided.state;
  tick.decision = decided.decision;
  tick.distribution = distribute::split(tick.decision.target(), fleet);

  // Safety closes it: every command against its own inverter's verdict.
  for (std::size_t i = 0; i < inverter_count; ++i) {
    const InverterCommand wanted{CommandKind::follow, tick.distribution.shares[i].power, Var{}};
    const safety::GateResult gated = safety::gate(tick.safety, i, wanted, config_.arming);
    if (gated.command && gated.command->kind == CommandKind::follow) tick.gated += gated.command->p;
    tick.orders.push_back(gated);
  }
  gated_ = Sample<Watt>{tick.gated, now, Quality::substituted};

  derive(image, decision_inputs.pcc_power, battery_power(image), now, tick);
  return tick;
}

void ControlLoop::derive(const ProcessImage& image, const decision::MeasuredPower& pcc,
                         const decision::MeasuredPower& battery, Instant now,
                         Tick& tick) const noexcept {
  const auto put = [&tick](Signal signal, std::optional<Watt> value) {
    tick.derived.push_back(
        {signal, value ? value->count() : 0, value ? Quality::substituted : Quality::bad});
  };
  const auto known = [now](const decision::MeasuredPower& power) -> std::optional<Watt> {
    return power.usable(now) ? std::optional(power.sample->value) : std::nullopt;
  };
  const std::optional<Watt> grid = known(pcc);
  const std::optional<Watt> batteries = known(battery);
  std::optional<Watt> pv = config_.pv_meters.empty() ? std::nullopt : std::optional(Watt{});
  for (const AssetId meter : config_.pv_meters) {
    const std::optional<Watt> one = known(measured(image, meter));
    pv = pv && one ? std::optional(*pv + *one) : std::nullopt;
  }
  put(Signal::site_grid_power, grid);
  put(Signal::site_battery_power, batteries);
  put(Signal::site_pv_power, pv);
  const bool balanced = grid && batteries && pv;  // battery + pv + grid = load.
  put(Signal::site_load_power, balanced ? std::optional(*batteries + *pv + *grid) : std::nullopt);
  put(Signal::setpoint_power, tick.gated);
  put(Signal::envelope_lo, tick.decision.resolution.envelope().lo);
  put(Signal::envelope_hi, tick.decision.resolution.envelope().hi);
  tick.derived.push_back(
      {Signal::safety_state, static_cast<std::int64_t>(tick.safety.site), Quality::substituted});
}

Result<void> ControlLoop::reset(const ProcessImage& image, Instant now,
                                const safety::ResetRequest& request) noexcept {
  read(image, now);
  safety::Inputs inputs;
  inputs.batteries = std::span(battery_inputs_).first(config_.safety.batteries.size());
  inputs.inverters = std::span(inverter_inputs_).first(config_.safety.inverters.size());
  inputs.estop = estop_ || safety::read_estop(image, config_.estop_inputs, now);
  const Result<safety::State> state = safety::reset(safety_, config_.safety, inputs, now, request);
  if (!state) return fail(state.error());
  safety_ = *state;
  return {};
}

}  // namespace ems::runtime
