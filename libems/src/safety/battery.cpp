// SPDX-License-Identifier: Apache-2.0
#include "safety/battery.hpp"

#include <algorithm>

#include "safety/rule_table.hpp"

namespace ems::safety::detail {

namespace {

using AnyThreshold = Threshold<Raw>;
using Curve = DerateCurve<Raw>;

/// Protections that concern one direction only; every other bit, known or not, forbids both.
constexpr std::uint64_t alarm_bits(std::initializer_list<Alarm> alarms) noexcept {
  std::uint64_t mask = 0;
  for (const Alarm alarm : alarms) mask |= std::uint64_t{1} << static_cast<unsigned>(alarm);
  return mask;
}
constexpr std::uint64_t kChargeAlarms =
    alarm_bits({Alarm::cell_overvoltage, Alarm::pack_overvoltage, Alarm::charge_overcurrent,
                Alarm::charge_overtemperature, Alarm::charge_undertemperature});
constexpr std::uint64_t kDischargeAlarms = alarm_bits(
    {Alarm::cell_undervoltage, Alarm::pack_undervoltage, Alarm::discharge_overcurrent,
     Alarm::discharge_overtemperature, Alarm::discharge_undertemperature, Alarm::soc_low});

constexpr unsigned bit_of(Direction direction) noexcept { return static_cast<unsigned>(direction); }

unsigned forbidden_by(std::uint64_t alarms) noexcept {
  const unsigned charge = (alarms & ~kDischargeAlarms) != 0 ? bit_of(Direction::charge) : 0;
  const unsigned discharge = (alarms & ~kChargeAlarms) != 0 ? bit_of(Direction::discharge) : 0;
  return charge | discharge;
}

/// Where on a curve the largest current begins to fall, seen from `x`.
std::int32_t derates_from(const Curve& curve, std::int32_t x) noexcept {
  std::int32_t from = 0;
  for (const DeratePoint<Raw>& point : curve) {
    if (point.share.count() < kWholeShare) continue;
    from = point.x.count();
    if (from >= x) break;
  }
  return from;
}

/// Current in thousandths of the maximum, squared and less the maximum's own square, times time.
std::int64_t heat_gained(std::int32_t current, std::int32_t most, Duration passed) noexcept {
  constexpr std::int64_t kMost = 100'000;  // Ten times the maximum: far beyond over-current.
  constexpr std::int64_t kSquare = std::int64_t{kWholeShare} * kWholeShare;
  const std::int64_t reference = std::max<std::int64_t>(most, 1'000);
  const std::int64_t share =
      std::clamp<std::int64_t>(std::int64_t{current} * kWholeShare / reference, 0, kMost);
  const Duration time = clamp_to(passed, Duration::zero(), seconds(10));
  return (share * share - kSquare) * time.count();  // At most 1e10 * 1e7.
}
std::int64_t heat_allowed(const OverloadLimit& limit) noexcept {
  const std::int64_t factor = limit.factor.count();
  return (factor * factor - std::int64_t{kWholeShare} * kWholeShare) * limit.time.count();
}

/// Judges the rules of one battery, one after the other.
class Evaluator {
 public:
  Evaluator(const BatteryContext& context, BatteryState& state) noexcept
      : context_(context),
        config_(context.config),
        limits_(context.config.limits),
        values_(context.values),
        state_(state) {}

  [[nodiscard]] Evaluation evaluate(const RuleRow& row) noexcept {
    switch (row.judge) {
      case Judge::upper:
      case Judge::lower:
        return threshold(row);
      case Judge::curve:
        return curve(row);
      case Judge::present:
        return present(row.source, row.signal);
      case Judge::current_limit:
        return current_limit(row);
      case Judge::flags:
        return flags(row);
      case Judge::pack_upper:
      case Judge::pack_lower:
        return pack(row);
      case Judge::overload:
        return overload(row);
      case Judge::hazards:
        return hazards();
      case Judge::alarms:
        return alarms(row);
      case Judge::plausible:
      case Judge::conduct:
      default:
        return judge(row.info.rule, state_.plausibility, context_.plausibility);
    }
  }

  /// The pack's own threshold: cells in series times the cell's, or where it is tighter the BMS's.
  [[nodiscard]] AnyThreshold pack_threshold(const RuleRow& row) const noexcept {
    AnyThreshold pack = field_at<AnyThreshold>(limits_, row.limit);
    pack.trip = pack.trip * config_.cells_in_series;
    pack.clear = pack.clear * config_.cells_in_series;
    const Value& bms = values_[row.source];
    const Raw limit{bms.value};
    if (bms.known && (row.judge == Judge::pack_upper ? limit < pack.trip : limit > pack.trip)) {
      pack.clear = limit + (pack.clear - pack.trip);
      pack.trip = limit;
    }
    return pack;
  }

  /// Largest current: the limits', what a derate leaves of it, and the BMS's own.
  [[nodiscard]] MilliAmp current_max(MilliAmp most, std::int32_t share,
                                     Source bms_limit) const noexcept {
    const MilliAmp derated{mul_div(most.count(), share, kWholeShare)};
    const Value& bms = values_[bms_limit];
    // Where the BMS's is needed and missing, its rule has inhibited.
    return bms.known ? clamp_to(MilliAmp{bms.value}, MilliAmp::zero(), derated) : derated;
  }

 private:
  [[nodiscard]] bool needed(Source source) const noexcept {
    return !optional(source) || ((state_.seen | declared(config_)) & seen_bit(source)) != 0;
  }
  /// What an input that is not known means to the rules that read it.
  [[nodiscard]] Finding absent(Source source) const noexcept {
    return needed(source) ? Finding::missing : Finding::good;
  }

  [[nodiscard]] Evaluation threshold(const RuleRow& row) const noexcept {
    const auto t = field_at<AnyThreshold>(limits_, row.limit);
    const Value& value = values_[row.source];
    const Finding finding = !value.known                ? absent(row.source)
                            : row.judge == Judge::upper ? judge_upper(t, Raw{value.value})
                                                        : judge_lower(t, Raw{value.value});
    return {finding,        t.clear_after, row.signal,  value.value,
            t.trip.count(), value.element, t.trip_after};
  }

  [[nodiscard]] Evaluation curve(const RuleRow& row) const noexcept {
    Evaluation e{Finding::missing, limits_.input_clear_after, row.signal};
    const Value& highest = values_[row.source];
    if (!highest.known) return e;  // Another rule inhibits then.
    const auto points = field_at<Curve>(limits_, row.limit);
    const Value& lowest = values_[row.lowest];
    const std::int32_t at_highest = share_at(points, highest.value);
    const std::int32_t at_lowest = share_at(points, lowest.value);
    const Value& worse = at_lowest < at_highest ? lowest : highest;
    e.share = std::min(at_lowest, at_highest);
    e.finding = e.share < kWholeShare ? Finding::exceeded : Finding::good;
    e.value = worse.value;
    e.limit = derates_from(points, worse.value);
    e.element = worse.element;
    return e;
  }

  [[nodiscard]] Evaluation present(Source source, Signal signal) const noexcept {
    Evaluation e{values_[source].known ? Finding::good : absent(source), limits_.input_clear_after,
                 signal};
    e.announce_missing = true;
    return e;
  }

  [[nodiscard]] Evaluation current_limit(const RuleRow& row) const noexcept {
    Evaluation e = present(row.source, row.signal);
    const Value& value = values_[row.source];
    e.value = value.value;
    if (value.known && value.value <= 0) e.finding = Finding::exceeded;
    return e;
  }

  /// Both switches must be on; one that is off says more than one that is missing.
  [[nodiscard]] Evaluation flags(const RuleRow& row) const noexcept {
    const auto flag = [this](Source source, Signal signal) {
      Evaluation e = present(source, signal);
      const Value& value = values_[source];
      e.value = value.value;
      e.limit = 1;
      if (value.known && value.value != 1) e.finding = Finding::exceeded;
      return e;
    };
    const bool charge = row.info.direction == Direction::charge;
    const Evaluation fet = flag(row.source, row.signal);
    const Evaluation enable =
        flag(row.lowest, charge ? Signal::charge_enable : Signal::discharge_enable);
    const auto weight = [](const Evaluation& e) {
      constexpr int kWeight[] = {1, 2, 0, 0};  // missing, exceeded, band, good
      return kWeight[static_cast<std::size_t>(e.finding)];
    };
    return weight(enable) > weight(fet) ? enable : fet;
  }

  [[nodiscard]] Evaluation pack(const RuleRow& row) const noexcept {
    const AnyThreshold t = pack_threshold(row);
    const Value& voltage = values_[Source::voltage];
    if (!values_[row.source].known && needed(row.source)) {
      Evaluation lost = present(row.source, row.signal);
      lost.limit = t.trip.count();
      return lost;
    }
    Evaluation e{Finding::missing, t.clear_after,  Signal::pack_voltage,
                 voltage.value,    t.trip.count(), 0,
                 t.trip_after};
    if (!voltage.known) return e;
    const Raw value{voltage.value};
    e.finding = row.judge == Judge::pack_upper ? judge_upper(t, value) : judge_lower(t, value);
    return e;
  }

  [[nodiscard]] Evaluation overload(const RuleRow& row) noexcept {
    const auto limit = field_at<OverloadLimit>(limits_, row.limit);
    const bool charge = row.source == Source::charging;
    const MilliAmp most = charge ? limits_.charge_current_max : limits_.discharge_current_max;
    const Value& current = values_[row.source];
    Evaluation e{Finding::missing, limit.clear_after, row.signal, current.value, most.count()};
    std::int64_t& heat = state_.heat[charge ? 0 : 1];
    const std::int64_t allowed = heat_allowed(limit);
    if (!current.known) {
      if (state_.started) heat = std::max(heat, allowed - 1);  // What was not seen was the worst.
      return e;
    }
    heat = std::clamp<std::int64_t>(
        heat + heat_gained(current.value, most.count(), context_.passed), 0, allowed);
    e.finding = heat >= allowed ? Finding::exceeded : heat > 0 ? Finding::band : Finding::good;
    return e;
  }

  [[nodiscard]] Evaluation hazards() const noexcept {
    constexpr struct {
      Source source;
      Signal signal;
    } kInputs[] = {{Source::insulation, Signal::insulation_resistance},
                   {Source::smoke, Signal::smoke_detected},
                   {Source::gas, Signal::gas_detected},
                   {Source::contactor, Signal::contactor_closed}};
    Evaluation e{};
    for (const auto& input : kInputs) {
      e = present(input.source, input.signal);
      if (e.finding == Finding::missing) break;
    }
    return e;
  }

  /// Silent alarms are bms_alarm_unknown's; here they keep what was said last.
  [[nodiscard]] Evaluation alarms(const RuleRow& row) noexcept {
    Evaluation e{Finding::good, limits_.input_clear_after, row.signal};
    if (!values_[row.source].known && needed(row.source)) e.finding = Finding::band;
    const std::uint64_t bits = values_.alarms();
    if (bits == 0) return e;
    state_.alarms_forbid = static_cast<std::uint8_t>(state_.alarms_forbid | forbidden_by(bits));
    e.finding = Finding::exceeded;
    e.value = static_cast<std::int32_t>(bits & 0x7FFF'FFFFU);
    return e;
  }

  const BatteryContext& context_;
  const BatteryConfig& config_;
  const Limits& limits_;
  const Values& values_;
  BatteryState& state_;
};

Severity severity_of(Action action) noexcept {
  return action == Action::inhibit ? Severity::alarm : Severity::warning;
}

Cause cause_of(Finding finding) noexcept {
  if (finding == Finding::exceeded) return Cause::exceeded;
  return finding == Finding::missing ? Cause::missing : Cause::waiting;
}

/// What must be told first: the harder action, then what is wrong now.
int strength(const Reason& reason) noexcept {
  constexpr int kOfCause[] = {2, 1, 0};  // exceeded, missing, waiting
  return static_cast<int>(reason.action) * 4 + kOfCause[static_cast<std::size_t>(reason.cause)];
}

/// One cycle of one battery.
class Cycle {
 public:
  Cycle(BatteryState& state, BatteryVerdict& verdict, Events& events,
        const BatteryContext& context) noexcept
      : state_(state),
        verdict_(verdict),
        events_(events),
        context_(context),
        evaluator_(context, state) {}

  void run() noexcept {
    // Plausibility speaks first: while a device contradicts itself, that alone is announced.
    for_each_row([](const RuleRow& row) { return row.judge == Judge::plausible; });
    for_each_row([](const RuleRow& row) { return row.judge != Judge::plausible; });
    const Limits& limits = context_.config.limits;
    if (includes(allowed_, Direction::charge)) {
      verdict_.charge_current_max = evaluator_.current_max(limits.charge_current_max, charge_share_,
                                                           Source::charge_current_limit);
      verdict_.charge_voltage_max = pack_trip(Rule::pack_overvoltage);
    }
    if (includes(allowed_, Direction::discharge)) {
      verdict_.discharge_current_max = evaluator_.current_max(
          limits.discharge_current_max, discharge_share_, Source::discharge_current_limit);
      verdict_.discharge_voltage_min = pack_trip(Rule::pack_undervoltage);
    }
    verdict_.state = state();
    state_.started = state_.started || moves();
  }

 private:
  template <class Wanted>
  void for_each_row(Wanted wanted) noexcept {
    for (std::size_t i = 0; i < kRuleCount; ++i) {
      const RuleRow& row = rule_row(static_cast<Rule>(i));
      if (wanted(row)) run(row, state_.rules[i]);
    }
  }

  void run(const RuleRow& row, RuleState& rule) noexcept {
    const Evaluation e = evaluator_.evaluate(row);
    advance(rule, e, context_.passed);
    Event event{severity_of(row.info.action), context_.config.asset, row.info.name};
    if (!rule.active) {
      if (row.judge == Judge::alarms) state_.alarms_forbid = 0;
      announce(events_, rule.announced, false, event);
      return;
    }
    const Cause cause = cause_of(e.finding);
    const bool speaks = rule.exceeded || (cause == Cause::missing && e.announce_missing &&
                                          !context_.grace && !verdict_.plausibility_failed);
    event.signal = e.signal;
    if (speaks) announce(events_, rule.announced, true, event, e.value);
    act(row, rule, e, cause);
  }

  void act(const RuleRow& row, const RuleState& rule, const Evaluation& e, Cause cause) noexcept {
    const Action action = row.info.action;
    Direction direction = row.info.direction;
    if (row.judge == Judge::alarms) direction = static_cast<Direction>(state_.alarms_forbid);
    // A warning or derate that was not exceeded has nothing to say.
    if (action != Action::inhibit && !rule.exceeded) return;
    if (row.judge == Judge::plausible)
      verdict_.plausibility_failed = verdict_.plausibility_failed || rule.exceeded;
    keep({row.info.rule, direction, action, cause, e.signal, e.element, e.value, e.limit});
    if (action == Action::warn) return;
    limited_ = true;
    if (action == Action::derate) {
      if (includes(direction, Direction::charge)) charge_share_ = std::min(charge_share_, e.share);
      if (includes(direction, Direction::discharge))
        discharge_share_ = std::min(discharge_share_, e.share);
      return;
    }
    allowed_ = static_cast<Direction>(bit_of(allowed_) & ~bit_of(direction));
    const bool starting = !rule.exceeded && (cause == Cause::waiting || context_.grace);
    fault_ = fault_ || !starting;
  }

  /// Keeps the strongest reasons when there is no room for all.
  void keep(const Reason& reason) noexcept {
    auto& reasons = verdict_.reasons;
    if (!reasons.try_push_back(reason)) {
      ++verdict_.reasons_dropped;
      const auto weaker = [](const Reason& a, const Reason& b) {
        return strength(a) < strength(b);
      };
      Reason* weakest = std::min_element(reasons.begin(), reasons.end(), weaker);
      if (weaker(*weakest, reason)) *weakest = reason;
    }
  }

  [[nodiscard]] MilliVolt pack_trip(Rule rule) const noexcept {
    return MilliVolt{evaluator_.pack_threshold(rule_row(rule)).trip.count()};
  }
  [[nodiscard]] bool moves() const noexcept {
    return verdict_.charge_current_max > MilliAmp::zero() ||
           verdict_.discharge_current_max > MilliAmp::zero();
  }
  [[nodiscard]] SafetyState state() const noexcept {
    if (context_.tripped) return SafetyState::tripped;
    if (context_.forbid) return SafetyState::safe;
    if (!moves()) {
      // INIT: nothing is wrong, good health has just not been shown for long enough yet.
      const bool init = !state_.started && limited_ && !fault_;
      return init ? SafetyState::init : SafetyState::safe;
    }
    const Limits& limits = context_.config.limits;
    const bool full = verdict_.charge_current_max == limits.charge_current_max &&
                      verdict_.discharge_current_max == limits.discharge_current_max;
    return full && !limited_ ? SafetyState::normal : SafetyState::derated;
  }

  BatteryState& state_;
  BatteryVerdict& verdict_;
  Events& events_;
  const BatteryContext& context_;
  Evaluator evaluator_;
  Direction allowed_ =
      context_.forbid || context_.tripped ? static_cast<Direction>(0) : Direction::both;
  std::int32_t charge_share_ = kWholeShare;
  std::int32_t discharge_share_ = kWholeShare;
  bool limited_ = false;  ///< A rule that is more than a warning is active.
  bool fault_ = false;    ///< One of them because something is wrong.
};

}  // namespace

void step_battery(BatteryState& state, BatteryVerdict& verdict, Events& events,
                  const BatteryContext& context) noexcept {
  verdict.asset = context.config.asset;
  Cycle(state, verdict, events, context).run();
}

}  // namespace ems::safety::detail
