// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "safety/limit_access.hpp"
#include "safety/rule_engine.hpp"

namespace ems::safety::detail {

namespace {

constexpr std::uint16_t kSumSeen = 1U << 15U;  // Above the bms_bit()s.

template <class Q>
std::optional<Q> usable_value(const OptionalInput<Q>& input, const Limits& limits,
                              Instant now) noexcept {
  if (!input || !input->usable(now, limits.stale_after_max)) return std::nullopt;
  return input->sample.value;
}

/// A lowest above its highest is nonsense, not data.
template <class Q>
struct Range {
  Q lowest{};
  Q highest{};
};
template <class Q>
std::optional<Range<Q>> usable_range(const OptionalInput<Q>& lowest,
                                     const OptionalInput<Q>& highest, const Limits& limits,
                                     Instant now) noexcept {
  const std::optional<Q> lo = usable_value(lowest, limits, now);
  const std::optional<Q> hi = usable_value(highest, limits, now);
  if (!lo || !hi || *lo > *hi) return std::nullopt;
  return Range<Q>{*lo, *hi};
}

std::optional<BasisPoints> usable_soc(const BatteryInputs& in, const Limits& limits,
                                      Instant now) noexcept {
  const std::optional<BasisPoints> soc = usable_value(in.soc, limits, now);
  if (!soc || *soc < BasisPoints{0} || *soc > BasisPoints{10'000}) return std::nullopt;
  return soc;
}

/// Uncertain samples count in the sum of the cells: it is that check that made them uncertain, and
/// it must be able to see that they agree again.
bool intact(const Input<MilliVolt>& input, const Limits& limits, Instant now) noexcept {
  Input<MilliVolt> copy = input;
  if (copy.sample.quality == Quality::uncertain) copy.sample.quality = Quality::good;
  return copy.usable(now, limits.stale_after_max);
}
Evaluation judge_sum(const CellSum& sum, const Limits& limits, Instant now) noexcept {
  const SumOfCellsLimit& l = limits.sum_of_cells;
  Evaluation e{Finding::missing, l.clear_after, Signal::cell_voltage, 0, 0};
  if (sum.cells == 0 || !intact(sum.sum, limits, now) || !intact(sum.terminals, limits, now)) {
    return e;
  }
  const std::int64_t cells = sum.sum.sample.value.count();
  const std::int64_t terminals = sum.terminals.sample.value.count();
  const std::int64_t off = cells < terminals ? terminals - cells : cells - terminals;
  const std::int64_t smaller = std::max<std::int64_t>(0, std::min(cells, terminals));
  const std::int64_t trip = std::max<std::int64_t>(
      std::int64_t{l.trip_per_cell.count()} * sum.cells, smaller * l.trip_share.count() / 10'000);
  const std::int64_t clear = std::max<std::int64_t>(
      std::int64_t{l.clear_per_cell.count()} * sum.cells, smaller * l.clear_share.count() / 10'000);
  constexpr std::int64_t kMost = MilliVolt::max().count();
  e.value = static_cast<std::int32_t>(std::min(off, kMost));
  e.limit = static_cast<std::int32_t>(std::min(trip, kMost));
  e.finding = off >= trip ? Finding::exceeded : off >= clear ? Finding::band : Finding::good;
  return e;
}
/// Cells that contradict the terminals are uncertain, and an uncertain sample does not latch: the
/// battery is SAFE then, and a reset has no proof of its cause either.
bool contradicted(const BatteryInputs& in, const Limits& limits, Instant now) noexcept {
  return in.cell_sum && judge_sum(*in.cell_sum, limits, now).finding == Finding::exceeded;
}

template <class Q>
Evaluation upper(const Threshold<Q>& limit, std::optional<Q> value, Signal signal) noexcept {
  if (!value) return {Finding::missing, limit.clear_after, signal, 0, limit.trip.count()};
  return {judge_upper(limit, *value), limit.clear_after, signal, value->count(),
          limit.trip.count()};
}
template <class Q>
Evaluation lower(const Threshold<Q>& limit, std::optional<Q> value, Signal signal) noexcept {
  if (!value) return {Finding::missing, limit.clear_after, signal, 0, limit.trip.count()};
  return {judge_lower(limit, *value), limit.clear_after, signal, value->count(),
          limit.trip.count()};
}

/// Works the evaluations of one battery out; one public function per group of rules.
class Evaluator {
 public:
  Evaluator(const BatteryContext& context, std::uint16_t seen) noexcept
      : limits_(context.config.limits),
        config_(context.config),
        in_(context.in),
        now_(context.now),
        seen_(seen),
        cells_(usable_range(in_.cell_voltage_min, in_.cell_voltage_max, limits_, now_)),
        temps_(usable_range(in_.temp_min, in_.temp_max, limits_, now_)),
        voltage_(usable_value(in_.pack_voltage, limits_, now_)),
        current_(usable_value(in_.pack_current, limits_, now_)),
        soc_(usable_soc(in_, limits_, now_)) {}

  [[nodiscard]] Evaluation evaluate(Rule rule) const noexcept {
    const Limits& l = limits_;
    switch (rule) {
      case Rule::cell_overvoltage:
        return upper(l.cell_voltage_max, highest(cells_), Signal::cell_voltage);
      case Rule::cell_undervoltage:
        return lower(l.cell_voltage_min, lowest(cells_), Signal::cell_voltage);
      case Rule::charge_overtemperature:
        return upper(l.charge_temp_max, highest(temps_), Signal::temperature);
      case Rule::charge_undertemperature:
        return lower(l.charge_temp_min, lowest(temps_), Signal::temperature);
      case Rule::discharge_overtemperature:
        return upper(l.discharge_temp_max, highest(temps_), Signal::temperature);
      case Rule::discharge_undertemperature:
        return lower(l.discharge_temp_min, lowest(temps_), Signal::temperature);
      case Rule::discharge_temperature_derate:
        return present(true, Signal::temperature);
      case Rule::charge_overcurrent:
        return upper(l.charge_overcurrent, current(-1), Signal::pack_current);
      case Rule::discharge_overcurrent:
        return upper(l.discharge_overcurrent, current(1), Signal::pack_current);
      case Rule::soc_high:
        return upper(l.soc_max, soc_, Signal::soc);
      case Rule::soc_low:
        return lower(l.soc_min, soc_, Signal::soc);
      case Rule::pack_overvoltage:
        return pack_overvoltage();
      case Rule::pack_undervoltage:
        return pack_undervoltage();
      case Rule::bms_charge_limit:
        return current_limit(in_.charge_current_limit, BmsSignal::charge_current_limit,
                             Signal::charge_current_limit);
      case Rule::bms_discharge_limit:
        return current_limit(in_.discharge_current_limit, BmsSignal::discharge_current_limit,
                             Signal::discharge_current_limit);
      case Rule::bms_charge_off:
        return flags({&in_.charge_fet_on, BmsSignal::charge_fet_on, Signal::charge_fet_on},
                     {&in_.charge_enable, BmsSignal::charge_enable, Signal::charge_enable});
      case Rule::bms_discharge_off:
        return flags(
            {&in_.discharge_fet_on, BmsSignal::discharge_fet_on, Signal::discharge_fet_on},
            {&in_.discharge_enable, BmsSignal::discharge_enable, Signal::discharge_enable});
      case Rule::sum_of_cells:
        return sum_of_cells();
      case Rule::cell_voltages_missing:
        return present(cells_.has_value(), Signal::cell_voltage);
      case Rule::pack_voltage_missing:
        return present(voltage_.has_value(), Signal::pack_voltage);
      case Rule::pack_current_missing:
        return present(current_.has_value(), Signal::pack_current);
      case Rule::soc_missing:
        return present(soc_.has_value(), Signal::soc);
      case Rule::temperatures_missing:
        return present(temps_.has_value(), Signal::temperature);
      default:
        return present(true, Signal{});
    }
    return {};  // An unknown rule is one that cannot be judged.
  }

  /// Largest charge current: the limits' and, where the BMS gives one, its own.
  [[nodiscard]] MilliAmp charge_current_max() const noexcept {
    return capped(limits_.charge_current_max, in_.charge_current_limit);
  }
  /// The same for discharging, lowered linearly from discharge_temp_derate.trip on to 0 at
  /// discharge_temp_max.trip.
  [[nodiscard]] MilliAmp discharge_current_max() const noexcept {
    const MilliAmp most = capped(limits_.discharge_current_max, in_.discharge_current_limit);
    if (!temps_) return MilliAmp::zero();
    const auto curve = field_at<DerateCurve<Raw>>(limits_, offsetof(Limits, discharge_temp_derate));
    const MilliAmp lowered{mul_div(limits_.discharge_current_max.count(),
                                   share_at(curve, temps_->highest.count()), 10'000)};
    return min_of(most, lowered);
  }
  [[nodiscard]] MilliVolt charge_voltage_max() const noexcept { return charge_voltage().trip; }
  [[nodiscard]] MilliVolt discharge_voltage_min() const noexcept {
    return discharge_voltage().trip;
  }

 private:
  template <class Q>
  static std::optional<Q> highest(const std::optional<Range<Q>>& range) noexcept {
    return range ? std::optional<Q>(range->highest) : std::nullopt;
  }
  template <class Q>
  static std::optional<Q> lowest(const std::optional<Range<Q>>& range) noexcept {
    return range ? std::optional<Q>(range->lowest) : std::nullopt;
  }
  [[nodiscard]] std::optional<MilliAmp> current(std::int32_t sign) const noexcept {
    return current_ ? std::optional<MilliAmp>(*current_ * sign) : std::nullopt;
  }
  [[nodiscard]] bool required(BmsSignal signal) const noexcept {
    return ((config_.bms_required | seen_) & bms_bit(signal)) != 0;
  }
  [[nodiscard]] Evaluation present(bool there, Signal signal) const noexcept {
    return {there ? Finding::good : Finding::missing, limits_.input_clear_after, signal, 0, 0};
  }
  [[nodiscard]] MilliAmp capped(MilliAmp most,
                                const OptionalInput<MilliAmp>& limit) const noexcept {
    const std::optional<MilliAmp> bms = usable_value(limit, limits_, now_);
    if (!bms) return most;  // Where it is required, the rule has already inhibited.
    return max_of(MilliAmp::zero(), min_of(most, *bms));
  }

  [[nodiscard]] Threshold<MilliVolt> charge_voltage() const noexcept {
    const Threshold<MilliVolt>& cell = limits_.cell_voltage_max;
    const std::int32_t n = config_.cells_in_series;
    Threshold<MilliVolt> pack{cell.trip * n, cell.clear * n, cell.clear_after};
    const std::optional<MilliVolt> bms = usable_value(in_.charge_voltage_limit, limits_, now_);
    if (bms && *bms < pack.trip) {
      pack.clear = *bms - (pack.trip - pack.clear);
      pack.trip = *bms;
    }
    return pack;
  }
  [[nodiscard]] Threshold<MilliVolt> discharge_voltage() const noexcept {
    const Threshold<MilliVolt>& cell = limits_.cell_voltage_min;
    const std::int32_t n = config_.cells_in_series;
    Threshold<MilliVolt> pack{cell.trip * n, cell.clear * n, cell.clear_after};
    const std::optional<MilliVolt> bms = usable_value(in_.discharge_voltage_limit, limits_, now_);
    if (bms && *bms > pack.trip) {
      pack.clear = *bms + (pack.clear - pack.trip);
      pack.trip = *bms;
    }
    return pack;
  }
  [[nodiscard]] Evaluation pack_overvoltage() const noexcept {
    Evaluation e = upper(charge_voltage(), voltage_, Signal::pack_voltage);
    if (lost(in_.charge_voltage_limit, BmsSignal::charge_voltage_limit)) {
      e = {Finding::missing, e.clear_after, Signal::charge_voltage_limit, 0, e.limit};
    }
    return e;
  }
  [[nodiscard]] Evaluation pack_undervoltage() const noexcept {
    Evaluation e = lower(discharge_voltage(), voltage_, Signal::pack_voltage);
    if (lost(in_.discharge_voltage_limit, BmsSignal::discharge_voltage_limit)) {
      e = {Finding::missing, e.clear_after, Signal::discharge_voltage_limit, 0, e.limit};
    }
    return e;
  }
  template <class Q>
  [[nodiscard]] bool lost(const OptionalInput<Q>& input, BmsSignal signal) const noexcept {
    return required(signal) && !usable_value(input, limits_, now_);
  }
  [[nodiscard]] Evaluation current_limit(const OptionalInput<MilliAmp>& input, BmsSignal bit,
                                         Signal signal) const noexcept {
    Evaluation e{Finding::good, limits_.input_clear_after, signal, 0, 0};
    const std::optional<MilliAmp> value = usable_value(input, limits_, now_);
    if (value) e.value = value->count();
    if (value && *value <= MilliAmp::zero()) e.finding = Finding::exceeded;
    if (!value && required(bit)) e.finding = Finding::missing;
    return e;
  }
  struct FlagInput {
    const OptionalInput<Flag>* input;
    BmsSignal bit;
    Signal signal;
  };
  [[nodiscard]] Evaluation flags(const FlagInput& first, const FlagInput& second) const noexcept {
    Evaluation e{Finding::good, limits_.input_clear_after, first.signal, 1, 1};
    for (const FlagInput& flag : {first, second}) {
      const std::optional<Flag> value = usable_value(*flag.input, limits_, now_);
      if (value && *value != Flag{1})
        return {Finding::exceeded, e.clear_after, flag.signal, value->count(), 1};
      if (!value && required(flag.bit)) e = {Finding::missing, e.clear_after, flag.signal, 0, 1};
    }
    return e;
  }

  [[nodiscard]] Evaluation sum_of_cells() const noexcept {
    if (in_.cell_sum) return judge_sum(*in_.cell_sum, limits_, now_);
    // A BMS that gives only extremes has no sum to compare.
    const Finding finding = (seen_ & kSumSeen) == 0 ? Finding::good : Finding::missing;
    return {finding, limits_.sum_of_cells.clear_after, Signal::cell_voltage, 0, 0};
  }

  const Limits& limits_;
  const BatteryConfig& config_;
  const BatteryInputs& in_;
  Instant now_;
  std::uint16_t seen_;
  std::optional<Range<MilliVolt>> cells_;
  std::optional<Range<MilliCelsius>> temps_;
  std::optional<MilliVolt> voltage_;
  std::optional<MilliAmp> current_;
  std::optional<BasisPoints> soc_;
};

std::uint16_t seen_signals(const BatteryInputs& in) noexcept {
  std::uint16_t seen = in.cell_sum ? kSumSeen : 0;
  const auto mark = [&seen](bool given, BmsSignal signal) {
    if (given) seen = static_cast<std::uint16_t>(seen | bms_bit(signal));
  };
  mark(in.charge_voltage_limit.has_value(), BmsSignal::charge_voltage_limit);
  mark(in.discharge_voltage_limit.has_value(), BmsSignal::discharge_voltage_limit);
  mark(in.charge_current_limit.has_value(), BmsSignal::charge_current_limit);
  mark(in.discharge_current_limit.has_value(), BmsSignal::discharge_current_limit);
  mark(in.charge_fet_on.has_value(), BmsSignal::charge_fet_on);
  mark(in.discharge_fet_on.has_value(), BmsSignal::discharge_fet_on);
  mark(in.charge_enable.has_value(), BmsSignal::charge_enable);
  mark(in.discharge_enable.has_value(), BmsSignal::discharge_enable);
  return seen;
}

Cause cause_of(Finding finding) noexcept {
  if (finding == Finding::exceeded) return Cause::exceeded;
  return finding == Finding::missing ? Cause::missing : Cause::waiting;
}

/// INIT: nothing is wrong, good health has just not been shown for long enough yet.
bool only_waiting(const BatteryState& state, const BatteryVerdict& verdict, bool grace) noexcept {
  for (const Reason& reason : verdict.reasons) {
    const RuleState& rule = state.rules[static_cast<std::size_t>(reason.rule)];
    if (rule.exceeded || reason.cause == Cause::exceeded) return false;
    if (reason.cause == Cause::missing && !grace) return false;
  }
  return true;
}

SafetyState state_of(const BatteryState& state, const BatteryVerdict& v,
                     const BatteryContext& context) noexcept {
  if (context.tripped) return SafetyState::tripped;
  if (context.forbid) return SafetyState::safe;
  const bool charge = v.charge_current_max > MilliAmp::zero();
  const bool discharge = v.discharge_current_max > MilliAmp::zero();
  if (!charge && !discharge) {
    const bool init = !state.started && !v.reasons.empty() && only_waiting(state, v, context.grace);
    return init ? SafetyState::init : SafetyState::safe;
  }
  const Limits& limits = context.config.limits;
  const bool full = v.charge_current_max == limits.charge_current_max &&
                    v.discharge_current_max == limits.discharge_current_max;
  return full && v.reasons.empty() ? SafetyState::normal : SafetyState::derated;
}

}  // namespace

std::optional<bool> latch_reached(TripCause cause, const Limits& limits, const BatteryInputs& in,
                                  Instant now) noexcept {
  const auto cells = usable_range(in.cell_voltage_min, in.cell_voltage_max, limits, now);
  const auto temps = usable_range(in.temp_min, in.temp_max, limits, now);
  switch (cause) {
    case TripCause::cell_overvoltage:
      if (!cells || contradicted(in, limits, now)) return std::nullopt;
      return cells->highest >= limits.cell_voltage_latch_max;
    case TripCause::cell_undervoltage:
      if (!cells || contradicted(in, limits, now)) return std::nullopt;
      return cells->lowest <= limits.cell_voltage_latch_min;
    case TripCause::overtemperature:
      if (!temps) return std::nullopt;
      return temps->highest >= limits.temp_latch_max;
    case TripCause::undertemperature:
      if (!temps) return std::nullopt;
      return temps->lowest <= limits.temp_latch_min;
    case TripCause::unreadable:
    case TripCause::estop:
    default:
      break;
  }
  return std::nullopt;  // Not a threshold.
}

void step_battery(BatteryState& state, BatteryVerdict& verdict,
                  const BatteryContext& context) noexcept {
  state.asset = context.config.asset;
  state.bms_seen = static_cast<std::uint16_t>(state.bms_seen | seen_signals(context.in));
  verdict.asset = context.config.asset;

  const Evaluator evaluator(context, state.bms_seen);
  bool charge = !context.forbid && !context.tripped;
  bool discharge = charge;
  for (std::size_t i = 0; i < kRuleCount; ++i) {
    const RuleInfo& info = rule_info(static_cast<Rule>(i));
    const Evaluation e = evaluator.evaluate(info.rule);
    RuleState& rule = state.rules[i];
    advance(rule, e, context.passed);
    if (!rule.active) continue;
    verdict.reasons.push_back({info.rule, info.direction, info.action, cause_of(e.finding),
                               e.signal, e.element, e.value, e.limit});
    if (info.action != Action::inhibit) continue;
    charge = charge && !includes(info.direction, Direction::charge);
    discharge = discharge && !includes(info.direction, Direction::discharge);
  }
  const RuleState& sum = state.rules[static_cast<std::size_t>(Rule::sum_of_cells)];
  verdict.plausibility_failed = sum.active && sum.exceeded;
  if (charge) {
    verdict.charge_current_max = evaluator.charge_current_max();
    verdict.charge_voltage_max = evaluator.charge_voltage_max();
  }
  if (discharge) {
    verdict.discharge_current_max = evaluator.discharge_current_max();
    verdict.discharge_voltage_min = evaluator.discharge_voltage_min();
  }
  verdict.state = state_of(state, verdict, context);
  const bool moves = verdict.charge_current_max > MilliAmp::zero() ||
                     verdict.discharge_current_max > MilliAmp::zero();
  state.started = state.started || moves;
}

}  // namespace ems::safety::detail
